/* Applying commits to the state, behind the log. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

struct apply;
struct tl_batch;
struct tl_commit;
struct tl_journal;
struct store;

/* Opens the state and re-applies what the log has and it has not. Before any thread starts. */
TL_MUST_CHECK tl_code tl_apply_open(struct tl_journal *journal, struct apply **out, struct tl_error *err);
TL_MUST_CHECK tl_code tl_apply_start(struct apply *apply, struct tl_error *err);
/* Applies what is queued, syncs, closes. NULL is allowed. */
void tl_apply_close(struct apply *apply);
/* A commit became durable; `waiting` (linked batches) are answered when it is applied. NULL: none, they are answered
 * when the one before is. The writer's. */
void tl_apply_submit(struct apply *apply, struct tl_commit *commit, struct tl_batch *waiting);
uint64_t tl_apply_reached(const struct apply *apply);
void tl_apply_wait(struct apply *apply, uint64_t commit);
/* True when much is waiting to be applied. */
bool tl_apply_is_behind(const struct apply *apply);
/* Waits for what is queued and syncs the state; it is on disk up to *reached then. Any thread but the journal's own. */
TL_MUST_CHECK tl_code tl_apply_sync(struct apply *apply, uint64_t *reached, struct tl_error *err);
/* The store for reading, locked against other readers; tl_apply_unlock ends it. Any thread. */
struct store *tl_apply_lock(struct apply *apply);
void tl_apply_unlock(struct apply *apply);
