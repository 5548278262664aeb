/* Keys of objects: their hash, and which of several equal ones counts (the last).
 * The hash only saves comparisons; equal keys are always compared by bytes, and the worst case of made-up keys that
 * share a hash stays n log n. Thread: any. */
#include "base/alloc.h"
#include "json_value.h"
#include <stdlib.h>
#include <string.h>

#define PAIRWISE_MAX 64 /* up to here comparing all hashes with each other beats sorting */

uint32_t tl_json_key_hash(tl_str key)
{
    uint64_t hash = key.len, word;
    const char *p = key.ptr;
    size_t left = key.len;
    for (; left >= 8; p += 8, left -= 8) {
        memcpy(&word, p, 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    if (left) {
        word = 0;
        memcpy(&word, p, left);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    }
    return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}

static bool same_key(const struct tl_json_value *a, const struct tl_json_value *b)
{
    return a->hash == b->hash && a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

/* By key, then by place, so that of equal keys the last one stands last. */
static int by_key(const void *x, const void *y)
{
    const struct tl_json_value *a = *(struct tl_json_value *const *)x, *b = *(struct tl_json_value *const *)y;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    int order = a->len ? memcmp(a->text, b->text, a->len) : 0;
    return order ? order : (a > b) - (a < b);
}

static void collect_keys(struct tl_json_value *object, struct tl_json_value **keys)
{
    struct tl_json_value *end = object + object->span;
    for (struct tl_json_value *key = object + 1; key < end; key += 1 + key[1].span)
        *keys++ = key;
}

static uint32_t mark_sorted(struct tl_json_value *object)
{
    uint32_t count = object->len, lost = 0;
    struct tl_json_value **keys = tl_alloc(count * sizeof(struct tl_json_value *));
    collect_keys(object, keys);
    qsort(keys, count, sizeof(struct tl_json_value *), by_key);
    for (uint32_t i = 0; i + 1 < count; i++)
        if (same_key(keys[i], keys[i + 1])) {
            keys[i]->overridden = true;
            lost++;
        }
    tl_free(keys);
    return lost;
}

static uint32_t mark_pairwise(struct tl_json_value *object)
{
    struct tl_json_value *keys[PAIRWISE_MAX];
    uint32_t hashes[PAIRWISE_MAX], count = object->len, lost = 0;
    collect_keys(object, keys);
    for (uint32_t i = 0; i < count; i++)
        hashes[i] = keys[i]->hash;
    for (uint32_t i = 0; i + 1 < count; i++)
        for (uint32_t j = i + 1; j < count; j++)
            if (hashes[i] == hashes[j] && same_key(keys[i], keys[j])) {
                keys[i]->overridden = true;
                lost++;
                break;
            }
    return lost;
}

void tl_json_mark_overridden(struct tl_json_value *object)
{
    object->len -= object->len <= PAIRWISE_MAX ? mark_pairwise(object) : mark_sorted(object);
}
