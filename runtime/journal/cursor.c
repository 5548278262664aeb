/* Cursors: one commit's directory in memory at a time. */
#include "base/alloc.h"
#include "journal/reader.h"
#include "journal_int.h"

struct tl_cursor {
    struct tl_journal *journal; /* borrow */
    uint32_t kinds;
    uint64_t next;              /* commit to be read next */
    uint32_t skip;              /* events of the first commit to be left out */
    struct tl_segment *segment; /* counted; NULL before the first */
    uint64_t offset;            /* of the commit in memory */
    uint64_t next_offset;       /* where `next` begins when it is in the same segment */
    struct commit_head head;
    uint8_t *dir; /* own */
    size_t dir_cap;
    bool loaded;
    uint32_t index;            /* next event */
    uint64_t other_at;         /* next other record */
    struct tl_effect *effects; /* own */
    size_t effect_cap;
    uint8_t *body; /* own; of the last state record */
};

struct tl_cursor *tl_cursor_new(struct tl_journal *journal, uint64_t from, uint32_t kinds)
{
    struct tl_cursor *cursor = TL_NEW(struct tl_cursor);
    cursor->journal = journal;
    cursor->kinds = kinds;
    cursor->next = from ? from : 1;
    return cursor;
}

struct tl_cursor *tl_cursor_after(struct tl_journal *journal, tl_position position, uint32_t kinds)
{
    struct tl_cursor *cursor = tl_cursor_new(journal, tl_position_commit(position), kinds);
    if (position != TL_POSITION_NONE)
        cursor->skip = tl_position_index(position) + 1;
    return cursor;
}

void tl_cursor_free(struct tl_cursor *cursor)
{
    if (!cursor)
        return;
    tl_segment_unref(cursor->segment);
    tl_free(cursor->dir);
    tl_free(cursor->effects);
    tl_free(cursor->body);
    tl_free(cursor);
}

uint64_t tl_cursor_commit(const struct tl_cursor *cursor)
{
    return cursor->loaded ? cursor->head.number : cursor->next;
}

/* Stands the cursor in the segment that has `next`, or in the oldest one held. False: dropped and nothing later. */
static void seek(struct tl_cursor *cursor)
{
    struct tl_segment_list *list = tl_segments_get(cursor->journal);
    struct tl_segment *segment = tl_segments_find(list, cursor->next);
    if (!segment) {
        segment = list->segments[0];
        cursor->next = segment->head.first;
        cursor->skip = 0;
    }
    tl_segment_unref(cursor->segment);
    cursor->segment = tl_segment_ref(segment);
    cursor->next_offset = 0;
    tl_segments_put(list);
}

static tl_code load(struct tl_cursor *cursor, struct tl_error *err)
{
    if (cursor->next > tl_journal_last(cursor->journal))
        return TL_ENOTFOUND;
    if (!cursor->segment || cursor->next < cursor->segment->head.first ||
        cursor->next > atomic_load(&cursor->segment->last))
        seek(cursor);
    uint64_t offset = cursor->next_offset ? cursor->next_offset : tl_segment_offset(cursor->segment, cursor->next);
    if (!offset)
        return cursor->next > tl_journal_last(cursor->journal)
                   ? TL_ENOTFOUND
                   : tl_fail(err, TL_ECORRUPT, "commit %llu is not in %s", (unsigned long long)cursor->next,
                             cursor->segment->path);
    tl_code code = tl_segment_read(cursor->segment, &cursor->head, sizeof cursor->head, offset, err);
    if (!code)
        code = tl_commit_head_check(&cursor->head, SEGMENT_BYTES_MOST, err);
    if (code)
        return code;
    uint64_t len = tl_commit_dir_len(&cursor->head);
    if (cursor->dir_cap < len) {
        tl_free(cursor->dir);
        cursor->dir_cap = len + len / 2;
        cursor->dir = tl_alloc(cursor->dir_cap);
    }
    code = tl_segment_read(cursor->segment, cursor->dir, len, offset + sizeof cursor->head, err);
    if (!code && tl_commit_crc(&cursor->head, cursor->dir) != cursor->head.crc)
        code = tl_fail(err, TL_ECORRUPT, "%s is damaged at offset %llu (commit %llu). Run `tidelock doctor`",
                       cursor->segment->path, (unsigned long long)offset, (unsigned long long)cursor->next);
    if (!code)
        code = tl_directory_check(&cursor->head, cursor->dir, err);
    if (code)
        return code;
    cursor->loaded = true;
    cursor->offset = offset;
    cursor->next_offset = offset + tl_commit_total(&cursor->head);
    cursor->next = cursor->head.number + 1;
    cursor->index = cursor->skip;
    cursor->skip = 0;
    cursor->other_at = 0;
    return TL_OK;
}

static bool wants(const struct tl_cursor *cursor, unsigned kind)
{
    return cursor->kinds >> kind & 1;
}

static tl_code read_state(struct tl_cursor *cursor, const struct state_rec *rec, struct tl_state_put *out,
                          struct tl_error *err)
{
    struct tl_decoder names = tl_segment_decoder(cursor->segment);
    uint64_t len = tl_state_body_len(rec);
    cursor->body = tl_realloc(cursor->body, len + 1);
    uint64_t at = cursor->offset + sizeof cursor->head + tl_commit_dir_len(&cursor->head) + rec->body_off;
    tl_code code = tl_segment_read(cursor->segment, cursor->body, len, at, err);
    tl_state_decode(&names, rec, cursor->body, out);
    return code;
}

static tl_code give_other(struct tl_cursor *cursor, const struct rec_head *rec, struct tl_record *out,
                          struct tl_error *err)
{
    struct tl_decoder names = tl_segment_decoder(cursor->segment);
    const void *p = rec;
    *out = (struct tl_record){
        .kind = (enum tl_record_kind)rec->kind, .commit = cursor->head.number, .time_ms = cursor->head.time_ms};
    if (rec->kind == TL_RECORD_OUTCOME) {
        const struct outcome_rec *outcome = p;
        if (cursor->effect_cap < outcome->effect_count) {
            cursor->effect_cap = outcome->effect_count;
            cursor->effects = tl_realloc(cursor->effects, cursor->effect_cap * sizeof *cursor->effects);
        }
        tl_outcome_decode(&names, &cursor->head, outcome, cursor->effects, cursor->effect_cap, &out->outcome);
    } else if (rec->kind == TL_RECORD_PUT || rec->kind == TL_RECORD_DELETE) {
        return read_state(cursor, p, &out->put, err);
    } else if (rec->kind == TL_RECORD_DUPLICATE) {
        out->position = ((const struct dup_rec *)p)->first;
    }
    return TL_OK;
}

/* The next wanted record of the commit in memory. TL_ENOTFOUND: no more in it. */
static tl_code give(struct tl_cursor *cursor, struct tl_record *out, struct tl_error *err)
{
    if (wants(cursor, TL_RECORD_EVENT) && cursor->index < cursor->head.event_count) {
        struct tl_decoder names = tl_segment_decoder(cursor->segment);
        const struct event_rec *rec = tl_event_rec_at(cursor->dir, cursor->index);
        *out =
            (struct tl_record){.kind = TL_RECORD_EVENT, .commit = cursor->head.number, .time_ms = cursor->head.time_ms};
        tl_entry_decode(&names, &cursor->head, rec, cursor->index, &out->entry);
        cursor->index++;
        return TL_OK;
    }
    const struct rec_head *rec;
    while ((rec = tl_other_next(&cursor->head, cursor->dir, &cursor->other_at)) != NULL)
        if (wants(cursor, rec->kind))
            return give_other(cursor, rec, out, err);
    return TL_ENOTFOUND;
}

tl_code tl_cursor_next(struct tl_cursor *cursor, struct tl_record *out, struct tl_error *err)
{
    for (;;) {
        tl_code code = cursor->loaded ? give(cursor, out, err) : TL_ENOTFOUND;
        if (code != TL_ENOTFOUND)
            return code;
        cursor->loaded = false;
        code = load(cursor, err);
        if (code)
            return code;
    }
}
