/* The Tryton connector: what its files share. Tryton has one address and one kind of request, JSON-RPC; what a table
 * cannot say is nearly everything. Everything lives in the scope of its call or instance, so nothing is freed. */
#ifndef TRYTON_H
#define TRYTON_H

#include "encode.h"
#include "model.h"
#include "rpc.h"
#include <tidelock/call.h>
#include <tidelock/json.h>
#include <tidelock/parts.h>
#include <tidelock/seen.h>

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice context; /* what every request carries: company, language, employee; absent before the first one */
    tlc_slice company, language, payment_term, payment_method; /* settings; absent: Tryton's own */
    struct tr_model *models;
    tlc_seen seen;
};

/* What a call keeps: on tlc_call.state from begin. */
struct tr_call {
    struct tr_rpc rpc;           /* the request being made */
    struct tr_encoding encoding; /* the record being written */
    void *fill;                  /* of fill.c */
    void *own;                   /* of the step function */
};

static inline struct tr_call *tr_state(const tlc_call *c)
{
    return (struct tr_call *)c->state;
}

void tr_login(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_changes(tlc_call *c, const tlc_input *in, tlc_action *out);

void tr_put(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_create(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_update(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_delete(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_get(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_query(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_count(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_preferences(tlc_call *c, const tlc_input *in, tlc_action *out);

void tr_sale_create(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_sale_status(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_sale_step(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_ship(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_invoice_post(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_invoice_pay(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_payment_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_credit_note(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_credit_status(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_availability(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- texts (value.c) ---- */

/* A JSON string. */
tlc_slice tr_quote(tlc_call *c, tlc_slice text);
/* [["field","=",value]]: a domain of one clause. */
tlc_slice tr_domain(tlc_call *c, const char *field, tlc_slice raw);
/* An id among the arguments; "0", which no record has, when it is none. */
tlc_slice tr_id(tlc_call *c, const char *pointer);
/* The digits of a count. */
tlc_slice tr_digits(tlc_call *c, uint64_t n);

/* ---- records (read.c) ---- */

/* Begins a search of records by a domain (JSON), at most two, so that one that is not alone is seen; the fields are a
 * JSON list, to which the two dates are added. For TL_PART_DO and TL_DO. */
void tr_search(tlc_call *c, const char *model, tlc_slice domain, tlc_slice fields);
/* The first record of the answer as plain JSON, and how many came. */
uint32_t tr_found(tlc_call *c, tlc_slice *record);
/* The version of a record as it is read, plain or not: the time of its last change; absent when it was not read. */
tlc_slice tr_version(tlc_call *c, tlc_slice record);
/* Into the call's result: document, id and version. */
void tr_take(tlc_call *c, tlc_slice record);
/* Ends the call unless one record came; 0 when one did. `what` names it for people: "sale SO-1". */
int tr_need_one(tlc_call *c, tlc_action *out, uint32_t count, tlc_slice what);

/* ---- lines (shipment.c) ---- */

/* The code of a product that stands in more than one line of a list, found there by a pointer; absent when none does.
 */
tlc_slice tr_twice(tlc_call *c, tlc_slice list, const char *code);

/* ---- filling in (fill.c) ---- */

/* Part: what Tryton's own client would fill into a new record, such as addresses, units, prices and taxes of a sale,
 * where the caller gave nothing. Reads and replaces encoding.values. Done at once for models that need nothing. */
int tr_fill(tlc_call *c, const tlc_input *in, tlc_action *out);
void tr_fill_begin(tlc_call *c);

#endif
