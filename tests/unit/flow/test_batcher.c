/* Batches (rule 19), with lanes turned by hand: who goes out with whom, what each row is told, and what a stop, a crash
 * or a closed gate leaves behind. */
#include "many_world.h"
#include "batcher_int.h"
#include <string.h>

static const char *const won[] = {"won@1"};
static const char *const erp[] = {"erp"};
static struct tl_system_decl systems[1];
static struct tl_flow flows[2];
static const struct scripted scripts[] = {{"order", step_write}, {"again", step_write}};

static void world_of(struct world *w, size_t flow_count)
{
    systems[0] = (struct tl_system_decl){.name = "erp",
                                         .kind = "erp",
                                         .connector = "fake",
                                         .connector_major = 1,
                                         .batch = true,
                                         .retry = {.first_ms = 100, .cap_ms = 1000, .attempts = 3},
                                         .breaker = {.failures = 50, .within_ms = 30000, .probe_after_ms = 5000}};
    for (size_t i = 0; i < 2; i++)
        flows[i] = (struct tl_flow){.name = i == 0 ? "order" : "again",
                                    .on = won,
                                    .on_count = 1,
                                    .scope = i == 0 ? "order" : "again",
                                    .after_failure = TL_AFTER_PASS,
                                    .priority = TL_NORMAL,
                                    .steward = "desk",
                                    .targets = erp,
                                    .target_count = 1};
    world_new(w, flows, scripts, flow_count, systems, 1);
    many_world(w);
}

static void end_world(struct world *w)
{
    assert_int_equal(many_collisions(), 0);
    world_free(w);
    many_free();
}

static bool nothing_is_left(struct world *w)
{
    return tl_engine_unfinished(w->engine) == 0;
}

/* One call is out, and `count` rows wait behind it. */
static void fill_behind_one(struct world *w, int count)
{
    many_plan.hold = true;
    many_event(w, "Order", "first", "", 0);
    many_until_out(w, 1);
    many_flood(w, 0, count, TL_NORMAL);
    many_until_waiting(w, (size_t)count);
    many_plan.hold = false;
}

/* Everything that is held is let go, and all that follows. */
static void let_go(struct world *w)
{
    many_plan.hold = false;
    many_answer_all(w);
    world_settle(w);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* ---- together, and each for itself ---- */

static enum tl_failure odd_is_wrong(const char *args)
{
    const char *n = strstr(args, "\"n\":");
    return (n[4 + strcspn(n + 4, "}") - 1] - '0') % 2 != 0 ? TL_FAIL_DATA : TL_FAIL_NONE;
}

static void gives_every_run_its_own_outcome(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, MANY_ROWS);
    many_plan.row = odd_is_wrong;
    let_go(&w);
    assert_int_equal(many_calls(), 2); /* one alone, and all that waited */
    assert_int_equal(many_rows_of(1), MANY_ROWS);
    for (int i = 0; i < MANY_ROWS; i++) {
        char no[16];
        snprintf(no, sizeof no, "N-%d", i);
        assert_int_equal(many_done(&w, no), i % 2 == 0);
    }
    assert_int_equal(tl_exceptions_open(w.engine), MANY_ROWS / 2);
    end_world(&w);
}

static void takes_no_more_than_the_platform_does(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, 3 * MANY_ROWS + 1);
    let_go(&w);
    assert_int_equal(many_calls(), 5);
    assert_int_equal(many_rows_of(1) + many_rows_of(2) + many_rows_of(3), 3 * MANY_ROWS);
    assert_int_equal(many_rows_of(4), 1);
    assert_int_equal(w.log_count, 3 * MANY_ROWS + 2);
    end_world(&w);
}

static void leaves_alone_what_says_no(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    systems[0].batch = false;
    world_start(&w);
    many_flood(&w, 0, 20, TL_NORMAL);
    world_settle(&w);
    assert_int_equal(many_calls(), 20);
    end_world(&w);
}

static void ask_keyed(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    step_write(w, run, result);
    run->ask.effect = TL_EFFECT_KEYED;
}

/* Its lost answer would be one to look up, row by row. */
static void leaves_alone_what_is_not_idempotent(void **state)
{
    (void)state;
    static const struct scripted keyed[] = {{"order", ask_keyed}};
    struct world w;
    world_of(&w, 1);
    w.scripts = keyed;
    world_start(&w);
    many_flood(&w, 0, 20, TL_NORMAL);
    world_settle(&w);
    assert_int_equal(many_calls(), 20);
    end_world(&w);
}

/* Two flows that write the same records, from two lanes: `watch` of the platform counts what meets. */
static void never_sends_two_rows_of_one_record(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 2);
    world_start(&w);
    many_plan.hold = true;
    many_flood(&w, 0, 6, TL_NORMAL);
    many_until_out(&w, 1);
    many_until_waiting(&w, 12 - many_rows_of(0));
    let_go(&w);
    assert_int_equal(w.log_count, 12);
    assert_int_equal(many_collisions(), 0);
    for (size_t c = 0; c < many_calls(); c++)
        for (int i = 0; i < 6; i++) {
            char no[16];
            snprintf(no, sizeof no, "\"N-%d\"", i);
            assert_true(count_of(many_args_of(c), no) <= 1);
        }
    end_world(&w);
}

/* ---- refused as a whole ---- */

static enum tl_failure five_breaks_it(const char *rows)
{
    return strstr(rows, "\"N-5\"") != NULL ? TL_FAIL_DATA : TL_FAIL_NONE;
}

static void halves_until_the_row_is_found(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, MANY_ROWS);
    many_plan.whole = five_breaks_it;
    let_go(&w);
    assert_int_equal(tl_exceptions_open(w.engine), 1);
    assert_int_equal(w.log_count, MANY_ROWS); /* the first one, and all but one */
    assert_int_equal(many_done(&w, "N-5"), 0);
    assert_int_equal(many_calls(), 1 + 1 + 2 * 3); /* eight rows: three times into two halves */
    end_world(&w);
}

/* The answer of a call is lost: nobody knows of any row, and each is written again, as it was. */
static void repeats_every_row_when_the_answer_is_lost(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, MANY_ROWS);
    let_go(&w);
    many_plan.hold = true;
    many_event(&w, "Order", "second", "", 0);
    many_until_out(&w, 1);
    many_flood(&w, 10, MANY_ROWS, TL_NORMAL);
    many_until_waiting(&w, MANY_ROWS);
    many_plan.hold = false;
    many_answer(&w);
    many_plan.lose = 2; /* of the one that goes alone, too */
    world_settle(&w);
    for (int i = 0; i < 20 && !nothing_is_left(&w); i++)
        world_advance(&w, 1000);
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    for (int i = 10; i < 10 + MANY_ROWS; i++) {
        char no[16];
        snprintf(no, sizeof no, "N-%d", i);
        assert_int_equal(many_done(&w, no), 2);
    }
    assert_int_equal(many_done(&w, "second"), 2);
    assert_int_equal(many_done(&w, "N-0"), 1);
    end_world(&w);
}

/* ---- one commit ---- */

static size_t commits_with_outcomes, outcomes_seen;

static void count_outcomes(struct world *w, struct tl_commit *commit)
{
    struct tl_record record;
    size_t place = 0, found = 0;
    (void)w;
    while (tl_commit_next(commit, &place, &record, NULL, 0))
        found += record.kind == TL_RECORD_OUTCOME;
    outcomes_seen += found;
    commits_with_outcomes += found > 0;
}

static void writes_the_outcomes_of_a_batch_in_one_commit(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    w.config.lanes = 1;
    w.on_commit = count_outcomes;
    world_start(&w);
    fill_behind_one(&w, MANY_ROWS);
    commits_with_outcomes = outcomes_seen = 0;
    let_go(&w);
    assert_int_equal(outcomes_seen, MANY_ROWS + 1);
    assert_true(commits_with_outcomes <= 2); /* of the call that was out, and of the batch */
    end_world(&w);
}

/* ---- what is more urgent ---- */

static void sends_what_is_urgent_first(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    many_plan.hold = true;
    many_event(&w, "Order", "first", "", 0);
    many_until_out(&w, 1);
    many_flood(&w, 0, 2 * MANY_ROWS, TL_BULK);
    many_until_waiting(&w, 2 * MANY_ROWS);
    many_flood(&w, 100, 1, TL_URGENT);
    many_until_waiting(&w, 2 * MANY_ROWS + 1);
    let_go(&w);
    assert_non_null(strstr(many_args_of(1), "\"N-100\""));
    assert_true(strncmp(many_args_of(1), "{\"object\":\"Order\",\"key\":{\"no\":\"N-100\"}", 36) == 0);
    assert_int_equal(w.log_count, 2 * MANY_ROWS + 2);
    end_world(&w);
}

/* What is kept for live work of the day's calls is kept from bulk rows also when they go together. */
static void leaves_the_kept_share_to_live_work(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    systems[0].limits.per_day = 4;
    systems[0].limits.keep_for_live = 50;
    world_start(&w);
    many_flood(&w, 0, 6 * MANY_ROWS, TL_BULK);
    world_settle(&w);
    assert_int_equal(many_calls(), 2);
    struct tl_gate_closed closed;
    struct tl_gate *gate = tl_engine_gate(w.engine, TL_STR("erp"));
    assert_false(tl_gate_peek(gate, tl_now(), TL_BULK, &closed));
    assert_true(tl_gate_peek(gate, tl_now(), TL_NORMAL, &closed));
    end_world(&w);
}

/* ---- parents ---- */

static bool the_order_is_out(struct world *w)
{
    (void)w;
    return many_calls() > 1 && strstr(many_args_of(many_calls() - 1), "\"o1\"") != NULL;
}

static void keeps_rows_of_one_parent_out_of_two_calls(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    many_plan.hold = true;
    many_event(&w, "Contact", "c1", "\"A\"", 1);
    many_until_out(&w, 1);
    many_event(&w, "Order", "o1", "\"A\"", 2);
    many_until_waiting(&w, 1);
    many_event(&w, "Invoice", "i1", "\"B\"", 3); /* of another parent: it need not wait */
    many_until_out(&w, 2);
    many_event(&w, "Account", "a1", "", 4); /* of none */
    many_until_out(&w, 3);
    many_until_waiting(&w, 1);
    many_answer(&w); /* the contact */
    world_until(&w, the_order_is_out);
    many_until_out(&w, 3);
    let_go(&w);
    assert_int_equal(w.log_count, 4);
    end_world(&w);
}

static void keeps_a_parent_and_its_rows_out_of_two_calls(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    many_plan.hold = true;
    many_event(&w, "Account", "A", "", 1);
    many_until_out(&w, 1);
    many_event(&w, "Contact", "c1", "{\"no\":\"A\"}", 2); /* it names its parent by the same key */
    many_until_waiting(&w, 1);
    many_event(&w, "Contact", "c2", "{\"no\":\"B\"}", 3);
    many_until_out(&w, 2);
    many_until_waiting(&w, 1);
    let_go(&w);
    assert_int_equal(w.log_count, 3);
    end_world(&w);
}

static void puts_rows_of_one_parent_side_by_side(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    w.config.lanes = 1; /* so that rows wait in the order of their events */
    world_start(&w);
    many_plan.hold = true;
    many_event(&w, "Order", "first", "", 0);
    many_until_out(&w, 1);
    static const char *const parents[] = {"\"A\"", "\"B\"", "", "\"A\"", "\"B\"", "\"A\""};
    for (int i = 0; i < 6; i++) {
        char no[16];
        snprintf(no, sizeof no, "r%d", i);
        many_event(&w, "Order", no, parents[i], i);
        many_until_waiting(&w, (size_t)i + 1);
    }
    let_go(&w);
    const char *args = many_args_of(1), *at = args;
    static const char *const order[] = {"\"r0\"", "\"r3\"", "\"r5\"", "\"r1\"", "\"r4\"", "\"r2\""};
    for (int i = 0; i < 6; i++) {
        const char *found = strstr(args, order[i]);
        assert_non_null(found);
        assert_true(found > at || i == 0);
        at = found;
    }
    end_world(&w);
}

/* ---- a closed gate, a pause, a stop ---- */

static int down;

static enum tl_failure while_down(const char *rows)
{
    (void)rows;
    return down ? TL_FAIL_RETRY : TL_FAIL_NONE;
}

static void keeps_rows_while_the_gate_is_closed(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    systems[0].breaker.failures = 1;
    world_start(&w);
    fill_behind_one(&w, 2 * MANY_ROWS);
    many_plan.whole = while_down;
    down = 1;
    let_go(&w);
    for (int i = 0; i < 8; i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 0);
    assert_true(many_calls() <= 3); /* the one that failed, and probes */
    assert_int_equal(tl_engine_unfinished(w.engine), 2 * MANY_ROWS + 1);
    down = 0;
    for (int i = 0; i < 60 && !nothing_is_left(&w); i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 2 * MANY_ROWS + 1);
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    end_world(&w);
}

static void sends_nothing_while_paused(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, 2 * MANY_ROWS);
    world_pause(&w, "erp", true);
    many_flood(&w, 50, 3, TL_NORMAL);
    let_go(&w);
    assert_int_equal(many_calls(), 1); /* the one that was out has ended */
    assert_int_equal(w.log_count, 1);
    many_until_waiting(&w, 0);
    world_pause(&w, "erp", false);
    world_settle(&w);
    assert_int_equal(w.log_count, 2 * MANY_ROWS + 4);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    end_world(&w);
}

static void stops_without_sending_what_waits(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, MANY_ROWS);
    let_go(&w);
    fill_behind_one(&w, 0);
    many_flood(&w, 20, MANY_ROWS, TL_NORMAL);
    many_until_waiting(&w, MANY_ROWS);
    size_t before = many_calls();
    many_answer(&w); /* it ends while we stop, and nothing follows */
    world_stop(&w);
    assert_int_equal(many_calls(), before);
    assert_int_equal(many_out(), 0);
    assert_int_equal(w.log_count, MANY_ROWS + 2);
    world_start(&w);
    world_settle(&w);
    for (int i = 0; i < 20 && !nothing_is_left(&w); i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 2 * MANY_ROWS + 2);
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    end_world(&w);
}

/* ---- jobs, and a kill at every point ---- */

static bool turns(struct world *w, int count)
{
    for (int i = 0; i < count && !nothing_is_left(w); i++)
        for (unsigned lane = 0; lane < w->engine->lane_count; lane++)
            tl_loop_wait(tl_lane_loop(tl_engine_lane(w->engine, lane)), 1);
    return nothing_is_left(w);
}

static size_t most_of_a_record(struct world *w, int count)
{
    size_t most = 0;
    for (int i = 0; i < count; i++) {
        char no[16];
        snprintf(no, sizeof no, "N-%d", i);
        size_t done = many_done(w, no);
        assert_true(done > 0);
        most = done > most ? done : most;
    }
    return most;
}

/* After so many turns the process is gone. Whatever had been reached: everything is written, nothing is parked, and a
 * job that was saved is asked for, not begun again. True: it had all ended before. */
static bool killed_after(int count, size_t *asked_for)
{
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    fill_behind_one(&w, MANY_ROWS);
    many_plan.jobs = true;
    many_answer(&w);
    bool ended = turns(&w, count);
    many_crash(&w);
    size_t jobs = many_jobs();
    world_start(&w);
    size_t saved = world_rows(&w, "batch");
    world_settle(&w);
    for (int i = 0; i < 20 && !nothing_is_left(&w); i++)
        world_advance(&w, 1000);
    assert_true(nothing_is_left(&w));
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    assert_int_equal(world_rows(&w, "batch"), 0);
    assert_true(most_of_a_record(&w, MANY_ROWS) <= 2); /* an identical repeat of the latest write, once */
    if (saved > 0) {
        assert_int_equal(most_of_a_record(&w, MANY_ROWS), 1);
        assert_int_equal(many_jobs(), jobs);
        *asked_for += 1;
    }
    end_world(&w);
    return ended;
}

static void goes_on_after_a_kill_at_every_point(void **state)
{
    (void)state;
    size_t asked_for = 0;
    bool ended = false;
    for (int count = 0; !ended; count++) {
        assert_true(count < 400);
        ended = killed_after(count, &asked_for);
    }
    assert_true(asked_for > 0); /* else no kill met a job that was saved */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_every_run_its_own_outcome),
        cmocka_unit_test(takes_no_more_than_the_platform_does),
        cmocka_unit_test(leaves_alone_what_says_no),
        cmocka_unit_test(leaves_alone_what_is_not_idempotent),
        cmocka_unit_test(never_sends_two_rows_of_one_record),
        cmocka_unit_test(halves_until_the_row_is_found),
        cmocka_unit_test(repeats_every_row_when_the_answer_is_lost),
        cmocka_unit_test(writes_the_outcomes_of_a_batch_in_one_commit),
        cmocka_unit_test(sends_what_is_urgent_first),
        cmocka_unit_test(leaves_the_kept_share_to_live_work),
        cmocka_unit_test(keeps_rows_of_one_parent_out_of_two_calls),
        cmocka_unit_test(keeps_a_parent_and_its_rows_out_of_two_calls),
        cmocka_unit_test(puts_rows_of_one_parent_side_by_side),
        cmocka_unit_test(keeps_rows_while_the_gate_is_closed),
        cmocka_unit_test(sends_nothing_while_paused),
        cmocka_unit_test(stops_without_sending_what_waits),
        cmocka_unit_test(goes_on_after_a_kill_at_every_point),
    };
    return cmocka_run_group_tests_name("flow batcher", tests, NULL, NULL);
}
