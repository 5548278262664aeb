/* Commits in memory and the pool their buffers come from: a fresh megabyte for every commit would cost more page faults
 * than the write. */
#pragma once
#include "journal/commit.h"
#include "segment.h"
#include <pthread.h>
#include <stdatomic.h>

struct tl_commit {
    atomic_uint refs;
    struct commit_pool *pool;       /* borrow */
    struct tl_commit *next;         /* in the pool */
    struct tl_segment *segment;     /* counted; for the names */
    uint64_t offset;                /* in the segment */
    uint32_t duplicates, conflicts; /* the writer's */
    bool has_state;                 /* put or delete records */
    uint8_t *bytes;                 /* own; head, directory, payload area */
    size_t cap;
};

struct commit_pool {
    pthread_mutex_t lock;
    struct tl_commit *free;
    unsigned count;
};

void tl_commit_pool_init(struct commit_pool *pool);
void tl_commit_pool_free(struct commit_pool *pool);
/* Room for `size` bytes, undefined. Counts the segment. */
struct tl_commit *tl_commit_new(struct commit_pool *pool, struct tl_segment *segment, size_t size);
const struct commit_head *tl_commit_head(const struct tl_commit *commit);
const uint8_t *tl_commit_dir(const struct tl_commit *commit);
const uint8_t *tl_commit_body(const struct tl_commit *commit);
/* Reads a whole commit from its segment and checks everything but payload hashes. */
TL_MUST_CHECK tl_code tl_commit_load(struct commit_pool *pool, struct tl_segment *segment, uint64_t offset,
                                     struct tl_commit **out, struct tl_error *err);
