/* URIs and references (RFC 3986), and the same with letters of all scripts (RFC 3987). */
#include "formats.h"
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Only unreserved characters, sub-delims, %XX, and those of `more`. */
static bool made_of(tl_str s, const char *more, bool international)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            if (i + 2 >= s.len || !is_hex(s.ptr[i + 1]) || !is_hex(s.ptr[i + 2]))
                return false;
            i += 2;
        } else if ((uint8_t)c >= 128) {
            if (!international)
                return false;
        } else if (!is_digit(c) && !is_letter(c) && (!c || (!strchr("-._~!$&'()*+,;=", c) && !strchr(more, c)))) {
            return false;
        }
    }
    return true;
}

/* v1.x: an address form of the future. */
static bool future_address(tl_str s)
{
    ptrdiff_t dot = tl_str_find(s, '.');
    if (dot < 2 || (s.ptr[0] != 'v' && s.ptr[0] != 'V') || (size_t)dot + 1 == s.len)
        return false;
    for (ptrdiff_t i = 1; i < dot; i++)
        if (!is_hex(s.ptr[i]))
            return false;
    return made_of(tl_str_from(s, (size_t)dot + 1), ":", false);
}

static bool authority(tl_str s, bool international)
{
    ptrdiff_t at = tl_str_find(s, '@');
    if (at >= 0) {
        if (!made_of(tl_str_n(s.ptr, (size_t)at), ":", international))
            return false;
        s = tl_str_from(s, (size_t)at + 1);
    }
    tl_str port;
    if (s.len && s.ptr[0] == '[') {
        ptrdiff_t end = tl_str_find(s, ']');
        if (end < 0)
            return false;
        tl_str inside = tl_str_n(s.ptr + 1, (size_t)end - 1);
        if (!tl_format_ipv6(inside) && !future_address(inside))
            return false;
        port = tl_str_from(s, (size_t)end + 1);
        if (port.len && port.ptr[0] != ':')
            return false;
    } else {
        ptrdiff_t colon = tl_str_find(s, ':');
        port = colon < 0 ? TL_STR_NONE : tl_str_from(s, (size_t)colon);
        if (!made_of(tl_str_n(s.ptr, s.len - port.len), "", international))
            return false;
    }
    for (size_t i = 1; i < port.len; i++)
        if (!is_digit(port.ptr[i]))
            return false;
    return true;
}

/* The length of "scheme:", 0 when there is none. */
static size_t scheme(tl_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ':' && i > 0)
            return i + 1;
        if (!is_letter(s.ptr[i]) && (i == 0 || (!is_digit(s.ptr[i]) && !strchr("+-.", s.ptr[i]))))
            return 0;
    }
    return 0;
}

static tl_str cut_behind(tl_str *s, char mark)
{
    ptrdiff_t at = tl_str_find(*s, mark);
    if (at < 0)
        return TL_STR_NONE;
    tl_str behind = tl_str_from(*s, (size_t)at + 1);
    s->len = (size_t)at;
    return behind;
}

static bool reference(tl_str s, bool absolute, bool international)
{
    size_t scheme_len = scheme(s);
    if (absolute && !scheme_len)
        return false;
    s = tl_str_from(s, scheme_len);
    tl_str fragment = cut_behind(&s, '#'), query = cut_behind(&s, '?');
    if (!made_of(fragment, ":@/?", international) || !made_of(query, ":@/?", international))
        return false;
    if (tl_str_starts(s, TL_STR("//"))) {
        tl_str rest = tl_str_from(s, 2);
        ptrdiff_t slash = tl_str_find(rest, '/');
        tl_str host = slash < 0 ? rest : tl_str_n(rest.ptr, (size_t)slash);
        if (!authority(host, international))
            return false;
        s = tl_str_from(rest, host.len);
    } else if (!scheme_len) {
        ptrdiff_t colon = tl_str_find(s, ':'), slash = tl_str_find(s, '/');
        if (colon >= 0 && (slash < 0 || colon < slash))
            return false; /* a first step with : would be a scheme */
    }
    return made_of(s, ":@/", international);
}

bool tl_format_uri(tl_str text)
{
    return reference(text, true, false);
}

bool tl_format_uri_reference(tl_str text)
{
    return reference(text, false, false);
}

bool tl_format_iri(tl_str text)
{
    return reference(text, true, true);
}

bool tl_format_iri_reference(tl_str text)
{
    return reference(text, false, true);
}
