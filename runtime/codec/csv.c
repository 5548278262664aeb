/* CSV, one pass over the text. Thread: one at a time. */
#include "codec/csv.h"
#include <string.h>

void tl_csv_init(struct tl_csv *csv, tl_str text)
{
    tl_str mark = TL_STR("\xEF\xBB\xBF");
    memset(csv, 0, sizeof *csv);
    csv->rest = tl_str_starts(text, mark) ? tl_str_from(text, mark.len) : text;
    csv->next_line = 1;
    tl_buf_init(&csv->plain, text.len + 1);
}

void tl_csv_free(struct tl_csv *csv)
{
    tl_buf_free(&csv->plain);
}

static tl_code fail(struct tl_csv *csv, struct tl_error *err, const char *what)
{
    csv->count = 0;
    csv->rest = TL_STR_NONE;
    return tl_fail(err, TL_EINPUT, "line %d: %s", csv->next_line, what);
}

/* The room for a whole row is taken at once, so that the fields in it stay where they are. */
static tl_str single_quotes(struct tl_csv *csv, tl_str field)
{
    char *to = tl_buf_reserve(&csv->plain, csv->plain.len ? field.len : csv->plain.max - 1);
    tl_str plain = tl_str_n(to, 0);
    for (size_t i = 0; to && i < field.len; i++) {
        to[plain.len++] = field.ptr[i];
        i += field.ptr[i] == '"';
    }
    csv->plain.len += plain.len;
    return plain;
}

/* What stands between quotes; *p is at the opening one and moves behind the closing one. False: it has none. */
static bool quoted(struct tl_csv *csv, const char **p, const char *end, tl_str *field)
{
    const char *start = ++*p;
    bool doubled = false;
    for (; *p < end; (*p)++) {
        if (**p == '\n')
            csv->next_line++;
        if (**p != '"')
            continue;
        if (*p + 1 == end || (*p)[1] != '"')
            break;
        doubled = true;
        (*p)++;
    }
    if (*p >= end)
        return false;
    *field = tl_str_n(start, (size_t)(*p - start));
    if (doubled)
        *field = single_quotes(csv, *field);
    (*p)++;
    return true;
}

static tl_str unquoted(const char **p, const char *end)
{
    const char *start = *p;
    while (*p < end && **p != ',' && **p != '\n' && **p != '\r')
        (*p)++;
    return tl_str_n(start, (size_t)(*p - start));
}

/* Is a line's end, or the text's, at *p? Then *p moves behind it. */
static bool line_end(const char **p, const char *end)
{
    const char *at = *p;
    if (at < end && *at == '\r')
        at++;
    if (at < end && *at != '\n')
        return false;
    *p = at < end ? at + 1 : at;
    return true;
}

tl_code tl_csv_next(struct tl_csv *csv, struct tl_error *err)
{
    const char *p = csv->rest.ptr, *end = csv->rest.len > 0 ? p + csv->rest.len : p;
    csv->count = 0;
    csv->line = csv->next_line;
    tl_buf_clear(&csv->plain);
    for (bool more = csv->rest.len > 0; more;) {
        if (csv->count == TL_CSV_FIELDS_MAX)
            return fail(csv, err, "a row has more fields than a table may have columns (256)");
        tl_str *field = &csv->fields[csv->count++];
        if (p == end || *p != '"')
            *field = unquoted(&p, end);
        else if (!quoted(csv, &p, end, field)) {
            csv->next_line = csv->line;
            return fail(csv, err, "a quoted field of this row has no closing quote");
        }
        if (line_end(&p, end))
            more = false;
        else if (*p++ != ',')
            return fail(csv, err,
                        "a comma or the line's end must follow a field; quotes in a quoted field are doubled");
    }
    csv->next_line++;
    csv->rest = tl_str_n(p, (size_t)(end - p));
    return TL_OK;
}
