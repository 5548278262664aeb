/* Crashes, restarts, other revisions. */
#include "engine_int.h"
#include "flow_world.h"
#include <stdlib.h>

static const char *const won[] = {"won@1"};
static const char *const both[] = {"won@1", "shipped@1"};
static const char *const erp[] = {"erp"};
static const struct tl_system_decl systems[] = {
    {.name = "erp", .kind = "erp", .connector = "fake", .connector_major = 1}};
static struct tl_flow flows[2];

static void relay(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w, (void)result;
    run_emit(run, "order@1");
}

static const struct scripted scripts[] = {{"order", step_put}, {"note", step_put}};

static void world_of(struct world *w, size_t flow_count)
{
    for (size_t i = 0; i < 2; i++)
        flows[i] = (struct tl_flow){.name = i == 0 ? "order" : "note",
                                    .on = won,
                                    .on_count = 1,
                                    .scope = i == 0 ? "order" : "note",
                                    .after_failure = TL_AFTER_HOLD,
                                    .priority = TL_NORMAL,
                                    .steward = "desk",
                                    .targets = erp,
                                    .target_count = 1};
    world_new(w, flows, scripts, flow_count, systems, 1);
}

static enum answer later(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation, (void)args;
    return ANSWER_LATER;
}

static bool one_called(struct world *w)
{
    return w->log_count >= 1;
}

static void repeats_only_the_latest_effect_of_a_key_after_a_crash(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    w.answer = later; /* the platform has done it, the answer never comes */
    world_accept(&w, "won@1", "A", "2");
    world_accept(&w, "won@1", "A", "3");
    world_settle(&w);
    assert_int_equal(w.log_count, 2);
    world_crash(&w);
    w.answer = NULL;
    world_start(&w);
    world_settle(&w);
    const char *expected[] = {"1", "2", "2", "3"};
    assert_int_equal(w.log_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(strstr(w.log[i].args, "\"n\":")[4], expected[i][0]);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    assert_int_equal(world_rows(&w, "mark"), 0);
    world_free(&w);
}

static void never_repeats_what_has_ended(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    world_flood(&w, "won@1", "k", 3000, 900, TL_NORMAL);
    world_settle(&w);
    assert_int_equal(w.log_count, 3000);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            world_crash(&w);
        else
            world_stop(&w);
        world_start(&w);
        world_settle(&w);
        assert_int_equal(w.log_count, 3000);
    }
    world_free(&w);
}

static void knows_what_is_unfinished_from_rows_and_the_floor(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    world_pause(&w, "erp", true);
    world_flood(&w, "won@1", "k", 2000, 2000, TL_NORMAL);
    world_settle(&w);
    assert_int_equal(world_rows(&w, "progress"), 0);
    for (int i = 0; i < 12; i++)
        world_advance(&w, 1000);
    assert_int_equal(world_rows(&w, "progress"), 4); /* one a commit */
    world_stop(&w);                                  /* the floor moves past them */
    world_start(&w);
    world_settle(&w);
    assert_int_equal(tl_engine_unfinished(w.engine), 2000);
    world_crash(&w);
    world_start(&w);
    world_settle(&w);
    assert_int_equal(tl_engine_unfinished(w.engine), 2000);
    world_pause(&w, "erp", false);
    world_settle(&w);
    for (int i = 0; i < 12; i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 2000);
    assert_int_equal(world_rows(&w, "progress"), 0);
    world_free(&w);
}

static void gives_a_new_flow_only_what_comes_after_it(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    world_start(&w);
    world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    world_crash(&w); /* so that what is there is read again */
    w.config.first.flow_count = w.script_count = 2;
    for (int i = 0; i < 2; i++) {
        world_start(&w);
        world_settle(&w);
        assert_int_equal(w.log_count, 1);
        if (i == 0)
            world_crash(&w);
    }
    tl_position second = world_accept(&w, "won@1", "A", "2");
    world_settle(&w);
    assert_int_equal(w.log_count, 3);
    assert_string_equal(world_endings(&w, second, "note"), "done");
    flows[0].on = both; /* and an old flow that takes another type */
    flows[0].on_count = 2;
    tl_position early = world_accept(&w, "shipped@1", "A", "3");
    world_settle(&w);
    assert_string_equal(world_endings(&w, early, "nobody"), "unwanted");
    world_stop(&w);
    world_start(&w);
    tl_position late = world_accept(&w, "shipped@1", "A", "4");
    world_settle(&w);
    assert_string_equal(world_endings(&w, early, "order"), "");
    assert_string_equal(world_endings(&w, late, "order"), "done");
    world_free(&w);
}

static void refuses_to_start_without_a_flow_that_has_work_or_parks_it(void **state)
{
    (void)state;
    struct world w;
    struct tl_error err;
    world_of(&w, 2);
    world_start(&w);
    world_pause(&w, "flow/note", true);
    world_flood(&w, "won@1", "k", 7, 7, TL_NORMAL);
    world_settle(&w);
    world_stop(&w);
    w.config.first.flow_count = w.script_count = 1;
    assert_int_equal(world_try_start(&w, &err), TL_EDIFFERS);
    assert_non_null(strstr(err.text, "\"note\" (7)"));
    world_crash(&w);
    w.config.park_removed = true;
    world_start(&w);
    world_settle(&w);
    assert_int_equal(tl_exceptions_open(w.engine), 7);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_int_equal(w.reply_code, TL_EFAILED);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    assert_int_equal(w.reply_code, TL_OK);
    world_stop(&w);
    w.config.park_removed = false;
    world_start(&w); /* nothing is pending any more */
    assert_int_equal(tl_exceptions_open(w.engine), 6);
    world_free(&w);
}

/* The unit that starts alone is A's: it was in flight first. */
static bool alone_called(struct world *w)
{
    bool called = false;
    for (unsigned i = 0; i < w->engine->lane_count; i++)
        called |= w->engine->lanes[i]->alone != NULL && w->engine->lanes[i]->calls > 0;
    return called;
}

static void parks_what_was_alone_at_three_crashes(void **state)
{
    (void)state;
    struct world w;
    world_of(&w, 1);
    w.config.lanes = 1; /* so that it is A's turn first */
    world_start(&w);
    w.answer = later;
    tl_position culprit = world_accept(&w, "won@1", "A", "1");
    world_until(&w, one_called);
    world_accept(&w, "won@1", "B", "2");
    for (size_t crash = 1; crash <= 3; crash++) {
        size_t called = w.log_count;
        world_crash(&w); /* as if the call had brought the program down */
        world_start(&w);
        world_until(&w, alone_called);
        assert_int_equal(w.log_count, called + 1); /* nobody else meanwhile */
        assert_non_null(strstr(w.log[called].args, "\"A\""));
        assert_int_equal(world_rows(&w, "mark"), 1);
    }
    world_crash(&w);
    w.answer = NULL;
    world_start(&w);
    world_settle(&w);
    assert_string_equal(world_endings(&w, culprit, "order"), "parked");
    assert_int_equal(tl_exceptions_open(w.engine), 1);
    assert_int_equal(tl_engine_unfinished(w.engine), 0); /* the others went */
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_string_equal(world_endings(&w, culprit, "order"), "parked done");
    world_free(&w);
}

static void commits_an_emit_with_the_outcome_of_its_unit(void **state)
{
    (void)state;
    static const struct scripted relays[] = {{"event:order@1", relay}, {"order", step_put}};
    static const char *const order[] = {"order@1"};
    struct world w;
    world_of(&w, 2);
    flows[0].name = flows[0].scope = "event:order@1";
    flows[0].internal = true;
    flows[0].target_count = 0;
    flows[1].name = flows[1].scope = "order";
    flows[1].on = order;
    w.scripts = relays;
    world_start(&w);
    tl_position event = world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    struct tl_arena arena;
    tl_position *found;
    size_t count;
    struct tl_key_query query = {.key = TL_STR("A"), .type = TL_STR("order@1")};
    tl_arena_init(&arena);
    assert_int_equal(tl_journal_find(w.journal, &query, &arena, &found, &count, NULL), TL_OK);
    assert_int_equal(count, 1);
    struct tl_event emitted;
    assert_int_equal(tl_journal_event(w.journal, found[0], &arena, &emitted, NULL), TL_OK);
    assert_int_equal(emitted.cause, event);
    assert_true(tl_str_is(emitted.cause_flow, "event:order@1"));
    assert_true(tl_str_is(emitted.source, "crm"));
    tl_arena_free(&arena);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_only_the_latest_effect_of_a_key_after_a_crash),
        cmocka_unit_test(never_repeats_what_has_ended),
        cmocka_unit_test(knows_what_is_unfinished_from_rows_and_the_floor),
        cmocka_unit_test(gives_a_new_flow_only_what_comes_after_it),
        cmocka_unit_test(refuses_to_start_without_a_flow_that_has_work_or_parks_it),
        cmocka_unit_test(parks_what_was_alone_at_three_crashes),
        cmocka_unit_test(commits_an_emit_with_the_outcome_of_its_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
