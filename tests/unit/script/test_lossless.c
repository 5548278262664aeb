/* Promise 5: what nobody touches leaves as it came, byte for byte, on every way through a flow: what it puts through a
 * map and a lens, emits, decodes and encodes, returns. And what is computed is exact, or says how to be. */
#include "script_case.h"
#include <stdio.h>
#include <string.h>

#define NINES "9999999999999999999999999999999999999999"

/* Values in the form that the codec writes: sorted keys, no blanks, escapes only where JSON demands them. */
static const char *const values[] = {
    /* numbers */
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "12345678901234567890123456789012345678901234567890",
    "0",
    "-0",
    "0.0",
    "-0.00",
    "0.10",
    "19.10",
    "1234567890123.45",
    "0.1234567890123456789012345678901234567890",
    NINES "." NINES,
    "-" NINES ".000000000000000000000000000000000000000001",
    "1e400",
    "1E+400",
    "1e-400",
    "-1.50E-7",
    "1.0",
    "1e0",
    "100e-2",
    "0e0",
    "4.9e-324",
    "2.2250738585072011e-308",
    "0.30000000000000004",
    "3.141592653589793238462643383279502884197",
    /* containers and nothing */
    "[]",
    "{}",
    "null",
    "true",
    "false",
    "[null]",
    "[null,null,1,null]",
    "[[],{},[[]],[{}]]",
    "{\"a\":{}}",
    "{\"a\":[]}",
    "{\"a\":null}",
    "{\"a\":{\"b\":{\"c\":[null,{\"d\":null}]}}}",
    "[1,\"1\",1.0,true,null]",
    "{\"\":\"\"}",
    "{\"1\":1,\"2\":2}",
    "[[1,[2,[3,[4,[5,[6,[7,[8]]]]]]]]]",
    /* text */
    "\"\"",
    "\"\\u0000\"",
    "\"a\\u0000b\\u0000\"",
    "\"\\u0001\\u001f\"",
    "\"\\\"\\\\/\\b\\f\\n\\r\\t\"",
    "\"\x7f\"",
    "\"Malmö\"",
    "\"𝄞 😀 👩‍👩‍👧‍👦\"",
    "\"e\xcc\x81 \xc3\xa9\"",
    "\"שלום עולם\"",
    "\"\xe2\x80\xa8\xe2\x80\xa9\"",
    "\"\xef\xbb\xbf\"",
    "\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"",
    "\"\xed\x9f\xbf\xee\x80\x80\"",
    "\"9007199254740993\"",
    "\"null\"",
    "\" 1 \"",
    "\"</script><!--\"",
    /* keys */
    "{\"\\u0000\":1,\"a\":2}",
    "{\"A\":1,\"B\":2,\"a\":3,\"b\":4}",
    "{\"a\":1,\"aa\":2,\"aaaaaaaa\":3,\"aaaaaaaaa\":4}",
    "{\"a key of more than forty bytes, which Lua holds more than once\":1,\"ä\":2,\"😀\":3}",
    "{\"__index\":1,\"__metatable\":2,\"length\":3,\"n\":4}",
    "{\"a.b\":1,\"a/b\":2,\"a[1]\":3,\"~\":4}",
};

static const struct tl_bundle_file files[] = {
    {"integration.lua",
     TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\n"
            "system \"crm\" { connector = \"salesforce@1\" } system \"erp\" { connector = \"odata@1\" }\n")},
    {"entities.lua",
     TL_STR("entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\", owner = \"crm\" }")},
    {"contracts/o.json", TL_STR("{}")},
    {"maps/m.lua", TL_STR("return map \"erp.Orders <- order@1\" { No = \"no\", V = \"v\", In = { V = \"v\" } }")},
    {"lenses/l.lua",
     TL_STR("return lens \"order@1 <-> crm.Order\" { no = \"No\", v = \"V\", address = { v = \"In.V\" } }")},
    {"events.lua", TL_STR("event \"in@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }\n"
                          "event \"out@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }")},
    {"flows/f.lua",
     TL_STR("local json, l, m = require \"json\", require \"lenses.l\", require \"maps.m\"\n"
            "flow \"f\" { on = \"in@1\", steward = \"s\", run = function(ctx, e)\n"
            "ctx:emit(\"out@1\", e.data)\n"
            "ctx:emit(\"out@1\", l.get(l.put(e.data)))\n"
            "ctx:emit(\"out@1\", json.decode(json.encode(e.data)))\n"
            "local copy = {} for k, v in pairs(e.data) do copy[k] = v end if isnull(e.data, \"v\") then copy.v = null "
            "end\n"
            "ctx:emit(\"out@1\", copy)\n"
            "ctx:all{ erp = function() ctx.erp:put(\"order@1\", e.data) end, crm = function() ctx.crm:put(\"order@1\", "
            "e.data) end }\n"
            "local answer = ctx.crm:read{ v = e.data.v, w = { [\"w\"] = e.data.v } }\n"
            "return answer end }")},
};

struct fixture {
    struct tl_bundle *bundle;
    struct tl_script *script;
};

static void open_fixture(struct fixture *f)
{
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_error err;
    size_t count;
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &f->bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    const struct tl_finding *findings = tl_bundle_findings(f->bundle, &count);
    if (tl_bundle_errors(f->bundle))
        fail_msg("%s:%d %s", findings[0].place.file, findings[0].place.line, findings[0].text);
    if (tl_script_new(f->bundle, NULL, &f->script, &err) != TL_OK)
        fail_msg("%s", err.text);
}

static void close_fixture(struct fixture *f)
{
    tl_script_free(f->script);
    tl_bundle_free(f->bundle);
}

static void is(tl_str text, const char *expected, const char *way)
{
    if (!tl_str_is(text, expected))
        fail_msg("%s:\n%.*s\ninstead of\n%s", way, TL_STR_ARGS(text), expected);
}

static const struct tl_run_outcome *answer(struct tl_run *run, const char *id, const char *document)
{
    struct tl_run_result result = {.id = tl_str_z(id), .ok = true, .document = tl_str_z(document)};
    return tl_run_resume(run, &result);
}

/* `v`: the value, or NULL for an absent member. */
static void leaves_as_it_came(struct tl_script *script, const char *v)
{
    char payload[1000], erp[1000], crm[1000], read[1000], result[1000];
    const char *value = v ? v : "";
    snprintf(payload, sizeof payload, v ? "{\"no\":\"7\",\"v\":%s}" : "{\"no\":\"7\"}", value);
    snprintf(erp, sizeof erp, v ? "{\"In\":{\"V\":%s},\"No\":\"7\",\"V\":%s}" : "{\"In\":{},\"No\":\"7\"}", value,
             value);
    snprintf(crm, sizeof crm, v ? "{\"No\":\"7\",\"V\":%s}" : "{\"No\":\"7\"}", value);
    bool null = !v || strcmp(v, "null") == 0; /* e.data.v is nil then: nothing is handed on */
    snprintf(read, sizeof read, null ? "{\"w\":{}}" : "{\"v\":%s,\"w\":{\"w\":%s}}", value, value);
    snprintf(result, sizeof result, v ? "[%s,{\"v\":%s}]" : "[]", value, value);
    struct tl_run_event event = {
        .id = TL_STR("1-0"), .type = TL_STR("in@1"), .key = TL_STR("7"), .payload = tl_str_z(payload)};
    struct tl_run *run;
    const struct tl_run_outcome *o = tl_run_start(script, 0, &event, &run);
    if (o->ending != TL_RUN_WAIT)
        fail_msg("%s: ending %d, %.*s", payload, (int)o->ending, TL_STR_ARGS(o->error.message));
    assert_int_equal(o->emit_count, 4);
    is(o->emits[0].data, payload, "emitted as it came");
    is(o->emits[1].data, payload, "through a lens and back");
    is(o->emits[2].data, payload, "encoded and decoded");
    is(o->emits[3].data, payload, "copied member by member");
    assert_int_equal(o->ask_count, 2);
    is(o->asks[0]->record, crm, "put through a lens");
    is(o->asks[1]->record, erp, "put through a map");
    o = answer(run, "all#1/crm/crm:put#1", "{}");
    o = answer(run, "all#1/erp/erp:put#1", "{}");
    assert_int_equal(o->ending, TL_RUN_WAIT);
    is(o->asks[0]->args, read, "arguments of an operation");
    o = answer(run, "crm:read#1", result);
    assert_int_equal(o->ending, TL_RUN_DONE);
    is(o->data, result, "an answer as the result");
    tl_run_free(run);
}

static void untouched_values_leave_as_they_came(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < TL_COUNT_OF(values); i++)
        leaves_as_it_came(f.script, values[i]);
    leaves_as_it_came(f.script, NULL);
    close_fixture(&f);
}

/* What comes in another form is written in the one form, with every value. */
static void other_forms_are_the_same_values(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"{ \"b\" : 1 ,\n\"a\":[ ] }", "{\"a\":[],\"b\":1}"},
        {"\"\\u00e9\\ud834\\udd1e\\/\"", "\"é𝄞/\""},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"{\"a\":{\"x\":1},\"b\":2,\"a\":[]}", "{\"a\":[],\"b\":2}"},
        {"{\"a key of more than forty bytes, which Lua holds more than once\":1,\"a key of more than forty bytes, "
         "which Lua "
         "holds more than once\":2}",
         "{\"a key of more than forty bytes, which Lua holds more than once\":2}"},
        {"{\"a\":null,\"a\":1}", "{\"a\":1}"},
        {"{\"a\":1,\"a\":null}", "{\"a\":null}"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(forms); i++) {
        char payload[1000], expected[1000];
        snprintf(payload, sizeof payload, "{\"v\":%s}", forms[i][0]);
        snprintf(expected, sizeof expected, "{\"v\":%s}", forms[i][1]);
        assert_string_equal(case_says_with("local json = require \"json\"", "ctx:log(json.encode(e.data))", payload),
                            expected);
    }
}

/* Many members: sorted by bytes, however many there are. */
static void many_members_are_sorted(void **state)
{
    (void)state;
    static char payload[40000], expected[40000];
    for (int count = 1; count < 400; count = count * 3 + 1) {
        size_t in = 0, out = 0;
        for (int i = 0; i < count; i++) {
            int shuffled = i * 17 % count; /* all of them: no count is a multiple of 17 */
            in += (size_t)snprintf(payload + in, sizeof payload - in, "%s\"key%08d\":%d", i ? "," : "{", shuffled,
                                   shuffled);
            out += (size_t)snprintf(expected + out, sizeof expected - out, "%s\"key%08d\":%d", i ? "," : "{", i, i);
        }
        assert_true(count % 17 != 0);
        snprintf(payload + in, sizeof payload - in, "}");
        snprintf(expected + out, sizeof expected - out, "}");
        struct case_run c;
        case_start(&c, "", "return e.data", payload);
        assert_ending(&c, TL_RUN_DONE);
        is(c.outcome->data, expected, "sorted");
        case_end(&c);
    }
}

static void decimals_are_exact(void **state)
{
    (void)state;
    assert_says("local a, b = decimal \"0.1\", decimal \"0.2\" ctx:log(tostring(a + b)) ctx:log(tostring(a * b)) "
                "ctx:log(tostring(a - b)) ctx:log(tostring(a + b == decimal \"0.30\" and (a + b):is(\"0.3\")))",
                "0.3|0.02|-0.1|true");
    assert_says("local d = decimal \"" NINES "\" ctx:log(tostring(d + 1)) ctx:log(tostring((d + 1) - d))",
                "10000000000000000000000000000000000000000|1");
    assert_says("ctx:log(tostring(decimal \"1.10\" + 9223372036854775807))", "9223372036854775808.10");
    assert_says("ctx:log(tostring((decimal \"10\"):div(decimal \"3\", 5, \"half-even\")))", "3.33333");
}

static void the_caller_names_the_rounding(void **state)
{
    (void)state;
    static const struct {
        const char *rounding, *expected; /* of 2.5, 3.5, -2.5, 2.51, 2.49 */
    } roundings[] = {{"half-even", "2|4|-2|3|2"}, {"half-up", "3|4|-3|3|2"}, {"half-down", "2|3|-2|3|2"},
                     {"down", "2|3|-2|2|2"},      {"up", "3|4|-3|3|3"},      {"floor", "2|3|-3|2|2"},
                     {"ceiling", "3|4|-2|3|3"}};
    for (size_t i = 0; i < TL_COUNT_OF(roundings); i++) {
        char body[300];
        snprintf(body, sizeof body,
                 "for _, d in ipairs{ \"2.5\", \"3.5\", \"-2.5\", \"2.51\", \"2.49\" } do "
                 "ctx:log(tostring(decimal(d):round(0, "
                 "\"%s\"))) end",
                 roundings[i].rounding);
        assert_says(body, roundings[i].expected);
    }
    assert_non_null(
        strstr(case_says("return (decimal \"1.5\"):round(0)", "{}"), "name the rounding: half-even, half-up"));
    assert_non_null(strstr(case_says("return (decimal \"1.5\"):round(0, \"halfeven\")", "{}"), "half-even"));
    assert_non_null(strstr(case_says("return (decimal \"1\"):div(decimal \"3\")", "{}"), "a:div(b, scale, rounding)"));
    /* by the scale of a currency */
    const char *head =
        "local yen = map \"crm.Order <- order@1\" { No = \"no\", M = as.decimal(\"m\", { currency = \"JPY\", round = "
        "\"half-up\" }), E = as.decimal(\"m\", { currency = \"EUR\", round = \"half-even\" }) } local json = require "
        "\"json\"";
    assert_string_equal(case_says_with(head, "ctx:log(json.encode(yen(e.data)))", "{\"no\":\"1\",\"m\":1234.565}"),
                        "{\"E\":1234.56,\"M\":1235,\"No\":\"1\"}");
}

static void a_float_says_what_to_do(void **state)
{
    (void)state;
    static const char *const bodies[] = {"return decimal(\"1.10\") + 1.5", "return 1.5 - decimal(\"1.10\")",
                                         "return decimal(\"1\") * 0.1", "return decimal(\"1\") < 1.5",
                                         "return 2.5 <= decimal(\"1\")"};
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++) {
        const char *says = case_says(bodies[i], "{}");
        assert_non_null(strstr(says, "flows/f.lua:1: "));
        assert_non_null(strstr(says, "a decimal and the float"));
        assert_non_null(strstr(says, "write decimal \""));
        assert_non_null(strstr(says, ":tofloat()"));
    }
    assert_non_null(strstr(case_says("return decimal \"1\" .. 1.5 + decimal \"1\"", "{}"), "a decimal and the float"));
    assert_says("ctx:log(tostring((decimal \"1.5\"):tofloat() + 0.25))", "1.75");
}

/* A float that was computed from a document's number is not sent as if it were exact; what people read may have floats.
 */
static void floats_stay_out_of_documents(void **state)
{
    (void)state;
    const char *head = "local json, cjson = require \"json\", require \"cjson\"";
    static const char *const refused[] = {
        "ctx:emit(\"out@1\", { order_no = \"1\", lines = { { net = e.data.n * 1.19 } } })",
        "json.encode { lines = { { net = e.data.n * 1.19 } } }",
        "ctx:continue { lines = { { net = e.data.n * 1.19 } } }", "return { lines = { { net = e.data.n * 1.19 } } }"};
    for (size_t i = 0; i < TL_COUNT_OF(refused); i++) {
        const char *said = case_says_with(head, refused[i], "{\"n\":99}");
        if (!strstr(said, "the float 117.8") || !strstr(said, "at /lines/0/net") ||
            !strstr(said, "compute with decimals"))
            fail_msg("%s: %s", refused[i], said);
    }
    assert_non_null(strstr(case_says("return 2 ^ 3", "{}"), "the float 8"));
    assert_string_equal(
        case_says_with(head,
                       "ctx:log(\"took\", { seconds = 3 / 2 }) ctx:log(cjson.encode { 1.5 }) "
                       "return { net = e.data.n * decimal \"1.19\", r = decimal((\"%.2f\"):format(10 / 3)) }",
                       "{\"n\":99}"),
        "took|[1.5]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untouched_values_leave_as_they_came),
        cmocka_unit_test(other_forms_are_the_same_values),
        cmocka_unit_test(many_members_are_sorted),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(the_caller_names_the_rounding),
        cmocka_unit_test(a_float_says_what_to_do),
        cmocka_unit_test(floats_stay_out_of_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
