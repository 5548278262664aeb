/* A batch: records that become durable together, all or none, in one commit. It is filled on any one thread (payloads
 * are hashed there, not on the writer's), submitted once, and carries the answer back. */
#pragma once
#include "base/error.h"
#include "journal/event.h"

struct tl_journal;
struct tl_batch;

struct tl_batch *tl_batch_new(struct tl_journal *journal);
/* Not while it is submitted. NULL is allowed. */
void tl_batch_free(struct tl_batch *batch);
/* Empties it for another use and keeps its memory. Not while it is submitted. */
void tl_batch_reset(struct tl_batch *batch);

/* Adds an event; `index` (NULL allowed) is its place among the batch's events. TL_EINPUT when a field is too long. A
 * failed add leaves the batch as it was. */
TL_MUST_CHECK tl_code tl_batch_event(struct tl_batch *batch, const struct tl_event_in *event, uint32_t *index,
                                     struct tl_error *err);
TL_MUST_CHECK tl_code tl_batch_outcome(struct tl_batch *batch, const struct tl_outcome *outcome, struct tl_error *err);
TL_MUST_CHECK tl_code tl_batch_put(struct tl_batch *batch, const struct tl_state_put *put, struct tl_error *err);
TL_MUST_CHECK tl_code tl_batch_del(struct tl_batch *batch, tl_str table, tl_str key, struct tl_error *err);

/* On a full disk only batches that bring events from outside are refused: those with at least one event, no outcome and
 * no event with a cause. This exempts such a batch too (desk actions). */
void tl_batch_insist(struct tl_batch *batch);

size_t tl_batch_event_count(const struct tl_batch *batch);
/* Bytes it will take in the journal, about. */
size_t tl_batch_size(const struct tl_batch *batch);

/* The answer, once done. TL_OK; TL_EFULL: refused, nothing was written, try later; TL_ECANCELLED: the journal closed.
 */
tl_code tl_batch_code(const struct tl_batch *batch, struct tl_error *err);
/* The commit it is in; 0 when refused. */
uint64_t tl_batch_commit(const struct tl_batch *batch);
/* Accept time of that commit. */
int64_t tl_batch_time(const struct tl_batch *batch);
/* Position of the batch's event; of the first one when it is a duplicate. */
tl_position tl_batch_position(const struct tl_batch *batch, uint32_t index);
/* True: the same dedupe key with the same payload was there already; nothing new was accepted. */
bool tl_batch_duplicate(const struct tl_batch *batch, uint32_t index);
/* True: the same dedupe key was there with another payload; accepted as a new event and flagged. */
bool tl_batch_conflict(const struct tl_batch *batch, uint32_t index);
