/* A borrowed slice of bytes: pointer and length, not NUL-terminated. The slice never owns. Thread: any. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tl_str {
    const char *ptr; /* borrow; may be NULL when len is 0 */
    size_t len;
} tl_str;

#define TL_STR(literal) ((tl_str){"" literal, sizeof(literal) - 1})
#define TL_STR_NONE ((tl_str){NULL, 0})
/* For printf("%.*s", TL_STR_ARGS(s)). */
#define TL_STR_ARGS(s) ((int)(s).len), ((s).len ? (s).ptr : "")

/* The slice of a NUL-terminated string; NULL gives the empty slice. */
tl_str tl_str_z(const char *z);
tl_str tl_str_n(const void *ptr, size_t len);
bool tl_str_eq(tl_str a, tl_str b);
bool tl_str_is(tl_str a, const char *z);
/* ASCII case only, as HTTP header names need it. */
bool tl_str_ieq(tl_str a, tl_str b);
bool tl_str_starts(tl_str s, tl_str prefix);
bool tl_str_ends(tl_str s, tl_str suffix);
/* An empty part is in every text. */
bool tl_str_has(tl_str s, tl_str part);
/* Byte order, as memcmp, then length. */
int tl_str_cmp(tl_str a, tl_str b);
/* Offset of the first `c`, or -1. */
ptrdiff_t tl_str_find(tl_str s, char c);
/* From `from` (clamped) to the end. */
tl_str tl_str_from(tl_str s, size_t from);
/* Without leading and trailing space, tab, CR and LF. */
tl_str tl_str_trim(tl_str s);
/* Cuts the part before the first `sep` off `*rest` into `*part`; false when `*rest` is used up. */
bool tl_str_cut(tl_str *rest, char sep, tl_str *part);
/* Strict decimal: digits only, no sign, no blanks, fits. */
bool tl_str_u64(tl_str s, uint64_t *out);
/* A NUL-terminated copy, released with tl_free. */
char *tl_str_dup(tl_str s);
