/* Straight-line code over the step function: a call that reads top to bottom.
 *
 *     struct tlc_call {
 *         tl_async async;                 // first; zeroed at begin
 *         tlc_transfer get;               // what must survive a wait lives here, not in local variables
 *         int page;
 *     };
 *     static void step(tlc_call *c, const tlc_input *in, tlc_action *out)
 *     {
 *         TL_BEGIN(&c->async, in, out);
 *         while (c->page < 3) {
 *             fill(&c->get, c->page++);
 *             TL_HTTP(&c->get);           // `in` is now the RESPONSE
 *             read(c, in->body);
 *             TL_WAIT(1000);
 *         }
 *         TL_DONE(&c->done);
 *         TL_END;
 *     }
 *
 * Each waiting word returns from the function and comes back to the line after it (a switch over line numbers). So:
 * no local variable keeps its value over a wait; no waiting inside a switch of your own; one waiting word a line.
 * A CANCEL input ends the call with TL_FAIL(TLC_RETRY, "cancelled"); a call that must tidy up first looks at in->kind
 * before TL_BEGIN. */
#ifndef TIDELOCK_ASYNC_H
#define TIDELOCK_ASYNC_H

#include <tidelock/connector.h>

typedef struct tl_async {
    int32_t line;  /* where to go on; 0: at the top */
    tlc_fail fail; /* storage for TL_FAIL */
} tl_async;

static inline tlc_slice tlc_text_n(const char *ptr, uint64_t len)
{
    tlc_slice s;
    s.ptr = ptr;
    s.len = len;
    return s;
}

/* The slice of a string literal. */
#define TLC_TEXT(literal) tlc_text_n("" literal, sizeof(literal) - 1)

static inline void tlc_fail_with(tl_async *async, tlc_action *out, int32_t fail_class, tlc_slice message)
{
    async->fail.size = (uint32_t)sizeof async->fail;
    async->fail.fail_class = fail_class;
    async->fail.message = message;
    out->kind = TLC_FAIL;
    out->fail = &async->fail;
}

#define TL_BEGIN(async_, in_, out_)                                                                                    \
    tl_async *const tl_async_ = (async_);                                                                              \
    const tlc_input *const tl_in_ = (in_);                                                                             \
    tlc_action *const tl_out_ = (out_);                                                                                \
    if (tl_in_->kind == TLC_CANCEL) {                                                                                  \
        tlc_fail_with(tl_async_, tl_out_, TLC_RETRY, TLC_TEXT("cancelled"));                                           \
        return;                                                                                                        \
    }                                                                                                                  \
    switch (tl_async_->line) {                                                                                         \
    case 0:

#define TL_PAUSE_                                                                                                      \
    tl_async_->line = __LINE__;                                                                                        \
    return;                                                                                                            \
    case __LINE__:;

/* One request; afterwards `in` is its RESPONSE (or HEAD). `transfer` must live in the call. */
#define TL_HTTP(transfer_)                                                                                             \
    do {                                                                                                               \
        tl_out_->kind = TLC_TRANSFER;                                                                                  \
        tl_out_->transfer = (transfer_);                                                                               \
        TL_PAUSE_                                                                                                      \
    } while (0)

/* The next piece of a streamed body: `in` is a BODY. */
#define TL_MORE()                                                                                                      \
    do {                                                                                                               \
        tl_out_->kind = TLC_MORE;                                                                                      \
        TL_PAUSE_                                                                                                      \
    } while (0)

/* The next rows of a batch: `in` is ROWS. */
#define TL_ROWS()                                                                                                      \
    do {                                                                                                               \
        tl_out_->kind = TLC_WANT_ROWS;                                                                                 \
        TL_PAUSE_                                                                                                      \
    } while (0)

#define TL_WAIT(ms_)                                                                                                   \
    do {                                                                                                               \
        tl_out_->kind = TLC_WAIT;                                                                                      \
        tl_out_->wait_ms = (ms_);                                                                                      \
        TL_PAUSE_                                                                                                      \
    } while (0)

/* Returns when the state is durable; after a crash the call begins with RESUME and this state. */
#define TL_SAVE(state_)                                                                                                \
    do {                                                                                                               \
        tl_out_->kind = TLC_SAVE;                                                                                      \
        tl_out_->state = (state_);                                                                                     \
        TL_PAUSE_                                                                                                      \
    } while (0)

/* Returns when the events and the cursor are durable, together. */
#define TL_EMIT(events_, count_, cursor_)                                                                              \
    do {                                                                                                               \
        tl_out_->kind = TLC_EMIT;                                                                                      \
        tl_out_->events = (events_);                                                                                   \
        tl_out_->event_count = (count_);                                                                               \
        tl_out_->cursor = (cursor_);                                                                                   \
        TL_PAUSE_                                                                                                      \
    } while (0)

#define TL_OUTCOMES(outcomes_, count_)                                                                                 \
    do {                                                                                                               \
        tl_out_->kind = TLC_OUTCOMES;                                                                                  \
        tl_out_->outcomes = (outcomes_);                                                                               \
        tl_out_->outcome_count = (count_);                                                                             \
        TL_PAUSE_                                                                                                      \
    } while (0)

/* Both end the call. */
#define TL_DONE(done_)                                                                                                 \
    do {                                                                                                               \
        tl_out_->kind = TLC_DONE;                                                                                      \
        tl_out_->done = (done_);                                                                                       \
        return;                                                                                                        \
    } while (0)

/* Class 0: by the manifest's error rules, from the last response. `message` is a tlc_slice [next]. */
#define TL_FAIL(class_, message_)                                                                                      \
    do {                                                                                                               \
        tlc_fail_with(tl_async_, tl_out_, (class_), (message_));                                                       \
        return;                                                                                                        \
    } while (0)

/* Running off the end without TL_DONE or TL_FAIL is a bug of the connector and said so. */
#define TL_END                                                                                                         \
    break;                                                                                                             \
    default:                                                                                                           \
        break;                                                                                                         \
        }                                                                                                              \
        tlc_fail_with(tl_async_, tl_out_, TLC_BUG, TLC_TEXT("the call ran off its end without TL_DONE or TL_FAIL"))

#endif
