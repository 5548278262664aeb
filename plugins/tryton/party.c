/* credit_status: what a party owes, counting open sales, against its credit limit. */
#include "tryton.h"

/* Digits before the point without leading zeros, and those after it. */
struct digits {
    tlc_slice whole, part;
    int minus;
};

static int is_plain(tlc_slice text)
{
    uint64_t i;

    for (i = 0; i < text.len; i++)
        if (text.ptr[i] == 'e' || text.ptr[i] == 'E')
            return 0;
    return text.len > 0;
}

static struct digits split(tlc_slice text)
{
    struct digits d = {text, {0, 0}, 0};
    const char *point;

    d.minus = text.ptr[0] == '-';
    if (d.minus)
        d.whole = tlc_text_n(text.ptr + 1, text.len - 1);
    point = memchr(d.whole.ptr, '.', (size_t)d.whole.len);
    if (point) {
        d.part = tlc_text_n(point + 1, (uint64_t)(d.whole.ptr + d.whole.len - point - 1));
        d.whole.len = (uint64_t)(point - d.whole.ptr);
    }
    for (; d.whole.len > 1 && d.whole.ptr[0] == '0'; d.whole.len--)
        d.whole.ptr++;
    while (d.part.len && d.part.ptr[d.part.len - 1] == '0')
        d.part.len--;
    return d;
}

static int compare_part(tlc_slice a, tlc_slice b)
{
    uint64_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, (size_t)n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* a > b, of two decimals without exponents; every digit counts. */
static int is_more(tlc_slice a, tlc_slice b)
{
    struct digits x = split(a), y = split(b);
    int order;

    if (x.minus != y.minus)
        return y.minus;
    order = x.whole.len != y.whole.len ? (x.whole.len > y.whole.len ? 1 : -1)
                                       : memcmp(x.whole.ptr, y.whole.ptr, (size_t)x.whole.len);
    if (!order)
        order = compare_part(x.part, y.part);
    return x.minus ? order < 0 : order > 0;
}

static tlc_slice status(tlc_call *c, tlc_slice party)
{
    tlc_slice used = tlc_json_raw(c->host, c->scope, party, "/credit_amount");
    tlc_slice limit = tlc_json_raw(c->host, c->scope, party, "/credit_limit_amount");
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice out = TLC_TEXT("null");
    int limited = is_plain(used) && is_plain(limit) && !tlc_is(limit, "null") && !tlc_is(used, "null");

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, TLC_TEXT("id"), TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, party, "/id"));
    tlc_json_member(c->host, writer, TLC_TEXT("code"), TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, party, "/code"));
    tlc_json_member(c->host, writer, TLC_TEXT("name"), TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, party, "/name"));
    tlc_json_optional(c->host, writer, "used", TLC_JSON_RAW, used);
    tlc_json_optional(c->host, writer, "limit", TLC_JSON_RAW, limit);
    tlc_json_member(c->host, writer, TLC_TEXT("on_hold"), TLC_JSON_RAW,
                    limited && is_more(used, limit) ? TLC_TEXT("true") : TLC_TEXT("false"));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

void tr_credit_status(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice party;

    TL_BEGIN(&c->async, in, out);
    tr_search(c, "party.party", tr_domain(c, "code", tr_quote(c, tlc_arg(c, "/party"))),
              TLC_TEXT("[\"code\",\"name\",\"credit_amount\",\"credit_limit_amount\"]"));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &party), TLC_JOIN(c, TLC_TEXT("party with the code "), tlc_arg(c, "/party"))))
        return;
    c->done.id = tlc_json_text(c->host, c->scope, party, "/id");
    c->done.document = status(c, party);
    TL_DONE(&c->done);
    TL_END;
}
