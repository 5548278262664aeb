/* The helper thread: makes room where the writer will write, because overwriting what is there needs less work of the
 * file system's own journal (1.5 to 5 times quicker a sync), and builds the indexes of closed segments.
 *
 * The next segment is allocated while the present one fills: zeros written instead would double what goes to the disk
 * and hold up commits (measured: 100 ms now and then). In the open segment zeros are written ahead, but only while the
 * writer rests: two writers and two syncs on one file wait for each other (measured: a sync took four times as long).
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/disk.h"
#include "base/log.h"
#include "journal_int.h"
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define CHUNK (1u << 20)
#define REST_NS 100000000 /* a writer that wrote nothing for so long rests */

struct to_index {
    struct to_index *next;
    struct tl_segment *segment; /* counted */
};

struct ahead {
    struct tl_journal *journal; /* borrow */
    struct tl_thread *thread;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    bool stop, full;
    bool waiting;            /* for the writer to rest: no need to wake it for every commit */
    struct tl_segment *open; /* counted */
    uint64_t claimed;        /* the writer has written, or is writing, up to here */
    uint64_t seen;           /* `claimed` when last looked at */
    bool busy;               /* zeros are being written from busy_from on */
    uint64_t busy_from;
    struct to_index *first, **last;
    int next_file;        /* -1: none prepared */
    uint64_t next_zeroed; /* how far it is allocated */
    unsigned next_number; /* names the file: the one before may not have been renamed yet */
};

static char *next_path(const struct ahead *a)
{
    return tl_printf("%s/next-%u.tmp", a->journal->dir, a->next_number);
}

/* Zeros and a sync; a full disk is no error here. False: stop trying. */
static bool write_zeros(int file, const char *path, uint64_t from, uint64_t len)
{
    static const uint8_t zeros[CHUNK];
    int code = tl_disk_pwrite(file, zeros, len, from);
    if (!code)
        code = tl_disk_sync(file);
    /* a sync that fails here is not reported again to the writer, whose commit it may have been */
    if (code && !tl_disk_is_full(code))
        tl_journal_die("cannot write ahead in", path, code);
    return code == 0;
}

static uint64_t most(const struct ahead *a)
{
    return a->journal->options.segment_bytes;
}

static uint64_t zero_target(const struct ahead *a)
{
    uint64_t target = a->claimed + a->journal->options.ahead_bytes;
    return target < most(a) ? target : most(a);
}

static bool may_zero(const struct ahead *a)
{
    return a->open && !a->full && atomic_load(&a->journal->room) == TL_ROOM_OK &&
           atomic_load(&a->open->zeroed) < zero_target(a);
}

/* [lock held, released meanwhile] */
static void zero_open(struct ahead *a)
{
    struct tl_segment *open = tl_segment_ref(a->open);
    uint64_t from = atomic_load(&open->zeroed);
    uint64_t len = most(a) - from < CHUNK ? most(a) - from : CHUNK;
    a->busy = true;
    a->busy_from = from;
    pthread_mutex_unlock(&a->lock);
    bool written = write_zeros(open->file, open->path, from, len);
    pthread_mutex_lock(&a->lock);
    if (written)
        atomic_store(&open->zeroed, from + len);
    else
        a->full = true;
    a->busy = false;
    pthread_cond_broadcast(&a->idle);
    tl_segment_unref(open);
}

static bool may_prepare(const struct ahead *a)
{
    return a->open && !a->full && atomic_load(&a->journal->room) == TL_ROOM_OK && a->next_file < 0 &&
           a->claimed > most(a) / 4;
}

/* The next segment, whole. [lock held, released meanwhile] */
static void prepare_next(struct ahead *a)
{
    a->next_number++;
    char *path = next_path(a);
    pthread_mutex_unlock(&a->lock);
    int file = tl_disk_open(path, O_RDWR | O_CREAT | O_TRUNC);
    bool allocated = file >= 0 && tl_disk_allocate(file, 0, most(a)) == 0;
    pthread_mutex_lock(&a->lock);
    a->next_file = file;
    a->next_zeroed = allocated ? most(a) : 0;
    a->full = a->full || !allocated;
    pthread_cond_broadcast(&a->idle);
    tl_free(path);
}

static void index_segment(struct ahead *a, struct tl_segment *segment)
{
    char *path = tl_segment_path(a->journal->dir, segment->head.number, ".idx");
    struct tl_index *index = NULL;
    struct tl_error err = {0};
    int code = tl_index_write(segment, path);
    if (!code && tl_index_open(segment, &a->journal->names, path, &index, &err) == TL_OK) {
        struct tl_table *tables[INDEX_KINDS];
        pthread_mutex_lock(&segment->lock);
        segment->index = index;
        memcpy(tables, segment->tables, sizeof tables);
        memset(segment->tables, 0, sizeof segment->tables);
        uint32_t *offsets = segment->offsets;
        segment->offsets = NULL;
        pthread_mutex_unlock(&segment->lock);
        for (int k = 0; k < INDEX_KINDS; k++)
            tl_table_free(tables[k]);
        tl_free(offsets);
        (void)tl_disk_truncate(segment->file, segment->end); /* zeros nobody will write on */
    } else {
        /* derived: it stays in memory, the next start tries again */
        tl_log(TL_WARN, "journal.index", "a segment could not be indexed", TL_FSTR("file", path),
               TL_FSTR("error", code ? strerror(-code) : err.text));
    }
    tl_free(path);
}

/* [lock held, released meanwhile] */
static void index_first(struct ahead *a)
{
    struct to_index *item = a->first;
    a->first = item->next;
    if (!a->first)
        a->last = &a->first;
    pthread_mutex_unlock(&a->lock);
    index_segment(a, item->segment);
    tl_segment_unref(item->segment);
    tl_free(item);
    pthread_mutex_lock(&a->lock);
}

/* Waits until the writer has work for this thread or rests. [lock held, released meanwhile] */
static void wait_for_rest(struct ahead *a)
{
    struct timespec until = tl_clock_until(REST_NS);
    a->seen = a->claimed;
    a->waiting = true;
    pthread_cond_timedwait(&a->work, &a->lock, &until);
    a->waiting = false;
}

static void ahead_body(void *ctx)
{
    struct ahead *a = ctx;
    pthread_mutex_lock(&a->lock);
    for (;;) {
        if (a->first)
            index_first(a);
        else if (a->stop)
            break;
        else if (may_prepare(a))
            prepare_next(a);
        else if (may_zero(a) && a->claimed == a->seen)
            zero_open(a);
        else if (may_zero(a))
            wait_for_rest(a);
        else
            pthread_cond_wait(&a->work, &a->lock);
    }
    pthread_mutex_unlock(&a->lock);
}

tl_code tl_ahead_start(struct tl_journal *journal, struct tl_error *err)
{
    struct ahead *a = TL_NEW(struct ahead);
    a->journal = journal;
    a->last = &a->first;
    a->next_file = -1;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->work, NULL);
    pthread_cond_init(&a->idle, NULL);
    journal->ahead = a;
    return tl_thread_start("journal-ahead", ahead_body, a, &a->thread, err);
}

void tl_ahead_stop(struct tl_journal *journal)
{
    struct ahead *a = journal->ahead;
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_broadcast(&a->work);
    pthread_mutex_unlock(&a->lock);
    tl_thread_join(a->thread);
    if (a->next_file >= 0) {
        char *path = next_path(a);
        tl_disk_close(a->next_file);
        (void)tl_disk_unlink(path);
        tl_free(path);
    }
    while (a->first)
        index_first(a);
    tl_segment_unref(a->open);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->work);
    pthread_cond_destroy(&a->idle);
    tl_free(a);
    journal->ahead = NULL;
}

void tl_ahead_claim(struct tl_journal *journal, struct tl_segment *segment, uint64_t end)
{
    struct ahead *a = journal->ahead;
    pthread_mutex_lock(&a->lock);
    while (a->busy && a->open == segment && end > a->busy_from)
        pthread_cond_wait(&a->idle, &a->lock);
    a->claimed = end;
    if (end > atomic_load(&segment->zeroed))
        atomic_store(&segment->zeroed, (end + 4095) & ~(uint64_t)4095);
    if (atomic_load(&journal->room) == TL_ROOM_OK)
        a->full = false;
    if (!a->busy && (may_prepare(a) || (may_zero(a) && !a->waiting)))
        pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
}

void tl_ahead_index(struct tl_journal *journal, struct tl_segment *segment)
{
    struct ahead *a = journal->ahead;
    struct to_index *item = TL_NEW(struct to_index);
    item->segment = segment;
    pthread_mutex_lock(&a->lock);
    *a->last = item;
    a->last = &item->next;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
}

int tl_ahead_take(struct tl_journal *journal, uint64_t number, char **path, uint64_t *zeroed)
{
    struct ahead *a = journal->ahead;
    (void)number;
    pthread_mutex_lock(&a->lock);
    int file = a->next_file;
    if (file >= 0) {
        *path = next_path(a);
        *zeroed = a->next_zeroed;
        a->next_file = -1;
        a->next_zeroed = 0;
    }
    pthread_mutex_unlock(&a->lock);
    return file;
}

void tl_ahead_open(struct tl_journal *journal, struct tl_segment *segment)
{
    struct ahead *a = journal->ahead;
    pthread_mutex_lock(&a->lock);
    tl_segment_unref(a->open);
    a->open = tl_segment_ref(segment);
    a->claimed = a->seen = segment->end;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
}
