/* Reading the journal. Readers never hold up the writer. What they return is copied into the caller's arena and lives
 * as long as that. Thread: any (cursors: one at a time). */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "journal/journal.h"

/* The event at a position, with its payload. TL_ENOTFOUND: never existed, or past retention. TL_ECORRUPT: its bytes do
 * not match their hash. */
TL_MUST_CHECK tl_code tl_journal_event(struct tl_journal *journal, tl_position position, struct tl_arena *arena,
                                       struct tl_event *out, struct tl_error *err);

struct tl_key_query {
    tl_str key;
    tl_str type;        /* empty: any */
    tl_position before; /* only events before this one; TL_POSITION_NONE: from the newest */
    tl_position after;  /* only events after this one; TL_POSITION_NONE: to the oldest */
    size_t limit;       /* 0: 100 */
};
/* Positions of the events with a business key, newest first. `out` (in the arena) has *count of them. */
TL_MUST_CHECK tl_code tl_journal_find(struct tl_journal *journal, const struct tl_key_query *query,
                                      struct tl_arena *arena, tl_position **out, size_t *count, struct tl_error *err);
/* The earliest event of a key and one of `types` after a position (rule 7). TL_ENOTFOUND: none yet. */
TL_MUST_CHECK tl_code tl_journal_find_after(struct tl_journal *journal, tl_str key, const tl_str *types,
                                            size_t type_count, tl_position after, tl_position *out,
                                            struct tl_error *err);

/* All outcomes recorded for an event, oldest first, effects included. */
TL_MUST_CHECK tl_code tl_journal_outcomes(struct tl_journal *journal, tl_position event, struct tl_arena *arena,
                                          struct tl_outcome **out, size_t *count, struct tl_error *err);

/* A cursor walks records in commit order; payloads are not read. It never sees a commit that is not durable. It holds
 * the segment it stands in, also when that is dropped meanwhile. */
struct tl_cursor;
/* From the first record of commit `from` (or of the oldest one held, when that is later). `kinds`: TL_RECORD_BIT of
 * each kind wanted. */
struct tl_cursor *tl_cursor_new(struct tl_journal *journal, uint64_t from, uint32_t kinds);
/* From just after an event; for queues that have spilled. */
struct tl_cursor *tl_cursor_after(struct tl_journal *journal, tl_position position, uint32_t kinds);
/* TL_ENOTFOUND: nothing more now; a later call goes on from there. What `out` points at lives until the next call. The
 * commit's events come first, in order, then its other records. */
TL_MUST_CHECK tl_code tl_cursor_next(struct tl_cursor *cursor, struct tl_record *out, struct tl_error *err);
/* Commit it will read from next. */
uint64_t tl_cursor_commit(const struct tl_cursor *cursor);
void tl_cursor_free(struct tl_cursor *cursor);
