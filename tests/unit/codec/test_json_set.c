#include "cases.h"
#include "codec/json_set.h"

static void check(const char *raw, const char *pointer, const char *value, const char *expected)
{
    struct tl_buf out;
    struct tl_error err = {0};
    tl_buf_init(&out, 4096);
    tl_code code = tl_json_set(tl_str_z(raw), tl_str_z(pointer), tl_str_z(value), &out, &err);
    if (expected != NULL) {
        assert_int_equal(code, TL_OK);
        assert_str(tl_buf_str(&out), expected);
    } else {
        assert_int_equal(code, TL_EINPUT);
        assert_true(strlen(err.text) > 0);
    }
    tl_buf_free(&out);
}

static void replaces_a_value_and_keeps_the_rest(void **state)
{
    (void)state;
    check("{\"a\": 1, \"b\": {\"c\": [1, 2.50, null]}}", "/b/c/1", "\"x\"", "{\"a\":1,\"b\":{\"c\":[1,\"x\",null]}}");
    check("{\"n\":12345678901234567890.100,\"a\":1}", "/a", "{\"z\":[]}",
          "{\"n\":12345678901234567890.100,\"a\":{\"z\":[]}}");
    check("[1]", "", "{}", "{}");
    check("{\"a/b\":1,\"m~n\":2,\"\":3}", "/a~1b", "9", "{\"a/b\":9,\"m~n\":2,\"\":3}");
    check("{\"a/b\":1,\"m~n\":2,\"\":3}", "/m~0n", "9", "{\"a/b\":1,\"m~n\":9,\"\":3}");
    check("{\"a/b\":1,\"m~n\":2,\"\":3}", "/", "9", "{\"a/b\":1,\"m~n\":2,\"\":9}");
}

static void adds_a_last_member_or_element(void **state)
{
    (void)state;
    check("{\"a\":1}", "/b~1c", " true ", "{\"a\":1,\"b/c\":true}");
    check("{\"a\":[]}", "/a/-", "1", "{\"a\":[1]}");
    check("{}", "/a", "1", "{\"a\":1}");
}

static void refuses_a_step_that_leads_nowhere(void **state)
{
    (void)state;
    check("{\"a\":1}", "/b/c", "1", NULL);
    check("{\"a\":1}", "/a/c", "1", NULL);
    check("{\"a\":[1]}", "/a/1", "1", NULL);
    check("{\"a\":[1]}", "/a/00", "1", NULL);
    check("{\"a\":[1]}", "/a/x", "1", NULL);
    check("{\"a\":[{}]}", "/a/-/b", "1", NULL);
}

static void refuses_what_is_no_pointer_and_no_json(void **state)
{
    (void)state;
    check("{\"a\":1}", "a", "1", NULL);
    check("{\"a\":1}", "/~2", "1", NULL);
    check("{\"a\":1}", "/a", "12,5", NULL);
    check("{\"a\":1}", "/a", "", NULL);
    check("{\"a\":", "/a", "1", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_a_value_and_keeps_the_rest),
        cmocka_unit_test(adds_a_last_member_or_element),
        cmocka_unit_test(refuses_a_step_that_leads_nowhere),
        cmocka_unit_test(refuses_what_is_no_pointer_and_no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
