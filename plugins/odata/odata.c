/* Entry: instance, routes of requests. */
#include "odata.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->origin = od_origin(tlc_keep(host, scope, tlc_json_text(host, scope, config, "/url")));
    instance->page_size = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/page_size"));
    instance->answers = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/answers"));
    *out = instance;
    return 0;
}

/* A capture with the setting `delta` follows links; any other asks by time. */
static void changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    if (tlc_option(c, "/delta").len)
        od_delta(c, in, out);
    else
        od_changes(c, in, out);
}

static const tlc_route routes[] = {
    {TLC_FOR(TLC_ROLE_CHANGES), 0, changes}, {TLC_FOR(TLC_ROLE_WRITE_MANY), "put", od_put_many},
    {TLC_FOR_CALLS, "put", od_put},          {TLC_FOR_CALLS, "create", od_create},
    {TLC_FOR_CALLS, "update", od_update},    {TLC_FOR_CALLS, "delete", od_delete},
    {TLC_FOR_CALLS, "get", od_get},          {TLC_FOR_CALLS, "related", od_related},
    {TLC_FOR_CALLS, "find", od_find},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    return tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);
}

TLC_CONNECTOR(open_instance, begin)
