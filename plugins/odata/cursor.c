/* Cursors of captures: see cursor.h. */
#include "cursor.h"

#include <tidelock/cursor.h>
#include <tidelock/time.h>

static const tlc_cursor_text texts[] = {
    {"/t", offsetof(struct od_cursor, t)},
    {"/k", offsetof(struct od_cursor, k)},
    {"/floor", offsetof(struct od_cursor, floor)},
    {"/floor_k", offsetof(struct od_cursor, floor_k)},
};

int od_cursor_read(tlc_call *c, tlc_slice text, struct od_cursor *out)
{
    memset(out, 0, sizeof *out);
    return tlc_cursor_read(c->host, c->scope, text, texts, TLC_COUNT(texts), out, &out->more);
}

tlc_slice od_cursor_write(tlc_call *c, const struct od_cursor *cursor)
{
    return tlc_cursor_write(c->host, c->scope, texts, TLC_COUNT(texts), cursor, cursor->more);
}

/* Strictly behind one entity; with several keys there is no tie-break, and its instant is read again. */
static tlc_slice behind(tlc_call *c, tlc_slice t, tlc_slice k, tlc_slice modified, tlc_slice key)
{
    if (!key.len || !k.len)
        return TLC_JOIN(c, modified, key.len ? TLC_TEXT(" gt ") : TLC_TEXT(" ge "), t);
    return TLC_JOIN(c, TLC_TEXT("("), modified, TLC_TEXT(" gt "), t, TLC_TEXT(" or ("), modified, TLC_TEXT(" eq "), t,
                    TLC_TEXT(" and "), key, TLC_TEXT(" gt "), k, TLC_TEXT("))"));
}

tlc_slice od_cursor_filter(tlc_call *c, const struct od_cursor *cursor, tlc_slice modified, tlc_slice key,
                           int64_t overlap_ms)
{
    int64_t t, floor = -1;
    tlc_slice none = {0, 0};
    char text[TLC_TIME_SIZE];

    if (!cursor->t.len || !tlc_time_read(cursor->t, &t))
        return none;
    if (cursor->more)
        return behind(c, cursor->t, cursor->k, modified, key);
    if (cursor->floor.len && tlc_time_read(cursor->floor, &floor) && t - overlap_ms <= floor)
        return behind(c, cursor->floor, cursor->floor_k, modified, key);
    return TLC_JOIN(c, modified, TLC_TEXT(" ge "), tlc_time_print(t - overlap_ms, text));
}
