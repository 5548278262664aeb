#include "base/alloc.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *ptr, size_t size)
{
    if (ptr == NULL && size != 0) {
        fprintf(stderr, "tidelock: out of memory (%zu bytes asked for)\n", size);
        abort();
    }
    return ptr;
}

void *tl_alloc(size_t size)
{
    return checked(malloc(size ? size : 1), size);
}

void *tl_zalloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        return tl_alloc(0);
    return checked(calloc(count, size), size);
}

void *tl_realloc(void *ptr, size_t size)
{
    return checked(realloc(ptr, size ? size : 1), size);
}

void tl_free(void *ptr)
{
    free(ptr);
}

char *tl_copy(const void *ptr, size_t len)
{
    char *copy = tl_alloc(len + 1);
    if (len != 0)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

char *tl_copy_z(const char *z)
{
    return z == NULL ? NULL : tl_copy(z, strlen(z));
}

char *tl_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    int len = vasprintf(&text, fmt, ap);
    va_end(ap);
    return checked(len < 0 ? NULL : text, 1);
}
