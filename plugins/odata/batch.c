/* Multipart answers as servers write them: names of any case, blanks behind a boundary, lines with or without CR. */
#include "batch.h"

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static int starts(tlc_slice text, const char *with, int any_case)
{
    uint64_t n = (uint64_t)strlen(with), i;

    if (text.len < n)
        return 0;
    for (i = 0; i < n; i++)
        if (any_case ? lower(text.ptr[i]) != lower(with[i]) : text.ptr[i] != with[i])
            return 0;
    return 1;
}

static tlc_slice from(tlc_slice text, uint64_t at)
{
    return tlc_text_n(text.ptr + at, text.len - at);
}

static tlc_slice trimmed(tlc_slice text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = from(text, 1);
    while (text.len &&
           (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

/* The next line without its end; `rest` begins behind it. */
static tlc_slice next_line(tlc_slice *rest)
{
    const char *end = rest->len ? (const char *)memchr(rest->ptr, '\n', (size_t)rest->len) : 0;
    uint64_t n = end ? (uint64_t)(end - rest->ptr) : rest->len;
    tlc_slice line = tlc_text_n(rest->ptr, n);

    *rest = from(*rest, end ? n + 1 : n);
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

void od_parts_begin(struct od_parts *parts, tlc_slice content_type, tlc_slice body)
{
    uint64_t i, n;

    parts->rest = body;
    parts->boundary.ptr = 0;
    parts->boundary.len = 0;
    for (i = 0; i < content_type.len; i++)
        if (starts(from(content_type, i), "boundary=", 1))
            break;
    if (i >= content_type.len)
        return;
    content_type = from(content_type, i + 9);
    if (content_type.len && content_type.ptr[0] == '"')
        content_type = from(content_type, 1);
    for (n = 0; n < content_type.len && content_type.ptr[n] != '"' && content_type.ptr[n] != ';'; n++)
        ;
    parts->boundary = trimmed(tlc_text_n(content_type.ptr, n));
}

/* "--boundary", perhaps with blanks; `last` when it closes the answer. */
static int is_boundary(const struct od_parts *parts, tlc_slice line, int *last)
{
    tlc_slice behind;

    if (line.len < parts->boundary.len + 2 || line.ptr[0] != '-' || line.ptr[1] != '-' ||
        memcmp(line.ptr + 2, parts->boundary.ptr, (size_t)parts->boundary.len) != 0)
        return 0;
    behind = trimmed(from(line, parts->boundary.len + 2));
    *last = tlc_is(behind, "--");
    return *last || behind.len == 0;
}

/* Everything up to the next boundary, which `rest` then begins with. */
static tlc_slice take_part(struct od_parts *parts)
{
    tlc_slice whole = parts->rest, ahead = parts->rest, line;
    int last;

    while (ahead.len) {
        tlc_slice before = ahead;
        line = next_line(&ahead);
        if (is_boundary(parts, line, &last)) {
            parts->rest = before;
            return tlc_text_n(whole.ptr, (uint64_t)(before.ptr - whole.ptr));
        }
    }
    parts->rest = ahead;
    return whole;
}

/* Lines up to the empty one, which is skipped. */
static tlc_slice take_head(tlc_slice *rest)
{
    tlc_slice whole = *rest, line;
    uint64_t n = 0;

    while (rest->len) {
        line = next_line(rest);
        if (!line.len)
            break;
        n = (uint64_t)(rest->ptr - whole.ptr);
    }
    return tlc_text_n(whole.ptr, n);
}

int od_parts_next(struct od_parts *parts, struct od_part *part)
{
    tlc_slice line, text;
    int last = 0, found = 0;

    memset(part, 0, sizeof *part);
    while (parts->boundary.len && parts->rest.len && !found)
        found = is_boundary(parts, next_line(&parts->rest), &last);
    if (!found || last)
        return 0;
    text = take_part(parts);
    take_head(&text); /* of the part itself */
    line = next_line(&text);
    if (!starts(line, "HTTP/1.", 1) || line.len < 12)
        return 0;
    part->status = (line.ptr[9] - '0') * 100 + (line.ptr[10] - '0') * 10 + (line.ptr[11] - '0');
    part->head = take_head(&text);
    part->body = text;
    while (part->body.len && (part->body.ptr[part->body.len - 1] == '\n' || part->body.ptr[part->body.len - 1] == '\r'))
        part->body.len--;
    return part->status >= 100 && part->status <= 599;
}

tlc_slice od_part_header(const struct od_part *part, const char *name)
{
    tlc_slice rest = part->head, none = {0, 0};
    uint64_t n = (uint64_t)strlen(name);

    while (rest.len) {
        tlc_slice line = next_line(&rest);
        if (starts(line, name, 1) && line.len > n && line.ptr[n] == ':')
            return trimmed(from(line, n + 1));
    }
    return none;
}
