/* Commits become units. The journal's writer hands each durable commit over (quickly: it only queues it); the first
 * lane that wakes derives the units of all that are queued, for every lane, in commit order, and feeds progress. So an
 * event's type, route and order key are looked at once, off the writer's thread, and each lane is woken at most once a
 * commit. */
#pragma once
#include "journal/commit.h"
#include "progress.h"
#include "unit.h"
#include <pthread.h>
#include <stdatomic.h>

#define TL_FLOWS_OF_EVENT 256 /* most flows that take one event type */

struct tl_engine;
struct tl_lane;
struct tl_cursor;

struct tl_dispatch {
    pthread_mutex_t queue_lock;  /* incoming */
    struct tl_commit **incoming; /* own */
    size_t incoming_count, incoming_cap;
    bool held;                      /* a switch is under way: nothing is derived, under `lock` */
    pthread_mutex_t lock;           /* everything else, and the lanes' inboxes */
    uint64_t dispatched;            /* the last commit whose units were derived */
    atomic_ullong unseen;           /* the last commit from before lanes ran: the start's own, without events */
    struct tl_progress_unit *units; /* own; scratch */
    size_t unit_cap;
    struct tl_wave **waves; /* own; scratch: one a lane */
    atomic_size_t pinned;   /* payload bytes in waves */
    struct tl_arena scratch;
};

/* Where a unit belongs. */
struct tl_place_of {
    uint64_t hash; /* of (scope, key) */
    int32_t system;
    enum tl_priority priority;
};

/* An event whose payload is fetched only when an order key or a route asks for it. */
struct tl_event_source {
    struct tl_lane *lane; /* whose script state an order function runs in */
    struct tl_arena *arena;
    struct tl_commit *commit; /* NULL: read from the journal */
    struct tl_entry entry;
    struct tl_event event;
    bool fetched;
};

void tl_dispatch_init(struct tl_dispatch *dispatch, unsigned lanes);
void tl_dispatch_free(struct tl_dispatch *dispatch);
/* Derives the units of all commits that are queued; `lane` is the calling one. */
void tl_dispatch_prepare(struct tl_engine *engine, struct tl_lane *lane);
/* Nothing is derived from now on; returns the last commit that was. And again. */
uint64_t tl_dispatch_hold(struct tl_engine *engine);
void tl_dispatch_go_on(struct tl_engine *engine);
/* Waves for the lane, oldest first. `upto`: the last commit that was derived; `behind_from`: from there on the lane
 * gets no waves and reads the journal itself, 0 when it is not behind. */
struct tl_wave *tl_dispatch_take(struct tl_lane *lane, uint64_t *upto, uint64_t *behind_from);
/* The lane has read up to `commit`: true when that is all, and it gets waves again. */
bool tl_dispatch_caught_up(struct tl_lane *lane, uint64_t commit);

/* Which lane, key and queue a unit belongs to. */
void tl_dispatch_place(struct tl_engine *engine, const struct tl_plan_flow *flow, struct tl_event_source *source,
                       struct tl_place_of *out);
unsigned tl_dispatch_lane(const struct tl_engine *engine, uint64_t hash);
/* The flows that take an entry's event. TL_FLOW_NOBODY when there is none: its unit writes that down; none at all for
 * an event whose own record says so. */
size_t tl_dispatch_flows(const struct tl_plan *plan, const struct tl_entry *entry, uint32_t *flows, size_t cap);
uint64_t tl_hash_mix(uint64_t a, uint64_t b);
