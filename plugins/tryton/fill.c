/* What Tryton's client fills into a new sale, and into new lines of one: `create` runs no on_change, so that a sale
 * made by it alone has no unit, price, tax or address. Tryton is asked for the changes as its client asks (price lists
 * and tax rules count), and what the caller gave is never replaced. */
#include "tryton.h"
#include "value.h"

struct fill {
    tl_async async;
    tlc_slice head;          /* the sale without its lines, as on_change wants it */
    tlc_slice lines;         /* the lines of the "create" command */
    uint64_t at;             /* in them */
    tlc_slice line;          /* the one being filled */
    tlc_writer *line_writer; /* the filled lines */
};

static struct fill *filling(const tlc_call *c)
{
    return (struct fill *)tr_state(c)->fill;
}

void tr_fill_begin(tlc_call *c)
{
    tr_state(c)->fill = c->host->alloc(c->scope, sizeof(struct fill));
}

/* ---- values ---- */

/* What on_change gave for a field, as create wants it; absent when it is nothing to write. */
static tlc_slice changed(tlc_call *c, tlc_slice name, tlc_slice raw)
{
    tlc_slice added, key, item, ids = {0, 0};
    tlc_writer *writer;
    uint64_t at = 0;

    if (name.ptr[name.len - 1] == '.' || tlc_is(raw, "null"))
        return ids;
    added = raw.ptr[0] == '{' ? tlc_json_raw(c->host, c->scope, raw, "/add") : ids;
    if (!added.len)
        return raw;
    writer = c->host->json_writer(c->scope); /* [[0, {"id": 1}]]: taxes */
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (c->host->json_next(c->scope, added, &at, &key, &item) == 1)
        c->host->json_put(writer, TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, item, "/1/id"));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return c->host->json_finish(writer, &ids) == 1 ? TLC_JOIN(c, TLC_TEXT("[[\"add\","), ids, TLC_TEXT("]]")) : ids;
}

/* The fields that are filled; whatever else on_change computes is Tryton's own business. */
static int is_wanted(tlc_slice name)
{
    static const char *const names[] = {
        "invoice_address", "shipment_address", "payment_term", "invoice_party", "shipment_party", "unit", "unit_price",
        "taxes",           "currency",         "company",      "warehouse"};
    uint32_t i;

    for (i = 0; i < TLC_COUNT(names); i++)
        if (tlc_is(name, names[i]))
            return 1;
    return 0;
}

/* `record` with those of `more` that it has no value for. */
static tlc_slice merged(tlc_call *c, tlc_slice record, tlc_slice more)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, value, out = record;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_members(c->host, c->scope, writer, record);
    while (more.len && c->host->json_next(c->scope, more, &at, &name, &raw) == 1) {
        if (!is_wanted(name) || tlc_json_has(c->host, c->scope, record, name))
            continue;
        value = changed(c, name, raw);
        if (value.len)
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, value);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

/* Without what on_change cannot take: commands. */
static tlc_slice plain(tlc_call *c, tlc_slice record)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = TLC_TEXT("{}");
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, record, &at, &name, &raw) == 1)
        if (raw.ptr[0] != '[')
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

/* ---- lines ---- */

static int is_create(tlc_call *c, tlc_slice command)
{
    return tlc_is(tlc_json_text(c->host, c->scope, command, "/0"), "create");
}

static void begin_lines(tlc_call *c, struct fill *f)
{
    tlc_slice commands = tlc_json_raw(c->host, c->scope, tr_state(c)->encoding.values, "/lines"), name, raw;
    uint64_t at = 0;

    f->lines = TLC_TEXT("[]");
    while (commands.len && commands.ptr[0] == '[' && c->host->json_next(c->scope, commands, &at, &name, &raw) == 1)
        if (is_create(c, raw))
            f->lines = tlc_json_raw(c->host, c->scope, raw, "/1");
    f->line_writer = c->host->json_writer(c->scope);
    tlc_json_mark(c->host, f->line_writer, TLC_JSON_ARRAY);
}

static int next_line(tlc_call *c, struct fill *f)
{
    tlc_slice name;

    return c->host->json_next(c->scope, f->lines, &f->at, &name, &f->line) == 1;
}

/* The line as on_change wants it: with the sale it is of. */
static tlc_slice line_in_sale(tlc_call *c, const struct fill *f)
{
    tlc_slice line = plain(c, f->line);
    int empty = line.len == 2;

    return TLC_JOIN(c, tlc_text_n(line.ptr, line.len - 1), empty ? TLC_TEXT("") : TLC_TEXT(","),
                    tlc_json_has(c->host, c->scope, f->line, TLC_TEXT("type")) ? TLC_TEXT("")
                                                                               : TLC_TEXT("\"type\":\"line\","),
                    TLC_TEXT("\"sale\":"), f->head, TLC_TEXT("}"));
}

/* The commands of the lines, with the filled ones in their place. */
static tlc_slice filled_commands(tlc_call *c, struct fill *f, tlc_slice commands)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice lines = TLC_TEXT("[]"), name, raw, out = commands;
    uint64_t at = 0;

    tlc_json_mark(c->host, f->line_writer, TLC_JSON_END);
    c->host->json_finish(f->line_writer, &lines);
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (c->host->json_next(c->scope, commands, &at, &name, &raw) == 1)
        c->host->json_put(writer, TLC_JSON_RAW,
                          is_create(c, raw) ? TLC_JOIN(c, TLC_TEXT("[\"create\","), lines, TLC_TEXT("]")) : raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

static void end_lines(tlc_call *c, struct fill *f)
{
    struct tr_encoding *e = &tr_state(c)->encoding;
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, e->values, &at, &name, &raw) == 1)
        tlc_json_member(c->host, writer, name, TLC_JSON_RAW,
                        tlc_is(name, "lines") && raw.ptr[0] == '[' ? filled_commands(c, f, raw) : raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &e->values);
}

/* The sale that lines of a change are of: as it will be. */
static tlc_slice head_of_change(tlc_call *c)
{
    static const char *const names[] = {"/party", "/company", "/currency"};
    const struct tr_encoding *e = &tr_state(c)->encoding;
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice raw, out = TLC_TEXT("{}");
    uint32_t i;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    for (i = 0; i < TLC_COUNT(names); i++) {
        raw = tlc_json_raw(c->host, c->scope, e->values, names[i]);
        tlc_json_optional(c->host, writer, names[i] + 1, TLC_JSON_RAW,
                          raw.len ? raw : tlc_json_raw(c->host, c->scope, e->existing, names[i]));
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

/* ---- the part ---- */

static tlc_slice first_change(tlc_call *c)
{
    return tlc_json_raw(c->host, c->scope, tr_state(c)->rpc.result, "/0");
}

int tr_fill(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct tr_call *s = tr_state(c);
    struct fill *f = filling(c);
    tlc_slice id;

    if (!tlc_is(s->encoding.model, "sale.sale"))
        return 0;
    TL_PART_BEGIN(&f->async);
    if (!s->encoding.existing.len) {
        TL_PART_CALL(TLC_TEXT("model.sale.sale.default_get"), TLC_TEXT("[\"company\",\"currency\",\"warehouse\"]"));
        s->encoding.values = merged(c, s->encoding.values, s->rpc.result);
        TL_PART_CALL(TLC_TEXT("model.sale.sale.on_change"),
                     TLC_JOIN(c, plain(c, s->encoding.values), TLC_TEXT(",[\"party\"]")));
        s->encoding.values = merged(c, s->encoding.values, first_change(c));
        if (c->instance->payment_term.len &&
            !tlc_json_has(c->host, c->scope, s->encoding.values, TLC_TEXT("payment_term"))) {
            TL_PART_CALL(
                TLC_TEXT("model.account.invoice.payment_term.search"),
                TLC_JOIN(c, tr_domain(c, "name", tr_quote(c, c->instance->payment_term)), TLC_TEXT(",0,1,null")));
            id = tlc_json_raw(c->host, c->scope, s->rpc.result, "/0");
            if (!id.len)
                TL_PART_FAIL(TLC_CONFIG,
                             TLC_TEXT("the payment term that the setting payment_term names is not in Tryton"));
            s->encoding.values =
                merged(c, s->encoding.values, TLC_JOIN(c, TLC_TEXT("{\"payment_term\":"), id, TLC_TEXT("}")));
        }
    }
    f->head = s->encoding.existing.len ? head_of_change(c) : plain(c, s->encoding.values);
    begin_lines(c, f);
    while (next_line(c, f)) {
        TL_PART_CALL(TLC_TEXT("model.sale.line.on_change"),
                     TLC_JOIN(c, line_in_sale(c, f), TLC_TEXT(",[\"product\"]")));
        c->host->json_put(f->line_writer, TLC_JSON_RAW, merged(c, f->line, first_change(c)));
    }
    end_lines(c, f);
    TL_PART_END;
}
