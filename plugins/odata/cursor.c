/* Cursors of captures: see cursor.h. */
#include "cursor.h"

#include <tidelock/time.h>

int od_cursor_read(tlc_call *c, tlc_slice text, struct od_cursor *out)
{
    memset(out, 0, sizeof *out);
    if (c->host->json_check(c->scope, text) != 1)
        return 0;
    out->t = tlc_json_text(c->host, c->scope, text, "/t");
    out->k = tlc_json_text(c->host, c->scope, text, "/k");
    out->floor = tlc_json_text(c->host, c->scope, text, "/floor");
    out->floor_k = tlc_json_text(c->host, c->scope, text, "/floor_k");
    out->more = tlc_is(tlc_json_raw(c->host, c->scope, text, "/more"), "true");
    return 1;
}

static void member(tlc_call *c, tlc_writer *writer, const char *name, tlc_slice value)
{
    if (!value.len)
        return;
    c->host->json_put(writer, TLC_JSON_KEY, tlc_z(name));
    c->host->json_put(writer, TLC_JSON_STRING, value);
}

tlc_slice od_cursor_write(tlc_call *c, const struct od_cursor *cursor)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice text = {0, 0};

    c->host->json_put(writer, TLC_JSON_OBJECT, TLC_TEXT(""));
    member(c, writer, "t", cursor->t);
    member(c, writer, "k", cursor->k);
    member(c, writer, "floor", cursor->floor);
    member(c, writer, "floor_k", cursor->floor_k);
    if (cursor->more) {
        c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("more"));
        c->host->json_put(writer, TLC_JSON_RAW, TLC_TEXT("true"));
    }
    c->host->json_put(writer, TLC_JSON_END, TLC_TEXT(""));
    c->host->json_finish(writer, &text);
    return text;
}

/* Strictly behind one entity; with several keys there is no tie-break, and its instant is read again. */
static tlc_slice behind(tlc_call *c, tlc_slice t, tlc_slice k, tlc_slice modified, tlc_slice key)
{
    if (!key.len || !k.len)
        return OD_JOIN(c, modified, key.len ? TLC_TEXT(" gt ") : TLC_TEXT(" ge "), t);
    return OD_JOIN(c, TLC_TEXT("("), modified, TLC_TEXT(" gt "), t, TLC_TEXT(" or ("), modified, TLC_TEXT(" eq "), t,
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
    return OD_JOIN(c, modified, TLC_TEXT(" ge "), tlc_time_print(t - overlap_ms, text));
}
