#include "cases.h"
#include "codec/json_reader.h"

/* The tokens of a text as one line: {"k":1 reads as "{ k= 1 ". */
static char *tokens(const char *text)
{
    struct tl_json_reader r;
    struct tl_buf out;
    static const char *const marks[] = {"BAD", "END", "null ", "true ", "false ", "", "", "", "{ ", "} ", "[ ", "] "};
    tl_buf_init(&out, 10000);
    tl_json_reader_init(&r, tl_str_z(text), NULL);
    for (;;) {
        enum tl_json_token t = tl_json_read(&r);
        if (t == TL_JSON_NUMBER)
            tl_buf_addf(&out, "%.*s%s ", TL_STR_ARGS(r.text), r.is_int ? "i" : "");
        else if (t == TL_JSON_STRING || t == TL_JSON_KEY)
            tl_buf_addf(&out, "%.*s%s ", TL_STR_ARGS(r.text), t == TL_JSON_KEY ? "=" : "'");
        else
            tl_buf_add_z(&out, marks[t]);
        if (t == TL_JSON_BAD || t == TL_JSON_END)
            break;
    }
    tl_json_reader_deinit(&r);
    return tl_buf_take(&out, NULL);
}

static void check(const char *text, const char *expected)
{
    char *got = tokens(text);
    assert_string_equal(got, expected);
    tl_free(got);
}

static void reads_every_kind_of_token(void **state)
{
    (void)state;
    check("{\"a\":[1,2.50,-3,1e5],\"b\":{},\"c\":[],\"d\":null,\"e\":true,\"f\":false,\"\":\"x\"}",
          "{ a= [ 1i 2.50 -3i 1e5 ] b= { } c= [ ] d= null e= true f= false = x' } END");
    check(" [ \n]\t", "[ ] END");
    check("\"\\u00e9\\n\\\"\\\\\\/\"", "\xC3\xA9\n\"\\/' END");
    check("\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80' END");
    check("-0", "-0 END");
    check("{\"a\":1,\"a\":2}", "{ a= 1i a= 2i } END");
}

static void knows_which_numbers_are_integers(void **state)
{
    (void)state;
    check("[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,99999999999999999999]",
          "[ 9223372036854775807i 9223372036854775808 -9223372036854775808i -9223372036854775809 99999999999999999999 "
          "] END");
    struct tl_json_reader r;
    tl_json_reader_init(&r, TL_STR("-9223372036854775808"), NULL);
    assert_int_equal(tl_json_read(&r), TL_JSON_NUMBER);
    assert_true(r.integer == INT64_MIN);
    tl_json_reader_deinit(&r);
}

static void strings_may_hold_nul(void **state)
{
    (void)state;
    struct tl_json_reader r;
    tl_json_reader_init(&r, TL_STR("\"a\\u0000b\""), NULL);
    assert_int_equal(tl_json_read(&r), TL_JSON_STRING);
    assert_int_equal(r.text.len, 3);
    assert_memory_equal(r.text.ptr, "a\0b", 3);
    tl_json_reader_deinit(&r);
}

static void refuse(tl_str text, const char *expected)
{
    struct tl_error err;
    assert_int_equal(tl_json_check(text, NULL, &err), TL_EINPUT);
    assert_string_equal(err.text, expected);
}

static void says_where_and_why_it_refuses(void **state)
{
    (void)state;
    refuse(TL_STR(""), "line 1, column 1: expected a value, the text ends");
    refuse(TL_STR("{\n  \"a\": 1,\n  \"b\" 2}"), "line 3, column 7: expected ':' after the key");
    refuse(TL_STR("[1,]"), "line 1, column 4: expected a value");
    refuse(TL_STR("{\"a\":1,}"), "line 1, column 8: expected a key in double quotes");
    refuse(TL_STR("[1 2]"), "line 1, column 4: expected ',' or ']'");
    refuse(TL_STR("{\"a\":1]"), "line 1, column 7: expected ',' or '}'");
    refuse(TL_STR("1 x"), "line 1, column 3: expected the end of the text");
    refuse(TL_STR("\"\xC3\xB6\xC3\xB6\x01\""), "line 1, column 4: a control character must be escaped in a string");
    refuse(TL_STR("\"a\xFF\""), "line 1, column 3: not UTF-8");
    refuse(TL_STR("\"\\ud800\""), "line 1, column 2: the first half of a surrogate pair stands alone");
    refuse(TL_STR("\"\\ud800\\u0041\""), "line 1, column 2: the first half of a surrogate pair stands alone");
    refuse(TL_STR("\"\\udc00\""), "line 1, column 2: the second half of a surrogate pair stands alone");
    refuse(TL_STR("\"\\x\""), "line 1, column 2: no such escape in a string");
    refuse(TL_STR("\"\\\0\""), "line 1, column 2: no such escape in a string");
    refuse(TL_STR("\"\\u12g4\""), "line 1, column 2: \\u needs four hex digits");
    refuse(TL_STR("\"abc"), "line 1, column 5: the string is not closed");
    refuse(TL_STR("'a'"), "line 1, column 1: expected a value; strings are written in double quotes");
    refuse(TL_STR("\xEF\xBB\xBF{}"), "line 1, column 1: the text begins with a byte order mark; send it without");
    refuse(TL_STR("01"), "line 1, column 3: a number may not begin with 0");
    refuse(TL_STR("1."), "line 1, column 3: a number needs a digit after its point");
    refuse(TL_STR("-"), "line 1, column 2: a number needs a digit after its minus");
    refuse(TL_STR("1e+"), "line 1, column 4: a number needs a digit in its exponent");
    refuse(TL_STR("nul"), "line 1, column 1: expected a value; words are only true, false and null");
    refuse(TL_STR("nullx"), "line 1, column 5: expected the end of the text");
}

static void refuses_what_other_readers_let_pass(void **state)
{
    (void)state;
    static const char *const bad[] = {"+1",
                                      ".5",
                                      "0x1F",
                                      "NaN",
                                      "Infinity",
                                      "-Infinity",
                                      "1e",
                                      "[1,,2]",
                                      "[,1]",
                                      "{1:2}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{,}",
                                      "]",
                                      "}",
                                      "[",
                                      "{",
                                      "[}",
                                      "{]",
                                      "[1",
                                      "// x\n1",
                                      "/**/1",
                                      "True",
                                      "\"a\nb\"",
                                      "\"\t\"",
                                      "1\f",
                                      "\v1",
                                      "[\"a\",\n\"b\"",
                                      "\xA0 1",
                                      "-01",
                                      "1.e5",
                                      "--1",
                                      "1-",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":1,,\"b\":2}",
                                      "tru",
                                      "[true false]"};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        if (tl_json_check(tl_str_z(bad[i]), NULL, NULL) != TL_EINPUT)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(tl_json_check(TL_STR("1\0"), NULL, NULL), TL_EINPUT);
    assert_int_equal(tl_json_check(TL_STR("\0001"), NULL, NULL), TL_EINPUT);
}

static void stops_at_the_depth_and_size_limits(void **state)
{
    (void)state;
    struct tl_error err;
    char deep[4000];
    memset(deep, '[', 2000);
    memset(deep + 2000, ']', 2000);
    assert_int_equal(tl_json_check(tl_str_n(deep + 2000 - 128, 256), NULL, &err), TL_OK);
    assert_int_equal(tl_json_check(tl_str_n(deep + 2000 - 129, 258), NULL, &err), TL_EINPUT);
    assert_string_equal(err.text, "line 1, column 129: nested deeper than the limit of 128");
    struct tl_json_limits limits = {.depth = 5000};
    assert_int_equal(tl_json_check(tl_str_n(deep + 2000 - 1024, 2048), &limits, &err), TL_OK);
    assert_int_equal(tl_json_check(tl_str_n(deep + 2000 - 1025, 2050), &limits, &err), TL_EINPUT);
    limits = (struct tl_json_limits){.size = 4};
    assert_int_equal(tl_json_check(TL_STR("[12]"), &limits, &err), TL_OK);
    assert_int_equal(tl_json_check(TL_STR("[123]"), &limits, &err), TL_EINPUT);
}

static void gives_raw_bytes_of_a_value(void **state)
{
    (void)state;
    struct tl_json_reader r;
    tl_str raw;
    tl_json_reader_init(&r, TL_STR("{\"a\": {\"b\" :[1, 2]} , \"c\": \"x\", \"d\":[ ]}"), NULL);
    assert_int_equal(tl_json_read(&r), TL_JSON_BEGIN_OBJECT);
    assert_true(tl_json_read_raw(&r, tl_json_read(&r), &raw));
    assert_str(raw, "{\"b\" :[1, 2]}");
    assert_true(tl_json_read_raw(&r, tl_json_read(&r), &raw));
    assert_str(raw, "\"x\"");
    assert_int_equal(tl_json_read(&r), TL_JSON_KEY);
    assert_true(tl_json_read_raw(&r, tl_json_read(&r), &raw));
    assert_str(raw, "[ ]");
    assert_int_equal(tl_json_read(&r), TL_JSON_END_OBJECT);
    assert_int_equal(tl_json_read(&r), TL_JSON_END);
    assert_int_equal(tl_json_read(&r), TL_JSON_END);
    tl_json_reader_deinit(&r);
}

static void reads_nothing_outside_the_text(void **state)
{
    (void)state;
    /* every prefix of a valid text, in memory of exactly that size, so that a sanitizer sees one byte too many */
    const char *text =
        "{\"abcdefghijklmnopqrstuvwxyz\":[1.5e3,\"\\ud83d\\ude00 long enough for the wide loop \xC3\xB6\",true,null]}";
    for (size_t len = 0; len < strlen(text); len++) {
        char *exact = malloc(len + 1);
        memcpy(exact + 1, text, len);
        assert_int_equal(tl_json_check(tl_str_n(exact + 1, len), NULL, NULL), TL_EINPUT);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_token),
        cmocka_unit_test(knows_which_numbers_are_integers),
        cmocka_unit_test(strings_may_hold_nul),
        cmocka_unit_test(says_where_and_why_it_refuses),
        cmocka_unit_test(refuses_what_other_readers_let_pass),
        cmocka_unit_test(stops_at_the_depth_and_size_limits),
        cmocka_unit_test(gives_raw_bytes_of_a_value),
        cmocka_unit_test(reads_nothing_outside_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
