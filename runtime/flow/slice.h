/* Runs whose stretch gave way (TL_RUN_PREEMPTED, rule 21). They go on one a turn of the lane, behind everything else
 * that is ready, so a script that computes without end costs its neighbours one slice a turn. Meanwhile nothing is told
 * to the script: results that come wait for the end of its stretch, and what wakes or cancels the run finishes that
 * first, so the history of the run is that of one that never gave way. Thread: the lane's. */
#pragma once
#include "run.h"

/* The stretch has given way: it goes on in a later turn. */
void tl_slice_wait(struct tl_drive *drive);
/* The run whose turn it is goes on, unless another has given way in this turn. */
void tl_slices_turn(struct tl_lane *lane);
/* The stretch under way, if there is one, ends now; the drive of the run may be gone. NULL is allowed. */
void tl_slice_finish(struct tl_run_row *run);
