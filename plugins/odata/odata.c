/* Entry: instance, calls by role and operation, and the requests of odata.h. */
#include "odata.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

/* "https://host:port" of a URL. */
static tlc_slice origin_of(tlc_slice url)
{
    uint64_t i, slashes = 0;
    for (i = 0; i < url.len; i++)
        if (url.ptr[i] == '/' && ++slashes == 3)
            break;
    return tlc_text_n(url.ptr, i);
}

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->origin = origin_of(tlc_keep(host, scope, tlc_json_text(host, scope, config, "/url")));
    instance->page_size = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/page_size"));
    instance->answers = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/answers"));
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
} operations[] = {{"put", od_put}, {"create", od_create},   {"update", od_update}, {"delete", od_delete},
                  {"get", od_get}, {"related", od_related}, {"find", od_find}};

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
        call->step = od_changes;
    for (i = 0; calls && i < sizeof operations / sizeof operations[0]; i++)
        if (tlc_is(request->operation, operations[i].name))
            call->step = operations[i].step;
    if (!call->step)
        return TLC_UNSUPPORTED;
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

const tlc_transfer *od_request(tlc_call *c, const char *method, tlc_slice url)
{
    memset(&c->transfer, 0, sizeof c->transfer);
    c->transfer.size = (uint32_t)sizeof c->transfer;
    c->transfer.method = tlc_z(method);
    c->transfer.url = url;
    c->transfer.any_status = 1;
    c->transfer.headers = c->headers;
    return &c->transfer;
}

void od_header(tlc_call *c, const char *name, tlc_slice value)
{
    if (c->transfer.header_count == OD_HEADERS)
        return;
    c->headers[c->transfer.header_count].name = tlc_z(name);
    c->headers[c->transfer.header_count].value = value;
    c->transfer.header_count++;
}

tlc_slice od_percent(tlc_call *c, tlc_slice text)
{
    tlc_slice out = {0, 0};
    c->host->encode(c->scope, TLC_PERCENT, text, &out);
    return out;
}

tlc_slice od_join(tlc_call *c, const tlc_slice *parts)
{
    uint32_t count = 0;
    while (parts[count].ptr)
        count++;
    return tlc_join(c->host, c->scope, parts, count);
}

tlc_slice od_arg(tlc_call *c, const char *pointer)
{
    return tlc_json_text(c->host, c->scope, c->request->args, pointer);
}

int od_good(const tlc_input *in)
{
    return in->outcome == TLC_SENT && in->status >= 200 && in->status < 300;
}

const tlc_transfer *od_ask_model(tlc_call *c)
{
    od_request(c, "GET", TLC_TEXT("$metadata"));
    od_header(c, "Accept", TLC_TEXT("application/xml"));
    return &c->transfer;
}

/* A server may have no metadata for us: then nothing is known of types, strings are quoted, numbers sent as
 * they are. */
static int has_none(const tlc_input *in)
{
    return in->outcome == TLC_SENT &&
           (in->status == 404 || in->status == 405 || in->status == 406 || in->status == 501);
}

int od_take_model(tlc_call *c, const tlc_input *in)
{
    tlc_slice nothing = TLC_TEXT("");

    if (!od_good(in) && !has_none(in))
        return 0;
    if (!c->instance->model) /* else another call was faster */
        c->instance->model = od_model_read(c->host, c->instance->scope, od_good(in) ? in->body : nothing);
    return 1;
}
