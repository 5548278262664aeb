/* Entry: instance and routes of requests. */
#include "rt.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);
    tlc_slice queue = tlc_json_text(host, scope, config, "/queue");

    instance->host = host;
    instance->scope = scope;
    instance->url = tlc_site(host, scope, config);
    instance->queue = queue.len ? tlc_keep(host, scope, queue) : queue;
    *out = instance;
    return 0;
}

static const tlc_route routes[] = {
    {TLC_FOR(TLC_ROLE_CHANGES), 0, rt_changes}, {TLC_FOR_CALLS, "put", rt_put},
    {TLC_FOR_CALLS, "create", rt_create},       {TLC_FOR_CALLS, "update", rt_update},
    {TLC_FOR_CALLS, "link", rt_link},           {TLC_FOR_CALLS, "get", rt_get},
    {TLC_FOR_CALLS, "find", rt_find},           {TLC_FOR_CALLS, "comment", rt_message},
    {TLC_FOR_CALLS, "reply", rt_message},       {TLC_FOR_CALLS, "message_find", rt_message_find},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    int32_t refused = tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);

    if (!refused)
        (*out)->state = instance->host->alloc(scope, sizeof(struct rt_call));
    return refused;
}

TLC_CONNECTOR(open_instance, begin)
