/* Rows of the table "exception" (format: flow/exception.h) and their entries in the index. */
#pragma once
#include "run.h"

/* Puts the row for a unit that parks into the batch and opens (or keeps) the entry of the index. Thread: the lane's. */
void tl_exception_park(struct tl_drive *drive, const struct tl_cause *cause, struct tl_batch *batch);
/* Its unit has ended: the row goes, and so does the entry, the hold with it. */
void tl_exception_close(struct tl_lane *lane, struct tl_keyline *line, struct tl_open_exception *open,
                        struct tl_batch *batch);
/* A later event of the key was applied: superseded exceptions of the flow are closed, the others remember it. */
void tl_exception_passed(struct tl_drive *drive, struct tl_batch *batch);
/* When an exception that is `steward`'s from `from_ms` on is overdue; 0: never. Thread: any. */
int64_t tl_exception_due(const struct tl_plan *plan, const char *steward, int64_t from_ms);
/* The event as the row keeps it; for when the journal has dropped it. */
TL_MUST_CHECK tl_code tl_exception_event(struct tl_engine *engine, const struct tl_open_exception *open,
                                         struct tl_arena *arena, struct tl_event *out, struct tl_error *err);
/* An entry for a row that recovery read. */
void tl_exception_restore(struct tl_engine *engine, tl_str id, tl_str row);
/* The row of an audited act. */
void tl_audit(struct tl_engine *engine, struct tl_batch *batch, const char *act, tl_str what, tl_str who, tl_str why,
              tl_str detail);
/* RFC 3339, milliseconds, UTC. `out` has room for 40 bytes. */
tl_str tl_time_text(int64_t ms, char out[40]);
