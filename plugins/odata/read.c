/* get, related, find. */
#include "odata.h"

#include <tidelock/json.h>

struct get {
    tlc_slice object, key;
};

static struct get *prepare(tlc_call *c)
{
    struct get *s = c->state = c->host->alloc(c->scope, sizeof *s);

    s->object = tlc_arg(c, "/object");
    s->key = tlc_json_raw(c->host, c->scope, c->request->args, "/key");
    return s;
}

/* "?$select=…&$expand=…" of what is asked for. */
static tlc_slice options(tlc_call *c)
{
    tlc_slice select = tlc_arg(c, "/select"), expand = tlc_arg(c, "/expand"), empty = TLC_TEXT("");
    tlc_slice a = select.len ? TLC_JOIN(c, TLC_TEXT("?$select="), tlc_percent(c, select)) : empty;

    if (!expand.len)
        return a;
    return TLC_JOIN(c, a, a.len ? TLC_TEXT("&") : TLC_TEXT("?"), TLC_TEXT("$expand="), tlc_percent(c, expand));
}

static void take_document(tlc_call *c, const tlc_input *in)
{
    c->done.document = in->status == 204 ? TLC_TEXT("null") : tlc_keep(c->host, c->scope, in->body);
}

static void take_entity(tlc_call *c, const struct get *s, const tlc_input *in)
{
    const struct od_type *type = od_model_set(c->instance->model, s->object);
    tlc_slice etag = tlc_header_get(in->headers, in->header_count, "ETag");

    take_document(c, in);
    c->done.version = etag.len ? tlc_keep(c->host, c->scope, etag)
                               : tlc_json_text(c->host, c->scope, c->done.document, "/@odata.etag");
    c->done.id = type ? od_key_of_record(c, type, c->done.document) : c->request->key;
}

/* A single read: the entity itself, or with `related` what one of its navigation properties leads to. */
static const tlc_transfer *ask(tlc_call *c, tlc_slice address, int related)
{
    if (related)
        address = TLC_JOIN(c, address, TLC_TEXT("/"), tlc_percent(c, tlc_arg(c, "/property")));
    return tlc_ask_any(c, "GET", TLC_JOIN(c, address, options(c)));
}

static void read_one(tlc_call *c, const tlc_input *in, tlc_action *out, int related)
{
    struct get *s = c->state;
    tlc_slice address;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    if (od_key_needs_model(c, s->key)) {
        OD_MODEL(c, in);
    }
    address = od_address(c, s->object, s->key);
    if (!address.len)
        TL_FAIL(TLC_DATA, od_bad_key(c));
    TL_HTTP(ask(c, address, related));
    if (!related && in->outcome == TLC_SENT && in->status == 404)
        TL_DONE(&c->done); /* nothing there */
    if (!od_good(in))
        TL_FAIL(0, od_fault(c, in));
    if (related) /* an empty single-valued navigation is 204, not 404 */
        take_document(c, in);
    else
        take_entity(c, s, in);
    TL_DONE(&c->done);
    TL_END;
}

void od_get(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    read_one(c, in, out, 0);
}

void od_related(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    read_one(c, in, out, 1);
}

static const tlc_transfer *ask_find(tlc_call *c)
{
    const struct od_type *type = od_model_set(c->instance->model, tlc_arg(c, "/object"));
    const struct od_property *property = od_model_property(c->instance->model, type, tlc_arg(c, "/field"));
    tlc_slice none = {0, 0};
    tlc_slice literal =
        od_literal(c, property ? property->type : none, tlc_json_raw(c->host, c->scope, c->request->args, "/value"));

    return tlc_ask_any(c, "GET",
                       TLC_JOIN(c, tlc_percent(c, tlc_arg(c, "/object")), TLC_TEXT("?$top=2&$filter="),
                                tlc_percent(c, TLC_JOIN(c, tlc_arg(c, "/field"), TLC_TEXT(" eq "), literal))));
}

/* 0: not the answer of a query. */
static int take_found(tlc_call *c, const tlc_input *in)
{
    const struct od_type *type = od_model_set(c->instance->model, tlc_arg(c, "/object"));
    tlc_slice list, first;

    c->done.document = tlc_keep(c->host, c->scope, in->body);
    list = tlc_json_raw(c->host, c->scope, c->done.document, "/value");
    if (!list.len || list.ptr[0] != '[')
        return 0;
    c->done.matches = tlc_json_first(c->host, c->scope, list, &first);
    if (!first.len)
        return 1;
    c->done.version = tlc_json_text(c->host, c->scope, first, "/@odata.etag");
    if (type)
        c->done.id = od_key_of_record(c, type, first);
    return 1;
}

void od_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    OD_MODEL(c, in);
    TL_HTTP(ask_find(c));
    if (!od_good(in))
        TL_FAIL(0, od_fault(c, in));
    if (!take_found(c, in))
        TL_FAIL(TLC_RETRY, TLC_TEXT("the answer to the query has no list of records"));
    TL_DONE(&c->done);
    TL_END;
}
