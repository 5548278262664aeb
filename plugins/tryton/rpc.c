/* One JSON-RPC request: see rpc.h. The request has exactly the keys id, method and params: with any other, Tryton
 * answers errors as bare statuses. */
#include "tryton.h"

#include <tidelock/time.h>

#define WARNINGS_MAX 8

void tr_rpc(tlc_call *c, tlc_slice method, tlc_slice params)
{
    struct tr_rpc *rpc = &tr_state(c)->rpc;

    memset(rpc, 0, sizeof *rpc);
    rpc->method = method;
    rpc->params = params;
}

static const tlc_transfer *post(tlc_call *c, tlc_slice method, tlc_slice params, tlc_slice context)
{
    tlc_ask_any(c, "POST", TLC_TEXT(""));
    tlc_add_body(c, "application/json",
                 TLC_JOIN(c, TLC_TEXT("{\"id\":1,\"method\":"), tr_quote(c, method), TLC_TEXT(",\"params\":["), params,
                          params.len ? TLC_TEXT(",") : TLC_TEXT(""), context, TLC_TEXT("]}")));
    return &c->transfer;
}

/* ---- the context ---- */

static void put_known(tlc_call *c, tlc_writer *writer, const char *name, tlc_slice setting, tlc_slice preferences)
{
    tlc_slice raw = setting.len ? setting : tlc_json_raw(c->host, c->scope, preferences, name);

    tlc_json_optional(c->host, writer, name + 1, TLC_JSON_RAW, raw);
}

/* What of the user's preferences decides how records read; names with an underscore are dropped by Tryton, so that the
 * object is never empty. 0: not the answer of get_preferences. */
static int learn_context(tlc_call *c, tlc_slice body)
{
    tlc_instance *instance = c->instance;
    tlc_slice preferences = tlc_json_raw(c->host, c->scope, body, "/result");
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice language = instance->language, text;

    if (!preferences.len || preferences.ptr[0] != '{')
        return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, TLC_TEXT("_client"), TLC_JSON_STRING, TLC_TEXT("tidelock"));
    put_known(c, writer, "/company", instance->company, preferences);
    put_known(c, writer, "/employee", tlc_text_n(0, 0), preferences);
    put_known(c, writer, "/language", language.len ? tr_quote(c, language) : language, preferences);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    if (c->host->json_finish(writer, &text) != 1)
        return 0;
    instance->context = tlc_keep(c->host, instance->scope, text);
    return 1;
}

static tlc_slice context_of(tlc_call *c, const struct tr_rpc *rpc)
{
    tlc_slice known = c->instance->context;

    if (!rpc->context.len)
        return known;
    return TLC_JOIN(c, tlc_text_n(known.ptr, known.len - 1), rpc->context, TLC_TEXT("}"));
}

/* ---- the exchange ---- */

static const tlc_transfer *acknowledge(tlc_call *c, const struct tr_rpc *rpc)
{
    tlc_slice session = TLC_TEXT("{}"), uid;
    uint64_t version;

    c->host->session_get(c->scope, &session, &version);
    uid = tlc_json_text(c->host, c->scope, session, "/uid");
    return post(c, TLC_TEXT("model.res.user.warning.create"),
                TLC_JOIN(c, TLC_TEXT("[{\"user\":"), uid.len ? uid : TLC_TEXT("null"), TLC_TEXT(",\"name\":"),
                         tr_quote(c, rpc->warning), TLC_TEXT(",\"always\":false}]")),
                c->instance->context);
}

/* No answer, or a status that is no success: by the manifest's rules. */
static int failed(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    if (in->outcome == TLC_SENT && in->status < 300)
        return 0;
    TL_PART_FAIL(0, TLC_TEXT(""));
}

/* 0: there is a result. An error that is no accepted warning ends the call. */
static int judge(tlc_call *c, struct tr_rpc *rpc, const tlc_input *in, tlc_action *out)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body), message;

    rpc->warning = tlc_text_n(0, 0);
    tlc_http_date_read(tlc_header_get(in->headers, in->header_count, "Date"), &rpc->at_ms);
    rpc->result = tlc_json_raw(c->host, c->scope, body, "/result");
    if (rpc->result.len)
        return 0;
    if (rpc->warnings < WARNINGS_MAX && tr_fault_is_accepted(c, body, &rpc->warning)) {
        rpc->warnings++;
        return 0;
    }
    int32_t class = tr_fault(c, body, &c->async.fail.code, &message);
    TL_PART_FAIL(class, message);
}

int tr_rpc_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct tr_rpc *rpc = &tr_state(c)->rpc;

    TL_PART_BEGIN(&rpc->async);
    if (!c->instance->context.len) {
        TL_PART_HTTP(post(c, TLC_TEXT("model.res.user.get_preferences"), TLC_TEXT("true"), TLC_TEXT("{}")));
        if (failed(c, in, out))
            return 1;
        if (!learn_context(c, in->body))
            TL_PART_FAIL(TLC_RETRY, TLC_TEXT("the answer is not Tryton's: the user's preferences are not in it"));
    }
    for (;;) {
        TL_PART_HTTP(post(c, rpc->method, rpc->params, context_of(c, rpc)));
        if (failed(c, in, out) || judge(c, rpc, in, out))
            return 1;
        if (!rpc->warning.len)
            break;
        TL_PART_HTTP(acknowledge(c, rpc));
        if (failed(c, in, out))
            return 1;
    }
    TL_PART_END;
}
