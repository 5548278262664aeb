/* What flows ask people: rows of the table "decision" (flow/runs.h). The id is "<run id>-<step number>". Thread: the
 * lane's. */
#pragma once
#include "run.h"

void tl_decision_put(struct tl_step *step, struct tl_batch *batch);
void tl_decision_del(const struct tl_run_row *run, uint32_t number, struct tl_batch *batch);
