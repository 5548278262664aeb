/* A run while it is in memory: its event, its coroutine, and the steps it waits for. A run begins light: nothing of it
 * is written before its outcome. With the second thing it asks for it becomes durable: it gets a row (run_row.h), its
 * steps get rows (step_row.h), and from then on it can be repeated from them.
 *
 * The way of a durable run: run.c (starts; what the script says) · recall.c (what was recorded is given again) ·
 * step.c (what it asks for is begun, and recorded before it is sent) · effect.c call.c (gate, call, retry) · settle.c
 * (what became of a call whose answer was lost) · wait.c (it leaves memory) · await.c timers.c wake.c (and comes back)
 * · ending.c (its outcome). Thread: the lane's. */
#pragma once
#include "engine_int.h"
#include "flow/port.h"
#include "run_row.h"
#include "step_row.h"

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

enum tl_step_phase {
    TL_AT_NEW,    /* asked, nothing was done for it */
    TL_AT_READY,  /* its result is there, and is given in this turn or the next */
    TL_AT_RECORD, /* its record, or that of what was before it, is on the way to the disk */
    TL_AT_GATE,   /* before the gate, for moments, or on its way there */
    TL_AT_CALL,   /* the call is out */
    TL_AT_REST    /* nothing is under way: it waits, tries again later, or stands before a closed gate */
};

/* Something a run in memory waits for. */
struct tl_step {
    struct tl_link link; /* in drive->steps */
    struct tl_link wait; /* in the system's list of those before its gate */
    struct tl_drive *drive;
    const struct tl_run_ask *ask; /* borrow, from the run; NULL: the read of a hint */
    enum tl_step_phase phase;
    uint32_t number; /* of its row; 0: none yet */
    uint32_t record; /* at RECORD: which one it waits for */
    bool intent;     /* journaled before it is sent */
    bool unwanted;   /* the script does not wait for it any more */
    /* a call */
    int system;
    struct tl_gate_ticket ticket;
    void *call;                /* borrow; in flight */
    bool ended;                /* at READY: it was made, and the script hears of it when its stretch is over */
    tl_str args;               /* as sent, or to be sent */
    int64_t again_ms;          /* at REST: mono, when to try again; TL_NEVER: when the gate opens */
    bool unknown;              /* it was sent, and what became of it is not known */
    bool looking;              /* the call under way is the lookup */
    int64_t sent_ms, ended_ms; /* wall: when it was first sent; when the connection ended */
    char *once;                /* own; the claimed business name, "<system>/<once>" */
    struct tl_cause *stuck;    /* in the drive's arena; a person must look: the run parks when nothing else moves */
    struct tl_step_row *ready; /* at READY: in the drive's arena */
    /* an await */
    uint64_t key_hash;
    uint64_t looked_upto; /* the commit up to which it looked back */
};

/* Results that were given to the script and are not recorded yet. Texts in the drive's arena. */
struct tl_unrecorded {
    struct tl_step_row *rows; /* own */
    size_t count, cap;
    bool effect; /* one of them is that of an effect */
};

struct tl_taken {
    tl_str type;
    tl_position event;
};

struct tl_replay;

struct tl_drive {
    struct tl_link link; /* in lane->running */
    struct tl_unit *unit;
    struct tl_lane *lane;
    struct tl_arena arena;
    struct tl_event event;
    char id[TL_POSITION_TEXT];
    struct tl_run *run; /* own; NULL: a flow of the runtime's own */
    const struct tl_run_outcome *outcome;
    struct tl_script_host *host; /* whose run it is */
    const char *one_per;         /* "<flow>/<value>", arena; or NULL */
    uint32_t next, order;        /* number of the next step row; results given so far */
    size_t result_bytes;
    int cap_system; /* counted against this system's cap, or -1 */
    struct tl_list steps;
    struct tl_step_row *recalled; /* arena; by order of the results, then the others */
    size_t recalled_count, recalled_at;
    struct tl_link slice;    /* in lane->sliced */
    bool sliced;             /* its stretch has given way: slice.h */
    bool recalling;          /* the script is given what was recorded */
    bool cancelling;         /* it is to be undone when its open calls have told what they did */
    bool cancelled;          /* it undoes */
    struct tl_routed routed; /* while it has no row, which keeps them then */
    struct tl_unrecorded unrecorded;
    unsigned records; /* on the way to the disk */
    uint32_t record_serial;
    bool record_first;         /* the steps that begin wait for the record */
    bool ending;               /* the script has ended; calls nobody wants are still out */
    struct tl_effect *effects; /* own; texts in the arena */
    size_t effect_count, effect_cap;
    struct tl_taken *taken; /* own; events its awaits took */
    size_t taken_count;
    struct tl_replay *replay; /* arena; it runs an earlier event again (replay_effect.h), or NULL */
    void *ctx;                /* of a runtime's own flow */
};

/* run.c */
void tl_unit_start(struct tl_unit *unit);
/* The script has spoken: logs, withdrawals and new steps are noted; then they begin, or the run ends. */
void tl_drive_step(struct tl_drive *drive, const struct tl_run_outcome *outcome);
void tl_drive_note(struct tl_drive *drive);
void tl_drive_go_on(struct tl_drive *drive);
/* Gives what was recorded, as far as it reaches, and goes on from there. */
void tl_drive_repeat(struct tl_drive *drive);
/* The script has ended and nothing of it is under way. */
void tl_drive_finish(struct tl_drive *drive);
/* Something is out that must come back before the run can end. */
bool tl_drive_is_busy(const struct tl_drive *drive);
struct tl_emitted tl_run_emitted(const struct tl_drive *drive, const struct tl_run_emit *emit);
/* Identifies the run: that of its row, also before it has one. */
uint64_t tl_run_id(const struct tl_drive *drive);
/* "flows/x.lua:12" in the drive's arena, or empty. */
tl_str tl_place_text(struct tl_drive *drive, const struct tl_place *place);
/* drive.c: a unit has its turn. */
struct tl_drive *tl_drive_new(struct tl_unit *unit);
/* The run and its memory are given back; the unit stays. */
void tl_drive_free(struct tl_drive *drive);
/* The unit goes back to the front of its queue as if it had never begun (rule 9). */
void tl_unit_unstart(struct tl_drive *drive);
/* It waits out of memory, holding its key, until the system's gate opens. */
void tl_unit_block(struct tl_drive *drive, int system);
/* It goes on after `wait_ms`, holding its key. */
void tl_unit_backoff(struct tl_drive *drive, int64_t wait_ms);
/* It starts again when the state shows everything that the journal holds now, holding its key. */
void tl_unit_until_applied(struct tl_drive *drive);
/* Monotonic; TL_NEVER without one. */
int64_t tl_unit_deadline(const struct tl_drive *drive);

/* recall.c: reads what was recorded of the run. */
TL_MUST_CHECK tl_code tl_recall_load(struct tl_drive *drive, struct tl_error *err);
/* Gives the next recorded result; false: there is none left, or (`*gone`) the run does not go on from here now. */
bool tl_recall_next(struct tl_drive *drive, bool *gone);
/* What is recorded of a step that has no result; NULL: nothing. */
const struct tl_step_row *tl_recall_open(const struct tl_drive *drive, tl_str id);
/* Why the script does not fit what is recorded, in the drive's arena; NULL: it fits. */
char *tl_recall_differs(struct tl_drive *drive);

/* step.c */
struct tl_step *tl_step_new(struct tl_drive *drive, const struct tl_run_ask *ask);
/* A call must not be out. */
void tl_step_free(struct tl_step *step);
/* Nobody waits for it, and nothing was sent: its traces go, and it is freed. */
void tl_step_give_up(struct tl_step *step);
/* What it did is known, and the script is not told: recorded, and freed. */
void tl_step_settled(struct tl_step *step, bool took_place);
/* NULL: none is outstanding. */
struct tl_step *tl_step_find(const struct tl_drive *drive, tl_str id);
/* Its id; "read" for a hint's. */
tl_str tl_step_name(const struct tl_step *step);
/* Begins what is new. */
void tl_steps_begin(struct tl_drive *drive);
/* What the step gave: kept, and told to the script. `row`: filled but for number, id, kind and order. Frees the step;
 * the drive may be gone. */
void tl_step_result(struct tl_step *step, struct tl_step_row *row);
/* The same, in the lane's next turn in which the script can be told. */
void tl_step_ready(struct tl_step *step, const struct tl_step_row *row);
void tl_steps_ready(struct tl_lane *lane);
/* With the system as the integration names it. */
struct tl_run_result tl_step_told(const struct tl_plan *plan, uint32_t flow, const struct tl_step_row *row);
/* Its call was made while the stretch was under way: the script has still to hear of it. */
bool tl_step_has_ended(const struct tl_step *step);
/* A person must look at this step; the run parks when nothing else moves. */
void tl_step_stick(struct tl_step *step, const struct tl_cause *cause);
/* What is new and what must be on disk before it is recorded; then it goes on. */
void tl_steps_record(struct tl_drive *drive);
/* rest.c: when nothing of the run is under way it ends, leaves memory, or waits for its next try. The drive may be
 * gone. */
void tl_steps_rest(struct tl_drive *drive);
/* It undoes, and waited only to be told what became of calls that nobody wants: now it knows. */
bool tl_steps_told(const struct tl_drive *drive);
/* Steps at RECORD with the present serial go on when the batch of this turn is durable. */
void tl_run_await_record(struct tl_drive *drive);

/* record.c: results that are not recorded yet, and what was emitted meanwhile, become part of the lane's batch, which
 * is returned for more; tl_run_put must follow. */
struct tl_batch *tl_run_record(struct tl_drive *drive);
/* The run's row, as it stands. */
void tl_run_put(struct tl_lane *lane, struct tl_run_row *row, struct tl_batch *batch);
void tl_step_put(struct tl_run_row *run, const struct tl_step_row *row, struct tl_batch *batch);
/* The event goes into the run's own rows, so that it needs the journal no more. */
void tl_run_put_event(struct tl_drive *drive, struct tl_batch *batch);
/* The run has a row from now on. */
void tl_run_make_durable(struct tl_drive *drive);
/* All rows of the run go; or those of its steps. */
void tl_run_delete(struct tl_lane *lane, struct tl_run_row *row, struct tl_batch *batch);
void tl_run_delete_steps(const struct tl_run_row *row, struct tl_batch *batch);
/* Number of the next step row. */
uint32_t tl_run_number(struct tl_drive *drive);

/* effect.c: before the gate, and through it when it is open. */
void tl_effect_queue(struct tl_step *step);
/* The call has ended: the ticket goes back, and it is counted. */
void tl_effect_leave(struct tl_step *step, const struct tl_call_result *result);
/* What the platform said beside it about its allowances and warnings. */
void tl_effect_hints(const struct tl_plan_system *system, const struct tl_call_result *result);
/* The gate was found closed for long by somebody who asked for this step. */
void tl_effect_closed(struct tl_step *step, int64_t until_ms);
/* Whoever had taken it over gives it back: it queues up anew. */
void tl_effect_again(struct tl_step *step);
/* What a failure means; true: it was handled (the step rests or sticks), false: a failure of the record that the script
 * is told. */
bool tl_effect_failed(struct tl_step *step, const struct tl_call_result *result, tl_str operation);
/* As a result says it; texts borrowed from that. */
struct tl_effect tl_effect_of(const struct tl_step *step, tl_str operation, const struct tl_call_result *result);
void tl_effect_note(struct tl_drive *drive, const struct tl_effect *effect);
/* Queues of the system may start something again. */
void tl_system_wake(struct tl_lane_system *system);
/* The gate says: ask again. */
void tl_system_reopen(struct tl_lane_system *system);
/* It is not declared any more: who waits for it is told so. */
void tl_system_gone(struct tl_lane_system *system);
void tl_system_opened_mail(struct tl_mail *mail);
void tl_system_until(struct tl_timer *timer);

/* call.c: where a call goes and what must be known before. False: it has its result already, sticks, or is settled. */
bool tl_call_prepare(struct tl_step *step);
/* A ticket was given. */
void tl_call_send(struct tl_step *step);
/* The same end for a step that went out as a row of a batch. */
void tl_call_row_done(struct tl_step *step, const struct tl_call_result *result);
struct tl_call_request tl_call_request_of(struct tl_step *step);
struct tl_call_facts tl_call_facts(const struct tl_step *step);
/* Keyed or unsafe: made twice it may be two effects. */
bool tl_call_is_once_only(const struct tl_run_ask *ask);
/* The platform has forgotten its key, or never knew one. */
bool tl_call_key_is_old(const struct tl_step *step);
/* Its result is there (tl_step_has_ended), and the script is told nothing any more: what it did is known. */
void tl_call_unheard(struct tl_step *step);
/* The result is told to the script. */
void tl_call_tell(struct tl_step *step, const struct tl_call_result *result);

/* settle.c: a call whose answer was lost. */
void tl_settle_begin(struct tl_step *step);
/* A ticket was given: the lookup. */
void tl_settle_send(struct tl_step *step);

/* hint.c: reads the record a message named and turns it into the event it stands for. */
void tl_hint_start(struct tl_drive *drive);
void tl_hint_send(struct tl_step *step);

/* wait.c: its entry in the index of awaits; key_hash 0: it has none. */
struct tl_await tl_run_wait_entry(const struct tl_run_row *run, const struct tl_run_wait *wait);
/* Looks whether what is waited for is there already. False: it is, or the wait is registered already. */
bool tl_wait_prepare(struct tl_step *step);
void tl_wait_register(struct tl_step *step, struct tl_batch *batch);
/* A wait is over, or given up: its traces outside the run's row go. */
void tl_wait_forget(struct tl_lane *lane, struct tl_run_row *row, uint32_t number, struct tl_batch *batch);
/* All it waits for is registered: the run leaves memory and its key. */
void tl_run_leave(struct tl_drive *drive);

/* ending.c: the outcome goes into the lane's batch, the next unit of the key follows when that is durable. All of them
 * free the drive. */
void tl_unit_end(struct tl_drive *drive, enum tl_ending ending, tl_str note, const struct tl_emitted *emitted,
                 size_t emitted_count);
void tl_unit_park(struct tl_drive *drive, const struct tl_cause *cause);
/* It waits: the unit is over, the run goes on. */
void tl_unit_leave(struct tl_drive *drive, struct tl_batch *batch);
/* An event of this run. */
void tl_emit(struct tl_drive *drive, struct tl_batch *batch, const struct tl_emitted *emitted);
/* Submits what has gathered. */
void tl_lane_flush(struct tl_lane *lane);
/* The batch of this turn. */
struct tl_batch *tl_lane_batch(struct tl_lane *lane);
/* `durable` is called when the batch of this turn is durable, with its commit; with 0 when the journal has closed. */
struct tl_then {
    struct tl_link link;
    void (*durable)(struct tl_then *then, uint64_t commit);
};
void tl_lane_then(struct tl_lane *lane, struct tl_then *then);

/* wake.c: the row of a run that this lane owns: loaded, kept, or read from the state. NULL: there is none. */
struct tl_run_row *tl_run_get(struct tl_lane *lane, tl_str id);
/* Takes the row. */
void tl_run_keep(struct tl_lane *lane, struct tl_run_row *row);
/* Not loaded any more, or over: kept until the state has that. */
void tl_run_retire(struct tl_lane *lane, struct tl_run_row *row);
/* The batch of this turn says something of it. */
void tl_runs_written(struct tl_lane *lane, struct tl_run_row *row);
void tl_runs_purge(struct tl_lane *lane);
void tl_runs_free(struct tl_lane *lane);
/* A unit may have a row from before a crash or a retry. */
void tl_run_find(struct tl_unit *unit);
/* Which lane owns an open run. TL_ENOTFOUND. [any] */
TL_MUST_CHECK tl_code tl_run_lane(struct tl_engine *engine, tl_str id, struct tl_lane **out, struct tl_error *err);
/* A parked unit is closed without running again: its run's rows go. */
void tl_run_forget(struct tl_lane *lane, uint32_t flow, tl_position event, tl_str note, struct tl_batch *batch);
/* What a wait gave is recorded, and the run has its turn. `row` as in tl_step_result. `then` may be NULL. */
void tl_run_wake(struct tl_lane *lane, struct tl_run_row *run, uint32_t number, struct tl_step_row *row,
                 struct tl_then *then);
/* A run that is not loaded, as a unit; it has its turn with tl_run_enter, or (`first`: before all that waits on its
 * key) once the batch of this turn is durable. */
struct tl_unit *tl_run_load(struct tl_lane *lane, struct tl_run_row *row);
void tl_run_enter(struct tl_lane *lane, struct tl_unit *unit);
/* One that is on its way back to its line has its turn there before all that waits. */
void tl_run_prefer(struct tl_lane *lane, struct tl_run_row *run);
void tl_run_enter_then(struct tl_lane *lane, struct tl_unit *unit, bool first);

/* timers.c: durable timers. */
void tl_timers_put(const struct tl_run_row *row, const struct tl_run_wait *wait, struct tl_batch *batch);
void tl_timers_del(const struct tl_run_row *row, const struct tl_run_wait *wait, struct tl_batch *batch);
void tl_timers_init(struct tl_lane *lane);
/* A timer was recorded that is due at `due_ms` (wall). */
void tl_timers_set(struct tl_lane *lane, int64_t due_ms);
/* undo.c: the deadline of a run that waits has passed. */
void tl_run_expire(struct tl_lane *lane, struct tl_run_row *run);
