/* Cursors of captures: see cursor.h. */
#include "cursor.h"

#include <tidelock/time.h>

int sf_cursor_read(tlc_call *c, tlc_slice text, struct sf_cursor *out)
{
    memset(out, 0, sizeof *out);
    if (c->host->json_check(c->scope, text) != 1)
        return 0;
    out->t = tlc_json_text(c->host, c->scope, text, "/t");
    out->id = tlc_json_text(c->host, c->scope, text, "/id");
    out->floor = tlc_json_text(c->host, c->scope, text, "/floor");
    out->floor_id = tlc_json_text(c->host, c->scope, text, "/floor_id");
    out->deleted = tlc_json_text(c->host, c->scope, text, "/deleted");
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

tlc_slice sf_cursor_write(tlc_call *c, const struct sf_cursor *cursor)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice text = {0, 0};

    c->host->json_put(writer, TLC_JSON_OBJECT, TLC_TEXT(""));
    member(c, writer, "t", cursor->t);
    member(c, writer, "id", cursor->id);
    member(c, writer, "floor", cursor->floor);
    member(c, writer, "floor_id", cursor->floor_id);
    member(c, writer, "deleted", cursor->deleted);
    if (cursor->more) {
        c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("more"));
        c->host->json_put(writer, TLC_JSON_RAW, TLC_TEXT("true"));
    }
    c->host->json_put(writer, TLC_JSON_END, TLC_TEXT(""));
    c->host->json_finish(writer, &text);
    return text;
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
        return SF_JOIN(c, TLC_TEXT("SystemModstamp > "), t);
    return SF_JOIN(c, TLC_TEXT("(SystemModstamp > "), t, TLC_TEXT(" OR (SystemModstamp = "), t, TLC_TEXT(" AND Id > "),
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
    return SF_JOIN(c, TLC_TEXT("SystemModstamp >= "), literal(c, t - overlap_ms));
}
