/* Bytes as hexadecimal text. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

/* Appends two lower-case digits a byte; false when the buffer is full. */
bool tl_hex_encode(struct tl_buf *out, tl_str bytes);
/* Into `out`, which has room for 2 * len + 1 characters; NUL-terminated. */
void tl_hex_write(char *out, const void *bytes, size_t len);
/* The value of one digit, either case; -1 for anything else. */
int tl_hex_digit(char c);
/* Either case; an even number of digits, nothing else. Nothing is appended on failure. TL_EINPUT or TL_EFULL. */
tl_code tl_hex_decode(struct tl_buf *out, tl_str text, struct tl_error *err);
/* Exactly `len` bytes; false otherwise. */
bool tl_hex_read(tl_str text, void *out, size_t len);
