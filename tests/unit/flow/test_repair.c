/* Durable runs and revisions, repair by people, one run per value, and closed gates in the middle of a run. */
#include "lua_world.h"
#include "engine_int.h"

#define FLOW(text) "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"
#define ONE_PER(again, text)                                                                                           \
    "flow \"f\" { on = { \"won@1\", \"told@1\" }, steward = \"desk\", one_per = \"no\", again = \"" again "\", run = " \
    "function(ctx, e) " text " end }\n"

static void revise(struct world *w, const char *flows)
{
    lua_revise(w, flows);
    lua_crash(w);
}

static char *exception_text(struct world *w)
{
    static struct tl_buf row;
    struct tl_error err;
    tl_buf_free(&row);
    tl_buf_init(&row, 1 << 20);
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
    assert_int_equal(tl_exception_show(w->engine, tl_str_z(world_exception(w)), &row, &err), TL_OK);
    return row.ptr;
}

/* ---- revisions ---- */

static void stays_on_the_revision_it_began_with(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ v = 1 } ctx:sleep('1h') ctx.crm:note{ v = 1, late = true }"));
    lua_event(&w, "won@1", "A", "");
    revise(&w, FLOW("ctx.crm:note{ v = 2 } ctx:sleep('1h') ctx.crm:note{ v = 2, late = true }"));
    lua_event(&w, "won@1", "B", "");
    world_advance(&w, 3601000);
    assert_string_equal(w.log[0].args, "{\"v\":1}");
    assert_string_equal(w.log[1].args, "{\"v\":2}");
    assert_true(strstr(lua_seen(&w), "{\"late\":true,\"v\":1}") != NULL);
    assert_true(strstr(lua_seen(&w), "{\"late\":true,\"v\":2}") != NULL);
    lua_free(&w);
}

static void says_when_its_revision_is_not_kept(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ v = 1 } ctx:sleep('1h') ctx.crm:note{ v = 1 }"));
    lua_event(&w, "won@1", "A", "");
    lua_revise(&w, FLOW("ctx.crm:note{ v = 2 }"));
    w.config.revision_bundle = NULL;
    lua_crash(&w);
    world_advance(&w, 3601000);
    assert_non_null(strstr(exception_text(&w), "\"class\":\"revision\""));
    assert_string_equal(lua_runs(&w), "f/parked");
    lua_free(&w);
}

static void a_run_that_has_done_nothing_retries_on_the_live_revision(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local r = ctx.erp:read{} ctx.erp:put('order@1', { n = r.id })")); /* no key: data */
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(world_endings(&w, event, "f"), "parked");
    assert_string_equal(lua_runs(&w), ""); /* it begins anew */
    revise(&w, FLOW("local r = ctx.erp:read{} ctx.erp:put('order@1', { no = e.key, n = r.id })"));
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_string_equal(world_endings(&w, event, "f"), "parked done");
    assert_string_equal(lua_seen(&w), "erp:read{} erp:read{} erp:put");
    lua_free(&w);
}

static void moves_to_the_live_revision_when_it_fits(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ v = 1 } ctx:sleep('1h') ctx.crm:note{ v = 1 }"));
    lua_event(&w, "won@1", "A", "");
    revise(&w, FLOW("ctx.erp:read{} ctx:sleep('1h') ctx.crm:note{ v = 2 }"));
    assert_int_equal(lua_act(&w, TL_RUN_MOVE, "", "", true), TL_EDIFFERS);
    assert_non_null(strstr(w.reply_text, "\"crm:note#1\""));
    assert_non_null(strstr(w.reply_text, "\"erp:read#1\" (flows.lua:1)"));
    revise(&w, FLOW("ctx.crm:note{ v = 3 } ctx:sleep('1h') ctx.crm:note{ v = 3 }"));
    assert_int_equal(lua_act(&w, TL_RUN_MOVE, "", "", true), TL_OK);
    assert_non_null(strstr(w.reply_text, "would move"));
    assert_int_equal(lua_act(&w, TL_RUN_MOVE, "", "", false), TL_OK);
    lua_crash(&w);
    world_advance(&w, 3601000);
    assert_string_equal(lua_seen(&w), "crm:note{\"v\":1} crm:note{\"v\":3}");
    assert_int_equal(world_rows(&w, "audit"), 1);
    lua_free(&w);
}

/* ---- people ---- */

static void a_park_returns_when_a_person_retries(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ n = 1 } ctx:park('look', { a = 1 }) ctx.crm:note{ n = 2 }"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_non_null(strstr(exception_text(&w), "\"message\":\"look\""));
    lua_crash(&w);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} crm:note{\"n\":2}");
    assert_string_equal(world_endings(&w, event, "f"), "parked done");
    lua_free(&w);
}

static void goes_back_to_a_step(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ n = 1 } ctx.erp:note{ n = 2 } ctx:sleep('1h') ctx.crm:note{ n = 3 }"));
    lua_event(&w, "won@1", "A", "");
    assert_int_equal(lua_act(&w, TL_RUN_RESTEP, "erp:note#9", "", false), TL_ENOTFOUND);
    assert_int_equal(lua_act(&w, TL_RUN_RESTEP, "erp:note#1", "", true), TL_OK);
    assert_int_equal(w.log_count, 2);
    assert_int_equal(lua_act(&w, TL_RUN_RESTEP, "erp:note#1", "", false), TL_OK);
    lua_crash(&w);
    world_advance(&w, 3601000);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} erp:note{\"n\":2} erp:note{\"n\":2} crm:note{\"n\":3}");
    assert_string_equal(lua_runs(&w), "");
    assert_int_equal(world_rows(&w, "timer"), 0);
    lua_free(&w);
}

static void discarding_a_parked_run_leaves_nothing(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ n = 1 } ctx:park('look')"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    lua_crash(&w);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    assert_string_equal(world_endings(&w, event, "f"), "parked discarded");
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step") + world_rows(&w, "exception"), 0);
    lua_free(&w);
}

static void asks_before_a_parked_run_overwrites_what_is_newer(void **state)
{
    (void)state;
    struct world w;
    lua_world(
        &w,
        "flow \"f\" { on = \"won@1\", steward = \"desk\", after_failure = \"pass\", run = function(ctx, e) "
        "ctx.crm:note{ n = e.data.n } if e.data.n == 1 then ctx:park('look') end ctx.erp:put('order@1', e.data) end }");
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "A", "\"n\":2");
    assert_int_equal(lua_act(&w, TL_RUN_SKIP, "park#1", "", false), TL_EDIFFERS);
    assert_non_null(strstr(w.reply_text, "--although-later"));
    lua_crash(&w);
    assert_int_equal(lua_act(&w, TL_RUN_SKIP, "park#1", "", false), TL_EDIFFERS);
    assert_int_equal(w.log_count, 3);
    lua_free(&w);
}

/* ---- one run per value ---- */

static void ignores_a_second_event_of_an_open_run(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, ONE_PER("ignore", "ctx.crm:note{ n = e.data.n } ctx:sleep('1h')"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    tl_position second = lua_event(&w, "won@1", "A", "\"n\":2");
    lua_event(&w, "won@1", "B", "\"n\":3");
    assert_string_equal(world_endings(&w, second, "f"), "ignored");
    lua_crash(&w);
    world_advance(&w, 3601000);
    lua_event(&w, "won@1", "A", "\"n\":4");
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} crm:note{\"n\":3} crm:note{\"n\":4}");
    lua_free(&w);
}

static void delivers_a_second_event_to_the_open_run(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w,
              ONE_PER("deliver", "local s = ctx:await{ 'told@1', key = 'elsewhere' } ctx.crm:note{ n = s.data.n }"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    tl_position second = lua_event(&w, "told@1", "A", "\"n\":2");
    assert_string_equal(world_endings(&w, second, "f"), "done");
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":2}");
    lua_free(&w);
}

static void restarts_an_open_run(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, ONE_PER("restart",
                          "ctx.crm:note({ n = e.data.n }, { undo = function() ctx.crm:note{ undo = e.data.n } end }) "
                          "ctx:sleep('1h') ctx.erp:note{ n = e.data.n }"));
    tl_position first = lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "A", "\"n\":2");
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} crm:note{\"undo\":1} crm:note{\"n\":2}");
    assert_string_equal(world_endings(&w, first, "f"), "waiting failed");
    lua_crash(&w);
    world_advance(&w, 3601000);
    assert_string_equal(w.log[3].args, "{\"n\":2}");
    assert_int_equal(w.log_count, 4);
    lua_free(&w);
}

/* ---- gates ---- */

static void waits_out_of_memory_before_a_closed_gate(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:note{ n = 1 } ctx.erp:note{ n = 2 } ctx.crm:note{ n = 3 }"));
    world_pause(&w, "system/erp", true);
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "won@1", "A", ""); /* waits: the key is held */
    lua_event(&w, "won@1", "B", "");
    assert_int_equal(w.log_count, 2);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(w.engine->lanes[i]->drives, 0);
    lua_crash(&w);
    assert_int_equal(w.log_count, 2); /* and not sent again */
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    world_advance(&w, 2000);
    assert_int_equal(w.log_count, 9);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    lua_free(&w);
}

static void a_woken_run_waits_behind_a_parked_one(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.data.n == 1 then ctx:sleep('1h') end ctx.crm:put('order@1', e.data)"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_refuse("put", 1);
    lua_event(&w, "won@1", "A", "\"n\":2"); /* parks, and holds the key */
    world_advance(&w, 3601000);
    assert_int_equal(w.log_count, 0);
    lua_crash(&w);
    assert_int_equal(w.log_count, 0);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_int_equal(w.log_count, 2);
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

/* ---- a year ---- */

#define DAY_MS (24 * 3600 * 1000LL)

/* Contracts that end after 300 days and are renewed, unless a person decides otherwise in time. */
static void lives_through_a_year_of_waits(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx:sleep('240d') ctx.crm:note{ quote = e.key } "
                       "local a = ctx:await{ 'paid@1', within = '60d' } "
                       "if not a then ctx.crm:note{ reminder = e.key } "
                       "local d = ctx:decide{ 'renew', 'end', about = 'unpaid', due = '10d' } "
                       "if d.answer == 'end' then return ctx:fail('not renewed') end end "
                       "ctx.erp:put('order@1', e.data)"));
    char key[16];
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "K%d", i);
        lua_event(&w, "won@1", key, "");
    }
    for (int day = 0; day < 365; day++) {
        world_advance(&w, DAY_MS);
        if (day % 90 == 89)
            lua_crash(&w);
        for (int i = 0; i < 40 && day == 270; i++) {
            snprintf(key, sizeof key, "K%d", i);
            lua_event(&w, "paid@1", key, "");
        }
        for (int i = 0; i < 10 && day == 310; i++)
            assert_int_equal(lua_decide(&w, i % 2 == 0 ? "renew" : "end"), TL_OK);
    }
    size_t quotes = 0, reminders = 0, orders = 0;
    for (size_t i = 0; i < w.log_count; i++) {
        quotes += strstr(w.log[i].args, "quote") != NULL;
        reminders += strstr(w.log[i].args, "reminder") != NULL;
        orders += strcmp(w.log[i].operation, "put") == 0;
    }
    assert_int_equal(quotes, 60);
    assert_int_equal(reminders, 20);
    assert_int_equal(orders, 45);
    assert_int_equal(world_rows(&w, "decision"), 10); /* nobody has answered these */
    assert_int_equal(world_rows(&w, "run"), 10);
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_on_the_revision_it_began_with),
        cmocka_unit_test(says_when_its_revision_is_not_kept),
        cmocka_unit_test(a_run_that_has_done_nothing_retries_on_the_live_revision),
        cmocka_unit_test(moves_to_the_live_revision_when_it_fits),
        cmocka_unit_test(a_park_returns_when_a_person_retries),
        cmocka_unit_test(goes_back_to_a_step),
        cmocka_unit_test(discarding_a_parked_run_leaves_nothing),
        cmocka_unit_test(asks_before_a_parked_run_overwrites_what_is_newer),
        cmocka_unit_test(ignores_a_second_event_of_an_open_run),
        cmocka_unit_test(delivers_a_second_event_to_the_open_run),
        cmocka_unit_test(restarts_an_open_run),
        cmocka_unit_test(waits_out_of_memory_before_a_closed_gate),
        cmocka_unit_test(a_woken_run_waits_behind_a_parked_one),
        cmocka_unit_test(lives_through_a_year_of_waits),
    };
    return cmocka_run_group_tests_name("flow repair", tests, NULL, NULL);
}
