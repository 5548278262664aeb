/* Calls by the connector room. */
#include "flow/lane.h"
#include "ports.h"

static void *start(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                   tl_call_done *done, void *done_ctx)
{
    (void)ctx;
    return tl_call_start(tl_lane_system(lane, system), request, done, done_ctx);
}

static void *lookup(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                    tl_call_done *done, void *done_ctx)
{
    (void)ctx;
    return tl_call_lookup(tl_lane_system(lane, system), request, done, done_ctx);
}

static void facts(void *ctx, struct tl_lane *lane, tl_str system, tl_str operation, struct tl_call_facts *out)
{
    (void)ctx;
    struct tl_operation_facts of;
    struct tl_system_lane *at = tl_lane_system(lane, system);
    if (at != NULL && tl_system_operation(tl_system_lane_system(at), operation, &of)) /* else it was removed */
        *out = (struct tl_call_facts){of.key_ttl_ms, of.settle_ms, of.has_lookup, of.effect == TL_EFFECT_READ, of.many};
}

static void cancel(void *ctx, void *call)
{
    (void)ctx;
    tl_call_cancel(call);
}

static void read_record(void *ctx, struct tl_lane *lane, tl_str system, tl_str object, tl_str key,
                        const struct tl_trace *trace, tl_hint_done *done, void *done_ctx)
{
    (void)ctx;
    tl_hint_read(tl_lane_system(lane, system), object, key, trace, done, done_ctx);
}

static struct tl_many *many_start(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_many_request *request,
                                  const struct tl_many_owner *owner)
{
    (void)ctx;
    return tl_many_start(tl_lane_system(lane, system), request, owner);
}

static void many_saved(void *ctx, struct tl_many *many, bool ok)
{
    (void)ctx;
    tl_many_saved(many, ok);
}

static void many_cancel(void *ctx, struct tl_many *many)
{
    (void)ctx;
    tl_many_cancel(many);
}

static const struct tl_many_port many = {many_start, many_saved, many_cancel};

const struct tl_call_port tl_call_port_connector = {start, lookup, cancel, read_record, facts, NULL, &many};
