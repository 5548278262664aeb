/* The writer thread: takes whatever has queued up, makes one commit of it, writes and syncs it once, and answers. The
 * commit in progress is the batching window: no timer. */
#include "base/clock.h"
#include "base/disk.h"
#include "base/log.h"
#include "journal_int.h"
#include <sched.h>
#include <fcntl.h>
#include <string.h>

/* ---- the queue ---- */

/* Puts what was submitted since behind what is pending, oldest first. */
static void take(struct tl_journal *journal)
{
    struct tl_batch *newest = atomic_exchange_explicit(&journal->queue, NULL, memory_order_acquire);
    struct tl_batch *oldest = NULL;
    struct tl_batch *end = newest;
    while (newest) {
        struct tl_batch *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    if (!oldest)
        return;
    *journal->pending_end = oldest;
    journal->pending_end = &end->next;
}

static void answer(struct tl_journal *journal, struct tl_batch *batch, tl_code code)
{
    atomic_fetch_sub_explicit(&journal->queued_bytes, tl_batch_size(batch), memory_order_relaxed);
    batch->code = code;
    tl_acks_add(&journal->acks, batch);
}

/* Takes those out of the pending batches that `refuse` names and answers them. How many there were. */
static unsigned strip(struct tl_journal *journal, bool (*refuse)(const struct tl_batch *), tl_code code)
{
    unsigned count = 0;
    struct tl_batch **at = &journal->pending;
    while (*at) {
        struct tl_batch *batch = *at;
        if (!refuse(batch)) {
            at = &batch->next;
            continue;
        }
        *at = batch->next;
        count++;
        if (code == TL_EFULL)
            atomic_fetch_add(&journal->refused, 1);
        answer(journal, batch, code);
    }
    journal->pending_end = at;
    return count;
}

static bool refused_at_once(const struct tl_batch *batch)
{
    return batch->code == TL_EFULL;
}

static bool any_batch(const struct tl_batch *batch)
{
    (void)batch;
    return true;
}

/* ---- a full disk ---- */

static void see_full(struct tl_journal *journal, uint64_t need)
{
    if (atomic_load(&journal->room) == TL_ROOM_OK) {
        atomic_store(&journal->room, TL_ROOM_FULL);
        journal->full_tried_ms = tl_mono_ms();
        tl_log(TL_ERROR, "journal.full", "the disk is full: events from outside are refused until there is space");
    }
    if (strip(journal, tl_batch_is_refusable, TL_EFULL) == 0 && journal->pending &&
        !tl_reserve_use(journal, need, false)) {
        tl_log(TL_ERROR, "journal.full", "the disk is full and the reserve is used up: nothing can be written");
        strip(journal, any_batch, TL_EFULL);
    }
}

/* On a full disk: is there space again? An event is let through now and then to find out. */
static void try_again(struct tl_journal *journal)
{
    int64_t now = tl_mono_ms();
    if (now - journal->full_tried_ms >= 100 && tl_reserve_restore(journal)) {
        journal->full_tried_ms = now;
        atomic_store(&journal->room, TL_ROOM_OK);
        tl_log(TL_INFO, "journal.room", "the disk has space again: trying to accept events");
        return;
    }
    strip(journal, tl_batch_is_refusable, TL_EFULL);
}

/* ---- one commit ---- */

/* Answers those that are durable with the last commit; the others, which wait for the state, are returned. */
static struct tl_batch *answer_all(struct tl_journal *journal, struct tl_batch *batches)
{
    struct tl_batch *waiting = NULL;
    struct tl_batch **end = &waiting;
    for (struct tl_batch *next; batches; batches = next) {
        next = batches->next;
        batches->commit = atomic_load(&journal->last);
        batches->time_ms = journal->last_time_ms;
        batches->code = TL_OK;
        if (batches->until == TL_APPLIED) {
            atomic_fetch_sub_explicit(&journal->queued_bytes, tl_batch_size(batches), memory_order_relaxed);
            *end = batches;
            end = &batches->next;
            *end = NULL;
        } else {
            answer(journal, batches, TL_OK);
        }
    }
    return waiting;
}

static bool is_nothing(const struct tl_journal *journal)
{
    const struct tl_batch *batch = journal->pending;
    while (batch && batch->event_count == 0 && batch->other_count == 0)
        batch = batch->next;
    return !batch && atomic_load(&journal->last) > 0;
}

/* All of them are empty: there is nothing to sync, only to wait for the state. */
static void answer_empty(struct tl_journal *journal)
{
    struct tl_batch *waiting = answer_all(journal, journal->pending);
    journal->pending = NULL;
    journal->pending_end = &journal->pending;
    if (waiting)
        tl_apply_submit(journal->apply, NULL, waiting);
}

static void publish(struct tl_journal *journal, struct tl_commit *commit, struct tl_batch *batches)
{
    const struct commit_head *head = tl_commit_head(commit);
    tl_segment_learn(journal->open, commit->offset, head, tl_commit_dir(commit));
    journal->last_time_ms = head->time_ms;
    atomic_store_explicit(&journal->last, head->number, memory_order_release);
    atomic_fetch_add_explicit(&journal->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&journal->events, head->event_count, memory_order_relaxed);
    atomic_fetch_add_explicit(&journal->duplicates, commit->duplicates, memory_order_relaxed);
    atomic_fetch_add_explicit(&journal->conflicts, commit->conflicts, memory_order_relaxed);
    atomic_fetch_add_explicit(&journal->bytes_written, tl_commit_total(head), memory_order_relaxed);
    if (journal->options.on_commit)
        journal->options.on_commit(journal->options.ctx, commit);

    struct tl_batch *waiting = answer_all(journal, batches);
    tl_apply_submit(journal->apply, commit, waiting);
    tl_acks_send(&journal->acks);
}

static void write_one(struct tl_journal *journal)
{
    struct tl_commit *commit = NULL;
    struct tl_batch *batches = NULL;
    int code = tl_build_commit(journal, &commit, &batches);
    if (tl_disk_is_full(code)) {
        see_full(journal, SEG_HEAD_SIZE);
        return;
    }
    if (code)
        tl_journal_die("cannot begin a segment", journal->dir, code);
    uint64_t total = tl_commit_total(tl_commit_head(commit));
    tl_ahead_claim(journal, journal->open, commit->offset + total);
    code = tl_disk_pwrite(journal->open->file, commit->bytes, total, commit->offset);
    if (!code)
        code = tl_disk_sync(journal->open->file);
    if (tl_disk_is_full(code)) {
        tl_build_undo(journal, batches);
        see_full(journal, total);
    } else if (code) {
        tl_journal_die("cannot write a commit to", journal->open->path, code);
    } else {
        publish(journal, commit, batches);
    }
    tl_commit_unref(commit);
}

/* On a full disk only for a while: who asks for room first sends nothing that would find it. */
static void sleep_until_work(struct tl_journal *journal)
{
    struct timespec until = tl_clock_until(1000000000);
    bool full = atomic_load(&journal->room) != TL_ROOM_OK;
    pthread_mutex_lock(&journal->wake_lock);
    while (!atomic_load(&journal->queue) && !atomic_load(&journal->closing)) {
        if (!full)
            pthread_cond_wait(&journal->wake, &journal->wake_lock);
        else if (pthread_cond_timedwait(&journal->wake, &journal->wake_lock, &until) != 0)
            break;
    }
    pthread_mutex_unlock(&journal->wake_lock);
}

static void writer_body(void *ctx)
{
    struct tl_journal *journal = ctx;
    for (;;) {
        bool closing = atomic_load(&journal->closing);
        take(journal);
        strip(journal, refused_at_once, TL_EFULL);
        if (atomic_load(&journal->room) != TL_ROOM_OK)
            try_again(journal);
        if (journal->pending && is_nothing(journal))
            answer_empty(journal);
        else if (journal->pending)
            write_one(journal);
        tl_acks_send(&journal->acks);
        if (journal->pending)
            continue;
        /* No timer: who was just answered gets the processor first, so that what they send next rides in one commit
         * (measured: a fifth more events accepted, with half the commits). */
        sched_yield();
        if (closing && !atomic_load(&journal->queue))
            return;
        sleep_until_work(journal);
    }
}

tl_code tl_writer_start(struct tl_journal *journal, struct tl_error *err)
{
    journal->pending_end = &journal->pending;
    journal->build = tl_build_new();
    return tl_thread_start("journal", writer_body, journal, &journal->writer, err);
}
