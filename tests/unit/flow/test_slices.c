/* Rule 21: a script that computes without end gives way to its neighbours, and its run is the one it would have been.
 */
#include "engine_int.h"
#include "flow/by_hand.h"
#include "lua_world.h"
#include "run.h"

#define FLOW(text) "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"
#define LONG "for i = 1, 20000 do end " /* 100 turns of the lane */
#define NEIGHBOURS 50

static const char neighbour[] =
    "flow \"n\" { on = \"told@1\", steward = \"desk\", run = function(ctx, e) ctx.erp:note{ n = e.key } end }\n";

/* One lane, on which every stretch gives way after so many instructions. */
static void start(struct world *w, const char *flows, int instructions)
{
    lua_prepare(w, flows);
    w->config.lanes = 1;
    w->config.script.slice_count = instructions;
    world_start(w);
}

static struct tl_list *sliced(struct world *w)
{
    return &w->engine->lanes[0]->sliced;
}

static bool one_gave_way(struct world *w)
{
    return !tl_list_empty(sliced(w));
}

static void turn_until(struct world *w, bool (*until)(struct world *w))
{
    for (int i = 0; i < 20000 && !until(w); i++)
        (void)tl_engine_turn(w->engine, 0, 1);
    assert_true(until(w));
}

/* It is durable, and no lane has turned meanwhile. */
static tl_position put(struct world *w, const char *type, const char *key)
{
    char payload[64];
    struct tl_batch *batch = tl_batch_new(w->journal);
    snprintf(payload, sizeof payload, "{\"no\":\"%s\"}", key);
    struct tl_event_in in = {
        .type = tl_str_z(type), .source = TL_STR("crm"), .key = tl_str_z(key), .payload = tl_str_z(payload)};
    assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
    tl_batch_free(batch);
    return tl_position_make(tl_journal_last(w->journal), 0);
}

/* An event whose run is left in the middle of its stretch. */
static tl_position begin(struct world *w, const char *key)
{
    tl_position event = put(w, "won@1", key);
    turn_until(w, one_gave_way);
    return event;
}

static bool neighbours_are_served(struct world *w)
{
    return world_applied(w, "erp") == NEIGHBOURS;
}

static void neighbours_have_their_turns_between_slices(void **state)
{
    (void)state;
    struct world w;
    char flows[1000];
    snprintf(flows, sizeof flows, "%s%s", FLOW("for i = 1, 100000 do end ctx.crm:note{ slow = true }"), neighbour);
    start(&w, flows, 200);
    begin(&w, "S");
    world_flood(&w, "told@1", "N", NEIGHBOURS, NEIGHBOURS, TL_NORMAL);
    turn_until(&w, neighbours_are_served);
    assert_true(one_gave_way(&w));
    assert_int_equal(world_applied(&w, "crm"), 0);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "crm"), 1);
    lua_free(&w);
}

/* ---- how many slices a neighbour waits ---- */

static const struct tl_run_outcome *(*go_on)(void *ctx, struct tl_run *run);
static int slices;

static const struct tl_run_outcome *counted(void *ctx, struct tl_run *run)
{
    slices++;
    return go_on(ctx, run);
}

static size_t served;

static bool one_more_is_served(struct world *w)
{
    return world_applied(w, "erp") > served;
}

static void a_neighbour_waits_for_two_slices_at_most(void **state)
{
    (void)state;
    struct world w;
    char flows[1000];
    snprintf(flows, sizeof flows, "%s%s", FLOW("for i = 1, 400000 do end ctx.crm:note{ slow = true }"), neighbour);
    start(&w, flows, 200);
    for (int i = 0; i < 8; i++) { /* each has two thousand slices */
        char key[] = {(char)('A' + i), 0};
        put(&w, "won@1", key);
    }
    begin(&w, "S");
    go_on = w.engine->script_port.go_on;
    w.engine->script_port.go_on = counted;
    for (served = 0; served < NEIGHBOURS; served++) {
        char key[16];
        snprintf(key, sizeof key, "N%zu", served);
        put(&w, "told@1", key);
        slices = 0;
        turn_until(&w, one_more_is_served);
        if (slices > 2)
            fail_msg("neighbour %zu has waited for %d slices", served, slices);
    }
    assert_int_equal(world_applied(&w, "crm"), 0);
    w.engine->script_port.go_on = go_on;
    lua_free(&w);
}

static const struct tl_run_outcome *(*start_run)(void *ctx, void *host, size_t flow, const struct tl_run_event *event,
                                                 struct tl_run **run);
static int long_ones, before_neighbour;

static const struct tl_run_outcome *counted_start(void *ctx, void *host, size_t flow, const struct tl_run_event *event,
                                                  struct tl_run **run)
{
    if (tl_str_is(event->type, "told@1"))
        before_neighbour = long_ones;
    else
        long_ones++;
    return start_run(ctx, host, flow, event, run);
}

/* Many that compute for long are about to begin. */
static void a_neighbour_comes_before_those_that_have_not_begun(void **state)
{
    (void)state;
    struct world w;
    char flows[1000];
    snprintf(flows, sizeof flows, "%s%s", FLOW("for i = 1, 400000 do end ctx.crm:note{ slow = true }"), neighbour);
    start(&w, flows, 200);
    world_flood(&w, "won@1", "S", 200, 200, TL_NORMAL);
    turn_until(&w, one_gave_way);
    start_run = w.engine->script_port.start;
    w.engine->script_port.start = counted_start;
    for (served = 0; served < NEIGHBOURS; served++) {
        char key[16];
        snprintf(key, sizeof key, "N%zu", served);
        put(&w, "told@1", key);
        long_ones = 0;
        turn_until(&w, one_more_is_served);
        if (before_neighbour > 0)
            fail_msg("neighbour %zu has waited for %d beginnings", served, before_neighbour);
    }
    w.engine->script_port.start = start_run;
    lua_free(&w);
}

static char next_to_go_on(struct world *w)
{
    struct tl_link *first = tl_list_first(sliced(w));
    return first != NULL ? TL_LIST_ITEM(first, struct tl_drive, slice)->event.key.ptr[0] : '-';
}

static bool both_gave_way(struct world *w)
{
    return one_gave_way(w) && tl_list_after(sliced(w), tl_list_first(sliced(w))) != NULL;
}

static char before;

static bool another_is_next(struct world *w)
{
    return next_to_go_on(w) != before;
}

static void those_that_gave_way_take_turns(void **state)
{
    (void)state;
    struct world w;
    start(&w, FLOW("for i = 1, 20000 do end ctx.crm:note{ k = e.key }"), 200);
    begin(&w, "A");
    put(&w, "won@1", "B");
    turn_until(&w, both_gave_way);
    for (int i = 0; i < 20; i++) {
        before = next_to_go_on(&w);
        turn_until(&w, another_is_next);
        assert_true(both_gave_way(&w));
    }
    world_settle(&w);
    assert_int_equal(world_applied(&w, "crm"), 2);
    lua_free(&w);
}

static void the_budget_counts_for_all_slices(void **state)
{
    (void)state;
    struct world w;
    start(&w, FLOW("while true do end"), 100000);
    tl_position event = begin(&w, "A");
    world_settle(&w);
    assert_string_equal(world_endings(&w, event, "f"), "parked");
    lua_free(&w);
}

static void what_wakes_it_ends_its_stretch_first(void **state)
{
    (void)state;
    struct world w;
    start(&w,
          FLOW("ctx:all{ a = function() ctx.erp:note{ a = 1 } " LONG "ctx.erp:note{ a = 2 } end,\n"
               "b = function() ctx:await{ 'sent@1' } ctx.crm:note{ b = 1 } end }"),
          200);
    tl_position event = begin(&w, "A");
    put(&w, "sent@1", "A");
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "erp:note{\"a\":1} erp:note{\"a\":2} crm:note{\"b\":1}");
    assert_string_equal(world_endings(&w, event, "f"), "done");
    lua_free(&w);
}

static void a_cancelled_run_ends_its_stretch_first(void **state)
{
    (void)state;
    struct world w;
    start(&w,
          FLOW("ctx.erp:note({ a = 1 }, { undo = function() ctx.crm:note{ undo = 1 } end })\n" LONG
               "ctx.erp:note{ a = 2 }"),
          200);
    tl_position event = begin(&w, "A");
    assert_int_equal(lua_act(&w, TL_RUN_CANCEL, "", "", false), TL_OK);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "erp:note{\"a\":1} crm:note{\"undo\":1}");
    assert_string_equal(world_endings(&w, event, "f"), "failed");
    lua_free(&w);
}

static void results_wait_for_the_end_of_the_stretch(void **state)
{
    (void)state;
    struct world w;
    start(&w,
          FLOW("local seen = {}\nctx:all{ a = function() ctx.erp:note{ a = 1 } " LONG "seen[#seen + 1] = 'a' end,\n"
               "b = function() ctx.erp:pay{ b = 1 } seen[#seen + 1] = 'b' end }\n"
               "ctx.crm:note{ seen = seen }"),
          200);
    begin(&w, "A");
    lua_crash(&w); /* and the same again */
    assert_non_null(strstr(lua_seen(&w), "crm:note{\"seen\":[\"a\",\"b\"]}"));
    assert_int_equal(world_rows(&w, "run"), 0);
    lua_free(&w);
}

static void a_result_nobody_waits_for_any_more_is_undone(void **state)
{
    (void)state;
    struct world w;
    start(&w,
          FLOW("ctx:first{ a = function() ctx.erp:note{ a = 1 } " LONG "end,\n"
               "b = function() ctx.erp:pay({ b = 1 }, { undo = function() ctx.crm:note{ undo = 'b' } end })\n" LONG
               "end }\nctx:fail('enough')"),
          200);
    tl_position event = begin(&w, "A");
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "erp:note{\"a\":1} erp:pay{\"b\":1} crm:note{\"undo\":\"b\"}");
    assert_string_equal(world_endings(&w, event, "f"), "failed");
    lua_free(&w);
}

static void a_result_that_comes_after_the_budget_is_noted(void **state)
{
    (void)state;
    static const int instructions[] = {0, 100000}; /* the call comes back after the stretch, or in the middle of it */
    for (size_t i = 0; i < TL_COUNT_OF(instructions); i++) {
        struct world w;
        start(&w,
              FLOW("ctx:all{ a = function() ctx.erp:note{ a = 1 } while true do end end,\n"
                   "b = function() ctx.erp:pay{ b = 1 } end }"),
              instructions[i]);
        tl_position event = put(&w, "won@1", "A");
        world_settle(&w);
        assert_string_equal(lua_seen(&w), "erp:note{\"a\":1} erp:pay{\"b\":1}");
        assert_string_equal(world_endings(&w, event, "f"), "parked");
        lua_free(&w);
    }
}

static void a_crash_between_slices_loses_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, FLOW("ctx.erp:pay{ a = 1 } " LONG "ctx.crm:note{ a = 2 }"), 200);
    tl_position event = begin(&w, "A");
    lua_crash(&w);
    assert_string_equal(lua_seen(&w), "erp:pay{\"a\":1} crm:note{\"a\":2}");
    assert_string_equal(world_endings(&w, event, "f"), "done");
    lua_free(&w);
}

static void a_stop_waits_for_the_end_of_the_stretch(void **state)
{
    (void)state;
    struct world w;
    start(&w, FLOW("ctx.erp:note{ a = 1 } " LONG "ctx:emit('told@1', { no = 'x' })"), 200);
    tl_position event = begin(&w, "A");
    tl_engine_stop(w.engine, 5000);
    world_crash(&w);
    world_start(&w);
    world_settle(&w);
    assert_string_equal(world_endings(&w, event, "f"), "done");
    assert_string_equal(lua_seen(&w), "erp:note{\"a\":1}");
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_have_their_turns_between_slices),
        cmocka_unit_test(a_neighbour_waits_for_two_slices_at_most),
        cmocka_unit_test(a_neighbour_comes_before_those_that_have_not_begun),
        cmocka_unit_test(those_that_gave_way_take_turns),
        cmocka_unit_test(the_budget_counts_for_all_slices),
        cmocka_unit_test(what_wakes_it_ends_its_stretch_first),
        cmocka_unit_test(a_cancelled_run_ends_its_stretch_first),
        cmocka_unit_test(results_wait_for_the_end_of_the_stretch),
        cmocka_unit_test(a_result_nobody_waits_for_any_more_is_undone),
        cmocka_unit_test(a_result_that_comes_after_the_budget_is_noted),
        cmocka_unit_test(a_crash_between_slices_loses_nothing),
        cmocka_unit_test(a_stop_waits_for_the_end_of_the_stretch),
    };
    return cmocka_run_group_tests_name("flow slices", tests, NULL, NULL);
}
