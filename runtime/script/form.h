/* Reading one declaration's table with named keys: unknown, missing and mistyped keys become findings with
 * the line of the key. Thread: one at a time. */
#pragma once
#include "bundle_private.h"
#include "script/declarations.h"
#include "script_state.h"

struct tl_form {
    lua_State *L;
    struct tl_bundle *bundle;
    const char *kind, *name; /* of the declaration; `what` in messages */
    const char *part;        /* "limits" when a table inside is read; "" */
    int table;               /* absolute index */
    struct tl_place place;   /* of the declaration */
};

/* Every key against the rows of that declaration, or of its part (script/declarations.h). */
void tl_form_check(struct tl_form *form);
/* Where the key stands in the source; the declaration's place when it is not found. */
struct tl_place tl_form_place(const struct tl_form *form, const char *key);
/* The line of a field ("lines[].sku") of the lens that the form is about; "" is the declaration's. */
struct tl_place tl_form_field_place(const struct tl_form *form, const char *field);
/* An error at that key. */
void tl_form_error(struct tl_form *form, const char *key, const char *fmt, ...) TL_PRINTF(3, 4);

/* Members; what has the wrong type was reported by tl_form_check and reads as absent. */
const char *tl_form_text(struct tl_form *form, const char *key); /* "" when absent */
int64_t tl_form_integer(struct tl_form *form, const char *key, int64_t least, int64_t most, int64_t otherwise);
int64_t tl_form_duration(struct tl_form *form, const char *key, int64_t otherwise);
bool tl_form_true(struct tl_form *form, const char *key);
bool tl_form_has(struct tl_form *form, const char *key);
bool tl_form_is_function(struct tl_form *form, const char *key, struct tl_place *place);
/* One text or a list of texts. */
const char *const *tl_form_texts(struct tl_form *form, const char *key, size_t *count);
/* A text, a setting or a secret. */
struct tl_ref tl_form_ref(struct tl_form *form, const char *key);
/* The member as JSON; `otherwise` when absent. NULL key: the whole table. */
const char *tl_form_json(struct tl_form *form, const char *key, const char *otherwise);
/* Which of the words of its row it is; `otherwise` when absent. */
int tl_form_choice(struct tl_form *form, const char *key, int otherwise);
/* Opens a member table as a form of its own (popped by tl_form_close); false when absent. */
bool tl_form_open(struct tl_form *form, const char *key, struct tl_form *inner);
void tl_form_close(struct tl_form *inner);
/* "name@1": a name of letters, digits, dots, dashes and underscores with a version. */
bool tl_is_versioned(tl_str name);
