/* Any bytes as a document against a schema that asks everything: quick and slow answers agree. */
#include "codec/json_pointer.h"
#include "contract/schema.h"
#include <stdint.h>
#include <string.h>

static const char everything[] =
    "{\"$id\":\"u:all\",\"$dynamicAnchor\":\"n\",\"type\":[\"object\",\"array\",\"string\",\"number\",\"null\"],"
    "\"properties\":{\"a\":{\"$ref\":\"#/$defs/"
    "text\"},\"b\":{\"$dynamicRef\":\"#n\"},\"c\":{\"enum\":[1,\"x\",[2.0]]}},"
    "\"patternProperties\":{\"^[a-z]+_\\\\d*$\":{\"type\":\"integer\",\"multipleOf\":3,\"maximum\":1e30}},"
    "\"dependentRequired\":{\"a\":[\"b\"]},\"dependentSchemas\":{\"b\":{\"required\":[\"c\"]}},"
    "\"propertyNames\":{\"maxLength\":12},\"minProperties\":1,\"maxProperties\":9,\"unevaluatedProperties\":false,"
    "\"prefixItems\":[{\"type\":\"string\"},{\"$dynamicRef\":\"#n\"}],\"contains\":{\"type\":\"number\"},"
    "\"minContains\":0,\"maxContains\":4,\"uniqueItems\":true,\"unevaluatedItems\":{\"type\":[\"number\",\"array\"]},"
    "\"minLength\":1,\"pattern\":\"^(\\\\p{L}|[0-9 .:@/+-])*$\",\"minimum\":-10,\"exclusiveMaximum\":1E40,"
    "\"if\":{\"properties\":{\"d\":{\"const\":null}},\"required\":[\"d\"]},\"then\":{\"properties\":{\"e\":true}},"
    "\"else\":{\"not\":{\"required\":[\"f\"]}},\"oneOf\":[{\"type\":[\"object\",\"array\"]},{\"type\":[\"string\","
    "\"number\",\"null\"]}],\"$defs\":{\"text\":{\"type\":\"string\",\"anyOf\":[{\"format\":\"date\"},{\"format\":"
    "\"date-time\"},{\"format\":\"time\"},{\"format\":\"duration\"},{\"format\":\"email\"},{\"format\":\"idn-email\"},"
    "{\"format\":\"hostname\"},{\"format\":\"ipv4\"},{\"format\":\"ipv6\"},{\"format\":\"uri\"},{\"format\":"
    "\"iri-reference\"},{\"format\":\"uuid\"},{\"format\":\"uri-template\"},{\"format\":\"json-pointer\"},"
    "{\"format\":\"relative-json-pointer\"},{\"format\":\"regex\"}]}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tl_schema *schema;
    struct tl_schema_source source = {.text = TL_STR_NONE};
    struct tl_json_doc *doc;
    struct tl_violations all;
    if (!schema) {
        source.text = tl_str_z(everything);
        tl_must(tl_schema_compile(&source, &schema, NULL, NULL) == TL_OK);
    }
    if (tl_json_parse(tl_str_n(data, size), NULL, &doc, NULL) != TL_OK)
        return 0;
    tl_violations_init(&all, 20);
    bool quick = tl_schema_validate(schema, tl_json_root(doc), NULL);
    bool slow = tl_schema_validate(schema, tl_json_root(doc), &all);
    tl_must(quick == slow && quick == (all.count == 0));
    for (size_t i = 0; i < all.count; i++)
        tl_must(tl_json_at(tl_json_root(doc), tl_str_z(all.items[i].pointer)) != NULL ||
                strstr(all.items[i].pointer, "\xef\xbf\xbd") != NULL);
    tl_violations_free(&all);
    tl_json_free(doc);
    return 0;
}
