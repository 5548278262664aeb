/* Entry: instance and routes of requests. */
#include "salesforce.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->url = tlc_site(host, scope, config);
    *out = instance;
    return 0;
}

static const tlc_route routes[] = {
    {TLC_FOR(TLC_ROLE_CHANGES), 0, sf_changes},
    {TLC_FOR(TLC_ROLE_CALL), "put", sf_put},
    {TLC_FOR(TLC_ROLE_WRITE_MANY), "put", sf_put_many},
    {TLC_FOR_CALLS, "find", sf_find},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    return tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);
}

TLC_CONNECTOR(open_instance, begin)
