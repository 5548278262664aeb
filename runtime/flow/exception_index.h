/* Open exceptions in memory: what dispatch and the desk need to know of them; the rest is in the state. The index has a
 * lock; the fields of an entry belong to its lane, except the atomic ones. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "journal/position.h"
#include <pthread.h>
#include <stdatomic.h>

struct tl_open_exception {
    struct tl_link link; /* in its key line */
    uint64_t number;     /* the id as a number */
    tl_position event;
    uint64_t hash; /* of the order key */
    uint32_t flow;
    bool holds;        /* the key waits for it */
    bool retrying;     /* its unit is loaded again */
    uint32_t attempts; /* runs that ended in it */
    int64_t since_ms;
    tl_position later; /* a later event of the key that was applied, or none */
    atomic_uint held;  /* units waiting behind it, about */
};

struct tl_exception_index {
    pthread_mutex_t lock;
    struct tl_map by_id; /* id text → struct tl_open_exception, own */
};

void tl_exception_index_init(struct tl_exception_index *index);
void tl_exception_index_free(struct tl_exception_index *index);
/* Takes `open`. */
void tl_exception_index_put(struct tl_exception_index *index, struct tl_open_exception *open);
/* Out of the index and freed. */
void tl_exception_index_drop(struct tl_exception_index *index, struct tl_open_exception *open);
struct tl_open_exception *tl_exception_index_get(struct tl_exception_index *index, tl_str id);
/* False: no such one. Thread: any. */
bool tl_exception_index_place(struct tl_exception_index *index, tl_str id, uint64_t *hash, unsigned *held);
/* The exception that holds an order key; false: none. Looks at all of them. Thread: any. */
bool tl_exception_index_holder(struct tl_exception_index *index, uint64_t hash, uint64_t *number, unsigned *held);
size_t tl_exception_index_count(struct tl_exception_index *index);
