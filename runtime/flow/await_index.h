/* Which runs wait for events of which key: looked at for every event that is accepted, so it is memory, 24 bytes a wait
 * at a load of at most three quarters. What exactly is waited for stands in the run's row; an entry says only "look
 * there". Types are a mask of 32 bits by their hash: a false hit costs a look. One lock, taken per commit or per wait.
 * Thread: any. */
#pragma once
#include "base/str.h"
#include <pthread.h>
#include <stdbool.h>

struct tl_await {
    uint64_t key_hash; /* never 0 */
    uint64_t run;
    uint32_t types;
    uint16_t partition; /* of the run: whose lane */
};

struct tl_await_index {
    pthread_mutex_t lock;
    struct tl_await *slots; /* own; key_hash 0: free */
    size_t cap, count;
};

void tl_await_index_init(struct tl_await_index *index);
void tl_await_index_free(struct tl_await_index *index);
/* The bit of an event type. */
uint32_t tl_await_type(tl_str type);
void tl_await_index_add(struct tl_await_index *index, const struct tl_await *await);
/* One entry like this; nothing happens when there is none. */
void tl_await_index_drop(struct tl_await_index *index, const struct tl_await *await);
bool tl_await_index_has(struct tl_await_index *index, uint64_t key_hash, uint32_t types);
/* The runs that may wait for such an event, each once: `*out` is allocated (tl_free), NULL when there is none. */
size_t tl_await_index_match(struct tl_await_index *index, uint64_t key_hash, uint32_t types, struct tl_await **out);
