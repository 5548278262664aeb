#include "base/str.h"
#include "base/alloc.h"
#include <string.h>
#include <strings.h>

tl_str tl_str_z(const char *z)
{
    return z == NULL ? TL_STR_NONE : (tl_str){z, strlen(z)};
}

tl_str tl_str_n(const void *ptr, size_t len)
{
    return (tl_str){ptr, len};
}

bool tl_str_eq(tl_str a, tl_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool tl_str_is(tl_str a, const char *z)
{
    return tl_str_eq(a, tl_str_z(z));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool tl_str_ieq(tl_str a, tl_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool tl_str_starts(tl_str s, tl_str prefix)
{
    return s.len >= prefix.len && tl_str_eq((tl_str){s.ptr, prefix.len}, prefix);
}

bool tl_str_ends(tl_str s, tl_str suffix)
{
    return s.len >= suffix.len && tl_str_eq(tl_str_from(s, s.len - suffix.len), suffix);
}

bool tl_str_has(tl_str s, tl_str part)
{
    return part.len == 0 || (s.len >= part.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL);
}

int tl_str_cmp(tl_str a, tl_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t tl_str_find(tl_str s, char c)
{
    const char *hit = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
    return hit == NULL ? -1 : hit - s.ptr;
}

tl_str tl_str_from(tl_str s, size_t from)
{
    if (from >= s.len)
        return TL_STR_NONE;
    return (tl_str){s.ptr + from, s.len - from};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

tl_str tl_str_trim(tl_str s)
{
    while (s.len != 0 && is_blank(s.ptr[0]))
        s = tl_str_from(s, 1);
    while (s.len != 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool tl_str_cut(tl_str *rest, char sep, tl_str *part)
{
    if (rest->ptr == NULL)
        return false;
    ptrdiff_t at = tl_str_find(*rest, sep);
    if (at < 0) {
        *part = *rest;
        *rest = TL_STR_NONE;
        return true;
    }
    *part = (tl_str){rest->ptr, (size_t)at};
    *rest = (tl_str){rest->ptr + at + 1, rest->len - (size_t)at - 1};
    return true;
}

bool tl_str_u64(tl_str s, uint64_t *out)
{
    if (s.len == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

char *tl_str_dup(tl_str s)
{
    return tl_copy(s.ptr, s.len);
}
