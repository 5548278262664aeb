/* Which order keys have units in a queue's spilled part: 32-bit fingerprints with a count, five bytes a slot (rule 9).
 * A false "yes" (1 in 400 at 10 M keys) only makes a unit of another queue wait for this one's cursor. Thread: the
 * lane's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_spillset {
    uint32_t *prints; /* own; 0: free */
    uint8_t *counts;  /* own; 255: too many to count, stays until the set is freed */
    size_t cap;       /* 0 or a power of two */
    size_t count;     /* slots in use */
};

void tl_spillset_add(struct tl_spillset *set, uint64_t hash);
/* One of the equal ones; nothing when there is none. */
void tl_spillset_remove(struct tl_spillset *set, uint64_t hash);
bool tl_spillset_has(const struct tl_spillset *set, uint64_t hash);
void tl_spillset_free(struct tl_spillset *set);
