/* A backlog that does not fit in memory. */
#include "flow_world.h"
#include <malloc.h>
#include <stdlib.h>

static const char *const won[] = {"won@1"};
static const char *const erp[] = {"erp"};
static const char *const desk[] = {"desk"};
static struct tl_system_decl systems[2];
static struct tl_flow flows[2];

static void ask_desk(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w;
    if (result == NULL)
        run_ask(run, "desk", "put");
    else
        run_end(run, TL_RUN_DONE, "");
}

static const struct scripted scripts[] = {{"order", step_put}, {"note", ask_desk}};

static void world_of(struct world *w, size_t positions, const char *scope)
{
    for (size_t i = 0; i < 2; i++) {
        systems[i] = (struct tl_system_decl){.name = i == 0 ? "erp" : "desk",
                                             .kind = i == 0 ? "erp" : "desk",
                                             .connector = "fake",
                                             .connector_major = 1};
        flows[i] = (struct tl_flow){.name = i == 0 ? "order" : "note",
                                    .on = won,
                                    .on_count = 1,
                                    .scope = scope != NULL ? scope
                                             : i == 0      ? "order"
                                                           : "note",
                                    .after_failure = TL_AFTER_HOLD,
                                    .priority = TL_NORMAL,
                                    .steward = "desk",
                                    .targets = i == 0 ? erp : desk,
                                    .target_count = 1};
    }
    world_new(w, flows, scripts, 2, systems, 2);
    w->config.queue_positions = positions;
}

/* Of every key, what `system` saw must be rising; returns how many it saw. */
static size_t check_order(struct world *w, const char *system, size_t keys)
{
    long *last = tl_zalloc(keys, sizeof *last);
    size_t seen = 0;
    for (size_t i = 0; i < w->log_count; i++) {
        if (strcmp(w->log[i].system, system) != 0)
            continue;
        long n = strtol(strstr(w->log[i].args, "\"n\":") + 4, NULL, 10);
        size_t key = (size_t)n % keys;
        if (n + 1 <= last[key])
            fail_msg("%s: %ld came after %ld", system, n, last[key] - 1);
        last[key] = n + 1;
        seen++;
    }
    tl_free(last);
    return seen;
}

static void keeps_order_and_memory_with_a_backlog_before_a_closed_system(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1000, NULL);
    world_start(&w);
    world_pause(&w, "system/erp", true);
    world_flood(&w, "won@1", "warm", 2000, 2000, TL_NORMAL);
    world_settle(&w);
    size_t before = mallinfo2().uordblks;
    size_t log_before = w.log_count;
    world_flood(&w, "won@1", "k", 50000, 7000, TL_NORMAL);
    world_settle(&w);
    long grown = (long)mallinfo2().uordblks - (long)before;
    long of_log = (long)(w.log_count - log_before) * 120; /* the fake platform's own notes */
    assert_int_equal(world_applied(&w, "desk"), 52000);
    assert_int_equal(world_applied(&w, "erp"), 0);
    print_message("grown by %ld KB for 50,000 events before a closed system\n", (grown - of_log) / 1024);
#ifndef __SANITIZE_ADDRESS__
    assert_true(grown < of_log + (8 << 20));
#endif
    world_crash(&w); /* and order stays after reopening */
    world_start(&w);
    world_flood(&w, "won@1", "k", 7000, 7000, TL_NORMAL);
    world_settle(&w);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 59000);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_free(&w);
}

static void loses_and_reorders_nothing_over_reopening(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 100, NULL);
    world_start(&w);
    world_pause(&w, "system/erp", true);
    world_flood(&w, "won@1", "k", 20000, 700, TL_NORMAL);
    world_settle(&w);
    world_stop(&w);
    world_start(&w);
    world_settle(&w);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(check_order(&w, "erp", 700), 20000);
    assert_int_equal(check_order(&w, "desk", 700), 20000);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_free(&w);
}

static void keeps_the_order_of_a_scope_when_one_of_its_queues_has_spilled(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 50, "shared");
    world_start(&w);
    world_pause(&w, "system/erp", true);
    world_flood(&w, "won@1", "k", 2000, 200, TL_NORMAL);
    world_settle(&w);
    /* The other flow's unit of an event comes after the first one's: it waits too. */
    assert_int_equal(world_applied(&w, "erp"), 0);
    assert_int_equal(world_applied(&w, "desk"), 0);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(check_order(&w, "erp", 200), 2000);
    assert_int_equal(check_order(&w, "desk", 200), 2000);
    size_t *seen = tl_zalloc(200, sizeof *seen);
    for (size_t i = 0; i < w.log_count; i++) { /* of a key: erp, desk, erp, desk … */
        size_t key = (size_t)strtol(strstr(w.log[i].args, "\"n\":") + 4, NULL, 10) % 200;
        assert_string_equal(w.log[i].system, seen[key]++ % 2 == 0 ? "erp" : "desk");
    }
    tl_free(seen);
    world_free(&w);
}

static void lets_a_unit_wait_for_an_earlier_one_that_is_only_in_the_journal(void **state)
{
    (void)state;
    static const char *const shipped[] = {"shipped@1"};
    struct world w;
    world_of(&w, 50, "shared");
    flows[1].on = shipped;
    world_start(&w);
    world_pause(&w, "system/erp", true);
    world_flood(&w, "won@1", "k", 1000, 1000, TL_NORMAL);
    world_settle(&w);
    world_accept(&w, "shipped@1", "k900", "5000");
    world_accept(&w, "shipped@1", "k950", "5001");
    world_accept(&w, "shipped@1", "other", "5002"); /* has nothing before it */
    world_settle(&w);
    assert_int_equal(world_applied(&w, "desk"), 1);
    assert_non_null(strstr(w.log[0].args, "5002"));
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 1000);
    assert_int_equal(world_applied(&w, "desk"), 3);
    bool order_seen = false;
    for (size_t i = 0; i < w.log_count; i++) {
        order_seen |= strstr(w.log[i].args, "\"k900\",\"n\":900}") != NULL;
        assert_true(order_seen || strstr(w.log[i].args, "5000") == NULL);
    }
    world_free(&w);
}

static void keeps_what_is_unfinished_when_its_segment_is_dropped(void **state)
{
    (void)state;
    for (int restart = 0; restart < 3; restart++) {
        struct world w;
        unsigned dropped = 0;
        world_of(&w, 50, NULL);
        w.segment_events = 500;
        world_start(&w);
        world_pause(&w, "system/erp", true);
        world_flood(&w, "won@1", "k", 3000, 300, TL_NORMAL);
        world_settle(&w);
        assert_int_equal(world_applied(&w, "desk"), 3000);
        world_advance(&w, (int64_t)40 * 24 * 3600 * 1000);
        assert_int_equal(tl_journal_retain(w.journal, (int64_t)30 * 24 * 3600 * 1000, &dropped, NULL), TL_OK);
        assert_true(dropped >= 3);
        assert_true(world_rows(&w, "kept") >= 1500);
        if (restart == 1)
            world_stop(&w);
        else if (restart == 2)
            world_crash(&w);
        if (restart > 0)
            world_start(&w);
        world_settle(&w);
        world_pause(&w, "system/erp", false);
        world_settle(&w);
        assert_int_equal(check_order(&w, "erp", 300), 3000);
        assert_int_equal(check_order(&w, "desk", 300), 3000);
        assert_int_equal(tl_engine_unfinished(w.engine), 0);
        assert_int_equal(world_rows(&w, "kept"), 0);
        world_free(&w);
    }
}

static void keeps_a_hot_key_from_filling_the_queue(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 100, NULL);
    world_start(&w);
    world_pause(&w, "system/erp", true);
    world_flood(&w, "won@1", "hot", 400, 1, TL_NORMAL);
    world_flood(&w, "won@1", "cool", 300, 300, TL_NORMAL);
    world_settle(&w);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp"), 700);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_memory_with_a_backlog_before_a_closed_system),
        cmocka_unit_test(loses_and_reorders_nothing_over_reopening),
        cmocka_unit_test(keeps_the_order_of_a_scope_when_one_of_its_queues_has_spilled),
        cmocka_unit_test(lets_a_unit_wait_for_an_earlier_one_that_is_only_in_the_journal),
        cmocka_unit_test(keeps_what_is_unfinished_when_its_segment_is_dropped),
        cmocka_unit_test(keeps_a_hot_key_from_filling_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
