/* The journal: the durable record of everything. A log of segment files is the truth; a state database is applied
 * behind it. One writer thread takes whatever has queued up, removes duplicates, writes one commit, syncs once, and
 * answers.
 *
 * Promises: what was answered TL_OK survives kill -9 and power loss; a batch is in the journal whole or not at all; two
 * batches submitted by one thread keep their order; journal time never goes back; a duplicate within its window
 * is answered with the first event's position, across segments and restarts.
 *
 * Any write or sync error other than a full disk ends the process before anything is answered: after a failed sync
 * nobody knows what the disk holds, only recovery finds out.
 *
 * Thread: any, unless said otherwise. */
#pragma once
#include "base/error.h"
#include "journal/batch.h"
#include "journal/commit.h"

struct tl_loop;
struct tl_journal;

#define TL_PARTITIONS 1024

struct tl_journal_options {
    uint64_t segment_bytes;    /* 0: 256 MB */
    uint32_t segment_events;   /* 0: 1,000,000 */
    uint64_t reserve_bytes;    /* kept for outcomes on a full disk; 0: 64 MB */
    uint64_t ahead_bytes;      /* zeros kept ahead of the write position while the writer rests; 0: 24 MB */
    int64_t redelivers_for_ms; /* default window of dedupe keys; 0: 7 days */
    uint64_t queue_bytes;      /* most bytes waiting for the writer before events are refused; 0: 256 MB */
    /* Called on the writer thread for each commit once it is durable, before anybody is answered. Must be quick: it
     * holds up the next commit. Take a reference to keep the commit. */
    void (*on_commit)(void *ctx, struct tl_commit *commit);
    /* Called before a segment is dropped, on the thread that drops: commits first..last go. What must outlive them is
     * copied into state (with tl_journal_submit_wait, TL_APPLIED). False keeps the segment for now. */
    bool (*before_drop)(void *ctx, uint64_t first_commit, uint64_t last_commit);
    void *ctx;
};

/* Opens the journal in `dir`, which is created when absent, after recovering from whatever happened. One process at a
 * time: TL_EACCESS names the other. TL_ECORRUPT: damage that is not a torn tail, with file, offset and what is lost.
 * TL_EVERSION: written by a newer program. `options` may be NULL. on_commit is not called for what is read back. */
TL_MUST_CHECK tl_code tl_journal_open(const char *dir, const struct tl_journal_options *options,
                                      struct tl_journal **out, struct tl_error *err);
/* Writes what is queued, applies it to the state, syncs both, leaves what the next start needs to be quick, and frees.
 * Batches submitted meanwhile are answered TL_ECANCELLED. Answers still on their way to a loop are delivered by that
 * loop. NULL is allowed. */
void tl_journal_close(struct tl_journal *journal);

enum tl_until {
    TL_DURABLE, /* on disk */
    TL_APPLIED  /* and visible to tl_state_get and tl_state_scan */
};

/* Hands `batch` to the writer, which owns it until `done` is called, once, on the thread of `loop` (all answers of one
 * commit for one loop arrive with one wake), or on a thread of the journal when `loop` is NULL (then it must be
 * quick and must not wait). `done` gets the batch back. An empty batch is answered with the last commit. Never blocks.
 */
void tl_journal_submit(struct tl_journal *journal, struct tl_batch *batch, enum tl_until until, struct tl_loop *loop,
                       void (*done)(struct tl_batch *batch, void *ctx), void *ctx);
/* The same, waiting for the answer; returns its code. Never on a loop's thread that must stay quick, nor in on_commit.
 */
tl_code tl_journal_submit_wait(struct tl_journal *journal, struct tl_batch *batch, enum tl_until until,
                               struct tl_error *err);

/* What may be accepted now; capture and the gateway ask before they take work on. */
enum tl_room {
    TL_ROOM_OK,
    TL_ROOM_BEHIND, /* the writer or the state lags: pull capture stops, no unit begins */
    TL_ROOM_FULL,   /* the disk is full: events from outside are refused (503), no new effect starts */
    TL_ROOM_RESERVE /* the reserve is being used: no effect at all starts */
};
enum tl_room tl_journal_room(const struct tl_journal *journal);

/* The last durable commit; 0 when there is none. The oldest one still held; 1 for a new journal. */
uint64_t tl_journal_last(const struct tl_journal *journal);
uint64_t tl_journal_first(struct tl_journal *journal);
/* The commit up to which the state is visible. */
uint64_t tl_journal_applied(const struct tl_journal *journal);
/* Waits until the state has reached `commit`. */
void tl_journal_wait_applied(struct tl_journal *journal, uint64_t commit);

/* The journal's own id, the same for ever, and its epoch (grows when a copy is put to use with --recover). */
void tl_journal_instance(const struct tl_journal *journal, uint8_t id[16]);
uint64_t tl_journal_epoch(const struct tl_journal *journal);
/* Makes the next epoch durable. */
TL_MUST_CHECK tl_code tl_journal_next_epoch(struct tl_journal *journal, struct tl_error *err);

/* H(scope, key) mod 1024, fixed when the journal was created (rule 4). */
uint32_t tl_journal_partition(const struct tl_journal *journal, tl_str scope, tl_str key);
/* The keyed hash that entries carry for a business key; 0 for the empty key. */
uint64_t tl_journal_key_hash(const struct tl_journal *journal, tl_str key);

/* Drops every closed segment whose newest commit was accepted before now - keep_ms, oldest first, unless a dedupe key
 * in it still lives or the state is not synced past it. `dropped` (NULL allowed) counts them. Call it now and then,
 * from one thread at a time, never from a loop. Does nothing while the clock is not trusted (rule 24). */
TL_MUST_CHECK tl_code tl_journal_retain(struct tl_journal *journal, int64_t keep_ms, unsigned *dropped,
                                        struct tl_error *err);
/* False while wall time ran ahead of the monotonic clock by more than a minute and has not agreed with it for ten
 * minutes; dedupe keys do not expire and nothing is dropped meanwhile. */
bool tl_journal_clock_trusted(struct tl_journal *journal);
/* An operator says the wall clock is right. */
void tl_journal_trust_clock(struct tl_journal *journal);

/* Overwrites the payload and the clear keys of one event in place and syncs; everything still verifies.
 * TL_ENOTFOUND when it is gone. */
TL_MUST_CHECK tl_code tl_journal_erase(struct tl_journal *journal, tl_position position, struct tl_error *err);

struct tl_journal_stats {
    uint64_t commits, events, duplicates, conflicts; /* since open, conflicts: same dedupe key, other payload */
    uint64_t refused;                                /* batches answered TL_EFULL */
    uint64_t bytes_written;
    uint64_t segments; /* held now, the open one included */
};
void tl_journal_stats(struct tl_journal *journal, struct tl_journal_stats *out);

/* Reads every commit of a journal that no process has open and checks checksums, chain and payload hashes. `report`
 * gets a line for each finding (NULL allowed). TL_ECORRUPT with the first finding. */
struct tl_verify_result {
    uint64_t segments, commits, events, erased, bytes;
    uint64_t torn_bytes; /* a commit at the end that was never acknowledged */
};
TL_MUST_CHECK tl_code tl_journal_verify(const char *dir, void (*report)(void *ctx, const char *line), void *ctx,
                                        struct tl_verify_result *out, struct tl_error *err);
