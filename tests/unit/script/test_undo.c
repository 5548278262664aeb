/* Undoing: when a run fails or is cancelled, what it did is undone, last first; keep; what is not known yet. */
#include "script_case.h"
#include <string.h>

#define PUT(undo) "ctx.erp:put(\"order@1\", e.data, { undo = function() " undo " end }) "

static void fail_undoes_in_reverse_order(void **state)
{
    (void)state;
    struct case_run c;
    case_start(
        &c, "",
        PUT("ctx.erp:set_status{ n = 1 } ctx:log(\"u1\")") "ctx.crm:set_status({}, { undo = function() ctx:all{ a = "
                                                           "function() ctx:sleep(\"1s\") end } ctx:log(\"u2\") "
                                                           "end })\nctx.erp:set_status{}\npcall(function() "
                                                           "ctx:fail(\"refused\", { a = 1 }) end) ctx:log(\"x\")",
        "{\"no\":\"1\"}");
    assert_true(case_ask(&c, "erp:put#1")->undo);
    assert_true(tl_run_has_undo(c.run));
    case_answer(&c, "erp:put#1", "");
    case_answer(&c, "crm:set_status#1", "");
    assert_false(case_ask(&c, "erp:set_status#1")->undo);
    assert_false(c.outcome->undoing);
    case_answer(&c, "erp:set_status#1", "");
    assert_ending(&c, TL_RUN_WAIT);
    assert_true(c.outcome->undoing);
    assert_true(tl_str_is(c.outcome->reason, "refused"));
    assert_asks(&c, "undo/crm:set_status#1/all#1/a/sleep#1");
    case_answer(&c, "undo/crm:set_status#1/all#1/a/sleep#1", "");
    assert_logs(&c, "u2");
    assert_asks(&c, "undo/erp:put#1/erp:set_status#1");
    assert_true(tl_run_has_undo(c.run));
    case_answer(&c, "undo/erp:put#1/erp:set_status#1", "");
    assert_logs(&c, "u1");
    assert_ending(&c, TL_RUN_FAILED);
    assert_true(tl_str_is(c.outcome->reason, "refused"));
    assert_true(tl_str_is(c.outcome->data, "{\"a\":1}"));
    assert_int_equal(c.outcome->place.line, 3);
    assert_false(tl_run_has_undo(c.run));
    case_end(&c);
}

static void what_did_not_take_place_is_not_undone(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx:try(function() " PUT("ctx:log(\"x\")") "end) " PUT("ctx:log(\"u\")") "ctx:fail(\"f\")",
               "{\"no\":\"1\"}");
    case_refuse(&c, "erp:put#1", "data");
    case_answer(&c, "erp:put#2", "");
    assert_ending(&c, TL_RUN_FAILED);
    assert_logs(&c, "u");
    case_end(&c);
}

static void keep_forgets_what_could_be_undone(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", PUT("ctx:log(\"x\")") "ctx:keep() " PUT("ctx:log(\"u\")") "ctx:fail(\"f\")", "{\"no\":\"1\"}");
    case_answer(&c, "erp:put#1", "");
    case_answer(&c, "erp:put#2", "");
    assert_ending(&c, TL_RUN_FAILED);
    assert_logs(&c, "u");
    case_end(&c);
    /* also what is under way in another branch */
    case_start(
        &c, "",
        "ctx:all{ a = function() " PUT("ctx:log(\"x\")") "end, b = function() ctx:sleep(\"1s\") ctx:keep() end } "
                                                         "ctx:fail(\"f\")",
        "{\"no\":\"1\"}");
    case_answer(&c, "all#1/b/sleep#1", "");
    assert_false(tl_run_has_undo(c.run));
    case_answer(&c, "all#1/a/erp:put#1", "");
    assert_ending(&c, TL_RUN_FAILED);
    assert_logs(&c, "");
    case_end(&c);
}

static void continue_wants_to_know_what_becomes_of_undos(void **state)
{
    (void)state;
    struct case_run c;
    const char *body =
        PUT("") "local ok, why = pcall(function() ctx:continue() end) ctx:log(why) ctx:keep() ctx:continue()";
    case_start(&c, "", body, "{\"no\":\"1\"}");
    case_answer(&c, "erp:put#1", "");
    assert_ending(&c, TL_RUN_CONTINUED);
    assert_non_null(strstr(case_logs(&c), "call ctx:keep() first"));
    assert_int_equal(c.outcome->data.len, 0);
    case_end(&c);
}

static void cancel_undoes_what_is_known_to_be_done(void **state)
{
    (void)state;
    for (int took_place = 0; took_place < 2; took_place++) {
        struct case_run c;
        case_start(&c, "", PUT("ctx:log(\"u1\")") PUT("ctx:log(\"u2\")") PUT("ctx:log(\"u3\")"), "{\"no\":\"1\"}");
        case_answer(&c, "erp:put#1", "");
        case_answer(&c, "erp:put#2", "");
        tl_run_settle(c.run, TL_STR("erp:put#3"), took_place);
        c.outcome = tl_run_cancel(c.run, TL_STR("by ann"));
        assert_ending(&c, TL_RUN_FAILED);
        assert_true(tl_str_is(c.outcome->reason, "by ann"));
        assert_string_equal(case_withdrawn(&c), "erp:put#3");
        assert_logs(&c, took_place ? "u3|u2|u1" : "u2|u1");
        case_end(&c);
    }
    struct case_run c; /* nobody said what became of it */
    case_start(&c, "", PUT("ctx:log(\"u\")"), "{\"no\":\"1\"}");
    c.outcome = tl_run_cancel(c.run, TL_STR("by ann"));
    assert_ending(&c, TL_RUN_FAILED);
    assert_logs(&c, "");
    case_end(&c);
}

static void cancel_compensates_a_run_that_ended_with_an_error(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", PUT("ctx:sleep(\"1s\") ctx:log(\"u\")") "error(\"x\")", "{\"no\":\"1\"}");
    case_answer(&c, "erp:put#1", "");
    assert_ending(&c, TL_RUN_ERROR);
    assert_true(tl_run_has_undo(c.run));
    c.outcome = tl_run_cancel(c.run, TL_STR("compensate"));
    assert_ending(&c, TL_RUN_WAIT);
    assert_true(c.outcome->undoing);
    assert_asks(&c, "undo/erp:put#1/sleep#1");
    c.outcome = tl_run_cancel(c.run, TL_STR("again")); /* changes nothing */
    assert_ending(&c, TL_RUN_WAIT);
    assert_asks(&c, "");
    assert_true(tl_str_is(c.outcome->reason, "compensate"));
    case_answer(&c, "undo/erp:put#1/sleep#1", "");
    assert_logs(&c, "u");
    assert_ending(&c, TL_RUN_FAILED);
    assert_true(tl_str_is(c.outcome->reason, "compensate"));
    case_end(&c);
}

static void fail_waits_to_hear_what_became_of_calls_under_way(void **state)
{
    (void)state;
    for (int took_place = 0; took_place < 2; took_place++) {
        struct case_run c;
        case_start(&c, "",
                   PUT("ctx:log(\"u1\")") "ctx:all{ a = function() " PUT(
                       "ctx:log(\"u2\")") "end, b = function() ctx:sleep(\"1s\") ctx:fail(\"f\") "
                                          "end }",
                   "{\"no\":\"1\"}");
        case_answer(&c, "erp:put#1", "");
        case_answer(&c, "all#1/b/sleep#1", "");
        assert_ending(&c, TL_RUN_WAIT);
        assert_true(c.outcome->undoing);
        assert_asks(&c, "");
        assert_string_equal(case_withdrawn(&c), "all#1/a/erp:put#1");
        tl_run_settle(c.run, TL_STR("all#1/a/erp:put#1"), took_place);
        c.outcome = tl_run_cancel(c.run, TL_STR_NONE);
        assert_ending(&c, TL_RUN_FAILED);
        assert_true(tl_str_is(c.outcome->reason, "f"));
        assert_logs(&c, took_place ? "u2|u1" : "u1");
        case_end(&c);
    }
}

static void what_is_given_up_is_listed_in_the_order_asked(void **state)
{
    (void)state;
    struct case_run c;
    const char *body =
        "ctx:all{ a = function() ctx:sleep(\"1s\") end, b = function() ctx:gather({ x = function() "
        "ctx:sleep(\"2s\") end }, { within = \"1s\" }) end, c = function() ctx:sleep(\"3s\") ctx:fail(\"f\") "
        "end, d = function() ctx:await{ \"out@1\" } end }";
    case_start(&c, "", body, "{}");
    case_answer(&c, "all#1/c/sleep#1", "");
    assert_ending(&c, TL_RUN_FAILED);
    assert_string_equal(case_withdrawn(&c), "all#1/a/sleep#1 all#1/b/gather#1/sleep#1 all#1/b/gather#1/x/sleep#1 "
                                            "all#1/d/await#1");
    case_end(&c);
    case_start(&c, "", body, "{}");
    c.outcome = tl_run_cancel(c.run, TL_STR("x"));
    assert_string_equal(case_withdrawn(&c), "all#1/a/sleep#1 all#1/b/gather#1/sleep#1 all#1/b/gather#1/x/sleep#1 "
                                            "all#1/c/sleep#1 all#1/d/await#1");
    case_end(&c);
}

static void an_effect_asked_in_the_stretch_that_fails_was_never_sent(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx:all{ a = function() " PUT("ctx:log(\"x\")") "end, b = function() ctx:fail(\"f\") end }",
               "{\"no\":\"1\"}");
    assert_ending(&c, TL_RUN_FAILED);
    assert_logs(&c, "");
    assert_string_equal(case_withdrawn(&c), "");
    case_end(&c);
}

static void the_loser_of_first_is_undone_when_it_took_place(void **state)
{
    (void)state;
    for (int took_place = 0; took_place < 2; took_place++) {
        struct case_run c;
        case_start(&c, "",
                   "ctx:first{ a = function() " PUT("ctx:log(\"u\")") "end, b = function() ctx:sleep(\"1s\") end } "
                                                                      "ctx:sleep(\"2s\") ctx:fail(\"f\")",
                   "{\"no\":\"1\"}");
        case_answer(&c, "first#1/b/sleep#1", "");
        assert_string_equal(case_withdrawn(&c), "first#1/a/erp:put#1");
        tl_run_settle(c.run, TL_STR("first#1/a/erp:put#1"), took_place);
        assert_int_equal(tl_run_has_undo(c.run), took_place);
        case_answer(&c, "sleep#1", "");
        assert_ending(&c, TL_RUN_FAILED);
        assert_logs(&c, took_place ? "u" : "");
        case_end(&c);
    }
}

static void a_failing_undo_ends_with_its_error_and_the_rest_on_demand(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", PUT("ctx:log(\"u1\")") PUT("ctx.erp:set_status{}") "ctx:fail(\"f\")", "{\"no\":\"1\"}");
    case_answer(&c, "erp:put#1", "");
    case_answer(&c, "erp:put#2", "");
    case_refuse(&c, "undo/erp:put#2/erp:set_status#1", "data");
    assert_ending(&c, TL_RUN_ERROR);
    assert_true(c.outcome->undoing);
    assert_true(tl_str_is(c.outcome->error.step, "undo/erp:put#2/erp:set_status#1"));
    c.outcome = tl_run_cancel(c.run, TL_STR_NONE);
    assert_ending(&c, TL_RUN_FAILED);
    assert_logs(&c, "u1");
    assert_true(tl_str_is(c.outcome->reason, "f"));
    case_end(&c);
}

static void an_undo_function_cannot_fail_the_run_again(void **state)
{
    (void)state;
    static const char *const bodies[] = {PUT("ctx:fail(\"x\")") "ctx:fail(\"f\")",
                                         PUT("ctx:continue()") "ctx:fail(\"f\")", PUT("ctx:keep()") "ctx:fail(\"f\")",
                                         PUT(PUT("")) "ctx:fail(\"f\")"};
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++) {
        struct case_run c;
        case_start(&c, "", bodies[i], "{\"no\":\"1\"}");
        case_answer(&c, "erp:put#1", "");
        assert_ending(&c, TL_RUN_ERROR);
        assert_true(tl_str_is(c.outcome->error.cls, "script"));
        assert_non_null(strstr(c.outcome->error.message.ptr, i == 3 ? "is not undone itself" : "fails already"));
        case_end(&c);
    }
}

static void a_stop_in_an_undo_function_cannot_be_caught(void **state)
{
    (void)state;
    struct case_run c;
    struct tl_script_limits limits = {.cpu_ms = 30};
    case_start_limited(&c, "", PUT("pcall(function() while true do end end) ctx:log(\"x\")") "ctx:fail(\"f\")",
                       "{\"no\":\"1\"}", &limits);
    case_answer(&c, "erp:put#1", "");
    assert_ending(&c, TL_RUN_ERROR);
    assert_true(tl_str_is(c.outcome->error.code, "cpu"));
    assert_int_equal(c.outcome->log_count, 0);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_undoes_in_reverse_order),
        cmocka_unit_test(what_did_not_take_place_is_not_undone),
        cmocka_unit_test(keep_forgets_what_could_be_undone),
        cmocka_unit_test(continue_wants_to_know_what_becomes_of_undos),
        cmocka_unit_test(cancel_undoes_what_is_known_to_be_done),
        cmocka_unit_test(cancel_compensates_a_run_that_ended_with_an_error),
        cmocka_unit_test(fail_waits_to_hear_what_became_of_calls_under_way),
        cmocka_unit_test(what_is_given_up_is_listed_in_the_order_asked),
        cmocka_unit_test(an_effect_asked_in_the_stretch_that_fails_was_never_sent),
        cmocka_unit_test(the_loser_of_first_is_undone_when_it_took_place),
        cmocka_unit_test(a_failing_undo_ends_with_its_error_and_the_rest_on_demand),
        cmocka_unit_test(an_undo_function_cannot_fail_the_run_again),
        cmocka_unit_test(a_stop_in_an_undo_function_cannot_be_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
