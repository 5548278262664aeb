/* Several integrations in one engine: each has its names, systems, stewards and revision; events are shared. */
#include "engine_int.h"
#include "flow/replay.h"
#include "flow/schedule.h"
#include "host.h"
#include "lua_world.h"
#include "use.h"
#include <string.h>

#define FLOW(name, type, body)                                                                                         \
    "flow \"" name "\" { on = \"" type "\", steward = \"desk\", run = function(ctx, e) " body " end }\n"
#define NOTE(v) "ctx.erp:note{ k = e.key, v = '" v "' }"

static const char first[] = FLOW("f", "won@1", NOTE("t"));
static const char other[] = FLOW("f", "won@1", NOTE("b"));
static const char other_anew[] = FLOW("f", "won@1", NOTE("b2"));

static size_t seen_of(struct world *w, const char *system, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < w->log_count; i++)
        count += strcmp(w->log[i].system, system) == 0 && strstr(w->log[i].args, text) != NULL;
    return count;
}

static bool says(tl_str text, const char *what)
{
    char *copy = tl_str_dup(text);
    bool found = strstr(copy, what) != NULL;
    tl_free(copy);
    return found;
}

static size_t states(struct world *w)
{
    size_t count = 0;
    for (unsigned i = 0; i < w->engine->lane_count; i++)
        count += tl_hosts_count(w->engine->lanes[i]);
    return count;
}

static void beside(struct world *w, const char *flows)
{
    lua_beside(w, 0, "b", flows);
    if (lua_switch_config(w, false) != TL_OK)
        fail_msg("%s", w->reply_text);
    world_settle(w);
}

static void replied(void *ctx, tl_code code, const char *text)
{
    struct world *w = ctx;
    (void)text;
    w->replies++;
    w->reply_code = code;
}

static bool is_replied(struct world *w)
{
    return w->replies > 0;
}

/* All of a flow's events again. */
static void replay(struct world *w, const char *flow)
{
    struct tl_replay_request request = {
        .flow = tl_str_z(flow), .since_ms = 1, .who = TL_STR("ann"), .why = TL_STR("tested")};
    w->replies = 0;
    tl_engine_replay(w->engine, &request, tl_lane_loop(tl_engine_lane(w->engine, 0)), replied, w);
    world_until(w, is_replied);
    assert_int_equal(w->reply_code, TL_OK);
    world_settle(w);
}

static void one_is_added_replaced_and_removed(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, first);
    lua_event(&w, "won@1", "K", "");
    beside(&w, other);
    assert_int_equal(states(&w), 4);
    tl_position both = lua_event(&w, "won@1", "L", "");
    assert_string_equal(world_endings(&w, both, "f"), "done");
    assert_string_equal(world_endings(&w, both, "f@b"), "done");
    assert_int_equal(seen_of(&w, "erp", "\"v\":\"t\""), 2);
    assert_int_equal(seen_of(&w, "erp@b", "\"v\":\"b\""), 1);
    const struct tl_script_host *kept = tl_host_live(w.engine->lanes[0], 0);
    beside(&w, other_anew);
    assert_ptr_equal(tl_host_live(w.engine->lanes[0], 0), kept); /* the first was not touched */
    lua_event(&w, "won@1", "L", "");
    assert_int_equal(seen_of(&w, "erp@b", "\"v\":\"b2\""), 1);
    assert_int_equal(seen_of(&w, "erp", "\"v\":\"t\""), 3);
    assert_int_equal(lua_released(&w), 1);
    beside(&w, NULL);
    tl_position alone = lua_event(&w, "won@1", "L", "");
    assert_string_equal(world_endings(&w, alone, "f@b"), "");
    assert_int_equal(seen_of(&w, "erp", "\"v\":\"t\""), 4);
    assert_int_equal(states(&w), 2);
    assert_int_equal(lua_released(&w), 2);
    assert_int_equal(tl_uses(w.engine), 1);
    assert_null(tl_engine_gate(w.engine, TL_STR("erp@b")));
    beside(&w, other);
    lua_event(&w, "won@1", "L", "");
    assert_int_equal(seen_of(&w, "erp@b", "\"v\":\"b\""), 2);
    lua_free(&w);
}

/* Also when it was away over a restart: what is left of its flows then says nothing of whose they were. */
static void one_comes_back_after_a_restart(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, first);
    beside(&w, other);
    lua_event(&w, "won@1", "K", "");
    assert_int_equal(seen_of(&w, "erp@b", "\"v\":\"b\""), 1);
    beside(&w, NULL);
    world_stop(&w);
    world_start(&w);
    world_settle(&w);
    beside(&w, other);
    lua_event(&w, "won@1", "L", "");
    assert_int_equal(seen_of(&w, "erp@b", "\"v\":\"b\""), 2);
    assert_int_equal(seen_of(&w, "erp", "\"v\":\"t\""), 2);
    lua_free(&w);
}

/* Its children, errors and stewards are its own, also after a crash and a wait. */
static void names_are_its_own(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, first);
    lua_beside(&w, 0, "b",
               FLOW("f", "won@1",
                    "local n = ctx:start('kid', { no = e.key })\n"
                    "ctx:sleep('1h')\n"
                    "local ok, err = ctx:try(function() ctx.erp:pay{ k = e.key } end)\n"
                    "ctx.erp:note{ child = n, failed = err.system }")
                   FLOW("kid", "told@1", "ctx.crm:note{ kid = 1 } return 7")
                       FLOW("bad", "sent@1", "ctx.erp:pay{ k = e.key }"));
    world_stop(&w);
    world_start(&w);
    world_settle(&w);
    lua_refuse("pay", 1);
    lua_event(&w, "won@1", "K", "");
    lua_crash(&w);
    world_advance(&w, 2 * 3600 * 1000);
    assert_int_equal(seen_of(&w, "crm@b", "\"kid\":1"), 1);
    assert_int_equal(seen_of(&w, "erp@b", "{\"child\":7,\"failed\":\"erp\"}"), 1);
    assert_string_equal(lua_runs(&w), "");
    lua_refuse("pay", 1);
    tl_position bad = lua_event(&w, "sent@1", "K", "");
    assert_string_equal(world_endings(&w, bad, "bad@b"), "parked");
    size_t count;
    struct tl_exception_brief *open = tl_exception_index_copy(&w.engine->exceptions, &count);
    assert_int_equal(count, 1);
    assert_string_equal(open[0].steward, "desk@b");
    tl_free(open);
    struct tl_arena arena;
    struct tl_state_row row;
    tl_arena_init(&arena);
    assert_int_equal(
        tl_state_get(w.journal, TL_STR(TL_TABLE_EXCEPTION), tl_str_z(world_exception(&w)), &arena, &row, NULL), TL_OK);
    assert_true(says(row.value, "\"system\":\"erp@b\""));
    tl_arena_free(&arena);
    assert_non_null(tl_plan_steward(&w.engine->plan, "desk@b"));
    lua_free(&w);
}

/* What one captured is not the other's, though both name the system alike. */
static void captured_types_are_its_own(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("f", "told@1", NOTE("t")) "event \"seen@1\" { contract = \"contracts/o.json\", key = \"no\", "
                                                 "steward = \"desk\", from = \"crm.Order\" }\n");
    beside(
        &w,
        FLOW("g", "other@1",
             "ctx.erp:note{ source = e.source, type = e.type }") "event \"other@1\" { contract = \"contracts/o.json\", "
                                                                 "key = \"no\", steward = \"desk\", "
                                                                 "from = \"crm.Order\" }\n");
    tl_position own = lua_event(&w, "crm.Order", "K", ""), its = lua_event(&w, "crm@b.Order", "K", "");
    assert_string_equal(world_endings(&w, own, "event:seen@1"), "done");
    assert_string_equal(world_endings(&w, own, "event:other@1@b"), "");
    assert_string_equal(world_endings(&w, its, "event:seen@1"), "");
    assert_string_equal(world_endings(&w, its, "event:other@1@b"), "done");
    assert_int_equal(seen_of(&w, "erp@b", "\"type\":\"other@1\""), 1);
    lua_free(&w);
}

#define ONCE(type)                                                                                                     \
    "flow \"f\" { on = \"" type "\", one_per = \"no\", steward = \"desk\", "                                           \
    "run = function(ctx, e) ctx:sleep('1h') ctx.erp:note{ k = e.key } end }\n"

/* One open run of a value in each: they do not know of each other. */
static void one_per_counts_its_own(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, ONCE("won@1"));
    beside(&w, ONCE("sent@1"));
    lua_event(&w, "won@1", "K", "");
    lua_event(&w, "sent@1", "K", "");
    lua_event(&w, "sent@1", "K", "");
    const char *runs = lua_runs(&w);
    assert_non_null(strstr(runs, "f/waiting"));
    assert_non_null(strstr(runs, "f@b/waiting"));
    world_advance(&w, 2 * 3600 * 1000);
    assert_int_equal(world_applied(&w, "erp"), 1);
    assert_int_equal(world_applied(&w, "erp@b"), 1);
    lua_free(&w);
}

/* Replayed under its own name, its child too. */
static void its_runs_are_replayed(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, first);
    beside(&w, FLOW("p", "sent@1", "ctx.crm:note{ n = ctx:start('kid', { no = e.key, n = 3 }) }")
                   FLOW("kid", "told@1", NOTE("kid") " return 7"));
    lua_event(&w, "sent@1", "K", "");
    assert_int_equal(seen_of(&w, "crm@b", "\"n\":7"), 1);
    beside(&w, FLOW("p", "sent@1", "ctx.crm:note{ n = ctx:start('kid', { no = e.key, n = 3 }) + 1 }")
                   FLOW("kid", "told@1", NOTE("kid") " return 7"));
    replay(&w, "p@b");
    assert_int_equal(seen_of(&w, "crm@b", "\"n\":8"), 1);
    assert_int_equal(seen_of(&w, "erp@b", "\"v\":\"kid\""), 1); /* the same again is not sent */
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

/* Two schedules of one name, one of each. */
static void schedules_are_its_own(void **state)
{
    (void)state;
    struct world w;
#define HOURLY(v)                                                                                                      \
    "every \"every 1h\" { name = \"hourly\", steward = \"desk\", run = function(ctx, tick)\n"                          \
    "  ctx.erp:note{ v = '" v "', type = tick.type } end }\n"
    lua_world(&w, HOURLY("t"));
    beside(&w, HOURLY("b"));
    world_advance(&w, 3600000);
    assert_int_equal(seen_of(&w, "erp", "\"v\":\"t\""), 1);
    assert_int_equal(seen_of(&w, "erp@b", "\"type\":\"tick:hourly\",\"v\":\"b\""), 1);
    beside(&w, NULL);
    world_advance(&w, 3600000);
    assert_int_equal(seen_of(&w, "erp", "\"v\":\"t\""), 2);
    assert_int_equal(w.log_count, 3);
    assert_int_equal(world_rows(&w, TL_TABLE_SCHEDULE), 1);
    lua_free(&w);
}

static void odd_names_are_refused(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, first);
    lua_beside(&w, 0, "b", other);
    lua_beside(&w, 1, "b", other);
    assert_int_equal(lua_switch_config(&w, false), TL_ECONFIG);
    assert_non_null(strstr(w.reply_text, "\"b\" is there twice"));
    lua_event(&w, "won@1", "K", "");
    assert_int_equal(w.log_count, 1);
    w.config.other_count = 0;
    assert_int_equal(lua_switch(&w, FLOW("nobody", "won@1", NOTE("t")), false), TL_ECONFIG);
    assert_non_null(strstr(w.reply_text, "two flows would be called \"nobody\""));
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_added_replaced_and_removed),
        cmocka_unit_test(one_comes_back_after_a_restart),
        cmocka_unit_test(names_are_its_own),
        cmocka_unit_test(captured_types_are_its_own),
        cmocka_unit_test(one_per_counts_its_own),
        cmocka_unit_test(its_runs_are_replayed),
        cmocka_unit_test(schedules_are_its_own),
        cmocka_unit_test(odd_names_are_refused),
    };
    return cmocka_run_group_tests_name("flow several", tests, NULL, NULL);
}
