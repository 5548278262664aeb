/* Parallel branches: all, gather, first, each; nested, and inside everything that can wait. */
#include "script_case.h"
#include <string.h>

static void all_waits_for_every_branch(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local r = ctx:all{ b = function() return ctx.erp:credit_status{}.x end,\n"
               "a = function() ctx:sleep(\"1s\") ctx:log(\"a\") return ctx.crm:credit_status{}.x end,\n"
               "c = { \"erp\", \"credit_status\", { n = 1 } } }\nctx:log(r.a .. r.b .. r.c.x)",
               "{}");
    assert_ending(&c, TL_RUN_WAIT);
    assert_asks(&c, "all#1/a/sleep#1 all#1/b/erp:credit_status#1 all#1/c/erp:credit_status#1");
    assert_int_equal(case_ask(&c, "all#1/b/erp:credit_status#1")->place.line, 1);
    assert_int_equal(case_ask(&c, "all#1/c/erp:credit_status#1")->place.line, 1);
    assert_true(tl_str_is(case_ask(&c, "all#1/c/erp:credit_status#1")->args, "{\"n\":1}"));
    case_answer(&c, "all#1/c/erp:credit_status#1", "{\"x\":\"C\"}");
    assert_asks(&c, "");
    case_answer(&c, "all#1/a/sleep#1", "");
    assert_asks(&c, "all#1/a/crm:credit_status#1");
    assert_logs(&c, "a");
    case_answer(&c, "all#1/a/crm:credit_status#1", "{\"x\":\"A\"}");
    assert_asks(&c, "");
    case_answer(&c, "all#1/b/erp:credit_status#1", "{\"x\":\"B\"}");
    assert_ending(&c, TL_RUN_DONE);
    assert_logs(&c, "ABC");
    case_end(&c);
    assert_says("local r = ctx:all{} ctx:log(tostring(next(r)))", "nil");
    assert_says("local r = ctx:all{ a = function() return 1, 2 end, b = function() end } ctx:log(r.a .. tostring(r.b))",
                "1nil");
}

static void all_raises_the_first_failure_by_name_when_all_ended(void **state)
{
    (void)state;
    struct case_run c;
    case_start(
        &c, "",
        "local ok, err = pcall(function() ctx:all{\nb = function()\nerror({ class = \"data\", message = \"B\" }) end,\n"
        "a = function() ctx:sleep(\"1s\") error(\"A\", 0) end,\nc = function() ctx:sleep(\"2s\") end } end)\n"
        "ctx:log(tostring(err)) ctx:all{ x = function()\nlocal t = nil return t.y end }",
        "{}");
    assert_asks(&c, "all#1/a/sleep#1 all#1/c/sleep#1");
    case_answer(&c, "all#1/a/sleep#1", "");
    assert_ending(&c, TL_RUN_WAIT);
    assert_logs(&c, "");
    case_answer(&c, "all#1/c/sleep#1", "");
    assert_logs(&c, "A");
    assert_ending(&c, TL_RUN_ERROR);
    assert_int_equal(c.outcome->error.place.line, 7); /* where it arose, not where all raised it */
    assert_non_null(strstr(c.outcome->error.traceback.ptr, "flows/f.lua:7"));
    case_end(&c);
}

static void a_refused_call_in_a_branch_keeps_its_step(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx:all{ a = function() ctx:all{ b = { \"erp\", \"credit_status\", {} } } end }", "{}");
    case_refuse(&c, "all#1/a/all#1/b/erp:credit_status#1", "missing");
    assert_ending(&c, TL_RUN_ERROR);
    assert_true(tl_str_is(c.outcome->error.cls, "missing"));
    assert_true(tl_str_is(c.outcome->error.step, "all#1/a/all#1/b/erp:credit_status#1"));
    assert_int_equal(c.outcome->error.place.line, 1);
    case_end(&c);
}

static const char *const gathering =
    "local got, failed = ctx:gather({ a = { \"erp\", \"credit_status\", {} }, b = { \"crm\", \"credit_status\", {} },\n"
    "c = function() error(\"C\", 0) end }, { within = \"1500ms\" })\n"
    "for _, n in ipairs{ \"a\", \"b\", \"c\" } do ctx:log(n .. (got[n] and got[n].x or \"\") .. (failed[n] and "
    "failed[n].class .. \":\" .. failed[n].message or \"\")) end";

static void gather_gives_what_came_and_what_failed(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", gathering, "{}");
    assert_asks(&c, "gather#1/sleep#1 gather#1/a/erp:credit_status#1 gather#1/b/crm:credit_status#1");
    assert_int_equal(case_ask(&c, "gather#1/sleep#1")->kind, TL_ASK_SLEEP);
    assert_int_equal(case_ask(&c, "gather#1/sleep#1")->within_ms, 1500);
    case_answer(&c, "gather#1/a/erp:credit_status#1", "{\"x\":\"A\"}");
    case_refuse(&c, "gather#1/b/crm:credit_status#1", "missing");
    assert_ending(&c, TL_RUN_DONE);
    assert_logs(&c, "aA|bmissing:no|cscript:C");
    assert_string_equal(case_withdrawn(&c), "gather#1/sleep#1");
    case_end(&c);
}

static void gather_ends_at_its_time_limit(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", gathering, "{}");
    case_answer(&c, "gather#1/a/erp:credit_status#1", "{\"x\":\"A\"}");
    case_answer(&c, "gather#1/sleep#1", "");
    assert_ending(&c, TL_RUN_DONE);
    assert_logs(&c, "aA|btimeout:not finished within 1500 ms|cscript:C");
    assert_string_equal(case_withdrawn(&c), "gather#1/b/crm:credit_status#1");
    assert_false(tl_run_asks(c.run, TL_STR("gather#1/b/crm:credit_status#1")));
    case_end(&c);
}

static void first_takes_the_first_that_ends_well(void **state)
{
    (void)state;
    struct case_run c;
    const char *body =
        "local name, v = ctx:first{ a = function() return ctx.erp:credit_status{}.x end,\n"
        "b = function() ctx:all{ x = function() ctx:sleep(\"1s\") end, y = function() ctx:sleep(\"2s\") end } "
        "return \"B\" end,\nc = { \"crm\", \"credit_status\", {} } } ctx:log(name .. v) ctx:sleep(\"9s\")";
    case_start(&c, "", body, "{}");
    assert_asks(&c, "first#1/a/erp:credit_status#1 first#1/b/all#1/x/sleep#1 first#1/b/all#1/y/sleep#1 "
                    "first#1/c/crm:credit_status#1");
    case_refuse(&c, "first#1/c/crm:credit_status#1", "missing");
    assert_ending(&c, TL_RUN_WAIT);
    case_answer(&c, "first#1/a/erp:credit_status#1", "{\"x\":\"A\"}");
    assert_logs(&c, "aA");
    assert_asks(&c, "sleep#1");
    assert_string_equal(case_withdrawn(&c), "first#1/b/all#1/x/sleep#1 first#1/b/all#1/y/sleep#1");
    assert_false(tl_run_asks(c.run, TL_STR("first#1/b/all#1/x/sleep#1")));
    case_end(&c);
    case_start(&c, "", body, "{}");
    case_refuse(&c, "first#1/c/crm:credit_status#1", "missing");
    case_answer(&c, "first#1/b/all#1/y/sleep#1", "");
    case_answer(&c, "first#1/b/all#1/x/sleep#1", "");
    assert_logs(&c, "bB");
    assert_string_equal(case_withdrawn(&c), "first#1/a/erp:credit_status#1");
    case_end(&c);
    /* what nobody has seen yet vanishes without a trace */
    case_start(&c, "",
               "local n = ctx:first{ a = function() ctx:sleep(\"1s\") end, b = function() return 1 end, c = function() "
               "ctx:log(\"never\") end } ctx:log(n)",
               "{}");
    assert_ending(&c, TL_RUN_DONE);
    assert_logs(&c, "b");
    assert_string_equal(case_withdrawn(&c), "");
    case_end(&c);
    assert_non_null(
        strstr(case_says("ctx:first{ b = function() error(\"B\", 0) end, a = function() error(\"A\", 0) end }", "{}"),
               "error: script: A"));
    assert_non_null(strstr(case_says("ctx:first{}", "{}"), "nothing to wait for"));
}

static void each_keeps_to_at_most(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local r = ctx:each(e.data.list, { at_most = 2 }, function(item, i) if item then ctx:sleep(\"1s\") end "
               "return item and item .. i end)\nctx:log(#r .. r[1] .. r[2] .. tostring(r[3]) .. r[4]) return r",
               "{\"list\":[\"a\",\"b\",null,\"d\"]}");
    assert_asks(&c, "each#1/1/sleep#1 each#1/2/sleep#1");
    case_answer(&c, "each#1/2/sleep#1", "");
    assert_asks(&c, "each#1/4/sleep#1"); /* the third did not wait */
    case_answer(&c, "each#1/4/sleep#1", "");
    assert_asks(&c, "");
    case_answer(&c, "each#1/1/sleep#1", "");
    assert_ending(&c, TL_RUN_DONE);
    assert_logs(&c, "4a1b2nild4");
    assert_true(tl_str_is(c.outcome->data, "[\"a1\",\"b2\",null,\"d4\"]"));
    case_end(&c);
    assert_says("ctx:log(#ctx:each({}, function() end) .. \"\")", "0");
    assert_says(
        "local n = 0 ctx:each({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, function(x) n = n + x end) ctx:log(n .. "
        "\"\")",
        "78");
    assert_non_null(strstr(case_says("ctx:each({}, { at_most = 0 }, print)", "{}"), "from 1 to 1000"));
    assert_non_null(
        strstr(case_says("local c = ctx c:each({}, { at_mots = 1 }, print)", "{}"), "did you mean 'at_most'?"));
}

static void each_begins_no_more_after_a_failure(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local ok, err = pcall(ctx.each, ctx, { 1, 2, 3, 4 }, { at_most = 2 }, function(x) ctx:sleep(\"1s\") "
               "error(\"E\" .. x, 0) end) ctx:log(err)",
               "{}");
    case_answer(&c, "each#1/2/sleep#1", "");
    assert_asks(&c, "");
    assert_ending(&c, TL_RUN_WAIT);
    case_answer(&c, "each#1/1/sleep#1", "");
    assert_logs(&c, "E1");
    assert_ending(&c, TL_RUN_DONE);
    case_end(&c);
}

static void branches_count_for_themselves(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local function two() ctx:sleep(\"1s\") ctx:sleep(\"1s\", { name = \"n\" }) end\n"
               "ctx:all{ a = two, b = function() two() ctx:all{ x = two } end } two()",
               "{}");
    static const char *const ids[] = {"all#1/a/sleep#1",         "all#1/b/sleep#1",    "all#1/a/=n", "all#1/b/=n",
                                      "all#1/b/all#1/x/sleep#1", "all#1/b/all#1/x/=n", "sleep#1",    "=n"};
    for (size_t i = 0; i < TL_COUNT_OF(ids); i++)
        case_answer(&c, ids[i], "");
    assert_ending(&c, TL_RUN_DONE);
    case_end(&c);
}

/* Each body makes a group whose one branch asks once, and logs the answer's x. */
static void waits(const char *body, const char *id)
{
    struct case_run c;
    case_start(&c, "local function get(ctx) return ctx:all{ a = { \"erp\", \"credit_status\", {} } }.a.x end", body,
               "{}");
    if (c.outcome->ending != TL_RUN_WAIT)
        fail_msg("%s: %.*s", body, TL_STR_ARGS(c.outcome->error.message));
    case_answer(&c, id, "{\"x\":\"X\"}");
    if (c.outcome->ending != TL_RUN_DONE)
        fail_msg("%s: %.*s", body, TL_STR_ARGS(c.outcome->error.message));
    assert_logs(&c, "X");
    case_end(&c);
}

static void groups_work_inside_everything_that_can_wait(void **state)
{
    (void)state;
    const char *id = "all#1/a/erp:credit_status#1";
    waits("local ok, r = pcall(get, ctx) ctx:log(r)", id);
    waits("local ok, r = xpcall(get, print, ctx) ctx:log(r)", id);
    waits("ctx:log((ctx:try(get, ctx)))", id);
    waits("for r in function(_, last) if not last then return get(ctx) end end do ctx:log(r) end", id);
    waits("ctx:log(setmetatable({}, { __index = function() return get(ctx) end }).y)", id);
    waits("local r table.sort({ 2, 1 }, function(a, b) r = r or get(ctx) return a < b end) ctx:log(r)", id);
    waits("ctx:log((string.gsub(\"x\", \"x\", function() return get(ctx) end)))", id);
    waits("ctx:log(tostring(setmetatable({}, { __tostring = function() return get(ctx) end })))", id);
    waits("ctx:log((\"%s\"):format(setmetatable({}, { __tostring = function() return get(ctx) end })))", id);
    waits("ctx:log(coroutine.wrap(function() return coroutine.wrap(function() return get(ctx) end)() end)())", id);
    waits("ctx:log(ctx:all{ o = function() return coroutine.wrap(function() local ok, r = pcall(get, ctx) return r "
          "end)() end }.o)",
          "all#1/o/all#1/a/erp:credit_status#1");
    waits("ctx:log(({ ctx:first{ o = function() return ctx:each({ 1 }, function() return get(ctx) end)[1] end } })[2])",
          "first#1/o/each#1/1/all#1/a/erp:credit_status#1");
    static const char *const bodies[] = {
        "table.sort({ {}, setmetatable({}, { __lt = function() get(ctx) end }) })",
        "string.gsub(\"x\", \"x\", setmetatable({}, { __index = function() ctx:first{ a = function() end } end }))",
        "string.format(\"%s\", setmetatable({}, { __tostring = coroutine.wrap(function() get(ctx) end) }))",
    };
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++) {
        const char *says =
            case_says_with("local function get(ctx) return ctx:all{ a = function() end } end", bodies[i], "{}");
        if (!strstr(says, "no waiting here"))
            fail_msg("%s", says);
    }
    /* a wait that could not be leaves nothing behind */
    struct case_run c;
    case_start(
        &c, "",
        "local co = coroutine.wrap(function() ctx.erp:put(\"order@1\", e.data, { undo = function() end }) end) "
        "ctx:log(tostring(pcall(string.format, \"%s\", setmetatable({}, { __tostring = co })))) ctx:sleep(\"1s\")",
        "{\"no\":\"1\"}");
    assert_asks(&c, "sleep#1");
    assert_logs(&c, "false");
    assert_false(tl_run_has_undo(c.run));
    case_end(&c);
}

static void a_coroutine_that_waits_belongs_to_its_branch(void **state)
{
    (void)state;
    struct case_run c;
    case_start(
        &c, "",
        "local co = coroutine.create(function() local r = ctx.erp:credit_status{} coroutine.yield(r.x) return 2 end)\n"
        "ctx:all{ a = function() local _, x = coroutine.resume(co) ctx:log(x) end,\n"
        "b = function() local ok, why = coroutine.resume(co) ctx:log(why) ctx:log(coroutine.status(co)) "
        "ctx:log(tostring(pcall(coroutine.close, co))) end }\nctx:log(coroutine.status(co))\n"
        "local _, y = coroutine.resume(co) ctx:log(y .. \"\")",
        "{}");
    assert_logs(&c, "cannot resume non-suspended coroutine|normal|false");
    case_answer(&c, "all#1/a/erp:credit_status#1", "{\"x\":\"X\"}");
    assert_logs(&c, "X|suspended|2");
    assert_ending(&c, TL_RUN_DONE);
    case_end(&c);
    assert_says("local _, main = coroutine.running() ctx:log(tostring(main)) ctx:all{ a = function() local _, m = "
                "coroutine.running() ctx:log(tostring(m) .. tostring(pcall(coroutine.yield))) end }",
                "true|truefalse");
}

static void stops_end_the_run_from_inside_a_branch(void **state)
{
    (void)state;
    static const char *const wraps[] = {
        "pcall(function() ctx:all{ a = function() pcall(function() %s end) ctx:log(\"x\") end, b = function() "
        "ctx:log(\"x\") end } end) ctx:log(\"x\")",
        "ctx:try(function() ctx:gather({ a = function() %s end }, { within = \"1s\" }) end) ctx:log(\"x\")",
        "ctx:first{ a = function() ctx:try(function() %s end) end, b = function() ctx:log(\"x\") end } ctx:log(\"x\")",
        "ctx:each({ 1, 2 }, function(i) coroutine.wrap(function() pcall(function() %s end) end)() ctx:log(\"x\") end)",
        "ctx:all{ a = function() ctx:all{ b = function() coroutine.resume(coroutine.create(function() %s end)) "
        "ctx:log(\"x\") end } end, z = function() ctx:log(\"x\") end } ctx:log(\"x\")",
        "pcall(function() local t <close> = setmetatable({}, { __close = function() ctx:log(\"x\") ctx:sleep(\"1s\") "
        "end }) ctx:all{ a = function() %s end } end)",
    };
    static const struct {
        const char *stop;
        enum tl_run_ending ending;
    } stops[] = {{"ctx:fail(\"why\")", TL_RUN_FAILED},
                 {"while true do end", TL_RUN_ERROR},
                 {"local s = \"x\" while true do s = s .. s end", TL_RUN_ERROR}};
    struct tl_script_limits limits = {.cpu_ms = 60, .memory = 24u * 1024 * 1024, .growth = 16u * 1024 * 1024};
    for (size_t i = 0; i < TL_COUNT_OF(wraps); i++)
        for (size_t k = 0; k < TL_COUNT_OF(stops); k++) {
            char body[600];
            snprintf(body, sizeof body, wraps[i], stops[k].stop);
            struct case_run c;
            case_start_limited(&c, "", body, "{}", &limits);
            if (c.outcome->ending != stops[k].ending || c.outcome->log_count != 0)
                fail_msg("%s: ending %d, %zu logs", body, (int)c.outcome->ending, c.outcome->log_count);
            if (stops[k].ending == TL_RUN_ERROR)
                assert_true(tl_str_is(c.outcome->error.cls, "budget"));
            case_end(&c);
        }
}

static void names_of_branches_are_checked(void **state)
{
    (void)state;
    assert_non_null(strstr(case_says("ctx:all{ function() end }", "{}"), "every branch has a name"));
    assert_non_null(strstr(case_says("ctx:all{ [\"a/b\"] = function() end }", "{}"), "cannot contain '/'"));
    assert_non_null(strstr(case_says("ctx:all{ a = 1 }", "{}"), "a must be a function or a call"));
    assert_non_null(strstr(case_says("ctx:all{ a = { \"epr\", \"credit_status\" } }", "{}"), "did you mean \"erp\"?"));
    assert_non_null(strstr(case_says("ctx:all{ a = { \"erp\" } }", "{}"), "names of a target and an operation"));
    assert_non_null(strstr(case_says("ctx:all{ a = { \"erp\", \"credit_status\", {}, fresh = \"1s\" } }", "{}"),
                           "a call as data is"));
    assert_non_null(
        strstr(case_says("ctx:all{ a = { \"erp\", \"credit_statu\", {} } }", "{}"), "did you mean credit_status"));
    assert_non_null(
        strstr(case_says("local c = ctx c:gather({}, { witin = \"1s\" })", "{}"), "did you mean 'within'?"));
}

static void a_call_as_data_may_be_a_put(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "local options = { name = \"place\" }",
               "ctx:all{ a = { \"erp\", \"put\", \"order@1\", e.data, options } }", "{\"no\":\"1\"}");
    assert_asks(&c, "all#1/a/=place");
    assert_true(tl_str_is(case_ask(&c, "all#1/a/=place")->record, "{\"No\":\"1\"}"));
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_waits_for_every_branch),
        cmocka_unit_test(all_raises_the_first_failure_by_name_when_all_ended),
        cmocka_unit_test(a_refused_call_in_a_branch_keeps_its_step),
        cmocka_unit_test(gather_gives_what_came_and_what_failed),
        cmocka_unit_test(gather_ends_at_its_time_limit),
        cmocka_unit_test(first_takes_the_first_that_ends_well),
        cmocka_unit_test(each_keeps_to_at_most),
        cmocka_unit_test(each_begins_no_more_after_a_failure),
        cmocka_unit_test(branches_count_for_themselves),
        cmocka_unit_test(groups_work_inside_everything_that_can_wait),
        cmocka_unit_test(a_coroutine_that_waits_belongs_to_its_branch),
        cmocka_unit_test(stops_end_the_run_from_inside_a_branch),
        cmocka_unit_test(names_of_branches_are_checked),
        cmocka_unit_test(a_call_as_data_may_be_a_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
