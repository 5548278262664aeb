/* Would a run go on under the live revision as it did so far? Thread: the lane's. */
#pragma once
#include "run.h"

/* Repeats the run from its records in the live state, without sending anything. TL_EDIFFERS: both sides are shown. */
TL_MUST_CHECK tl_code tl_run_fits(struct tl_lane *lane, struct tl_run_row *run, struct tl_error *err);
/* All steps of a run, results first in the order given, then the others; texts in `arena`. */
TL_MUST_CHECK tl_code tl_run_steps(struct tl_lane *lane, const struct tl_run_row *run, struct tl_arena *arena,
                                   struct tl_step_row **out, size_t *count, struct tl_error *err);
