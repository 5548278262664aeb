/* Commits in memory. */
#include "commit_int.h"
#include "base/alloc.h"
#include "record.h"

#define POOL_COMMITS 16u      /* most kept for another use */
#define POOL_BYTES (4u << 20) /* larger buffers are given back */

void tl_commit_pool_init(struct commit_pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
}

static void commit_free(struct tl_commit *commit)
{
    tl_free(commit->bytes);
    tl_free(commit);
}

void tl_commit_pool_free(struct commit_pool *pool)
{
    while (pool->free) {
        struct tl_commit *commit = pool->free;
        pool->free = commit->next;
        commit_free(commit);
    }
    pthread_mutex_destroy(&pool->lock);
}

struct tl_commit *tl_commit_new(struct commit_pool *pool, struct tl_segment *segment, size_t size)
{
    pthread_mutex_lock(&pool->lock);
    struct tl_commit *commit = pool->free;
    if (commit) {
        pool->free = commit->next;
        pool->count--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!commit) {
        commit = TL_NEW(struct tl_commit);
        commit->pool = pool;
    }
    if (commit->cap < size) {
        tl_free(commit->bytes);
        commit->cap = size < 65536 ? size : size + size / 4;
        commit->bytes = tl_alloc(commit->cap);
    }
    atomic_init(&commit->refs, 1);
    commit->segment = tl_segment_ref(segment);
    return commit;
}

struct tl_commit *tl_commit_ref(struct tl_commit *commit)
{
    atomic_fetch_add_explicit(&commit->refs, 1, memory_order_relaxed);
    return commit;
}

void tl_commit_unref(struct tl_commit *commit)
{
    if (!commit || atomic_fetch_sub_explicit(&commit->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct commit_pool *pool = commit->pool;
    tl_segment_unref(commit->segment);
    commit->segment = NULL;
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->count < POOL_COMMITS && commit->cap <= POOL_BYTES;
    if (keep) {
        commit->next = pool->free;
        pool->free = commit;
        pool->count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        commit_free(commit);
}

const struct commit_head *tl_commit_head(const struct tl_commit *commit)
{
    return (const struct commit_head *)(const void *)commit->bytes;
}

const uint8_t *tl_commit_dir(const struct tl_commit *commit)
{
    return commit->bytes + sizeof(struct commit_head);
}

const uint8_t *tl_commit_body(const struct tl_commit *commit)
{
    return tl_commit_dir(commit) + tl_commit_dir_len(tl_commit_head(commit));
}

uint64_t tl_commit_number(const struct tl_commit *commit)
{
    return tl_commit_head(commit)->number;
}

int64_t tl_commit_time(const struct tl_commit *commit)
{
    return tl_commit_head(commit)->time_ms;
}

uint32_t tl_commit_event_count(const struct tl_commit *commit)
{
    return tl_commit_head(commit)->event_count;
}

void tl_commit_entry(const struct tl_commit *commit, uint32_t index, struct tl_entry *out)
{
    tl_must(index < tl_commit_event_count(commit));
    struct tl_decoder names = tl_segment_decoder(commit->segment);
    tl_entry_decode(&names, tl_commit_head(commit), tl_event_rec_at(tl_commit_dir(commit), index), index, out);
}

void tl_commit_event(const struct tl_commit *commit, uint32_t index, struct tl_event *out)
{
    tl_must(index < tl_commit_event_count(commit));
    struct tl_decoder names = tl_segment_decoder(commit->segment);
    const struct event_rec *rec = tl_event_rec_at(tl_commit_dir(commit), index);
    tl_must(tl_event_decode(&names, tl_commit_head(commit), rec, index, tl_commit_body(commit) + rec->body_off, out));
}

bool tl_commit_next(const struct tl_commit *commit, size_t *place, struct tl_record *out, struct tl_effect *effects,
                    size_t effect_cap)
{
    const struct commit_head *head = tl_commit_head(commit);
    struct tl_decoder names = tl_segment_decoder(commit->segment);
    uint64_t at = *place;
    const struct rec_head *rec = tl_other_next(head, tl_commit_dir(commit), &at);
    if (!rec)
        return false;
    *place = at;
    *out = (struct tl_record){.kind = (enum tl_record_kind)rec->kind, .commit = head->number, .time_ms = head->time_ms};
    const void *p = rec;
    if (rec->kind == TL_RECORD_OUTCOME)
        tl_outcome_decode(&names, head, p, effects, effect_cap, &out->outcome);
    else if (rec->kind == TL_RECORD_PUT || rec->kind == TL_RECORD_DELETE)
        tl_state_decode(&names, p, tl_commit_body(commit) + ((const struct state_rec *)p)->body_off, &out->put);
    else if (rec->kind == TL_RECORD_DUPLICATE)
        out->position = ((const struct dup_rec *)p)->first;
    return true;
}

tl_code tl_commit_load(struct commit_pool *pool, struct tl_segment *segment, uint64_t offset, struct tl_commit **out,
                       struct tl_error *err)
{
    struct commit_head head;
    tl_code code = tl_segment_read(segment, &head, sizeof head, offset, err);
    if (!code)
        code = tl_commit_head_check(&head, SEGMENT_BYTES_MOST, err);
    if (code) {
        tl_error_prefix(err, "%s at offset %llu", segment->path, (unsigned long long)offset);
        return code;
    }
    struct tl_commit *commit = tl_commit_new(pool, segment, tl_commit_total(&head));
    commit->offset = offset;
    code = tl_segment_read(segment, commit->bytes, tl_commit_total(&head), offset, err);
    if (!code && tl_commit_crc(tl_commit_head(commit), tl_commit_dir(commit)) != head.crc)
        code = tl_fail(err, TL_ECORRUPT, "%s is damaged at offset %llu (commit %llu). Run `tidelock doctor`",
                       segment->path, (unsigned long long)offset, (unsigned long long)head.number);
    if (!code)
        code = tl_directory_check(tl_commit_head(commit), tl_commit_dir(commit), err);
    if (code) {
        tl_commit_unref(commit);
        return code;
    }
    *out = commit;
    return TL_OK;
}
