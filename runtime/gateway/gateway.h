/* Private to the room. */
#pragma once
#include "gateway/gateway.h"

struct tl_gateway {
    struct tl_lane *lane;          /* borrow */
    struct tl_http_server *server; /* own */
    void (*stopped)(void *ctx);
    void *stopped_ctx;
};

/* "/in/<system>": the system; false for any other path. */
bool tl_intake_path(tl_str path, tl_str *system);
/* May answer at once (404, 503). */
void tl_intake_head(struct tl_gateway *gateway, struct tl_http_request *request);
void tl_intake_request(struct tl_gateway *gateway, struct tl_http_request *request);
