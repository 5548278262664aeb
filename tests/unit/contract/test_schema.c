/* Schemas from outside: what is refused and where, what violations say, references between documents, bounds. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "contract/schema.h"
#include <pthread.h>

static const char *const documents[][2] = {
    {"contracts/customer.json", "{\"$id\":\"customer.json\",\"type\":\"object\",\"required\":[\"name\"]}"},
    {"contracts/bad.json", "{\n  \"type\": \"objekt\"\n}"},
    {"contracts/nojson.json", "{\n  \"type\": objekt\n}"},
    {"contracts/parts.json", "{\"$defs\":{\"no\":{\"$anchor\":\"number\",\"type\":\"string\",\"minLength\":3}}}"},
    {"contracts/order.json", "{\"properties\":{\"again\":{\"$ref\":\"order.json\"},\"no\":{\"type\":\"string\"}}}"},
};

static bool resolve(void *ctx, tl_str uri, tl_str *text)
{
    (void)ctx;
    for (size_t i = 0; i < TL_COUNT_OF(documents); i++)
        if (tl_str_is(uri, documents[i][0])) {
            *text = tl_str_z(documents[i][1]);
            return true;
        }
    return false;
}

static tl_code compile_as(const char *text, struct tl_schema **out, struct tl_schema_fault *fault, struct tl_error *err)
{
    struct tl_schema_source source = {
        .text = tl_str_z(text), .name = TL_STR("contracts/order.json"), .resolve = resolve};
    return tl_schema_compile(&source, out, fault, err);
}

static struct tl_schema *compile(const char *text)
{
    struct tl_schema *schema;
    struct tl_error err;
    if (compile_as(text, &schema, NULL, &err) != TL_OK)
        fail_msg("%s: %s", text, err.text);
    return schema;
}

static void refuses_what_it_does_not_support(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *pointer, *why;
    } cases[] = {
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "/$schema", "only JSON Schema 2020-12"},
        {"{\"$vocabulary\":{}}", "/$vocabulary", "vocabularies of one's own"},
        {"{\"dependencies\":{}}", "/dependencies", "write dependentRequired"},
        {"{\"additionalItems\":false}", "/additionalItems", "write items, behind prefixItems"},
        {"{\"$recursiveRef\":\"#\"}", "/$recursiveRef", "write $dynamicRef"},
        {"{\"items\":[{}]}", "/items", "prefixItems"},
        {"{\"type\":\"text\"}", "/type", "must be null, boolean"},
        {"{\"type\":[]}", "/type", "names no type"},
        {"{\"properties\":{\"a\":{\"minLength\":-1}}}", "/properties/a/minLength", "whole number"},
        {"{\"properties\":{\"a/b\":{\"maxItems\":1.5}}}", "/properties/a~1b/maxItems", "whole number"},
        {"{\"properties\":[]}", "/properties", "must be an object of schemas, not array"},
        {"{\"properties\":{\"a\":5}}", "/properties/a", "a schema is an object, true or false"},
        {"{\"required\":\"a\"}", "/required", "must be an array of names"},
        {"{\"required\":[1]}", "/required", "must hold text only"},
        {"{\"anyOf\":[]}", "/anyOf", "at least one schema"},
        {"{\"allOf\":[true,{\"minimum\":\"1\"}]}", "/allOf/1/minimum", "must be a number"},
        {"{\"exclusiveMinimum\":true}", "/exclusiveMinimum", "must be a number"},
        {"{\"multipleOf\":0}", "/multipleOf", "more than 0"},
        {"{\"pattern\":\"(?=a)\"}", "/pattern", "character 1 of the pattern: lookahead"},
        {"{\"patternProperties\":{\"[\":{}}}", "/patternProperties", "not closed"},
        {"{\"format\":\"idn-hostname\"}", "/format", "cannot be checked here"},
        {"{\"uniqueItems\":1}", "/uniqueItems", "true or false"},
        {"{\"$ref\":\"#/$defs/x\"}", "/$ref", "nothing stands at /$defs/x"},
        {"{\"$ref\":\"#x\"}", "/$ref", "the anchor x"},
        {"{\"$ref\":\"none.json\"}", "/$ref", "there is no schema contracts/none.json"},
        {"{\"$ref\":\"https://acme.example/x.json\"}", "/$ref", "nothing is fetched"},
        {"{\"$anchor\":\"1\"}", "/$anchor", "must be a name"},
        {"{\"$id\":\"#x\"}", "/$id", "has a fragment"},
        {"{\"$defs\":{\"a\":{\"$id\":\"u:a\"},\"b\":{\"$id\":\"u:a\"}}}", "/$defs/b/$id", "two schemas"},
        {"{\"$defs\":{\"a\":{\"$anchor\":\"a\"},\"b\":{\"$anchor\":\"a\"}}}", "/$defs/b/$anchor", "two parts"},
        {"{\"$ref\":\"#\"}", "", "refers to itself"},
        {"{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"}]}}}", "/$defs/a/anyOf/0", "refers to itself"},
        {"{\"$defs\":{\"unused\":{\"minimum\":\"x\"}}}", "/$defs/unused/minimum", "must be a number"},
        {"5", "", "a schema is an object"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        struct tl_schema *schema;
        struct tl_schema_fault fault;
        struct tl_error err;
        if (compile_as(cases[i].schema, &schema, &fault, &err) != TL_EINPUT)
            fail_msg("%s is accepted", cases[i].schema);
        if (!strstr(err.text, cases[i].why) || strcmp(fault.pointer, cases[i].pointer) != 0 || fault.line != 1)
            fail_msg("%s: line %zu, '%s': %s", cases[i].schema, fault.line, fault.pointer, err.text);
    }
}

static void says_where_in_which_document(void **state)
{
    (void)state;
    struct tl_schema *schema;
    struct tl_schema_fault fault;
    struct tl_error err;
    assert_int_equal(compile_as("{\"properties\":{\"c\":{\"$ref\":\"bad.json\"}}}", &schema, &fault, &err), TL_EINPUT);
    assert_string_equal(err.text, "contracts/bad.json: line 2, /type: must be null, boolean, number, integer, string, "
                                  "array or object, or a list of them");
    assert_string_equal(fault.document, "contracts/bad.json");
    assert_int_equal(fault.line, 2);
    assert_int_equal(compile_as("{\"$ref\":\"nojson.json\"}", &schema, &fault, &err), TL_EINPUT);
    assert_string_equal(fault.document, "contracts/nojson.json");
    assert_int_equal(fault.line, 2);
    assert_int_equal(fault.column, 11);
}

/* The violations of `document` as "pointer keyword value: text" lines; static. */
static const char *violations(const char *schema_text, const char *document)
{
    static char out[4096];
    struct tl_schema *schema = compile(schema_text);
    struct tl_violations all;
    struct tl_error err;
    size_t len = 0;
    tl_violations_init(&all, 20);
    tl_code code = tl_schema_validate_text(schema, tl_str_z(document), &all, &err);
    assert_int_equal(code, all.count ? TL_EDIFFERS : TL_OK);
    out[0] = '\0';
    for (size_t i = 0; i < all.count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s %s %s: %s", i ? "\n" : "", all.items[i].pointer,
                                all.items[i].keyword, all.items[i].value, all.items[i].text);
    tl_violations_free(&all);
    tl_schema_free(schema);
    return out;
}

static void violations_name_pointer_rule_and_value(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *document, *says;
    } cases[] = {
        {"{\"type\":\"string\"}", "12", " type 12: must be string, not number"},
        {"{\"properties\":{\"a/b\":{\"items\":{\"minimum\":0}}}}", "{\"a/b\":[1,-0.5]}",
         "/a~1b/1 minimum -0.5: must be at least 0"},
        {"{\"required\":[\"a\",\"b\"],\"properties\":{\"c\":{\"type\":\"null\"}}}", "{\"c\":1}",
         "/c type 1: must be null, not number\n required {\"c\":1}: must have the property 'a'\n"
         " required {\"c\":1}: must have the property 'b'"},
        {"{\"properties\":{\"quantity\":{}},\"additionalProperties\":false}", "{\"quantiti\":1}",
         "/quantiti additionalProperties 1: 'quantiti' is no property of this object; did you mean 'quantity'?"},
        {"{\"properties\":{\"a\":{}},\"unevaluatedProperties\":false}", "{\"a\":1,\"xyz\":2}",
         "/xyz unevaluatedProperties 2: 'xyz' is no property of this object"},
        {"{\"enum\":[\"a\",1]}", "\"b\"", " enum \"b\": must be one of [\"a\",1]"},
        {"{\"const\":{\"a\":1.0}}", "{\"a\":2}", " const {\"a\":2}: must be {\"a\":1.0}"},
        {"{\"maxLength\":2}", "\"\xc3\xa4\xc3\xb6\xc3\xbc\"",
         " maxLength \"\xc3\xa4\xc3\xb6\xc3\xbc\": must have at most 2 characters, has 3"},
        {"{\"pattern\":\"^[A-Z]+$\"}", "\"Ab\"", " pattern \"Ab\": must match ^[A-Z]+$"},
        {"{\"format\":\"date\"}", "\"2026-02-30\"", " format \"2026-02-30\": must be a date, like 2026-05-17"},
        {"{\"uniqueItems\":true}", "[1,{\"a\":1,\"b\":[]},1.00]",
         " uniqueItems [1,{\"a\":1,\"b\":[]},1.00]: elements 0 and 2 are equal"},
        {"{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":{\"type\":\"string\"}}}]}", "{\"a\":1}",
         " anyOf {\"a\":1}: fits none of the 2 choices; choice 2 says: /a must be string, not number"},
        {"{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "3", " oneOf 3: fits choices 1 and 2, must fit exactly one"},
        {"{\"not\":{\"type\":\"null\"}}", "null", " not null: must not fit the schema of 'not'"},
        {"{\"contains\":{\"const\":1},\"minContains\":2}", "[1,2]",
         " minContains [1,2]: must hold at least 2 elements that fit 'contains', holds 1"},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
         " dependentRequired {\"a\":1}: must have the property 'b', since it has 'a'"},
        {"{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}",
         "/ab maxLength \"ab\": must have at most 1 characters, has 2"},
        {"{\"properties\":{\"a\":false}}", "{\"a\":1}", "/a  1: is not allowed here"},
        {"{\"minimum\":9007199254740993}", "9007199254740992",
         " minimum 9007199254740992: must be at least 9007199254740993"},
        {"{\"maximum\":0.000000000000000001}", "999999999999999999",
         " maximum 999999999999999999: must be at most 0.000000000000000001"},
        {"{\"multipleOf\":0.000000000000000002}", "-999999999999999999.5", ""},
        {"{\"multipleOf\":0.3}", "1e400", " multipleOf 1e400: must be a multiple of 0.3"},
        {"{\"multipleOf\":0.01}", "19.991", " multipleOf 19.991: must be a multiple of 0.01"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++)
        assert_string_equal(violations(cases[i].schema, cases[i].document), cases[i].says);
}

static void long_values_are_cut_at_a_character(void **state)
{
    (void)state;
    char document[300] = "\"a";
    for (size_t i = 2; i < 202; i += 2)
        memcpy(document + i, "\xc3\xa4", 3);
    strcat(document, "\"");
    const char *said = violations("{\"type\":\"null\"}", document);
    assert_int_equal(strlen(said), strlen(" type : must be null, not string") + 80 + strlen("…"));
    assert_non_null(strstr(said, "\xa4…: must"));
}

static void one_sentence_names_the_first(void **state)
{
    (void)state;
    struct tl_schema *schema = compile("{\"properties\":{\"total\":{\"minimum\":0}},\"required\":[\"no\"]}");
    struct tl_error err;
    assert_int_equal(tl_schema_validate_text(schema, TL_STR("{\"total\":-1}"), NULL, &err), TL_EDIFFERS);
    assert_string_equal(err.text, "/total is -1: must be at least 0 (contracts/order.json#/properties/total/minimum)");
    assert_int_equal(tl_schema_validate_text(schema, TL_STR("{\"total\":"), NULL, &err), TL_EINPUT);
    assert_int_equal(tl_schema_validate_text(schema, TL_STR("{\"no\":1}"), NULL, &err), TL_OK);
    tl_schema_free(schema);
}

static void stops_at_the_wanted_number(void **state)
{
    (void)state;
    struct tl_schema *schema = compile("{\"items\":{\"type\":\"null\"}}");
    struct tl_violations all;
    tl_violations_init(&all, 3);
    assert_int_equal(tl_schema_validate_text(schema, TL_STR("[1,2,3,4,5]"), &all, NULL), TL_EDIFFERS);
    assert_int_equal(all.count, 3);
    tl_violations_free(&all);
    tl_schema_free(schema);
}

static void references_lead_to_other_documents(void **state)
{
    (void)state;
    assert_string_equal(violations("{\"properties\":{\"c\":{\"$ref\":\"customer.json\"}}}", "{\"c\":{}}"),
                        "/c required {}: must have the property 'name'");
    assert_string_equal(violations("{\"$ref\":\"parts.json#number\"}", "\"1\""),
                        " minLength \"1\": must have at least 3 characters, has 1");
    assert_string_equal(violations("{\"$ref\":\"./x/../parts.json#/$defs/no\"}", "\"123\""), "");
    assert_string_equal(violations("{\"$ref\":\"../contracts/sub/../parts.json#number\"}", "\"123\""), "");
    assert_string_equal(violations("{\"$id\":\"https://acme.example/s/order.json\",\"$ref\":\"no.json\","
                                   "\"$defs\":{\"no\":{\"$id\":\"/s/no.json\",\"type\":\"string\"}}}",
                                   "1"),
                        " type 1: must be string, not number");
}

static void what_is_only_near_is_remarked(void **state)
{
    (void)state;
    struct tl_schema *schema = compile(
        "{\"properties\":{\"minlenght\":{\n\"additionalProps\":3,\"x-minlength\":\"kg\",\"unit\":\"kg\"}},"
        "\"$comment\":\"x\",\"currency\":\"EUR\",\"contentMediaType\":\"text/html\",\"contentEncoding\":\"base64\"}");
    size_t count;
    const struct tl_schema_remark *remarks = tl_schema_remarks(schema, &count);
    assert_int_equal(count, 1);
    assert_string_equal(remarks[0].pointer, "/properties/minlenght/additionalProps");
    assert_int_equal(remarks[0].line, 2);
    assert_string_equal(remarks[0].text,
                        "'additionalProps' is no keyword and asks nothing; did you mean 'additionalProperties'?");
    tl_schema_free(schema);
}

/* Two ways at each of 100 levels: 2^100 ways for who tries them all. */
static void work_is_bounded(void **state)
{
    (void)state;
    struct tl_schema *schema =
        compile("{\"$defs\":{\"n\":{\"allOf\":[{\"properties\":{\"a\":{\"$ref\":\"#/$defs/n\"}}},"
                "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/n\"}}}]}},\"$ref\":\"#/$defs/n\"}");
    char document[1000] = "";
    struct tl_error err;
    for (size_t i = 0; i < 100; i++)
        strcat(document, "{\"a\":");
    strcat(document, "1");
    for (size_t i = 0; i < 100; i++)
        strcat(document, "}");
    assert_int_equal(tl_schema_validate_text(schema, tl_str_z(document), NULL, &err), TL_EDIFFERS);
    assert_non_null(strstr(err.text, "too much work"));
    tl_schema_free(schema);
    schema = compile(
        "{\"$dynamicAnchor\":\"n\",\"$id\":\"u:top\",\"$ref\":\"u:low\","
        "\"$defs\":{\"low\":{\"$id\":\"u:low\",\"$dynamicAnchor\":\"n\",\"anyOf\":[{\"$dynamicRef\":\"#n\"}]}}}");
    assert_int_equal(tl_schema_validate_text(schema, TL_STR("1"), NULL, &err), TL_EDIFFERS);
    tl_schema_free(schema);
}

static void long_arrays_are_compared_in_sorting_time(void **state)
{
    (void)state;
    struct tl_schema *schema = compile("{\"uniqueItems\":true}");
    struct tl_buf text;
    tl_buf_init(&text, 1 << 24);
    tl_buf_add_char(&text, '[');
    for (int i = 0; i < 200000; i++)
        tl_buf_addf(&text, "%d,", i);
    tl_buf_add_z(&text, "\"1\"]");
    assert_int_equal(tl_schema_validate_text(schema, tl_buf_str(&text), NULL, NULL), TL_OK);
    text.len -= 4;
    tl_buf_add_z(&text, "7e0]");
    assert_int_equal(tl_schema_validate_text(schema, tl_buf_str(&text), NULL, NULL), TL_EDIFFERS);
    tl_buf_free(&text);
    tl_schema_free(schema);
}

static void *validate_often(void *ctx)
{
    for (int i = 0; i < 2000; i++)
        if (tl_schema_validate_text(ctx, TL_STR("{\"again\":{\"no\":\"1\"}}"), NULL, NULL) != TL_OK ||
            tl_schema_validate_text(ctx, TL_STR("{\"again\":{\"no\":1}}"), NULL, NULL) != TL_EDIFFERS)
            return ctx;
    return NULL;
}

static void threads_share_a_schema(void **state)
{
    (void)state;
    struct tl_schema *schema = compile(documents[4][1]);
    pthread_t threads[4];
    for (size_t i = 0; i < TL_COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, validate_often, schema), 0);
    for (size_t i = 0; i < TL_COUNT_OF(threads); i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    tl_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_does_not_support),
        cmocka_unit_test(says_where_in_which_document),
        cmocka_unit_test(violations_name_pointer_rule_and_value),
        cmocka_unit_test(long_values_are_cut_at_a_character),
        cmocka_unit_test(one_sentence_names_the_first),
        cmocka_unit_test(stops_at_the_wanted_number),
        cmocka_unit_test(references_lead_to_other_documents),
        cmocka_unit_test(what_is_only_near_is_remarked),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(long_arrays_are_compared_in_sorting_time),
        cmocka_unit_test(threads_share_a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
