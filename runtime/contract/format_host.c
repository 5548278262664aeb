/* Host names, addresses of hosts, mail addresses. */
#include "codec/utf8.h"
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

/* RFC 1123: letters, digits and hyphens, none at the ends; behind xn-- what IDNA allows. */
static bool label(tl_str s)
{
    if (!s.len || s.len > 63 || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i]) && !is_letter(s.ptr[i]) && s.ptr[i] != '-')
            return false;
    if (s.len >= 4 && tl_str_ieq(tl_str_n(s.ptr, 4), TL_STR("xn--")))
        return tl_format_a_label(tl_str_from(s, 4));
    return true;
}

bool tl_format_hostname(tl_str text)
{
    if (!text.len || text.len > 253 || text.ptr[text.len - 1] == '.')
        return false;
    tl_str rest = text, part;
    while (rest.len && tl_str_cut(&rest, '.', &part))
        if (!label(part))
            return false;
    return true;
}

bool tl_format_ipv4(tl_str text)
{
    tl_str rest = text, part;
    size_t parts = 0;
    if (!text.len || text.ptr[text.len - 1] == '.')
        return false;
    while (rest.len && tl_str_cut(&rest, '.', &part)) {
        int value = 0;
        if (!part.len || part.len > 3 || (part.len > 1 && part.ptr[0] == '0'))
            return false;
        for (size_t i = 0; i < part.len; i++) {
            if (!is_digit(part.ptr[i]))
                return false;
            value = value * 10 + (part.ptr[i] - '0');
        }
        if (value > 255)
            return false;
        parts++;
    }
    return parts == 4;
}

/* Groups of one to four hex digits with : between them, the last perhaps an IPv4 address; -1: something else. */
static int groups(tl_str s, bool may_end_in_ipv4)
{
    int count = 0;
    if (!s.len)
        return 0;
    for (;;) {
        ptrdiff_t colon = tl_str_find(s, ':');
        tl_str group = colon < 0 ? s : tl_str_n(s.ptr, (size_t)colon);
        if (colon < 0 && may_end_in_ipv4 && tl_str_find(group, '.') >= 0)
            return tl_format_ipv4(group) ? count + 2 : -1;
        if (!group.len || group.len > 4)
            return -1;
        for (size_t i = 0; i < group.len; i++)
            if (!is_digit(group.ptr[i]) && !(group.ptr[i] >= 'a' && group.ptr[i] <= 'f') &&
                !(group.ptr[i] >= 'A' && group.ptr[i] <= 'F'))
                return -1;
        count++;
        if (colon < 0)
            return count;
        s = tl_str_from(s, (size_t)colon + 1);
    }
}

bool tl_format_ipv6(tl_str text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == ':' && text.ptr[i + 1] == ':') {
            int before = groups(tl_str_n(text.ptr, i), false), after = groups(tl_str_from(text, i + 2), true);
            return before >= 0 && after >= 0 && before + after <= 7;
        }
    return groups(text, true) == 8;
}

/* ---- mail ---- */

static bool is_atom(uint32_t c, bool international)
{
    if (c >= 128)
        return international;
    return is_digit((char)c) || is_letter((char)c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", (int)c) != NULL);
}

/* Up to the @ that ends it; false: no local part. */
static bool quoted_local(tl_str text, size_t *end, bool international)
{
    size_t at = 1;
    uint32_t c;
    while (tl_utf8_next(text, &at, &c)) {
        if (c == '"') {
            *end = at;
            return true;
        }
        if (c == '\\' && (!tl_utf8_next(text, &at, &c) || c < ' ' || c > '~'))
            return false;
        if (c < ' ' || c == 127 || (c > 127 && !international))
            return false;
    }
    return false;
}

static bool plain_local(tl_str text, size_t *end, bool international)
{
    size_t at = 0, before = 0;
    uint32_t c;
    bool dot = true; /* none at the start, none behind another */
    while (tl_utf8_next(text, &at, &c)) {
        if (c == '@') {
            *end = before;
            return !dot;
        }
        if (c == '.' ? dot : !is_atom(c, international))
            return false;
        dot = c == '.';
        before = at;
    }
    return false;
}

static bool international_domain(tl_str text)
{
    tl_str rest = text, part;
    if (!text.len || text.ptr[text.len - 1] == '.')
        return false;
    while (rest.len && tl_str_cut(&rest, '.', &part)) {
        if (!part.len || part.ptr[0] == '-' || part.ptr[part.len - 1] == '-')
            return false;
        for (size_t i = 0; i < part.len; i++)
            if ((uint8_t)part.ptr[i] < 128 && !is_digit(part.ptr[i]) && !is_letter(part.ptr[i]) && part.ptr[i] != '-')
                return false;
    }
    return true;
}

static bool domain(tl_str text, bool international)
{
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']') {
        tl_str inside = tl_str_n(text.ptr + 1, text.len - 2);
        if (inside.len > 5 && tl_str_ieq(tl_str_n(inside.ptr, 5), TL_STR("IPv6:")))
            return tl_format_ipv6(tl_str_from(inside, 5));
        return tl_format_ipv4(inside);
    }
    return international ? international_domain(text) : tl_format_hostname(text);
}

static bool mailbox(tl_str text, bool international)
{
    size_t end = 0;
    bool local = text.len && text.ptr[0] == '"' ? quoted_local(text, &end, international)
                                                : plain_local(text, &end, international);
    return local && end <= 64 && end < text.len && text.ptr[end] == '@' &&
           domain(tl_str_from(text, end + 1), international);
}

bool tl_format_email(tl_str text)
{
    return mailbox(text, false);
}

bool tl_format_idn_email(tl_str text)
{
    return mailbox(text, true);
}
