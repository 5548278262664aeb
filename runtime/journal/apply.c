/* The state thread: takes the durable commits that hold state records, applies many of them in one transaction that
 * also notes how far it has come, and answers those who waited. The log is the truth: a transaction lost in a crash is
 * applied again from there, so nothing here needs a sync but the checkpoint. */
#include "apply.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "journal_int.h"
#include "scan.h"
#include "sqlite/store.h"
#include <string.h>
#include <time.h>

#define TAKE_ITEMS 256u
#define BEHIND_BYTES (64u << 20)

struct apply_item {
    struct apply_item *next;
    struct tl_commit *commit; /* counted; NULL: there is none, only somebody to answer */
    struct tl_batch *waiting;
};

struct apply {
    struct tl_journal *journal; /* borrow */
    struct store *store;        /* own; under store_lock */
    pthread_mutex_t store_lock;
    struct store *reader; /* own; under read_lock, which is taken after store_lock when the WAL is moved */
    pthread_mutex_t read_lock;
    struct tl_thread *thread;
    pthread_mutex_t lock; /* the queue */
    pthread_cond_t work, moved;
    struct apply_item *first, **last;
    bool busy, stop;
    _Atomic uint64_t reached, bytes;
    uint64_t segment; /* the writer's: segment of the last commit that was queued */
    struct acks acks; /* the thread's */
};

static tl_code apply_commit(struct store *store, const struct tl_commit *commit, struct tl_error *err)
{
    size_t place = 0;
    struct tl_record record;
    tl_code code = TL_OK;
    while (!code && tl_commit_next(commit, &place, &record, NULL, 0)) {
        if (record.kind == TL_RECORD_PUT)
            code = tl_store_put(store, &record.put, record.commit, record.time_ms, err);
        else if (record.kind == TL_RECORD_DELETE)
            code = tl_store_delete(store, record.put.table, record.put.key, err);
    }
    return code;
}

static tl_code apply_items(struct apply *apply, const struct apply_item *items, struct tl_error *err)
{
    uint64_t reached = 0;
    while (items && !items->commit)
        items = items->next;
    if (!items)
        return TL_OK;
    pthread_mutex_lock(&apply->store_lock);
    tl_code code = tl_store_begin(apply->store, err);
    for (const struct apply_item *item = items; !code && item; item = item->next) {
        if (!item->commit)
            continue;
        if (item->commit->has_state)
            code = apply_commit(apply->store, item->commit, err);
        reached = tl_commit_number(item->commit);
    }
    if (!code)
        code = tl_store_commit(apply->store, reached, err);
    if (code)
        tl_store_rollback(apply->store);
    pthread_mutex_unlock(&apply->store_lock);
    return code;
}

/* A full disk holds the state up, not the log: try until there is space. */
static void apply_or_die(struct apply *apply, const struct apply_item *items)
{
    struct tl_error err;
    tl_code code;
    while ((code = apply_items(apply, items, &err)) == TL_EFULL) {
        if (tl_reserve_use(apply->journal, 0, true))
            continue;
        struct timespec until = tl_clock_until(1000000000);
        pthread_mutex_lock(&apply->lock);
        pthread_cond_timedwait(&apply->work, &apply->lock, &until);
        pthread_mutex_unlock(&apply->lock);
    }
    if (code) {
        tl_log(TL_ERROR, "journal.state", err.text);
        tl_journal_die("cannot apply a commit to the state in", apply->journal->dir, -EIO);
    }
}

/* Up to TAKE_ITEMS from the queue. [lock held] */
static struct apply_item *take_items(struct apply *apply)
{
    struct apply_item *items = apply->first;
    struct apply_item *last = items;
    for (unsigned n = 1; n < TAKE_ITEMS && last->next; n++)
        last = last->next;
    apply->first = last->next;
    if (!apply->first)
        apply->last = &apply->first;
    last->next = NULL;
    return items;
}

static void finish_items(struct apply *apply, struct apply_item *items)
{
    while (items) {
        struct apply_item *next = items->next;
        for (struct tl_batch *batch = items->waiting, *after; batch; batch = after) {
            after = batch->next;
            tl_acks_add(&apply->acks, batch);
        }
        if (items->commit)
            atomic_fetch_sub(&apply->bytes, tl_commit_total(tl_commit_head(items->commit)));
        tl_commit_unref(items->commit);
        tl_free(items);
        items = next;
    }
    tl_acks_send(&apply->acks);
}

static void apply_body(void *ctx)
{
    struct apply *apply = ctx;
    pthread_mutex_lock(&apply->lock);
    for (;;) {
        if (!apply->first && apply->stop)
            break;
        if (!apply->first) {
            pthread_cond_wait(&apply->work, &apply->lock);
            continue;
        }
        struct apply_item *items = take_items(apply);
        uint64_t reached = atomic_load(&apply->reached);
        for (struct apply_item *item = items; item; item = item->next)
            reached = item->commit ? tl_commit_number(item->commit) : reached;
        apply->busy = true;
        pthread_mutex_unlock(&apply->lock);
        apply_or_die(apply, items);
        pthread_mutex_lock(&apply->lock);
        apply->busy = false;
        atomic_store(&apply->reached, reached);
        pthread_cond_broadcast(&apply->moved);
        pthread_mutex_unlock(&apply->lock);
        finish_items(apply, items);
        pthread_mutex_lock(&apply->store_lock);
        tl_store_tidy(apply->store, &apply->read_lock);
        pthread_mutex_unlock(&apply->store_lock);
        pthread_mutex_lock(&apply->lock);
    }
    pthread_mutex_unlock(&apply->lock);
}

void tl_apply_submit(struct apply *apply, struct tl_commit *commit, struct tl_batch *waiting)
{
    /* each segment makes a note of how far the state has come, so that a start never reads more than that again */
    bool note = commit && apply->segment != commit->segment->head.number;
    if (note)
        apply->segment = commit->segment->head.number;
    pthread_mutex_lock(&apply->lock);
    if (commit && !commit->has_state && !note && !waiting && !apply->first && !apply->busy) {
        atomic_store(&apply->reached, tl_commit_number(commit));
        pthread_cond_broadcast(&apply->moved);
        pthread_mutex_unlock(&apply->lock);
        return;
    }
    struct apply_item *item = TL_NEW(struct apply_item);
    item->commit = commit ? tl_commit_ref(commit) : NULL;
    item->waiting = waiting;
    if (commit)
        atomic_fetch_add(&apply->bytes, tl_commit_total(tl_commit_head(commit)));
    *apply->last = item;
    apply->last = &item->next;
    pthread_cond_signal(&apply->work);
    pthread_mutex_unlock(&apply->lock);
}

uint64_t tl_apply_reached(const struct apply *apply)
{
    return atomic_load(&apply->reached);
}

void tl_apply_wait(struct apply *apply, uint64_t commit)
{
    pthread_mutex_lock(&apply->lock);
    while (atomic_load(&apply->reached) < commit)
        pthread_cond_wait(&apply->moved, &apply->lock);
    pthread_mutex_unlock(&apply->lock);
}

bool tl_apply_is_behind(const struct apply *apply)
{
    return atomic_load_explicit(&apply->bytes, memory_order_relaxed) > BEHIND_BYTES;
}

tl_code tl_apply_sync(struct apply *apply, uint64_t *reached, struct tl_error *err)
{
    pthread_mutex_lock(&apply->lock);
    while (apply->first || apply->busy)
        pthread_cond_wait(&apply->moved, &apply->lock);
    *reached = atomic_load(&apply->reached);
    pthread_mutex_unlock(&apply->lock);
    pthread_mutex_lock(&apply->store_lock);
    tl_code code = TL_OK;
    if (*reached > tl_store_applied(apply->store)) {
        code = tl_store_begin(apply->store, err);
        if (!code)
            code = tl_store_commit(apply->store, *reached, err);
        if (code)
            tl_store_rollback(apply->store);
    }
    if (!code) {
        pthread_mutex_lock(&apply->read_lock);
        code = tl_store_sync(apply->store, err);
        pthread_mutex_unlock(&apply->read_lock);
    }
    pthread_mutex_unlock(&apply->store_lock);
    return code;
}

struct store *tl_apply_lock(struct apply *apply)
{
    pthread_mutex_lock(&apply->read_lock);
    return apply->reader;
}

void tl_apply_unlock(struct apply *apply)
{
    pthread_mutex_unlock(&apply->read_lock);
}

/* ---- at the start ---- */

static bool has_state(const struct tl_commit *commit)
{
    uint64_t at = 0;
    const struct rec_head *rec;
    while ((rec = tl_other_next(tl_commit_head(commit), tl_commit_dir(commit), &at)) != NULL)
        if (rec->kind == TL_RECORD_PUT || rec->kind == TL_RECORD_DELETE)
            return true;
    return false;
}

static tl_code apply_again(struct apply *apply, struct tl_segment *segment, uint64_t number, struct tl_error *err)
{
    struct tl_commit *commit = NULL;
    uint64_t offset = tl_segment_offset(segment, number);
    if (!offset)
        return tl_fail(err, TL_ECORRUPT, "commit %llu is not in %s", (unsigned long long)number, segment->path);
    tl_code code = tl_commit_load(&apply->journal->pool, segment, offset, &commit, err);
    if (code)
        return code;
    if (has_state(commit) &&
        !tl_body_check(tl_commit_head(commit), tl_commit_dir(commit), tl_commit_body(commit), NULL))
        code = tl_fail(err, TL_ECORRUPT,
                       "%s is damaged in the payloads of commit %llu (offset %llu), which the state still needs. Run "
                       "`tidelock doctor`, and `tidelock restore` to go back to a backup",
                       segment->path, (unsigned long long)number, (unsigned long long)offset);
    if (!code && has_state(commit))
        code = apply_commit(apply->store, commit, err);
    tl_commit_unref(commit);
    return code;
}

static tl_code catch_up(struct apply *apply, uint64_t from, uint64_t to, struct tl_error *err)
{
    struct tl_segment_list *list = tl_segments_get(apply->journal);
    tl_code code = TL_OK;
    if (from < list->segments[0]->head.first)
        code = tl_fail(err, TL_ECORRUPT,
                       "the state in %s/state.db has reached commit %llu, but the journal begins at %llu: commits are "
                       "missing. Run "
                       "`tidelock restore` with the last backup",
                       apply->journal->dir, (unsigned long long)from - 1,
                       (unsigned long long)list->segments[0]->head.first);
    while (!code && from <= to) {
        uint64_t end = from + 999 < to ? from + 999 : to;
        code = tl_store_begin(apply->store, err);
        for (; !code && from <= end; from++)
            code = apply_again(apply, tl_segments_find(list, from), from, err);
        if (!code)
            code = tl_store_commit(apply->store, end, err);
        if (code)
            tl_store_rollback(apply->store);
        tl_store_tidy(apply->store, NULL);
    }
    tl_segments_put(list);
    return code;
}

tl_code tl_apply_open(struct tl_journal *journal, struct apply **out, struct tl_error *err)
{
    struct apply *apply = TL_NEW(struct apply);
    apply->journal = journal;
    apply->last = &apply->first;
    pthread_mutex_init(&apply->store_lock, NULL);
    pthread_mutex_init(&apply->read_lock, NULL);
    pthread_mutex_init(&apply->lock, NULL);
    pthread_cond_init(&apply->work, NULL);
    pthread_cond_init(&apply->moved, NULL);
    *out = apply;
    char *path = tl_printf("%s/state.db", journal->dir);
    tl_code code = tl_store_open(path, &apply->store, err);
    if (!code)
        code = tl_store_open_reader(path, &apply->reader, err);
    tl_free(path);
    if (code)
        return code;
    uint64_t last = atomic_load(&journal->last);
    uint64_t reached = tl_store_applied(apply->store);
    if (reached > last)
        return tl_fail(
            err, TL_ECORRUPT,
            "the state in %s/state.db has reached commit %llu, but the last one in the journal is %llu: "
            "acknowledged commits are missing. Run `tidelock doctor`, and `tidelock restore` to go back to a backup",
            journal->dir, (unsigned long long)reached, (unsigned long long)last);
    atomic_store(&apply->reached, last);
    return catch_up(apply, reached + 1, last, err);
}

tl_code tl_apply_start(struct apply *apply, struct tl_error *err)
{
    return tl_thread_start("journal-state", apply_body, apply, &apply->thread, err);
}

void tl_apply_close(struct apply *apply)
{
    if (!apply)
        return;
    pthread_mutex_lock(&apply->lock);
    apply->stop = true;
    pthread_cond_broadcast(&apply->work);
    pthread_mutex_unlock(&apply->lock);
    if (apply->thread) {
        tl_thread_join(apply->thread);
        uint64_t reached;
        struct tl_error err;
        if (tl_apply_sync(apply, &reached, &err))
            tl_log(TL_WARN, "journal.state", "the state was not synced; the next start applies it again",
                   TL_FSTR("error", err.text));
    }
    tl_store_close(apply->reader);
    tl_store_close(apply->store);
    tl_acks_free(&apply->acks);
    pthread_mutex_destroy(&apply->store_lock);
    pthread_mutex_destroy(&apply->read_lock);
    pthread_mutex_destroy(&apply->lock);
    pthread_cond_destroy(&apply->work);
    pthread_cond_destroy(&apply->moved);
    tl_free(apply);
}
