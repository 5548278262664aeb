/* The shape of a message: what is left when the parts that change from one record to the next are taken out, so that
 * equal causes look equal. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include <stdint.h>

/* Appends `message` (its first 1,024 bytes) with quoted texts as "…" and numbers, times, ids (words with a digit in
 * them) and mail addresses as #. Field names and JSON pointers stay. */
void tl_cause_shape(tl_str message, struct tl_buf *out);
#define TL_CAUSE_TEXT 17 /* characters of a printed fingerprint with its NUL */
void tl_cause_print(uint64_t cause, char out[TL_CAUSE_TEXT]);
/* A fingerprint as people write it: 16 hexadecimal digits, nothing else. */
bool tl_cause_parse(tl_str text, uint64_t *out);
