/* put, create, update, delete.
 *
 * put is a PATCH to the key or alternate key, which creates what is not there (OData 4.0, 11.4.4). A server
 * that does not create by PATCH answers 404: then the entity is posted with its key fields. A server that
 * wants an ETag answers 428, also for what is not there: then it is read, and the PATCH sent with its ETag,
 * so that a change in between is a conflict and not lost, or the entity posted. */
#include "odata.h"

struct write {
    tlc_slice object, key, record, address, body, etag;
    const struct od_type *type;
};

static struct write *prepare(tlc_call *c)
{
    struct write *s = c->state = c->host->alloc(c->scope, sizeof *s);

    s->object = tlc_arg(c, "/object");
    s->key = tlc_json_raw(c->host, c->scope, c->request->args, "/key");
    s->record = tlc_json_raw(c->host, c->scope, c->request->args, "/record");
    s->etag = c->request->version.len ? c->request->version : tlc_arg(c, "/version");
    return s;
}

/* 0: the key cannot be one. */
static int address(tlc_call *c, struct write *s)
{
    s->type = od_model_set(c->instance->model, s->object);
    s->address = od_address(c, s->object, s->key);
    return s->address.len > 0;
}

/* ---- requests ---- */

static tlc_slice prefer(const tlc_call *c)
{
    return tlc_is(c->instance->answers, "representation") ? TLC_TEXT("return=representation")
                                                          : TLC_TEXT("return=minimal");
}

static const tlc_transfer *patch(tlc_call *c, struct write *s, tlc_slice if_match)
{
    tlc_ask_any(c, "PATCH", s->address);
    s->body = od_body(c, s->type, s->record, tlc_text_n(0, 0));
    od_send_body(c, s->type, s->body);
    tlc_add_header(c, "Prefer", prefer(c));
    if (if_match.len)
        tlc_add_header(c, "If-Match", if_match);
    return &c->transfer;
}

static const tlc_transfer *post(tlc_call *c, struct write *s)
{
    tlc_ask_any(c, "POST", tlc_percent(c, s->object));
    s->body = od_body(c, s->type, s->record, s->key);
    od_send_body(c, s->type, s->body);
    tlc_add_header(c, "Prefer", prefer(c));
    return &c->transfer;
}

static const tlc_transfer *remove_it(tlc_call *c, const struct write *s, tlc_slice if_match)
{
    tlc_ask_any(c, "DELETE", s->address);
    if (if_match.len)
        tlc_add_header(c, "If-Match", if_match);
    return &c->transfer;
}

/* ---- answers ---- */

static tlc_slice etag_of(tlc_call *c, const tlc_input *in)
{
    tlc_slice etag = tlc_header_get(in->headers, in->header_count, "ETag");

    if (!etag.len && in->status == 200)
        etag = tlc_json_text(c->host, c->scope, in->body, "/@odata.etag");
    return etag.len ? tlc_keep(c->host, c->scope, etag) : etag;
}

/* From the body, else from OData-EntityId or Location, else what we addressed it by. */
static void take_written(tlc_call *c, const struct write *s, const tlc_input *in)
{
    tlc_slice body = in->status != 204 && in->body.len ? tlc_keep(c->host, c->scope, in->body) : tlc_text_n(0, 0);
    tlc_slice at = tlc_header_get(in->headers, in->header_count, "OData-EntityId");

    if (!at.len)
        at = tlc_header_get(in->headers, in->header_count, "Location");
    c->done.created = in->status == 201 || tlc_header_get(in->headers, in->header_count, "Location").len
                          ? TLC_CREATED_YES
                      : in->status == 200 ? TLC_CREATED_NO
                                          : TLC_CREATED_UNKNOWN;
    c->done.version = etag_of(c, in);
    if (body.len) {
        c->done.document = body;
        if (!c->done.version.len)
            c->done.version = tlc_json_text(c->host, c->scope, body, "/@odata.etag");
        if (s->type)
            c->done.id = od_key_of_record(c, s->type, body);
    }
    if (at.len) {
        c->done.url = tlc_keep(c->host, c->scope, at);
        if (!c->done.id.len)
            c->done.id = od_key_of_address(c, c->done.url);
    }
    if (!c->done.id.len && s->address.len)
        c->done.id = od_key_of_address(c, s->address);
}

/* ---- operations ---- */

void od_put(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct write *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    OD_MODEL(c, in);
    if (!address(c, s))
        TL_FAIL(TLC_DATA, od_bad_key(c));
    TL_HTTP(patch(c, s, s->etag));
    if (od_came(in, 428) && !s->etag.len) {
        TL_HTTP(tlc_ask_any(c, "GET", s->address));
        if (!od_good(in) && !od_came(in, 404))
            TL_FAIL(0, od_fault(c, in));
        if (od_good(in)) {
            s->etag = etag_of(c, in);
            TL_HTTP(patch(c, s, s->etag));
        }
    }
    if (od_came(in, 404) && !c->request->version.len) {
        TL_HTTP(post(c, s));
    }
    if (!od_good(in))
        TL_FAIL(0, od_fault(c, in));
    take_written(c, s, in);
    TL_DONE(&c->done);
    TL_END;
}

void od_create(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct write *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    OD_MODEL(c, in);
    s->type = od_model_set(c->instance->model, s->object);
    TL_HTTP(post(c, s));
    if (!od_good(in))
        TL_FAIL(0, od_fault(c, in));
    take_written(c, s, in);
    c->done.created = TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}

/* If-Match: * means "only if it is there". */
void od_update(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct write *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    OD_MODEL(c, in);
    if (!address(c, s))
        TL_FAIL(TLC_DATA, od_bad_key(c));
    TL_HTTP(patch(c, s, s->etag.len ? s->etag : TLC_TEXT("*")));
    if (od_came(in, 412) && !s->etag.len)
        TL_FAIL(TLC_MISSING, TLC_TEXT("update: the entity is not there"));
    if (!od_good(in))
        TL_FAIL(0, od_fault(c, in));
    take_written(c, s, in);
    c->done.created = TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}

void od_delete(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct write *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    if (od_key_needs_model(c, s->key)) {
        OD_MODEL(c, in);
    }
    if (!address(c, s))
        TL_FAIL(TLC_DATA, od_bad_key(c));
    TL_HTTP(remove_it(c, s, s->etag));
    if (od_came(in, 428) && !s->etag.len) {
        TL_HTTP(remove_it(c, s, TLC_TEXT("*")));
    }
    if (!od_good(in) && !od_came(in, 404))
        TL_FAIL(0, od_fault(c, in));
    c->done.id = od_key_of_address(c, s->address);
    TL_DONE(&c->done);
    TL_END;
}
