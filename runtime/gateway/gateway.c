#include "gateway.h"
#include "base/alloc.h"
#include "net/problem.h"

static void on_head(void *ctx, struct tl_http_request *request)
{
    tl_str system;
    if (tl_intake_path(request->path, &system))
        tl_intake_head(ctx, request);
    else
        tl_http_refuse(request, 404, NULL, "nothing is at this address: webhooks go to POST /in/<system>");
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    tl_intake_request(ctx, request);
}

tl_code tl_gateway_start(struct tl_lane *lane, const struct tl_http_config *http, struct tl_gateway **out,
                         struct tl_error *err)
{
    struct tl_gateway *gateway = TL_NEW(struct tl_gateway);
    gateway->lane = lane;
    struct tl_http_handler handler = {.on_head = on_head, .on_request = on_request, .ctx = gateway};
    tl_code code = tl_http_server_start(tl_lane_loop(lane), http, &handler, &gateway->server, err);
    if (code == TL_OK)
        *out = gateway;
    else
        tl_free(gateway);
    return code;
}

uint16_t tl_gateway_port(const struct tl_gateway *gateway)
{
    return tl_http_server_port(gateway->server);
}

static void server_stopped(void *ctx)
{
    struct tl_gateway *gateway = ctx;
    gateway->stopped(gateway->stopped_ctx);
    tl_free(gateway);
}

void tl_gateway_stop(struct tl_gateway *gateway, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx)
{
    gateway->stopped = stopped;
    gateway->stopped_ctx = ctx;
    tl_http_server_stop(gateway->server, grace_ms, server_stopped, gateway);
}
