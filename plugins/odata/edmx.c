/* Tags: see edmx.h. Reads within bounds whatever the text is, and makes progress at each step. */
#include "edmx.h"

#include <string.h>

static const char *find(tlc_slice s, uint64_t from, char c)
{
    return from < s.len ? memchr(s.ptr + from, c, (size_t)(s.len - from)) : 0;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int same(tlc_slice a, const char *name)
{
    uint64_t i, n = (uint64_t)strlen(name);
    for (i = 0; a.len == n && i < n; i++)
        if ((a.ptr[i] | 32) != (name[i] | 32))
            return 0;
    return a.len == n;
}

static tlc_slice part(tlc_slice s, uint64_t from, uint64_t to)
{
    tlc_slice out;
    out.ptr = s.ptr + from;
    out.len = to > from ? to - from : 0;
    return out;
}

/* Behind the ">" of a tag whose attributes may hold one in quotes. */
static uint64_t end_of_tag(tlc_slice xml, uint64_t at)
{
    char quote = 0;
    for (; at < xml.len; at++) {
        if (quote)
            quote = xml.ptr[at] == quote ? 0 : quote;
        else if (xml.ptr[at] == '"' || xml.ptr[at] == '\'')
            quote = xml.ptr[at];
        else if (xml.ptr[at] == '>')
            return at;
    }
    return xml.len;
}

int od_tag_next(tlc_slice xml, uint64_t *at, struct od_tag *tag)
{
    const char *open;
    uint64_t from, to, name, colon;

    do {
        open = find(xml, *at, '<');
        if (!open)
            return 0;
        from = (uint64_t)(open - xml.ptr) + 1;
        to = end_of_tag(xml, from);
        *at = to < xml.len ? to + 1 : xml.len;
    } while (from < to && (xml.ptr[from] == '?' || xml.ptr[from] == '!'));
    memset(tag, 0, sizeof *tag);
    tag->closing = from < to && xml.ptr[from] == '/';
    from += (uint64_t)tag->closing;
    tag->empty = to > from && xml.ptr[to - 1] == '/';
    to -= (uint64_t)tag->empty;
    for (name = colon = from; name < to && !is_blank(xml.ptr[name]); name++)
        if (xml.ptr[name] == ':')
            colon = name + 1;
    tag->name = part(xml, colon, name);
    tag->attributes = part(xml, name, to);
    open = find(xml, *at, '<');
    tag->inside = part(xml, *at, open ? (uint64_t)(open - xml.ptr) : xml.len);
    return 1;
}

int od_tag_is(const struct od_tag *tag, const char *name)
{
    return same(tag->name, name);
}

tlc_slice od_tag_attribute(const struct od_tag *tag, const char *name)
{
    tlc_slice text = tag->attributes, none = {0, 0};
    uint64_t at = 0;

    while (at < text.len) {
        uint64_t from, equals, value, end;
        while (at < text.len && is_blank(text.ptr[at]))
            at++;
        for (from = at; at < text.len && text.ptr[at] != '=' && !is_blank(text.ptr[at]); at++)
            ;
        equals = at;
        while (at < text.len && text.ptr[at] != '"' && text.ptr[at] != '\'')
            at++;
        value = at + 1;
        if (at >= text.len)
            return none;
        for (end = value; end < text.len && text.ptr[end] != text.ptr[at]; end++)
            ;
        if (same(part(text, from, equals), name))
            return part(text, value, end);
        at = end + 1;
    }
    return none;
}
