/* What is unfinished: a bit per (commit, flow, event), nothing per unit (rule 1). Progress is a function of the journal
 * alone: it is fed every commit in order (its events' units, its outcomes), live by dispatch.c and at a start by
 * recovery.c. Thread: any; one lock, taken per commit and not per unit. */
#pragma once
#include "journal/position.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One commit. For each flow with units in it `words` words of bits, 1 = unfinished, bit i = event i. */
struct tl_progress_entry {
    uint64_t commit;
    int64_t time_ms;
    uint32_t events, left, words;
    uint16_t flows;
    bool row, dirty; /* a row stands for it in the state; it does not show the present bits */
    uint64_t data[]; /* flows × words of bits, then the flows' numbers, one a word */
};

struct tl_progress {
    pthread_mutex_t lock;
    struct tl_progress_entry **entries; /* own; by commit; NULL: finished */
    uint64_t *commits;                  /* own; of each entry, also of finished ones */
    size_t first, count, cap;           /* entries in [first, count) */
    uint64_t upto;                      /* every commit up to here was fed */
    uint64_t total;                     /* unfinished units */
    uint64_t *of_flow;                  /* own; unfinished units of each flow */
    size_t flow_count;
    uint64_t *ended; /* own; commits that ended and have a row to be deleted */
    size_t ended_count, ended_cap;
};

struct tl_progress_unit {
    uint32_t flow, index;
};

/* A copy of one commit's bits. Zero-initialise; reuse; free with tl_progress_bits_free. */
struct tl_progress_bits {
    uint64_t commit; /* 0: finished or never there */
    uint32_t events, words;
    uint16_t flows;
    uint64_t *data; /* own */
    size_t cap;
};

void tl_progress_init(struct tl_progress *progress, size_t flow_count);
void tl_progress_free(struct tl_progress *progress);
/* More flows than there were. */
void tl_progress_flows(struct tl_progress *progress, size_t flow_count);

/* The units of a commit, `units` in any order. A commit that is known already is left as it is. Commits come in order,
 * except from rows. */
void tl_progress_add(struct tl_progress *progress, uint64_t commit, int64_t time_ms, uint32_t events,
                     const struct tl_progress_unit *units, size_t count);
/* The same, from a row of the state; with no units at all the row is to be deleted. */
void tl_progress_add_row(struct tl_progress *progress, uint64_t commit, int64_t time_ms, uint32_t events,
                         const struct tl_progress_unit *units, size_t count);
/* A unit has ended; nothing happens when it had before. */
void tl_progress_end(struct tl_progress *progress, tl_position event, uint32_t flow);
void tl_progress_upto(struct tl_progress *progress, uint64_t commit);

/* The first commit >= from with something unfinished; false: none. */
bool tl_progress_next(struct tl_progress *progress, uint64_t from, uint64_t *commit);
void tl_progress_bits(struct tl_progress *progress, uint64_t commit, struct tl_progress_bits *out);
bool tl_progress_bits_has(const struct tl_progress_bits *bits, uint32_t flow, uint32_t index);
void tl_progress_bits_free(struct tl_progress_bits *bits);

uint64_t tl_progress_total(struct tl_progress *progress);
uint64_t tl_progress_of_flow(struct tl_progress *progress, uint32_t flow);
/* The first commit >= from with something unfinished of the flow; TL_COMMIT_NEVER: none. */
uint64_t tl_progress_first(struct tl_progress *progress, uint32_t flow, uint64_t from);
bool tl_progress_has(struct tl_progress *progress, tl_position event, uint32_t flow);
/* Accept time of the flow's oldest unfinished unit; 0: none. */
int64_t tl_progress_oldest(struct tl_progress *progress, uint32_t flow);
