/* Open addressing with linear probing; removal closes the gap behind it, so there are no tombstones. */
#include "base/map.h"
#include "base/alloc.h"
#include "base/random.h"

void tl_map_init(struct tl_map *map)
{
    *map = (struct tl_map){.seed = {tl_random_u64(), tl_random_u64()}};
}

void tl_map_free(struct tl_map *map)
{
    for (size_t i = 0; i < map->cap; i++)
        tl_free((void *)(uintptr_t)map->slots[i].key.ptr);
    tl_free(map->slots);
    *map = (struct tl_map){.seed = map->seed};
}

/* The slot that holds `key`, or the free one where it would go. */
static size_t place(const struct tl_map *map, tl_str key, uint64_t hash)
{
    size_t i = hash & (map->cap - 1);
    while (map->slots[i].value != NULL && !(map->slots[i].hash == hash && tl_str_eq(map->slots[i].key, key)))
        i = (i + 1) & (map->cap - 1);
    return i;
}

void *tl_map_get(const struct tl_map *map, tl_str key)
{
    if (map->count == 0)
        return NULL;
    return map->slots[place(map, key, tl_hash(&map->seed, key.ptr, key.len))].value;
}

static void grow(struct tl_map *map)
{
    struct tl_map_entry *old = map->slots;
    size_t old_cap = map->cap;
    map->cap = old_cap == 0 ? 16 : old_cap * 2;
    map->slots = tl_zalloc(map->cap, sizeof *map->slots);
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].value != NULL)
            map->slots[place(map, old[i].key, old[i].hash)] = old[i];
    }
    tl_free(old);
}

void *tl_map_put(struct tl_map *map, tl_str key, void *value)
{
    if (map->count * 4 >= map->cap * 3)
        grow(map);
    uint64_t hash = tl_hash(&map->seed, key.ptr, key.len);
    struct tl_map_entry *slot = &map->slots[place(map, key, hash)];
    void *before = slot->value;
    if (before == NULL) {
        *slot = (struct tl_map_entry){{tl_str_dup(key), key.len}, hash, value};
        map->count++;
    }
    slot->value = value;
    return before;
}

/* Moves later entries of the same probe run forward over the hole at `hole`. */
static void close_gap(struct tl_map *map, size_t hole)
{
    size_t mask = map->cap - 1;
    for (size_t i = (hole + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct tl_map_entry){0};
}

void *tl_map_remove(struct tl_map *map, tl_str key)
{
    if (map->count == 0)
        return NULL;
    size_t i = place(map, key, tl_hash(&map->seed, key.ptr, key.len));
    void *value = map->slots[i].value;
    if (value == NULL)
        return NULL;
    tl_free((void *)(uintptr_t)map->slots[i].key.ptr);
    close_gap(map, i);
    map->count--;
    return value;
}

bool tl_map_next(const struct tl_map *map, size_t *i, tl_str *key, void **value)
{
    for (; *i < map->cap; (*i)++) {
        const struct tl_map_entry *slot = &map->slots[*i];
        if (slot->value == NULL)
            continue;
        if (key != NULL)
            *key = slot->key;
        if (value != NULL)
            *value = slot->value;
        (*i)++;
        return true;
    }
    return false;
}
