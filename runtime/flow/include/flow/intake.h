/* Taking events in from outside: webhooks, endpoints, tools. What is answered TL_OK is durable. */
#pragma once
#include "connector/capture.h"
#include "flow/engine.h"
#include "loop/loop.h"

/* Event type of a message that was signed and cannot be read; it is parked at once. Payload {"why","body"}, or
 * "body_base64" when the body is not UTF-8; the source is the system. */
#define TL_TYPE_UNREADABLE "webhook.unreadable"
/* Event type of a message that says only "look there" (rule 13); payload {"key","object"}; the source is the system. */
#define TL_TYPE_HINT "webhook.hint"

/* Borrowed until the callback returns. */
struct tl_accepted {
    tl_code code; /* TL_OK · TL_EFULL: the journal is full or behind, try later · TL_ECANCELLED: shutting down ·
                     TL_EINPUT */
    const struct tl_error *error; /* NULL when TL_OK */
    size_t count;
    const tl_position *positions; /* of each event; of the first one for a duplicate */
    const bool *duplicates;
};
typedef void tl_accepted_done(void *ctx, const struct tl_accepted *accepted);

/* True: ask webhooks and endpoints to come again later (503). [any] */
bool tl_engine_busy(struct tl_engine *engine);

/* All of `events` in one commit or none. `done` is called once, in a later callback on `loop`. [any thread that is in a
 * turn of `loop`] */
void tl_engine_accept(struct tl_engine *engine, const struct tl_event_in *events, size_t count, struct tl_loop *loop,
                      tl_accepted_done *done, void *ctx);
/* What a webhook brought: events of type "<system>.<object>", and hints. */
void tl_engine_accept_captured(struct tl_engine *engine, tl_str system, const struct tl_captured *events, size_t count,
                               const struct tl_trace *trace, struct tl_loop *loop, tl_accepted_done *done, void *ctx);
/* A verified body that cannot be parsed: kept as received and parked as an exception with the reason. */
void tl_engine_accept_raw(struct tl_engine *engine, tl_str system, tl_str body, tl_str why,
                          const struct tl_trace *trace, struct tl_loop *loop, tl_accepted_done *done, void *ctx);
