/* Events that runs wait for. Thread: the lane's. */
#pragma once
#include "run.h"

/* The earliest event that the ask may take, in the drive's arena; false: none yet. */
bool tl_await_look_back(struct tl_drive *drive, const struct tl_run_ask *ask, struct tl_event *out);
/* The earliest event that a registered wait may take, if it came in time; `key` is what it waits for. */
bool tl_await_came(struct tl_lane *lane, const struct tl_run_wait *wait, tl_str key, struct tl_arena *arena,
                   struct tl_event *out);
/* The event as the result of an await. */
struct tl_step_row tl_await_row(struct tl_arena *arena, const struct tl_event *event);
/* The run has taken it. `type` must live as long as the drive. */
void tl_await_note(struct tl_drive *drive, tl_str type, tl_position event);
/* The unit of an event that some run may wait for. */
void tl_await_start(struct tl_drive *drive);
