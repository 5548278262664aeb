/* A hash table from byte strings to pointers. Keys are copied; values stay the caller's. Thread: one at a time. */
#pragma once
#include "base/hash.h"
#include "base/str.h"

struct tl_map_entry {
    tl_str key; /* own */
    uint64_t hash;
    void *value; /* whatever the caller put */
};

struct tl_map {
    struct tl_map_entry *slots; /* own; a slot with value NULL is free */
    size_t cap;                 /* 0 or a power of two */
    size_t count;
    struct tl_hash_key seed;
};

void tl_map_init(struct tl_map *map);
void tl_map_free(struct tl_map *map);
/* NULL when absent. */
void *tl_map_get(const struct tl_map *map, tl_str key);
/* `value` must not be NULL. Returns the value it replaced, or NULL. */
void *tl_map_put(struct tl_map *map, tl_str key, void *value);
/* Returns the value that was there, or NULL. */
void *tl_map_remove(struct tl_map *map, tl_str key);
/* Walks all entries in no order: start with *i = 0; false at the end. Do not change the map meanwhile. */
bool tl_map_next(const struct tl_map *map, size_t *i, tl_str *key, void **value);
