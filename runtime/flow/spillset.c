/* Open addressing, linear probing; removal moves later ones of the chain up, so there are no tombstones. */
#include "spillset.h"
#include "base/alloc.h"

static uint32_t print_of(uint64_t hash)
{
    uint32_t print = (uint32_t)(hash >> 20);
    return print == 0 ? 1 : print;
}

static size_t home(const struct tl_spillset *set, uint32_t print)
{
    return (size_t)(print * 2654435761u) & (set->cap - 1);
}

/* The slot of `print`, or the free one where it would go. */
static size_t place(const struct tl_spillset *set, uint32_t print)
{
    size_t i = home(set, print);
    while (set->prints[i] != 0 && set->prints[i] != print)
        i = (i + 1) & (set->cap - 1);
    return i;
}

static void grow(struct tl_spillset *set)
{
    struct tl_spillset old = *set;
    set->cap = old.cap == 0 ? 1024 : old.cap * 2;
    set->prints = tl_zalloc(set->cap, sizeof *set->prints);
    set->counts = tl_zalloc(set->cap, sizeof *set->counts);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.prints[i] != 0) {
            size_t to = place(set, old.prints[i]);
            set->prints[to] = old.prints[i];
            set->counts[to] = old.counts[i];
        }
    }
    tl_free(old.prints);
    tl_free(old.counts);
}

void tl_spillset_add(struct tl_spillset *set, uint64_t hash)
{
    if (set->count * 5 >= set->cap * 4)
        grow(set);
    uint32_t print = print_of(hash);
    size_t i = place(set, print);
    if (set->prints[i] == 0) {
        set->prints[i] = print;
        set->count++;
    }
    if (set->counts[i] < UINT8_MAX)
        set->counts[i]++;
}

bool tl_spillset_has(const struct tl_spillset *set, uint64_t hash)
{
    return set->count > 0 && set->prints[place(set, print_of(hash))] != 0;
}

void tl_spillset_remove(struct tl_spillset *set, uint64_t hash)
{
    if (set->count == 0)
        return;
    size_t mask = set->cap - 1, i = place(set, print_of(hash));
    if (set->prints[i] == 0 || set->counts[i] == UINT8_MAX || --set->counts[i] > 0)
        return;
    for (size_t j = (i + 1) & mask; set->prints[j] != 0; j = (j + 1) & mask) {
        size_t from_home = (j - home(set, set->prints[j])) & mask;
        if (from_home >= ((j - i) & mask)) {
            set->prints[i] = set->prints[j];
            set->counts[i] = set->counts[j];
            i = j;
        }
    }
    set->prints[i] = 0;
    set->counts[i] = 0;
    set->count--;
}

void tl_spillset_free(struct tl_spillset *set)
{
    tl_free(set->prints);
    tl_free(set->counts);
    *set = (struct tl_spillset){0};
}
