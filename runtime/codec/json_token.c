/* Single tokens of JSON as text: a string with its quotes and escapes, a number. Thread: any. */
#include "codec/json_writer.h"
#include "json_scan.h"
#include "utf8_step.h"
#include <string.h>

static bool add_escape(struct tl_buf *out, char c)
{
    switch (c) {
    case '"':
        return tl_buf_add(out, "\\\"", 2);
    case '\\':
        return tl_buf_add(out, "\\\\", 2);
    case '\b':
        return tl_buf_add(out, "\\b", 2);
    case '\f':
        return tl_buf_add(out, "\\f", 2);
    case '\n':
        return tl_buf_add(out, "\\n", 2);
    case '\r':
        return tl_buf_add(out, "\\r", 2);
    case '\t':
        return tl_buf_add(out, "\\t", 2);
    default: {
        static const char hex[] = "0123456789abcdef";
        unsigned char u = (unsigned char)c;
        char text[6] = {'\\', 'u', '0', '0', hex[u >> 4], hex[u & 15]};
        return tl_buf_add(out, text, 6);
    }
    }
}

static bool add_quoted(struct tl_buf *out, tl_str s)
{
    const char *at = s.ptr, *end = s.len ? s.ptr + s.len : s.ptr, *piece = at;
    tl_buf_add_char(out, '"');
    while (at < end) {
        at = tl_json_scan_plain(at, end);
        if (at == end)
            break;
        if ((unsigned char)*at >= 0x80) {
            size_t step = tl_utf8_step((const unsigned char *)at, (const unsigned char *)end);
            if (!step)
                return false;
            at += step;
            continue;
        }
        tl_buf_add(out, piece, (size_t)(at - piece));
        add_escape(out, *at);
        piece = ++at;
    }
    if (end > piece)
        tl_buf_add(out, piece, (size_t)(end - piece));
    return tl_buf_add_char(out, '"');
}

/* First byte that needs an escape or is not UTF-8; the end for most strings. */
static const char *skip_quotable(const char *at, const char *end)
{
    while (at < end) {
        at = tl_json_scan_plain(at, end);
        size_t step = at < end && (unsigned char)*at >= 0x80
                          ? tl_utf8_step((const unsigned char *)at, (const unsigned char *)end)
                          : 0;
        if (!step)
            break;
        at += step;
    }
    return at;
}

static bool quote_plain(struct tl_buf *out, tl_str s)
{
    char *to = tl_buf_reserve(out, s.len + 2);
    if (!to)
        return false;
    to[0] = to[s.len + 1] = '"';
    to[s.len + 2] = '\0';
    if (s.len)
        memcpy(to + 1, s.ptr, s.len);
    out->len += s.len + 2;
    return true;
}

bool tl_json_quote(struct tl_buf *out, tl_str s)
{
    size_t before = out->len;
    if (!s.len || skip_quotable(s.ptr, s.ptr + s.len) == s.ptr + s.len)
        return quote_plain(out, s);
    if (add_quoted(out, s) && !out->overflow)
        return true;
    out->len = before;
    if (out->ptr)
        out->ptr[before] = '\0';
    return false;
}

bool tl_json_is_number(tl_str s)
{
    struct tl_json_scanned got;
    if (!s.len || (s.ptr[0] != '-' && (s.ptr[0] < '0' || s.ptr[0] > '9')))
        return false;
    tl_json_scan_number(s.ptr, s.ptr + s.len, &got);
    return !got.why && got.at == s.ptr + s.len;
}
