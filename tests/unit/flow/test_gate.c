/* Gates: unstarted units, breakers, pauses, deadlines, turns between flows. */
#include "flow_world.h"

static const char *const won[] = {"won@1"};
static const char *const erp[] = {"erp"};
static const char *const desk[] = {"desk"};

static struct tl_system_decl systems[2];
static struct tl_flow flows[2];
static const struct scripted scripts[] = {{"order", step_put}, {"note", NULL}};

static void ask_desk(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w;
    if (result == NULL)
        run_ask(run, "desk", "put");
    else
        run_end(run, TL_RUN_DONE, "");
}

static const struct scripted two[] = {{"order", step_put}, {"note", ask_desk}};

static void world_of(struct world *w, size_t flow_count)
{
    (void)scripts;
    for (size_t i = 0; i < 2; i++) {
        systems[i] = (struct tl_system_decl){.name = i == 0 ? "erp" : "desk",
                                             .kind = i == 0 ? "erp" : "desk",
                                             .connector = "fake",
                                             .connector_major = 1,
                                             .retry = {.first_ms = 100, .cap_ms = 1000, .attempts = 3},
                                             .breaker = {.failures = 3, .within_ms = 30000, .probe_after_ms = 5000},
                                             .limits = {.concurrent = 4}};
        flows[i] = (struct tl_flow){.name = i == 0 ? "order" : "note",
                                    .on = won,
                                    .on_count = 1,
                                    .scope = i == 0 ? "order" : "note",
                                    .after_failure = TL_AFTER_HOLD,
                                    .priority = TL_NORMAL,
                                    .steward = "desk",
                                    .targets = i == 0 ? erp : desk,
                                    .target_count = 1};
    }
    world_new(w, flows, two, flow_count, systems, 2);
}

static int down;

static enum answer while_down(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)operation, (void)args;
    return down && strcmp(system, "erp") == 0 ? ANSWER_RETRY : ANSWER_DONE;
}

/* What is kept of the day for live work is theirs, also when bulk work has met its end first. */
static void only_bulk_waits_at_the_share_that_is_kept(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    systems[0].limits.per_day = 20;
    systems[0].limits.keep_for_live = 50;
    world_start(&w);
    world_flood(&w, "won@1", "b", 30, 30, TL_BULK);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 10);
    for (int i = 0; i < 5; i++) {
        char key[] = {'n', (char)('0' + i), 0};
        world_accept(&w, "won@1", key, "1");
    }
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 15);
    assert_int_equal(tl_engine_unfinished(w.engine), 20);
    world_advance(&w, 24 * 3600 * 1000);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 25); /* the next day's */
    world_free(&w);
}

static void keeps_work_unstarted_while_the_breaker_is_open(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    w.answer = while_down;
    down = 1;
    tl_position first = world_accept(&w, "won@1", "A", "1");
    world_flood(&w, "won@1", "k", 40, 40, TL_NORMAL);
    for (int i = 0; i < 10; i++)
        world_advance(&w, 1000);
    struct tl_gate_status gate;
    tl_gate_status(tl_engine_gate(w.engine, TL_STR("erp")), (struct tl_instant){tl_wall_ms(), tl_mono_ms()}, &gate);
    assert_int_equal(gate.why, TL_GATE_BREAKER);
    assert_int_equal(atomic_load(&w.runs_open), 0); /* no coroutine is kept */
    assert_int_equal(tl_engine_unfinished(w.engine), 41);
    assert_int_equal(tl_exceptions_open(w.engine), 0); /* an endpoint failure parks nothing */
    int started = atomic_load(&w.started);
    world_advance(&w, 1);
    assert_true(atomic_load(&w.started) - started <= 1);
    down = 0;
    for (int i = 0; i < 120; i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 41);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    assert_string_equal(world_endings(&w, first, "order"), "done");
    world_free(&w);
}

static void lets_others_work_while_a_system_is_paused_also_after_a_restart(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 2);
    world_start(&w);
    world_pause(&w, "erp", true);
    assert_int_equal(w.reply_code, TL_OK);
    world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 0);
    assert_int_equal(world_applied(&w, "desk"), 1);
    world_stop(&w);
    world_start(&w);
    world_accept(&w, "won@1", "A", "2");
    world_advance(&w, 5000);
    assert_int_equal(world_applied(&w, "erp"), 0);
    assert_int_equal(world_applied(&w, "desk"), 2);
    struct tl_buf out;
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_engine_status(w.engine, &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "\"name\":\"erp\",\"kind\":\"erp\",\"gate\":\"paused\""));
    assert_non_null(strstr(out.ptr, "\"who\":\"ann\",\"why\":\"a reason\""));
    tl_buf_free(&out);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 2);
    assert_int_equal(world_rows(&w, "pause"), 0);
    assert_int_equal(world_rows(&w, "audit"), 2);
    world_free(&w);
}

static void stops_one_flow_when_it_is_paused(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 2);
    world_start(&w);
    world_pause(&w, "flow/order", true);
    world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 0);
    assert_int_equal(world_applied(&w, "desk"), 1);
    world_pause(&w, "flow/order", false);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 1);
    world_pause(&w, "flow/ordre", true);
    assert_int_equal(w.reply_code, TL_ENOTFOUND);
    assert_non_null(strstr(w.reply_text, "did you mean \"order\""));
    world_free(&w);
}

static void parks_at_the_flows_own_deadline(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    flows[0].deadline_ms = 60000;
    world_start(&w);
    world_pause(&w, "erp", true);
    tl_position event = world_accept(&w, "won@1", "A", "1");
    for (int i = 0; i < 50; i++)
        world_advance(&w, 1000);
    assert_string_equal(world_endings(&w, event, "order"), "");
    for (int i = 0; i < 15; i++)
        world_advance(&w, 1000);
    assert_string_equal(world_endings(&w, event, "order"), "parked");
    assert_int_equal(w.log_count, 0);
    world_free(&w);
}

static void counted(void *ctx, tl_code code, const char *text)
{
    (void)code, (void)text;
    ((struct world *)ctx)->replies++;
}

static bool two_replies(struct world *w)
{
    return w->replies == 2;
}

/* At once, so that none has a start. */
static void resume_both(struct world *w)
{
    struct tl_loop *loop = tl_lane_loop(tl_engine_lane(w->engine, 0));
    w->replies = 0;
    tl_engine_resume(w->engine, TL_STR("flow/order"), TL_STR("ann"), TL_STR(""), loop, counted, w);
    tl_engine_resume(w->engine, TL_STR("flow/note"), TL_STR("ann"), TL_STR(""), loop, counted, w);
    world_until(w, two_replies);
}

static void takes_turns_between_flows(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 2);
    systems[0].limits.concurrent = systems[1].limits.concurrent = 0;
    world_start(&w);
    world_pause(&w, "flow/order", true);
    world_pause(&w, "flow/note", true);
    world_flood(&w, "won@1", "k", 4000, 4000, TL_NORMAL);
    world_settle(&w);
    resume_both(&w);
    world_settle(&w);
    assert_int_equal(w.log_count, 8000);
    size_t order = 0;
    for (size_t i = 1000; i < 3000; i++)
        order += strcmp(w.log[i].system, "erp") == 0;
    assert_in_range(order, 700, 1300);
    world_free(&w);
}

static void gives_urgent_work_more_turns_than_bulk(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    world_pause(&w, "flow/order", true);
    world_flood(&w, "won@1", "bulk", 3000, 3000, TL_BULK);
    world_flood(&w, "won@1", "urgent", 300, 300, TL_URGENT);
    world_settle(&w);
    world_pause(&w, "flow/order", false);
    world_settle(&w);
    assert_int_equal(w.log_count, 3300);
    size_t last_urgent = 0;
    for (size_t i = 0; i < w.log_count; i++) {
        if (strstr(w.log[i].args, "urgent") != NULL)
            last_urgent = i;
    }
    assert_true(last_urgent < 600);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_bulk_waits_at_the_share_that_is_kept),
        cmocka_unit_test(keeps_work_unstarted_while_the_breaker_is_open),
        cmocka_unit_test(lets_others_work_while_a_system_is_paused_also_after_a_restart),
        cmocka_unit_test(stops_one_flow_when_it_is_paused),
        cmocka_unit_test(parks_at_the_flows_own_deadline),
        cmocka_unit_test(takes_turns_between_flows),
        cmocka_unit_test(gives_urgent_work_more_turns_than_bulk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
