/* URI Templates (RFC 6570), all four levels: {x} {+x} {#x} {.x} {/x} {;x} {?x,y} {&x} {x:3} {x*}. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "codec/json.h"

/* Appends the expansion. `variables` is a JSON object; a member is a string, number or boolean, a list of them, or an
 * object of them. Absent and null members are left out, as are empty lists and objects. TL_EINPUT: a malformed
 * template, a prefix {x:3} of a list or object, a value nested deeper; the text names the place. Nothing stays
 * appended on failure. TL_EFULL: the buffer's maximum. */
tl_code tl_uri_template_expand(tl_str uri_template, const struct tl_json_value *variables, struct tl_buf *out,
                               struct tl_error *err);
/* Is it a template? For load time. */
tl_code tl_uri_template_check(tl_str uri_template, struct tl_error *err);
/* Calls `each` with every variable name, in order, repeats included. Stops when it returns false. The template must
 * have been checked. */
void tl_uri_template_names(tl_str uri_template, bool (*each)(void *ctx, tl_str name), void *ctx);
