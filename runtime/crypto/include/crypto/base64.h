/* Base64 for keys and signatures, where this room cannot use codec. Strict: no blanks, canonical padding. Thread: any. */
#pragma once
#include "base/buf.h"

enum tl_b64_form { TL_B64_STANDARD, TL_B64_URL /* RFC 4648 section 5, no padding */ };

/* Appends the text; false when `out` is full. */
bool tl_b64_write(tl_str bytes, enum tl_b64_form form, struct tl_buf *out);
/* Appends the bytes; false when the text is not canonical base64 of that form or `out` is full. */
bool tl_b64_read(tl_str text, enum tl_b64_form form, struct tl_buf *out);
