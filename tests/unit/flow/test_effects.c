/* Effects that happen once: intents, lost answers, lookups, names; and what is undone. */
#include "lua_world.h"
#include "engine_int.h"

#define FLOW(text) "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"
#define FLOW_WITH(keys, text)                                                                                          \
    "flow \"f\" { on = \"won@1\", steward = \"desk\", " keys ", run = function(ctx, e) " text " end }\n"

static size_t count_of(struct world *w, const char *operation)
{
    size_t n = 0;
    for (size_t i = 0; i < w->log_count; i++)
        n += strcmp(w->log[i].operation, operation) == 0;
    return n;
}

static void an_unsafe_call_whose_answer_was_lost_is_found(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local b = ctx.erp:book({ n = 1 }, { once = 'b' .. e.key }) ctx.crm:note{ id = b.id }"));
    lua_lose("book", 1);
    lua_event(&w, "won@1", "A", "");
    assert_int_equal(count_of(&w, "book"), 1);
    assert_int_equal(count_of(&w, "note"), 1);
    assert_string_equal(w.log[1].args, "{\"id\":\"remote-1\"}");
    lua_free(&w);
}

static void what_is_not_found_at_first_is_not_sent_again(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:book({ n = 1 }, { once = 'b' .. e.key }) ctx.crm:note{}"));
    lua_lose("book", 1);
    lua_lag(2); /* the search index lags */
    lua_event(&w, "won@1", "A", "");
    for (int i = 0; i < 20; i++)
        world_advance(&w, 1000);
    assert_int_equal(count_of(&w, "book"), 1);
    assert_int_equal(count_of(&w, "note"), 1);
    lua_free(&w);
}

static void what_is_not_there_is_sent_again(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:book({ n = 1 }, { once = 'b' .. e.key }) ctx.crm:note{}"));
    lua_vanish("book", 1);
    lua_event(&w, "won@1", "A", "");
    world_advance(&w, 5000);
    assert_int_equal(count_of(&w, "book"), 0); /* it may still turn up */
    for (int i = 0; i < 30; i++)
        world_advance(&w, 1000);
    assert_int_equal(count_of(&w, "book"), 1);
    assert_int_equal(count_of(&w, "note"), 1);
    lua_free(&w);
}

static void an_intent_outlives_a_crash(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:book({ n = 1 }, { once = 'b' .. e.key }) ctx.crm:note{}"));
    lua_vanish("book", 1);
    lua_event(&w, "won@1", "A", "");
    lua_crash(&w); /* between the intent and what became of it */
    assert_int_equal(count_of(&w, "book"), 0);
    for (int i = 0; i < 30; i++)
        world_advance(&w, 1000);
    assert_int_equal(count_of(&w, "book"), 1);
    assert_int_equal(count_of(&w, "note"), 1);
    lua_free(&w);
}

static void what_cannot_be_known_is_parked_with_what_is_known(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local r = ctx.erp:wire({ n = 1 }, { once = 'w' .. e.key }) ctx.crm:note{ r = r.id }"));
    lua_lose("wire", 1);
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(world_endings(&w, event, "f"), "parked");
    assert_string_equal(lua_runs(&w), "f/parked");
    struct tl_buf row;
    struct tl_error err;
    tl_buf_init(&row, 1 << 20);
    tl_journal_wait_applied(w.journal, tl_journal_last(w.journal));
    assert_int_equal(tl_exception_show(w.engine, tl_str_z(world_exception(&w)), &row, &err), TL_OK);
    assert_non_null(strstr(row.ptr, "\"class\":\"unknown\""));
    assert_non_null(strstr(row.ptr, "\"data\":{\"n\":1}"));
    tl_buf_free(&row);
    lua_crash(&w);
    assert_int_equal(lua_act(&w, TL_RUN_SKIP, "erp:wire#1", "{\"id\":\"by hand\"}", false), TL_OK);
    assert_int_equal(count_of(&w, "wire"), 1);
    assert_string_equal(w.log[1].args, "{\"r\":\"by hand\"}");
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

static void a_key_is_used_again_while_it_is_young(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:pay{ n = 1 } ctx.crm:note{}"));
    lua_lose("pay", 1);
    lua_event(&w, "won@1", "A", "");
    for (int i = 0; i < 10; i++)
        world_advance(&w, 1000);
    assert_int_equal(count_of(&w, "pay"), 1); /* sent twice with one key: the platform did it once */
    assert_int_equal(count_of(&w, "note"), 1);
    lua_free(&w);
}

/* It looks before it creates, so it must not look before what was sent can be seen. */
static void a_write_that_looks_first_waits_until_it_can_see(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:mark{ no = e.key }"));
    lua_lose("mark", 2);
    lua_event(&w, "won@1", "A", "");
    world_advance(&w, 9000);
    assert_int_equal(world_applied(&w, "erp"), 1);
    world_advance(&w, 1000); /* and its answer is lost again */
    assert_int_equal(world_applied(&w, "erp"), 2);
    lua_crash(&w);
    lua_event(&w, "won@1", "B", "");
    assert_int_equal(world_applied(&w, "erp"), 3); /* B came after the start */
    world_advance(&w, 9000);
    assert_int_equal(world_applied(&w, "erp"), 3);
    world_advance(&w, 1000);
    assert_int_equal(world_applied(&w, "erp"), 4);
    lua_free(&w);
}

static void a_name_is_done_once_by_whichever_run(void **state)
{
    (void)state;
    struct world w;
    lua_world(
        &w, FLOW("local b = ctx.erp:book({ n = e.data.n }, { once = 'invoice:' .. e.key }) ctx.crm:note{ id = b.id }"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "A", "\"n\":2");
    lua_crash(&w);
    lua_event(&w, "won@1", "A", "\"n\":3");
    lua_event(&w, "won@1", "B", "\"n\":4");
    assert_int_equal(count_of(&w, "book"), 2);
    assert_int_equal(count_of(&w, "note"), 4);
    lua_free(&w);
}

/* ---- undo ---- */

#define UNDO(n) "{ undo = function() ctx.erp:note{ undo = " #n " } end }"

static void undoes_in_reverse(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:note({ do1 = 1 }, " UNDO(1) ") ctx.crm:note({ do2 = 2 }, " UNDO(
                      2) ") ctx:sleep('1m') "
                         "ctx:fail('changed our mind')"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    lua_crash(&w);
    world_advance(&w, 61000);
    assert_string_equal(lua_seen(&w),
                        "erp:note{\"do1\":1} crm:note{\"do2\":2} erp:note{\"undo\":2} erp:note{\"undo\":1}");
    assert_string_equal(world_endings(&w, event, "f"), "waiting failed");
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step"), 0);
    lua_free(&w);
}

static void undoes_what_took_place_though_its_answer_was_lost(void **state)
{
    (void)state;
    struct world w;
    lua_world(
        &w,
        FLOW("ctx.erp:book({ n = 1 }, { once = 'b', undo = function() ctx.erp:note{ undo = 1 } end }) ctx.crm:note{}"));
    lua_lose("book", 1);
    lua_lag(100);
    lua_event(&w, "won@1", "A", "");
    assert_int_equal(lua_act(&w, TL_RUN_CANCEL, "", "", false), TL_OK);
    lua_lag(0);
    for (int i = 0; i < 30; i++)
        world_advance(&w, 1000);
    assert_string_equal(lua_seen(&w), "erp:book{\"n\":1} erp:note{\"undo\":1}");
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

static void keeps_what_it_was_told_to_keep(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:note({ d = 1 }, " UNDO(1) ") ctx:keep() ctx.erp:note({ d = 2 }, " UNDO(
                      2) ") ctx:fail('no')"));
    lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1} erp:note{\"d\":2} erp:note{\"undo\":2}");
    lua_free(&w);
}

static void a_parked_step_undoes_nothing_until_it_is_cancelled(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:note({ d = 1 }, " UNDO(1) ") ctx.crm:put('order@1', e.data)"));
    lua_refuse("put", 1);
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1}");
    assert_string_equal(lua_runs(&w), "f/parked");
    lua_crash(&w);
    assert_int_equal(lua_act(&w, TL_RUN_CANCEL, "", "", false), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1} erp:note{\"undo\":1}");
    assert_string_equal(world_endings(&w, event, "f"), "parked failed");
    assert_string_equal(world_exception(&w), "");
    lua_free(&w);
}

static void a_retry_goes_on_from_the_step_that_failed(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:note{ d = 1 } ctx.crm:put('order@1', e.data) ctx.erp:note{ d = 2 }"));
    lua_refuse("put", 1);
    tl_position event = lua_event(&w, "won@1", "A", "");
    lua_crash(&w);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1} crm:put erp:note{\"d\":2}");
    assert_string_equal(world_endings(&w, event, "f"), "parked done");
    lua_free(&w);
}

static void compensates_at_once_where_the_flow_says_so(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW_WITH("on_failure = 'compensate'",
                            "ctx.erp:note({ d = 1 }, " UNDO(1) ") ctx.crm:put('order@1', e.data)"));
    lua_refuse("put", 1);
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1} erp:note{\"undo\":1}");
    assert_string_equal(world_endings(&w, event, "f"), "failed");
    lua_free(&w);
}

static void a_failing_undo_is_parked(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w,
              FLOW("ctx.erp:note({ d = 1 }, { undo = function() ctx.crm:put('order@1', e.data) end }) ctx:fail('no')"));
    lua_refuse("put", 1);
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(world_endings(&w, event, "f"), "parked");
    lua_crash(&w);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1} crm:put");
    assert_string_equal(world_endings(&w, event, "f"), "parked failed");
    lua_free(&w);
}

static void undoes_at_the_deadline(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW_WITH("deadline = '1h'",
                            "ctx.erp:note({ d = 1 }, " UNDO(1) ") ctx:await{ 'sent@1' } ctx.erp:note{ d = 2 }"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    lua_crash(&w);
    world_advance(&w, 3601000);
    assert_string_equal(lua_seen(&w), "erp:note{\"d\":1} erp:note{\"undo\":1}");
    assert_string_equal(world_endings(&w, event, "f"), "waiting failed");
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unsafe_call_whose_answer_was_lost_is_found),
        cmocka_unit_test(what_is_not_found_at_first_is_not_sent_again),
        cmocka_unit_test(what_is_not_there_is_sent_again),
        cmocka_unit_test(an_intent_outlives_a_crash),
        cmocka_unit_test(what_cannot_be_known_is_parked_with_what_is_known),
        cmocka_unit_test(a_key_is_used_again_while_it_is_young),
        cmocka_unit_test(a_write_that_looks_first_waits_until_it_can_see),
        cmocka_unit_test(a_name_is_done_once_by_whichever_run),
        cmocka_unit_test(undoes_in_reverse),
        cmocka_unit_test(undoes_what_took_place_though_its_answer_was_lost),
        cmocka_unit_test(keeps_what_it_was_told_to_keep),
        cmocka_unit_test(a_parked_step_undoes_nothing_until_it_is_cancelled),
        cmocka_unit_test(a_retry_goes_on_from_the_step_that_failed),
        cmocka_unit_test(compensates_at_once_where_the_flow_says_so),
        cmocka_unit_test(a_failing_undo_is_parked),
        cmocka_unit_test(undoes_at_the_deadline),
    };
    return cmocka_run_group_tests_name("flow effects", tests, NULL, NULL);
}
