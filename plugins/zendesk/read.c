/* get, show_many, find. */
#include "zendesk.h"

static const tlc_transfer *ask_one(tlc_call *c)
{
    zd_request(c, "GET",
               ZD_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/"), zd_percent(c, zd_arg(c, "/id")), TLC_TEXT(".json")));
    c->transfer.any_status = 1;
    return &c->transfer;
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
    tlc_slice pointer = ZD_JOIN(c, TLC_TEXT("/"), tlc_z(c->kind->path), tlc_text_n("\0", 1));
    return tlc_json_raw(c->host, c->scope, body, pointer.ptr);
}

static void take_rows(tlc_call *c, const tlc_input *in)
{
    tlc_slice rows = zd_rows(c, tlc_keep(c->host, c->scope, in->body)), key, raw, first = {0, 0};
    uint64_t at = 0;

    while (rows.len && c->host->json_next(c->scope, rows, &at, &key, &raw) == 1)
        if (c->done.matches++ == 0)
            first = raw;
    c->done.document = rows.len ? rows : TLC_TEXT("[]");
    if (first.len) {
        c->done.id = tlc_json_text(c->host, c->scope, first, "/id");
        c->done.version = tlc_json_text(c->host, c->scope, first, "/updated_at");
    }
}

void zd_show_many(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(zd_request(
        c, "GET",
        ZD_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/show_many.json?ids="), zd_percent(c, zd_arg(c, "/ids")))));
    take_rows(c, in);
    TL_DONE(&c->done);
    TL_END;
}

tlc_slice zd_find_url(tlc_call *c, tlc_slice external_id)
{
    tlc_slice list = c->kind->upserts ? TLC_TEXT("/search.json?external_id=") : TLC_TEXT(".json?external_id=");
    return ZD_JOIN(c, tlc_z(c->kind->path), list, zd_percent(c, external_id));
}

void zd_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    if (!c->kind->external)
        TL_FAIL(TLC_DATA, TLC_TEXT("find: only tickets, users and organizations have an external_id"));
    TL_HTTP(zd_request(c, "GET", zd_find_url(c, zd_arg(c, "/external_id"))));
    take_rows(c, in);
    TL_DONE(&c->done);
    TL_END;
}
