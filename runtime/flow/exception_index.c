#include "exception_index.h"
#include "base/alloc.h"
#include "base/error.h"

static tl_str id_of(const struct tl_open_exception *open, char text[TL_POSITION_TEXT])
{
    tl_position_print(open->number, text);
    return tl_str_z(text);
}

void tl_exception_index_init(struct tl_exception_index *index)
{
    tl_must(pthread_mutex_init(&index->lock, NULL) == 0);
    tl_map_init(&index->by_id);
    tl_map_init(&index->names);
}

void tl_exception_index_free(struct tl_exception_index *index)
{
    size_t i = 0;
    tl_str id;
    void *open;
    while (tl_map_next(&index->by_id, &i, &id, &open))
        tl_free(open);
    tl_map_free(&index->by_id);
    for (i = 0; tl_map_next(&index->names, &i, NULL, &open);)
        tl_free(open);
    tl_map_free(&index->names);
    pthread_mutex_destroy(&index->lock);
}

void tl_exception_index_put(struct tl_exception_index *index, struct tl_open_exception *open)
{
    char text[TL_POSITION_TEXT];
    pthread_mutex_lock(&index->lock);
    struct tl_open_exception *before = tl_map_put(&index->by_id, id_of(open, text), open);
    pthread_mutex_unlock(&index->lock);
    tl_must(before == NULL || before == open);
}

void tl_exception_index_drop(struct tl_exception_index *index, struct tl_open_exception *open)
{
    char text[TL_POSITION_TEXT];
    pthread_mutex_lock(&index->lock);
    tl_map_remove(&index->by_id, id_of(open, text));
    pthread_mutex_unlock(&index->lock);
    tl_list_remove(&open->link);
    tl_free(open);
}

struct tl_open_exception *tl_exception_index_get(struct tl_exception_index *index, tl_str id)
{
    pthread_mutex_lock(&index->lock);
    struct tl_open_exception *open = tl_map_get(&index->by_id, id);
    pthread_mutex_unlock(&index->lock);
    return open;
}

bool tl_exception_index_place(struct tl_exception_index *index, tl_str id, uint64_t *hash, unsigned *held)
{
    pthread_mutex_lock(&index->lock);
    struct tl_open_exception *open = tl_map_get(&index->by_id, id);
    if (open != NULL) {
        *hash = open->hash;
        *held = atomic_load(&open->held);
    }
    pthread_mutex_unlock(&index->lock);
    return open != NULL;
}

bool tl_exception_index_holder(struct tl_exception_index *index, uint64_t hash, uint64_t *number, unsigned *held)
{
    size_t i = 0;
    tl_str id;
    void *value;
    bool found = false;
    pthread_mutex_lock(&index->lock);
    while (!found && tl_map_next(&index->by_id, &i, &id, &value)) {
        struct tl_open_exception *open = value;
        found = open->hash == hash && open->holds;
        if (found) {
            *number = open->number;
            *held = atomic_load(&open->held);
        }
    }
    pthread_mutex_unlock(&index->lock);
    return found;
}

size_t tl_exception_index_count(struct tl_exception_index *index)
{
    pthread_mutex_lock(&index->lock);
    size_t count = index->by_id.count;
    pthread_mutex_unlock(&index->lock);
    return count;
}

const char *tl_exception_index_name(struct tl_exception_index *index, tl_str name)
{
    pthread_mutex_lock(&index->lock);
    char *kept = tl_map_get(&index->names, name);
    if (kept == NULL) {
        kept = tl_str_dup(name);
        tl_map_put(&index->names, name, kept);
    }
    pthread_mutex_unlock(&index->lock);
    return kept;
}

static struct tl_exception_brief brief_of(const struct tl_open_exception *open)
{
    return (struct tl_exception_brief){.number = open->number,
                                       .cause = open->cause,
                                       .later = open->later,
                                       .since_ms = open->since_ms,
                                       .due_ms = open->due_ms,
                                       .steward = open->steward,
                                       .flow = open->flow,
                                       .held = open->held,
                                       .retrying = open->retrying};
}

bool tl_exception_index_brief(struct tl_exception_index *index, tl_str id, struct tl_exception_brief *out)
{
    pthread_mutex_lock(&index->lock);
    const struct tl_open_exception *open = tl_map_get(&index->by_id, id);
    if (open != NULL)
        *out = brief_of(open);
    pthread_mutex_unlock(&index->lock);
    return open != NULL;
}

struct tl_exception_brief *tl_exception_index_copy(struct tl_exception_index *index, size_t *count)
{
    size_t i = 0, n = 0;
    void *open;
    pthread_mutex_lock(&index->lock);
    struct tl_exception_brief *all = tl_zalloc(index->by_id.count + 1, sizeof *all);
    while (tl_map_next(&index->by_id, &i, NULL, &open))
        all[n++] = brief_of(open);
    pthread_mutex_unlock(&index->lock);
    *count = n;
    return all;
}
