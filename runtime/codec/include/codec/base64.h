/* Base64 (RFC 4648). Decoding is strict: no blanks, no foreign characters, unused bits zero. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

/* Standard alphabet, padded. Appends; false when the buffer is full. */
bool tl_base64_encode(struct tl_buf *out, tl_str bytes);
/* URL alphabet (- _), not padded, as JWT wants it. */
bool tl_base64url_encode(struct tl_buf *out, tl_str bytes);
/* Appends the bytes; nothing is appended on failure. Standard alphabet, padding required. TL_EINPUT or TL_EFULL. */
tl_code tl_base64_decode(struct tl_buf *out, tl_str text, struct tl_error *err);
/* URL alphabet, padding allowed but not required. */
tl_code tl_base64url_decode(struct tl_buf *out, tl_str text, struct tl_error *err);
