/* What breaks whom between two versions of a contract. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "contract/compat.h"

static struct tl_schema *compile(const char *text)
{
    struct tl_schema_source source = {.text = tl_str_z(text), .name = TL_STR("c.json")};
    struct tl_schema *schema;
    struct tl_error err;
    if (tl_schema_compile(&source, &schema, NULL, &err) != TL_OK)
        fail_msg("%s: %s", text, err.text);
    return schema;
}

/* "breaks pointer: text" a line; static. */
static const char *differences(const char *before, const char *after, unsigned *breaks)
{
    static char out[8192];
    struct tl_schema *a = compile(before), *b = compile(after);
    struct tl_differences d;
    size_t len = 0;
    tl_schema_compare(a, b, &d);
    out[0] = '\0';
    for (size_t i = 0; i < d.count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s %s: %s (%s)\n", tl_breaks_words(d.items[i].breaks),
                                d.items[i].pointer, d.items[i].text, d.items[i].rule);
    *breaks = d.breaks;
    tl_differences_free(&d);
    tl_schema_free(a);
    tl_schema_free(b);
    return out;
}

/* Forwards; and backwards, where who reads and who writes change places (not in every case: readers ignore what they
 * do not know). */
static void expect(const char *before, const char *after, unsigned breaks, unsigned backwards, const char *says)
{
    unsigned found;
    const char *text = differences(before, after, &found);
    if (found != breaks || (says && !strstr(text, says)))
        fail_msg("%s → %s: expected %s, '%s'; got %s:\n%s", before, after, tl_breaks_words(breaks), says ? says : "",
                 tl_breaks_words(found), text);
    text = differences(after, before, &found);
    if (found != backwards)
        fail_msg("%s → %s: expected %s; got %s:\n%s", after, before, tl_breaks_words(backwards), tl_breaks_words(found),
                 text);
}

enum { N = TL_BREAKS_NOBODY, R = TL_BREAKS_READERS, W = TL_BREAKS_WRITERS, B = TL_BREAKS_BOTH };

static void values(void **state)
{
    (void)state;
    expect("{}", "{\"title\":\"x\",\"description\":\"y\",\"x-unit\":\"kg\"}", N, N, NULL);
    expect("{\"type\":\"string\"}", "{\"type\":[\"string\",\"null\"]}", R, W, "may now be null or string, was string");
    expect("{\"type\":\"integer\"}", "{\"type\":\"number\"}", R, W, "may now be number, was integer");
    expect("{\"type\":\"string\"}", "{\"type\":\"integer\"}", B, B, "may now be integer, was string (c.json#/type)");
    expect("{\"type\":\"string\"}", "{}", R, W, "may now be anything, was string");
    expect("{\"type\":\"string\"}", "false", W, R, "may now be nothing");
    expect("{\"enum\":[\"a\",\"b\"]}", "{\"enum\":[\"b\",\"a\",\"c\"]}", R, W, "newly allowed: \"c\"");
    expect("{\"enum\":[\"a\",1]}", "{\"enum\":[1.0]}", W, R, "no longer allowed: \"a\"");
    expect("{\"type\":\"string\",\"enum\":[\"a\"]}", "{\"const\":\"a\"}", N, N, NULL);
    expect("{\"const\":1}", "{\"const\":2}", B, B, "no longer allowed: 1");
    expect("{\"enum\":[1,2]}", "{\"type\":\"integer\"}", R, W, "the list of allowed values is gone");
    expect("{\"minimum\":1}", "{\"minimum\":1.0}", N, N, NULL);
    expect("{\"minimum\":1}", "{\"exclusiveMinimum\":1}", W, R, "must now be more than 1, was at least 1");
    expect("{\"minimum\":9007199254740993}", "{\"minimum\":9007199254740992}", R, W, "at least 9007199254740992");
    expect("{\"maximum\":10}", "{\"maximum\":9.99}", W, R, "must now be at most 9.99");
    expect("{}", "{\"maximum\":10}", W, R, "the largest allowed number is new");
    expect("{\"multipleOf\":0.01}", "{\"multipleOf\":0.05}", W, R, "multiple of 0.05");
    expect("{\"multipleOf\":2}", "{\"multipleOf\":3}", B, B, NULL);
    expect("{\"maxLength\":10}", "{\"maxLength\":20}", R, W, "now has at most 20 characters, had at most 10");
    expect("{\"minLength\":1}", "{}", R, W, "now has at least 0 characters, had at least 1");
    expect("{\"pattern\":\"^a\"}", "{\"pattern\":\"^b\"}", B, B, "cannot be proved compatible");
    expect("{}", "{\"pattern\":\"^b\"}", W, R, "the pattern is new");
    expect("{\"format\":\"date\"}", "{\"format\":\"date-time\"}", B, B, "must now be a date-time, was a date");
    expect("{\"type\":\"integer\",\"minLength\":1}", "{\"type\":\"integer\",\"minLength\":5}", N, N, NULL);
}

#define OBJECT(properties) "{\"type\":\"object\",\"properties\":{" properties "}}"
#define CLOSED(properties) "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" properties "}}"

static void objects(void **state)
{
    (void)state;
    expect(OBJECT("\"a\":{}"), OBJECT("\"a\":{},\"b\":{\"type\":\"string\"}"), W, R,
           "writers /b: the property is new, and might be anything before: the object is open");
    expect(OBJECT("\"a\":{}"), OBJECT("\"a\":{},\"b\":{\"title\":\"B\"}"), N, R,
           "nobody /b: the property is new, and optional");
    expect(CLOSED("\"a\":{}"), CLOSED("\"a\":{},\"b\":{\"type\":\"string\"}"), N, B,
           "nobody /b: the property is new, and optional");
    expect(
        "{\"additionalProperties\":false,\"patternProperties\":{\"^b\":{}}}",
        "{\"additionalProperties\":false,\"patternProperties\":{\"^b\":{}},\"properties\":{\"b\":{\"type\":\"string\"}"
        "}}",
        B, B, "other rules had allowed it: cannot be judged");
    expect("{\"unevaluatedProperties\":false,\"allOf\":[{\"properties\":{\"b\":{}}}]}",
           "{\"unevaluatedProperties\":false,\"allOf\":[{\"properties\":{\"b\":{}}}],\"properties\":{\"b\":{\"type\":"
           "\"string\"}}}",
           B, B, "other rules had allowed it: cannot be judged");
    expect("{\"additionalProperties\":false,\"properties\":{\"ab\":{}}}",
           "{\"additionalProperties\":false,\"properties\":{\"ab\":{}},\"patternProperties\":{\"^a\":{\"type\":"
           "\"string\"}}"
           "}",
           B, B, "there is a rule for names like ^a");
    expect("{\"additionalProperties\":{\"type\":\"string\"}}",
           "{\"additionalProperties\":{\"type\":\"string\"},\"patternProperties\":{\"^a\":{\"type\":\"integer\"}}}", B,
           B, "there is a rule for names like ^a");
    expect(CLOSED("\"a\":{}"), CLOSED("\"a\":{},\"b\":{}"), N, B, "the property is new");
    expect(CLOSED("\"a\":{},\"b\":{}"), CLOSED("\"a\":{}"), B, N, "the property is gone, and refused now");
    expect("{\"required\":[\"a\"]}", "{\"required\":[\"a\",\"b\"]}", W, R, "writers /b: the property is now required");
    expect("{\"required\":[\"a\",\"b\"]}", "{\"required\":[\"a\"]}", R, W, "/b: the property is no longer required");
    expect(OBJECT("\"a\":{}"), CLOSED("\"a\":{}"), W, N, "properties that are not named are now refused");
    expect("{\"additionalProperties\":{\"type\":\"string\"}}",
           "{\"additionalProperties\":{\"type\":\"string\"},\"properties\":{\"a\":{\"type\":\"integer\"}}}", B, B,
           "/a: ");
    expect("{\"additionalProperties\":{\"type\":\"string\"}}", "{\"additionalProperties\":{\"type\":\"integer\"}}", B,
           B, "/*: may now be integer");
    expect("{\"patternProperties\":{\"^x-\":{\"type\":\"string\"}}}",
           "{\"patternProperties\":{\"^x-\":{\"type\":\"string\",\"maxLength\":5}}}", W, R, "/*: now has at most 5");
    expect("{}", "{\"patternProperties\":{\"^x-\":{\"type\":\"string\"}}}", W, R, "names like ^x-");
    expect("{}", "{\"propertyNames\":{\"maxLength\":3}}", W, R, "the rule for names is new");
    expect("{}", "{\"minProperties\":1}", W, R, "now has at least 1 properties");
    expect("{}", "{\"dependentRequired\":{\"a\":[\"b\"]}}", W, R, "'b' is now required beside 'a'");
    expect("{}", "{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", W, R, "objects with 'a' is new");
    expect("{}", "{\"unevaluatedProperties\":false}", W, N, "what is not named is now refused");
    expect(OBJECT("\"a\":" OBJECT("\"b/c\":{\"type\":\"string\"}")),
           OBJECT("\"a\":" OBJECT("\"b/c\":{\"type\":\"null\"}")), B, B, "/a/b~1c: may now be null");
}

static void arrays(void **state)
{
    (void)state;
    expect("{\"items\":{\"type\":\"string\"}}", "{\"items\":{\"type\":[\"string\",\"null\"]}}", R, W, "/*: ");
    expect("{\"prefixItems\":[{\"type\":\"string\"}]}", "{\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"null\"}]}",
           W, R, "/1: may now be null");
    expect("{\"maxItems\":3}", "{\"maxItems\":2}", W, R, "now has at most 2 elements");
    expect("{}", "{\"uniqueItems\":true}", W, R, "elements differ is new");
    expect("{\"contains\":{\"const\":1}}", "{\"contains\":{\"const\":1},\"minContains\":2}", W, R, "at least 2");
    expect("{\"contains\":{\"minimum\":5},\"minContains\":0,\"maxContains\":1}",
           "{\"contains\":{\"minimum\":3},\"minContains\":0,\"maxContains\":1}", B, B, NULL);
}

static void places(void **state)
{
    (void)state;
    expect("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"string\"}}}", "{\"type\":\"string\"}", N, N, NULL);
    expect("{\"properties\":{\"x\":{\"$ref\":\"#/$defs/a\"}},\"$defs\":{\"a\":{\"type\":\"string\"}}}",
           "{\"properties\":{\"x\":{\"$ref\":\"#/$defs/b\"}},\"$defs\":{\"b\":{\"type\":\"string\",\"minLength\":2}}}",
           W, R, "writers /x: now has at least 2 characters, had at least 0 (c.json#/$defs/b/minLength)");
    expect("{\"$defs\":{\"n\":{\"properties\":{\"next\":{\"$ref\":\"#/$defs/n\"}}}},\"$ref\":\"#/$defs/n\"}",
           "{\"$defs\":{\"n\":{\"properties\":{\"next\":{\"$ref\":\"#/$defs/n\"}}}},\"$ref\":\"#/$defs/n\"}", N, N,
           NULL);
    expect("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}",
           "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"},{\"type\":\"integer\"}]}", R, W,
           "one more choice of anyOf");
    expect("{\"anyOf\":[{\"type\":\"string\"}]}", "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":3}]}", W, R, NULL);
    expect("{\"allOf\":[{\"minimum\":1}]}", "{\"allOf\":[{\"minimum\":1},{\"maximum\":5}]}", W, R, "choice of allOf");
    expect("{\"oneOf\":[{\"type\":\"string\"}]}", "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", B, B,
           NULL);
    expect("{\"not\":{\"minimum\":5}}", "{\"not\":{\"minimum\":3}}", W, R, NULL);
    expect("{}", "{\"not\":{\"minimum\":3}}", W, R, "'not' is new");
    expect("{\"not\":{\"properties\":{\"a\":{\"const\":1}},\"required\":[\"a\"]}}",
           "{\"not\":{\"properties\":{\"a\":{\"const\":1},\"b\":{\"type\":\"string\"}},\"required\":[\"a\"]}}", R, W,
           "readers /b: the property is new");
    expect("{\"not\":" CLOSED("\"a\":{}") "}", "{\"not\":" CLOSED("\"a\":{},\"b\":{}") "}", W, B, NULL);
    expect("{\"not\":" CLOSED("\"a\":{}") "}", "{\"not\":" OBJECT("\"a\":{}") "}", W, R, "now allowed");
    expect("{\"not\":{\"unevaluatedProperties\":false}}", "{\"not\":{\"title\":\"x\"}}", W, R, "now allowed");
    expect("{\"not\":{\"not\":{\"minimum\":3}}}", "{\"not\":{\"not\":{\"minimum\":5}}}", W, R, NULL);
    expect("{\"oneOf\":[" CLOSED("\"a\":{}") ",{\"type\":\"null\"}]}",
           "{\"oneOf\":[" CLOSED("\"a\":{},\"b\":{}") ",{\"type\":\"null\"}]}", B, B, NULL);
    expect("{\"if\":{\"const\":1}}", "{\"if\":{\"const\":2}}", B, B, "the condition has changed");
    expect("{\"if\":{\"const\":1},\"then\":{\"minimum\":1}}", "{\"if\":{\"const\":1},\"then\":{\"minimum\":2}}", W, R,
           NULL);
    expect("{\"$ref\":\"#/$defs/a\",\"minLength\":1,\"$defs\":{\"a\":{\"type\":\"string\"}}}",
           "{\"type\":\"string\",\"minLength\":1}", B, B, "the reference is gone: cannot be proved compatible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(objects),
        cmocka_unit_test(arrays),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
