/* Capture of one object's changes: polls (or lets the connector wait) from a cursor, hands over events with the cursor
 * that follows them, and goes on only when both are durable. After a crash it starts from the stored cursor, so nothing
 * is missed; what was emitted but not stored comes again with the same dedupe keys. All functions: [loop]. */
#pragma once
#include "connector/call.h"

struct tl_capture;

/* An event that a platform reported. Borrowed. */
struct tl_captured {
    tl_str object;  /* the event's type is <system>.<object> */
    tl_str key;     /* record id */
    tl_str version; /* comparable version of the record; empty: none */
    tl_str dedupe;  /* never empty unless `hint`: unique in the system, the same from capture and webhook */
    tl_str payload; /* the record as JSON; "null" for a deleted one without body */
    bool deleted;
    bool hint; /* webhooks: there is no payload, read the record (tl_hints_read) */
    bool gap;  /* captures: no record; what changed in an interval is not known, payload {from, to, deletions, why} */
    int64_t changed_ms; /* Unix time; 0 unknown */
};

struct tl_capture_config {
    tl_str object;      /* "Account" */
    tl_str options;     /* JSON object of the `changes = {…}` table; `poll` ("30s") is the interval. Empty: {} */
    tl_str cursor;      /* as last stored; empty: from the start */
    int64_t timeout_ms; /* of one round; 0: 300,000 */
};

/* Called on the lane. None of them may free the capture; tl_capture_stop is allowed in each. */
struct tl_capture_owner {
    /* NULL, or asked before each round: 0 go, else ask again after so many ms (gate closed, window, back pressure). */
    int64_t (*ready)(void *ctx);
    /* Store the events and the cursor in one commit, then call tl_capture_stored (then or later). Everything is
     * borrowed until that call. `count` may be 0: only the cursor moved. */
    void (*store)(void *ctx, struct tl_capture *capture, const struct tl_captured *events, size_t count, tl_str cursor);
    /* A round failed (gap: the cursor is no longer valid). Returns ms until the next round, or -1 to stop for good:
     * then nothing more happens until tl_capture_poke. */
    int64_t (*failed)(void *ctx, const struct tl_call_result *result);
    /* NULL, or a round ended well: nothing is behind any more. */
    void (*caught_up)(void *ctx);
    void *ctx;
};

/* The first round starts in a later callback. TL_ECONFIG as tl_system_check_changes. */
TL_MUST_CHECK tl_code tl_capture_start(struct tl_system_lane *lane, const struct tl_capture_config *config,
                                       const struct tl_capture_owner *owner, struct tl_capture **out,
                                       struct tl_error *err);
/* The answer to `store`. ok false: it could not be stored; the round is dropped and `failed` asked when to go on. */
void tl_capture_stored(struct tl_capture *capture, bool ok);
/* A round now, if none runs. */
void tl_capture_poke(struct tl_capture *capture);
/* Another place to go on from, e.g. after a gap was reconciled (empty: from the start). Between rounds only: inside
 * `failed` or `ready`, or when stopped for good. */
void tl_capture_rewind(struct tl_capture *capture, tl_str cursor);
/* The round is cancelled; `stopped` is called once, in a later callback, and the capture is freed. An outstanding store
 * need not be answered any more. */
void tl_capture_stop(struct tl_capture *capture, void (*stopped)(void *ctx), void *ctx);
