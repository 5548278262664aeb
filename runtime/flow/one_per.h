/* Flows with `one_per`: at most one open run for each value. All runs of one value are in one key line, so what the
 * state says of it when a unit has its turn is true. State table "one_per": key = "<flow>/<value>", value = run id.
 * Thread: the lane's. */
#pragma once
#include "run.h"

/* True: the unit's run may begin. False: it has ended, or waits for the open one to end. */
bool tl_one_per_begin(struct tl_drive *drive);
void tl_one_per_put(const struct tl_run_row *run, struct tl_batch *batch);
void tl_one_per_del(const struct tl_run_row *run, struct tl_batch *batch);
