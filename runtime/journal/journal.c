/* Opening, closing, submitting; what others ask the journal. */
#include "journal/journal.h"
#include "base/alloc.h"
#include "base/disk.h"
#include "base/log.h"
#include "journal_int.h"
#include "loop/loop.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MB ((uint64_t)1 << 20)
#define DAY_MS ((int64_t)86400000)

static void set_defaults(struct tl_journal_options *o)
{
    o->segment_bytes = o->segment_bytes ? o->segment_bytes : 256 * MB;
    if (o->segment_bytes < 2 * SEG_HEAD_SIZE)
        o->segment_bytes = 2 * SEG_HEAD_SIZE;
    if (o->segment_bytes > SEGMENT_BYTES_MOST / 2)
        o->segment_bytes = SEGMENT_BYTES_MOST / 2;
    o->segment_events = o->segment_events ? o->segment_events : 1000000;
    o->reserve_bytes = o->reserve_bytes ? o->reserve_bytes : 64 * MB;
    o->ahead_bytes = o->ahead_bytes ? o->ahead_bytes : 24 * MB;
    o->redelivers_for_ms = o->redelivers_for_ms ? o->redelivers_for_ms : 7 * DAY_MS;
    o->queue_bytes = o->queue_bytes ? o->queue_bytes : 256 * MB;
}

/* ---- opening and closing ---- */

tl_code tl_journal_lock(const char *dir, bool create, int *out, struct tl_error *err)
{
    char *path = tl_printf("%s/lock", dir);
    int file = tl_disk_open(path, create ? O_RDWR | O_CREAT : O_RDWR);
    int failed = file < 0 ? file : tl_disk_lock(file);
    tl_code code = TL_OK;
    if (file == -ENOENT)
        code = tl_fail(err, TL_ENOTFOUND, "there is no journal in %s", dir);
    else if (failed == -EWOULDBLOCK)
        code = tl_fail(err, TL_EACCESS,
                       "the journal in %s is open in another process (it holds %s). Stop that one first", dir, path);
    else if (failed)
        code = tl_fail(err, TL_EIO, "%s cannot be locked: %s", path, strerror(-failed));
    if (code && file >= 0)
        tl_disk_close(file);
    if (!code)
        *out = file;
    tl_free(path);
    return code;
}

static struct tl_journal *journal_new(const char *dir, const struct tl_journal_options *options)
{
    struct tl_journal *journal = TL_NEW(struct tl_journal);
    if (options)
        journal->options = *options;
    set_defaults(&journal->options);
    journal->dir = tl_copy_z(dir);
    journal->lock_file = -1;
    journal->reserve.file = -1;
    tl_names_init(&journal->names);
    tl_clockwatch_init(&journal->clock);
    tl_commit_pool_init(&journal->pool);
    pthread_mutex_init(&journal->list_lock, NULL);
    pthread_mutex_init(&journal->wake_lock, NULL);
    pthread_cond_init(&journal->wake, NULL);
    return journal;
}

static void journal_free(struct tl_journal *journal)
{
    tl_ahead_stop(journal);
    tl_apply_close(journal->apply);
    tl_segments_put(journal->list);
    tl_build_free(journal->build);
    tl_acks_free(&journal->acks);
    if (journal->reserve.size)
        tl_reserve_close(journal);
    if (journal->lock_file >= 0)
        tl_disk_close(journal->lock_file);
    tl_commit_pool_free(&journal->pool);
    tl_names_free(&journal->names);
    pthread_mutex_destroy(&journal->list_lock);
    pthread_mutex_destroy(&journal->wake_lock);
    pthread_cond_destroy(&journal->wake);
    tl_free(journal->dir);
    tl_free(journal);
}

static tl_code start(struct tl_journal *journal, struct tl_error *err)
{
    tl_code code = tl_head_open(journal, err);
    if (!code)
        code = tl_reserve_open(journal, err);
    if (!code)
        code = tl_ahead_start(journal, err);
    if (!code)
        code = tl_journal_recover(journal, err);
    if (code)
        return code;
    atomic_store(&journal->epoch, journal->head.epoch);
    tl_ahead_open(journal, journal->open);
    code = tl_apply_open(journal, &journal->apply, err);
    if (!code)
        code = tl_apply_start(journal->apply, err);
    return code ? code : tl_writer_start(journal, err);
}

tl_code tl_journal_open(const char *dir, const struct tl_journal_options *options, struct tl_journal **out,
                        struct tl_error *err)
{
    int failed = tl_disk_mkdir(dir);
    if (failed)
        return tl_fail(err, TL_EIO, "%s cannot be made: %s", dir, strerror(-failed));
    struct tl_journal *journal = journal_new(dir, options);
    tl_code code = tl_journal_lock(dir, true, &journal->lock_file, err);
    if (!code)
        code = start(journal, err);
    if (code)
        journal_free(journal);
    else
        *out = journal;
    return code;
}

static void wake_writer(struct tl_journal *journal)
{
    pthread_mutex_lock(&journal->wake_lock);
    pthread_cond_signal(&journal->wake);
    pthread_mutex_unlock(&journal->wake_lock);
}

static void cancel_rest(struct tl_journal *journal)
{
    struct tl_batch *batch = atomic_exchange(&journal->queue, NULL);
    while (batch) {
        struct tl_batch *next = batch->next;
        batch->code = TL_ECANCELLED;
        tl_acks_add(&journal->acks, batch);
        batch = next;
    }
    tl_acks_send(&journal->acks);
}

/* So that the next start need not read the open segment's directories. */
static void note_end(struct tl_journal *journal)
{
    if (journal->open->offset_count == 0)
        return;
    char *path = tl_segment_path(journal->dir, journal->open->head.number, ".idx");
    int failed = tl_index_write(journal->open, path);
    if (failed)
        tl_log(TL_WARN, "journal.close", "the index of the open segment was not written; the next start takes longer",
               TL_FSTR("error", strerror(-failed)));
    tl_free(path);
}

void tl_journal_close(struct tl_journal *journal)
{
    if (!journal)
        return;
    atomic_store(&journal->closing, true);
    wake_writer(journal);
    tl_thread_join(journal->writer);
    cancel_rest(journal);
    note_end(journal);
    journal_free(journal);
}

/* ---- submitting ---- */

void tl_journal_submit(struct tl_journal *journal, struct tl_batch *batch, enum tl_until until, struct tl_loop *loop,
                       void (*done)(struct tl_batch *batch, void *ctx), void *ctx)
{
    tl_must(!batch->submitted && batch->journal == journal);
    batch->submitted = true;
    batch->until = until;
    batch->loop = loop;
    batch->done = done;
    batch->ctx = ctx;
    batch->code = TL_OK;
    batch->commit = 0;
    if (loop)
        tl_loop_op_begin(loop);
    uint64_t queued = atomic_fetch_add_explicit(&journal->queued_bytes, tl_batch_size(batch), memory_order_relaxed);
    if (queued > journal->options.queue_bytes && tl_batch_is_refusable(batch))
        batch->code = TL_EFULL; /* answered by the writer, so that the answer never comes inside this call */
    struct tl_batch *before = atomic_load_explicit(&journal->queue, memory_order_relaxed);
    do
        batch->next = before;
    while (!atomic_compare_exchange_weak(&journal->queue, &before, batch));
    if (!before)
        wake_writer(journal);
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
};

static void wake_waiter(struct tl_batch *batch, void *ctx)
{
    struct waiter *waiter = ctx;
    (void)batch;
    pthread_mutex_lock(&waiter->lock);
    waiter->done = true;
    pthread_cond_signal(&waiter->cond);
    pthread_mutex_unlock(&waiter->lock);
}

tl_code tl_journal_submit_wait(struct tl_journal *journal, struct tl_batch *batch, enum tl_until until,
                               struct tl_error *err)
{
    struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    tl_journal_submit(journal, batch, until, NULL, wake_waiter, &waiter);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        pthread_cond_wait(&waiter.cond, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.cond);
    return tl_batch_code(batch, err);
}

/* ---- asking ---- */

enum tl_room tl_journal_room(const struct tl_journal *journal)
{
    int room = atomic_load(&journal->room);
    if (room != TL_ROOM_OK)
        return (enum tl_room)room;
    bool behind =
        atomic_load(&journal->queued_bytes) > journal->options.queue_bytes / 2 || tl_apply_is_behind(journal->apply);
    return behind ? TL_ROOM_BEHIND : TL_ROOM_OK;
}

uint64_t tl_journal_last(const struct tl_journal *journal)
{
    return atomic_load_explicit(&journal->last, memory_order_acquire);
}

uint64_t tl_journal_first(struct tl_journal *journal)
{
    struct tl_segment_list *list = tl_segments_get(journal);
    uint64_t first = list->segments[0]->head.first;
    tl_segments_put(list);
    return first;
}

uint64_t tl_journal_applied(const struct tl_journal *journal)
{
    return tl_apply_reached(journal->apply);
}

void tl_journal_wait_applied(struct tl_journal *journal, uint64_t commit)
{
    tl_apply_wait(journal->apply, commit);
}

void tl_journal_instance(const struct tl_journal *journal, uint8_t id[16])
{
    memcpy(id, journal->head.instance, 16);
}

uint64_t tl_journal_epoch(const struct tl_journal *journal)
{
    return atomic_load(&journal->epoch);
}

tl_code tl_journal_next_epoch(struct tl_journal *journal, struct tl_error *err)
{
    journal->head.epoch++;
    tl_code code = tl_head_write(journal, err);
    if (code)
        journal->head.epoch--;
    else
        atomic_store(&journal->epoch, journal->head.epoch); /* the next commit begins a segment of this epoch */
    return code;
}

void tl_journal_stats(struct tl_journal *journal, struct tl_journal_stats *out)
{
    struct tl_segment_list *list = tl_segments_get(journal);
    *out = (struct tl_journal_stats){.commits = atomic_load(&journal->commits),
                                     .events = atomic_load(&journal->events),
                                     .duplicates = atomic_load(&journal->duplicates),
                                     .conflicts = atomic_load(&journal->conflicts),
                                     .refused = atomic_load(&journal->refused),
                                     .bytes_written = atomic_load(&journal->bytes_written),
                                     .segments = list->count};
    tl_segments_put(list);
}
