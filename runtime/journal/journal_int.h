/* The journal's inside: what its threads share.
 *
 * Threads: the writer (writer.c) owns the open segment and everything "the writer's"; the helper (ahead.c) writes zeros
 * ahead and builds indexes; the state thread (apply.c) applies commits to the state; any thread submits and reads. */
#pragma once
#include "apply.h"
#include "base/hash.h"
#include "batch_int.h"
#include "clockwatch.h"
#include "commit_int.h"
#include "journal/journal.h"
#include "loop/thread.h"
#include "segment.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define BATCH_BYTES_MAX (192u << 20)
#define COMMIT_BYTES                                                                                                   \
    (512u << 10) /* a commit takes no further batch past this: the submitters work while it is synced */
#define COMMIT_EVENTS 32768u

/* Immutable list of segments, oldest first, the open one last. Replaced as a whole. */
struct tl_segment_list {
    atomic_uint refs;
    size_t count;
    struct tl_segment *segments[]; /* counted */
};

/* The head file: who this journal is. */
struct head_file {
    char magic[8];                    /*  0 "TLJHEAD\n" */
    uint32_t version;                 /*  8 FORMAT_VERSION */
    uint32_t crc;                     /* 12 crc32c of byte 16 to the end */
    uint8_t instance[16];             /* 16 random, for ever */
    uint64_t epoch;                   /* 32 */
    struct tl_hash_key hash_key;      /* 40 of the hashes in directories */
    struct tl_hash_key partition_key; /* 56 of H(scope, key) */
    int64_t created_ms;               /* 72 */
    uint8_t partition_kind;           /* 80 1: SipHash-2-4 of u32 scope length, scope, key; mod 1024 */
    uint8_t spare[47];                /* 81 0 */
};
static_assert(sizeof(struct head_file) == 128, "on disk");

/* The space kept for a full disk. The writer's and the state thread's. */
struct reserve {
    pthread_mutex_t lock;
    int file; /* -1: none */
    uint64_t left, size;
    int64_t tried_ms; /* last attempt to get it back, mono */
};

/* Answers of one commit on their way to one loop. */
struct ack_group {
    struct tl_loop *loop;
    struct tl_mail_chain chain;
};
struct acks {
    struct ack_group *groups; /* own */
    size_t count, cap;
};

struct ahead; /* ahead.c */

struct tl_journal {
    struct tl_journal_options options; /* no zeros */
    char *dir;                         /* own */
    int lock_file;
    struct head_file head;
    struct tl_names names;
    struct clockwatch clock;
    struct reserve reserve;
    struct ahead *ahead; /* own */
    struct apply *apply; /* own */
    struct commit_pool pool;

    pthread_mutex_t list_lock;
    struct tl_segment_list *list; /* under list_lock */

    /* queue of submitted batches: newest first, taken as a whole */
    _Atomic(struct tl_batch *) queue;
    _Atomic uint64_t queued_bytes;
    pthread_mutex_t wake_lock;
    pthread_cond_t wake;
    atomic_bool closing;
    struct tl_thread *writer;

    _Atomic uint64_t last; /* last durable commit */
    _Atomic uint64_t epoch;
    atomic_int room; /* TL_ROOM_OK, _FULL or _RESERVE, as the writer sees it */

    /* the writer's */
    struct tl_segment *open;
    struct tl_batch *pending, **pending_end; /* taken from the queue, oldest first */
    int64_t last_time_ms;
    int64_t full_tried_ms; /* mono */
    struct acks acks;
    struct build *build; /* own; build.c */

    _Atomic uint64_t commits, events, duplicates, conflicts, refused, bytes_written;
};

/* ---- journal.c ---- */
/* The lock file of a journal. TL_EACCESS: another process has it open. TL_ENOTFOUND without `create`: no journal there.
 */
TL_MUST_CHECK tl_code tl_journal_lock(const char *dir, bool create, int *out, struct tl_error *err);

/* ---- die.c ---- */
/* Says why on standard error and ends the process: nobody knows what the disk holds. */
_Noreturn void tl_journal_die(const char *what, const char *path, int code);

/* ---- hashes.c ---- */
uint64_t tl_journal_dedupe_hash(const struct tl_journal *journal, tl_str source, tl_str dedupe);
uint64_t tl_outcome_hash(tl_position event);

/* ---- recover.c ---- */
TL_MUST_CHECK tl_code tl_journal_recover(struct tl_journal *journal, struct tl_error *err);

/* ---- segments.c ---- */
struct tl_segment_list *tl_segments_get(struct tl_journal *journal); /* counted */
void tl_segments_put(struct tl_segment_list *list);
/* Replaces the list; takes the caller's counts of the segments in it. */
void tl_segments_set(struct tl_journal *journal, struct tl_segment_list *list);
struct tl_segment_list *tl_segments_new(size_t count);
/* The segment with a commit, or NULL. */
struct tl_segment *tl_segments_find(const struct tl_segment_list *list, uint64_t commit);

/* ---- head.c ---- */
TL_MUST_CHECK tl_code tl_head_open(struct tl_journal *journal, struct tl_error *err);
TL_MUST_CHECK tl_code tl_head_write(struct tl_journal *journal, struct tl_error *err);
TL_MUST_CHECK tl_code tl_head_read(const char *dir, struct head_file *out, struct tl_error *err);

/* ---- reserve.c ---- */
/* Makes or finds it; a disk too full for it is no error. */
TL_MUST_CHECK tl_code tl_reserve_open(struct tl_journal *journal, struct tl_error *err);
void tl_reserve_close(struct tl_journal *journal);
/* Gives space back to the disk, at least `need` if there is as much; to the state only half of the reserve. False:
 * nothing was left. */
bool tl_reserve_use(struct tl_journal *journal, uint64_t need, bool for_state);
/* Tries to make it whole; true when it is. Not more often than every 100 ms. */
bool tl_reserve_restore(struct tl_journal *journal);

/* ---- ahead.c ---- */
TL_MUST_CHECK tl_code tl_ahead_start(struct tl_journal *journal, struct tl_error *err);
/* Ends the thread; what it was told to index is indexed first. */
void tl_ahead_stop(struct tl_journal *journal);
/* The writer is about to write up to `end` of the open segment: no zeros will be written over it. */
void tl_ahead_claim(struct tl_journal *journal, struct tl_segment *segment, uint64_t end);
/* A segment is full: index it. Takes a count. */
void tl_ahead_index(struct tl_journal *journal, struct tl_segment *segment);
/* A prepared file for segment `number` (its path in *path, own), or -1: none is ready. *zeroed: written up to there. */
int tl_ahead_take(struct tl_journal *journal, uint64_t number, char **path, uint64_t *zeroed);
/* The open segment is now this one. */
void tl_ahead_open(struct tl_journal *journal, struct tl_segment *segment);

/* ---- dedupe.c ---- */
struct dedupe_hit {
    tl_position position; /* the first event; TL_POSITION_NONE: none */
    bool conflict;        /* the key is known with another payload */
};
/* Looks `count` events up in all segments; `hits` is filled. The writer's. */
void tl_dedupe_find(struct tl_journal *journal, struct batch_event *const *events, struct tl_batch *const *owners,
                    size_t count, struct dedupe_hit *hits);

/* ---- build.c: from batches to the bytes of a commit ---- */
struct build *tl_build_new(void);
void tl_build_free(struct build *build);
/* Makes the next commit of the first batches of `journal->pending` (as many as fit; the segment is rolled first when it
 * has to be) and takes them off. The batches are in *batches, linked. 0, or -errno when a new segment could not be made
 * (then nothing was taken). */
int tl_build_commit(struct tl_journal *journal, struct tl_commit **out, struct tl_batch **batches);
/* The commit was not written: names it introduced are unknown again, the batches are pending again. */
void tl_build_undo(struct tl_journal *journal, struct tl_batch *batches);

/* ---- writer.c ---- */
TL_MUST_CHECK tl_code tl_writer_start(struct tl_journal *journal, struct tl_error *err);

/* ---- roll.c ---- */
/* Closes the open segment and opens the next. 0 or -errno. */
int tl_segment_roll(struct tl_journal *journal);
/* Makes segment `number` and opens it in `*out`. 0 or -errno. */
int tl_segment_create(struct tl_journal *journal, const struct seg_head *head, struct tl_segment **out);

/* ---- acks.c ---- */
void tl_acks_add(struct acks *acks, struct tl_batch *batch);
/* Posts all, one wake a loop. */
void tl_acks_send(struct acks *acks);
void tl_acks_free(struct acks *acks);
