/* credit_note: a draft invoice that takes back an invoice, or some of its lines. It is made in one request with our
 * reference in it, by which it is found again; Tryton's own wizard has no field for that. Its lines name the lines they
 * credit, as the wizard's do, and by that it is known what earlier ones have left: Tryton itself takes any quantity. */
#include "tryton.h"
#include <stdio.h>
#include <stdlib.h>

#define HEAD_FIELDS                                                                                                    \
    "[\"company\",\"tax_identifier\",\"party\",\"party_tax_identifier\",\"invoice_address\",\"currency\","             \
    "\"journal\",\"account\",\"payment_term\",\"type\",\"number\",\"state\",\"lines\"]"
#define LINE_FIELDS                                                                                                    \
    "[\"type\",\"account\",\"product\",\"product.code\",\"unit\",\"quantity\",\"unit_price\",\"taxes\","               \
    "\"description\",\"currency\",\"company\",\"invoice_type\"]"

struct credit {
    tlc_slice invoice, reference, head, lines; /* lines: of args; absent: all of them */
    tlc_slice invoice_lines, credited;         /* read: the invoice's lines; the lines of credit notes of them */
    tlc_slice id;
};

/* ---- lines ---- */

/* How much of the product is taken back; absent: nothing of it. */
static tlc_slice quantity_of(tlc_call *c, const struct credit *n, tlc_slice line)
{
    tlc_slice product = tlc_json_text(c->host, c->scope, line, "/product./code"), name, asked, quantity = {0, 0};
    uint64_t at = 0;

    if (!n->lines.len)
        return tlc_json_text(c->host, c->scope, line, "/quantity");
    while (c->host->json_next(c->scope, n->lines, &at, &name, &asked) == 1)
        if (tlc_same(tlc_json_text(c->host, c->scope, asked, "/product"), product))
            quantity = tlc_json_text(c->host, c->scope, asked, "/quantity");
    return quantity;
}

static tlc_slice negated(tlc_call *c, tlc_slice number)
{
    return number.ptr[0] == '-' ? tlc_text_n(number.ptr + 1, number.len - 1) : TLC_JOIN(c, TLC_TEXT("-"), number);
}

/* 0: nothing of the line is credited. */
static int put_line(tlc_call *c, const struct credit *n, tlc_writer *writer, tlc_slice line)
{
    tlc_slice id = tlc_json_text(c->host, c->scope, line, "/id"), quantity = quantity_of(c, n, line), name, raw;
    uint64_t at = 0;

    if (!quantity.len)
        return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, line, &at, &name, &raw) == 1) {
        if (tlc_is(name, "id") || tlc_is(name, "quantity") || tlc_is(name, "product.") || tlc_is(name, "write_date") ||
            tlc_is(name, "create_date"))
            continue;
        c->host->json_put(writer, TLC_JSON_KEY, name);
        c->host->json_put(writer, TLC_JSON_RAW,
                          tlc_is(name, "taxes") ? TLC_JOIN(c, TLC_TEXT("[[\"add\","), raw, TLC_TEXT("]]")) : raw);
    }
    tlc_json_member(c->host, writer, TLC_TEXT("quantity"), TLC_JSON_RAW, negated(c, quantity));
    tlc_json_member(c->host, writer, TLC_TEXT("origin"), TLC_JSON_STRING,
                    TLC_JOIN(c, TLC_TEXT("account.invoice.line,"), id));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return 1;
}

/* The values of the credit note; absent when no line is left. */
static tlc_slice values(tlc_call *c, const struct credit *n)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = {0, 0};
    uint64_t at = 0;
    int count = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, n->head, &at, &name, &raw) == 1)
        if (!tlc_is(name, "id") && !tlc_is(name, "number") && !tlc_is(name, "state") && !tlc_is(name, "lines") &&
            !tlc_is(name, "write_date") && !tlc_is(name, "create_date"))
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, raw);
    tlc_json_member(c->host, writer, TLC_TEXT("reference"), TLC_JSON_STRING, n->reference);
    tlc_json_optional(c->host, writer, "description", TLC_JSON_STRING, tlc_arg(c, "/description"));
    c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("lines"));
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    c->host->json_put(writer, TLC_JSON_STRING, TLC_TEXT("create"));
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    for (at = 0; c->host->json_next(c->scope, n->invoice_lines, &at, &name, &raw) == 1;)
        count += put_line(c, n, writer, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    if (count)
        c->host->json_finish(writer, &out);
    return out;
}

/* ---- what is left ---- */

/* A quantity as Tryton keeps it, a double; 0 for what is none. */
static double number(tlc_slice text)
{
    char digits[64];

    snprintf(digits, sizeof digits, "%.*s", (int)(text.len < sizeof digits ? text.len : 0), text.ptr ? text.ptr : "");
    return strtod(digits, 0);
}

/* The lines of credit notes of the invoice that stand, drafts too. */
static tlc_slice credited_domain(tlc_call *c, const struct credit *n)
{
    tlc_slice name, line, origins = TLC_TEXT("");
    uint64_t at = 0;

    while (c->host->json_next(c->scope, n->invoice_lines, &at, &name, &line) == 1)
        origins = TLC_JOIN(c, origins, origins.len ? TLC_TEXT(",") : TLC_TEXT(""), TLC_TEXT("\"account.invoice.line,"),
                           tlc_json_text(c->host, c->scope, line, "/id"), TLC_TEXT("\""));
    return TLC_JOIN(c, TLC_TEXT("[[\"origin\",\"in\",["), origins,
                    TLC_TEXT("]],[\"invoice.state\",\"!=\",\"cancelled\"]]"));
}

/* How much of a line no credit note has taken back yet. */
static double left_of(tlc_call *c, const struct credit *n, tlc_slice line)
{
    tlc_slice origin = TLC_JOIN(c, TLC_TEXT("account.invoice.line,"), tlc_json_text(c->host, c->scope, line, "/id"));
    tlc_slice name, credit;
    double left = number(tlc_json_text(c->host, c->scope, line, "/quantity"));
    uint64_t at = 0;

    while (c->host->json_next(c->scope, n->credited, &at, &name, &credit) == 1)
        if (tlc_same(tlc_json_text(c->host, c->scope, credit, "/origin"), origin))
            left += number(tlc_json_text(c->host, c->scope, credit, "/quantity"));
    return left;
}

/* What is wrong with the quantities, for people; absent when nothing is. A line of less than nothing counts the other
 * way round. */
static tlc_slice too_much(tlc_call *c, const struct credit *n)
{
    tlc_slice name, line, quantity, product, none = {0, 0};
    char text[64];
    uint64_t at = 0;

    while (c->host->json_next(c->scope, n->invoice_lines, &at, &name, &line) == 1) {
        double left = left_of(c, n, line), sign = 1;
        quantity = quantity_of(c, n, line);
        if (!quantity.len)
            continue;
        if (number(tlc_json_text(c->host, c->scope, line, "/quantity")) < 0)
            sign = -1;
        if (number(quantity) * sign >= 0 && number(quantity) * sign <= left * sign + 1e-9)
            continue;
        product = tlc_json_text(c->host, c->scope, line, "/product./code");
        snprintf(text, sizeof text, " left to credit, not %.10g", number(quantity));
        quantity = tlc_keep(c->host, c->scope, tlc_z(text));
        snprintf(text, sizeof text, " has %.10g of ", left);
        return TLC_JOIN(c, tlc_z(text), product.len ? product : TLC_TEXT("a line without product"), quantity);
    }
    return none;
}

/* ---- the operation ---- */

static tlc_slice what(tlc_call *c, const struct credit *n)
{
    return TLC_JOIN(c, TLC_TEXT("invoice with the id "), n->invoice);
}

static struct credit *prepare(tlc_call *c)
{
    struct credit *n = tr_state(c)->own = c->host->alloc(c->scope, sizeof *n);

    n->invoice = tr_id(c, "/invoice");
    n->reference = tlc_arg(c, "/reference");
    n->lines = tlc_json_raw(c->host, c->scope, c->request->args, "/lines");
    return n;
}

/* The record as Tryton wrote it: it goes back in part. */
static uint32_t take_head(tlc_call *c, struct credit *n)
{
    return tlc_json_first(c->host, c->scope, tr_state(c)->rpc.result, &n->head);
}

void tr_credit_note(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct credit *n = tr_state(c)->own;
    tlc_slice record, text;

    TL_BEGIN(&c->async, in, out);
    n = prepare(c);
    tr_search(c, "account.invoice", tr_domain(c, "id", n->invoice), TLC_TEXT(HEAD_FIELDS));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, take_head(c, n), what(c, n)))
        return;
    text = tlc_json_text(c->host, c->scope, n->head, "/state");
    if (!tlc_is(text, "posted") && !tlc_is(text, "paid"))
        TL_FAIL(TLC_CONFLICT, TLC_JOIN(c, what(c, n), TLC_TEXT(" is "), text,
                                       TLC_TEXT("; only one that is posted or paid can be credited")));
    TL_CALL(TLC_TEXT("model.account.invoice.line.read"),
            TLC_JOIN(c, tlc_json_raw(c->host, c->scope, n->head, "/lines"), TLC_TEXT("," LINE_FIELDS)));
    n->invoice_lines = tr_state(c)->rpc.result;
    if (n->lines.len && tr_twice(c, n->invoice_lines, "/product./code").len)
        TL_FAIL(TLC_DATA, TLC_JOIN(c, what(c, n), TLC_TEXT(" has "), tr_twice(c, n->invoice_lines, "/product./code"),
                                   TLC_TEXT(" in more than one line: credit a part of it in Tryton")));
    TL_CALL(TLC_TEXT("model.account.invoice.line.search_read"),
            TLC_JOIN(c, credited_domain(c, n), TLC_TEXT(",0,null,null,[\"origin\",\"quantity\"]")));
    n->credited = tr_state(c)->rpc.result;
    if (too_much(c, n).len)
        TL_FAIL(TLC_DATA, TLC_JOIN(c, what(c, n), too_much(c, n)));
    text = values(c, n);
    if (!text.len)
        TL_FAIL(TLC_DATA, TLC_TEXT("credit_note: none of these products is on the invoice"));
    TL_CALL(TLC_TEXT("model.account.invoice.create"), TLC_JOIN(c, TLC_TEXT("["), text, TLC_TEXT("]")));
    n->id = tlc_json_text(c->host, c->scope, tr_state(c)->rpc.result, "/0");
    tr_search(c, "account.invoice", tr_domain(c, "id", n->id), tlc_text_n(0, 0));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &record), TLC_JOIN(c, TLC_TEXT("invoice with the id "), n->id)))
        return;
    tr_take(c, record);
    c->done.created = TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}
