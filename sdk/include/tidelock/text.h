/* Small text helpers over the host table, all inline and optional. Results live as long as the scope. */
#ifndef TIDELOCK_TEXT_H
#define TIDELOCK_TEXT_H

#include <string.h>
#include <tidelock/connector.h>

static inline tlc_slice tlc_z(const char *z)
{
    tlc_slice s;
    s.ptr = z;
    s.len = z ? (uint64_t)strlen(z) : 0;
    return s;
}

static inline int tlc_is(tlc_slice s, const char *z)
{
    uint64_t n = (uint64_t)strlen(z);
    return s.len == n && (n == 0 || memcmp(s.ptr, z, (size_t)n) == 0);
}

static inline int tlc_same(tlc_slice a, tlc_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, (size_t)a.len) == 0);
}

/* One text out of `count` pieces. */
static inline tlc_slice tlc_join(const tlc_host *host, tlc_scope *scope, const tlc_slice *parts, uint32_t count)
{
    tlc_slice out;
    uint64_t len = 0;
    uint32_t i;
    char *to;
    for (i = 0; i < count; i++)
        len += parts[i].len;
    to = (char *)host->alloc(scope, len + 1);
    out.ptr = to;
    out.len = len;
    for (i = 0; i < count; i++) {
        if (parts[i].len)
            memcpy(to, parts[i].ptr, (size_t)parts[i].len);
        to += parts[i].len;
    }
    return out;
}

/* A copy that outlives the step. */
static inline tlc_slice tlc_keep(const tlc_host *host, tlc_scope *scope, tlc_slice s)
{
    return tlc_join(host, scope, &s, 1);
}

/* The text (or a number's digits) at an RFC 6901 pointer; absent slice when it is not there, null or no text. */
static inline tlc_slice tlc_json_text(const tlc_host *host, tlc_scope *scope, tlc_slice json, const char *pointer)
{
    tlc_slice raw, text, none;
    none.ptr = 0;
    none.len = 0;
    if (host->json_at(scope, json, tlc_z(pointer), &raw) != 1 || host->json_text(scope, raw, &text) != 1)
        return none;
    return text;
}

/* The raw JSON at a pointer; absent slice when it is not there. */
static inline tlc_slice tlc_json_raw(const tlc_host *host, tlc_scope *scope, tlc_slice json, const char *pointer)
{
    tlc_slice raw, none;
    none.ptr = 0;
    none.len = 0;
    return host->json_at(scope, json, tlc_z(pointer), &raw) == 1 ? raw : none;
}

/* A header's value by name, without case; absent slice when there is none. */
static inline tlc_slice tlc_header_get(const tlc_header *headers, uint32_t count, const char *name)
{
    tlc_slice none;
    uint64_t n = (uint64_t)strlen(name), k;
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (headers[i].name.len != n)
            continue;
        for (k = 0; k < n; k++) {
            char a = headers[i].name.ptr[k], b = name[k];
            a = (char)(a >= 'A' && a <= 'Z' ? a + 32 : a);
            b = (char)(b >= 'A' && b <= 'Z' ? b + 32 : b);
            if (a != b)
                break;
        }
        if (k == n)
            return headers[i].value;
    }
    none.ptr = 0;
    none.len = 0;
    return none;
}

#endif
