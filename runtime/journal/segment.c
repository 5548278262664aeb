/* Segments: heads, names, what a commit adds, look-ups. */
#include "segment.h"
#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/disk.h"
#include "journal_int.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct tl_segment *tl_segment_new(const char *path, int file, const struct seg_head *head)
{
    struct tl_segment *segment = TL_NEW(struct tl_segment);
    atomic_init(&segment->refs, 1);
    segment->path = tl_copy_z(path);
    segment->file = file;
    segment->head = *head;
    pthread_mutex_init(&segment->lock, NULL);
    for (int i = 0; i < INDEX_KINDS; i++)
        segment->tables[i] = tl_table_new();
    segment->names = tl_zalloc(NAMES_MAX, sizeof *segment->names);
    segment->end = SEG_HEAD_SIZE;
    segment->last_crc = head->prev_crc;
    segment->last_time_ms = head->last_time_ms;
    atomic_init(&segment->last, head->first - 1);
    return segment;
}

struct tl_segment *tl_segment_ref(struct tl_segment *segment)
{
    atomic_fetch_add_explicit(&segment->refs, 1, memory_order_relaxed);
    return segment;
}

void tl_segment_unref(struct tl_segment *segment)
{
    if (!segment || atomic_fetch_sub_explicit(&segment->refs, 1, memory_order_acq_rel) != 1)
        return;
    tl_disk_close(segment->file);
    for (int i = 0; i < INDEX_KINDS; i++)
        tl_table_free(segment->tables[i]);
    tl_index_free(segment->index);
    tl_free(segment->offsets);
    tl_free(segment->names);
    tl_free(segment->path);
    pthread_mutex_destroy(&segment->lock);
    tl_free(segment);
}

char *tl_segment_path(const char *dir, uint64_t number, const char *suffix)
{
    return tl_printf("%s/seg-%010llu%s", dir, (unsigned long long)number, suffix);
}

void tl_seg_head_fill(struct seg_head *head)
{
    memcpy(head->magic, SEG_MAGIC, 8);
    head->version = FORMAT_VERSION;
    memcpy(head->program, TIDELOCK_VERSION, sizeof TIDELOCK_VERSION);
    head->crc = tl_crc32c(0, (const uint8_t *)head + 16, sizeof *head - 16);
}

int tl_seg_head_write(int file, struct seg_head *head)
{
    tl_seg_head_fill(head);
    uint8_t page[SEG_HEAD_SIZE] = {0};
    memcpy(page, head, sizeof *head);
    return tl_disk_pwrite(file, page, sizeof page, 0);
}

tl_code tl_seg_head_read(int file, const char *path, struct seg_head *out, struct tl_error *err)
{
    ssize_t n = tl_disk_pread(file, out, sizeof *out, 0);
    if (n < 0)
        return tl_fail(err, TL_EIO, "%s cannot be read: %s", path, strerror((int)-n));
    if (n < (ssize_t)sizeof *out || memcmp(out->magic, SEG_MAGIC, 8) != 0)
        return tl_fail(err, TL_ECORRUPT,
                       "%s does not begin like a segment of a journal (offset 0); its commits cannot be reached. "
                       "Run `tidelock restore` with the last backup",
                       path);
    if (out->version != FORMAT_VERSION)
        return tl_fail(
            err, TL_EVERSION,
            "%s has format %u, written by Tidelock %.23s; this is %s, which reads format %u. Start Tidelock %.23s "
            "or newer",
            path, out->version, out->program, TIDELOCK_VERSION, FORMAT_VERSION, out->program);
    if (out->crc != tl_crc32c(0, (const uint8_t *)out + 16, sizeof *out - 16))
        return tl_fail(err, TL_ECORRUPT,
                       "the head of %s is damaged (offset 0..128); its commits cannot be trusted. Run `tidelock "
                       "restore` with the last backup",
                       path);
    return TL_OK;
}

tl_str tl_segment_name(const void *ctx, uint32_t id)
{
    const struct tl_segment *segment = ctx;
    if (id >= NAMES_MAX || !segment->names[id])
        return TL_STR("?");
    return segment->names[id]->text;
}

struct tl_decoder tl_segment_decoder(const struct tl_segment *segment)
{
    return (struct tl_decoder){tl_segment_name, segment};
}

tl_code tl_segment_learn_names(struct tl_segment *segment, struct tl_names *names, const struct commit_head *head,
                               const uint8_t *dir, struct tl_error *err)
{
    uint64_t at = 0;
    const struct rec_head *rec;
    while ((rec = tl_other_next(head, dir, &at)) != NULL) {
        if (rec->kind != TL_RECORD_NAME)
            continue;
        const struct name_rec *name = (const void *)rec;
        if (name->id != segment->name_count + 1 || name->id >= NAMES_MAX)
            return tl_fail(err, TL_ECORRUPT, "commit %llu of %s names id %u after %u", (unsigned long long)head->number,
                           segment->path, name->id, segment->name_count);
        struct tl_name *interned = tl_names_get(names, tl_str_n(name + 1, name->len));
        segment->names[name->id] = interned;
        segment->name_count = name->id;
    }
    return TL_OK;
}

static void learn_key_life(struct tl_segment *segment, const struct commit_head *head, uint32_t window_s)
{
    int64_t until = head->time_ms + (int64_t)window_s * 1000;
    if (until > segment->keys_until_ms)
        segment->keys_until_ms = until;
}

static uint32_t tag_of(const uint8_t hash[16])
{
    uint32_t tag;
    memcpy(&tag, hash, 4);
    return tag;
}

static void learn_others(struct tl_segment *segment, uint64_t offset, const struct commit_head *head,
                         const uint8_t *dir)
{
    uint64_t at = 0;
    const struct rec_head *rec;
    while ((rec = tl_other_next(head, dir, &at)) != NULL) {
        if (rec->kind == TL_RECORD_DUPLICATE) {
            const struct dup_rec *dup = (const void *)rec;
            tl_table_add(segment->tables[INDEX_DEDUPE], dup->dedupe, (uint32_t)((offset + dup->back) / 8),
                         tag_of(dup->hash));
            learn_key_life(segment, head, dup->window_s);
        } else if (rec->kind == TL_RECORD_OUTCOME) {
            const struct outcome_rec *outcome = (const void *)rec;
            tl_table_add(segment->tables[INDEX_OUTCOME], tl_outcome_hash(outcome->event),
                         (uint32_t)((offset + outcome->back) / 8), tl_position_index(outcome->event));
        }
    }
}

static void learn_events(struct tl_segment *segment, uint64_t offset, const struct commit_head *head,
                         const uint8_t *dir)
{
    enum { AHEAD = 8 };
    struct tl_table *dedupe = segment->tables[INDEX_DEDUPE];
    struct tl_table *key = segment->tables[INDEX_KEY];
    for (uint32_t i = 0; i < head->event_count; i++) {
        if (i + AHEAD < head->event_count) {
            const struct event_rec *next = tl_event_rec_at(dir, i + AHEAD);
            tl_table_prefetch(dedupe, next->dedupe);
            tl_table_prefetch(key, next->key);
        }
        const struct event_rec *rec = tl_event_rec_at(dir, i);
        uint32_t place = (uint32_t)((offset + rec->back) / 8);
        if (rec->key)
            tl_table_add(key, rec->key, place, rec->type);
        if (rec->dedupe) {
            tl_table_add(dedupe, rec->dedupe, place, tag_of(rec->hash));
            learn_key_life(segment, head, rec->window_s);
        }
    }
}

void tl_segment_learn(struct tl_segment *segment, uint64_t offset, const struct commit_head *head, const uint8_t *dir)
{
    pthread_mutex_lock(&segment->lock);
    if (segment->offset_count == segment->offset_cap) {
        segment->offset_cap = segment->offset_cap ? segment->offset_cap * 2 : 1024;
        segment->offsets = tl_realloc(segment->offsets, segment->offset_cap * sizeof *segment->offsets);
    }
    segment->offsets[segment->offset_count++] = (uint32_t)(offset / 8);
    learn_events(segment, offset, head, dir);
    learn_others(segment, offset, head, dir);
    segment->end = offset + tl_commit_total(head);
    segment->last_crc = head->crc;
    segment->last_time_ms = head->time_ms;
    segment->events += head->event_count;
    atomic_store_explicit(&segment->last, head->number, memory_order_release);
    pthread_mutex_unlock(&segment->lock);
}

uint64_t tl_segment_offset(struct tl_segment *segment, uint64_t commit)
{
    if (commit < segment->head.first || commit > atomic_load_explicit(&segment->last, memory_order_acquire))
        return 0;
    uint64_t offset = 0;
    pthread_mutex_lock(&segment->lock);
    bool in_memory = segment->offsets != NULL;
    if (in_memory)
        offset = (uint64_t)segment->offsets[commit - segment->head.first] * 8;
    pthread_mutex_unlock(&segment->lock);
    /* once there, the index stays */
    return in_memory ? offset : tl_index_offset(segment->index, commit);
}

size_t tl_segment_places(struct tl_segment *segment, enum index_kind kind, uint64_t hash, uint32_t below,
                         struct tl_index_entry *out, size_t cap)
{
    size_t count = 0;
    pthread_mutex_lock(&segment->lock);
    struct tl_table *table = segment->tables[kind];
    if (table) {
        const struct table_node *node = tl_table_newest(table, hash);
        for (; node && count < cap; node = tl_table_older(table, node))
            if (node->place < below)
                out[count++] = (struct tl_index_entry){hash, node->place, node->tag};
    }
    pthread_mutex_unlock(&segment->lock);
    return table ? count : tl_index_places(segment->index, kind, hash, below, out, cap);
}

tl_code tl_segment_read(struct tl_segment *segment, void *out, uint64_t len, uint64_t offset, struct tl_error *err)
{
    ssize_t n = tl_disk_pread(segment->file, out, len, offset);
    if (n < 0)
        return tl_fail(err, TL_EIO, "%s cannot be read at offset %llu: %s", segment->path, (unsigned long long)offset,
                       strerror((int)-n));
    if ((uint64_t)n != len)
        return tl_fail(err, TL_ECORRUPT, "%s ends at offset %llu, in the middle of a record", segment->path,
                       (unsigned long long)(offset + (uint64_t)n));
    return TL_OK;
}
