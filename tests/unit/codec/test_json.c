#include "cases.h"
#include "codec/json.h"

static struct tl_json_doc *parse(tl_str text)
{
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    if (tl_json_parse(text, NULL, &doc, &err) != TL_OK)
        fail_msg("%s", err.text);
    return doc;
}

static void finds_members_and_elements(void **state)
{
    (void)state;
    struct tl_json_doc *doc =
        parse(TL_STR("{\"id\":9007199254740993,\"name\":\"Malm\\u00f6\",\"lines\":[{\"q\":1.50},{\"q\":2}],"
                     "\"on\":true,\"off\":false,\"no\":null,\"e\":[],\"o\":{}}"));
    const struct tl_json_value *root = tl_json_root(doc), *lines = tl_json_get(root, "lines");
    int64_t id = 0;
    assert_int_equal(tl_json_count(root), 8);
    assert_true(tl_json_i64(tl_json_get(root, "id"), &id));
    assert_true(id == 9007199254740993);
    assert_str(tl_json_get_text(root, "name"), "Malm\xC3\xB6");
    assert_int_equal(tl_json_count(lines), 2);
    assert_str(tl_json_text(tl_json_get(tl_json_item(lines, 0), "q")), "1.50");
    assert_str(tl_json_raw(tl_json_item(lines, 1)), "{\"q\":2}");
    assert_null(tl_json_item(lines, 2));
    assert_true(tl_json_bool(tl_json_get(root, "on")));
    assert_false(tl_json_get_bool(root, "off", true));
    assert_true(tl_json_get_bool(root, "absent", true));
    assert_true(tl_json_is_null(tl_json_get(root, "no")));
    assert_int_equal(tl_json_type(tl_json_get(root, "e")), TL_JSON_IS_ARRAY);
    assert_int_equal(tl_json_type(tl_json_get(root, "o")), TL_JSON_IS_OBJECT);
    assert_int_equal(tl_json_get_i64(root, "name", 7), 7);
    assert_true(tl_json_is(tl_json_get(root, "name"), "Malm\xC3\xB6"));
    tl_json_free(doc);
}

static void takes_no_value_for_an_answer(void **state)
{
    (void)state;
    struct tl_json_doc *doc = parse(TL_STR("[1]"));
    const struct tl_json_value *none = tl_json_get(tl_json_get(tl_json_root(doc), "a"), "b");
    int64_t number = 5;
    assert_null(none);
    assert_int_equal(tl_json_type(none), TL_JSON_IS_NONE);
    assert_int_equal(tl_json_count(none), 0);
    assert_int_equal(tl_json_text(none).len, 0);
    assert_int_equal(tl_json_raw(none).len, 0);
    assert_false(tl_json_i64(none, &number));
    assert_false(tl_json_is_null(none));
    assert_null(tl_json_dup(none));
    assert_null(tl_json_item(none, 0));
    struct tl_json_iter iter = tl_json_iter(none);
    assert_false(tl_json_next(&iter));
    assert_int_equal(number, 5);
    tl_json_free(doc);
    tl_json_free(NULL);
}

static void lets_the_last_of_equal_keys_win(void **state)
{
    (void)state;
    struct tl_json_doc *doc =
        parse(TL_STR("{\"a\":{\"x\":1},\"b\":2,\"\\u0061\":3,\"c\":[{\"k\":1,\"k\":2}],\"a\":4}"));
    struct tl_json_iter iter = tl_json_iter(tl_json_root(doc));
    assert_int_equal(tl_json_count(tl_json_root(doc)), 3);
    assert_int_equal(tl_json_get_i64(tl_json_root(doc), "a", 0), 4);
    assert_true(tl_json_next(&iter));
    assert_str(iter.key, "b");
    assert_true(tl_json_next(&iter));
    assert_str(iter.key, "c");
    assert_int_equal(tl_json_get_i64(tl_json_item(iter.value, 0), "k", 0), 2);
    assert_true(tl_json_next(&iter));
    assert_str(iter.key, "a");
    assert_false(tl_json_next(&iter));
    tl_json_free(doc);
}

static void finds_equal_keys_in_large_objects_too(void **state)
{
    (void)state;
    struct tl_buf text;
    tl_buf_init(&text, 1 << 20);
    tl_buf_add_char(&text, '{');
    for (int i = 0; i < 3000; i++)
        tl_buf_addf(&text, "%s\"key%d\":%d", i ? "," : "", i % 1000, i);
    tl_buf_add_char(&text, '}');
    struct tl_json_doc *doc = parse(tl_buf_str(&text));
    struct tl_json_iter iter = tl_json_iter(tl_json_root(doc));
    int i = 2000;
    assert_int_equal(tl_json_count(tl_json_root(doc)), 1000);
    while (tl_json_next(&iter)) {
        int64_t value;
        assert_true(tl_json_i64(iter.value, &value));
        assert_int_equal(value, i++);
    }
    assert_int_equal(i, 3000);
    assert_int_equal(tl_json_get_i64(tl_json_root(doc), "key7", 0), 2007);
    tl_json_free(doc);
    tl_buf_free(&text);
}

static void keeps_its_own_copy_of_the_text(void **state)
{
    (void)state;
    char text[] = "{\"a\":\"bcd\\n\"}";
    struct tl_json_doc *doc = parse(tl_str_z(text));
    memset(text, 'x', sizeof text);
    assert_str(tl_json_get_text(tl_json_root(doc), "a"), "bcd\n");
    assert_str(tl_json_raw(tl_json_root(doc)), "{\"a\":\"bcd\\n\"}");
    tl_json_free(doc);
}

static void compares_by_value(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } pairs[] = {{"{\"a\":1,\"b\":[1.0,\"\\u0041\"]}", "{\"b\":[1e0,\"A\"],\"a\":1.00}", true},
                 {"[1,2]", "[2,1]", false},
                 {"{\"a\":1}", "{\"a\":1,\"b\":null}", false},
                 {"{\"a\":1}", "{\"b\":1}", false},
                 {"9007199254740993", "9007199254740992", false},
                 {"1e999999999999", "1e999999999999", true},
                 {"1e999999999999", "10e999999999998", false}, /* beyond a decimal: only as text */
                 {"\"1\"", "1", false},
                 {"[]", "{}", false},
                 {"-0", "0", true},
                 {"true", "false", false}};
    for (size_t i = 0; i < TL_COUNT_OF(pairs); i++) {
        struct tl_json_doc *a = parse(tl_str_z(pairs[i].a)), *b = parse(tl_str_z(pairs[i].b));
        assert_int_equal(tl_json_equal(tl_json_root(a), tl_json_root(b)), pairs[i].equal);
        tl_json_free(a);
        tl_json_free(b);
    }
}

static void tells_the_place_of_a_value(void **state)
{
    (void)state;
    size_t line, column;
    struct tl_json_doc *doc = parse(TL_STR("{\n \"a\":\n   [1, 22]}"));
    tl_json_place(doc, tl_json_item(tl_json_get(tl_json_root(doc), "a"), 1), &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 8);
    tl_json_free(doc);
}

static void whole_numbers_are_digits_only(void **state)
{
    (void)state;
    struct tl_json_doc *doc = parse(TL_STR("[1.0,1e2,18446744073709551615,-1,-0]"));
    const struct tl_json_value *root = tl_json_root(doc);
    int64_t i = 0;
    uint64_t u = 0;
    assert_false(tl_json_i64(tl_json_item(root, 0), &i));
    assert_false(tl_json_i64(tl_json_item(root, 1), &i));
    assert_false(tl_json_i64(tl_json_item(root, 2), &i));
    assert_true(tl_json_u64(tl_json_item(root, 2), &u));
    assert_true(u == UINT64_MAX);
    assert_false(tl_json_u64(tl_json_item(root, 3), &u));
    assert_true(tl_json_i64(tl_json_item(root, 3), &i));
    assert_true(tl_json_i64(tl_json_item(root, 4), &i));
    assert_int_equal(i, 0);
    tl_json_free(doc);
}

static void refuses_a_text_over_the_size_limit(void **state)
{
    (void)state;
    struct tl_json_limits limits = {.size = 3};
    struct tl_json_doc *doc = NULL;
    assert_int_equal(tl_json_parse(TL_STR("[12]"), &limits, &doc, NULL), TL_EINPUT);
    assert_null(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_members_and_elements),         cmocka_unit_test(takes_no_value_for_an_answer),
        cmocka_unit_test(lets_the_last_of_equal_keys_win),    cmocka_unit_test(finds_equal_keys_in_large_objects_too),
        cmocka_unit_test(keeps_its_own_copy_of_the_text),     cmocka_unit_test(compares_by_value),
        cmocka_unit_test(tells_the_place_of_a_value),         cmocka_unit_test(whole_numbers_are_digits_only),
        cmocka_unit_test(refuses_a_text_over_the_size_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
