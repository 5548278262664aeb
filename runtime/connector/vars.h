/* The names that templates of a manifest may use, and putting them in (sdk/docs/manifest.md, "Templates").
 * Thread: one at a time. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "codec/json.h"
#include "codec/json_writer.h"

struct tl_vars {
    struct tl_arena *arena;                                              /* borrow; results live there */
    const struct tl_json_value *args, *config, *auth, *session, *option; /* borrow; NULL: nothing there */
    tl_str key, version, once_key, idempotency_key, marker, object;      /* request.*; empty: absent */
    tl_str cursor, start;                                                /* of a manifest's poll */
};

struct tl_var {
    bool is_there;
    bool is_scalar; /* string, number or boolean: `text` holds it */
    tl_str raw;     /* as JSON */
    tl_str text;
};

/* By "a.b" or alternatives "a|b": the first that is there. A JSON null is there, and no scalar. */
struct tl_var tl_vars_get(const struct tl_vars *vars, tl_str names);
/* RFC 6570, for URLs and paths. TL_EINPUT names the template and what it lacks. */
TL_MUST_CHECK tl_code tl_vars_path(const struct tl_vars *vars, tl_str text, tl_str *out, struct tl_error *err);
/* For headers, queries, forms and places. *is_there false: the template names something and none of it is there.
 * TL_EINPUT: one name among others is absent, is no scalar, or a value holds CR, LF or NUL. */
TL_MUST_CHECK tl_code tl_vars_text(const struct tl_vars *vars, tl_str text, bool *is_there, tl_str *out,
                                   struct tl_error *err);
/* For JSON bodies: writes `body` with its templates put in. An absent whole value leaves its member out. */
TL_MUST_CHECK tl_code tl_vars_json(const struct tl_vars *vars, const struct tl_json_value *body,
                                   struct tl_json_writer *writer, struct tl_error *err);

/* Load time: calls `each` with every name (alternatives one by one); false from it ends with TL_EINPUT. Also TL_EINPUT
 * for an unbalanced brace. `path`: RFC 6570, otherwise plain. */
TL_MUST_CHECK tl_code tl_template_names(tl_str text, bool path, bool (*each)(void *ctx, tl_str name), void *ctx,
                                        struct tl_error *err);
