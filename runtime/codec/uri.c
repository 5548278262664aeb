/* Percent-encoding and the parts of URIs. Thread: any. */
#include "codec/uri.h"
#include "codec/hex.h"
#include <string.h>

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is there a %XX at `at`? */
static bool is_encoded(tl_str s, size_t at)
{
    return s.len - at >= 3 && s.ptr[at] == '%' && is_hex(s.ptr[at + 1]) && is_hex(s.ptr[at + 2]);
}

static bool stays(char c, enum tl_uri_set keep)
{
    static const char *const others[] = {
        [TL_URI_UNRESERVED] = "-._~",
        [TL_URI_RESERVED] = "-._~:/?#[]@!$&'()*+,;=",
        [TL_URI_PATH] = "-._~/!$&'()*+,;=:@",
        [TL_URI_FORM] = "*-._",
    };
    return is_alnum(c) || (c != '\0' && strchr(others[keep], c));
}

bool tl_uri_encode(struct tl_buf *out, tl_str s, enum tl_uri_set keep)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        char encoded[3] = {'%', digits[c >> 4], digits[c & 15]};
        bool ok;
        if (stays(s.ptr[i], keep))
            ok = tl_buf_add_char(out, s.ptr[i]);
        else if (keep == TL_URI_RESERVED && is_encoded(s, i))
            ok = tl_buf_add_char(out, '%'); /* its digits stay by themselves */
        else if (keep == TL_URI_FORM && c == ' ')
            ok = tl_buf_add_char(out, '+');
        else
            ok = tl_buf_add(out, encoded, 3);
        if (!ok)
            return false;
    }
    return true;
}

tl_code tl_uri_decode(struct tl_buf *out, tl_str s, bool plus, struct tl_error *err)
{
    char *to = tl_buf_reserve(out, s.len);
    if (!to)
        return tl_fail(err, TL_EFULL, "no room for %zu decoded bytes", s.len);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '%') {
            if (!is_encoded(s, i)) {
                *to = '\0';
                return tl_fail(err, TL_EINPUT, "a %% at offset %zu is not followed by two hex digits", i);
            }
            tl_hex_read((tl_str){s.ptr + i + 1, 2}, to + len++, 1);
            i += 2;
        } else {
            to[len++] = plus && s.ptr[i] == '+' ? ' ' : s.ptr[i];
        }
    }
    out->len += len;
    out->ptr[out->len] = '\0';
    return TL_OK;
}

static bool clean(tl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c == 0x7F || strchr("\"<>\\^`{|}", c) || (c == '%' && !is_encoded(text, i)))
            return false;
    }
    return true;
}

static bool split_scheme(tl_str *rest, struct tl_uri *out)
{
    if (!tl_str_cut(rest, ':', &out->scheme) || !out->scheme.len)
        return false;
    if (!is_alnum(out->scheme.ptr[0]) || (out->scheme.ptr[0] >= '0' && out->scheme.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < out->scheme.len; i++)
        if (!is_alnum(out->scheme.ptr[i]) && !strchr("+-.", out->scheme.ptr[i]))
            return false;
    if (!tl_str_starts(*rest, TL_STR("//")))
        return false;
    *rest = tl_str_from(*rest, 2);
    return true;
}

static bool split_port(tl_str text, struct tl_uri *out)
{
    uint64_t port;
    if (!text.len) /* "host:" means the default */
        return true;
    if (!tl_str_u64(text, &port) || port > 65535)
        return false;
    out->port = (uint16_t)port;
    out->has_port = true;
    return true;
}

/* "user@host:port", "[::1]:port" */
static bool split_authority(tl_str text, struct tl_uri *out)
{
    ptrdiff_t at = tl_str_find(text, '@');
    if (at >= 0) {
        out->userinfo = (tl_str){text.ptr, (size_t)at};
        text = tl_str_from(text, (size_t)at + 1);
    }
    if (text.len && text.ptr[0] == '[') {
        ptrdiff_t close = tl_str_find(text, ']');
        if (close < 2)
            return false;
        out->host = (tl_str){text.ptr + 1, (size_t)close - 1};
        text = tl_str_from(text, (size_t)close + 1);
        if (text.len && text.ptr[0] != ':')
            return false;
        return split_port(tl_str_from(text, 1), out);
    }
    ptrdiff_t colon = tl_str_find(text, ':');
    out->host = (tl_str){text.ptr, colon >= 0 ? (size_t)colon : text.len};
    for (size_t i = 0; i < out->host.len; i++)
        if (strchr("@[]", out->host.ptr[i]))
            return false;
    return out->host.len && (colon < 0 || split_port(tl_str_from(text, (size_t)colon + 1), out));
}

/* Cuts what follows the first `mark` off the end of `*text`. */
static bool cut_tail(tl_str *text, char mark, tl_str *tail)
{
    ptrdiff_t at = tl_str_find(*text, mark);
    if (at < 0)
        return false;
    *tail = tl_str_from(*text, (size_t)at + 1);
    text->len = (size_t)at;
    return true;
}

tl_code tl_uri_split(tl_str text, struct tl_uri *out, struct tl_error *err)
{
    tl_str rest = text, shown = text.len > 200 ? (tl_str){text.ptr, 200} : text;
    memset(out, 0, sizeof *out);
    if (!clean(text))
        return tl_fail(err, TL_EINPUT, "not a URI: '%.*s' holds a character that must be percent-encoded",
                       TL_STR_ARGS(shown));
    if (!split_scheme(&rest, out))
        return tl_fail(err, TL_EINPUT, "not an absolute URI: '%.*s'; write it like https://host/path",
                       TL_STR_ARGS(shown));
    out->has_fragment = cut_tail(&rest, '#', &out->fragment);
    out->has_query = cut_tail(&rest, '?', &out->query);
    ptrdiff_t slash = tl_str_find(rest, '/');
    tl_str authority = slash >= 0 ? (tl_str){rest.ptr, (size_t)slash} : rest;
    out->path = slash >= 0 ? tl_str_from(rest, (size_t)slash) : TL_STR_NONE;
    out->port = tl_str_ieq(out->scheme, TL_STR("https")) ? 443 : tl_str_ieq(out->scheme, TL_STR("http")) ? 80 : 0;
    if (!split_authority(authority, out))
        return tl_fail(err, TL_EINPUT, "the URI '%.*s' has no usable host or port", TL_STR_ARGS(shown));
    return TL_OK;
}
