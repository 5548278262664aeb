/* How a run ends badly: it parks with what it did left as it is, or what it did is undone, last first (rule 17). Undo
 * functions are the script's; the run asks for their calls like for any other. That a run is to be undone stands in its
 * row, with the place in its history at which that was decided. Thread: the lane's. */
#pragma once
#include "run.h"

/* An error that the script did not catch, of the ask `step` (or none): parks, or undoes where the flow says so. */
void tl_drive_fail(struct tl_drive *drive, const struct tl_cause *cause, tl_str step);
/* Nothing of it is under way: the script is stopped and undoes. */
void tl_run_undo(struct tl_drive *drive, tl_str reason);
/* A run in any state, in memory or not, is to be undone and ended. Rows go into the batch of this turn; `first`: its
 * turn on its key comes before all that waits. */
void tl_run_abort(struct tl_lane *lane, struct tl_run_row *run, const char *reason, bool first);
/* The run was cancelled at this place of its history. True: it undoes; false: it must be known first what its open
 * calls did. */
bool tl_recall_cancel(struct tl_drive *drive);
/* What its open calls did is known: it undoes. False: not yet. */
bool tl_recall_settled(struct tl_drive *drive);
/* ctx:continue. */
void tl_run_continue(struct tl_drive *drive, tl_str state);
