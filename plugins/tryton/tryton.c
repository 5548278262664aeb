/* Entry: instance and routes of requests. */
#include "tryton.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

static tlc_slice setting(const tlc_host *host, tlc_scope *scope, tlc_slice config, const char *pointer)
{
    tlc_slice text = tlc_json_text(host, scope, config, pointer);

    return text.len ? tlc_keep(host, scope, text) : text;
}

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->company = setting(host, scope, config, "/company");
    instance->language = setting(host, scope, config, "/language");
    instance->payment_term = setting(host, scope, config, "/payment_term");
    instance->payment_method = setting(host, scope, config, "/payment_method");
    *out = instance;
    return 0;
}

static const tlc_route routes[] = {
    {TLC_FOR(TLC_ROLE_LOGIN), 0, tr_login},
    {TLC_FOR(TLC_ROLE_CHANGES), 0, tr_changes},
    {TLC_FOR_CALLS, "put", tr_put},
    {TLC_FOR_CALLS, "create", tr_create},
    {TLC_FOR_CALLS, "update", tr_update},
    {TLC_FOR_CALLS, "delete", tr_delete},
    {TLC_FOR_CALLS, "get", tr_get},
    {TLC_FOR_CALLS, "find", tr_find},
    {TLC_FOR_CALLS, "query", tr_query},
    {TLC_FOR_CALLS, "count", tr_count},
    {TLC_FOR_CALLS, "preferences", tr_preferences},
    {TLC_FOR_CALLS, "sale_create", tr_sale_create},
    {TLC_FOR_CALLS, "sale_status", tr_sale_status},
    {TLC_FOR_CALLS, "sale_quote", tr_sale_step},
    {TLC_FOR_CALLS, "sale_confirm", tr_sale_step},
    {TLC_FOR_CALLS, "sale_process", tr_sale_step},
    {TLC_FOR_CALLS, "sale_cancel", tr_sale_step},
    {TLC_FOR_CALLS, "sale_draft", tr_sale_step},
    {TLC_FOR_CALLS, "ship", tr_ship},
    {TLC_FOR_CALLS, "invoice_post", tr_invoice_post},
    {TLC_FOR_CALLS, "invoice_pay", tr_invoice_pay},
    {TLC_FOR_CALLS, "payment_find", tr_payment_find},
    {TLC_FOR_CALLS, "credit_note", tr_credit_note},
    {TLC_FOR_CALLS, "credit_status", tr_credit_status},
    {TLC_FOR_CALLS, "availability", tr_availability},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    int32_t refused = tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);

    if (!refused)
        (*out)->state = instance->host->alloc(scope, sizeof(struct tr_call));
    return refused;
}

TLC_CONNECTOR(open_instance, begin)
