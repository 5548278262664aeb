#include "await_index.h"
#include "base/alloc.h"
#include "base/error.h"

#define CAP_FIRST 64

void tl_await_index_init(struct tl_await_index *index)
{
    *index = (struct tl_await_index){0};
    tl_must(pthread_mutex_init(&index->lock, NULL) == 0);
}

void tl_await_index_free(struct tl_await_index *index)
{
    tl_free(index->slots);
    pthread_mutex_destroy(&index->lock);
}

uint32_t tl_await_type(tl_str type)
{
    uint32_t h = 2166136261u; /* FNV-1a: not keyed, nobody outside chooses types */
    for (size_t i = 0; i < type.len; i++)
        h = (h ^ (unsigned char)type.ptr[i]) * 16777619u;
    return 1u << ((h ^ h >> 16) & 31);
}

/* The hash is keyed already. */
static size_t home(const struct tl_await_index *index, uint64_t key_hash)
{
    return (size_t)(key_hash ^ key_hash >> 29) & (index->cap - 1);
}

static void insert(struct tl_await_index *index, const struct tl_await *await)
{
    size_t i = home(index, await->key_hash);
    while (index->slots[i].key_hash != 0)
        i = (i + 1) & (index->cap - 1);
    index->slots[i] = *await;
}

static void grow(struct tl_await_index *index)
{
    struct tl_await *old = index->slots;
    size_t cap = index->cap;
    index->cap = cap == 0 ? CAP_FIRST : cap * 2;
    index->slots = tl_zalloc(index->cap, sizeof *index->slots);
    for (size_t i = 0; i < cap; i++) {
        if (old[i].key_hash != 0)
            insert(index, &old[i]);
    }
    tl_free(old);
}

void tl_await_index_add(struct tl_await_index *index, const struct tl_await *await)
{
    pthread_mutex_lock(&index->lock);
    if ((index->count + 1) * 4 > index->cap * 3)
        grow(index);
    insert(index, await);
    index->count++;
    pthread_mutex_unlock(&index->lock);
}

/* Closes the gap, so that no search ends early. */
static void take_out(struct tl_await_index *index, size_t i)
{
    size_t mask = index->cap - 1;
    for (size_t j = (i + 1) & mask; index->slots[j].key_hash != 0; j = (j + 1) & mask) {
        size_t from_home = (j - home(index, index->slots[j].key_hash)) & mask;
        if (from_home >= ((j - i) & mask)) {
            index->slots[i] = index->slots[j];
            i = j;
        }
    }
    index->slots[i].key_hash = 0;
    index->count--;
}

void tl_await_index_drop(struct tl_await_index *index, const struct tl_await *await)
{
    pthread_mutex_lock(&index->lock);
    if (index->count > 0) {
        for (size_t i = home(index, await->key_hash); index->slots[i].key_hash != 0; i = (i + 1) & (index->cap - 1)) {
            const struct tl_await *at = &index->slots[i];
            if (at->key_hash == await->key_hash && at->run == await->run && at->types == await->types) {
                take_out(index, i);
                break;
            }
        }
    }
    pthread_mutex_unlock(&index->lock);
}

/* Calls `each` for every entry that fits, until it says stop. */
static void search(struct tl_await_index *index, uint64_t key_hash, uint32_t types,
                   bool (*each)(void *ctx, const struct tl_await *await), void *ctx)
{
    pthread_mutex_lock(&index->lock);
    if (index->count > 0 && key_hash != 0) {
        for (size_t i = home(index, key_hash); index->slots[i].key_hash != 0; i = (i + 1) & (index->cap - 1)) {
            const struct tl_await *await = &index->slots[i];
            if (await->key_hash == key_hash && (await->types & types) != 0 && !each(ctx, await))
                break;
        }
    }
    pthread_mutex_unlock(&index->lock);
}

static bool found(void *ctx, const struct tl_await *await)
{
    (void)await;
    *(bool *)ctx = true;
    return false;
}

bool tl_await_index_has(struct tl_await_index *index, uint64_t key_hash, uint32_t types)
{
    bool has = false;
    search(index, key_hash, types, found, &has);
    return has;
}

struct matches {
    struct tl_await *list; /* own */
    size_t count;
};

static bool collect(void *ctx, const struct tl_await *await)
{
    struct matches *matches = ctx;
    for (size_t i = 0; i < matches->count; i++) {
        if (matches->list[i].run == await->run)
            return true;
    }
    if ((matches->count & (matches->count + 1)) == 0 || matches->list == NULL)
        matches->list = tl_realloc(matches->list, (matches->count + 1) * 2 * sizeof *matches->list);
    matches->list[matches->count++] = *await;
    return true;
}

size_t tl_await_index_match(struct tl_await_index *index, uint64_t key_hash, uint32_t types, struct tl_await **out)
{
    struct matches matches = {0};
    search(index, key_hash, types, collect, &matches);
    *out = matches.list;
    return matches.count;
}
