/* Exceptions: units that failed for good and wait for a person (rules 3, 17). Each is one row of the state table
 * "exception" with everything that is needed to show, repair and run it again, its payload included. Every act is
 * audited in the table "audit". Thread: any. */
#pragma once
#include "base/buf.h"
#include "flow/engine.h"
#include "loop/loop.h"

/* Row: key = id; value = JSON object
 *   id, flow, event (position), type, source, key, scope, class, code, message, place ("file:line"), cause (16 hex
 * digits: equal for equal causes), system, operation, status, steward, due (RFC 3339 or null), since, attempts, payload
 * (text), edited (bool), order (hex: the order key's hash), later (position of a later event of the key that was
 * applied, or null), retrying (bool), data (JSON or null), trace attributes: a1 = flow, a2 = cause, a3 = steward, a4 =
 * event's key. */
#define TL_TABLE_EXCEPTION "exception"
/* Row: key = <time ms, 13 digits>-<serial>; value = {who, when, why, act, what, detail}; a1 = what it was done to. */
#define TL_TABLE_AUDIT "audit"

struct tl_exception_query {
    tl_str flow, cause, steward, key; /* empty: any; the first that is set is the index used */
    tl_str after;                     /* `next` of the page before */
    size_t limit;                     /* 0: 100 */
};
/* Writes {"exceptions":[…without payload, with "held": units waiting behind…],"next":…} */
TL_MUST_CHECK tl_code tl_exceptions_list(struct tl_engine *engine, const struct tl_exception_query *query,
                                         struct tl_buf *out, struct tl_error *err);
/* Writes the whole row with "held". TL_ENOTFOUND. */
TL_MUST_CHECK tl_code tl_exception_show(struct tl_engine *engine, tl_str id, struct tl_buf *out, struct tl_error *err);
/* Open exceptions now. */
uint64_t tl_exceptions_open(struct tl_engine *engine);

enum tl_desk_act { TL_DESK_RETRY, TL_DESK_EDIT, TL_DESK_DISCARD };

struct tl_desk_request {
    enum tl_desk_act act;
    tl_str id;
    tl_str who, why;     /* why is required for discard */
    tl_str payload;      /* edit: required; retry: empty keeps the present one */
    bool although_later; /* retry: although a later event of the key was applied */
};
/* Everything is copied. `done` is called once, in a later callback on `loop`, when the act is durable (a retry: when
 * the unit has its turn again; how it ends is seen in the outcome). TL_ENOTFOUND; TL_EDIFFERS: a later event of the key
 * was applied, the text names it; TL_EINPUT: payload is not JSON, reason missing; TL_EFAILED: it is being retried. */
void tl_desk_do(struct tl_engine *engine, const struct tl_desk_request *request, struct tl_loop *loop,
                void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
