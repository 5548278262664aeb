#include "cases.h"
#include "codec/canonical.h"

static void canonical(tl_str text, enum tl_canonical form, struct tl_buf *out)
{
    struct tl_json_doc *doc;
    struct tl_error err;
    tl_buf_init(out, 1 << 20);
    if (tl_json_parse(text, NULL, &doc, &err) != TL_OK)
        fail_msg("%s", err.text);
    if (tl_json_canonical(tl_json_root(doc), form, out, &err) != TL_OK)
        fail_msg("%s", err.text);
    tl_json_free(doc);
}

static void check(const char *text, const char *expected)
{
    struct tl_buf out;
    canonical(tl_str_z(text), TL_CANONICAL_EXACT, &out);
    assert_str(tl_buf_str(&out), expected);
    tl_buf_free(&out);
}

static void equal_values_have_one_text(void **state)
{
    (void)state;
    check(" { \"b\" : 1.0, \"a\" : [ 1e2, 0.10, -0, 1E400, 9007199254740993, 1e-7 ] }",
          "{\"a\":[100,0.1,0,1E+400,9007199254740993,1E-7],\"b\":1}");
    check("\"\\u00e9\\/\\u0007\"", "\"\xC3\xA9/\\u0007\"");
    check("{\"a\":1,\"a\":2}", "{\"a\":2}");
    check("{\"\xEF\xBF\xBD\":1,\"\xF0\x9F\x98\x80\":2}", "{\"\xF0\x9F\x98\x80\":2,\"\xEF\xBF\xBD\":1}"); /* by UTF-16 */
    check("{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}");
}

static void gives_the_texts_of_rfc_8785(void **state)
{
    (void)state;
    static const char *const names[] = {"arrays", "french", "structures", "unicode", "values", "weird"};
    for (size_t i = 0; i < TL_COUNT_OF(names); i++) {
        size_t len, expected_len;
        char path[100];
        snprintf(path, sizeof path, "json-jcs/input/%s.json", names[i]);
        char *text = cases_need(path, &len);
        snprintf(path, sizeof path, "json-jcs/output/%s.json", names[i]);
        char *expected = cases_need(path, &expected_len);
        struct tl_buf out;
        canonical(tl_str_n(text, len), TL_CANONICAL_JCS, &out);
        assert_str(tl_buf_str(&out), expected);
        tl_buf_free(&out);
        tl_free(text);
        tl_free(expected);
    }
}

static void refuses_numbers_beyond_a_double_for_jcs(void **state)
{
    (void)state;
    struct tl_json_doc *doc;
    struct tl_buf out;
    tl_buf_init(&out, 100);
    assert_int_equal(tl_json_parse(TL_STR("[1e400]"), NULL, &doc, NULL), TL_OK);
    assert_int_equal(tl_json_canonical(tl_json_root(doc), TL_CANONICAL_JCS, &out, NULL), TL_EINPUT);
    tl_json_free(doc);
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_have_one_text),
        cmocka_unit_test(gives_the_texts_of_rfc_8785),
        cmocka_unit_test(refuses_numbers_beyond_a_double_for_jcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
