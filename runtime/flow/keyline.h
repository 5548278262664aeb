/* Order per key: of all loaded units with one (scope, key) only the first, the head, is in a queue or runs; the others
 * wait here as positions. The next one goes when the outcome of the head is durable (rule 5). A line whose key is held
 * by an open exception has no head. Keys are told apart by 64 bits of hash: equal hashes of different keys only wait
 * for each other. Thread: the lane's. */
#pragma once
#include "exception_index.h"
#include "unit.h"

struct tl_waiting {
    tl_position position;
    uint32_t flow;
    uint32_t queue; /* its number in the lane */
};

struct tl_keyline {
    uint64_t hash;
    struct tl_unit *head;       /* own */
    struct tl_waiting *waiting; /* own; by position: [first, first + count) */
    uint32_t first, count, cap;
    uint32_t holds;         /* open exceptions that hold the key */
    bool aside;             /* what waits does not count against its queues: the key is held or tries again later */
    struct tl_list open;    /* of struct tl_open_exception: all open exceptions of the key, by position */
    struct tl_list retries; /* own; units of exceptions to be tried again, before what waits */
    struct tl_list woken;   /* own; units of runs that have woken, by turn */
};

struct tl_keylines {
    struct tl_keyline **slots; /* own */
    size_t cap, count;
};

void tl_keylines_init(struct tl_keylines *lines);
/* With everything in them. */
void tl_keylines_free(struct tl_keylines *lines);
/* NULL when absent. */
struct tl_keyline *tl_keyline_find(const struct tl_keylines *lines, uint64_t hash);
struct tl_keyline *tl_keyline_get(struct tl_keylines *lines, uint64_t hash);

/* A unit joins its line: it becomes the head and ready, or waits in its place by position. */
void tl_keyline_enter(struct tl_lane *lane, struct tl_queue *queue, tl_position position, uint64_t hash,
                      struct tl_wave *wave);
/* A retried exception joins its line, before all that waits. */
void tl_keyline_retry(struct tl_lane *lane, struct tl_keyline *line, struct tl_unit *unit);
/* A run that has woken has its turn like a new event. */
void tl_keyline_wake(struct tl_lane *lane, struct tl_keyline *line, struct tl_unit *unit);
/* The head, which has not begun, goes back among those that wait, until the line is advanced. */
void tl_keyline_yield(struct tl_lane *lane, struct tl_keyline *line);
/* The head has ended durably (it is freed), or a hold was lifted: the next one goes. The line is freed when nothing is
 * left. */
void tl_keyline_advance(struct tl_lane *lane, struct tl_keyline *line);
void tl_keyline_aside(struct tl_lane *lane, struct tl_keyline *line, bool aside);
/* The first waiting unit of the same flow; used to collapse hints. */
bool tl_keyline_has_later(const struct tl_keyline *line, uint32_t flow);
