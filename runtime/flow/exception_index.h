/* Open exceptions in memory: what dispatch and the desk need to know of them; the rest is in the state. The index has a
 * lock; the fields of an entry belong to its lane, which alone changes them; the atomic ones are read by others. */
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
    bool assigned;     /* a person chose the steward */
    uint32_t attempts; /* runs that ended in it */
    int64_t since_ms;
    atomic_bool retrying;          /* its unit is loaded again */
    atomic_ullong cause;           /* fingerprint: equal for equal causes */
    atomic_llong due_ms;           /* 0: none */
    _Atomic(const char *) steward; /* a name of the index */
    _Atomic tl_position later;     /* a later event of the key that was applied, or none */
    atomic_uint held;              /* units waiting behind it, about */
};

/* What others may know of an entry, copied. */
struct tl_exception_brief {
    uint64_t number, cause;
    tl_position later;
    int64_t since_ms, due_ms;
    const char *steward; /* borrow; as long as the engine */
    uint32_t flow, held;
    bool retrying;
};

struct tl_exception_index {
    pthread_mutex_t lock;
    struct tl_map by_id; /* id text → struct tl_open_exception, own */
    struct tl_map names; /* of stewards → themselves, own */
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
/* A name that lives as long as the index. Thread: any. */
const char *tl_exception_index_name(struct tl_exception_index *index, tl_str name);
/* False: no such one. Thread: any. */
bool tl_exception_index_brief(struct tl_exception_index *index, tl_str id, struct tl_exception_brief *out);
/* All of them at this moment, in no order; freed with tl_free. Thread: any. */
struct tl_exception_brief *tl_exception_index_copy(struct tl_exception_index *index, size_t *count);
