/* availability: what is there of products, and what is free of it when all that is planned has happened. */
#include "tryton.h"
#include "value.h"

static tlc_slice warehouses(tlc_call *c)
{
    tlc_slice code = tlc_arg(c, "/warehouse");

    return TLC_JOIN(
        c, TLC_TEXT("[[\"type\",\"=\",\"warehouse\"]"), code.len ? TLC_TEXT(",[\"code\",\"=\",") : TLC_TEXT(""),
        code.len ? tr_quote(c, code) : TLC_TEXT(""), code.len ? TLC_TEXT("]") : TLC_TEXT(""), TLC_TEXT("],0,100,null"));
}

/* [{"product": code, "quantity": there, "available": free}] */
static tlc_slice lines(tlc_call *c, tlc_slice products)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = TLC_TEXT("[]");
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (c->host->json_next(c->scope, products, &at, &name, &raw) == 1) {
        tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
        tlc_json_optional(c->host, writer, "product", TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, raw, "/code"));
        tlc_json_optional(c->host, writer, "quantity", TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, raw, "/quantity"));
        tlc_json_optional(c->host, writer, "available", TLC_JSON_RAW,
                          tlc_json_raw(c->host, c->scope, raw, "/forecast_quantity"));
        tlc_json_mark(c->host, writer, TLC_JSON_END);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

void tr_availability(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct tr_call *s = tr_state(c);
    tlc_slice ids;

    TL_BEGIN(&c->async, in, out);
    TL_CALL(TLC_TEXT("model.stock.location.search"), warehouses(c));
    ids = s->rpc.result;
    if (!tlc_json_count(c->host, c->scope, ids))
        TL_FAIL(TLC_MISSING, TLC_TEXT("availability: there is no such warehouse"));
    tr_rpc(c, TLC_TEXT("model.product.product.search_read"),
           TLC_JOIN(c, TLC_TEXT("[[\"code\",\"in\","), tlc_json_raw(c->host, c->scope, c->request->args, "/products"),
                    TLC_TEXT("]],0,null,[[\"code\",\"ASC\"]],[\"code\",\"quantity\",\"forecast_quantity\"]")));
    s->rpc.context = TLC_JOIN(c, TLC_TEXT(",\"locations\":"), ids);
    TL_DO(tr_rpc_run(c, in, out));
    c->done.document = lines(c, tr_value_in(c, s->rpc.result));
    TL_DONE(&c->done);
    TL_END;
}
