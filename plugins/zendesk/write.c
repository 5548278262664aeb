/* create, update, delete, and what every write shares. Bodies and answers are wrapped: {"ticket": {…}}. */
#include "zendesk.h"

#include <tidelock/json.h>

/* {"ticket": { …more, …record }} */
static tlc_slice wrap(tlc_call *c, tlc_slice record, const tlc_slice *names, const tlc_slice *raws, int count)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice body = record;
    int i;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    c->host->json_put(writer, TLC_JSON_KEY, tlc_z(c->kind->one));
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    for (i = 0; i < count; i++) {
        if (!names[i].len || tlc_json_has(c->host, c->scope, record, names[i]))
            continue;
        tlc_json_member(c->host, writer, names[i], TLC_JSON_RAW, raws[i]);
    }
    tlc_json_members(c->host, c->scope, writer, record);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &body);
    return body;
}

tlc_slice zd_wrap(tlc_call *c, tlc_slice record, tlc_slice name, tlc_slice raw)
{
    return wrap(c, record, &name, &raw, 1);
}

void zd_take_record(tlc_call *c, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body);
    tlc_slice record = tlc_json_raw(c->host, c->scope, body, tlc_pointer_to(c, tlc_z(c->kind->one)));

    if (record.len)
        c->done.document = record;
    c->done.id = tlc_json_text(c->host, c->scope, record, "/id");
    c->done.version = tlc_json_text(c->host, c->scope, record, "/updated_at");
    if (c->done.id.len)
        c->done.url =
            TLC_JOIN(c, c->instance->url, TLC_TEXT("/agent/"), tlc_z(c->kind->path), TLC_TEXT("/"), c->done.id);
}

static tlc_slice one_url(tlc_call *c)
{
    return TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/"), tlc_percent(c, tlc_arg(c, "/id")), TLC_TEXT(".json"));
}

/* ---- operations ---- */

static const tlc_transfer *post(tlc_call *c)
{
    tlc_slice record = tlc_json_raw(c->host, c->scope, c->request->args, "/record"), none = {0, 0};

    tlc_ask(c, "POST", TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT(".json")));
    tlc_add_body(c, "application/json", zd_wrap(c, record, none, none));
    if (c->request->idempotency_key.len)
        tlc_add_header(c, "Idempotency-Key", c->request->idempotency_key);
    return &c->transfer;
}

void zd_create(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(post(c));
    zd_take_record(c, in);
    /* A hit is the answer of the first request with this key: the record was made then. */
    c->done.created = tlc_is(tlc_header_get(in->headers, in->header_count, "x-idempotency-lookup"), "hit")
                          ? TLC_CREATED_UNKNOWN
                          : TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}

/* A ticket with a version is changed only while it has that (409 UpdateConflict otherwise). */
static const tlc_transfer *put_one(tlc_call *c)
{
    tlc_slice record = tlc_json_raw(c->host, c->scope, c->request->args, "/record");
    tlc_slice names[2] = {TLC_TEXT("updated_stamp"), TLC_TEXT("safe_update")}, raws[2];
    int guarded = tlc_is(tlc_z(c->kind->one), "ticket") && c->request->version.len > 0;

    raws[0] = TLC_JOIN(c, TLC_TEXT("\""), c->request->version.len ? c->request->version : TLC_TEXT(""), TLC_TEXT("\""));
    raws[1] = TLC_TEXT("true");
    tlc_ask(c, "PUT", one_url(c));
    tlc_add_body(c, "application/json", wrap(c, record, names, raws, guarded ? 2 : 0));
    return &c->transfer;
}

void zd_update(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(put_one(c));
    zd_take_record(c, in);
    c->done.created = TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}

static const tlc_transfer *remove_one(tlc_call *c)
{
    return tlc_ask_any(c, "DELETE", one_url(c));
}

void zd_delete(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(remove_one(c));
    if (in->outcome != TLC_SENT || (in->status != 404 && in->status >= 300))
        TL_FAIL(0, TLC_TEXT(""));
    c->done.id = tlc_arg(c, "/id");
    TL_DONE(&c->done);
    TL_END;
}
