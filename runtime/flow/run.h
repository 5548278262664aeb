/* A unit while it runs: its event, its coroutine, its call. Thread: the lane's. */
#pragma once
#include "engine_int.h"
#include "flow/port.h"

#define TL_EFFECTS_OF_RUN 8

/* Why a unit failed for good. All borrowed. */
struct tl_cause {
    tl_str cls; /* "data", "script", "route" … */
    tl_str code, message;
    tl_str place; /* "flows/x.lua:12", or empty */
    tl_str system, operation;
    int status;
    tl_str data; /* JSON, or empty */
};

/* An event that ends up in the journal together with the outcome. Borrowed. */
struct tl_emitted {
    tl_str type, source, key, dedupe, record_id, record_version, payload;
    int64_t redelivers_ms;
};

struct tl_drive {
    struct tl_link link; /* in lane->running */
    struct tl_link wait; /* in the system's waiting list */
    struct tl_unit *unit;
    struct tl_lane *lane;
    struct tl_arena arena;
    struct tl_event event;
    char id[TL_POSITION_TEXT];
    struct tl_run *run;           /* own; NULL: a flow of the runtime's own */
    const struct tl_run_ask *ask; /* the effect under way */
    int cap_system;               /* counted against this system's cap, or -1 */
    int system;                   /* of the effect */
    struct tl_gate_ticket ticket;
    void *call; /* borrow; in flight */
    bool calling;
    struct tl_effect effects[TL_EFFECTS_OF_RUN]; /* texts in the arena */
    size_t effect_count;
};

/* run.c */
void tl_unit_start(struct tl_unit *unit);
/* What the script did last. */
void tl_run_step(struct tl_drive *drive, const struct tl_run_outcome *outcome);
/* The run and its memory are given back; the unit stays. */
void tl_drive_free(struct tl_drive *drive);
/* The unit goes back to the front of its queue as if it had never begun (rule 9). */
void tl_unit_unstart(struct tl_drive *drive);
/* It begins anew after `wait_ms`, holding its key. */
void tl_unit_backoff(struct tl_drive *drive, int64_t wait_ms);
/* Monotonic; TL_NEVER without one. */
int64_t tl_unit_deadline(const struct tl_drive *drive);

/* effect.c */
void tl_effect_begin(struct tl_drive *drive, const struct tl_run_ask *ask);
/* Enters the gate for the effect of a hint or an ask: true when a ticket was given. False: the drive waits or is gone.
 */
bool tl_effect_enter(struct tl_drive *drive);
/* Gives the ticket back and counts; returns whether it ended well. */
void tl_effect_leave(struct tl_drive *drive, const struct tl_call_result *result);
/* What a failure means for the unit; true: it was handled (backoff, unstarted, parked), false: a failure of the record
 * that the script is told. */
bool tl_effect_failed(struct tl_drive *drive, const struct tl_call_result *result, tl_str operation);
void tl_effect_note(struct tl_drive *drive, tl_str operation, const struct tl_call_result *result);
/* Queues of the system may start something again. */
void tl_system_wake(struct tl_lane_system *system);
/* The gate says: ask again. */
void tl_system_reopen(struct tl_lane_system *system);
void tl_system_opened_mail(struct tl_mail *mail);
void tl_system_until(struct tl_timer *timer);

/* hint.c: reads the record a message named and turns it into the event it stands for. */
void tl_hint_start(struct tl_drive *drive);

/* ending.c: the outcome goes into the lane's batch, the next unit of the key follows when that is durable. All of them
 * free the drive. */
void tl_unit_end(struct tl_drive *drive, enum tl_ending ending, tl_str note, const struct tl_emitted *emitted,
                 size_t emitted_count);
void tl_unit_park(struct tl_drive *drive, const struct tl_cause *cause);
/* Submits what has gathered. */
void tl_lane_flush(struct tl_lane *lane);
/* The batch of this turn. */
struct tl_batch *tl_lane_batch(struct tl_lane *lane);
