/* Promise 9: scripts cannot escape, starve, or leave anything behind. */
#include "script_case.h"
#include <string.h>
#include <time.h>

static int64_t cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void ends_within_budget(const char *body, const char *code, int64_t budget_ms)
{
    struct case_run c;
    struct tl_script_limits limits = {.cpu_ms = budget_ms, .memory = 24u * 1024 * 1024, .growth = 16u * 1024 * 1024};
    int64_t before = cpu_ms();
    case_start_limited(&c, "", body, "{}", &limits);
    int64_t took = cpu_ms() - before;
    if (c.outcome->ending != TL_RUN_ERROR || !tl_str_is(c.outcome->error.cls, "budget") ||
        !tl_str_is(c.outcome->error.code, code))
        fail_msg("%s: ending %d, %.*s %.*s", body, (int)c.outcome->ending, TL_STR_ARGS(c.outcome->error.cls),
                 TL_STR_ARGS(c.outcome->error.message));
    if (took > budget_ms + 1500)
        fail_msg("%s took %lld ms", body, (long long)took);
    assert_true(c.outcome->error.retryable);
    assert_true(c.outcome->log_count == 0);
    assert_int_equal(c.outcome->error.place.line, 1);
    case_end(&c);
}

static void a_runaway_ends_at_its_cpu_budget(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do ctx:try(function() while true do end end) end",
        "xpcall(function() while true do end end, function() while true do end end) ctx:log(\"x\")",
        "local co = coroutine.wrap(function() while true do end end) pcall(co) ctx:log(\"x\")",
        "local co = coroutine.create(function() while true do end end) coroutine.resume(co) ctx:log(\"x\")",
        "string.find((\"a\"):rep(5000), \".-.-.-.-b\") ctx:log(\"x\")",
        "pcall(string.match, (\"a\"):rep(5000), (\"a*\"):rep(30) .. \"b\") ctx:log(\"x\")",
        "string.gsub((\"a\"):rep(5000), \".-.-.-b\", \"\") ctx:log(\"x\")",
        "for w in string.gmatch((\"a\"):rep(5000), \".-.-.-b\") do end ctx:log(\"x\")",
        "local t = {} for i = 1, 150000 do t[i] = (i * 7919) % 150000 end for i = 1, 100 do table.sort(t) "
        "table.sort(t, "
        "function(a, b) return a > b end) end ctx:log(\"x\")",
        "local f f = function() return f() end f() ctx:log(\"x\")",
        "setmetatable({}, { __index = function(t, k) while true do end end }).x = 1 local y = "
        "setmetatable({}, { __index "
        "= function(t, k) while true do end end }).x ctx:log(\"x\")",
        "goto top ::top:: goto top",
        "table.insert(setmetatable({}, { __len = function() return math.maxinteger - 1 end }), 1, 1) ctx:log(\"x\")",
        "table.remove(setmetatable({}, { __len = function() return math.maxinteger - 1 end }), 1) ctx:log(\"x\")",
        "table.move({}, 1, math.maxinteger - 1, 2, {}) ctx:log(\"x\")",
    };
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++)
        ends_within_budget(bodies[i], "cpu", 60);
}

static void a_hoarder_ends_at_its_memory(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "local t = {} for i = 1, 1e9 do t[i] = { i } end",
        "local s = \"x\" while true do s = s .. s end",
        "pcall(function() local s = \"x\" while true do s = s .. s end end) ctx:log(\"x\")",
        "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end",
    };
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++)
        ends_within_budget(bodies[i], "memory", 10000);
    assert_non_null(strstr(case_says("return (\"x\"):rep(1e9)", "{}"), "larger than the memory"));
    assert_says("ctx:log(tostring(#(\"\"):rep(math.maxinteger)))", "0");
}

/* Logs, events and asks are held outside of Lua's memory, and count as if they were in it. */
static void what_it_makes_outside_of_lua_counts(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "local s = (\"x\"):rep(1e5) while true do ctx:log(s) end",
        "local s = (\"x\"):rep(1e5) while true do print(s) end",
        "local t = { s = (\"x\"):rep(1e5) } while true do ctx:log(\"m\", t) end",
        "local t = { no = \"1\", s = (\"x\"):rep(1e5) } while true do ctx:emit(\"out@1\", t) end",
        "local s = (\"x\"):rep(1e5) while true do pcall(ctx.start, ctx, s) end",
    };
    struct tl_script_limits limits = {.cpu_ms = 10000, .memory = 24u * 1024 * 1024, .growth = 16u * 1024 * 1024};
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++) {
        struct case_run c;
        case_start_limited(&c, "", bodies[i], "{}", &limits);
        size_t held = 0;
        for (size_t k = 0; k < c.outcome->log_count; k++)
            held += c.outcome->logs[k].message.len + c.outcome->logs[k].fields.len;
        if (!tl_str_is(c.outcome->error.code, "memory") || held > limits.growth)
            fail_msg("%s: ending %d, %.*s, %zu bytes of logs", bodies[i], (int)c.outcome->ending,
                     TL_STR_ARGS(c.outcome->error.message), held);
        case_end(&c);
    }
}

static void names_that_do_not_exist_are_not_remembered(void **state)
{
    (void)state;
    struct case_run c;
    struct tl_script_limits limits = {.cpu_ms = 10000};
    case_start_limited(&c, "", "for i = 1, 100000 do local f = ctx.crm[\"no\" .. i] end", "{}", &limits);
    assert_ending(&c, TL_RUN_DONE);
    assert_true(tl_script_bytes(c.script) < 4u << 20);
    case_end(&c);
}

static void a_stopped_run_does_not_hurt_the_next(void **state)
{
    (void)state;
    struct case_run c;
    struct tl_script_limits limits = {.cpu_ms = 20};
    case_start_limited(&c, "", "if e.data.bad then while true do end end ctx:log(\"fine\")", "{\"bad\":true}", &limits);
    assert_int_equal(c.outcome->ending, TL_RUN_ERROR);
    tl_run_free(c.run);
    struct tl_run_event event = {.type = TL_STR("in@1"), .key = TL_STR("L"), .payload = TL_STR("{}")};
    c.outcome = tl_run_start(c.script, 0, &event, &c.run);
    assert_int_equal(c.outcome->ending, TL_RUN_DONE);
    assert_int_equal(c.outcome->log_count, 1);
    case_end(&c);
}

static void deep_recursion_is_an_error_of_the_script(void **state)
{
    (void)state;
    const char *says = case_says("local function f() return 1 + f() end f()", "{}");
    assert_true(strstr(says, "stack overflow") || strstr(says, "error: budget"));
    assert_non_null(strstr(case_says("string.find((\"(\"):rep(300), (\"(\"):rep(300))", "{}"), "too many captures"));
    assert_non_null(
        strstr(case_says("local s = (\"[\"):rep(300) .. (\"]\"):rep(300) local t = 1 for i = 1, 300 do t = { t "
                         "} end ctx:emit(\"out@1\", { no = \"1\", t = t })",
                         "{}"),
               "deeper than 128"));
}

static void what_would_let_a_script_out_is_not_there(void **state)
{
    (void)state;
    static const char *const names[] = {"os",         "io",       "debug",  "package",       "load",
                                        "loadstring", "loadfile", "dofile", "collectgarbage"};
    for (size_t i = 0; i < TL_COUNT_OF(names); i++) {
        char text[100];
        snprintf(text, sizeof text, "return { f = function() return %s end }", names[i]);
        assert_true(case_errors("lib/x.lua", text)[0] != '\0');
        snprintf(text, sizeof text, "local ok, why = pcall(function() return _G[\"%s\"] end) ctx:log(tostring(ok))",
                 names[i]);
        assert_says(text, "false");
    }
    assert_says(
        "ctx:log(tostring(_G.string.dump)) ctx:log(tostring(_G.math.random)) ctx:log(tostring(getmetatable(\"\")))",
        "nil|nil|string");
    assert_non_null(strstr(case_says("_G.x = 1", "{}"), "'x' is written"));
    assert_non_null(strstr(case_says("rawset(_G, \"x\", 1)", "{}"), "protected"));
    assert_non_null(strstr(case_says("string.upper = 1", "{}"), "frozen"));
    assert_non_null(strstr(case_says("rawset(string, \"upper\", 1)", "{}"), "frozen"));
    assert_non_null(strstr(case_says("ctx.emit = 1", "{}"), "ctx cannot be changed"));
    assert_non_null(strstr(case_says("setmetatable({}, { __gc = print })", "{}"), "__gc is not allowed"));
    assert_non_null(strstr(case_says("setmetatable({}, { __mode = \"k\" })", "{}"), "__mode is not allowed"));
    assert_non_null(strstr(case_says("setmetatable(_G, {})", "{}"), "protected"));
    assert_non_null(strstr(case_says("return \"10\" + 1", "{}"), "arithmetic"));
    assert_true(case_errors("lib/x.lua", "\x1bLua")[0] != '\0');
}

static void file_level_state_is_frozen_after_load(void **state)
{
    (void)state;
    const char *head = "local seen = { list = {}, n = 1 } local json = require \"json\"";
    assert_non_null(strstr(case_says_with(head, "seen.n = 2", "{}"), "frozen"));
    assert_non_null(strstr(case_says_with(head, "seen.list[1] = 2", "{}"), "frozen"));
    assert_non_null(strstr(case_says_with(head, "table.insert(seen.list, 2)", "{}"), "frozen"));
    assert_non_null(strstr(case_says_with(head, "table.sort(seen.list)", "{}"), "frozen"));
    assert_non_null(strstr(case_says_with(head, "rawset(seen, \"x\", 1)", "{}"), "frozen"));
    assert_non_null(strstr(case_says_with(head, "seen.n = null", "{}"), "frozen"));
    assert_non_null(strstr(case_says_with(head, "json.encode = nil", "{}"), "frozen"));
    assert_string_equal(case_says_with("local t = { 3, 1, 2, x = { y = array() } } local json = require \"json\"",
                                       "local s = 0 for _, v in ipairs(t) do s = s + v end local c = {} for k, v in "
                                       "pairs(t) do c[#c + 1] = tostring(k) end ctx:log(s .. #t .. table.concat(c) .. "
                                       "json.encode(t.x) .. select(\"#\", table.unpack(t)) .. rawlen(t) .. "
                                       "tostring(next(t)) .. rawget(t, 2))",
                                       "{}"),
                        "63123x{\"y\":[]}3311");
    assert_string_equal(
        case_says_with("local C = {} C.__index = C function C.new(x) return setmetatable({ x = x }, C) end "
                       "function C:get() return self.x end",
                       "ctx:log(tostring(C.new(5):get()))", "{}"),
        "5");
}

static void patterns_match_as_in_stock_lua(void **state)
{
    (void)state;
    assert_says("ctx:log(tostring((\"hello world\"):find(\"o w\"))) ctx:log((string.match(\"key = value\", "
                "\"^(%w+)%s*=%s*(%w+)$\")))"
                " ctx:log((\"x\"):rep(3, \",\"))",
                "5|key|x,x,x");
    assert_says("ctx:log((\"THE (quick) fox\"):find(\"%((%a+)%)\") .. \"\")", "5");
    assert_says("ctx:log((string.gsub(\"hello world\", \"(%w+)\", \"<%1>\")))", "<hello> <world>");
    assert_says("ctx:log((string.gsub(\"abc\", \"%w\", \"%0%0\")))", "aabbcc");
    assert_says("ctx:log((string.gsub(\"$name is $x\", \"%$(%w+)\", { name = \"Lua\" })))", "Lua is $x");
    assert_says("ctx:log((string.gsub(\"abc\", \"\", \"-\")))", "-a-b-c-");
    assert_says("local s = \"\" for k, v in string.gmatch(\"a=1, b=2\", \"(%w+)=(%w+)\") do s = s .. k .. v "
                "end ctx:log(s)",
                "a1b2");
    assert_says("ctx:log((\"f(a(b)c)d\"):match(\"%b()\")) ctx:log((\"THE (quick) fox\"):gsub(\"%f[%a]%a+\", "
                "\"X\") .. \"\")",
                "(a(b)c)|X (X) X");
    assert_says("ctx:log((\"[[x]]\"):match(\"[^%[%]]+\")) ctx:log((\"a.b\"):match(\"^(.-)%.\"))", "x|a");
    assert_says("ctx:log(tostring((\"abab\"):match(\"^(ab)%1$\"))) ctx:log(tostring((\"\"):match(\".*\") == \"\"))",
                "ab|true");
    assert_says("ctx:log(tostring((\"abc\"):find(\"b\", -1))) ctx:log(tostring((\"abc\"):match(\"()c()\")))", "nil|3");
    assert_says("ctx:log(tostring((\"a]c\"):find(\"[]]\"))) ctx:log(tostring((\"a-c\"):find(\"[a%-]\", 2)))", "2|2");
    assert_non_null(strstr(case_says("return (\"x\"):find(\"[a\")", "{}"), "missing ']'"));
    assert_non_null(strstr(case_says("return (\"x\"):find(\"%\")", "{}"), "ends with '%'"));
}

static void sorting_is_stable_and_refuses_gaps(void **state)
{
    (void)state;
    assert_says("local t = {} for i = 1, 200 do t[i] = { k = i % 3, i = i } end table.sort(t, function(a, b) "
                "return a.k < "
                "b.k end) local ok = true for i = 2, 200 do if t[i - 1].k == t[i].k and t[i - 1].i > t[i].i "
                "then ok = "
                "false end end ctx:log(tostring(ok)) local u = { 3, 1, 2 } table.sort(u) "
                "ctx:log(table.concat(u, \",\"))",
                "true|1,2,3");
    assert_says("local t = { 1, 2, 3 } table.insert(t, 4) table.insert(t, 1, 0) local r = table.remove(t) local f = "
                "table.remove(t, 1) ctx:log(r .. f .. table.concat(t) .. tostring(table.remove({}))) "
                "ctx:log(table.concat(table.move({ 1, 2, 3 }, 1, 3, 2)))",
                "40123nil|1123");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runaway_ends_at_its_cpu_budget),
        cmocka_unit_test(a_hoarder_ends_at_its_memory),
        cmocka_unit_test(what_it_makes_outside_of_lua_counts),
        cmocka_unit_test(names_that_do_not_exist_are_not_remembered),
        cmocka_unit_test(a_stopped_run_does_not_hurt_the_next),
        cmocka_unit_test(deep_recursion_is_an_error_of_the_script),
        cmocka_unit_test(what_would_let_a_script_out_is_not_there),
        cmocka_unit_test(file_level_state_is_frozen_after_load),
        cmocka_unit_test(patterns_match_as_in_stock_lua),
        cmocka_unit_test(sorting_is_stable_and_refuses_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
