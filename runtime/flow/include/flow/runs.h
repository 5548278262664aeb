/* Durable runs as people see and repair them. A run that journals steps has a row in the state from its first step on;
 * it is open until its outcome is durable, then its rows go and the outcome (journal/reader.h) tells how it ended.
 * Thread: any. */
#pragma once
#include "base/buf.h"
#include "flow/engine.h"
#include "loop/loop.h"

/* Row: key = run id (13 characters, as of a position: it derives from event and flow); value = JSON, see run_row.c;
 * a1 = flow, a2 = state, a3 = key of the event, a4 = revision. */
#define TL_TABLE_RUN "run"
/* Row: key = "<run id>/<number, 6 digits>"; value = JSON, see step_row.c. Number 0 is the run's event. */
#define TL_TABLE_STEP "step"
/* Row: key = decision id; value = JSON object
 *   id, run, step, flow, event, key, options (list of text), about, show (JSON or null), steward, since, due (RFC 3339
 * or null), place; a1 = flow, a2 = steward, a3 = key, a4 = due (13 digits of ms, or absent). */
#define TL_TABLE_DECISION "decision"

struct tl_runs_query {
    tl_str flow, state, key, revision; /* empty: any. state: active, waiting, parked */
    tl_str after;                      /* `next` of the page before */
    size_t limit;                      /* 0: 100 */
};
/* Writes {"runs":[{id, flow, event, key, state, revision, since, steps, waits:[{step, kind, for, until}]}…],"next":…}
 */
TL_MUST_CHECK tl_code tl_runs_list(struct tl_engine *engine, const struct tl_runs_query *query, struct tl_buf *out,
                                   struct tl_error *err);
/* Writes the run as in the list, with "type", "payload" (text) and "timeline":[{number, step, kind, state (sent, done,
 * failed, waiting, skipped, unknown), system, operation, document (JSON or null), class, code, message, status,
 * attempts, at, place}…]. TL_ENOTFOUND: no open run has that id. */
TL_MUST_CHECK tl_code tl_run_show(struct tl_engine *engine, tl_str id, struct tl_buf *out, struct tl_error *err);

enum tl_run_act {
    TL_RUN_CANCEL, /* ends it after undoing what it did */
    TL_RUN_RESTEP, /* forgets the results from `step` on (all: empty) and goes on from there */
    TL_RUN_SKIP,   /* gives `result` as the result of the outstanding or parked `step`, without doing it */
    TL_RUN_MOVE    /* goes on under the live revision, if its journal fits that */
};
struct tl_run_request {
    enum tl_run_act act;
    tl_str id;
    tl_str step;   /* RESTEP, SKIP */
    tl_str result; /* SKIP: JSON; empty: no value */
    tl_str who, why;
    bool dry_run; /* says what would happen */
};
/* Everything is copied. `done` is called once, in a later callback on `loop`, when the act is durable; `text`: for
 * TL_OK one sentence of what was (or would be) done; else what is wrong. TL_ENOTFOUND: no such open run, or no such
 * step; TL_EDIFFERS: it does not fit (MOVE: both sides are shown); TL_EINPUT: result is not JSON, reason missing;
 * TL_EFAILED: it cannot be done in its present state. Audited. [any] */
void tl_run_do(struct tl_engine *engine, const struct tl_run_request *request, struct tl_loop *loop,
               void (*done)(void *ctx, tl_code code, const char *text), void *ctx);

/* ---- decisions: what flows ask people (part of the business; kept and counted apart from exceptions) ---- */

struct tl_decisions_query {
    tl_str flow, steward, key; /* empty: any; the first that is set is the index used */
    tl_str after;
    size_t limit; /* 0: 100 */
};
/* Writes {"decisions":[rows…],"next":…} */
TL_MUST_CHECK tl_code tl_decisions_list(struct tl_engine *engine, const struct tl_decisions_query *query,
                                        struct tl_buf *out, struct tl_error *err);
/* TL_EINPUT: not one of the options (the text names them). TL_ENOTFOUND: no such open decision. Audited. [any] */
void tl_decision_answer(struct tl_engine *engine, tl_str id, tl_str answer, tl_str who, tl_str why,
                        struct tl_loop *loop, void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
