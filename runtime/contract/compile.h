/* One compilation under way. Private to the room. */
#pragma once
#include "base/map.h"
#include "schema_node.h"

struct tl_pending_ref {
    struct tl_node *node;
    const struct tl_json_value *value;
    bool dynamic;
};

struct tl_compiling {
    struct tl_schema *schema;
    const struct tl_schema_source *source;
    struct tl_schema_fault *fault;
    struct tl_error *err;
    struct tl_map by_value; /* a JSON value's address → its node */
    struct tl_pending_ref *refs;
    size_t ref_count, ref_cap, ref_done;
    size_t parts, document_count;
};

/* Where the failure is, into the fault of the caller; before the sentence gets its place. */
void tl_compile_locate(struct tl_compiling *c, tl_str document, const char *pointer, size_t line, size_t column);
/* Fails with document, line and JSON pointer of `value`, a part of `node` (or its whole), reached by `keyword` (NULL:
 * the node). */
tl_code tl_compile_refuse(struct tl_compiling *c, const struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value, const char *fmt, ...) TL_PRINTF(5, 6);
void tl_compile_remark(struct tl_compiling *c, const struct tl_node *node, tl_str keyword, const char *text);
/* The subschema `value` at `pointer` of the document of `parent`. */
TL_MUST_CHECK tl_code tl_compile_part(struct tl_compiling *c, const struct tl_node *parent,
                                      const struct tl_json_value *value, const char *pointer, struct tl_node **out);
/* node's pointer + "/keyword" (+ "/step", escaped, when it is not empty). In the arena. */
const char *tl_compile_pointer(struct tl_compiling *c, const struct tl_node *node, const char *keyword, tl_str step);
/* Reads every keyword of an object schema. */
TL_MUST_CHECK tl_code tl_compile_keywords(struct tl_compiling *c, struct tl_node *node);
void tl_compile_ref(struct tl_compiling *c, struct tl_node *node, const struct tl_json_value *value, bool dynamic);
/* Refuses rules that lead back to themselves about the same value. */
TL_MUST_CHECK tl_code tl_compile_check_circles(struct tl_compiling *c);

/* The schema of schemas, in one piece. */
extern const char tl_metaschema[];
#define TL_METASCHEMA_URI "https://json-schema.org/draft/2020-12/schema"
