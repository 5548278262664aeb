/* put: upsert by external id. The field in the address must not be in the body as well (INVALID_FIELD), which
 * is why this is code. The record's own Id is allowed as key too: then it is an update. */
#include "salesforce.h"

#include <tidelock/json.h>

struct put {
    tlc_slice object, field, value, body;
    int by_id;
};

/* The one member of `key`, as texts. 0 when there is none, more than one, or its value is no text or number.
 */
static int read_key(tlc_call *c, struct put *put)
{
    tlc_slice key = tlc_json_raw(c->host, c->scope, c->request->args, "/key"), name, raw, more;
    uint64_t at = 0;

    if (c->host->json_next(c->scope, key, &at, &name, &raw) != 1)
        return 0;
    put->field = tlc_keep(c->host, c->scope, name);
    if (c->host->json_text(c->scope, raw, &put->value) != 1 || put->value.len == 0)
        return 0;
    put->by_id = tlc_is(put->field, "Id");
    return c->host->json_next(c->scope, key, &at, &name, &more) != 1;
}

/* The record without the key field. -1: it is no object. */
static int write_body(tlc_call *c, struct put *put)
{
    tlc_slice record = tlc_json_raw(c->host, c->scope, c->request->args, "/record"), name, raw;
    tlc_writer *writer = c->host->json_writer(c->scope);
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, record, &at, &name, &raw) == 1) {
        if (tlc_same(name, put->field) || tlc_is(name, "Id") || tlc_is(name, "attributes"))
            continue;
        tlc_json_member(c->host, writer, name, TLC_JSON_RAW, raw);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return c->host->json_finish(writer, &put->body);
}

static const tlc_transfer *send(tlc_call *c, const struct put *put)
{
    tlc_slice to = TLC_JOIN(c, TLC_TEXT("sobjects/"), tlc_percent(c, put->object), TLC_TEXT("/"),
                            put->by_id ? TLC_TEXT("") : tlc_percent(c, put->field),
                            put->by_id ? TLC_TEXT("") : TLC_TEXT("/"), tlc_percent(c, put->value));
    tlc_ask(c, "PATCH", to);
    tlc_add_body(c, "application/json", put->body);
    return &c->transfer;
}

/* 201 and 200 tell the id; the 204 of older versions has no body at all. */
static void read_answer(tlc_call *c, const struct put *put, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body);
    tlc_slice created = in->status == 204 ? body : tlc_json_raw(c->host, c->scope, body, "/created");

    c->done.created = in->status == 201 || tlc_is(created, "true") ? TLC_CREATED_YES : TLC_CREATED_NO;
    c->done.id = in->status == 204 ? body : tlc_json_text(c->host, c->scope, body, "/id");
    if (!c->done.id.len)
        c->done.id = put->by_id ? put->value : c->request->key;
    if (c->done.id.len)
        c->done.url = TLC_JOIN(c, c->instance->url, TLC_TEXT("/"), c->done.id);
    if (in->status != 204 && body.len)
        c->done.document = body;
}

void sf_put(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct put *put = c->state;

    TL_BEGIN(&c->async, in, out);
    put = c->state = c->host->alloc(c->scope, sizeof *put);
    put->object = tlc_arg(c, "/object");
    if (!read_key(c, put))
        TL_FAIL(TLC_DATA, TLC_TEXT("put: key must be one field and its value, {\"Order_No__c\": \"SO-1\"}"));
    if (write_body(c, put) != 1)
        TL_FAIL(TLC_BUG, TLC_TEXT("put: the body could not be written"));
    TL_HTTP(send(c, put));
    read_answer(c, put, in);
    TL_DONE(&c->done);
    TL_END;
}
