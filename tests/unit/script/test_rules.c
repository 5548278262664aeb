/* Rules 1, 2, 8 and 10 of the Lua face: what check refuses, with file and line. */
#include "script_case.h"
#include <string.h>

#define FLOW(body) "flow \"f\" { on = \"in@1\", steward = \"s\", run = function(ctx, e)\n" body "\nend }"

static void refuses_a_key_that_is_unknown(void **state)
{
    (void)state;
    case_refuses("flows/f.lua",
                 "flow \"f\" {\n  on = \"in@1\",\n  stewart = \"s\",\n  steward = \"s\",\n  run = "
                 "function() end }",
                 3, "did you mean 'steward'?");
    case_refuses("integration.lua",
                 "integration \"t\" { steward = \"s\" } steward \"s\" { }\nsystem \"crm\" { connector = \"a@1\" }\n"
                 "system \"erp\" {\n connector = \"o@1\",\n limits = {\n  concurent = 3 } }",
                 6, "did you mean 'concurrent'?");
}

static void refuses_a_key_that_stands_twice(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", "flow \"f\" { on = \"in@1\", steward = \"s\",\n on = \"in@1\", run = function() end }",
                 2, "'on' stands twice");
    case_refuses("lib/x.lua", "return { a = 1, b = { a = 2 }, [\"a\"] = 3 }", 1, "'a' stands twice");
    case_refuses("lib/x.lua", "return { f = function(g) if g then g() end end, f = 2 }", 1, "'f' stands twice");
    case_accepts("lib/x.lua", "return { f = function(o, p) o, p = p, o repeat o, p = p, o until p return o, p end }");
    case_accepts("lib/x.lua",
                 "return { a = 1, b = { a = 2 }, c = { a = 3, f = function() local a = 1 return a end } }");
}

static void refuses_a_key_that_is_missing(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", "\nflow \"f\" { on = \"in@1\", run = function() end }", 2, "'steward' is missing");
    case_refuses("entities.lua",
                 "entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\" }", 1,
                 "'owner' is missing");
    case_refuses("entities.lua", "entity \"order@1\" { steward = \"s\", key = \"no\", owner = \"crm\" }", 1,
                 "'contract' is missing");
    assert_non_null(strstr(case_errors("events.lua", "event \"in@1\" { key = \"no\", steward = \"s\" }"),
                           "events.lua:1 event \"in@1\": 'contract' is missing"));
    assert_non_null(
        strstr(case_errors("events.lua", "event \"in@1\" { contract = \"contracts/o.json\", key = \"no\" }"),
               "'steward' is missing"));
}

static void refuses_a_value_of_another_type(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", "flow \"f\" { on = \"in@1\", steward = \"s\", latest = \"yes\", run = function() end }",
                 1, "'latest' must be true or false, not string");
}

#define ROUTED                                                                                                         \
    "system \"de\" { kind = \"books\", connector = \"odata@1\" }\n"                                                    \
    "system \"us\" { kind = \"books\", connector = \"odata@1\" }\n"                                                    \
    "route \"books\" { by = \"companycode\", to = { [\"1\"] = \"de\" }, otherwise = \"us\" }\n"

/* Everything would go to `otherwise`. */
static void refuses_a_route_by_what_is_not_there(void **state)
{
    (void)state;
    case_refuses("flows/f.lua",
                 ROUTED "every \"02:00 UTC\" { name = \"n\", steward = \"s\",\n"
                        "run = function(ctx) ctx.books:credit_status{ n = 1 } end }",
                 4, "ctx.books is routed by /companycode, and a tick has no such field: name the system");
    case_accepts("flows/f.lua", ROUTED FLOW("ctx.books:credit_status{ n = 1 }"));
    static const char closed[] =
        "{\"type\":\"object\",\"properties\":{\"no\":{},\"company_code\":{}},\"additionalProperties\":false}";
    assert_non_null(
        strstr(case_errors_beside("contracts/o.json", closed, "flows/f.lua", ROUTED FLOW("ctx.books:credit_status{}")),
               "route \"books\" is by /companycode, which the contract of \"in@1\" does not have"));
}

static void refuses_a_declaration_without_body(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", "\nflow \"f\"", 2, "has no body");
    case_refuses("flows/f.lua", "\nlocal x = flow \"f\"", 2, "has no body");
}

static void refuses_a_name_without_version(void **state)
{
    (void)state;
    case_refuses("events.lua", "event \"in\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }", 1,
                 "carry a version");
}

static void refuses_a_body_that_is_none(void **state)
{
    (void)state;
    assert_non_null(strstr(case_errors("flows/f.lua", "flow \"f\" \"g\""), "a string instead of a table"));
    case_refuses("flows/f.lua", "flow { on = \"in@1\" }", 1, "needs a name first");
    case_refuses("flows/f.lua",
                 "flow \"f\" { { on = \"in@1\" }, on = \"in@1\", steward = \"s\", run = function() end }", 1,
                 "a value without a name");
    case_refuses("flows/f.lua", "flow \"\" { on = \"in@1\", steward = \"s\", run = function() end }", 1,
                 "a name is text of 1 to 200 bytes");
    case_refuses("flows/f.lua", "flow \"a/b\" { on = \"in@1\", steward = \"s\", run = function() end }", 1,
                 "without '/'");
    case_refuses("flows/f.lua", "flwo \"f\" { on = \"in@1\" }", 1, "did you mean 'flow'?");
    assert_non_null(strstr(case_says("flow \"g\" { }", "{}"), "declarations are made while files load"));
    assert_non_null(strstr(case_says("require \"dates\"", "{}"), "require it at the top"));
}

static void refuses_durations_without_a_unit(void **state)
{
    (void)state;
    static const char *const calls[] = {"ctx:sleep(\"10\")",
                                        "ctx:sleep(10)",
                                        "ctx:sleep \"3 days\"",
                                        "ctx:await{ \"in@1\", within = \"1.5h\" }",
                                        "ctx:await({ \"in@1\", within = \"-1h\" })",
                                        "ctx:decide{ \"a\", \"b\", due = \"1H\" }",
                                        ("ctx:gather({ a = function() local x = 1 return x end, b = { \"erp\", "
                                         "\"credit_status\", {} } }, { within = 5 })")};
    for (size_t i = 0; i < TL_COUNT_OF(calls); i++) {
        char text[400];
        snprintf(text, sizeof text, "flow \"f\" { on = \"in@1\", steward = \"s\", run = function(ctx, e)\n%s\nend }",
                 calls[i]);
        case_refuses("flows/f.lua", text, 2, "duration");
    }
    case_accepts("flows/f.lua", FLOW("local n = 5 ctx:sleep(n .. \"m\") ctx:sleep(\"1\" .. \"m\") ctx:sleep(\"2w\")\n"
                                     "ctx:await{ \"in@1\", within = e.data.wait or \"1d\", when = function(ev)\n"
                                     "local a, b = 1, 2 b = a; return b end }"
                                     " ctx:decide{ \"a\", due = \"1\" .. \"d\" }"));
    case_refuses("flows/f.lua",
                 "flow \"f\" { on = \"in@1\", steward = \"s\", deadline = \"10\", run = function() end }", 1,
                 "deadline");
}

static void names_the_nearest_word(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", "flow \"f\" { on = \"inn@1\", steward = \"s\", run = function() end }", 1,
                 "did you mean \"in@1\"?");
    case_refuses("flows/f.lua",
                 "flow \"f\" { on = \"in@1\", steward = \"s\", priority = \"urgnt\", run = function() end }", 1,
                 "did you mean \"urgent\"?");
    case_refuses("flows/f.lua", FLOW("ctx:emitt(\"out@1\", {})"), 2, "did you mean ctx:emit?");
    case_refuses("flows/f.lua", FLOW("ctx.epr:credit_status{}"), 2, "did you mean ctx.erp?");
    case_accepts("flows/f.lua", FLOW("local two = e.data.two local a, b = two(ctx, e) ctx:log(a.x .. b.type)"));
    case_accepts("flows/f.lua", FLOW("local two = e.data.two local a, b = two(ctx.erp, e) b:x()"));
    case_refuses("flows/f.lua", FLOW("ctx.erp:credit_statu{}"), 2, "did you mean 'credit_status'?");
    case_refuses("flows/f.lua", FLOW("return tostrin(1)"), 2, "did you mean 'tostring'?");
    case_refuses("flows/f.lua", FLOW("return string.lowr(\"X\")"), 2, "did you mean 'lower'?");
    case_refuses("flows/f.lua", FLOW("return math.random(3)"), 2, "chance comes from ctx:random");
    case_refuses("flows/f.lua", FLOW("return string.dump(print)"), 2, "string has no 'dump'");
    case_refuses("flows/f.lua", FLOW("ctx:emit(\"outt@1\", {})"), 2, "did you mean \"out@1\"?");
    case_refuses("flows/f.lua", FLOW("ctx.erp:put(\"ordr@1\", e.data)"), 2, "did you mean \"order@1\"?");
    case_refuses("flows/f.lua", FLOW("ctx:await{ \"in@1\",\nwithn = \"1d\" }"), 3, "did you mean 'within'?");
    case_refuses("flows/f.lua", FLOW("ctx:decide{ \"a\", \"b\", duee = \"1d\" }"), 2, "did you mean 'due'?");
    case_refuses("flows/f.lua", FLOW("ctx.erp:put(\"order@1\", { a = { b = 1 }, undoo = 1 }, { undoo = print })"), 2,
                 "did you mean 'undo'?");
    case_refuses("flows/f.lua", FLOW("ctx.erp:pay({ name = 1, what = 2 },\n{ nam = \"x\" })"), 3,
                 "did you mean 'name'?");
    case_refuses("flows/f.lua", FLOW("ctx:each({ 1 }, { at_mst = 2 }, print)"), 2, "did you mean 'at_most'?");
}

static void refuses_dots_for_colons(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", FLOW("ctx.emit(\"out@1\", {})"), 2, "write ctx:emit");
    case_refuses("flows/f.lua", FLOW("ctx.erp.credit_status{}"), 2, "write ctx.erp:credit_status");
}

static void reports_every_finding_and_not_only_the_first(void **state)
{
    (void)state;
    const char *errors = case_errors("flows/f.lua", "flow \"f\" { onn = \"in@1\",\n stewrd = \"s\",\n runn = 1 }");
    assert_non_null(strstr(errors, "f.lua:1 flow \"f\": unknown key 'onn'"));
    assert_non_null(strstr(errors, "f.lua:2 flow \"f\": unknown key 'stewrd'"));
    assert_non_null(strstr(errors, "f.lua:3 flow \"f\": unknown key 'runn'"));
    assert_non_null(strstr(errors, "'run' is missing"));
}

static void gives_place_and_call_chain_of_an_error_while_loading(void **state)
{
    (void)state;
    struct tl_bundle_file files[] = {
        {"integration.lua",
         TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\nlocal lib = require \"l\"\nlib.f()")},
        {"lib/l.lua", TL_STR("local M = {}\nfunction M.f()\n  local t = nil\n  return t.x\nend\nreturn M")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    struct tl_error err;
    assert_int_equal(tl_bundle_load_files(files, 2, &options, &bundle, &err), TL_OK);
    size_t count;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    assert_int_equal(count, 1);
    assert_string_equal(f[0].place.file, "lib/l.lua");
    assert_int_equal(f[0].place.line, 4);
    assert_non_null(strstr(f[0].chain, "integration.lua:3"));
    tl_bundle_free(bundle);
}

static void refuses_globals(void **state)
{
    (void)state;
    case_refuses("lib/x.lua", "local M = {}\nfunction M.f()\n  count = 1\nend\nreturn M", 3, "'count' is written");
    case_refuses("lib/x.lua", "local M = {}\nfunction M.f() return conut end\nreturn M", 2, "unknown global 'conut'");
    case_refuses("lib/x.lua", "local M = {}\nfunction M.f() return os.time() end\nreturn M", 2, "ctx:now()");
    case_refuses("lib/x.lua", "local M = {}\nfunction M.f() return ctx end\nreturn M", 2, "first parameter");
}

static void refuses_functions_that_assign_to_a_local_of_the_file(void **state)
{
    (void)state;
    case_refuses("lib/x.lua", "local seen = 0\nlocal M = {}\nfunction M.f()\n  seen = seen + 1\nend\nreturn M", 4,
                 "assigns to 'seen', a local of the file");
    case_refuses("lib/x.lua",
                 "local function counter()\n local n = 0\n return function()\n  n = n + 1 return n end\nend\n"
                 "return { next = counter() }",
                 4, "assigns to 'n'");
    case_accepts("lib/x.lua", "local function sum(t)\n local n = 0\n local function add(x) n = n + x end\n for _, x in "
                              "ipairs(t) do add(x) end\n return n end\nreturn { sum = sum }");
}

static void refuses_what_goes_on_from_run_to_run(void **state)
{
    (void)state;
    case_refuses("lib/x.lua",
                 "\nlocal co = coroutine.wrap(function() coroutine.yield(1) end)\nreturn { f = function() return "
                 "co() end }",
                 2, "coroutine or iterator that outlives the load");
    case_refuses("lib/x.lua", "local M = {}\nM.co = coroutine.create(print)\nreturn M", 2, "outlives the load");
    case_refuses("lib/x.lua",
                 "local next_word = (\"a b\"):gmatch(\"%a\")\nreturn { f = function() return next_word() end }", 1,
                 "outlives the load");
    case_refuses("lib/x.lua", "return { next = pairs({ a = 1 }) }", 1, "outlives the load");
    case_accepts("lib/x.lua",
                 "local n = 0 for k in pairs({ a = 1 }) do n = n + 1 end\nfor w in (\"a\"):gmatch(\".\") do n = n + 1 "
                 "end\nlocal co = coroutine.wrap(function() return 1 end) co()\nreturn { n = n }");
}

static void says_where_a_decimal_is_compared_with_a_number(void **state)
{
    (void)state;
    static const char *const flagged[] = {"e.data.x == 10.5", "10.5 == e.data.x", "e.data.x ~= 1e3",
                                          "e.data.x == 10.0"};
    for (size_t i = 0; i < TL_COUNT_OF(flagged); i++) {
        char text[200];
        snprintf(text, sizeof text, "return { f = function(e)\nreturn %s end }", flagged[i]);
        assert_non_null(strstr(case_warnings("lib/x.lua", text), "lib/x.lua:2 == with a number that has a fraction"));
    }
    assert_null(
        strstr(case_warnings("lib/x.lua", "return { f = function(e)\nreturn e.data.x == 10 end }"), "lib/x.lua:2"));
    const char *o = "{\"type\":\"object\",\"properties\":{\"total\":{\"type\":\"number\"},\"n\":{\"type\":\"integer\"},"
                    "\"lines\":{\"items\":{\"properties\":{\"price\":{\"type\":[\"number\",\"null\"]}}}}}}";
    struct tl_bundle_file files[] = {
        {"integration.lua",
         TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\nevent \"in@1\" { contract = "
                "\"contracts/o.json\", key = \"n\", steward = \"s\" }")},
        {"contracts/o.json", tl_str_z(o)},
        {"flows/f.lua", TL_STR(FLOW("if e.data.total == 0 then end\nif e.data.lines[1].price ~= 5 then end\n"
                                    "if e.data.n == 0 or #e.data.lines == 0 then end"))}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    assert_int_equal(tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, NULL), TL_OK);
    size_t count;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    assert_int_equal(count, 2);
    assert_int_equal(f[0].place.line, 2);
    assert_int_equal(f[0].severity, TL_FINDING_WARNING);
    assert_non_null(strstr(f[0].text, "'total' is a number by contracts/o.json"));
    assert_int_equal(f[1].place.line, 3);
    tl_bundle_free(bundle);
}

/* Findings of the flow as "line severity text\n"; static. Contract: total is a number, n an integer. */
static const char *numbers_of(const char *body)
{
    static char out[4000], text[2000];
    const char *o = "{\"type\":\"object\",\"properties\":{\"total\":{\"type\":[\"number\",\"null\"]},\"n\":{\"type\":"
                    "\"integer\"},\"any\":{}}}";
    snprintf(text, sizeof text, FLOW("%s"), body);
    struct tl_bundle_file files[] = {
        {"integration.lua",
         TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\nevent \"in@1\" { contract = "
                "\"contracts/o.json\", key = \"n\", steward = \"s\" }")},
        {"contracts/o.json", tl_str_z(o)},
        {"flows/f.lua", tl_str_z(text)}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    size_t count, len = 0;
    assert_int_equal(tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, NULL), TL_OK);
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%d %s %s\n", f[i].place.line,
                                f[i].severity == TL_FINDING_ERROR ? "error" : "warning", f[i].text);
    tl_bundle_free(bundle);
    return out;
}

static void says_where_a_local_is_compared_with_a_number(void **state)
{
    (void)state;
    const char *found = numbers_of("local amount = e.data.total\nif amount == 0 then end");
    assert_non_null(strstr(found, "3 warning 'amount' is a number by contracts/o.json: what came with a fraction is a "
                                  "decimal, and never == 0"));
    assert_non_null(strstr(numbers_of("local a = e.data.total\nctx:all { x = function() return a ~= 70000 end }"),
                           "3 warning 'a' is a number"));
    assert_string_equal(numbers_of("local n, any, total = e.data.n, e.data.any, e.data.total\ntotal = 1\n"
                                   "if n == 0 or any == 0 or total == 0 then end"),
                        "");
}

static void refuses_floats_in_money(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"local net = e.data.total\nlocal gross = net * 1.19",
         "3 error a number of contracts/o.json and the float 1.19"},
        {"local net = e.data.total\nlocal gross = 1.19 * net",
         "3 error a number of contracts/o.json and the float 1.19"},
        {"local x = 100.0 - e.data.total", "2 error a number of contracts/o.json and the float 100"},
        {"local rate, net = 0.19, e.data.total\nlocal tax = net * rate",
         "3 error a number of contracts/o.json and the float 0.19"},
        {"local cents = e.data.n * 0.01", "2 error a number of contracts/o.json and the float 0.01"},
        {"local third = e.data.total / 3", "2 error a number of contracts/o.json is divided"}};
    for (size_t i = 0; i < TL_COUNT_OF(wrong); i++)
        if (!strstr(numbers_of(wrong[i][0]), wrong[i][1]))
            fail_msg("%s\nexpected %s, got:\n%s", wrong[i][0], wrong[i][1], numbers_of(wrong[i][0]));
    assert_string_equal(
        numbers_of("local net = e.data.total\nlocal a, b, c = net * decimal \"1.19\", net * 2, e.data.n / 2\n"
                   "local d = 0.5 * 3 local f = e.data.any * 1.5"),
        "");
}

static void refuses_names_of_later_packages(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", FLOW("ctx:accept(\"out@1\", {})"), 2, "endpoints package");
    case_refuses("flows/f.lua", FLOW("ctx:undo(function() end)"), 2, "give the effect its undo");
    case_refuses("flows/f.lua", "sync \"order@1\" { }", 1, "entities package");
    case_refuses("apis/x.lua", "endpoint \"GET /x\" { }", 1, "endpoints package");
    case_refuses("lenses/x.lua", "return map \"order@1 <-> crm.Order\" { a = \"b\" }", 1, "is the title of a lens");
}

static void says_what_is_accepted_but_not_enforced(void **state)
{
    (void)state;
    const char *all = case_warnings("lib/x.lua", "return 1");
    assert_non_null(strstr(all, "enforced with the entities package"));
}

static void accepts_many_steps_in_any_order(void **state)
{
    (void)state;
    case_accepts("flows/f.lua", FLOW("local c = ctx.erp:credit_status{}\nctx:emit(\"out@1\", e.data)\n"
                                     "for i = 1, 2 do ctx.erp:put(\"order@1\", e.data) end\nctx.erp:pay{}\n"
                                     "ctx:sleep(\"1d\") ctx:await{ \"out@1\", within = \"1d\" } ctx:park(\"x\")\n"
                                     "ctx:all{ a = function() ctx.crm:set_status{} end } ctx:keep() ctx:continue()"));
}

static void keeps_the_runs_of_one_value_in_one_line(void **state)
{
    (void)state;
#define WITH(keys) "flow \"f\" { on = \"in@1\", steward = \"s\",\n" keys ", run = function() end }"
    case_accepts("flows/f.lua", WITH("one_per = \"no\", again = \"deliver\""));
    case_accepts("flows/f.lua", WITH("one_per = \"/no\", order = { \"order\", \"no\" }, on_failure = \"compensate\""));
    case_refuses("flows/f.lua", WITH("one_per = \"no\", order = { \"order\", \"/other\" }"), 2, "stand in one line");
    case_refuses("flows/f.lua", WITH("one_per = \"no\", order = { \"o\", function(e) return 1 end }"), 2,
                 "in one line");
    case_refuses("flows/f.lua", WITH("again = \"restart\""), 2, "needs 'one_per'");
    case_refuses("flows/f.lua", WITH("one_per = \"no\", again = \"ignroe\""), 2, "did you mean \"ignore\"?");
    case_refuses("flows/f.lua", WITH("once = \"x\""), 2, "unknown key 'once'");
#undef WITH
}

static void refuses_a_put_without_a_map(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", FLOW("ctx.crm:put(\"order@1\", e.data)"), 2, "no map writes \"order@1\" there");
}

static void refuses_unsafe_operations_without_a_name(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", FLOW("ctx.erp:book{}"), 2, "once = \"invoice:\"");
    case_refuses("flows/f.lua", FLOW("ctx.erp:book()"), 2, "is unsafe");
    case_refuses("flows/f.lua", FLOW("return ctx.erp:book({ a = 1 }, { name = \"x\", undo = function() end })"), 2,
                 "is unsafe");
    case_refuses("flows/f.lua", FLOW("ctx:try(function()\nctx.erp:book{ once = 1 } end)"), 3, "is unsafe");
    case_accepts("flows/f.lua", FLOW("ctx.erp:book({ a = 1 }, { once = \"invoice:\" .. e.key })"));
    case_accepts("flows/f.lua", FLOW("local o = { once = e.key } ctx.erp:book({ a = { b = 1 } }, o)"));
    case_accepts("flows/f.lua", FLOW("ctx.erp:book({ a = 1 }, e.data.o or { once = \"x\" })"));
    case_accepts("flows/f.lua", FLOW("ctx.erp:book({}, e.data.o or {})")); /* told when it runs */
    case_accepts("flows/f.lua", FLOW("ctx.erp:pay{}"));
    case_accepts("flows/f.lua",
                 FLOW("local function two(c, d) return c, d end\n"
                      "local a, b = two(ctx, e.data) return b.order_no or a")); /* b stands where ctx was */
}

static void refuses_events_and_flows_that_nobody_declares(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", FLOW("ctx:await{ \"in@1\",\n\"outt@1\", within = \"1d\" }"), 3,
                 "did you mean \"out@1\"?");
    case_refuses("flows/f.lua", FLOW("ctx:await({ \"inn@1\" })"), 2, "did you mean \"in@1\"?");
    case_refuses("flows/f.lua", FLOW("ctx:start(\"g\", {})"), 2, "no flow \"g\" is declared");
    case_accepts("flows/f.lua", FLOW("ctx:await{ \"in@1\", \"out@1\" } ctx:start(\"f\") ctx:await{ e.data.x }"));
}

static void refuses_declarations_twice(void **state)
{
    (void)state;
    case_refuses("flows/f.lua",
                 "local b = { on = \"in@1\", steward = \"s\", run = function() end }\nflow \"f\" (b)\nflow "
                 "\"f\" (b)",
                 3, "declared twice (first in flows/f.lua:2)");
}

static void refuses_what_refers_to_nothing(void **state)
{
    (void)state;
    case_refuses("flows/f.lua", "flow \"f\" { on = \"in@1\", steward = \"x\", run = function() end }", 1,
                 "there is no steward \"x\"");
    case_refuses("lib/x.lua", "return require \"datez\"", 1, "did you mean dates");
    case_refuses("entities.lua",
                 "entity \"order@1\" { contract = \"contracts/none.json\", steward = \"s\", key = \"no\", "
                 "owner = \"crm\" }",
                 1, "there is no file contracts/none.json");
    case_refuses("maps/m.lua", "return map \"erp.Orders <- order@1\" { Total = \"total\" }", 1, "external key");
}

static void ends_a_file_that_does_not_end(void **state)
{
    (void)state;
    const char *errors =
        case_errors("lib/x.lua", "local s = {}\nfor i = 1, 1e9 do s[i] = (\"x\"):rep(100000) .. i end");
    assert_non_null(strstr(errors, "memory"));
    case_refuses("lib/x.lua", "\nwhile true do end", 2, "takes too much time");
    case_refuses("lib/x.lua", "\ntable.insert(string, 1)", 2, "is frozen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_key_that_is_unknown),
        cmocka_unit_test(refuses_a_key_that_stands_twice),
        cmocka_unit_test(refuses_a_key_that_is_missing),
        cmocka_unit_test(refuses_a_value_of_another_type),
        cmocka_unit_test(refuses_a_route_by_what_is_not_there),
        cmocka_unit_test(refuses_a_declaration_without_body),
        cmocka_unit_test(refuses_a_name_without_version),
        cmocka_unit_test(refuses_a_body_that_is_none),
        cmocka_unit_test(refuses_durations_without_a_unit),
        cmocka_unit_test(names_the_nearest_word),
        cmocka_unit_test(refuses_dots_for_colons),
        cmocka_unit_test(reports_every_finding_and_not_only_the_first),
        cmocka_unit_test(gives_place_and_call_chain_of_an_error_while_loading),
        cmocka_unit_test(refuses_globals),
        cmocka_unit_test(refuses_functions_that_assign_to_a_local_of_the_file),
        cmocka_unit_test(refuses_what_goes_on_from_run_to_run),
        cmocka_unit_test(says_where_a_decimal_is_compared_with_a_number),
        cmocka_unit_test(says_where_a_local_is_compared_with_a_number),
        cmocka_unit_test(refuses_floats_in_money),
        cmocka_unit_test(refuses_names_of_later_packages),
        cmocka_unit_test(says_what_is_accepted_but_not_enforced),
        cmocka_unit_test(accepts_many_steps_in_any_order),
        cmocka_unit_test(keeps_the_runs_of_one_value_in_one_line),
        cmocka_unit_test(refuses_a_put_without_a_map),
        cmocka_unit_test(refuses_unsafe_operations_without_a_name),
        cmocka_unit_test(refuses_events_and_flows_that_nobody_declares),
        cmocka_unit_test(refuses_declarations_twice),
        cmocka_unit_test(refuses_what_refers_to_nothing),
        cmocka_unit_test(ends_a_file_that_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
