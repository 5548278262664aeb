/* A growing byte buffer with a declared maximum. Appending past the maximum fails and leaves the buffer as it was
 * (`overflow` is set and stays set), so that a writer may append many times and ask once. Thread: one at a time. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include <stdarg.h>

struct tl_buf {
    char *ptr; /* own; always NUL-terminated when not NULL, the NUL is not counted */
    size_t len;
    size_t cap;
    size_t max;    /* most bytes it may hold */
    bool overflow; /* an append was refused */
};

/* No memory is taken before the first append. */
void tl_buf_init(struct tl_buf *buf, size_t max);
/* Releases the memory; the buffer may be used again. */
void tl_buf_free(struct tl_buf *buf);
/* Empties it and keeps the memory. */
void tl_buf_clear(struct tl_buf *buf);
/* False and `overflow` when it would pass `max`. */
bool tl_buf_add(struct tl_buf *buf, const void *ptr, size_t len);
bool tl_buf_add_str(struct tl_buf *buf, tl_str s);
bool tl_buf_add_z(struct tl_buf *buf, const char *z);
bool tl_buf_add_char(struct tl_buf *buf, char c);
bool tl_buf_addf(struct tl_buf *buf, const char *fmt, ...) TL_PRINTF(2, 3);
bool tl_buf_vaddf(struct tl_buf *buf, const char *fmt, va_list ap);
/* Room for `len` more bytes at the end, to be written by the caller and claimed with `buf->len += n`; NULL past max. */
char *tl_buf_reserve(struct tl_buf *buf, size_t len);
/* Drops the first `len` bytes. */
void tl_buf_shift(struct tl_buf *buf, size_t len);
/* Borrowed until the next change. */
tl_str tl_buf_str(const struct tl_buf *buf);
/* Hands the memory to the caller (tl_free); the buffer is empty afterwards. Never NULL. */
char *tl_buf_take(struct tl_buf *buf, size_t *len);
