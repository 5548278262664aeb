/* get, show_many, find. */
#include "zendesk.h"

#include <tidelock/json.h>

static const tlc_transfer *ask_one(tlc_call *c)
{
    return tlc_ask_any(
        c, "GET",
        TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/"), tlc_percent(c, tlc_arg(c, "/id")), TLC_TEXT(".json")));
}

void zd_get(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(ask_one(c));
    if (in->outcome == TLC_SENT && in->status == 404)
        TL_DONE(&c->done); /* nothing there */
    if (in->outcome != TLC_SENT || in->status >= 300)
        TL_FAIL(0, TLC_TEXT(""));
    zd_take_record(c, in);
    TL_DONE(&c->done);
    TL_END;
}

tlc_slice zd_rows(tlc_call *c, tlc_slice body)
{
    return tlc_json_raw(c->host, c->scope, body, tlc_pointer_to(c, tlc_z(c->kind->path)));
}

/* 0: not the answer of a search. */
static int take_rows(tlc_call *c, const tlc_input *in)
{
    tlc_slice rows = zd_rows(c, tlc_keep(c->host, c->scope, in->body)), first;

    if (!rows.len)
        return 0;
    c->done.matches = tlc_json_first(c->host, c->scope, rows, &first);
    c->done.document = rows;
    if (first.len) {
        c->done.id = tlc_json_text(c->host, c->scope, first, "/id");
        c->done.version = tlc_json_text(c->host, c->scope, first, "/updated_at");
    }
    return 1;
}

void zd_show_many(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(tlc_ask(
        c, "GET",
        TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/show_many.json?ids="), tlc_percent(c, tlc_arg(c, "/ids")))));
    if (!take_rows(c, in))
        TL_FAIL(TLC_RETRY, ZD_NO_ROWS);
    TL_DONE(&c->done);
    TL_END;
}

tlc_slice zd_find_url(tlc_call *c, tlc_slice external_id)
{
    tlc_slice list = c->kind->upserts ? TLC_TEXT("/search.json?external_id=") : TLC_TEXT(".json?external_id=");
    return TLC_JOIN(c, tlc_z(c->kind->path), list, tlc_percent(c, external_id));
}

void zd_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    if (!c->kind->external)
        TL_FAIL(TLC_DATA, TLC_TEXT("find: only tickets, users and organizations have an external_id"));
    TL_HTTP(tlc_ask(c, "GET", zd_find_url(c, tlc_arg(c, "/external_id"))));
    if (!take_rows(c, in))
        TL_FAIL(TLC_RETRY, ZD_NO_ROWS);
    TL_DONE(&c->done);
    TL_END;
}
