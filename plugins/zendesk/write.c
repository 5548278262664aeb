/* create, update, delete, and what every write shares. Bodies and answers are wrapped: {"ticket": {…}}. */
#include "zendesk.h"

static int has_member(tlc_call *c, tlc_slice object, tlc_slice wanted)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    while (c->host->json_next(c->scope, object, &at, &name, &raw) == 1)
        if (tlc_same(name, wanted))
            return 1;
    return 0;
}

static void put_members(tlc_call *c, tlc_writer *writer, tlc_slice object)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    while (c->host->json_next(c->scope, object, &at, &name, &raw) == 1) {
        c->host->json_put(writer, TLC_JSON_KEY, name);
        c->host->json_put(writer, TLC_JSON_RAW, raw);
    }
}

/* {"ticket": { …more, …record }} */
static tlc_slice wrap(tlc_call *c, tlc_slice record, const tlc_slice *names, const tlc_slice *raws, int count)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice body = record;
    int i;

    c->host->json_put(writer, TLC_JSON_OBJECT, TLC_TEXT(""));
    c->host->json_put(writer, TLC_JSON_KEY, tlc_z(c->kind->one));
    c->host->json_put(writer, TLC_JSON_OBJECT, TLC_TEXT(""));
    for (i = 0; i < count; i++) {
        if (!names[i].len || has_member(c, record, names[i]))
            continue;
        c->host->json_put(writer, TLC_JSON_KEY, names[i]);
        c->host->json_put(writer, TLC_JSON_RAW, raws[i]);
    }
    put_members(c, writer, record);
    c->host->json_put(writer, TLC_JSON_END, TLC_TEXT(""));
    c->host->json_put(writer, TLC_JSON_END, TLC_TEXT(""));
    c->host->json_finish(writer, &body);
    return body;
}

tlc_slice zd_wrap(tlc_call *c, tlc_slice record, tlc_slice name, tlc_slice raw)
{
    return wrap(c, record, &name, &raw, 1);
}

void zd_send_body(tlc_call *c, tlc_slice body)
{
    zd_header(c, "Content-Type", TLC_TEXT("application/json"));
    c->transfer.body_kind = TLC_BODY_BYTES;
    c->transfer.body = body;
}

static tlc_slice pointer_to_one(tlc_call *c)
{
    return ZD_JOIN(c, TLC_TEXT("/"), tlc_z(c->kind->one), tlc_text_n("\0", 1));
}

void zd_take_record(tlc_call *c, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body);
    tlc_slice record = tlc_json_raw(c->host, c->scope, body, pointer_to_one(c).ptr);

    if (record.len)
        c->done.document = record;
    c->done.id = tlc_json_text(c->host, c->scope, record, "/id");
    c->done.version = tlc_json_text(c->host, c->scope, record, "/updated_at");
    if (c->done.id.len)
        c->done.url =
            ZD_JOIN(c, c->instance->url, TLC_TEXT("/agent/"), tlc_z(c->kind->path), TLC_TEXT("/"), c->done.id);
}

static tlc_slice one_url(tlc_call *c)
{
    return ZD_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/"), zd_percent(c, zd_arg(c, "/id")), TLC_TEXT(".json"));
}

/* ---- operations
 * --------------------------------------------------------------------------------------------------------------
 */

static const tlc_transfer *post(tlc_call *c)
{
    tlc_slice record = tlc_json_raw(c->host, c->scope, c->request->args, "/record"), none = {0, 0};

    zd_request(c, "POST", ZD_JOIN(c, tlc_z(c->kind->path), TLC_TEXT(".json")));
    zd_send_body(c, zd_wrap(c, record, none, none));
    if (c->request->idempotency_key.len)
        zd_header(c, "Idempotency-Key", c->request->idempotency_key);
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

    raws[0] = ZD_JOIN(c, TLC_TEXT("\""), c->request->version.len ? c->request->version : TLC_TEXT(""), TLC_TEXT("\""));
    raws[1] = TLC_TEXT("true");
    zd_request(c, "PUT", one_url(c));
    zd_send_body(c, wrap(c, record, names, raws, guarded ? 2 : 0));
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
    zd_request(c, "DELETE", one_url(c));
    c->transfer.any_status = 1;
    return &c->transfer;
}

void zd_delete(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    TL_HTTP(remove_one(c));
    if (in->outcome != TLC_SENT || (in->status != 404 && in->status >= 300))
        TL_FAIL(0, TLC_TEXT(""));
    c->done.id = zd_arg(c, "/id");
    TL_DONE(&c->done);
    TL_END;
}
