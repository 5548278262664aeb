/* Annotations of the Lua language server, as far as we write them, read strictly: a tag that is not known, a parameter
 * that is not annotated, a type that does not close is an error with file and line. The reference is made of them.
 * Thread: one at a time. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* A parameter, a result or a field. Texts are "" when there is none. */
struct tl_meta_part {
    const char *name; /* of a field in brackets: "[string]" */
    const char *type;
    const char *help;
    bool optional;
};

enum tl_meta_kind { TL_META_CLASS, TL_META_ALIAS, TL_META_FUNCTION, TL_META_VALUE };

struct tl_meta_item {
    enum tl_meta_kind kind;
    const char *name; /* "tidelock.Await", "Ctx:await", "as.text", "null" */
    const char *help; /* lines joined by blanks */
    const char *type; /* of an alias or value; of a class: its parent */
    int line;
    struct tl_meta_part *params; /* of a function; of a class: its fields */
    size_t param_count;
    struct tl_meta_part *returns;
    size_t return_count;
    const char **overloads;
    size_t overload_count;
};

struct tl_meta {
    struct tl_arena arena;
    const char *module;         /* of `---@meta dates`; "" */
    struct tl_meta_item *items; /* own */
    size_t count;
};

/* `name` is for messages. TL_EINPUT: "ctx.lua:12: …". Released with tl_meta_free, also after a failure. */
TL_MUST_CHECK tl_code tl_meta_read(const char *name, tl_str text, struct tl_meta *meta, struct tl_error *err);
void tl_meta_free(struct tl_meta *meta);
