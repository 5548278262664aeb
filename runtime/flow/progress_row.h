/* A row of the state table "progress": what of one commit is unfinished.
 *   key    the commit, 20 decimal digits
 *   value  text, one line each, ended by \n:
 *            "1 <events> <accept time ms>"
 *            "<bits> <flow>"   for each flow with unfinished units: events/4 hexadecimal digits (rounded up), the first
 * digit is events 0..3, its lowest bit event 0; 1 = unfinished Rows may be older than the journal: outcomes from the
 * floor on (checkpoint.c) are applied again when they are read. */
#pragma once
#include "base/buf.h"
#include "plan.h"
#include "progress.h"

#define TL_TABLE_PROGRESS "progress"

/* Appends the value for an entry. With the tracker's lock held. */
void tl_progress_row_write(const struct tl_progress_entry *entry, const struct tl_plan *plan, struct tl_buf *out);
/* Adds what a row says. Flows that are not in the plan are ignored. False: the row is damaged. */
bool tl_progress_row_read(struct tl_progress *progress, const struct tl_plan *plan, tl_str key, tl_str value);
