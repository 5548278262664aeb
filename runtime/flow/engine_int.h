/* The engine and its lanes as the room's own files see them. */
#pragma once
#include "await_index.h"
#include "dispatch.h"
#include "flow/engine.h"
#include "flow/intake.h"
#include "flow/lane.h"
#include "keyline.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include "loop/timer.h"
#include "plan.h"
#include "progress.h"
#include "queue.h"
#include "state_thread.h"

/* Most positions that wait behind held keys in a lane; past that their queues wait. */
#define TL_ASIDE_MAX 1000000
/* Records a lane looks at before it turns to something else. */
#define TL_RECORDS_A_TURN 4096

struct tl_lane;
struct tl_counter;
struct tl_histogram;
struct tl_capture_owner_list;
struct tl_onces;
struct tl_run_row;
struct tl_script_host;
struct tl_use;
struct tl_closing;

/* The attachment to a system that was replaced, until its calls have ended. */
struct tl_leaving {
    struct tl_link link; /* in lane->leaving */
    struct tl_lane *lane;
    struct tl_system_lane *attached; /* own */
    struct tl_use *use;              /* counted */
};

/* A system as one lane meets it. */
struct tl_lane_system {
    struct tl_lane *lane;            /* borrow */
    uint32_t system;                 /* in the plan */
    struct tl_system_lane *attached; /* own (until stopped) */
    struct tl_use *use;              /* counted; of what it is attached to */
    struct tl_gate_waiter waiter;
    bool subscribed;
    struct tl_mail opened; /* the gate says: ask again */
    atomic_bool opened_posted;
    struct tl_timer until;   /* or this moment does */
    struct tl_list waiting;  /* of struct tl_step: before the gate for moments (rate, concurrency) */
    struct tl_list blocked;  /* of struct tl_unit: durable runs that left memory before the closed gate */
    bool closed;             /* for long: no unit for it starts */
    bool bulk_closed;        /* what is left of the allowance is kept for others: no bulk unit for it starts */
    bool refused, reopening; /* while those who wait are let through */
    bool probing;            /* it has opened: one unit at a time until a call ends well */
    size_t started;          /* units RUNNING that belong to it */
};

struct tl_figures {
    struct tl_counter *endings[TL_ENDING_COUNT];
    struct tl_counter *unstarted;
    struct tl_histogram *seconds;
};

/* Units that recovery found are started alone, one after the other (rule 25). */
struct tl_poison {
    struct tl_map marks; /* "<position>/<flow>" → 1 + how often it was started alone; read only once lanes run */
    size_t candidates;   /* units each lane starts alone; 0: the last stop was clean */
    atomic_uint turn;    /* the lane whose turn it is; == lane count: over */
    uint64_t upto;       /* the last commit before the start: what came later was not in flight */
    int64_t since_ms;    /* wall: the start */
};

/* When rows were last written; lane 0's. */
struct tl_checkpoint {
    int64_t next_ms;
    uint64_t floor, events;
};

struct tl_engine {
    struct tl_engine_config config;
    struct tl_plan plan;
    pthread_mutex_t plan_lock;  /* the plan's revision, for a thread that prepares */
    struct tl_journal *journal; /* borrow */
    struct tl_progress progress;
    struct tl_exception_index exceptions;
    struct tl_await_index awaits;
    struct tl_map
        begun_runs; /* ids of those whose units were at work when the last process ended; read only once lanes run */
    struct tl_onces *onces; /* own */
    struct tl_dispatch dispatch;
    struct tl_lane **lanes; /* own */
    unsigned lane_count;
    struct tl_figures figures;
    struct tl_poison poison;
    struct tl_checkpoint checkpoint;
    struct tl_capture_job **captures; /* own */
    size_t capture_count;
    pthread_mutex_t ticks_lock; /* the lanes' lists of schedules: ticks.h */
    pthread_mutex_t use_lock;
    struct tl_use *uses; /* own; under use_lock */
    struct tl_state_thread states;
    /* activation.h: "<event>/<flow>" → revision, own. Of the last activation before this start, read only once lanes
     * run; and all that have a row, the starting thread's. */
    struct tl_map begun, listed;
    pthread_mutex_t pause_lock;
    struct tl_map pauses; /* what → struct tl_pause_text, own */
    atomic_bool running, stopping;
    atomic_bool ageing;     /* units are left that a switch has placed otherwise since: order.c */
    atomic_size_t rows_out; /* of batches: on the way to their home lane, there, or on the way back */
    atomic_ullong audit_serial;
    atomic_ullong kept_upto; /* commits up to here are not in the journal any more: kept.h */
    atomic_bool awaitable;   /* there are rows of events that runs may still take: awaitable.h */
    struct tl_run_port script_port;
    const struct tl_run_port *runs;
    const struct tl_call_port *calls;
    bool progress_ready, opened;
};

enum tl_lane_phase {
    TL_LANE_RUNNING,
    TL_LANE_DRAINING,  /* nothing starts; waits for calls in flight */
    TL_LANE_FLUSHING,  /* and for what is on the way to the disk */
    TL_LANE_DETACHING, /* the owner's part, then the attachments */
    TL_LANE_STOPPED
};

struct tl_lane {
    struct tl_engine *engine; /* borrow */
    unsigned index;
    struct tl_loop *loop;            /* own */
    struct tl_thread *thread;        /* own */
    struct tl_http_client *client;   /* own */
    struct tl_script_host *hosts;    /* own; host.h */
    struct tl_lane_system **systems; /* own */
    size_t system_count;
    struct tl_list leaving; /* of struct tl_leaving, own */
    bool held;              /* a switch is under way: nothing begins */

    struct tl_mail wake; /* a commit has something for this lane */
    atomic_bool woken;
    struct tl_mail work; /* there is more to do in the next turn */
    bool work_posted;
    struct tl_timer tick;
    struct tl_timer ticks;    /* of its schedules: ticks.h */
    struct tl_list tick_jobs; /* own */

    /* under dispatch.lock */
    struct tl_wave *inbox, **inbox_end;
    bool behind; /* it reads the journal from here on instead */
    uint64_t behind_from;

    struct tl_cursor *cursor; /* own; while behind */
    struct tl_progress_bits bits;
    uint64_t bits_commit;
    uint64_t done_commit; /* every unit up to here was given to its queue */
    atomic_bool caught_up;

    struct tl_queue **queues; /* own */
    size_t queue_count;
    struct tl_list ring;
    struct tl_keylines lines;
    struct tl_list openings; /* of struct tl_opening: units wait for a Lua state: state_thread.h */
    struct tl_list behind_units;
    size_t spilled_queues, aside;
    bool recheck;
    atomic_bool look;  /* something was resumed: look at all queues */
    enum tl_room room; /* of the journal, at the start of this turn */

    struct tl_batch *batch;     /* own; outcomes of this turn */
    struct tl_list ending;      /* their units */
    size_t batches_out;         /* submitted and not answered */
    size_t drives;              /* units RUNNING */
    size_t calls;               /* calls in flight */
    struct tl_batcher *batcher; /* own */
    struct tl_list running;     /* of struct tl_drive */

    size_t alone_left;     /* units still to be started alone */
    struct tl_unit *alone; /* the one that is (its mark is on the way, or it runs) */
    struct tl_timer alone_timer;

    enum tl_lane_phase phase;
    struct tl_mail stop;
    struct tl_timer grace;
    int64_t grace_ms;
    bool hurry; /* the grace is over */
    struct tl_mail released;
    unsigned detaching;
    bool owner_started;
    struct tl_arena scratch; /* of one step; emptied often */

    /* durable runs: wake.c, timers.c */
    struct tl_map runs;          /* id → struct tl_run_row, own: loaded, or not in the state yet */
    struct tl_list recent_runs;  /* those that are not loaded, by commit */
    struct tl_run_row **written; /* own; of which the batch of this turn says something */
    size_t written_count;
    struct tl_list ready_steps; /* of struct tl_step: their results are there */
    struct tl_list sliced;      /* of struct tl_drive: slice.h */
    uint64_t slice_turn;        /* of the loop, in which one went on last */
    bool gave_way;              /* a stretch has, in this turn: it has cost what it may */
    struct tl_queue *long_turn; /* borrow; the last in the ring, when a unit that it started gave way; or NULL */
    struct tl_list thens;       /* of struct tl_then: the batch of this turn */
    uint64_t last_commit;       /* of a batch of this lane that is durable */
    struct tl_list replays;     /* of struct tl_replay_later */
    struct tl_timer timers;
    int64_t timers_due;   /* wall: the first of those that were recorded and that the state may not have yet */
    uint64_t timers_upto; /* the commit it was asked to reach */
    bool timers_asked;
    bool room_asked; /* to be told when the state has caught up */
    atomic_bool stopped;
    atomic_ullong seen_ready, seen_started, seen_aside, seen_spilled, seen_turns; /* for the status */
};

/* lane.c */
struct tl_lane *tl_lane_new(struct tl_engine *engine, unsigned index);
void tl_lane_free(struct tl_lane *lane);
/* Attachments and script state; the loop does not run yet. */
TL_MUST_CHECK tl_code tl_lane_open(struct tl_lane *lane, struct tl_error *err);
/* The thread's body up to the loop. */
TL_MUST_CHECK tl_code tl_lane_begin(struct tl_lane *lane, struct tl_error *err);
/* Something to do at the end of this turn, or in the next. */
void tl_lane_wake(struct tl_lane *lane);
/* [any] The same from another thread. */
void tl_lane_nudge(struct tl_lane *lane);
/* lane_load.c: takes what commits brought. True: there is more to read. */
bool tl_lane_take(struct tl_lane *lane);
void tl_lane_load(struct tl_lane *lane, uint32_t flow, tl_position position, const struct tl_place_of *place,
                  struct tl_wave *wave);
void tl_lane_publish(struct tl_lane *lane);
struct tl_instant tl_now(void);
/* lane_system.c: an entry for every system of the plan. */
void tl_lane_systems(struct tl_lane *lane);
/* Attached to what is live; the attachments to what was replaced end when their calls have. */
TL_MUST_CHECK tl_code tl_lane_attach(struct tl_lane *lane, struct tl_error *err);
/* Those end now; tl_lane_detached follows for each. */
void tl_lane_leave(struct tl_lane *lane);
/* lane_stop.c */
void tl_lane_detached(struct tl_lane *lane);
/* lane.c: nothing begins from now on, and what was said is on its way to the journal. */
void tl_lane_hold(struct tl_lane *lane);
/* Work may begin again, perhaps under another plan. */
void tl_lane_go_on(struct tl_lane *lane);

/* lane_stop.c */
void tl_lane_stop_begin(struct tl_mail *mail);
/* Something has ended: may the stop go on? */
void tl_lane_stop_step(struct tl_lane *lane);

/* recovery.c: progress, flows' intervals, open exceptions, pauses, marks; before lanes run. */
TL_MUST_CHECK tl_code tl_recover(struct tl_engine *engine, struct tl_error *err);

/* What stands in a state row of the table "engine" as a number, or `otherwise`; "clean" is 0. [any] */
uint64_t tl_engine_value(struct tl_engine *engine, const char *key, uint64_t otherwise);

/* What was suspect has run without harm: a crash from now on is the first again. */
void tl_recovery_note_start(struct tl_lane *lane);

/* checkpoint.c: progress rows and the floor, every ten seconds or at once. On lane 0. */
void tl_checkpoint(struct tl_engine *engine, bool all);
/* Lanes have ended: everything that is unfinished, and the mark of a clean stop. */
void tl_checkpoint_clean(struct tl_engine *engine);

/* poison.c */
/* While suspects start alone nothing else does. */
bool tl_poison_lets(const struct tl_lane *lane, const struct tl_unit *unit);
/* True: other lanes' turn, or one is under way: nothing else starts. */
bool tl_poison_holds(struct tl_lane *lane);
/* Starts `unit` alone, when that is due: takes `unit` over; its run starts when the mark is durable. False: start it as
 * usual. */
bool tl_poison_take(struct tl_lane *lane, struct tl_unit *unit);
/* The unit has ended, or gone back to its queue. */
void tl_poison_release(struct tl_unit *unit);
/* The lane has nothing more to start alone: the next lane's turn. */
void tl_poison_step(struct tl_lane *lane);
/* It was in flight at three crashes. */
bool tl_poison_is(const struct tl_engine *engine, const struct tl_unit *unit);
