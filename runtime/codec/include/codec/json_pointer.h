/* JSON Pointer (RFC 6901): "" is the whole value, "/lines/0/sku" walks in; ~1 stands for '/', ~0 for '~'.
 * Reads one value out of raw bytes without building anything, or out of a document. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/json.h"

/* Is it a pointer at all? TL_EINPUT says what is wrong. Check once, where the pointer is configured. */
tl_code tl_json_pointer_check(tl_str pointer, struct tl_error *err);
/* *raw_value is the value's bytes inside `raw`, without blanks around it. Of duplicate keys the last one counts.
 * `raw` should have been checked when it was accepted: here only as much is looked at as the way needs, but no input
 * reads outside it. TL_ENOTFOUND: no such value; TL_EINPUT: bad pointer or not JSON. Depth is bounded by
 * TL_JSON_DEPTH_MAX. */
tl_code tl_json_pointer(tl_str raw, tl_str pointer, tl_str *raw_value, struct tl_error *err);
/* The same, and *text is the decoded string or the number's text, as a key needs it; true and false give their names.
 * It lies in `raw`, or in `scratch` when it had escapes. TL_EINPUT also for null, arrays and objects. */
tl_code tl_json_pointer_text(tl_str raw, tl_str pointer, struct tl_buf *scratch, tl_str *text, struct tl_error *err);
/* In a document; NULL when absent or not a pointer. */
const struct tl_json_value *tl_json_at(const struct tl_json_value *value, tl_str pointer);
/* Appends "/" and `step`, escaped. */
bool tl_json_pointer_add(struct tl_buf *pointer, tl_str step);
