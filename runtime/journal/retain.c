/* Dropping old segments, and erasing one event. */
#include "base/alloc.h"
#include "base/disk.h"
#include "base/log.h"
#include "journal/reader.h"
#include "journal_int.h"
#include <inttypes.h>
#include <string.h>

static void drop_first(struct tl_journal *journal)
{
    struct tl_segment_list *before = tl_segments_get(journal);
    struct tl_segment_list *after = tl_segments_new(before->count - 1);
    for (size_t i = 1; i < before->count; i++)
        after->segments[i - 1] = tl_segment_ref(before->segments[i]);
    tl_segments_set(journal, after);
    tl_segments_put(before);
}

/* The index goes first: a segment without one is read, an index without a segment would stay. */
static tl_code drop(struct tl_journal *journal, struct tl_segment *segment, struct tl_error *err)
{
    char *index = tl_segment_path(journal->dir, segment->head.number, ".idx");
    int failed = tl_disk_unlink(index);
    if (failed == -ENOENT)
        failed = 0;
    if (!failed)
        failed = tl_disk_unlink(segment->path);
    tl_free(index);
    if (failed)
        return tl_fail(err, TL_EIO, "%s cannot be removed: %s", segment->path, strerror(-failed));
    drop_first(journal);
    tl_log(TL_INFO, "journal.drop", "dropped a segment past its retention", TL_FSTR("file", segment->path));
    return TL_OK;
}

static bool is_due(const struct tl_segment *segment, int64_t now_ms, int64_t keep_ms)
{
    return segment->last_time_ms < now_ms - keep_ms && segment->keys_until_ms < now_ms;
}

static bool is_indexed(struct tl_segment *segment)
{
    pthread_mutex_lock(&segment->lock);
    bool indexed = segment->index != NULL;
    pthread_mutex_unlock(&segment->lock);
    return indexed;
}

tl_code tl_journal_retain(struct tl_journal *journal, int64_t keep_ms, unsigned *dropped, struct tl_error *err)
{
    unsigned count = 0;
    uint64_t reached = 0;
    tl_code code = TL_OK;
    int64_t now_ms = tl_clockwatch_now(&journal->clock);
    while (!code && tl_clockwatch_trusted(&journal->clock)) {
        struct tl_segment_list *list = tl_segments_get(journal);
        struct tl_segment *segment = tl_segment_ref(list->segments[0]);
        bool due = list->count > 1 && is_indexed(segment) && is_due(segment, now_ms, keep_ms);
        tl_segments_put(list);
        uint64_t last = atomic_load(&segment->last);
        if (due && journal->options.before_drop)
            due = journal->options.before_drop(journal->options.ctx, segment->head.first, last);
        if (due && reached < last)
            code = tl_apply_sync(journal->apply, &reached, err);
        if (!due || code || reached < last) {
            tl_segment_unref(segment);
            break;
        }
        code = drop(journal, segment, err);
        count += code == TL_OK;
        tl_segment_unref(segment);
    }
    if (dropped)
        *dropped = count;
    return code;
}

bool tl_journal_clock_trusted(struct tl_journal *journal)
{
    return tl_clockwatch_trusted(&journal->clock);
}

void tl_journal_trust_clock(struct tl_journal *journal)
{
    tl_clockwatch_confirm(&journal->clock);
}

/* ---- erasing ---- */

/* Notes the erasure in the journal first. That also puts a later commit behind the event's own, so that a half
 * overwritten payload is never taken for a torn commit. */
static tl_code note_erasure(struct tl_journal *journal, tl_position position, struct tl_error *err)
{
    char id[TL_POSITION_TEXT];
    tl_position_print(position, id);
    struct tl_batch *batch = tl_batch_new(journal);
    tl_code code = tl_batch_put(batch, &(struct tl_state_put){.table = TL_STR("erased"), .key = tl_str_z(id)}, err);
    if (!code)
        code = tl_journal_submit_wait(journal, batch, TL_DURABLE, err);
    tl_batch_free(batch);
    return code;
}

static tl_code overwrite(struct tl_segment *segment, tl_position position, struct tl_error *err)
{
    struct commit_head head;
    struct event_rec rec;
    uint64_t offset = tl_segment_offset(segment, tl_position_commit(position));
    if (!offset)
        return tl_fail(err, TL_ENOTFOUND, "the event is not in the journal");
    tl_code code = tl_segment_read(segment, &head, sizeof head, offset, err);
    if (!code && tl_position_index(position) >= head.event_count)
        code = tl_fail(err, TL_ENOTFOUND, "the event is not in the journal");
    if (!code)
        code = tl_segment_read(segment, &rec, sizeof rec,
                               offset + sizeof head + (uint64_t)tl_position_index(position) * sizeof rec, err);
    if (code)
        return code;
    size_t len = (size_t)rec.clear_len + rec.payload_len;
    uint8_t *bytes = tl_alloc(len + 1);
    memset(bytes, ERASED_BYTE, len);
    int failed =
        tl_disk_pwrite(segment->file, bytes, len, offset + sizeof head + tl_commit_dir_len(&head) + rec.body_off);
    if (!failed)
        failed = tl_disk_sync(segment->file);
    tl_free(bytes);
    if (failed)
        tl_journal_die("cannot erase an event in", segment->path, failed);
    return TL_OK;
}

tl_code tl_journal_erase(struct tl_journal *journal, tl_position position, struct tl_error *err)
{
    struct tl_segment_list *list = tl_segments_get(journal);
    struct tl_segment *segment = tl_segments_find(list, tl_position_commit(position));
    tl_code code = segment ? TL_OK : tl_fail(err, TL_ENOTFOUND, "the event is not in the journal");
    if (!code)
        code = note_erasure(journal, position, err);
    if (!code)
        code = overwrite(segment, position, err);
    tl_segments_put(list);
    return code;
}
