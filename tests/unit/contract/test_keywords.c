/* Keywords of which the published cases here say little: each with documents that fit and documents that do not. */
#include "../cmocka_room.h"
#include "base/str.h"
#include "contract/schema.h"

struct row {
    const char *schema;
    const char *fit; /* a JSON array of documents */
    const char *unfit;
};

static void check_documents(const struct tl_schema *schema, const struct row *row, const char *text, bool wanted)
{
    struct tl_json_doc *doc;
    struct tl_error err;
    if (tl_json_parse(tl_str_z(text), NULL, &doc, &err) != TL_OK)
        fail_msg("%s: %s", text, err.text);
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i)) {
        struct tl_violations all;
        tl_violations_init(&all, 10);
        bool quick = tl_schema_validate(schema, i.value, NULL), slow = tl_schema_validate(schema, i.value, &all);
        if (quick != wanted || slow != wanted || (all.count == 0) != wanted)
            fail_msg("%s: %.*s is %s%s", row->schema, TL_STR_ARGS(tl_json_raw(i.value)),
                     quick ? "accepted" : "refused: ", all.count ? all.items[0].text : "");
        tl_violations_free(&all);
    }
    tl_json_free(doc);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tl_schema_source source = {.text = tl_str_z(rows[i].schema)};
        struct tl_schema *schema;
        struct tl_error err;
        if (tl_schema_compile(&source, &schema, NULL, &err) != TL_OK)
            fail_msg("%s: %s", rows[i].schema, err.text);
        check_documents(schema, &rows[i], rows[i].fit, true);
        check_documents(schema, &rows[i], rows[i].unfit, false);
        tl_schema_free(schema);
    }
}
#define CHECK(rows) check_rows((rows), TL_COUNT_OF(rows))

static void numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"exclusiveMinimum\":1.5}", "[1.51, 2, 1e3, \"x\"]", "[1.5, 1.50, 15e-1, 1, -2]"},
        {"{\"exclusiveMaximum\":3}", "[2.999, -1e99]", "[3, 3.0, 3.0000000000000000000001, 1e99]"},
        {"{\"minimum\":1e2, \"maximum\":200}", "[100, 100.0, 200, 2e2]", "[99.99, 200.01, 99]"},
        {"{\"minimum\":12345678901234567890123}", "[12345678901234567890123]", "[12345678901234567890122.9]"},
        {"{\"multipleOf\":0.0001}", "[0.0075, 0, -3, 1e10]", "[0.00751]"},
        {"{\"type\":\"integer\"}", "[1, 1.0, 1e3, -0, 10e-1]", "[1.5, 1e-1, \"1\"]"},
        {"{\"const\":-0.0}", "[0, 0.0, -0, 0e5]", "[1e-400]"},
    };
    CHECK(rows);
}

static void arrays(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"minItems\":1,\"maxItems\":2}", "[[1],[1,2],\"x\"]", "[[],[1,2,3]]"},
        {"{\"uniqueItems\":true}",
         "[[], [1,\"1\",[1],{\"a\":1}], [{\"a\":1,\"b\":2},{\"a\":2,\"b\":1}], [[1,2],[2,1]], "
         "[0,false,null,\"\",[],{}]]",
         "[[1,1.0], [{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}], [[1,{\"x\":[]}],2,[1e0,{\"x\":[]}]], [null,null], "
         "[\"\\u0061\",\"a\"], [0,-0]]"},
        {"{\"contains\":{\"const\":1}}", "[[1],[2,1]]", "[[],[2]]"},
        {"{\"contains\":{\"const\":1},\"minContains\":2,\"maxContains\":3}", "[[1,1],[1,2,1,1]]", "[[1],[1,1,1,1]]"},
        {"{\"contains\":{\"const\":1},\"minContains\":0}", "[[],[2]]", "[]"},
        {"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"number\"}}", "[[],[\"a\"],[\"a\",1]]",
         "[[1],[\"a\",\"b\"]]"},
        {"{\"prefixItems\":[true,true],\"items\":false}", "[[1],[1,2]]", "[[1,2,3]]"},
        {"{\"prefixItems\":[true],\"unevaluatedItems\":false}", "[[],[1]]", "[[1,2]]"},
        {"{\"anyOf\":[{\"prefixItems\":[{\"const\":1}]},{\"prefixItems\":[true,{\"const\":2}]}],"
         "\"unevaluatedItems\":{\"type\":\"null\"}}",
         "[[1],[1,2],[9,2,null],[1,null]]", "[[1,3],[9,2,3]]"},
        {"{\"contains\":{\"type\":\"string\"},\"unevaluatedItems\":false}", "[[\"a\",\"b\"]]", "[[\"a\",1]]"},
        {"{\"allOf\":[{\"items\":true}],\"unevaluatedItems\":false}", "[[1,2]]", "[]"},
        {"{\"if\":{\"prefixItems\":[{\"const\":1}]},\"then\":{\"prefixItems\":[true,true]},\"unevaluatedItems\":false}",
         "[[1,2]]", "[[1,2,3],[2]]"},
        {"{\"not\":{\"prefixItems\":[true]},\"unevaluatedItems\":false}", "[]", "[[1]]"},
    };
    CHECK(rows);
}

static void objects(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"minProperties\":1,\"maxProperties\":2}", "[{\"a\":1},{\"a\":1,\"b\":2},[]]",
         "[{},{\"a\":1,\"b\":2,\"c\":3}]"},
        {"{\"required\":[\"a\",\"a\",\"b\"]}", "[{\"b\":1,\"a\":2}]", "[{\"a\":1},{\"b\":1},{\"c\":1}]"},
        {"{\"propertyNames\":{\"pattern\":\"^[a-z]+$\"}}", "[{},{\"ab\":1}]", "[{\"aB\":1},{\"\":1}]"},
        {"{\"patternProperties\":{\"^n_\":{\"type\":\"number\"},\"_s$\":{\"minimum\":5}},\"additionalProperties\":"
         "false}",
         "[{\"n_a\":1},{\"n_s\":5},{\"x_s\":\"\"}]", "[{\"n_a\":\"\"},{\"n_s\":4},{\"x\":1}]"},
        {"{\"properties\":{\"a\":{\"type\":\"number\"}},\"patternProperties\":{\"a\":{\"minimum\":3}},"
         "\"additionalProperties\":{\"type\":\"null\"}}",
         "[{\"a\":3,\"b\":null}]", "[{\"a\":2},{\"b\":1},{\"a\":\"x\"}]"},
        {"{\"dependentRequired\":{\"a\":[\"b\",\"c\"]}}", "[{},{\"b\":1},{\"a\":1,\"b\":1,\"c\":1}]",
         "[{\"a\":1,\"b\":1}]"},
        {"{\"dependentSchemas\":{\"a\":{\"properties\":{\"b\":{\"type\":\"null\"}}}}}",
         "[{\"b\":1},{\"a\":1,\"b\":null}]", "[{\"a\":1,\"b\":1}]"},
        {"{\"properties\":{\"a\":true},\"unevaluatedProperties\":false}", "[{},{\"a\":1}]", "[{\"b\":1}]"},
        {"{\"allOf\":[{\"properties\":{\"a\":true}},{\"$ref\":\"#/$defs/b\"}],\"unevaluatedProperties\":false,"
         "\"$defs\":{\"b\":{\"patternProperties\":{\"^b\":true}}}}",
         "[{\"a\":1,\"bb\":2}]", "[{\"c\":1}]"},
        {"{\"anyOf\":[{\"properties\":{\"a\":{\"const\":1}},\"required\":[\"a\"]},{\"properties\":{\"b\":{\"const\":2}}"
         ","
         "\"required\":[\"b\"]}],\"unevaluatedProperties\":false}",
         "[{\"a\":1},{\"b\":2},{\"a\":1,\"b\":2}]", "[{\"a\":1,\"b\":3},{\"a\":0,\"b\":2}]"},
        {"{\"oneOf\":[{\"required\":[\"a\"],\"properties\":{\"a\":true}},{\"required\":[\"b\"],\"properties\":{\"b\":"
         "true}}],"
         "\"unevaluatedProperties\":false}",
         "[{\"a\":1},{\"b\":1}]", "[{\"a\":1,\"b\":1},{\"a\":1,\"c\":1},{}]"},
        {"{\"if\":{\"properties\":{\"kind\":{\"const\":\"x\"}},\"required\":[\"kind\"]},\"then\":{\"properties\":{"
         "\"x\":true}},"
         "\"else\":{\"properties\":{\"y\":true}},\"unevaluatedProperties\":false}",
         "[{\"kind\":\"x\",\"x\":1},{\"y\":1}]", "[{\"kind\":\"x\",\"y\":1},{\"kind\":\"y\"}]"},
        {"{\"dependentSchemas\":{\"a\":{\"properties\":{\"a\":true,\"b\":true}}},\"unevaluatedProperties\":false}",
         "[{\"a\":1,\"b\":1}]", "[{\"b\":1}]"},
        {"{\"properties\":{\"a\":{\"unevaluatedProperties\":false,\"properties\":{\"x\":true}}},"
         "\"unevaluatedProperties\":{\"type\":\"number\"}}",
         "[{\"a\":{\"x\":1},\"b\":2}]", "[{\"a\":{\"y\":1}},{\"b\":\"\"}]"},
        {"{\"allOf\":[{\"additionalProperties\":{\"type\":\"number\"}}],\"unevaluatedProperties\":false}",
         "[{\"a\":1}]", "[{\"a\":\"\"}]"},
    };
    CHECK(rows);
}

static void references(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"$ref\":\"#name\",\"$defs\":{\"x\":{\"$anchor\":\"name\",\"type\":\"null\"}}}", "[null]", "[1]"},
        {"{\"$id\":\"https://acme.example/a/root.json\",\"$ref\":\"b/part.json#deep\",\"$defs\":{\"p\":{\"$id\":\"b/"
         "part.json\","
         "\"$defs\":{\"q\":{\"$anchor\":\"deep\",\"$ref\":\"other.json\"},\"r\":{\"$id\":\"other.json\",\"type\":"
         "\"null\"}}}}}",
         "[null]", "[1]"},
        {"{\"properties\":{\"a\":{\"$ref\":\"#/$defs/a~1b%25\"}},\"$defs\":{\"a/b%\":{\"type\":\"null\"}}}",
         "[{\"a\":null}]", "[{\"a\":1}]"},
        {"{\"properties\":{\"next\":{\"$ref\":\"#\"},\"v\":{\"type\":\"number\"}},\"additionalProperties\":false}",
         "[{\"next\":{\"next\":{\"v\":1}}}]", "[{\"next\":{\"next\":{\"v\":\"\"}}},{\"next\":{\"w\":1}}]"},
        /* A tree that may be extended, and one that extends it: the extension holds at every depth. */
        {"{\"$id\":\"u:strict\",\"$dynamicAnchor\":\"node\",\"$ref\":\"u:tree\",\"unevaluatedProperties\":false,"
         "\"$defs\":{\"t\":{\"$id\":\"u:tree\",\"$dynamicAnchor\":\"node\",\"properties\":{\"data\":true,\"children\":"
         "{\"type\":\"array\",\"items\":{\"$dynamicRef\":\"#node\"}}}}}}",
         "[{\"data\":1,\"children\":[{\"data\":2}]}]", "[{\"daat\":1},{\"children\":[{\"daat\":1}]}]"},
        {"{\"$id\":\"u:open\",\"$ref\":\"u:tree\",\"$defs\":{\"t\":{\"$id\":\"u:tree\",\"$dynamicAnchor\":\"node\","
         "\"properties\":"
         "{\"children\":{\"items\":{\"$dynamicRef\":\"#node\"}},\"n\":{\"type\":\"number\"}}}}}",
         "[{\"x\":1,\"children\":[{\"y\":1}]}]", "[{\"children\":[{\"n\":\"\"}]}]"},
        /* Of three, the outermost that was entered counts. */
        {"{\"$id\":\"u:outer\",\"$ref\":\"u:middle\",\"$defs\":{\"here\":{\"$dynamicAnchor\":\"v\",\"type\":\"string\"}"
         ","
         "\"m\":{\"$id\":\"u:middle\",\"$ref\":\"u:inner\",\"$defs\":{\"here\":{\"$dynamicAnchor\":\"v\",\"type\":"
         "\"number\"}}},"
         "\"i\":{\"$id\":\"u:inner\",\"properties\":{\"v\":{\"$dynamicRef\":\"#v\"}},"
         "\"$defs\":{\"here\":{\"$dynamicAnchor\":\"v\",\"type\":\"null\"}}}}}",
         "[{\"v\":\"text\"}]", "[{\"v\":1},{\"v\":null}]"},
        {"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}",
         "[{}, true, {\"properties\":{\"a\":{\"type\":[\"string\",\"null\"]}}}]",
         "[5, {\"type\":\"text\"}, {\"properties\":{\"a\":{\"minLength\":-1}}}, {\"allOf\":[]}]"},
    };
    CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(arrays),
        cmocka_unit_test(objects),
        cmocka_unit_test(references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
