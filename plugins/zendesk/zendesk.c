/* Entry: instance and routes of requests. */
#include "zendesk.h"
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
    {TLC_FOR(TLC_ROLE_CHANGES), 0, zd_changes},
    {TLC_FOR(TLC_ROLE_WEBHOOK), 0, zd_webhook},
    {TLC_FOR_CALLS, "put", zd_put},
    {TLC_FOR(TLC_ROLE_WRITE_MANY), "put", zd_put_many},
    {TLC_FOR_CALLS, "create", zd_create},
    {TLC_FOR_CALLS, "update", zd_update},
    {TLC_FOR_CALLS, "delete", zd_delete},
    {TLC_FOR_CALLS, "get", zd_get},
    {TLC_FOR_CALLS, "show_many", zd_show_many},
    {TLC_FOR_CALLS, "find", zd_find},
    {TLC_FOR_CALLS, "list", zd_list},
    {TLC_FOR_CALLS, "comment", zd_message},
    {TLC_FOR_CALLS, "reply", zd_message},
    {TLC_FOR_CALLS, "message_find", zd_message_find},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    int32_t refused = tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);

    if (!refused && request->role != TLC_ROLE_WEBHOOK)
        (*out)->kind = zd_kind_named(request->object.len ? request->object : tlc_arg(*out, "/object"));
    return refused;
}

TLC_CONNECTOR(open_instance, begin)
