/* What a capture could not see: the connector's cursor was no longer valid, or the platform keeps what it was asked for
 * no longer. It is an event of its own in the journal, in the same commit as the cursor behind it, and it is parked for
 * a person: silence would look like "nothing changed". */
#pragma once
#include "capture_int.h"

/* Event type; payload {"object","from","to" (RFC 3339, null: unknown or still going on),"deletions","why"}; the source
 * is the system, the key the object. "deletions": which of the deletions in the interval come as events: "told" (every
 * one), "partly" (those that the platform still knew), "unknown" (nothing is promised; so also when the connector says
 * nothing: a read of everything there is does not show what is no more, and the engine has no list of a platform's
 * records to compare it with). */
#define TL_TYPE_GAP "capture.gap"
/* Row: key = "<system>/<object>"; value = the payload of the latest gap. */
#define TL_TABLE_GAP "gap"

/* Puts the event and the row into the batch. `said`: what the connector said of it, a JSON object with from, to,
 * deletions and why as far as it knows them; its own times win over ours. `to_ms` 0: it goes on. [lane] */
TL_MUST_CHECK tl_code tl_gap_put(struct tl_capture_job *job, tl_str said, int64_t to_ms, struct tl_batch *batch,
                                 struct tl_error *err);
/* Reads what status tells of the latest one. */
void tl_gap_load(struct tl_capture_job *job);
/* The unit of such an event: parked, and when a person retries it, done: it has been seen. */
struct tl_drive;
void tl_gap_start(struct tl_drive *drive);
