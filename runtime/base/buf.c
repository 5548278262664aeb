#include "base/buf.h"
#include "base/alloc.h"
#include <stdio.h>
#include <string.h>

void tl_buf_init(struct tl_buf *buf, size_t max)
{
    *buf = (struct tl_buf){.max = max};
}

void tl_buf_free(struct tl_buf *buf)
{
    tl_free(buf->ptr);
    tl_buf_init(buf, buf->max);
}

void tl_buf_clear(struct tl_buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->ptr != NULL)
        buf->ptr[0] = '\0';
}

static bool grow(struct tl_buf *buf, size_t more)
{
    if (buf->overflow || more > buf->max - buf->len) {
        buf->overflow = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need)
        cap *= 2;
    buf->ptr = tl_realloc(buf->ptr, cap);
    buf->cap = cap;
    return true;
}

bool tl_buf_add(struct tl_buf *buf, const void *ptr, size_t len)
{
    if (!grow(buf, len))
        return false;
    if (len != 0)
        memcpy(buf->ptr + buf->len, ptr, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
    return true;
}

bool tl_buf_add_str(struct tl_buf *buf, tl_str s)
{
    return tl_buf_add(buf, s.ptr, s.len);
}

bool tl_buf_add_z(struct tl_buf *buf, const char *z)
{
    return tl_buf_add(buf, z, strlen(z));
}

bool tl_buf_add_char(struct tl_buf *buf, char c)
{
    return tl_buf_add(buf, &c, 1);
}

bool tl_buf_vaddf(struct tl_buf *buf, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(small, sizeof small, fmt, ap);
    bool ok = len >= 0;
    if (ok && (size_t)len < sizeof small) {
        ok = tl_buf_add(buf, small, (size_t)len);
    } else if (ok) {
        char *room = tl_buf_reserve(buf, (size_t)len);
        ok = room != NULL && vsnprintf(room, (size_t)len + 1, fmt, again) == len;
        if (ok)
            buf->len += (size_t)len;
    }
    va_end(again);
    return ok;
}

bool tl_buf_addf(struct tl_buf *buf, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = tl_buf_vaddf(buf, fmt, ap);
    va_end(ap);
    return ok;
}

char *tl_buf_reserve(struct tl_buf *buf, size_t len)
{
    return grow(buf, len) ? buf->ptr + buf->len : NULL;
}

void tl_buf_shift(struct tl_buf *buf, size_t len)
{
    if (len >= buf->len) {
        tl_buf_clear(buf);
        return;
    }
    memmove(buf->ptr, buf->ptr + len, buf->len - len + 1);
    buf->len -= len;
}

tl_str tl_buf_str(const struct tl_buf *buf)
{
    return (tl_str){buf->ptr, buf->len};
}

char *tl_buf_take(struct tl_buf *buf, size_t *len)
{
    char *ptr = buf->ptr != NULL ? buf->ptr : tl_copy("", 0);
    if (len != NULL)
        *len = buf->len;
    tl_buf_init(buf, buf->max);
    return ptr;
}
