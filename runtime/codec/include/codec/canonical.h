/* Canonical JSON: one text for one value, for hashes and comparison. Keys sorted by their UTF-16 units, no blanks,
 * minimal escapes (RFC 8785). Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "codec/json.h"

enum tl_canonical {
    TL_CANONICAL_EXACT, /* numbers by exact value: 1, 1.0 and 1e0 are all `1`; no digit is lost. For our own hashes */
    TL_CANONICAL_JCS    /* numbers as IEEE doubles, as RFC 8785 wants them: digits beyond a double are lost */
};

/* Appends to `out`. TL_EINPUT: a number that has no such form (beyond a double; more than TL_DECIMAL_DIGITS digits);
 * TL_EFULL: the buffer's maximum. */
tl_code tl_json_canonical(const struct tl_json_value *value, enum tl_canonical form, struct tl_buf *out,
                          struct tl_error *err);
