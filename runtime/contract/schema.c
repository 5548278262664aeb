/* A compiled schema from outside: its answers and its end. */
#include "contract/schema.h"
#include "base/alloc.h"
#include "validate.h"

enum { WORK_LEAST = 10000000, WORK_PER_BYTE = 20 };

static void node_free(struct tl_node *node)
{
    for (size_t i = 0; node->number && i < TL_BOUND_COUNT; i++)
        tl_decimal_free(&node->number->bounds[i].value);
    if (node->string)
        tl_regex_free(node->string->pattern);
    for (size_t i = 0; node->object && i < node->object->pattern_count; i++)
        tl_regex_free(node->object->patterns[i].regex);
}

void tl_schema_free(struct tl_schema *schema)
{
    if (!schema)
        return;
    for (struct tl_node *node = schema->nodes; node; node = node->next)
        node_free(node);
    for (struct tl_document *document = schema->documents; document; document = document->next)
        tl_json_free(document->json);
    tl_free(schema->remarks);
    tl_arena_free(&schema->arena);
    tl_free(schema);
}

const struct tl_schema_remark *tl_schema_remarks(const struct tl_schema *schema, size_t *count)
{
    *count = schema->remark_count;
    return schema->remarks;
}

bool tl_schema_validate(const struct tl_schema *schema, const struct tl_json_value *document,
                        struct tl_violations *violations)
{
    struct tl_eval e = {.out = violations, .work = WORK_LEAST + WORK_PER_BYTE * tl_json_raw(document).len};
    bool valid = tl_eval_node(&e, schema->root, document, NULL, NULL);
    if (!e.tired)
        return valid;
    e.stopped = false;
    return tl_eval_report(&e, schema->root, "", document, NULL,
                          "takes too much work to check: the schema tries too many ways");
}

tl_code tl_schema_validate_text(const struct tl_schema *schema, tl_str text, struct tl_violations *violations,
                                struct tl_error *err)
{
    struct tl_json_doc *doc;
    struct tl_violations own, *all = violations ? violations : &own;
    tl_code code = tl_json_parse_borrowed(text, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    tl_violations_init(&own, 1);
    if (!tl_schema_validate(schema, tl_json_root(doc), NULL) && !tl_schema_validate(schema, tl_json_root(doc), all))
        code = tl_violations_error(all, err);
    tl_violations_free(&own);
    tl_json_free(doc);
    return code;
}
