/* invoice_pay and payment_find. A payment is made by Tryton's wizard; the description of its move is ours, and by that
 * it is found again. The wizard wants every field of its form back, null ones too. */
#include "tryton.h"
#include "value.h"

struct pay {
    tlc_slice invoice, reference, amount, date, method;
    tlc_slice wizard, start, step; /* id of the wizard's session, its form, where it is */
};

static tlc_slice what(tlc_call *c, const struct pay *p)
{
    return TLC_JOIN(c, TLC_TEXT("invoice with the id "), p->invoice);
}

static void search_invoice(tlc_call *c, const struct pay *p)
{
    tr_search(c, "account.invoice", tr_domain(c, "id", p->invoice), tlc_text_n(0, 0));
}

static struct pay *prepare(tlc_call *c)
{
    struct pay *p = tr_state(c)->own = c->host->alloc(c->scope, sizeof *p);
    tlc_slice amount = tlc_json_raw(c->host, c->scope, c->request->args, "/amount");
    tlc_slice date = tlc_json_raw(c->host, c->scope, c->request->args, "/date");

    p->invoice = tr_id(c, "/invoice");
    p->reference = tlc_arg(c, "/reference");
    if (!p->reference.len)
        p->reference = c->request->marker;
    p->amount = amount.len ? tr_value_out(c, TLC_TEXT("numeric"), amount) : amount;
    p->date = date.len ? tr_value_out(c, TLC_TEXT("date"), date) : date;
    return p;
}

/* ---- the wizard ---- */

static void execute(tlc_call *c, const struct pay *p, tlc_slice data, const char *step)
{
    tr_rpc(c, TLC_TEXT("wizard.account.invoice.pay.execute"),
           TLC_JOIN(c, p->wizard, TLC_TEXT(","), data, TLC_TEXT(",\""), tlc_z(step), TLC_TEXT("\"")));
    tr_state(c)->rpc.context = TLC_JOIN(c, TLC_TEXT(",\"active_model\":\"account.invoice\",\"active_id\":"), p->invoice,
                                        TLC_TEXT(",\"active_ids\":["), p->invoice, TLC_TEXT("]"));
}

static void put_unless_absent(tlc_call *c, tlc_writer *writer, const char *name, tlc_slice given, tlc_slice otherwise)
{
    tlc_json_optional(c->host, writer, name, TLC_JSON_RAW, given.len ? given : otherwise);
}

/* What the caller decides, and not what was proposed. */
static int is_ours(tlc_slice name)
{
    return tlc_is(name, "amount") || tlc_is(name, "date") || tlc_is(name, "description") ||
           tlc_is(name, "payment_method");
}

/* What was proposed, without names that end in a point: those are what Tryton says beside its values. */
static void put_proposed(tlc_call *c, tlc_writer *writer, tlc_slice defaults, int ours_too)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    while (defaults.len && c->host->json_next(c->scope, defaults, &at, &name, &raw) == 1)
        if (name.ptr[name.len - 1] != '.' && (ours_too || !is_ours(name)))
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, raw);
}

/* The form as it was proposed, with what the caller says. */
static tlc_slice filled(tlc_call *c, const struct pay *p, tlc_slice defaults)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice out = TLC_TEXT("{}");

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    put_proposed(c, writer, defaults, 0);
    put_unless_absent(c, writer, "amount", p->amount, tlc_json_raw(c->host, c->scope, defaults, "/amount"));
    put_unless_absent(c, writer, "date", p->date, tlc_json_raw(c->host, c->scope, defaults, "/date"));
    tlc_json_member(c->host, writer, TLC_TEXT("description"), TLC_JSON_STRING, p->reference);
    tlc_json_member(c->host, writer, TLC_TEXT("payment_method"), TLC_JSON_RAW, p->method);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

/* A form as it was proposed, as it is sent back. */
static tlc_slice sent_back(tlc_call *c, tlc_slice defaults)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice out = TLC_TEXT("{}");

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    put_proposed(c, writer, defaults, 1);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

static tlc_slice proposed(tlc_call *c)
{
    tlc_slice defaults = tlc_json_raw(c->host, c->scope, tr_state(c)->rpc.result, "/view/defaults");

    return defaults.len ? defaults : TLC_TEXT("{}");
}

static tlc_slice methods_domain(tlc_call *c)
{
    tlc_slice name = tlc_arg(c, "/method");

    if (!name.len)
        name = c->instance->payment_method;
    return TLC_JOIN(c, name.len ? tr_domain(c, "name", tr_quote(c, name)) : TLC_TEXT("[]"), TLC_TEXT(",0,2,null"));
}

void tr_invoice_pay(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct pay *p = tr_state(c)->own;
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    p = prepare(c);
    if (!p->reference.len)
        TL_FAIL(TLC_DATA, TLC_TEXT("invoice_pay: a reference is needed, by which the payment is found again"));
    search_invoice(c, p);
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &record), what(c, p)))
        return;
    if (!tlc_is(tlc_json_text(c->host, c->scope, record, "/state"), "posted"))
        TL_FAIL(TLC_CONFLICT,
                TLC_JOIN(c, what(c, p), TLC_TEXT(" is "), tlc_json_text(c->host, c->scope, record, "/state"),
                         TLC_TEXT("; only a posted one can be paid")));
    TL_CALL(TLC_TEXT("model.account.invoice.payment.method.search"), methods_domain(c));
    if (tlc_json_first(c->host, c->scope, tr_state(c)->rpc.result, &p->method) != 1)
        TL_FAIL(TLC_CONFIG, TLC_TEXT("invoice_pay: name the payment method (method, or the setting payment_method); "
                                     "Tryton has none or several that fit"));
    TL_CALL(TLC_TEXT("wizard.account.invoice.pay.create"), TLC_TEXT(""));
    p->wizard = tlc_json_text(c->host, c->scope, tr_state(c)->rpc.result, "/0");
    execute(c, p, TLC_TEXT("{}"), "start");
    TL_DO(tr_rpc_run(c, in, out));
    p->start = filled(c, p, proposed(c));
    execute(c, p, TLC_JOIN(c, TLC_TEXT("{\"start\":"), p->start, TLC_TEXT("}")), "choice");
    TL_DO(tr_rpc_run(c, in, out));
    if (tlc_is(tlc_json_text(c->host, c->scope, tr_state(c)->rpc.result, "/view/state"), "ask")) {
        if (!tlc_is(tlc_json_text(c->host, c->scope, proposed(c), "/type"), "partial"))
            TL_FAIL(TLC_DATA, TLC_TEXT("invoice_pay: this is more than is to be paid"));
        execute(c, p,
                TLC_JOIN(c, TLC_TEXT("{\"start\":"), p->start, TLC_TEXT(",\"ask\":"), sent_back(c, proposed(c)),
                         TLC_TEXT("}")),
                "pay");
        TL_DO(tr_rpc_run(c, in, out));
    }
    TL_CALL(TLC_TEXT("wizard.account.invoice.pay.delete"), p->wizard);
    search_invoice(c, p);
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &record), what(c, p)))
        return;
    tr_take(c, record);
    c->done.created = TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}

/* The moves of a payment; as a lookup, the invoice that it paid. */
void tr_payment_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct pay *p = tr_state(c)->own;
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    p = prepare(c);
    tr_search(c, "account.move",
              TLC_JOIN(c, TLC_TEXT("[[\"description\",\"=\","), tr_quote(c, p->reference),
                       TLC_TEXT("],[\"origin\",\"=\",\"account.invoice,"), p->invoice, TLC_TEXT("\"]]")),
              TLC_TEXT("[\"number\",\"date\",\"state\",\"description\"]"));
    TL_DO(tr_rpc_run(c, in, out));
    c->done.matches = tr_found(c, &record);
    c->done.document = tr_value_in(c, tr_state(c)->rpc.result);
    if (c->request->role == TLC_ROLE_LOOKUP && c->done.matches == 1) {
        search_invoice(c, p);
        TL_DO(tr_rpc_run(c, in, out));
        if (tr_found(c, &record))
            tr_take(c, record);
    }
    TL_DONE(&c->done);
    TL_END;
}
