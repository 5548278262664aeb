/* The OData V4 connector: what its files share. Everything lives in the scope of its call or instance. */
#ifndef ODATA_H
#define ODATA_H

#include "model.h"
#include <tidelock/call.h>
#include <tidelock/seen.h>

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice origin;       /* "https://erp.acme.example": next links that name another are brought back to it */
    tlc_slice page_size;    /* digits */
    tlc_slice answers;      /* "minimal" or "representation" */
    int no_batch;           /* the service has no $batch */
    struct od_model *model; /* from $metadata, when it was first needed; NULL before */
    tlc_seen seen;
};

void od_put_many(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_put(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_create(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_update(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_delete(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_get(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_related(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_changes(tlc_call *c, const tlc_input *in, tlc_action *out);
void od_delta(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- links (link.c) ---- */

/* "https://host:port" of a URL. */
tlc_slice od_origin(tlc_slice url);
/* An opaque link of the platform: an absolute one keeps its path and query and loses its origin, so that credentials
 * stay at home. */
tlc_slice od_own_link(tlc_call *c, tlc_slice url);

/* ---- answers (answer.c) ---- */

/* 1: a status below 300 came. */
int od_good(const tlc_input *in);
/* 1: this status came. */
int od_came(const tlc_input *in, int status);

/* ---- metadata (metadata.c) ---- */

/* $metadata is needed for the types of keys and numbers, once an instance: without them a decimal would go
 * out as a double. */
const tlc_transfer *od_ask_model(tlc_call *c);
/* 0: it did not come, and may come another time. */
int od_take_model(tlc_call *c, const tlc_input *in);
#define OD_MODEL(c, in)                                                                                                \
    if (!(c)->instance->model) {                                                                                       \
        TL_HTTP(od_ask_model(c));                                                                                      \
        if (!od_take_model((c), (in)))                                                                                 \
            TL_FAIL(0, od_fault((c), (in)));                                                                           \
    }

/* ---- addresses (address.c) ---- */

/* "SalesOrders(OrderNo='4711')", percent-encoded; absent when the key cannot be one. */
tlc_slice od_address(tlc_call *c, tlc_slice set, tlc_slice key);
/* "{verb}: key must be …", for an address that came out absent. */
tlc_slice od_bad_key(tlc_call *c);
/* Does writing this key need the types of the metadata? */
int od_key_needs_model(tlc_call *c, tlc_slice key);
/* A value as a literal of a URL, not percent-encoded. `type` may be absent. */
tlc_slice od_literal(tlc_call *c, tlc_slice type, tlc_slice raw);
/* The plain key out of "…/SalesOrders(ID=…)" or "…/Products('7')"; of several parts the predicate as it is.
 */
tlc_slice od_key_of_address(tlc_call *c, tlc_slice url);
/* The plain key of an entity by its key properties, in the same form. */
tlc_slice od_key_of_record(tlc_call *c, const struct od_type *type, tlc_slice record);

/* ---- bodies (body.c) ---- */

/* The record with decimals and 64-bit integers as strings, as IEEE754Compatible wants them, nested ones too.
 * `key` (an object, or absent) is put in where the record has no such member. With an unknown type the record
 * as it is. */
tlc_slice od_body(tlc_call *c, const struct od_type *type, tlc_slice record, tlc_slice key);
/* Adds the body and its Content-Type. */
void od_send_body(tlc_call *c, const struct od_type *type, tlc_slice body);

/* ---- errors (fault.c) ---- */

/* The message of an XML error body; absent when it is none (the host reads JSON ones). */
tlc_slice od_fault(tlc_call *c, const tlc_input *in);

#endif
