/* Heap memory. Running out of memory ends the process with a message: no caller handles it, recovery does.
 * Every pointer returned here is released with tl_free. Thread: any. */
#pragma once
#include <stddef.h>

/* Never NULL; contents undefined. A size of 0 is allowed. */
void *tl_alloc(size_t size);
/* Never NULL; `count * size` zero bytes. Overflow ends the process. */
void *tl_zalloc(size_t count, size_t size);
/* Like realloc, never NULL. */
void *tl_realloc(void *ptr, size_t size);
/* NULL is allowed. */
void tl_free(void *ptr);
/* A NUL-terminated copy of `len` bytes. */
char *tl_copy(const void *ptr, size_t len);
/* A copy of a NUL-terminated string; NULL gives NULL. */
char *tl_copy_z(const char *z);
/* printf into fresh memory. */
char *tl_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define TL_NEW(type) ((type *)tl_zalloc(1, sizeof(type)))
