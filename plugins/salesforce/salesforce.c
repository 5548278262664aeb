/* Entry: instance, calls by role and operation, and the help of salesforce.h. */
#include "salesforce.h"
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

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    tlc_call *call = instance->host->alloc(scope, sizeof *call);

    call->instance = instance;
    call->host = instance->host;
    call->scope = scope;
    call->request = request;
    call->done.size = (uint32_t)sizeof call->done;
    if (request->role == TLC_ROLE_CHANGES)
        call->step = sf_changes;
    else if (request->role == TLC_ROLE_CALL && tlc_is(request->operation, "put"))
        call->step = sf_put;
    else if ((request->role == TLC_ROLE_CALL || request->role == TLC_ROLE_LOOKUP) && tlc_is(request->operation, "find"))
        call->step = sf_find;
    else
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

/* ---- help
 * ------------------------------------------------------------------------------------------------------------------
 */

const tlc_transfer *sf_get(tlc_call *c, tlc_slice url, int any_status)
{
    memset(&c->transfer, 0, sizeof c->transfer);
    c->transfer.size = (uint32_t)sizeof c->transfer;
    c->transfer.method = TLC_TEXT("GET");
    c->transfer.url = url;
    c->transfer.any_status = any_status != 0;
    return &c->transfer;
}

tlc_slice sf_percent(tlc_call *c, tlc_slice text)
{
    tlc_slice out = {0, 0};
    c->host->encode(c->scope, TLC_PERCENT, text, &out);
    return out;
}

tlc_slice sf_join(tlc_call *c, const tlc_slice *parts)
{
    uint32_t count = 0;
    while (parts[count].ptr)
        count++;
    return tlc_join(c->host, c->scope, parts, count);
}

tlc_slice sf_relative(tlc_slice url)
{
    static const char root[] = "/services/data/";
    uint64_t i, n = sizeof root - 1;

    for (i = 0; i + n < url.len; i++) {
        if (memcmp(url.ptr + i, root, (size_t)n) != 0)
            continue;
        for (i += n; i < url.len && url.ptr[i] != '/'; i++)
            ;
        return i < url.len ? tlc_text_n(url.ptr + i + 1, url.len - i - 1) : url;
    }
    return url;
}
