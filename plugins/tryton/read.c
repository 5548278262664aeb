/* get, find, query, count, preferences, and what every read shares. Records are searched, not read by id: reading one
 * that is not there is an error of access rules in Tryton. */
#include "tryton.h"
#include "value.h"

#define PAGE_MAX 1000
#define ITEMS_MAX 10000

/* ---- fields ---- */

/* What is read when the caller names no fields. */
static const struct {
    const char *model, *fields;
} summaries[] = {
    {"sale.sale",
     "[\"number\",\"reference\",\"state\",\"shipment_state\",\"invoice_state\",\"sale_date\",\"untaxed_amount\","
     "\"total_amount\",\"currency.code\",\"party.code\",\"party.name\",\"lines.product.code\",\"lines.quantity\","
     "\"lines.unit_price\",\"shipments.number\",\"shipments.state\",\"invoices.number\",\"invoices.state\","
     "\"invoices.total_amount\",\"invoices.amount_to_pay\"]"},
    {"account.invoice",
     "[\"number\",\"reference\",\"type\",\"state\",\"invoice_date\",\"untaxed_amount\",\"total_amount\","
     "\"amount_to_pay\",\"currency.code\",\"party.code\",\"sales.reference\"]"},
    {"stock.shipment.out", "[\"number\",\"state\",\"effective_date\",\"customer.code\",\"origins\","
                           "\"outgoing_moves.product.code\",\"outgoing_moves.quantity\"]"},
    {"party.party", "[\"code\",\"name\",\"active\",\"identifiers.code\",\"credit_limit_amount\"]"},
    {"product.product", "[\"code\",\"name\",\"list_price\",\"active\"]"},
};

static tlc_slice summary(tlc_slice model)
{
    uint32_t i;

    for (i = 0; i < TLC_COUNT(summaries); i++)
        if (tlc_is(model, summaries[i].model))
            return tlc_z(summaries[i].fields);
    return TLC_TEXT("[\"rec_name\"]");
}

/* The names the caller gives, else the model's summary; with the two dates that make the version. */
static tlc_slice with_dates(tlc_call *c, tlc_slice fields)
{
    int empty = !tlc_json_count(c->host, c->scope, fields);

    return TLC_JOIN(c, tlc_text_n(fields.ptr, fields.len - 1), empty ? TLC_TEXT("") : TLC_TEXT(","),
                    TLC_TEXT("\"write_date\",\"create_date\"]"));
}

static tlc_slice asked_fields(tlc_call *c)
{
    tlc_slice fields = tlc_json_raw(c->host, c->scope, c->request->args, "/fields");

    return fields.len && fields.ptr[0] == '[' ? fields : summary(tlc_arg(c, "/object"));
}

/* ---- one record ---- */

void tr_search(tlc_call *c, const char *model, tlc_slice domain, tlc_slice fields)
{
    tr_rpc(c, TLC_JOIN(c, TLC_TEXT("model."), tlc_z(model), TLC_TEXT(".search_read")),
           TLC_JOIN(c, domain, TLC_TEXT(",0,2,[[\"id\",\"ASC\"]],"),
                    with_dates(c, fields.len ? fields : summary(tlc_z(model)))));
}

uint32_t tr_found(tlc_call *c, tlc_slice *record)
{
    uint32_t count = tlc_json_first(c->host, c->scope, tr_state(c)->rpc.result, record);

    if (count)
        *record = tr_value_in(c, *record);
    return count;
}

tlc_slice tr_version(tlc_call *c, tlc_slice record)
{
    tlc_slice at = tlc_json_raw(c->host, c->scope, record, "/write_date"), text = {0, 0};

    if (!at.len || tlc_is(at, "null"))
        at = tlc_json_raw(c->host, c->scope, record, "/create_date");
    if (at.len && at.ptr[0] == '{')
        at = tr_value_in(c, at);
    if (at.len)
        c->host->json_text(c->scope, at, &text);
    return text;
}

void tr_take(tlc_call *c, tlc_slice record)
{
    c->done.document = record;
    c->done.id = tlc_json_text(c->host, c->scope, record, "/id");
    c->done.version = tr_version(c, record);
}

int tr_need_one(tlc_call *c, tlc_action *out, uint32_t count, tlc_slice what)
{
    if (count == 1)
        return 0;
    if (count == 0)
        TL_PART_FAIL(TLC_MISSING, TLC_JOIN(c, TLC_TEXT("there is no "), what));
    TL_PART_FAIL(TLC_DATA, TLC_JOIN(c, TLC_TEXT("there is more than one "), what,
                                    TLC_TEXT("; nothing was done. Leave it to one of them in Tryton")));
}

/* ---- operations ---- */

void tr_get(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    tr_search(c, tlc_keep(c->host, c->scope, tlc_arg(c, "/object")).ptr, tr_domain(c, "id", tr_id(c, "/id")),
              asked_fields(c));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_found(c, &record))
        tr_take(c, record);
    TL_DONE(&c->done);
    TL_END;
}

void tr_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice record = {0, 0};

    TL_BEGIN(&c->async, in, out);
    tr_search(c, tlc_keep(c->host, c->scope, tlc_arg(c, "/object")).ptr,
              tr_domain(c, tlc_keep(c->host, c->scope, tlc_arg(c, "/field")).ptr,
                        tlc_json_raw(c->host, c->scope, c->request->args, "/value")),
              asked_fields(c));
    TL_DO(tr_rpc_run(c, in, out));
    c->done.matches = tr_found(c, &record);
    if (record.len)
        tr_take(c, record);
    if (c->request->role != TLC_ROLE_LOOKUP)
        c->done.document = tr_value_in(c, tr_state(c)->rpc.result);
    TL_DONE(&c->done);
    TL_END;
}

struct query {
    tlc_writer *writer;
    uint32_t offset, limit, page;
};

static uint32_t count_arg(tlc_call *c, const char *pointer, uint32_t otherwise)
{
    tlc_slice digits = tlc_arg(c, pointer);
    uint32_t n = 0;
    uint64_t i;

    for (i = 0; i < digits.len && i < 9 && digits.ptr[i] >= '0' && digits.ptr[i] <= '9'; i++)
        n = n * 10 + (uint32_t)(digits.ptr[i] - '0');
    return digits.len ? n : otherwise;
}

static tlc_slice raw_arg(tlc_call *c, const char *pointer, const char *otherwise)
{
    tlc_slice raw = tlc_json_raw(c->host, c->scope, c->request->args, pointer);

    return raw.len ? raw : tlc_z(otherwise);
}

static void ask_page(tlc_call *c, const struct query *q)
{
    uint32_t rest = q->limit - q->offset;

    tr_rpc(c, TLC_JOIN(c, TLC_TEXT("model."), tlc_arg(c, "/object"), TLC_TEXT(".search_read")),
           TLC_JOIN(c, raw_arg(c, "/where", "[]"), TLC_TEXT(","), tr_digits(c, q->offset), TLC_TEXT(","),
                    tr_digits(c, rest < PAGE_MAX ? rest : PAGE_MAX), TLC_TEXT(","),
                    raw_arg(c, "/order", "[[\"id\",\"ASC\"]]"), TLC_TEXT(","), with_dates(c, asked_fields(c))));
}

static void take_page(tlc_call *c, struct query *q)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    for (q->page = 0; c->host->json_next(c->scope, tr_state(c)->rpc.result, &at, &name, &raw) == 1; q->page++)
        c->host->json_put(q->writer, TLC_JSON_RAW, tr_value_in(c, raw));
    q->offset += q->page;
}

void tr_query(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct query *q = tr_state(c)->own;

    TL_BEGIN(&c->async, in, out);
    q = tr_state(c)->own = c->host->alloc(c->scope, sizeof *q);
    q->limit = count_arg(c, "/limit", ITEMS_MAX + 1);
    q->writer = c->host->json_writer(c->scope);
    tlc_json_mark(c->host, q->writer, TLC_JSON_ARRAY);
    do {
        ask_page(c, q);
        TL_DO(tr_rpc_run(c, in, out));
        take_page(c, q);
        if (q->offset > ITEMS_MAX)
            TL_FAIL(TLC_DATA, TLC_TEXT("query: more than 10,000 records; give a limit, or use the object's changes"));
    } while (q->page == PAGE_MAX && q->offset < q->limit);
    tlc_json_mark(c->host, q->writer, TLC_JSON_END);
    c->host->json_finish(q->writer, &c->done.document);
    TL_DONE(&c->done);
    TL_END;
}

void tr_count(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    TL_CALL(TLC_JOIN(c, TLC_TEXT("model."), tlc_arg(c, "/object"), TLC_TEXT(".search_count")),
            raw_arg(c, "/where", "[]"));
    c->done.document = tr_state(c)->rpc.result;
    TL_DONE(&c->done);
    TL_END;
}

void tr_preferences(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    TL_CALL(TLC_TEXT("model.res.user.get_preferences"), TLC_TEXT("true"));
    c->done.document = tr_state(c)->rpc.result;
    TL_DONE(&c->done);
    TL_END;
}
