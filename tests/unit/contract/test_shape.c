/* What contracts say of the make of a value. */
#include "contract/shape.h"
#include "../cmocka_room.h"
#include <string.h>

static struct tl_schema *compile(const char *text)
{
    struct tl_schema_source source = {.text = tl_str_z(text), .name = TL_STR("c.json")};
    struct tl_schema *schema = NULL;
    struct tl_error err;
    if (tl_schema_compile(&source, &schema, NULL, &err) != TL_OK)
        fail_msg("%s: %s", text, err.text);
    return schema;
}

/* 'k' known, 'u' unknown, 'a' any: of each letter of `names` as a member. */
static void members_are(const char *text, const char *names, const char *expected)
{
    struct tl_schema *schema = compile(text);
    struct tl_shape shape = tl_shape_of(schema);
    char got[20] = "";
    for (size_t i = 0; names[i] && i + 1 < sizeof got; i++) {
        enum tl_member is = tl_shape_member(&shape, tl_str_n(names + i, 1), NULL);
        got[i] = is == TL_MEMBER_KNOWN ? 'k' : is == TL_MEMBER_UNKNOWN ? 'u' : 'a';
    }
    if (strcmp(got, expected) != 0)
        fail_msg("%s: %s, not %s", text, got, expected);
    tl_schema_free(schema);
}

#define A "\"properties\":{\"a\":{}}"

static void members_are_known_or_not(void **state)
{
    (void)state;
    members_are("{" A "}", "ab", "ku");
    members_are("{" A ",\"additionalProperties\":true}", "ab", "ku");
    members_are("{" A ",\"additionalProperties\":false}", "ab", "ku");
    members_are("{" A ",\"additionalProperties\":{\"type\":\"string\"}}", "ab", "ka");
    members_are("{" A ",\"patternProperties\":{\"^x\":{}}}", "ab", "ka");
    members_are("{" A ",\"propertyNames\":{\"minLength\":1}}", "ab", "ka");
    members_are("{" A ",\"unevaluatedProperties\":{\"type\":\"string\"}}", "ab", "ka");
    members_are("{" A ",\"unevaluatedProperties\":false}", "ab", "ku");
    members_are("{" A ",\"dependentSchemas\":{\"a\":{\"properties\":{\"b\":{}}}}}", "abc", "kaa");
    members_are("{\"type\":\"object\",\"required\":[\"a\"]}", "ab", "ka");
    members_are("{}", "a", "a");
    members_are("true", "a", "a");
    members_are("{\"properties\":{}}", "a", "u");
    members_are("{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{" A "}}}", "ab", "ku");
    members_are("{\"allOf\":[{" A "},{\"properties\":{\"b\":{}}}]}", "abc", "kku");
    members_are("{\"anyOf\":[{" A "},{\"properties\":{\"b\":{}}}],\"properties\":{\"c\":{}}}", "abcd", "kkku");
    members_are("{\"if\":{" A "},\"then\":{\"properties\":{\"b\":{}}},\"else\":{\"properties\":{\"c\":{}}}}", "abcd",
                "kkku");
    members_are("{" A ",\"anyOf\":[{\"additionalProperties\":{\"type\":\"string\"}},{}]}", "ab", "ka");
    members_are("{\"$dynamicRef\":\"#n\",\"$dynamicAnchor\":\"n\"," A "}", "ab", "ka");
    struct tl_shape nothing = tl_shape_of(NULL);
    assert_int_equal(tl_shape_member(&nothing, TL_STR("a"), NULL), TL_MEMBER_ANY);
}

static void is_closed(const char *text, bool expected)
{
    struct tl_schema *schema = compile(text);
    struct tl_shape shape = tl_shape_of(schema);
    assert_int_equal(tl_shape_is_closed(&shape), expected);
    tl_schema_free(schema);
}

static void closed_is_what_refuses_other_names(void **state)
{
    (void)state;
    is_closed("{" A "}", false);
    is_closed("{" A ",\"additionalProperties\":true}", false);
    is_closed("{" A ",\"additionalProperties\":false}", true);
    is_closed("{" A ",\"allOf\":[{\"properties\":{\"b\":{}}}],\"unevaluatedProperties\":false}", true);
    is_closed("{\"anyOf\":[{" A ",\"additionalProperties\":false},{}]}", false);
}

static void circles_end(void **state)
{
    (void)state;
    struct tl_schema *schema = compile("{\"properties\":{\"next\":{\"$ref\":\"#\"},\"a\":{}},\"allOf\":[{\"$ref\":"
                                       "\"#/$defs/y\"}],\"$defs\":{\"y\":{\"properties\":{\"b\":{\"$ref\":\"#\"}}}}}");
    struct tl_shape shape = tl_shape_of(schema), next;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(tl_shape_member(&shape, i % 2 ? TL_STR("b") : TL_STR("next"), &next), TL_MEMBER_KNOWN);
        shape = next;
    }
    assert_int_equal(tl_shape_member(&shape, TL_STR("c"), NULL), TL_MEMBER_UNKNOWN);
    tl_schema_free(schema);
}

static void types_values_and_elements(void **state)
{
    (void)state;
    const struct tl_json_value *one;
    struct tl_schema *schema = compile(
        "{\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":[\"integer\",\"null\"]},\"b\":{\"enum\":[1,2]},"
        "\"c\":{\"const\":3},\"d\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"some\"}},"
        "\"anyOf\":[{\"required\":[\"b\"]},{\"required\":[\"c\"]}]}");
    struct tl_shape shape = tl_shape_of(schema), member, element;
    assert_true(tl_shape_requires(&shape, TL_STR("a")));
    assert_false(tl_shape_requires(&shape, TL_STR("b")));
    tl_shape_member(&shape, TL_STR("a"), &member);
    assert_true(tl_shape_may_be(&member, "integer") && tl_shape_may_be(&member, "null"));
    assert_false(tl_shape_may_be(&member, "number") || tl_shape_may_be(&member, "string"));
    tl_shape_member(&shape, TL_STR("b"), &member);
    assert_int_equal(tl_json_count(tl_shape_values(&member, &one)), 2);
    tl_shape_member(&shape, TL_STR("c"), &member);
    assert_null(tl_shape_values(&member, &one));
    assert_non_null(one);
    tl_shape_member(&shape, TL_STR("d"), &member);
    assert_true(tl_shape_element(&member, &element) && tl_shape_may_be(&element, "string"));
    assert_false(tl_shape_element(&element, &element));
    assert_true(tl_str_is(tl_shape_help(&member), "some"));
    size_t at = 0, count = 0;
    for (tl_str name; tl_shape_next(&shape, &at, &name);)
        count++;
    assert_int_equal(count, 4);
    tl_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_known_or_not),
        cmocka_unit_test(closed_is_what_refuses_other_names),
        cmocka_unit_test(circles_end),
        cmocka_unit_test(types_values_and_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
