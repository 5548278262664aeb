/* Events that an open run could still take though their segment is dropped (rules 2 and 7): a run that sleeps for sixty
 * days and then awaits what came on the fifth. They are copied into rows before the segment goes, and awaits look there
 * after they have looked into the journal.
 *
 * State table "awaitable": key = "<hash of the event's key, 16 hex>/<event id>", so that the rows of a key stand in the
 * order in which they were accepted; value = the event as in step_row.h; a1 = its type. One row serves all runs of the
 * key. It goes with the last of them; what is missed then (runs that were discarded, waits on the key of another) goes
 * when the next segment is dropped. Not copied: what came before the oldest open run of the key; starts and replays of
 * runs; ends of runs (they are told by units, which are kept: kept.h); what was erased; and events of another key than
 * the run's own, but while it waits for that key: nobody knows what a script will name. */
#pragma once
#include "run.h"

#define TL_TABLE_AWAITABLE "awaitable"

/* Before lanes run: are there rows? */
TL_MUST_CHECK tl_code tl_awaitable_recover(struct tl_engine *engine, struct tl_error *err);
/* Copies what is to be kept of the commits, and removes rows nobody can take any more; false: it could not be written.
 * After tl_kept_copy. Not on a loop of a lane; one at a time. */
bool tl_awaitable_copy(struct tl_engine *engine, uint64_t first, uint64_t last);
/* The earliest event of a key and type after a position, in the journal or dropped from it. TL_ENOTFOUND. */
TL_MUST_CHECK tl_code tl_awaitable_find(struct tl_engine *engine, tl_str key, tl_str type, tl_position after,
                                        tl_position *out, struct tl_error *err);
/* The event that was found. */
TL_MUST_CHECK tl_code tl_awaitable_event(struct tl_engine *engine, tl_str key, tl_position position,
                                         struct tl_arena *arena, struct tl_event *out, struct tl_error *err);
/* The unit ends, and its run's rows are in the batch as deleted: so are the rows of its key, when no other run of it is
 * open. Costs nothing unless its event is past retention. */
void tl_awaitable_end(struct tl_drive *drive, struct tl_batch *batch);
