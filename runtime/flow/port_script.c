/* Runs by the script room. */
#include "ports.h"
#include "script/run.h"

static tl_code open_host(void *ctx, void **host, struct tl_error *err)
{
    const struct tl_engine_config *config = ctx;
    struct tl_script *script = NULL;
    tl_code code = tl_script_new(config->bundle, &config->script, &script, err);
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
    return (struct tl_run_port){open_host, close_host, start, resume, free_run, order_key, (void *)(uintptr_t)config,
                                spent};
}
