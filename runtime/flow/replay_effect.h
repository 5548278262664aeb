/* A unit that runs an earlier event again (rule 15): what it does not send, does not emit, and looks back from. Other
 * drives have `replay` NULL, and every function here lets them pass. Thread: the lane's. */
#pragma once
#include "run.h"

/* Reads what was recorded of the earlier unit. False: it does not run, and the drive is gone; the outcome says why. */
bool tl_replay_begin(struct tl_drive *drive);
/* What was recorded of this replay itself counts too: after tl_recall_load. */
void tl_replay_recalled(struct tl_drive *drive);
/* The script is given the earlier event: its id, type and time, and its random numbers. */
void tl_replay_event(const struct tl_drive *drive, struct tl_run_event *event);
/* Awaits look back from here. */
tl_position tl_replay_from(const struct tl_drive *drive);
/* A call that has not been sent. False: it is not sent, and has its result. */
bool tl_replay_sends(struct tl_step *step);
/* Its business name was done already, `row` is what it gave. */
void tl_replay_done_once(struct tl_step *step, struct tl_step_row *row);
/* The run whose id a call's idempotency key is made of: the old one where such a call failed then, for it may have
 * taken place. */
const char *tl_replay_run_id(const struct tl_step *step, const char *own);
/* Was this emitted before? */
bool tl_replay_emitted(struct tl_drive *drive, const struct tl_emitted *emitted);
/* A run that is started: the start that the earlier unit made is named, and its replay is started instead. */
void tl_replay_child(struct tl_step *step, struct tl_event_in *in);
/* `note` with what was not sent and why, in the drive's arena. */
tl_str tl_replay_note(struct tl_drive *drive, tl_str note);
