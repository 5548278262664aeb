/* The list of segments: counted and replaced as a whole, so readers keep the one they began with. Thread: any. */
#include "base/alloc.h"
#include "journal_int.h"

struct tl_segment_list *tl_segments_new(size_t count)
{
    struct tl_segment_list *list = tl_zalloc(1, sizeof *list + count * sizeof list->segments[0]);
    atomic_init(&list->refs, 1);
    list->count = count;
    return list;
}

struct tl_segment_list *tl_segments_get(struct tl_journal *journal)
{
    pthread_mutex_lock(&journal->list_lock);
    struct tl_segment_list *list = journal->list;
    atomic_fetch_add(&list->refs, 1);
    pthread_mutex_unlock(&journal->list_lock);
    return list;
}

void tl_segments_put(struct tl_segment_list *list)
{
    if (!list || atomic_fetch_sub(&list->refs, 1) != 1)
        return;
    for (size_t i = 0; i < list->count; i++)
        tl_segment_unref(list->segments[i]);
    tl_free(list);
}

void tl_segments_set(struct tl_journal *journal, struct tl_segment_list *list)
{
    pthread_mutex_lock(&journal->list_lock);
    struct tl_segment_list *before = journal->list;
    journal->list = list;
    pthread_mutex_unlock(&journal->list_lock);
    tl_segments_put(before);
}

struct tl_segment *tl_segments_find(const struct tl_segment_list *list, uint64_t commit)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->segments[middle]->head.first <= commit)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? list->segments[low - 1] : NULL;
}
