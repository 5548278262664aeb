/* Cursors of captures: see cursor.h. */
#include "cursor.h"
#include "value.h"

#include <tidelock/cursor.h>
#include <tidelock/time.h>

static const tlc_cursor_text texts[] = {
    {"/t", offsetof(struct tr_cursor, t)},         {"/floor", offsetof(struct tr_cursor, floor)},
    {"/id", offsetof(struct tr_cursor, id)},       {"/last", offsetof(struct tr_cursor, last)},
    {"/began", offsetof(struct tr_cursor, began)},
};

int tr_cursor_read(tlc_call *c, tlc_slice text, struct tr_cursor *out)
{
    memset(out, 0, sizeof *out);
    return tlc_cursor_read(c->host, c->scope, text, texts, TLC_COUNT(texts), out, &out->more);
}

tlc_slice tr_cursor_write(tlc_call *c, const struct tr_cursor *cursor)
{
    return tlc_cursor_write(c->host, c->scope, texts, TLC_COUNT(texts), cursor, cursor->more);
}

int tr_cursor_compare(tlc_slice a, tlc_slice b)
{
    uint64_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, (size_t)n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* write_date is null until the first change, so what is new is asked for by create_date. */
static tlc_slice since(tlc_call *c, int64_t ms)
{
    tlc_slice time = tr_value_time(c, ms * 1000);

    return TLC_JOIN(c, TLC_TEXT("[\"OR\",[\"write_date\",\">=\","), time,
                    TLC_TEXT("],[[\"write_date\",\"=\",null],[\"create_date\",\">=\","), time, TLC_TEXT("]]]"));
}

tlc_slice tr_cursor_domain(tlc_call *c, const struct tr_cursor *cursor, tlc_slice filter, int64_t overlap_ms)
{
    tlc_slice changed = TLC_TEXT("[]"), behind = TLC_TEXT("[]");
    int64_t ms;

    if (cursor->t.len && tlc_time_read(cursor->t, &ms))
        changed = since(c, ms - overlap_ms);
    if (cursor->id.len)
        behind = TLC_JOIN(c, TLC_TEXT("[[\"id\",\">\","), cursor->id, TLC_TEXT("]]"));
    return TLC_JOIN(c, TLC_TEXT("["), changed, TLC_TEXT(","), behind, TLC_TEXT(","),
                    filter.len ? filter : TLC_TEXT("[]"), TLC_TEXT("]"));
}

void tr_cursor_end(struct tr_cursor *cursor)
{
    tlc_slice none = {0, 0}, seen = cursor->last;

    /* What changed behind the scan while it was going on is newer than its beginning. */
    if (cursor->began.len && tr_cursor_compare(cursor->began, seen) < 0)
        seen = cursor->began;
    if (seen.len && tr_cursor_compare(seen, cursor->t) > 0)
        cursor->t = seen;
    cursor->id = cursor->last = cursor->began = none;
    cursor->more = 0;
}
