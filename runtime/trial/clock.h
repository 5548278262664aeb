/* The clock and the chance of tests: time stands still until a test moves it, chance repeats. Thread: moved by one,
 * read by any. */
#pragma once
#include <stdint.h>

/* Puts both seams in place / gives them back. */
void tl_trial_clock_take(void);
void tl_trial_clock_give_back(void);
/* Monday 2026-01-05 09:00 UTC, and chance from its beginning. */
void tl_trial_clock_reset(void);
void tl_trial_clock_to(int64_t wall_ms);
/* Mono and wall time go together. */
int64_t tl_trial_wall_of(int64_t mono_ms);
