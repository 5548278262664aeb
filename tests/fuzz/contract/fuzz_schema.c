/* Any bytes as a schema (whose references lead back to itself): it is refused with a place, or validates and is
 * compatible with itself. */
#include "contract/compat.h"
#include "contract/schema.h"
#include <stdint.h>

static bool resolve(void *ctx, tl_str uri, tl_str *text)
{
    (void)uri;
    *text = *(const tl_str *)ctx;
    return true;
}

static void check_answers(const struct tl_schema *schema, tl_str document)
{
    struct tl_json_doc *doc;
    struct tl_violations all;
    if (tl_json_parse(document, NULL, &doc, NULL) != TL_OK)
        return;
    tl_violations_init(&all, 20);
    bool quick = tl_schema_validate(schema, tl_json_root(doc), NULL);
    bool slow = tl_schema_validate(schema, tl_json_root(doc), &all);
    tl_must(quick == slow && quick == (all.count == 0) && all.count <= 20);
    tl_violations_free(&all);
    tl_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str text = tl_str_n(data, size);
    struct tl_schema_source source = {.text = text, .name = TL_STR("a/b.json"), .resolve = resolve, .ctx = &text};
    struct tl_schema *schema;
    struct tl_schema_fault fault;
    struct tl_error err;
    if (size > 20000 || tl_schema_compile(&source, &schema, &fault, &err) != TL_OK) {
        tl_must(size > 20000 || (fault.text[0] && fault.line > 0));
        return 0;
    }
    struct tl_differences differences;
    tl_schema_compare(schema, schema, &differences);
    tl_must(differences.breaks == TL_BREAKS_NOBODY);
    tl_differences_free(&differences);
    check_answers(schema, text); /* a document with the names that the schema talks about */
    check_answers(schema, TL_STR("[1,1.0,\"a\",{\"a\":[null,true,{}]},-0.5e3]"));
    tl_schema_free(schema);
    return 0;
}
