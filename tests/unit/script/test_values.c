/* Rules 3 and 4 of the Lua face: nulls, arrays, numbers, order. */
#include "script_case.h"
#include <string.h>

static void a_null_reads_as_nil_and_is_written_back(void **state)
{
    (void)state;
    const char *json = "local json = require \"json\"";
    assert_string_equal(case_says_with(json,
                                       "local d = e.data ctx:log(tostring(d.a)) ctx:log(tostring(isnull(d, \"a\"))) "
                                       "ctx:log(tostring(isnull(d, \"b\"))) ctx:log(json.encode(d))",
                                       "{\"a\":null,\"b\":1}"),
                        "nil|true|false|{\"a\":null,\"b\":1}");
    /* assigning over a null, to a null, and null over a value */
    assert_string_equal(case_says_with(json,
                                       "local d = e.data d.a = 2 d.b = null d.c = null ctx:log(tostring(d.b)) "
                                       "ctx:log(json.encode(d)) d.b = 5 d.c = nil ctx:log(json.encode(d))",
                                       "{\"a\":null,\"b\":1}"),
                        "nil|{\"a\":2,\"b\":null,\"c\":null}|{\"a\":2,\"b\":5}");
    assert_string_equal(case_says_with(json,
                                       "local t = { x = { y = 1 } } t.x.y = null ctx:log(tostring(t.x.y)) "
                                       "ctx:log(json.encode(t)) if t.x.y then ctx:log(\"truthy\") end",
                                       "{}"),
                        "nil|{\"x\":{\"y\":null}}");
    /* the last of duplicate keys counts, also when it is null */
    assert_string_equal(case_says_with(json, "ctx:log(json.encode(e.data))", "{\"a\":1,\"a\":null,\"b\":null,\"b\":2}"),
                        "{\"a\":null,\"b\":2}");
}

static void arrays_keep_their_nulls_and_length(void **state)
{
    (void)state;
    assert_string_equal(
        case_says_with("local json = require \"json\"",
                       "local d = e.data ctx:log(tostring(#d.a)) ctx:log(json.encode(d)) local n = 0 "
                       "for i, v in ipairs(d.a) do n = n + 1 end ctx:log(tostring(n)) d.a[#d.a + 1] = 4 "
                       "ctx:log(json.encode(d.a))",
                       "{\"a\":[null,1,null],\"b\":[],\"c\":{}}"),
        "3|{\"a\":[null,1,null],\"b\":[],\"c\":{}}|3|[null,1,null,4]");
}

static void empty_arrays_stay_arrays(void **state)
{
    (void)state;
    assert_string_equal(case_says_with("local json = require \"json\"",
                                       "ctx:log(json.encode({ a = array(), b = {}, c = array{1} })) local t = e.data.x "
                                       "t[1] = nil ctx:log(json.encode(t))",
                                       "{\"x\":[1]}"),
                        "{\"a\":[],\"b\":{},\"c\":[1]}|[]");
}

static void no_number_changes(void **state)
{
    (void)state;
    const char *doc = "{\"a\":9007199254740993,\"b\":1234567890123.45,\"c\":12345678901234567890,\"d\":-0,\"e\":1e400,"
                      "\"f\":19.10,\"g\":0.1234567890123456789,\"h\":-9223372036854775808}";
    assert_string_equal(case_says_with("local json = require \"json\"", "ctx:log(json.encode(e.data))", doc), doc);
    assert_string_equal(case_says("ctx:log(math.type(e.data.a)) ctx:log(type(e.data.b)) ctx:log(tostring(e.data.f)) "
                                  "ctx:log(\"SO-\" .. e.data.h)",
                                  doc),
                        "integer|userdata|19.10|SO--9223372036854775808");
}

static void decimals_are_exact(void **state)
{
    (void)state;
    assert_says("ctx:log(tostring(decimal \"0.1\" + decimal \"0.2\"))", "0.3");
    assert_says("ctx:log(tostring(decimal \"19.90\" * 3))", "59.70");
    assert_says("ctx:log(tostring(decimal \"1234567890123456789012345678901234567890.01\" + 1))",
                "1234567890123456789012345678901234567891.01");
    assert_says("ctx:log(tostring((decimal \"2.5\"):round(0, \"half-even\"))) "
                "ctx:log(tostring((decimal \"2.5\"):round(0, \"half-up\")))",
                "2|3");
    assert_says("ctx:log(tostring((decimal \"10\"):div(3, 2, \"half-up\")))", "3.33");
    assert_says("local d = decimal \"0.00\" ctx:log(tostring(d:is(0)) .. tostring(d:sign()) .. "
                "tostring(d:tofloat()) .. "
                "tostring(d == decimal \"0\") .. tostring(d < 1) .. tostring(2 > d))",
                "true00.0truetruetrue");
    assert_says("ctx:log(tostring(tonumber(\"1.50\")) .. type(tonumber(\"1.50\")) .. tostring(tonumber(\"12\") + 1))",
                "1.50userdata13");
}

static void a_decimal_and_a_float_say_what_to_do(void **state)
{
    (void)state;
    assert_non_null(strstr(case_says("return decimal \"1\" + 0.5", "{}"), "write decimal \"0.5\""));
    assert_non_null(strstr(case_says("return decimal \"1\" / 3", "{}"), ":div("));
    assert_non_null(strstr(case_says("return (decimal \"1\"):round(2)", "{}"), "name the rounding"));
    assert_non_null(strstr(case_says("return string.format(\"%.2f\", decimal \"1\")", "{}"), "%s with amount:round"));
    assert_non_null(strstr(case_warnings("lib/x.lua", "return { f = function(t) return t.amount == 19.9 end }"),
                           "lib/x.lua:1 == with a number"));
}

static void pairs_go_in_the_order_of_keys(void **state)
{
    (void)state;
    const char *walk = "local t = { b = 1, a = 2, [10] = 3, [9] = 4, c = 5, [true] = 6 } local s = \"\" "
                       "for k, v in pairs(t) do s = s .. tostring(k) .. v .. \" \" end ctx:log(s) local k = next(t) "
                       "ctx:log(tostring(k)) ctx:log(tostring(next(t, \"b\"))) ctx:log(tostring(next({}))) "
                       "ctx:log(table.concat(keys{ z = 1, y = 1 }, \",\"))";
    assert_says(walk, "true6 94 103 a2 b1 c5 |true|c|nil|y,z");
    assert_non_null(strstr(case_says("for _ in pairs({ [{}] = 1, [2] = 3 }) do end", "{}"), "is a key of this table"));
}

static void encoding_refuses_what_is_not_json(void **state)
{
    (void)state;
    assert_non_null(strstr(case_says("ctx:emit(\"out@1\", { no = \"1\", f = function() end })", "{}"), "/f"));
    assert_non_null(strstr(case_says("ctx:emit(\"out@1\", { no = \"1\", f = 1/0 })", "{}"), "infinite"));
    assert_non_null(strstr(case_says("ctx:emit(\"out@1\", { no = \"1\", f = { 1, x = 2 } })", "{}"), "mixed"));
    assert_non_null(strstr(case_says("ctx:emit(\"out@1\", { no = \"1\", f = { [1] = 1, [5] = 2 } })", "{}"), "sparse"));
    assert_non_null(strstr(case_says("local t = { no = \"1\" } t.t = t ctx:emit(\"out@1\", t)", "{}"), "holds itself"));
    assert_non_null(strstr(case_says("ctx:emit(\"out@1\", { no = \"\\xff\" })", "{}"), "string"));
}

static void nothing_shows_an_address(void **state)
{
    (void)state;
    assert_says("ctx:log(tostring({})) ctx:log(tostring(print)) ctx:log(string.format(\"%s\", {}))",
                "table|function|table");
    assert_non_null(strstr(case_says("return string.format(\"%p\", {})", "{}"), "addresses"));
}

static void cjson_decodes_and_our_codec_encodes(void **state)
{
    (void)state;
    assert_string_equal(case_says_with("local cjson = require \"cjson\"",
                                       "local t = cjson.decode('{\"b\":1.5,\"a\":null}') ctx:log(tostring(t.a == "
                                       "cjson.null)) ctx:log(cjson.encode(t)) ctx:log(tostring(pcall(cjson.decode, "
                                       "'{\"a\":0x1F}')))",
                                       "{}"),
                        "true|{\"a\":null,\"b\":1.5}|false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_null_reads_as_nil_and_is_written_back),
        cmocka_unit_test(arrays_keep_their_nulls_and_length),
        cmocka_unit_test(empty_arrays_stay_arrays),
        cmocka_unit_test(no_number_changes),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(a_decimal_and_a_float_say_what_to_do),
        cmocka_unit_test(pairs_go_in_the_order_of_keys),
        cmocka_unit_test(encoding_refuses_what_is_not_json),
        cmocka_unit_test(nothing_shows_an_address),
        cmocka_unit_test(cjson_decodes_and_our_codec_encodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
