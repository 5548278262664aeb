/* The row of one step of a durable run. State table "step": key = "<run id>/<number, 6 digits>"; value = JSON object
 *   step (the ask's id), kind, state, order (place among the results given to the script; 0: none yet), at (ms),
 *   system, operation, args, once, place — of a call
 *   due (ms) — of a wait with a time
 *   document, class, code, message, status, now (ms), event (id), type — of a result
 *   remote, hash (hex), attempts, ms, undo — of an effect
 * Number 0 is the run's event: {type, source, key, payload (text), time, priority, trace, dedupe, position}.
 * Thread: any. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "flow/runs.h"
#include "journal/event.h"
#include "script/run.h"

#define TL_STEP_KEY 24 /* "<13>/<6>" and a NUL */

#define TL_STEP_STATES(X)                                                                                              \
    X(TL_STEP_WAITING, "waiting") /* for a time, an event, a person, a run */                                          \
    X(TL_STEP_SENT, "sent")       /* the intent: the call was or may have been sent */                                 \
    X(TL_STEP_UNKNOWN, "unknown") /* it was sent, and nobody knows whether it took effect */                           \
    X(TL_STEP_DONE, "done")                                                                                            \
    X(TL_STEP_FAILED, "failed")   /* for good, and the script was told */                                              \
    X(TL_STEP_SKIPPED, "skipped") /* a person gave the result, or a replay did not send it */                          \
    X(TL_STEP_SETTLED, "settled") /* it took place, and the script is not told: the run was cancelled meanwhile */     \
    X(TL_STEP_DROPPED, "dropped") /* it did not take place, and nobody wants it any more */

enum tl_step_state {
#define X(name, word) name,
    TL_STEP_STATES(X)
#undef X
};
const char *tl_step_state_name(enum tl_step_state state);

/* All texts borrowed. */
struct tl_step_row {
    uint32_t number, order;
    tl_str id;
    enum tl_ask_kind kind;
    enum tl_step_state state;
    int64_t at_ms;
    tl_str system, operation, args, once, place;
    tl_str document, cls, code, message;
    int status;
    int64_t now_ms;
    int64_t due_ms;    /* of a wait with a time */
    tl_position event; /* AWAIT: the event that was taken */
    tl_str type;       /* and its type */
    tl_str remote;
    uint8_t hash[16];
    uint16_t attempts;
    uint32_t duration_ms;
    bool undo;
};

void tl_step_key(const char *run, uint32_t number, char out[TL_STEP_KEY]);
void tl_step_row_write(const struct tl_step_row *row, struct tl_buf *out);
/* Texts are copied into `arena`. */
TL_MUST_CHECK tl_code tl_step_row_read(tl_str key, tl_str value, struct tl_arena *arena, struct tl_step_row *out,
                                       struct tl_error *err);
/* Does the script get it as a result when the run is repeated? */
bool tl_step_is_result(const struct tl_step_row *row);

/* The event as its run keeps it. */
void tl_event_row_write(const struct tl_event *event, struct tl_buf *out);
TL_MUST_CHECK tl_code tl_event_row_read(tl_str value, struct tl_arena *arena, struct tl_event *out,
                                        struct tl_error *err);
