/* Many writes of one operation in one call (role write_many): rows in, an outcome for each row out. Which rows may
 * stand together, and when to try one again, is the caller's. All functions: [loop] of the lane. */
#pragma once
#include "connector/call.h"

struct tl_many;

/* Everything is copied. */
struct tl_many_request {
    tl_str operation;
    tl_str object;      /* of the platform */
    const tl_str *rows; /* each an args object of the operation; they fit its schema */
    size_t count;       /* at most what the operation takes at once */
    tl_str saved;       /* as given to `save` before a crash: the call goes on from there. Empty: it begins */
    int64_t timeout_ms; /* 0: 60,000; a call that waits for a job needs more */
    const struct tl_trace *trace;
};

struct tl_many_owner {
    /* What became of one row; called once for each, before `done`. Not `told`: the connector has said nothing of it, so
     * it is what became of the call. */
    void (*row)(void *ctx, size_t row, const struct tl_call_result *result, bool told);
    /* NULL: no call can be resumed. Make the state durable, then tl_many_saved; borrowed until then. */
    void (*save)(void *ctx, struct tl_many *many, tl_str state);
    /* Of the call as a whole; the last that is called. */
    void (*done)(void *ctx, const struct tl_call_result *result);
    void *ctx;
};

/* Nothing is called inside it. Never NULL. */
struct tl_many *tl_many_start(struct tl_system_lane *lane, const struct tl_many_request *request,
                              const struct tl_many_owner *owner);
/* The answer to `save`. False: it could not be stored, and the call ends. */
void tl_many_saved(struct tl_many *many, bool ok);
/* As tl_call_cancel. */
void tl_many_cancel(struct tl_many *many);
