/* Entry: instance, calls by role and operation, and the requests of zendesk.h. */
#include "zendesk.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->url = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/url"));
    while (instance->url.len && instance->url.ptr[instance->url.len - 1] == '/')
        instance->url.len--;
    *out = instance;
    return 0;
}

static void close_instance(tlc_instance *instance)
{
    (void)instance; /* everything is the scope's */
}

static const struct {
    const char *name;
    void (*step)(tlc_call *c, const tlc_input *in, tlc_action *out);
} operations[] = {{"put", zd_put}, {"create", zd_create},       {"update", zd_update}, {"delete", zd_delete},
                  {"get", zd_get}, {"show_many", zd_show_many}, {"find", zd_find},     {"list", zd_list}};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    tlc_call *call = instance->host->alloc(scope, sizeof *call);
    int calls = request->role == TLC_ROLE_CALL || request->role == TLC_ROLE_LOOKUP;
    size_t i;

    call->instance = instance;
    call->host = instance->host;
    call->scope = scope;
    call->request = request;
    call->done.size = (uint32_t)sizeof call->done;
    if (request->role == TLC_ROLE_CHANGES)
        call->step = zd_changes;
    if (request->role == TLC_ROLE_WEBHOOK)
        call->step = zd_webhook;
    for (i = 0; calls && i < sizeof operations / sizeof operations[0]; i++)
        if (tlc_is(request->operation, operations[i].name))
            call->step = operations[i].step;
    if (!call->step)
        return TLC_UNSUPPORTED;
    if (calls)
        call->kind = zd_kind_named(zd_arg(call, "/object"));
    if (request->role == TLC_ROLE_CHANGES)
        call->kind = zd_kind_named(request->object);
    *out = call;
    return 0;
}

static void step(tlc_call *call, const tlc_input *input, tlc_action *action)
{
    call->step(call, input, action);
}

static void end(tlc_call *call)
{
    (void)call;
}

static const tlc_connector table = {sizeof table,   TLC_ABI, tlc_manifest, open_instance,
                                    close_instance, begin,   step,         end};

const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    return host_abi >> 16 == TLC_ABI_MAJOR ? &table : 0;
}

/* ---- requests
 * ----------------------------------------------------------------------------------------------------------------
 */

const tlc_transfer *zd_request(tlc_call *c, const char *method, tlc_slice url)
{
    memset(&c->transfer, 0, sizeof c->transfer);
    c->transfer.size = (uint32_t)sizeof c->transfer;
    c->transfer.method = tlc_z(method);
    c->transfer.url = url;
    c->transfer.headers = c->headers;
    return &c->transfer;
}

void zd_header(tlc_call *c, const char *name, tlc_slice value)
{
    if (c->transfer.header_count == ZD_HEADERS)
        return;
    c->headers[c->transfer.header_count].name = tlc_z(name);
    c->headers[c->transfer.header_count].value = value;
    c->transfer.header_count++;
}

tlc_slice zd_percent(tlc_call *c, tlc_slice text)
{
    tlc_slice out = {0, 0};
    c->host->encode(c->scope, TLC_PERCENT, text, &out);
    return out;
}

tlc_slice zd_join(tlc_call *c, const tlc_slice *parts)
{
    uint32_t count = 0;
    while (parts[count].ptr)
        count++;
    return tlc_join(c->host, c->scope, parts, count);
}

tlc_slice zd_arg(tlc_call *c, const char *pointer)
{
    return tlc_json_text(c->host, c->scope, c->request->args, pointer);
}
