/* What an integrator may declare: kinds, their keys, what each takes and means. The same rows check the files, tell
 * editors and make the reference, so the three cannot part. Immutable. Thread: any. */
#pragma once
#include "base/error.h"
#include <stddef.h>

enum {
    TL_FORM_TEXT = 1,
    TL_FORM_INTEGER = 2,
    TL_FORM_BOOLEAN = 4,
    TL_FORM_TABLE = 8,
    TL_FORM_FUNCTION = 16,
    TL_FORM_REQUIRED = 32,
};

struct tl_form_key {
    const char *name;
    unsigned takes;
    const char *help;
    const char *const *values; /* NULL, or the words that a text may be; ends with NULL */
    const char *later;         /* not NULL: a key of a later package; says which */
};

struct tl_declaration {
    const char *kind; /* "system" */
    const char *part; /* "limits": a table inside it; "" for the declaration itself */
    const char *help;
    const struct tl_form_key *keys;
    size_t key_count;
    const char *others; /* NULL: no other keys; else what other keys are */
};

/* In the order of the reference; parts behind their declaration. */
const struct tl_declaration *tl_declarations(size_t *count);
/* NULL when there is none. */
const struct tl_declaration *tl_declaration(const char *kind, const char *part);
/* The key of that name, or NULL. */
const struct tl_form_key *tl_declaration_key(const struct tl_declaration *declaration, const char *name);

/* The names that a file of an integration may read as globals, and the functions of ctx. */
const char *const *tl_word_globals(size_t *count);
const char *const *tl_word_ctx(size_t *count);
/* Calls `each` with every member of the tables among the globals ("string", "find"), as scripts really have them: by
 * global in their order, members sorted. Thread: any one. */
TL_MUST_CHECK tl_code tl_word_members(void (*each)(void *ctx, const char *global, const char *member), void *ctx,
                                      struct tl_error *err);
