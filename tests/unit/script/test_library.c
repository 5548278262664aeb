/* The standard library that integrators require. */
#include "script_case.h"
#include <string.h>

static void says(const char *module, const char *body, const char *expected)
{
    char head[200];
    snprintf(head, sizeof head, "local m, json = require \"%s\", require \"json\"", module);
    assert_string_equal(case_says_with(head, body, "{}"), expected);
}

static void text_knows_utf8(void **state)
{
    (void)state;
    says("text", "ctx:log(m.upper(\"Malmö\") .. m.lower(\"ÄÖ\") .. m.length(\"Malmö\") .. m.first(\"öäü\", 2))",
         "MALMÖäö5öä");
    says("text",
         "ctx:log(m.trim(\"  a b \") .. #m.split(\"a;;b\", \";\") .. #m.words(\" a b  c\") .. "
         "tostring(m.ends(\"abc\", \"bc\")))",
         "a b33true");
}

static void paths_get_and_set(void **state)
{
    (void)state;
    says("paths",
         "local d = { a = { b = { { c = 5 } } } } ctx:log(m.get(d, \"a.b[1].c\") .. m.get(d, \"a.x.y\", "
         "\"none\"))"
         " m.set(d, \"q.r\", 7) ctx:log(tostring(d.q.r)) m.set(d, \"q.s\", null) "
         "ctx:log(tostring(isnull(d.q, \"s\")))"
         " ctx:log(m.get({ [\"@a.b\"] = 1 }, { \"@a.b\" }) .. \"\")",
         "5none|7|true|1");
    assert_string_equal(case_says_with("local m, json = require \"paths\", require \"json\"",
                                       "local d = m.set({}, \"lines[1].no\", 1) ctx:log(json.encode(m.copy(d))) "
                                       "ctx:log(tostring((pcall(m.set, d, \"lines[3]\", 1)))) "
                                       "ctx:log(tostring((pcall(m.set, d, \"lines[1].no.x\", 1))))",
                                       "{}"),
                        "{\"lines\":[{\"no\":1}]}|false|false");
    says("paths", "ctx:log(tostring(m.copy({ a = 1 }).a))", "1");
}

static void copies_keep_nulls(void **state)
{
    (void)state;
    says("paths",
         "ctx:log(json.encode(m.pick(json.decode [[{\"a\":null,\"b\":[],\"c\":1}]], { \"a\", \"b\", \"d\" })))",
         "{\"a\":null,\"b\":[]}");
    says("paths", "ctx:log(json.encode(m.copy(json.decode [[{\"a\":null,\"b\":[],\"c\":{}}]])))",
         "{\"a\":null,\"b\":[],\"c\":{}}");
}

static void dates_know_zones(void **state)
{
    (void)state;
    says("dates", "ctx:log(m.in_zone(\"2024-05-17T07:42:31Z\", \"Europe/Berlin\"))", "2024-05-17T09:42:31+02:00");
    says("dates", "ctx:log(m.from_local(\"2024-01-17T09:00:00\", \"America/New_York\"))", "2024-01-17T09:00:00-05:00");
    says("dates",
         "ctx:log(m.from_local(\"2024-10-27T02:30:00\", \"Europe/Berlin\")) "
         "ctx:log(m.from_local(\"2024-10-27T02:30:00\", \"Europe/Berlin\", \"later\"))",
         "2024-10-27T02:30:00+02:00|2024-10-27T02:30:00+01:00");
    says("dates",
         "ctx:log(m.utc(\"2024-05-17T09:42:31.500+02:00\")) ctx:log(m.format(\"2024-05-17T09:42:31+02:00\", "
         "\"salesforce\"))",
         "2024-05-17T07:42:31.500Z|2024-05-17T07:42:31.000+0000");
    says("dates",
         "ctx:log(m.add(\"2024-01-31\", { months = 1 }) .. m.days(\"2024-02-28\", \"2024-03-01\") .. "
         "m.weekday(\"2024-05-17\") .. m.day(\"2024-05-17T23:30:00Z\", \"Europe/Berlin\"))",
         "2024-02-29252024-05-18");
    says("dates", "local _, e1 = ctx:try(m.utc, \"yesterday\") ctx:log(e1.class)", "data");
    assert_non_null(strstr(
        case_says_with("local m = require \"dates\"", "m.in_zone(\"2024-05-17T07:42:31Z\", \"Mars/Base\")", "{}"),
        "Mars/Base"));
}

static void enums_read_and_write(void **state)
{
    (void)state;
    says("enums",
         "local e1 = m.enum({ open = \"new\", done = { \"shipped\", \"closed\" } }, \"status\") "
         "ctx:log(e1.read(\"closed\") .. "
         "e1.write(\"done\") .. e1.read(\"?\", \"other\")) local _, err = ctx:try(e1.read, \"x\") "
         "ctx:log(err.class .. err.message)",
         "doneshippedother|datastatus: 'x' is not known");
}

static void decimals_do_money(void **state)
{
    (void)state;
    says("decimals",
         "ctx:log(tostring(m.money(decimal \"10.005\", \"EUR\", \"half-up\"))) "
         "ctx:log(tostring(m.money(decimal \"10.5\", \"JPY\", \"half-even\"))) "
         "ctx:log(tostring(m.sum({ { a = decimal \"0.1\" }, { a = 2 } }, function(x) return x.a end))) "
         "ctx:log(tostring(m.percent(decimal \"19.99\", 19, 2, \"half-up\")))",
         "10.01|10|2.1|3.80");
}

static void lookups_are_held_by_the_host(void **state)
{
    (void)state;
    struct tl_bundle_file files[] = {
        {"integration.lua", TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}")},
        {"lib/x.lua",
         TL_STR("local l = require \"lookups\" local r = l.table_of(\"r\")\n"
                "assert(r(\"a,b\").name == 'x \"y\"' and r(\"n\", \"name\") == \"1\" and r(\"none\") == nil)\n"
                "local j = l.table_of(\"j\") assert(j(\"k\")[1] == 7 and j(12, \"z\") == 1)\nreturn l")},
        {"lookups/r.csv", TL_STR("key,name\r\n\"a,b\",\"x \"\"y\"\"\"\r\nn,1\r\n")},
        {"lookups/j.json", TL_STR("{\"k\":[7],\"12\":{\"z\":1}}")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    size_t count;
    assert_int_equal(tl_bundle_load_files(files, 4, &options, &bundle, NULL), TL_OK);
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    if (count)
        fail_msg("%s:%d %s", f[0].place.file, f[0].place.line, f[0].text);
    tl_bundle_free(bundle);
    assert_non_null(strstr(case_errors("lookups/bad.csv", "a,b\n1,2,3\n"), "lookups/bad.csv:2 a row of 3 fields"));
    assert_non_null(strstr(case_errors("lookups/bad.csv", "a,b\n\"1\n\",2\n3,\"x\n"), "line 4: a quoted field"));
    assert_non_null(strstr(case_errors("lookups/bad.csv", "a,b\n1,\"\n\"\n\n1,2\n"), "lookups/bad.csv:5 the key '1'"));
    assert_non_null(
        strstr(case_errors("lib/x.lua", "return require(\"lookups\").table_of(\"none\")"), "no lookup table"));
}

static void maps_say_which_field_is_wrong(void **state)
{
    (void)state;
    const char *head = "local t = map \"order@1 <- crm.Deal\" { n = as.integer(\"N\"), d = as.decimal(\"D\", "
                       "{ scale = 2 }), "
                       "e = as.enum(\"E\", { a = \"A\" }), o = as.object(\"O\", { x = as.text(\"X\", { "
                       "required = true }) }), "
                       "l = as.list(\"L\", { q = as.boolean(\"Q\") }), t = as.timestamp(\"T\", { zone = "
                       "\"Europe/Berlin\" }), "
                       "w = as.when(function(s) return s.W end, as.const(1)) } local json = require \"json\"";
    assert_string_equal(
        case_says_with(head, "ctx:log(json.encode(t(e.data)))",
                       "{\"N\":\"12\",\"D\":\"1.000\",\"E\":\"A\",\"O\":{\"X\":5},\"L\":[{\"Q\":\"true\"}],"
                       "\"T\":\"2024-05-17T07:42:31Z\",\"W\":true}"),
        "{\"d\":1.00,\"e\":\"a\",\"l\":[{\"q\":true}],\"n\":12,\"o\":{\"x\":\"5\"},"
        "\"t\":\"2024-05-17T09:42:31+02:00\",\"w\":1}");
    assert_string_equal(
        case_says_with("local json, t = require \"json\", map \"order@1 <- crm.D\" { d = as.decimal(\"D\", { "
                       "scale = 2, round = \"half-even\" }) }",
                       "ctx:log(json.encode(t(e.data)))", "{\"D\":1.005}"),
        "{\"d\":1.00}");
    assert_string_equal(case_says_with(head, "ctx:log(json.encode(t(e.data)))", "{\"N\":null}"),
                        "{\"l\":[],\"n\":null}");
    static const char *const wrong[][2] = {
        {"{\"N\":1.5}", "data: n: '1.5' is not a whole number"},
        {"{\"E\":\"B\"}", "data: e: 'B' is not one of the known values"},
        {"{\"O\":{}}", "data: o.x: there is no value at X"},
        {"{\"L\":[{\"Q\":3}]}", "data: l[].q: '3' is not true or false"},
        {"{\"D\":1.005}", "data: d: '1.005' has more than 2 digits after the point; say how it "
                          "is rounded: { scale = 2, round"},
        {"{\"L\":{\"Q\":true}}", "data: l: at L stands an object with 'Q', and not a list"},
        {"{\"L\":{\"results\":[]}}", "and not a list; the list is at L.results"},
        {"{\"O\":[{\"X\":1}]}", "data: o: at O stands a list, and not an object"},
        {"{\"O\":\"x\"}", "data: o: at O stands the text 'x', and not an object"}};
    for (size_t i = 0; i < TL_COUNT_OF(wrong); i++)
        assert_non_null(strstr(case_says_with(head, "t(e.data)", wrong[i][0]), wrong[i][1]));
    /* and nothing is said of what the file did not come to */
    case_refuses("maps.lua", "\nmap \"order@1 <- crm.D\" { a = as.integr(\"x\") }", 2, "there is no as.integr");
    assert_non_null(
        strstr(case_errors("maps/x.lua", "return map \"order@1 <- crm.D\" { a = as.date(\"x\", { zon = 1 }) }"),
               "unknown option 'zon'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_knows_utf8),
        cmocka_unit_test(paths_get_and_set),
        cmocka_unit_test(copies_keep_nulls),
        cmocka_unit_test(dates_know_zones),
        cmocka_unit_test(enums_read_and_write),
        cmocka_unit_test(decimals_do_money),
        cmocka_unit_test(lookups_are_held_by_the_host),
        cmocka_unit_test(maps_say_which_field_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
