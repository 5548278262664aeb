/* Messages that platforms send us: verified, split into events, answered. Verification uses the body as received.
 * Events without a comparable version are hints: they say only "look there", and tl_hints reads the record. [loop]
 *
 * The owner stores the events and answers after that: `reply` when it is durable. A hint is stored as such (it must
 * survive a crash too) and removed by the commit that stores what was read. */
#pragma once
#include "connector/capture.h"
#include "net/http.h"

/* Borrowed until `done`. */
struct tl_webhook_request {
    tl_str method, target;
    const struct tl_http_header *headers;
    size_t header_count;
    tl_str body;
    bool loopback;                /* the peer is this machine: scheme `none` is accepted from there only */
    const struct tl_trace *trace; /* NULL: none */
};

struct tl_webhook_result {
    bool refused;
    int status; /* refused: 400, 401, 405, 415, 404 (no webhook), 503; else what to answer once stored */
    tl_str why; /* refused, unreadable: a sentence, fit to be shown to the sender; names no secret */
    /* The signature is right and the body cannot be read as the connector expects: the owner keeps the body as
     * received, parks it with `why`, and answers 202 (rule 17). */
    bool unreadable;
    const struct tl_captured *events; /* may be 0: a challenge, a ping, ignored types */
    size_t event_count;
    const struct tl_http_header *headers; /* of the reply */
    size_t header_count;
    tl_str body;
};

typedef void tl_webhook_done(void *ctx, const struct tl_webhook_result *result);

/* `done` is called exactly once, in a later callback. */
void tl_webhook_receive(struct tl_system_lane *lane, const struct tl_webhook_request *request, tl_webhook_done *done,
                        void *ctx);

/* ---- hints ---- */

/* Reads the record that a hint names, by changes.<object>.read of the manifest. Reads of one record that waits or is
 * being read collapse: a hint that comes while the read is under way causes one more read, however many there are.
 * `done` gets the event (deleted when the platform has it no more), or NULL and the failed result; each tl_hint_read
 * has one `done`. */
typedef void tl_hint_done(void *ctx, const struct tl_captured *event, const struct tl_call_result *result);
void tl_hint_read(struct tl_system_lane *lane, tl_str object, tl_str key, const struct tl_trace *trace,
                  tl_hint_done *done, void *ctx);
