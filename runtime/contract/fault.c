/* What is wrong with a schema, or odd, and where: document, line and pointer. */
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "compile.h"
#include <stdio.h>

void tl_compile_locate(struct tl_compiling *c, tl_str document, const char *pointer, size_t line, size_t column)
{
    if (!c->fault)
        return;
    snprintf(c->fault->document, sizeof c->fault->document, "%.*s", TL_STR_ARGS(document));
    snprintf(c->fault->pointer, sizeof c->fault->pointer, "%s", pointer);
    c->fault->line = line;
    c->fault->column = column;
    snprintf(c->fault->text, sizeof c->fault->text, "%s", c->err->text);
}

tl_code tl_compile_refuse(struct tl_compiling *c, const struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value, const char *fmt, ...)
{
    const struct tl_document *document = node->resource->document;
    const char *pointer = keyword ? tl_compile_pointer(c, node, keyword, TL_STR_NONE) : node->pointer;
    size_t line = 0, column = 0;
    tl_json_place(document->json, value ? value : node->json, &line, &column);
    va_list ap;
    va_start(ap, fmt);
    tl_vfail(c->err, TL_EINPUT, fmt, ap);
    va_end(ap);
    tl_compile_locate(c, document->name, pointer, line, column);
    tl_error_prefix(c->err, "%.*s%sline %zu, %s", TL_STR_ARGS(document->name), document->name.len ? ": " : "", line,
                    pointer[0] ? pointer : "the schema");
    return TL_EINPUT;
}

void tl_compile_remark(struct tl_compiling *c, const struct tl_node *node, tl_str keyword, const char *text)
{
    struct tl_schema *s = c->schema;
    size_t line = 0, column = 0;
    char *name = tl_arena_copy(&s->arena, keyword);
    if (s->remark_count >= 100)
        return;
    tl_json_place(node->resource->document->json, tl_json_get_str(node->json, keyword), &line, &column);
    s->remarks = tl_realloc(s->remarks, (s->remark_count + 1) * sizeof(*s->remarks));
    s->remarks[s->remark_count++] =
        (struct tl_schema_remark){.document = tl_arena_copy(&s->arena, node->resource->document->name),
                                  .pointer = tl_compile_pointer(c, node, name, TL_STR_NONE),
                                  .text = text,
                                  .line = line};
}

const char *tl_compile_pointer(struct tl_compiling *c, const struct tl_node *node, const char *keyword, tl_str step)
{
    struct tl_buf pointer;
    tl_buf_init(&pointer, SIZE_MAX / 2);
    tl_buf_add_z(&pointer, node->pointer);
    tl_json_pointer_add(&pointer, tl_str_z(keyword));
    if (step.ptr)
        tl_json_pointer_add(&pointer, step);
    const char *kept = tl_arena_copy(&c->schema->arena, tl_buf_str(&pointer));
    tl_buf_free(&pointer);
    return kept;
}
