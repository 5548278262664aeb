/* args.c: the part of JSON Schema for arguments. */
#include "../cmocka_room.h"
#include "args.h"

static void checks_values(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"type\":\"object\",\"required\":[\"object\"],\"additionalProperties\":false,\"properties\":{"
        "\"object\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":3},\"n\":{\"type\":[\"integer\",\"null\"]},"
        "\"kind\":{\"enum\":[\"a\",1]},\"lines\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\","
        "\"required\":[\"sku\"]}},\"any\":{}}}";
    static const struct {
        const char *value, *says; /* NULL: fits */
    } rows[] = {
        {"{\"object\":\"abc\"}", NULL},
        {"{\"object\":\"\xc3\xa4\xc3\xa4\xc3\xa4\"}", NULL},
        {"{\"object\":\"a\",\"n\":3.0}", NULL},
        {"{\"object\":\"a\",\"n\":null,\"any\":[1]}", NULL},
        {"{}", "object is missing"},
        {"[]", "is array"},
        {"{\"objekt\":\"a\",\"object\":\"a\"}", "did you mean object"},
        {"{\"object\":\"\"}", "at least 1"},
        {"{\"object\":\"abcd\"}", "/object: has 4 characters, at most 3"},
        {"{\"object\":\"a\",\"n\":3.5}", "/n: is number"},
        {"{\"object\":\"a\",\"n\":\"3\"}", "/n: is string"},
        {"{\"object\":\"a\",\"kind\":\"b\"}", "/kind: is none of"},
        {"{\"object\":\"a\",\"kind\":1.0}", NULL},
        {"{\"object\":\"a\",\"lines\":[]}", "/lines: has 0 items"},
        {"{\"object\":\"a\",\"lines\":[{\"sku\":1},{}]}", "/lines/1: sku is missing"},
    };
    struct tl_json_doc *s, *v;
    assert_int_equal(tl_json_parse(tl_str_z(schema), NULL, &s, NULL), TL_OK);
    assert_int_equal(tl_args_schema_check(tl_json_root(s), NULL), TL_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tl_error err = {0};
        assert_int_equal(tl_json_parse(tl_str_z(rows[i].value), NULL, &v, NULL), TL_OK);
        tl_code code = tl_args_check(tl_json_root(s), tl_json_root(v), &err);
        if ((code == TL_OK) != (rows[i].says == NULL) || (rows[i].says && !strstr(err.text, rows[i].says)))
            fail_msg("%s gives %s: %s", rows[i].value, tl_code_name(code), err.text);
        tl_json_free(v);
    }
    tl_json_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(checks_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
