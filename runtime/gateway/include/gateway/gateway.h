/* The listener of a lane. `POST /in/<system>` takes webhooks in: verified by the connector, stored, answered when
 * durable. All functions: [loop] of the lane. */
#pragma once
#include "base/error.h"
#include "flow/lane.h"
#include "net/http_server.h"

struct tl_gateway;

/* Listens at once. `http` is copied; give every lane the same port with `share_port`. */
TL_MUST_CHECK tl_code tl_gateway_start(struct tl_lane *lane, const struct tl_http_config *http, struct tl_gateway **out,
                                       struct tl_error *err);
uint16_t tl_gateway_port(const struct tl_gateway *gateway);
/* Stops accepting and lets what is in hand be answered for at most `grace_ms`; then `stopped`, once, and it is freed.
 */
void tl_gateway_stop(struct tl_gateway *gateway, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx);
