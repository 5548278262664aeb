/* UTF-8: checking, counting, and upper and lower case of all scripts, independent of any locale.
 * Case is Unicode 14 *simple* case mapping: one code point for one. So ß stays ß in upper case (never SS), İ (U+0130)
 * becomes i and I becomes i whatever the language, and a final sigma is not treated apart. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/str.h"

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
bool tl_utf8_valid(tl_str s);
/* Bytes from the start that are valid: s.len when all is. */
size_t tl_utf8_valid_prefix(tl_str s);
/* Code points. Bytes that are not UTF-8 count one each. */
size_t tl_utf8_length(tl_str s);
/* The next code point from *at, which moves on. False at the end. What is not UTF-8 gives U+FFFD, one byte a time. */
bool tl_utf8_next(tl_str s, size_t *at, uint32_t *code);
/* Writes 1 to 4 bytes; returns how many, 0 for surrogates and beyond U+10FFFF. */
size_t tl_utf8_put(char out[4], uint32_t code);
/* Does it tell a terminal what to do instead of being shown: C0, DEL, C1, marks that turn the direction of writing? */
bool tl_utf8_steers(uint32_t code);
/* The first `count` code points. */
tl_str tl_utf8_first(tl_str s, size_t count);
uint32_t tl_utf8_code_upper(uint32_t code);
uint32_t tl_utf8_code_lower(uint32_t code);
/* Append; false when the buffer is full. Bytes that are not UTF-8 pass through unchanged. */
bool tl_utf8_upper(struct tl_buf *out, tl_str s);
bool tl_utf8_lower(struct tl_buf *out, tl_str s);
/* Appends `s` with U+FFFD for every byte that is not UTF-8. */
bool tl_utf8_repair(struct tl_buf *out, tl_str s);
