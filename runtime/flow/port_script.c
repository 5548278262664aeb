/* Runs by the script room. */
#include "ports.h"
#include "script/run.h"

static tl_code open_host(void *ctx, const struct tl_bundle *bundle, const char *revision, void **host,
                         struct tl_error *err)
{
    const struct tl_engine_config *config = ctx;
    struct tl_script *script = NULL;
    tl_code code = TL_OK;
    if (bundle == NULL)
        code = config->revision_bundle != NULL ? config->revision_bundle(config->ctx, revision, &bundle, err)
                                               : tl_fail(err, TL_ENOTFOUND, "earlier revisions are not kept here");
    if (code == TL_OK)
        code = tl_script_new(bundle, &config->script, &script, err);
    *host = script;
    return code;
}

static void close_host(void *ctx, void *host)
{
    (void)ctx;
    tl_script_free(host);
}

static const struct tl_run_outcome *start(void *ctx, void *host, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **run)
{
    (void)ctx;
    return tl_run_start(host, flow, event, run);
}

static const struct tl_run_outcome *resume(void *ctx, struct tl_run *run, const struct tl_run_result *result)
{
    (void)ctx;
    return tl_run_resume(run, result);
}

static bool find_flow(void *ctx, void *host, const char *name, size_t *index)
{
    (void)ctx;
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(tl_script_bundle(host), &count);
    for (size_t i = 0; i < count; i++) {
        if (tl_str_is(tl_str_z(name), flows[i].name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static const struct tl_run_outcome *cancel(void *ctx, struct tl_run *run, tl_str reason)
{
    (void)ctx;
    return tl_run_cancel(run, reason);
}

static const struct tl_run_outcome *go_on(void *ctx, struct tl_run *run)
{
    (void)ctx;
    return tl_run_go_on(run);
}

static void settle(void *ctx, struct tl_run *run, tl_str id, bool took_place)
{
    (void)ctx;
    tl_run_settle(run, id, took_place);
}

static bool has_undo(void *ctx, const struct tl_run *run)
{
    (void)ctx;
    return tl_run_has_undo(run);
}

static void free_run(void *ctx, struct tl_run *run)
{
    (void)ctx;
    tl_run_free(run);
}

static tl_code order_key(void *ctx, void *host, size_t flow, const struct tl_run_event *event, struct tl_buf *out,
                         struct tl_error *err)
{
    (void)ctx;
    return tl_script_order_key(host, flow, event, out, err);
}

static bool spent(void *ctx, void *host)
{
    (void)ctx;
    return tl_script_spent(host);
}

struct tl_run_port tl_run_port_script(const struct tl_engine_config *config)
{
    return (struct tl_run_port){.open = open_host,
                                .close = close_host,
                                .flow = find_flow,
                                .start = start,
                                .resume = resume,
                                .cancel = cancel,
                                .go_on = go_on,
                                .settle = settle,
                                .has_undo = has_undo,
                                .free = free_run,
                                .order_key = order_key,
                                .ctx = (void *)(uintptr_t)config,
                                .spent = spent};
}
