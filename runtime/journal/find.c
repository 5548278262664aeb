/* Finding events by business key. The index gives candidates newest first; the clear key in the record decides. */
#include "base/alloc.h"
#include "journal/reader.h"
#include "journal_int.h"

/* Called for each event with the key, newest first; false ends the search. */
typedef bool see_event(void *ctx, tl_position position, tl_str type);

struct search {
    tl_str key;
    uint64_t hash;
    tl_position before, after; /* exclusive */
    see_event *see;
    void *ctx;
    bool ended;
};

/* Position and type of the candidate; false when it is another key. */
static tl_code look_at(const struct search *search, struct tl_segment *segment, uint64_t offset, bool *same,
                       tl_position *position, tl_str *type, struct tl_error *err)
{
    struct event_rec rec;
    struct commit_head head;
    *same = false;
    tl_code code = tl_segment_read(segment, &rec, sizeof rec, offset, err);
    if (code)
        return code;
    if (rec.head.kind != TL_RECORD_EVENT || rec.key != search->hash || rec.back < sizeof head)
        return TL_OK;
    code = tl_segment_read(segment, &head, sizeof head, offset - rec.back, err);
    if (code)
        return code;
    *position = tl_position_make(head.number, (uint32_t)((rec.back - sizeof head) / sizeof rec));
    *type = tl_segment_name(segment, rec.type);
    if (*position <= search->after || *position >= search->before) {
        *same = *position <= search->after; /* tells the caller that it has gone far enough */
        return TL_OK;
    }
    uint64_t clear_at = offset - rec.back + sizeof head + tl_commit_dir_len(&head) + rec.body_off;
    if (rec.clear_len > head.body_len)
        return tl_fail(err, TL_ECORRUPT, "%s is damaged at offset %llu", segment->path, (unsigned long long)offset);
    uint8_t *clear = tl_alloc(rec.clear_len + 1u);
    tl_str key;
    code = tl_segment_read(segment, clear, rec.clear_len, clear_at, err);
    *same = !code && tl_clear_key(clear, rec.clear_len, &key) && tl_str_eq(key, search->key);
    tl_free(clear);
    return code;
}

static tl_code search_segment(struct search *search, struct tl_segment *segment, struct tl_error *err)
{
    enum { BLOCK = 64 };
    struct tl_index_entry places[BLOCK];
    uint32_t below = UINT32_MAX;
    for (;;) {
        size_t n = tl_segment_places(segment, INDEX_KEY, search->hash, below, places, BLOCK);
        for (size_t i = 0; i < n; i++) {
            bool same;
            tl_position position;
            tl_str type;
            tl_code code = look_at(search, segment, (uint64_t)places[i].place * 8, &same, &position, &type, err);
            if (code)
                return code;
            if (same && (position <= search->after || !search->see(search->ctx, position, type))) {
                search->ended = true;
                return TL_OK;
            }
        }
        if (n < BLOCK)
            return TL_OK;
        below = places[n - 1].place;
    }
}

static tl_code search_all(struct tl_journal *journal, struct search *search, struct tl_error *err)
{
    if (search->key.len == 0)
        return TL_OK;
    search->hash = tl_journal_key_hash(journal, search->key);
    if (search->before == TL_POSITION_NONE)
        search->before = UINT64_MAX;
    struct tl_segment_list *list = tl_segments_get(journal);
    tl_code code = TL_OK;
    for (size_t i = list->count; !code && !search->ended && i-- > 0;) {
        struct tl_segment *segment = list->segments[i];
        if (segment->head.first > tl_position_commit(search->before))
            continue;
        if (atomic_load(&segment->last) < tl_position_commit(search->after))
            break;
        code = search_segment(search, segment, err);
    }
    tl_segments_put(list);
    return code;
}

struct listing {
    tl_str type;
    tl_position *found; /* own */
    size_t count, cap, limit;
};

static bool list_event(void *ctx, tl_position position, tl_str type)
{
    struct listing *listing = ctx;
    if (listing->type.len && !tl_str_eq(listing->type, type))
        return true;
    if (listing->count == listing->cap) {
        listing->cap = listing->cap ? listing->cap * 2 : 16;
        listing->found = tl_realloc(listing->found, listing->cap * sizeof *listing->found);
    }
    listing->found[listing->count++] = position;
    return listing->count < listing->limit;
}

tl_code tl_journal_find(struct tl_journal *journal, const struct tl_key_query *query, struct tl_arena *arena,
                        tl_position **out, size_t *count, struct tl_error *err)
{
    struct listing listing = {.type = query->type, .limit = query->limit ? query->limit : 100};
    struct search search = {
        .key = query->key, .before = query->before, .after = query->after, .see = list_event, .ctx = &listing};
    tl_code code = search_all(journal, &search, err);
    *count = listing.count;
    *out = tl_arena_alloc(arena, listing.count * sizeof **out + 1);
    for (size_t i = 0; i < listing.count; i++)
        (*out)[i] = listing.found[i];
    tl_free(listing.found);
    return code;
}

struct earliest {
    const tl_str *types;
    size_t type_count;
    tl_position found;
};

static bool keep_earliest(void *ctx, tl_position position, tl_str type)
{
    struct earliest *earliest = ctx;
    for (size_t i = 0; i < earliest->type_count; i++)
        if (tl_str_eq(earliest->types[i], type))
            earliest->found = position;
    return true;
}

tl_code tl_journal_find_after(struct tl_journal *journal, tl_str key, const tl_str *types, size_t type_count,
                              tl_position after, tl_position *out, struct tl_error *err)
{
    struct earliest earliest = {types, type_count, TL_POSITION_NONE};
    struct search search = {.key = key, .after = after, .see = keep_earliest, .ctx = &earliest};
    tl_code code = search_all(journal, &search, err);
    if (!code && earliest.found == TL_POSITION_NONE)
        return tl_fail(err, TL_ENOTFOUND, "no such event of \"%.*s\" yet", TL_STR_ARGS(key));
    *out = earliest.found;
    return code;
}
