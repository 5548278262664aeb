/* A ready-made call for connectors in C: what nearly every one of them needs to keep, how a request finds its step
 * function, and the words requests are made with. Optional: a connector that wants another struct tlc_call writes its
 * own and leaves this header out. It asks for nothing but the host table.
 *
 *     struct tlc_instance { const tlc_host *host; tlc_scope *scope; … };       // the connector's own
 *
 *     static void read(tlc_call *c, const tlc_input *in, tlc_action *out)
 *     {
 *         TL_BEGIN(&c->async, in, out);
 *         TL_HTTP(tlc_ask(c, "GET", TLC_JOIN(c, TLC_TEXT("orders/"), tlc_percent(c, tlc_arg(c, "/order_no")))));
 *         c->done.document = tlc_keep(c->host, c->scope, in->body);
 *         TL_DONE(&c->done);
 *         TL_END;
 *     }
 *     static const tlc_route routes[] = {{TLC_FOR_CALLS, "read", read}, {TLC_FOR(TLC_ROLE_CHANGES), 0, changes}};
 *     static int32_t open_instance(…);
 *     static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
 *     {
 *         return tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);
 *     }
 *     TLC_CONNECTOR(open_instance, begin)                                      // the table and the exported function
 *
 * Everything here lives in the scope of its call or instance, so nothing is freed. */
#ifndef TIDELOCK_CALL_H
#define TIDELOCK_CALL_H

#include <tidelock/async.h>
#include <tidelock/connector.h>
#include <tidelock/text.h>

#define TLC_CALL_HEADERS 4 /* of one request; the host adds its own */

#define TLC_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* What a call is about, when begin finds that out for all steps: the connector's own struct, or never defined. */
typedef struct tlc_kind tlc_kind;

typedef void (*tlc_step)(tlc_call *call, const tlc_input *in, tlc_action *out);

struct tlc_call {
    tl_async async; /* first */
    tlc_step step;
    tlc_instance *instance;
    const tlc_host *host;
    tlc_scope *scope;
    const tlc_request *request;
    const tlc_kind *kind;  /* NULL until begin sets it */
    tlc_transfer transfer; /* the request made last */
    tlc_header headers[TLC_CALL_HEADERS];
    tlc_done done; /* `size` is set */
    void *state;   /* of one step function, in the scope */
};

/* ---- from a request to its step ---- */

#define TLC_FOR(role) (1u << (role))
#define TLC_FOR_CALLS (TLC_FOR(TLC_ROLE_CALL) | TLC_FOR(TLC_ROLE_LOOKUP))

typedef struct tlc_route {
    uint32_t roles;        /* TLC_FOR(role), several of them with | */
    const char *operation; /* NULL: the role has none, or any will do */
    tlc_step step;
} tlc_route;

/* Makes the call, with the step of the first route that fits. 0, or TLC_UNSUPPORTED when none does. */
static inline int32_t tlc_call_begin(const tlc_host *host, tlc_scope *scope, tlc_instance *instance,
                                     const tlc_request *request, const tlc_route *routes, uint32_t count,
                                     tlc_call **out)
{
    uint32_t role = request->role < 32 ? TLC_FOR(request->role) : 0, i = 0;
    tlc_call *call;

    while (i < count &&
           (!(routes[i].roles & role) || (routes[i].operation && !tlc_is(request->operation, routes[i].operation))))
        i++;
    if (i == count)
        return TLC_UNSUPPORTED;
    call = (tlc_call *)host->alloc(scope, sizeof *call);
    call->step = routes[i].step;
    call->instance = instance;
    call->host = host;
    call->scope = scope;
    call->request = request;
    call->done.size = (uint32_t)sizeof call->done;
    *out = call;
    return 0;
}

static inline void tlc_call_step(tlc_call *call, const tlc_input *input, tlc_action *action)
{
    call->step(call, input, action);
}

static inline void tlc_call_end(tlc_call *call)
{
    (void)call; /* everything is the scope's */
}

static inline void tlc_instance_close(tlc_instance *instance)
{
    (void)instance; /* everything is the scope's */
}

/* The table and the exported function, in the file that has TLC_EMBED_MANIFEST (manifest.h). */
#define TLC_CONNECTOR(open_, begin_)                                                                                   \
    static const tlc_connector tlc_table = {sizeof tlc_table,   TLC_ABI, tlc_manifest,  open_,                         \
                                            tlc_instance_close, begin_,  tlc_call_step, tlc_call_end};                 \
    const tlc_connector *tidelock_connector(uint32_t host_abi)                                                         \
    {                                                                                                                  \
        return host_abi >> 16 == TLC_ABI_MAJOR ? &tlc_table : 0;                                                       \
    }

/* The setting `url` without slashes at its end, for links below it; in open. */
static inline tlc_slice tlc_site(const tlc_host *host, tlc_scope *scope, tlc_slice config)
{
    tlc_slice url = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/url"));
    while (url.len && url.ptr[url.len - 1] == '/')
        url.len--;
    return url;
}

/* ---- what is asked ---- */

/* A text (or a number's digits) of the operation's arguments; absent slice when it is not there. */
static inline tlc_slice tlc_arg(tlc_call *c, const char *pointer)
{
    return tlc_json_text(c->host, c->scope, c->request->args, pointer);
}

/* The same of a capture's settings. */
static inline tlc_slice tlc_option(tlc_call *c, const char *pointer)
{
    return tlc_json_text(c->host, c->scope, c->request->options, pointer);
}

/* ---- requests ---- */

/* The call's transfer, without body and headers, ready for TL_HTTP. An answer that is no success ends the call. */
static inline tlc_transfer *tlc_ask(tlc_call *c, const char *method, tlc_slice url)
{
    memset(&c->transfer, 0, sizeof c->transfer);
    c->transfer.size = (uint32_t)sizeof c->transfer;
    c->transfer.method = tlc_z(method);
    c->transfer.url = url;
    c->transfer.headers = c->headers;
    return &c->transfer;
}

/* The same, and every answer comes back. */
static inline tlc_transfer *tlc_ask_any(tlc_call *c, const char *method, tlc_slice url)
{
    tlc_ask(c, method, url)->any_status = 1;
    return &c->transfer;
}

/* One more header for it; past TLC_CALL_HEADERS it is left out. */
static inline void tlc_add_header(tlc_call *c, const char *name, tlc_slice value)
{
    if (c->transfer.header_count == TLC_CALL_HEADERS)
        return;
    c->headers[c->transfer.header_count].name = tlc_z(name);
    c->headers[c->transfer.header_count].value = value;
    c->transfer.header_count++;
}

/* Its body with the Content-Type. */
static inline void tlc_add_body(tlc_call *c, const char *content_type, tlc_slice body)
{
    tlc_add_header(c, "Content-Type", tlc_z(content_type));
    c->transfer.body_kind = TLC_BODY_BYTES;
    c->transfer.body = body;
}

/* ---- texts ---- */

/* Percent-encoded, for one segment of a path or one value of a query. */
static inline tlc_slice tlc_percent(tlc_call *c, tlc_slice text)
{
    tlc_slice out = tlc_text_n(0, 0);
    c->host->encode(c->scope, TLC_PERCENT, text, &out);
    return out;
}

/* Pieces joined; the list ends with an absent slice, so a piece that may be absent must be given as TLC_TEXT(""). */
static inline tlc_slice tlc_join_all(tlc_call *c, const tlc_slice *parts)
{
    uint32_t count = 0;
    while (parts[count].ptr)
        count++;
    return tlc_join(c->host, c->scope, parts, count);
}
#define TLC_JOIN(c, ...) tlc_join_all((c), (const tlc_slice[]){__VA_ARGS__, {0, 0}})

/* "/name" with the NUL that tlc_json_text and tlc_json_raw want, for a name known at run time. */
static inline const char *tlc_pointer_to(tlc_call *c, tlc_slice name)
{
    tlc_slice parts[3];
    parts[0] = TLC_TEXT("/");
    parts[1] = name;
    parts[2] = tlc_text_n("\0", 1);
    return tlc_join(c->host, c->scope, parts, 3).ptr;
}

#endif
