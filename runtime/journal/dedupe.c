/* Has this event been here before (rule 14)? A hash finds candidates, the record itself decides. The writer's. */
#include "base/alloc.h"
#include "journal_int.h"
#include <string.h>

#define CANDIDATES 1000u /* payloads under one dedupe key that are compared; past that the event is taken as new */

struct search {
    struct tl_journal *journal;
    int64_t now_ms;
};

static bool same_text(tl_str text, const struct batch_event *event, const struct tl_batch *owner)
{
    tl_str dedupe;
    return tl_clear_dedupe(tl_batch_body(owner, event), event->rec.clear_len, &dedupe) && tl_str_eq(text, dedupe);
}

/* The dedupe key in clear of the record at `offset` is the event's. An erased one has only its hash left. */
static bool same_key(struct tl_segment *segment, uint64_t offset, const void *bytes, const struct batch_event *event,
                     const struct tl_batch *owner)
{
    const struct event_rec *rec = bytes;
    const struct dup_rec *dup = bytes;
    bool is_event = rec->head.kind == TL_RECORD_EVENT;
    uint32_t len = is_event ? rec->clear_len : dup->body_len;
    uint32_t source = is_event ? rec->source : dup->source;
    uint64_t commit = offset - (is_event ? rec->back : dup->back);
    if (!tl_str_eq(tl_segment_name(segment, source), event->source->text))
        return false;
    struct commit_head head;
    if (tl_segment_read(segment, &head, sizeof head, commit, NULL))
        return false;
    uint64_t body = commit + sizeof head + tl_commit_dir_len(&head) + (is_event ? rec->body_off : dup->body_off);
    uint8_t *clear = tl_alloc(len + 1u);
    bool same = tl_segment_read(segment, clear, len, body, NULL) == TL_OK;
    tl_str text = tl_str_n(clear, len);
    if (same && is_event && !tl_is_erased(clear, len))
        same = tl_clear_dedupe(clear, len, &text) && same_text(text, event, owner);
    else if (same && !is_event)
        same = same_text(text, event, owner);
    tl_free(clear);
    return same;
}

/* What the candidate at `offset` says about the event. True: it settles the matter. */
static bool judge(const struct search *search, struct tl_segment *segment, uint64_t offset,
                  const struct batch_event *event, const struct tl_batch *owner, struct dedupe_hit *hit)
{
    union {
        struct event_rec event;
        struct dup_rec dup;
    } bytes;
    struct commit_head head;
    if (tl_segment_read(segment, &bytes, sizeof bytes.dup, offset, NULL))
        return false;
    const struct event_rec *rec = &bytes.event;
    const struct dup_rec *dup = &bytes.dup;
    if (rec->head.kind == TL_RECORD_EVENT && tl_segment_read(segment, &bytes, sizeof bytes.event, offset, NULL))
        return false;
    bool is_event = rec->head.kind == TL_RECORD_EVENT;
    uint32_t back = is_event ? rec->back : dup->back;
    if ((is_event ? rec->dedupe : dup->dedupe) != event->rec.dedupe ||
        tl_segment_read(segment, &head, sizeof head, offset - back, NULL))
        return false;
    if (search->now_ms - head.time_ms > (int64_t)event->rec.window_s * 1000)
        return true; /* this one and all older ones have expired */
    bool same_payload = memcmp(is_event ? rec->hash : dup->hash, event->rec.hash, 16) == 0;
    if (!same_payload && hit->conflict)
        return false;
    if (!same_key(segment, offset, &bytes, event, owner))
        return false;
    if (!same_payload) {
        hit->conflict = true;
        return false;
    }
    uint32_t index = is_event ? (uint32_t)((back - sizeof head) / sizeof *rec) : 0;
    hit->position = is_event ? tl_position_make(head.number, index) : dup->first;
    return true;
}

static uint32_t tag_of(const struct batch_event *event)
{
    uint32_t tag;
    memcpy(&tag, event->rec.hash, 4);
    return tag;
}

/* Candidates of one segment, newest first, a block at a time. Those with another payload are only looked at until one
 * shows a conflict. */
static void search_segment(const struct search *search, struct tl_segment *segment, const struct batch_event *event,
                           const struct tl_batch *owner, struct dedupe_hit *hit)
{
    enum { BLOCK = 8 };
    struct tl_index_entry found[BLOCK];
    uint32_t below = UINT32_MAX;
    for (unsigned seen = 0; seen < CANDIDATES;) {
        size_t n = tl_segment_places(segment, INDEX_DEDUPE, event->rec.dedupe, below, found, BLOCK);
        for (size_t i = 0; i < n; i++) {
            if (found[i].tag != tag_of(event) && hit->conflict)
                continue;
            if (judge(search, segment, (uint64_t)found[i].place * 8, event, owner, hit))
                return;
        }
        if (n < BLOCK)
            return;
        seen += BLOCK;
        below = found[n - 1].place;
    }
}

static void search_open(const struct search *search, struct batch_event *const *events, struct tl_batch *const *owners,
                        size_t count, struct dedupe_hit *hits)
{
    enum { AHEAD = 8 };
    struct tl_segment *open = search->journal->open;
    const struct tl_table *table = open->tables[INDEX_DEDUPE];
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            tl_table_prefetch(table, events[i + AHEAD]->rec.dedupe);
        /* only this thread changes the table: no lock for the question that is nearly always answered no */
        if (events[i]->rec.dedupe && tl_table_newest(table, events[i]->rec.dedupe))
            search_segment(search, open, events[i], owners[i], &hits[i]);
    }
}

static void search_closed(const struct search *search, struct tl_segment *segment, struct batch_event *const *events,
                          struct tl_batch *const *owners, size_t count, struct dedupe_hit *hits)
{
    enum { AHEAD = 16 };
    pthread_mutex_lock(&segment->lock);
    const struct tl_table *table = segment->tables[INDEX_DEDUPE];
    const struct tl_bloom *filter = table ? NULL : &segment->index->filters[INDEX_DEDUPE];
    pthread_mutex_unlock(&segment->lock);
    for (size_t i = 0; i < count; i++) {
        if (filter && i + AHEAD < count)
            tl_bloom_prefetch(filter, events[i + AHEAD]->rec.dedupe);
        uint64_t hash = events[i]->rec.dedupe;
        if (hash && hits[i].position == TL_POSITION_NONE && (!filter || tl_bloom_has(filter, hash)))
            search_segment(search, segment, events[i], owners[i], &hits[i]);
    }
}

void tl_dedupe_find(struct tl_journal *journal, struct batch_event *const *events, struct tl_batch *const *owners,
                    size_t count, struct dedupe_hit *hits)
{
    if (count == 0)
        return;
    struct search search = {.journal = journal, .now_ms = tl_clockwatch_now(&journal->clock)};
    memset(hits, 0, count * sizeof *hits);
    search_open(&search, events, owners, count, hits);
    struct tl_segment_list *list = tl_segments_get(journal);
    for (size_t s = list->count - 1; s-- > 0;)
        if (list->segments[s]->keys_until_ms >= search.now_ms)
            search_closed(&search, list->segments[s], events, owners, count, hits);
    tl_segments_put(list);
}
