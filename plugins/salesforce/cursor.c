/* Cursors of captures: see cursor.h. */
#include "cursor.h"

#include <tidelock/cursor.h>
#include <tidelock/time.h>

static const tlc_cursor_text texts[] = {
    {"/t", offsetof(struct sf_cursor, t)},
    {"/id", offsetof(struct sf_cursor, id)},
    {"/floor", offsetof(struct sf_cursor, floor)},
    {"/floor_id", offsetof(struct sf_cursor, floor_id)},
    {"/deleted", offsetof(struct sf_cursor, deleted)},
    {"/updated", offsetof(struct sf_cursor, updated)},
    {"/until", offsetof(struct sf_cursor, until)},
    {"/base", offsetof(struct sf_cursor, base)},
    {"/bin", offsetof(struct sf_cursor, bin)},
    {"/bin_id", offsetof(struct sf_cursor, bin_id)},
};

int sf_cursor_read(tlc_call *c, tlc_slice text, struct sf_cursor *out)
{
    memset(out, 0, sizeof *out);
    return tlc_cursor_read(c->host, c->scope, text, texts, TLC_COUNT(texts), out, &out->more);
}

tlc_slice sf_cursor_write(tlc_call *c, const struct sf_cursor *cursor)
{
    return tlc_cursor_write(c->host, c->scope, texts, TLC_COUNT(texts), cursor, cursor->more);
}

/* A dateTime literal of SOQL: not quoted, UTC. */
static tlc_slice literal(tlc_call *c, int64_t ms)
{
    char text[TLC_TIME_SIZE];
    return tlc_keep(c->host, c->scope, tlc_time_print(ms, text));
}

/* Strictly after one record in the order of SystemModstamp, Id. */
static tlc_slice after(tlc_call *c, int64_t ms, tlc_slice id)
{
    tlc_slice t = literal(c, ms);

    if (!id.len)
        return TLC_JOIN(c, TLC_TEXT("SystemModstamp > "), t);
    return TLC_JOIN(c, TLC_TEXT("(SystemModstamp > "), t, TLC_TEXT(" OR (SystemModstamp = "), t, TLC_TEXT(" AND Id > "),
                    sf_soql_text(c, id), TLC_TEXT("))"));
}

tlc_slice sf_cursor_condition(tlc_call *c, const struct sf_cursor *cursor, int64_t overlap_ms)
{
    int64_t t = 0, floor = -1;
    tlc_slice none = {0, 0};

    if (cursor->floor.len)
        tlc_time_read(cursor->floor, &floor);
    if (!cursor->t.len || !tlc_time_read(cursor->t, &t))
        return none;
    if (cursor->more)
        return after(c, t, cursor->id);
    if (floor >= 0 && t - overlap_ms <= floor)
        return after(c, floor, cursor->floor_id);
    return TLC_JOIN(c, TLC_TEXT("SystemModstamp >= "), literal(c, t - overlap_ms));
}
