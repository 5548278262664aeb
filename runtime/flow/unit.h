/* A unit of work (event, flow) that a lane has loaded: the head of its key line, or a retried exception waiting to be.
 * What waits behind it is a few bytes in the key line. Thread: the lane's. */
#pragma once
#include "base/arena.h"
#include "base/list.h"
#include "guard/retry.h"
#include "journal/commit.h"
#include "loop/timer.h"
#include "plan.h"

struct tl_lane;
struct tl_queue;
struct tl_keyline;
struct tl_drive;
struct tl_open_exception;
struct tl_wave;
struct tl_run_row;
struct tl_script_host;

enum tl_unit_state {
    TL_UNIT_READY,   /* in its queue */
    TL_UNIT_BEHIND,  /* an earlier unit of the key may be in a spilled queue, or its Lua state is being opened */
    TL_UNIT_RUNNING, /* a run or a call is under way */
    TL_UNIT_BACKOFF, /* runs again after a while */
    TL_UNIT_BLOCKED, /* a durable run out of memory, before a closed gate */
    TL_UNIT_ENDING,  /* its outcome is on the way to the disk */
    TL_UNIT_NEXT     /* in its key line: a retried exception, or a run that has woken */
};

struct tl_backoff {
    struct tl_timer timer;
    struct tl_unit *unit;
};

/* What is remembered of the tries of one step of a run while it is in no memory itself. */
struct tl_try {
    uint64_t step; /* hash of its id */
    struct tl_retry retry;
    uint16_t calls;
    uint8_t absent; /* lookups that found nothing after the platform had had its time */
};

struct tl_unit {
    struct tl_link link; /* in what its state says */
    enum tl_unit_state state;
    uint32_t flow;
    tl_position position;
    struct tl_lane *lane;                /* borrow */
    struct tl_queue *queue;              /* borrow */
    struct tl_keyline *line;             /* borrow */
    struct tl_wave *wave;                /* counted; NULL: read back from the journal */
    struct tl_drive *drive;              /* own; while RUNNING */
    struct tl_script_host *host;         /* borrow; it has begun under that; NULL: it takes the live one */
    struct tl_link begun;                /* in host->units */
    struct tl_backoff *backoff;          /* own; while BACKOFF */
    struct tl_open_exception *exception; /* borrow; when it is a retried one */
    char *payload;                       /* own; edited by a person, NULL: the event's */
    size_t payload_len;
    struct tl_run_row *run; /* borrow from the lane's runs; NULL: light so far */
    bool no_state;          /* it could not be opened beside the lane: the start says why */
    bool first;             /* it has its turn before all that waits on its key */
    tl_position turn;       /* of a run that has woken: it has its turn like an event of this position */
    uint64_t sees;          /* the commit that the state must show before it starts; 0: any */
    struct tl_try *tries;   /* own */
    size_t try_count;
    uint32_t calls;
    bool marked;           /* started alone, with a mark in the journal */
    bool counted;          /* among its queue's loaded ones */
    enum tl_ending ending; /* while ENDING */
};

struct tl_unit *tl_unit_new(struct tl_lane *lane, struct tl_queue *queue, struct tl_keyline *line, tl_position position,
                            struct tl_wave *wave);
/* In no list any more, no drive. */
void tl_unit_free(struct tl_unit *unit);
/* The event, from memory or read back into `arena`. TL_ENOTFOUND: past retention. */
TL_MUST_CHECK tl_code tl_unit_event(struct tl_unit *unit, struct tl_arena *arena, struct tl_event *out,
                                    struct tl_error *err);
/* Where it stands among those of its key: its event's position, or, of a run that has woken, when that was. */
tl_position tl_unit_turn(const struct tl_unit *unit);
/* Of a step, by its id; made when there is none. Good until the next call. */
struct tl_try *tl_unit_try(struct tl_unit *unit, tl_str step);
void tl_unit_try_drop(struct tl_unit *unit, tl_str step);
/* What its random numbers and its exception's id derive from. */
uint64_t tl_unit_number(const struct tl_plan_flow *flow, tl_position position);

/* The part of a commit that concerns one lane: units, and the commit that holds their events. Counted by the lane
 * alone. */
struct tl_wave_unit {
    uint64_t hash;
    uint32_t flow, index;
    int32_t system;
    enum tl_priority priority;
};
struct tl_wave {
    struct tl_wave *next;
    struct tl_engine *engine;
    struct tl_commit *commit; /* own */
    size_t bytes;             /* of payloads it keeps in memory */
    unsigned refs;
    size_t count;
    struct tl_wave_unit units[];
};
void tl_wave_unref(struct tl_wave *wave);
