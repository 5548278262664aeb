/* What is wrong with one source file before it runs: rules 1 and 2 of the Lua face. Thread: any. */
#pragma once
#include "chunk.h"
#include "findings.h"
#include "lexer.h"
#include "script/bundle.h"

/* Names a script may read as globals, and names with an answer of their own. */
extern const char *const tl_global_names[];
extern const size_t tl_global_count;
/* NULL when there is nothing special to say. */
const char *tl_global_advice(tl_str name);
/* What stands in the tables of Lua's libraries; ends with a NULL name. */
struct tl_library {
    const char *name;
    const char *const *members; /* ends with NULL */
};
extern const struct tl_library tl_libraries[];
/* The functions of ctx, and names with an answer of their own. */
extern const char *const tl_ctx_names[];
extern const size_t tl_ctx_count;
bool tl_ctx_is_function(tl_str name);
const char *tl_ctx_advice(tl_str name);

/* Globals written and read, file-level locals assigned to by functions, comparisons of decimals with floats.
 */
void tl_inspect_chunk(const struct tl_proto *main, const char *file, struct tl_findings *findings);
/* Duplicate keys, `ctx.emit(` for `ctx:emit(`. */
void tl_inspect_tokens(const struct tl_tokens *tokens, const char *file, struct tl_findings *findings);
/* True when calling this closure's function could change one of its own upvalues: state between runs. */
bool tl_proto_keeps_state(const struct tl_proto *proto, tl_str *name, int *line);

/* Systems, kinds and operations as the checks of a flow need them. */
struct tl_flow_check {
    const char *const *targets; /* systems and kinds */
    size_t target_count;
    enum tl_effect_class (*effect_class)(void *ctx, tl_str target, tl_str operation, const char **nearest);
    void *ctx;
    struct tl_findings *findings;
    const char *file;
    bool named[64];                /* out: targets used (the first 64) */
    struct tl_arena *arena;        /* for `calls` */
    struct tl_flow_call calls[64]; /* out: the first 64 */
    size_t call_count;
};
/* Calls on ctx in a flow's function and the functions inside it: names, and unsafe operations without `once`. */
void tl_inspect_flow(const struct tl_proto *run, struct tl_flow_check *check);

/* Source with `a.b = null` turned into a call that also works where a.b had a value; NULL when there is none.
 * The lines stay where they are. tl_free. */
char *tl_rewrite_nulls(tl_str source, const struct tl_tokens *tokens, size_t *len);
