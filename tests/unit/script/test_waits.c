/* What a run waits for besides calls, the ids of its steps, their options, and how it ends. */
#include "script_case.h"
#include <string.h>

static void ids_say_where_a_step_stands(void **state)
{
    (void)state;
    struct case_run c;
    case_start(
        &c, "",
        "ctx.erp:credit_status{} ctx:sleep(\"5m\") ctx.erp:credit_status{} ctx:sleep(\"1h\", { name = \"rest\" }) "
        "ctx.erp:put(\"order@1\", e.data, { name = \"place\" }) ctx:park(\"p\", nil, { name = \"x\" })",
        "{\"no\":\"1\"}");
    static const char *const ids[] = {"erp:credit_status#1", "sleep#1", "erp:credit_status#2", "=rest", "=place", "=x"};
    for (size_t i = 0; i < TL_COUNT_OF(ids); i++) {
        assert_ending(&c, TL_RUN_WAIT);
        assert_asks(&c, ids[i]);
        assert_false(tl_run_asks(c.run, TL_STR("sleep#9")));
        case_answer(&c, ids[i], "");
        assert_false(tl_run_asks(c.run, tl_str_z(ids[i])));
    }
    assert_ending(&c, TL_RUN_DONE);
    case_end(&c);
}

static void a_name_stands_for_one_step(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "for i = 1, 2 do ctx:sleep(\"1s\", { name = \"x\" }) end", "{}");
    case_answer(&c, "=x", "");
    assert_ending(&c, TL_RUN_ERROR);
    assert_non_null(strstr(c.outcome->error.message.ptr, "two steps of this branch are named \"x\""));
    case_end(&c);
    assert_non_null(strstr(case_says("ctx:sleep(\"1s\", { name = \"a/b\" })", "{}"), "cannot contain '/'"));
    assert_non_null(strstr(case_says("ctx:sleep(\"1s\", { name = \"\" })", "{}"), "1 to 200 bytes"));
    assert_non_null(strstr(case_says("local c = ctx c:sleep(\"1s\", { nmae = \"a\" })", "{}"), "did you mean 'name'?"));
    assert_non_null(
        strstr(case_says("local function deep(n) return ctx:all{ [(\"x\"):rep(190)] = function() deep(n - 1) end } end "
                         "deep(6) ctx:sleep(\"1s\")",
                         "{}"),
               "more than 1000 bytes"));
}

static void sleep_waits_and_moves_the_clock(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx:sleep(\"90s\") ctx:log(ctx:now())", "{}");
    assert_int_equal(c.outcome->asks[0]->kind, TL_ASK_SLEEP);
    assert_int_equal(c.outcome->asks[0]->within_ms, 90000);
    c.outcome =
        tl_run_resume(c.run, &(struct tl_run_result){.id = TL_STR("sleep#1"), .ok = true, .now_ms = 1700000090123});
    assert_logs(&c, "2023-11-14T22:14:50.123Z");
    case_end(&c);
    assert_non_null(strstr(case_says("local c = ctx c:sleep(\"5\")", "{}"), "error: script"));
    assert_non_null(strstr(case_says("ctx:sleep(\"0s\")", "{}"), "above zero"));
    assert_non_null(strstr(case_says("local c = ctx c:sleep(5)", "{}"), "string expected"));
}

#define EVENT(id, ok)                                                                                                  \
    "{\"data\":{\"ok\":" ok "},\"id\":\"" id                                                                           \
    "\",\"key\":\"K\",\"source\":\"erp\",\"time\":\"2023-01-01T00:00:00.000Z\",\"type\":\"out@1\"}"

static void await_gives_the_event_or_nil(void **state)
{
    (void)state;
    struct case_run c;
    const char *body = "local ev = ctx:await{ \"out@1\", \"in@1\", within = \"30d\", key = 77 } "
                       "ctx:log(ev and ev.type .. ev.id .. ev.key .. ev.source .. tostring(ev.data.ok) or \"late\")";
    case_start(&c, "", body, "{}");
    const struct tl_run_ask *ask = case_ask(&c, "await#1");
    assert_int_equal(ask->kind, TL_ASK_AWAIT);
    assert_int_equal(ask->type_count, 2);
    assert_true(tl_str_is(ask->types[0], "out@1") && tl_str_is(ask->types[1], "in@1"));
    assert_true(tl_str_is(ask->key, "77"));
    assert_int_equal(ask->within_ms, 30LL * 24 * 3600 * 1000);
    assert_false(ask->filtered);
    case_answer(&c, "await#1", EVENT("9-0", "true"));
    assert_logs(&c, "out@19-0Kerptrue");
    case_end(&c);
    case_start(&c, "", body, "{}");
    case_answer(&c, "await#1", "");
    assert_logs(&c, "late");
    case_end(&c);
    case_start(&c, "", "ctx:await{ \"out@1\" }", "{}");
    assert_int_equal(c.outcome->asks[0]->within_ms, 0);
    assert_int_equal(c.outcome->asks[0]->key.len, 0);
    case_end(&c);
    assert_non_null(strstr(case_says("local t = \"outt@1\" ctx:await{ t }", "{}"), "did you mean \"out@1\"?"));
    assert_non_null(
        strstr(case_says("local c = ctx c:await{ \"out@1\", wihtin = \"1d\" }", "{}"), "did you mean 'within'?"));
    assert_non_null(strstr(case_says("ctx:await{ }", "{}"), "a list of 1 to 64 event types"));
}

static void await_asks_past_what_when_refuses(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local ev = ctx:await{ \"out@1\", when = function(ev) return ev.data.ok end } ctx:log(ev.id)\n"
               "ctx:await{ \"out@1\", when = function(ev) ctx:sleep(\"1s\") end }",
               "{}");
    assert_true(case_ask(&c, "await#1")->filtered);
    assert_int_equal(case_ask(&c, "await#1")->after.len, 0);
    case_answer(&c, "await#1", EVENT("9-0", "false"));
    assert_asks(&c, "await#1");
    assert_true(tl_str_is(case_ask(&c, "await#1")->after, "9-0"));
    case_answer(&c, "await#1", EVENT("9-1", "false"));
    assert_true(tl_str_is(case_ask(&c, "await#1")->after, "9-1"));
    assert_int_equal(case_ask(&c, "await#1")->place.line, 1);
    case_answer(&c, "await#1", EVENT("9-2", "true"));
    assert_logs(&c, "9-2");
    assert_asks(&c, "await#2");
    case_answer(&c, "await#2", EVENT("9-3", "true"));
    assert_ending(&c, TL_RUN_ERROR);
    assert_non_null(strstr(c.outcome->error.message.ptr, "no waiting here"));
    case_end(&c);
}

static void decide_gives_a_persons_answer(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local d = ctx:decide{ \"release\", \"reject\", about = \"credit hold\", show = { limit = 1.50 }, due = "
               "\"1d\" } ctx:log(d.answer .. d.by .. d.why .. d.at)",
               "{}");
    const struct tl_run_ask *ask = case_ask(&c, "decide#1");
    assert_int_equal(ask->kind, TL_ASK_DECIDE);
    assert_int_equal(ask->type_count, 2);
    assert_true(tl_str_is(ask->types[1], "reject"));
    assert_true(tl_str_is(ask->reason, "credit hold"));
    assert_true(tl_str_is(ask->data, "{\"limit\":1.5}"));
    assert_int_equal(ask->within_ms, 24LL * 3600 * 1000);
    case_answer(&c, "decide#1", "{\"answer\":\"reject\",\"at\":\"T\",\"by\":\"ann\",\"why\":\"no\"}");
    assert_logs(&c, "rejectannnoT");
    case_end(&c);
    assert_non_null(strstr(case_says("ctx:decide{ about = \"x\" }", "{}"), "a list of 1 to 64 answers"));
    assert_non_null(strstr(case_says("ctx:decide{ \"a\", \"a\" }", "{}"), "stands twice"));
}

static void start_gives_the_result_of_another_run(void **state)
{
    (void)state;
    struct case_run c;
    const char *body = "local r, err = ctx:try(function() return ctx:start(\"f\", { a = 1 }) end) "
                       "ctx:log(r and tostring(r.x) or err.class .. err.message .. err.step)";
    case_start(&c, "", body, "{}");
    assert_int_equal(case_ask(&c, "start#1")->kind, TL_ASK_CHILD);
    assert_true(tl_str_is(case_ask(&c, "start#1")->flow, "f"));
    assert_true(tl_str_is(case_ask(&c, "start#1")->data, "{\"a\":1}"));
    case_answer(&c, "start#1", "{\"x\":5}");
    assert_logs(&c, "5");
    case_end(&c);
    case_start(&c, "", body, "{}");
    case_refuse(&c, "start#1", "failed");
    assert_logs(&c, "failednostart#1");
    case_end(&c);
    assert_non_null(strstr(case_says("local n = \"ff\" ctx:start(n)", "{}"), "did you mean \"f\"?"));
}

static void park_goes_on_when_a_person_retries(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "pcall(function() ctx:park(\"why\", { a = 1 }) end) ctx:log(\"on\") ctx:park(\"again\")", "{}");
    assert_int_equal(case_ask(&c, "park#1")->kind, TL_ASK_PARK);
    assert_true(tl_str_is(case_ask(&c, "park#1")->reason, "why"));
    assert_true(tl_str_is(case_ask(&c, "park#1")->data, "{\"a\":1}"));
    case_answer(&c, "park#1", "");
    assert_logs(&c, "on");
    assert_asks(&c, "park#2");
    case_end(&c);
}

static void unsafe_operations_name_what_they_do(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx.erp:book({ a = 1 }, { once = \"invoice:\" .. e.key })", "{}");
    assert_int_equal(c.outcome->asks[0]->effect, TL_EFFECT_UNSAFE);
    assert_true(tl_str_is(c.outcome->asks[0]->once, "invoice:K"));
    case_end(&c);
    assert_non_null(strstr(case_says("local erp = ctx[\"erp\"] local name = \"book\" erp[name](erp, {})", "{}"),
                           "is unsafe, a repeat would do it twice"));
    assert_non_null(strstr(case_says("local c = ctx c.erp:put(\"order@1\", e.data, { onec = \"x\" })", "{\"no\":1}"),
                           "did you mean 'once'?"));
    assert_non_null(strstr(case_says("ctx.erp:credit_status({}, { undo = function() end })", "{}"), "nothing to undo"));
    assert_non_null(strstr(case_says("ctx.erp:put(\"order@1\", e.data, { undo = 1 })", "{\"no\":1}"), "a function"));
}

static void continue_ends_the_run_with_a_state(void **state)
{
    (void)state;
    struct case_run c;
    case_start_state(
        &c, "ctx:log(tostring(state.n)) pcall(function() ctx:continue({ n = state.n + 1 }) end) ctx:log(\"x\")",
        "{\"n\":1}");
    assert_ending(&c, TL_RUN_CONTINUED);
    assert_logs(&c, "1");
    assert_true(tl_str_is(c.outcome->data, "{\"n\":2}"));
    case_end(&c);
    assert_says("ctx:log(tostring(state))", "nil");
    case_start_state(&c, "ctx:log(\"x\")", "{\"n\":");
    assert_ending(&c, TL_RUN_ERROR);
    assert_true(tl_str_is(c.outcome->error.cls, "data"));
    case_end(&c);
    case_start(&c, "", "ctx:all{ a = function() ctx:continue() end }", "{}");
    assert_ending(&c, TL_RUN_ERROR);
    assert_non_null(strstr(c.outcome->error.message.ptr, "inside a parallel branch"));
    case_end(&c);
}

static void what_the_function_returns_is_the_runs_result(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"return { a = 1, b = null }", "{\"a\":1,\"b\":null}"},
                                           {"return 5, 6", "5"},
                                           {"return", ""},
                                           {"return nil", ""},
                                           {"return array()", "[]"},
                                           {"ctx:sleep(\"1s\") return \"x\"", "\"x\""}};
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        struct case_run c;
        case_start(&c, "", cases[i][0], "{}");
        if (c.outcome->ending == TL_RUN_WAIT)
            case_answer(&c, "sleep#1", "");
        assert_ending(&c, TL_RUN_DONE);
        if (!tl_str_is(c.outcome->data, cases[i][1]))
            fail_msg("%s: %.*s", cases[i][0], TL_STR_ARGS(c.outcome->data));
        case_end(&c);
    }
    assert_non_null(strstr(case_says("return { f = print }", "{}"), "error: script: what the flow returned cannot be"));
}

static void emits_are_all_since_the_start(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx:emit(\"out@1\", { no = 1 }) ctx:sleep(\"1s\") ctx:emit(\"out@1\", { no = 2 }) error(\"x\")",
               "{}");
    assert_int_equal(c.outcome->emit_count, 1);
    case_answer(&c, "sleep#1", "");
    assert_ending(&c, TL_RUN_ERROR);
    assert_int_equal(c.outcome->emit_count, 2);
    assert_true(tl_str_is(c.outcome->emits[0].key, "1") && tl_str_is(c.outcome->emits[1].key, "2"));
    case_end(&c);
}

static void an_error_nobody_catches_names_its_step(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx.erp:credit_status{}", "{}");
    case_refuse(&c, "erp:credit_status#1", "missing");
    assert_ending(&c, TL_RUN_ERROR);
    assert_true(tl_str_is(c.outcome->error.step, "erp:credit_status#1"));
    assert_false(tl_run_asks(c.run, TL_STR("erp:credit_status#1")));
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_say_where_a_step_stands),
        cmocka_unit_test(a_name_stands_for_one_step),
        cmocka_unit_test(sleep_waits_and_moves_the_clock),
        cmocka_unit_test(await_gives_the_event_or_nil),
        cmocka_unit_test(await_asks_past_what_when_refuses),
        cmocka_unit_test(decide_gives_a_persons_answer),
        cmocka_unit_test(start_gives_the_result_of_another_run),
        cmocka_unit_test(park_goes_on_when_a_person_retries),
        cmocka_unit_test(unsafe_operations_name_what_they_do),
        cmocka_unit_test(continue_ends_the_run_with_a_state),
        cmocka_unit_test(what_the_function_returns_is_the_runs_result),
        cmocka_unit_test(emits_are_all_since_the_start),
        cmocka_unit_test(an_error_nobody_catches_names_its_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
