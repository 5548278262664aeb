/* Reading single events and the outcomes of one. Any thread. */
#include "journal/reader.h"
#include "base/alloc.h"
#include "base/crc32c.h"
#include "crypto/digest.h"
#include "journal_int.h"
#include <string.h>

static tl_code gone(tl_position position, struct tl_error *err)
{
    char text[TL_POSITION_TEXT];
    tl_position_print(position, text);
    return tl_fail(err, TL_ENOTFOUND, "event %s is not in the journal: it never was, or retention has dropped it",
                   text);
}

/* The commit's head and the event's record. */
static tl_code read_rec(struct tl_segment *segment, tl_position position, struct commit_head *head,
                        struct event_rec *rec, uint64_t *offset, struct tl_error *err)
{
    uint32_t index = tl_position_index(position);
    *offset = tl_segment_offset(segment, tl_position_commit(position));
    if (!*offset)
        return gone(position, err);
    tl_code code = tl_segment_read(segment, head, sizeof *head, *offset, err);
    if (code)
        return code;
    if (head->magic != COMMIT_MAGIC || head->number != tl_position_commit(position))
        return tl_fail(err, TL_ECORRUPT, "%s is damaged at offset %llu. Run `tidelock doctor`", segment->path,
                       (unsigned long long)*offset);
    if (index >= head->event_count)
        return gone(position, err);
    return tl_segment_read(segment, rec, sizeof *rec, *offset + sizeof *head + (uint64_t)index * sizeof *rec, err);
}

static tl_code read_event(struct tl_segment *segment, tl_position position, struct tl_arena *arena,
                          struct tl_event *out, struct tl_error *err)
{
    struct commit_head head;
    struct event_rec rec;
    uint64_t offset;
    tl_code code = read_rec(segment, position, &head, &rec, &offset, err);
    if (code)
        return code;
    uint64_t len = (uint64_t)rec.clear_len + rec.payload_len;
    if (rec.head.kind != TL_RECORD_EVENT || rec.body_off + len > head.body_len)
        return tl_fail(err, TL_ECORRUPT, "%s is damaged at offset %llu. Run `tidelock doctor`", segment->path,
                       (unsigned long long)offset);
    uint8_t *body = tl_arena_alloc(arena, len + 1);
    code = tl_segment_read(segment, body, len, offset + sizeof head + tl_commit_dir_len(&head) + rec.body_off, err);
    if (code)
        return code;
    struct tl_decoder names = tl_segment_decoder(segment);
    bool right = tl_event_decode(&names, &head, &rec, tl_position_index(position), body, out);
    if (right && !out->erased) {
        uint8_t hash[16];
        tl_sha256_short(out->payload, hash);
        right = memcmp(hash, rec.hash, 16) == 0 && tl_crc32c(0, body, rec.clear_len) == rec.clear_crc;
    }
    if (!right)
        return tl_fail(err, TL_ECORRUPT,
                       "%s: the payload of an event in commit %llu (offset %llu) is damaged. Run "
                       "`tidelock doctor`, and `tidelock restore` to go back to a backup",
                       segment->path, (unsigned long long)head.number, (unsigned long long)offset);
    return TL_OK;
}

tl_code tl_journal_event(struct tl_journal *journal, tl_position position, struct tl_arena *arena, struct tl_event *out,
                         struct tl_error *err)
{
    struct tl_segment_list *list = tl_segments_get(journal);
    struct tl_segment *segment = tl_segments_find(list, tl_position_commit(position));
    tl_code code = segment ? read_event(segment, position, arena, out, err) : gone(position, err);
    tl_segments_put(list);
    return code;
}

/* ---- outcomes ---- */

struct outcomes {
    struct tl_outcome *all; /* own while collecting */
    size_t count, cap;
};

static void add_outcome(struct outcomes *outcomes, const struct tl_outcome *outcome)
{
    if (outcomes->count == outcomes->cap) {
        outcomes->cap = outcomes->cap ? outcomes->cap * 2 : 4;
        outcomes->all = tl_realloc(outcomes->all, outcomes->cap * sizeof *outcomes->all);
    }
    outcomes->all[outcomes->count++] = *outcome;
}

/* The outcome record at `place`, if it is the event's. */
static tl_code read_outcome(struct tl_segment *segment, uint32_t place, tl_position event, struct tl_arena *arena,
                            struct outcomes *outcomes, struct tl_error *err)
{
    struct outcome_rec head_of;
    struct commit_head head;
    uint64_t offset = (uint64_t)place * 8;
    tl_code code = tl_segment_read(segment, &head_of, sizeof head_of, offset, err);
    if (code)
        return code;
    if (head_of.head.kind != TL_RECORD_OUTCOME || head_of.event != event)
        return TL_OK;
    code = tl_segment_read(segment, &head, sizeof head, offset - head_of.back, err);
    if (code)
        return code;
    if (head_of.head.len < sizeof head_of || head_of.head.len > head.other_len)
        return tl_fail(err, TL_ECORRUPT, "%s is damaged at offset %llu", segment->path, (unsigned long long)offset);
    struct outcome_rec *rec = tl_arena_alloc(arena, head_of.head.len);
    code = tl_segment_read(segment, rec, head_of.head.len, offset, err);
    if (code)
        return code;
    struct tl_effect *effects = tl_arena_alloc(arena, (rec->effect_count + 1u) * sizeof *effects);
    struct tl_decoder names = tl_segment_decoder(segment);
    struct tl_outcome outcome;
    tl_outcome_decode(&names, &head, rec, effects, rec->effect_count, &outcome);
    add_outcome(outcomes, &outcome);
    return TL_OK;
}

/* Those of one segment, oldest first. */
static tl_code outcomes_of(struct tl_segment *segment, tl_position event, struct tl_arena *arena,
                           struct outcomes *outcomes, struct tl_error *err)
{
    enum { MOST = 256 }; /* outcomes of one event in one segment */
    struct tl_index_entry places[MOST];
    size_t n = tl_segment_places(segment, INDEX_OUTCOME, tl_outcome_hash(event), UINT32_MAX, places, MOST);
    tl_code code = TL_OK;
    while (!code && n-- > 0)
        code = read_outcome(segment, places[n].place, event, arena, outcomes, err);
    return code;
}

tl_code tl_journal_outcomes(struct tl_journal *journal, tl_position event, struct tl_arena *arena,
                            struct tl_outcome **out, size_t *count, struct tl_error *err)
{
    struct outcomes outcomes = {0};
    struct tl_segment_list *list = tl_segments_get(journal);
    tl_code code = TL_OK;
    for (size_t i = 0; !code && i < list->count; i++)
        if (atomic_load(&list->segments[i]->last) >= tl_position_commit(event))
            code = outcomes_of(list->segments[i], event, arena, &outcomes, err);
    tl_segments_put(list);
    *count = outcomes.count;
    *out = tl_arena_alloc(arena, outcomes.count * sizeof **out + 1);
    if (outcomes.count)
        memcpy(*out, outcomes.all, outcomes.count * sizeof **out);
    tl_free(outcomes.all);
    return code;
}

const char *tl_ending_name(enum tl_ending ending)
{
    static const char *const words[] = {
#define X(name, word) word,
        TL_ENDINGS(X)
#undef X
    };
    return ending < TL_ENDING_COUNT ? words[ending] : "?";
}
