/* One queue for each (flow, priority, system): lanes take turns between them, so that neither a bulk load nor a slow
 * platform keeps the others waiting (rule 9). A queue holds at most so many loaded units; what comes then stays in the
 * journal and is read by the queue's own cursor when there is room: the queue has spilled. Thread: the lane's. */
#pragma once
#include "journal/reader.h"
#include "progress.h"
#include "spillset.h"
#include "unit.h"

/* Queues of runs that go on: which system they use next is not known, and one that is closed must not keep the others.
 */
#define TL_QUEUE_RESUMED (-2)

struct tl_queue {
    struct tl_link link; /* in the lane's ring, while something may start */
    bool in_ring;
    uint32_t number, flow;
    enum tl_priority priority;
    int system;           /* known before a unit starts, or -1, or TL_QUEUE_RESUMED */
    int learned;          /* without one: that of the last unit */
    struct tl_list ready; /* of units */
    size_t ready_count;
    size_t loaded;  /* units and waiting positions that count against the limit */
    size_t started; /* units RUNNING */
    int deficit;

    bool spilled;
    tl_position next;             /* spilled: the first position not loaded yet */
    struct tl_cursor *cursor;     /* own; NULL until read */
    struct tl_progress_bits bits; /* of the commit the cursor stands in */
    uint64_t bits_commit;
    struct tl_spillset keys;
    size_t spilled_units; /* about, for the status */
};

struct tl_queue *tl_queue_of(struct tl_lane *lane, uint32_t flow, enum tl_priority priority, int system);
void tl_queue_free(struct tl_queue *queue);
/* The unit may start when it is its turn. At the front: it was there before. */
void tl_queue_ready(struct tl_lane *lane, struct tl_unit *unit, bool front);
/* The system that decides whether its units may start; -1: nothing is known. */
int tl_queue_system(const struct tl_queue *queue);
/* Puts the queue into the ring when it has something to start. */
void tl_queue_wake(struct tl_lane *lane, struct tl_queue *queue);
/* Starts units in turns, at most `budget`. Returns how many started. */
size_t tl_queues_start(struct tl_lane *lane, size_t budget);
/* Something may start now. */
bool tl_queues_any(const struct tl_lane *lane);
/* Counts and uncounts a unit or a waiting position. */
void tl_queue_count(struct tl_lane *lane, struct tl_queue *queue, int change);

/* spill.c: a unit that finds no room; `hash` of its order key. */
void tl_spill_add(struct tl_lane *lane, struct tl_queue *queue, tl_position position, uint64_t hash);
/* Loads from the cursors of spilled queues with room, looking at no more than `budget` records. True: there is more to
 * do. */
bool tl_spill_feed(struct tl_lane *lane, size_t budget);
/* An earlier unit of the key may stand in another spilled queue of the same scope. */
bool tl_spill_before(const struct tl_lane *lane, const struct tl_unit *unit);
/* Units that waited behind a spilled queue are looked at again. */
void tl_spill_recheck(struct tl_lane *lane);
