/* Events that an open run may still take are found after their segment was dropped (rules 2 and 7), and nothing else is
 * kept of it. */
#include "lua_world.h"
#include "engine_int.h"
#include "kept.h"
#include <string.h>

#define DAY ((int64_t)24 * 3600 * 1000)
#define FLOW(text) "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"
#define SLEEPER "ctx:sleep('60d') local s = ctx:await{ 'sent@1', within = '1d' } ctx.crm:note{ n = s and s.data.n }"

/* With segments that are soon full. */
static void new_world(struct world *w, const char *flows)
{
    lua_world(w, flows);
    world_stop(w);
    w->segment_events = 50;
    world_start(w);
    world_settle(w);
}

static bool is_gone(struct world *w)
{
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    assert_int_equal(tl_journal_retain(w->journal, 30 * DAY, NULL, NULL), TL_OK);
    bool gone = tl_journal_event(w->journal, w->last_position, &arena, &event, NULL) == TL_ENOTFOUND;
    tl_arena_free(&arena);
    return gone;
}

/* Forty days pass, and the journal drops `event` and what was before it. */
static void forget(struct world *w, tl_position event)
{
    for (int i = 0; i < 3; i++)
        world_flood(w, "told@1", "other", 100, 10, TL_NORMAL);
    world_settle(w);
    world_advance(w, 40 * DAY);
    w->last_position = event;
    world_until(w, is_gone); /* what the state has not synced stays for a moment */
}

static void takes_what_came_before_its_segment_was_dropped(void **state)
{
    (void)state;
    for (int crash = 0; crash < 2; crash++) {
        struct world w;
        new_world(&w, FLOW(SLEEPER));
        lua_event(&w, "sent@1", "A", "\"n\":0"); /* before the run: not for it */
        lua_event(&w, "won@1", "A", "");
        lua_event(&w, "sent@1", "B", "\"n\":9");
        lua_event(&w, "paid@1", "A", "\"n\":8");
        forget(&w, lua_event(&w, "sent@1", "A", "\"n\":1"));
        assert_int_equal(world_rows(&w, "awaitable"),
                         2); /* paid and sent; neither what was before nor of another key */
        lua_event(&w, "sent@1", "A", "\"n\":2");
        if (crash == 1)
            lua_crash(&w);
        world_advance(&w, 21 * DAY);
        assert_string_equal(lua_seen(&w), "crm:note{\"n\":1}");
        assert_string_equal(lua_runs(&w), "");
        assert_int_equal(world_rows(&w, "awaitable") + world_rows(&w, "kept"), 0);
        lua_free(&w);
    }
}

static void takes_the_next_when_one_is_refused(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, FLOW("ctx:sleep('60d') for i = 1, 2 do local s = ctx:await{ 'sent@1', within = '1d', "
                       "when = function(x) return x.data.n > 1 end } ctx.crm:note{ n = s and s.data.n } end"));
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "sent@1", "A", "\"n\":1");
    lua_event(&w, "sent@1", "A", "\"n\":2");
    lua_event(&w, "sent@1", "A", "\"n\":0");
    forget(&w, lua_event(&w, "paid@1", "A", ""));
    lua_event(&w, "sent@1", "A", "\"n\":3"); /* the journal has this one */
    world_advance(&w, 21 * DAY);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":2} crm:note{\"n\":3}");
    assert_int_equal(world_rows(&w, "awaitable"), 0);
    lua_free(&w);
}

static void keeps_it_until_the_last_run_of_the_key_has_ended(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, FLOW("if e.data.late then ctx:sleep('20d') end " SLEEPER));
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "sent@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "A", "\"late\":true"); /* the first is not for this one */
    forget(&w, lua_event(&w, "sent@1", "A", "\"n\":2"));
    world_advance(&w, 21 * DAY);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1}");
    assert_int_equal(world_rows(&w, "awaitable"), 3); /* the event of the second run came after the first run's, too */
    world_advance(&w, 40 * DAY);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} crm:note{\"n\":2}");
    assert_int_equal(world_rows(&w, "awaitable"), 0);
    lua_free(&w);
}

/* Another flow's unit of the key: parked, or not begun. */
static void keeps_it_for_a_unit_of_the_key_that_has_not_begun(void **state)
{
    (void)state;
    for (int paused = 0; paused < 2; paused++) {
        struct world w;
        new_world(&w, FLOW(SLEEPER) "flow \"g\" { on = \"paid@1\", steward = \"desk\", run = function(ctx, e) "
                                    "ctx.crm:note{ g = 0 } local s = ctx:await{ 'sent@1' } "
                                    "ctx.crm:note{ g = s.data.n } end }\n");
        lua_event(&w, "won@1", "A", "");
        lua_refuse("note", 1 - paused);
        world_pause(&w, "flow/g", paused == 1);
        lua_event(&w, "paid@1", "A", "");
        forget(&w, lua_event(&w, "sent@1", "A", "\"n\":1"));
        world_advance(&w, 21 * DAY);
        assert_string_equal(lua_seen(&w), "crm:note{\"n\":1}");
        assert_int_equal(world_rows(&w, "awaitable"), 2);
        if (paused == 1)
            world_pause(&w, "flow/g", false);
        else
            world_desk(&w, TL_DESK_RETRY, world_exception(&w), NULL, false);
        world_settle(&w);
        assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} crm:note{\"g\":0} crm:note{\"g\":1}");
        assert_int_equal(world_rows(&w, "awaitable"), 0);
        lua_free(&w);
    }
}

static void keeps_it_for_another_flow_of_the_event(void **state)
{
    (void)state;
    struct world w;
    new_world(
        &w,
        FLOW("local s = ctx:await{ 'sent@1' } ctx.crm:note{ f = s.data.n }") "flow \"g\" { on = \"won@1\", steward = "
                                                                             "\"desk\", run = function(ctx, e) "
                                                                             "local s = ctx:await{ 'sent@1' } "
                                                                             "ctx.crm:note{ g = s.data.n } end }\n");
    world_pause(&w, "flow/f", true);
    world_pause(&w, "flow/g", true);
    lua_event(&w, "won@1", "A", "");
    forget(&w, lua_event(&w, "sent@1", "A", "\"n\":1"));
    world_pause(&w, "flow/f", false);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "crm:note{\"f\":1}");
    assert_int_equal(world_rows(&w, "awaitable"), 1);
    world_pause(&w, "flow/g", false);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "crm:note{\"f\":1} crm:note{\"g\":1}");
    assert_int_equal(world_rows(&w, "awaitable") + world_rows(&w, "kept"), 0);
    lua_free(&w);
}

static void a_parent_takes_the_end_of_its_child(void **state)
{
    (void)state;
    struct world w;
    new_world(
        &w,
        FLOW("local r = ctx:start('kid', { wait = true }) ctx.crm:note{ r = r.n }") "flow \"kid\" { on = \"paid@1\", "
                                                                                    "steward = \"desk\", "
                                                                                    "run = function(ctx, e) " SLEEPER
                                                                                    " return { n = s.data.n } end }\n");
    lua_event(&w, "won@1", "A", "");
    assert_int_equal(world_rows(&w, "run"), 2);
    forget(&w, lua_event(&w, "sent@1", "A", "\"n\":1"));
    lua_crash(&w);
    world_pause(&w, "flow/run:await", true); /* the parent is not told yet */
    world_advance(&w, 21 * DAY);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1}");
    forget(&w, lua_event(&w, "told@1", "B", ""));
    lua_crash(&w);
    assert_string_equal(lua_runs(&w), "f/waiting");
    world_pause(&w, "flow/run:await", false);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} crm:note{\"r\":1}");
    assert_string_equal(lua_runs(&w), "");
    assert_int_equal(world_rows(&w, "awaitable") + world_rows(&w, "kept"), 0);
    lua_free(&w);
}

/* What has not begun, or begins anew, is open too. */
static void units_that_are_parked_or_held_take_it_too(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, FLOW("ctx.crm:note{ k = e.data.no } local s = ctx:await{ 'sent@1', within = '1d' } "
                       "ctx.crm:note{ n = s and s.data.n }"));
    lua_refuse("note", 1);
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "sent@1", "A", "\"n\":1");
    world_pause(&w, "flow/f", true);
    lua_event(&w, "won@1", "B", "");
    assert_int_equal(world_rows(&w, "run"), 0);
    forget(&w, lua_event(&w, "sent@1", "B", "\"n\":2"));
    assert_int_equal(world_rows(&w, "awaitable"), 2);
    lua_crash(&w);
    world_pause(&w, "flow/f", false);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "crm:note{\"k\":\"B\"} crm:note{\"n\":2}");
    lua_refuse("note", 1); /* it parks again, and its rows stay */
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), NULL, false);
    assert_int_equal(world_rows(&w, "awaitable"), 1);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), NULL, false);
    world_settle(&w);
    assert_string_equal(lua_seen(&w),
                        "crm:note{\"k\":\"B\"} crm:note{\"n\":2} crm:note{\"k\":\"A\"} crm:note{\"n\":1}");
    assert_int_equal(world_rows(&w, "awaitable"), 0);
    lua_free(&w);
}

static void what_nobody_can_take_any_more_goes_with_the_next_segment(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, FLOW("ctx.crm:note{} ctx:await{ 'sent@1' }"));
    lua_refuse("note", 1);
    lua_event(&w, "won@1", "A", "");
    forget(&w, lua_event(&w, "sent@1", "A", ""));
    assert_int_equal(world_rows(&w, "awaitable"), 1);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), NULL, false);
    lua_event(&w, "won@1", "A", ""); /* newer than what is kept */
    forget(&w, lua_event(&w, "told@1", "A", ""));
    assert_string_equal(lua_runs(&w), "f/waiting");
    assert_int_equal(world_rows(&w, "awaitable"), 1); /* told; not sent */
    lua_event(&w, "sent@1", "A", "");
    assert_string_equal(lua_runs(&w), "");
    assert_int_equal(world_rows(&w, "awaitable"), 0);
    lua_free(&w);
}

static void put_kept(struct world *w, tl_position event, tl_str key)
{
    char id[TL_POSITION_TEXT], hash[TL_KEPT_KEY];
    struct tl_batch *batch = tl_batch_new(w->journal);
    tl_position_print(event, id);
    tl_kept_key(tl_journal_key_hash(w->journal, key), hash);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_KEPT), .key = tl_str_z(id), .attr = {tl_str_z(hash)}};
    assert_int_equal(tl_batch_put(batch, &put, NULL), TL_OK);
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_APPLIED, NULL), TL_OK);
    tl_batch_free(batch);
}

static void nothing_is_copied_for_nobody(void **state)
{
    (void)state;
    struct world w;
    new_world(&w, FLOW("ctx.crm:note{}"));
    put_kept(&w, lua_event(&w, "won@1", "A", ""), TL_STR("A")); /* left over: its unit has ended */
    tl_position event = lua_event(&w, "sent@1", "A", "");
    lua_event(&w, "sent@1", "", "");
    forget(&w, event);
    assert_int_equal(world_rows(&w, "awaitable"), 0);
    assert_false(atomic_load(&w.engine->awaitable));
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_came_before_its_segment_was_dropped),
        cmocka_unit_test(takes_the_next_when_one_is_refused),
        cmocka_unit_test(keeps_it_until_the_last_run_of_the_key_has_ended),
        cmocka_unit_test(keeps_it_for_a_unit_of_the_key_that_has_not_begun),
        cmocka_unit_test(keeps_it_for_another_flow_of_the_event),
        cmocka_unit_test(a_parent_takes_the_end_of_its_child),
        cmocka_unit_test(units_that_are_parked_or_held_take_it_too),
        cmocka_unit_test(what_nobody_can_take_any_more_goes_with_the_next_segment),
        cmocka_unit_test(nothing_is_copied_for_nobody),
    };
    return cmocka_run_group_tests_name("flow awaitable", tests, NULL, NULL);
}
