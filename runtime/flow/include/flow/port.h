/* The two doors between the engine and what it drives, as tables of functions: runs (the script room) and calls (the
 * connector room). Tests put platforms and flows of their own behind them. */
#pragma once
#include "base/trace.h"
#include "connector/call.h"
#include "connector/capture.h"
#include "connector/webhook.h"
#include "connector/write_many.h"
#include "script/run.h"

struct tl_lane;

/* As in script/run.h and script/state.h; `host` is what `open` gave for the lane. [loop], but open and close: a state
 * is also built and closed on other threads, while no lane has it. */
struct tl_run_port {
    /* `bundle` NULL: that of an earlier `revision`, or (with a port of one's own) there is none. TL_ENOTFOUND: it is
     * not kept any more. */
    tl_code (*open)(void *ctx, const struct tl_bundle *bundle, const char *revision, void **host, struct tl_error *err);
    void (*close)(void *ctx, void *host);
    /* The index of a flow in the host's revision; false: it has none of that name. */
    bool (*flow)(void *ctx, void *host, const char *name, size_t *index);
    const struct tl_run_outcome *(*start)(void *ctx, void *host, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **run);
    const struct tl_run_outcome *(*resume)(void *ctx, struct tl_run *run, const struct tl_run_result *result);
    const struct tl_run_outcome *(*cancel)(void *ctx, struct tl_run *run, tl_str reason);
    const struct tl_run_outcome *(*go_on)(void *ctx, struct tl_run *run);
    void (*settle)(void *ctx, struct tl_run *run, tl_str id, bool took_place);
    bool (*has_undo)(void *ctx, const struct tl_run *run);
    void (*free)(void *ctx, struct tl_run *run);
    tl_code (*order_key)(void *ctx, void *host, size_t flow, const struct tl_run_event *event, struct tl_buf *out,
                         struct tl_error *err);
    void *ctx;
    bool (*spent)(void *ctx, void *host); /* NULL: never. True: close and open anew when no run is left */
};

/* What must be known of an operation before it is called. */
struct tl_call_facts {
    int64_t key_ttl_ms; /* keyed: how long the platform keeps our key */
    int64_t settle_ms;  /* longest time until a sent write is visible to the lookup */
    bool has_lookup;
    bool reads;                /* it changes nothing */
    struct tl_many_facts many; /* whether and how it can be done for many rows in one call */
};

/* As in connector/write_many.h. [loop] */
struct tl_many_port {
    struct tl_many *(*start)(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_many_request *request,
                             const struct tl_many_owner *owner);
    void (*saved)(void *ctx, struct tl_many *many, bool ok);
    void (*cancel)(void *ctx, struct tl_many *many);
};

/* As in connector/call.h and webhook.h. `system` is the name. Each start has exactly one `done`, in a later callback on
 * the lane. [loop] */
struct tl_call_port {
    void *(*start)(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                   tl_call_done *done, void *done_ctx);
    /* Looks whether a request that was sent took effect (tl_call_lookup). */
    void *(*lookup)(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                    tl_call_done *done, void *done_ctx);
    void (*cancel)(void *ctx, void *call);
    void (*read)(void *ctx, struct tl_lane *lane, tl_str system, tl_str object, tl_str key,
                 const struct tl_trace *trace, tl_hint_done *done, void *done_ctx);
    void (*facts)(void *ctx, struct tl_lane *lane, tl_str system, tl_str operation, struct tl_call_facts *out);
    void *ctx;
    const struct tl_many_port *many; /* with the same ctx; NULL: every row is a call of its own */
};
