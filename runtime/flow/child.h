/* Runs that a run starts and waits for. The start is an event of type "run.start:<flow>", which only that flow takes;
 * its dedupe key is the token "<run id>/<round>/<step number>". When the child's run has ended it emits "run.ended"
 * with the token as its key, in the commit of its outcome; the parent awaits that like any other event. Thread: the
 * lane's. */
#pragma once
#include "run.h"

#define TL_TYPE_START "run.start:"
#define TL_TYPE_ENDED "run.ended"

bool tl_child_is(const struct tl_event *event);
/* The start goes into the batch; `wait` is filled. */
void tl_child_begin(struct tl_step *step, struct tl_run_wait *wait, struct tl_batch *batch);
/* If another run has started this one: tells it how it ended. `result`: JSON, or empty. */
void tl_child_ended(struct tl_drive *drive, enum tl_ending ending, tl_str note, tl_str result, struct tl_batch *batch);
/* The same for a unit that a person discarded. */
void tl_child_discarded(const struct tl_event *event, tl_str note, struct tl_batch *batch);
/* What the end of a child is as a result of the parent's step. */
struct tl_step_row tl_child_row(struct tl_arena *arena, const struct tl_event *ended);
