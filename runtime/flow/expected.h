/* What is special about the runs of expectations (`expect "title" { … }`, scripts/lib/expectation.lua): they park with
 * the class "expected" while they still wait for what has to follow, and go on by themselves when it comes late.
 * Thread: the lane's. */
#pragma once
#include "run.h"

/* The class and place of what an expectation parks with; other flows' causes stay. */
void tl_expected_cause(struct tl_drive *drive, struct tl_cause *cause);
/* What a run of an expectation says at its end; empty for other flows. One that was parked leaves a row in the audit
 * (act "late"). */
tl_str tl_expected_note(struct tl_drive *drive, tl_str result);
/* A wait of the run has just been recorded: a parked expectation goes on and closes its exception. */
void tl_expected_came(struct tl_lane *lane, struct tl_run_row *run);
/* The same at a start, when it had been recorded and the process ended before the run went on. */
void tl_expected_restore(struct tl_lane *lane, const struct tl_run_row *run);
