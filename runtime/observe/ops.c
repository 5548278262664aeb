#include "observe/ops.h"
#include "base/alloc.h"
#include "base/counter.h"
#include "net/problem.h"
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { METRICS_MAX = 16 << 20, GRACE_MS = 200 };

struct tl_ops {
    struct tl_ops_owner owner;
    struct tl_http_server *server; /* own */
    void (*stopped)(void *ctx);
    void *stopped_ctx;
};

static void reply_text(struct tl_http_request *request, const char *type, tl_str text)
{
    tl_http_reply(request, &(struct tl_http_answer){.status = 200, .type = type, .body = text});
}

static void reply_ready(struct tl_ops *ops, struct tl_http_request *request)
{
    struct tl_buf why;
    tl_buf_init(&why, 8192);
    if (ops->owner.ready(ops->owner.ctx, &why))
        reply_text(request, "text/plain", TL_STR("ready\n"));
    else
        tl_http_refuse(request, 503, "not-ready", "%s", why.ptr ? why.ptr : "starting");
    tl_buf_free(&why);
}

static void process_gauges(void)
{
    struct rusage used;
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm != NULL) {
        if (fscanf(statm, "%*s %ld", &pages) != 1)
            pages = 0;
        fclose(statm);
    }
    tl_gauge_set(tl_gauge_get("process_resident_memory_bytes", NULL, "Resident memory."),
                 (int64_t)pages * sysconf(_SC_PAGESIZE));
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        int64_t ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                     (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
        tl_gauge_set(tl_gauge_get("tidelock_cpu_milliseconds", NULL, "CPU time used since the start."), ms);
    }
}

static void reply_metrics(struct tl_ops *ops, struct tl_http_request *request)
{
    struct tl_buf text;
    tl_buf_init(&text, METRICS_MAX);
    process_gauges();
    if (ops->owner.refresh != NULL)
        ops->owner.refresh(ops->owner.ctx);
    tl_counters_print(&text);
    reply_text(request, "text/plain; version=0.0.4; charset=utf-8", tl_buf_str(&text));
    tl_buf_free(&text);
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    struct tl_ops *ops = ctx;
    if (!tl_str_is(request->method, "GET") && !tl_str_is(request->method, "HEAD"))
        tl_http_refuse(request, 405, NULL, "only GET");
    else if (tl_str_is(request->path, "/healthz"))
        reply_text(request, "text/plain", TL_STR("ok\n"));
    else if (tl_str_is(request->path, "/readyz"))
        reply_ready(ops, request);
    else if (tl_str_is(request->path, "/metrics"))
        reply_metrics(ops, request);
    else
        tl_http_refuse(request, 404, NULL, "here are /healthz, /readyz and /metrics");
}

tl_code tl_ops_start(struct tl_loop *loop, const struct tl_http_config *http, const struct tl_ops_owner *owner,
                     struct tl_ops **out, struct tl_error *err)
{
    struct tl_ops *ops = TL_NEW(struct tl_ops);
    ops->owner = *owner;
    struct tl_http_handler handler = {.on_request = on_request, .ctx = ops};
    tl_code code = tl_http_server_start(loop, http, &handler, &ops->server, err);
    if (code == TL_OK)
        *out = ops;
    else
        tl_free(ops);
    return code;
}

uint16_t tl_ops_port(const struct tl_ops *ops)
{
    return tl_http_server_port(ops->server);
}

static void server_stopped(void *ctx)
{
    struct tl_ops *ops = ctx;
    if (ops->stopped != NULL)
        ops->stopped(ops->stopped_ctx);
    tl_free(ops);
}

void tl_ops_stop(struct tl_ops *ops, void (*stopped)(void *ctx), void *ctx)
{
    ops->stopped = stopped;
    ops->stopped_ctx = ctx;
    tl_http_server_stop(ops->server, GRACE_MS, server_stopped, ops);
}
