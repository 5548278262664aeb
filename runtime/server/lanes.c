/* What each lane carries for the server: a listener for webhooks. All lanes share one port, so the first one to start
 * finds it (port 0) and the others take the same. On the lanes' threads. */
#include "flow/lane.h"
#include "server.h"

enum { GRACE_MS = 2000, WEBHOOK_MAX = 8 << 20 };

tl_code tl_server_lane_start(void *ctx, struct tl_lane *lane, struct tl_error *err)
{
    struct tl_server *server = ctx;
    struct tl_server_listen *listen = &server->listen;
    pthread_mutex_lock(&listen->lock);
    struct tl_http_config http = {.host = listen->host,
                                  .port = listen->port,
                                  .share_port = true,
                                  .cert_file = server->config->tls_cert,
                                  .key_file = server->config->tls_key,
                                  .limits = {.body_bytes = WEBHOOK_MAX}};
    struct tl_gateway **gateway = &listen->gateways[tl_lane_index(lane)];
    tl_code code = tl_gateway_start(lane, &http, gateway, err);
    if (code == TL_OK)
        listen->port = tl_gateway_port(*gateway);
    pthread_mutex_unlock(&listen->lock);
    return code;
}

static void gateway_stopped(void *ctx)
{
    tl_lane_released(ctx);
}

void tl_server_lane_stop(void *ctx, struct tl_lane *lane)
{
    struct tl_server *server = ctx;
    struct tl_gateway **gateway = &server->listen.gateways[tl_lane_index(lane)];
    if (*gateway == NULL)
        tl_lane_released(lane);
    else
        tl_gateway_stop(*gateway, GRACE_MS, gateway_stopped, lane);
    *gateway = NULL;
}
