#include "cases.h"
#include "codec/json_pointer.h"

#define RFC6901                                                                                                        \
    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" "          \
    "\":7,\"m~n\":8}"

static void check(tl_str raw, const char *pointer, const char *expected)
{
    tl_str value;
    struct tl_error err;
    struct tl_json_doc *doc;
    tl_code code = tl_json_pointer(raw, tl_str_z(pointer), &value, &err);
    assert_int_equal(tl_json_parse(raw, NULL, &doc, NULL), TL_OK);
    const struct tl_json_value *in_doc = tl_json_at(tl_json_root(doc), tl_str_z(pointer));
    if (expected) {
        assert_int_equal(code, TL_OK);
        assert_str(value, expected);
        assert_str(tl_json_raw(in_doc), expected);
    } else {
        assert_int_equal(code, TL_ENOTFOUND);
        assert_null(in_doc);
    }
    tl_json_free(doc);
}

static void finds_the_examples_of_rfc_6901(void **state)
{
    (void)state;
    tl_str raw = TL_STR(RFC6901);
    check(raw, "", RFC6901);
    check(raw, "/foo", "[\"bar\",\"baz\"]");
    check(raw, "/foo/0", "\"bar\"");
    check(raw, "/", "0");
    check(raw, "/a~1b", "1");
    check(raw, "/c%d", "2");
    check(raw, "/e^f", "3");
    check(raw, "/g|h", "4");
    check(raw, "/i\\j", "5");
    check(raw, "/k\"l", "6");
    check(raw, "/ ", "7");
    check(raw, "/m~0n", "8");
}

static void says_when_there_is_nothing(void **state)
{
    (void)state;
    tl_str raw = TL_STR(RFC6901);
    check(raw, "/bar", NULL);
    check(raw, "/foo/2", NULL);
    check(raw, "/foo/-", NULL);
    check(raw, "/foo/00", NULL);
    check(raw, "/foo/01", NULL);
    check(raw, "/foo/", NULL);
    check(raw, "/foo/0/x", NULL);
    check(raw, "/foo/18446744073709551616", NULL);
    check(TL_STR("[]"), "/0", NULL);
    check(TL_STR("{}"), "/a", NULL);
    check(TL_STR(" 5 "), "/a", NULL);
    check(TL_STR(" 5 "), "", "5");
}

static void walks_through_blanks_escapes_and_brackets_in_strings(void **state)
{
    (void)state;
    tl_str raw =
        TL_STR(" { \"x}\\\"]\" : \"{[\\\\\" , \"l\\u0069nes\" : [ {\"a\":[[],{}]} , { \"sku\" : \"A-1\" } ] } ");
    check(raw, "/lines/1/sku", "\"A-1\"");
    check(raw, "/lines/0/a/1", "{}");
    check(raw, "/x}\"]", "\"{[\\\\\"");
}

static void takes_the_last_of_equal_keys(void **state)
{
    (void)state;
    check(TL_STR("{\"a\":{\"b\":1},\"a\":{\"b\":2}}"), "/a/b", "2");
    check(TL_STR("{\"a\":{\"b\":1},\"\\u0061\":3}"), "/a/b", NULL);
}

static void gives_the_text_of_scalars(void **state)
{
    (void)state;
    tl_str raw = TL_STR("{\"s\":\"a\\u00e9\",\"n\":1.50,\"t\":true,\"z\":null,\"l\":[]}"), text;
    struct tl_buf scratch;
    tl_buf_init(&scratch, 100);
    assert_int_equal(tl_json_pointer_text(raw, TL_STR("/s"), &scratch, &text, NULL), TL_OK);
    assert_str(text, "a\xC3\xA9");
    assert_int_equal(tl_json_pointer_text(raw, TL_STR("/n"), &scratch, &text, NULL), TL_OK);
    assert_str(text, "1.50");
    assert_int_equal(tl_json_pointer_text(raw, TL_STR("/t"), &scratch, &text, NULL), TL_OK);
    assert_str(text, "true");
    assert_int_equal(tl_json_pointer_text(raw, TL_STR("/z"), &scratch, &text, NULL), TL_EINPUT);
    assert_int_equal(tl_json_pointer_text(raw, TL_STR("/l"), &scratch, &text, NULL), TL_EINPUT);
    assert_int_equal(tl_json_pointer_text(raw, TL_STR("/x"), &scratch, &text, NULL), TL_ENOTFOUND);
    tl_buf_free(&scratch);
}

static void refuses_bad_pointers_and_broken_texts(void **state)
{
    (void)state;
    static const char *const broken[] = {"",          "{",     "{\"a\"", "{\"a\":", "{\"a\":1",
                                         "{\"a\" 1}", "{a:1}", "[",      "{\"a",    "{\"a\":[1}"};
    tl_str value;
    assert_int_equal(tl_json_pointer_check(TL_STR("a"), NULL), TL_EINPUT);
    assert_int_equal(tl_json_pointer_check(TL_STR("/~"), NULL), TL_EINPUT);
    assert_int_equal(tl_json_pointer_check(TL_STR("/~2"), NULL), TL_EINPUT);
    assert_int_equal(tl_json_pointer_check(TL_STR("/~01~1"), NULL), TL_OK);
    for (size_t i = 0; i < TL_COUNT_OF(broken); i++)
        assert_int_not_equal(tl_json_pointer(tl_str_z(broken[i]), TL_STR("/b/0"), &value, NULL), TL_OK);
}

static void escapes_steps(void **state)
{
    (void)state;
    struct tl_buf pointer;
    tl_buf_init(&pointer, 100);
    assert_true(tl_json_pointer_add(&pointer, TL_STR("a/b~c")));
    assert_true(tl_json_pointer_add(&pointer, TL_STR("0")));
    assert_str(tl_buf_str(&pointer), "/a~1b~0c/0");
    tl_buf_free(&pointer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_examples_of_rfc_6901),
        cmocka_unit_test(says_when_there_is_nothing),
        cmocka_unit_test(walks_through_blanks_escapes_and_brackets_in_strings),
        cmocka_unit_test(takes_the_last_of_equal_keys),
        cmocka_unit_test(gives_the_text_of_scalars),
        cmocka_unit_test(refuses_bad_pointers_and_broken_texts),
        cmocka_unit_test(escapes_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
