/* The port for probes and Prometheus. All functions: [loop]. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "net/http_server.h"

struct tl_ops;

struct tl_ops_owner {
    /* True when ready; else says why not, one sentence. */
    bool (*ready)(void *ctx, struct tl_buf *why);
    /* Brings gauges up to date before they are printed. */
    void (*refresh)(void *ctx);
    void *ctx;
};

/* Listens at once. Both structs are copied. */
TL_MUST_CHECK tl_code tl_ops_start(struct tl_loop *loop, const struct tl_http_config *http,
                                   const struct tl_ops_owner *owner, struct tl_ops **out, struct tl_error *err);
uint16_t tl_ops_port(const struct tl_ops *ops);
void tl_ops_stop(struct tl_ops *ops, void (*stopped)(void *ctx), void *ctx);
