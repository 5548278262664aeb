/* Turning an engine without threads (config.by_hand) and knowing when nothing moves any more: for tests with driven
 * time, which may pass only while no I/O is outstanding (rule 24). Thread: the owner's. */
#pragma once
#include "flow/engine.h"

/* One turn of every lane, waiting at most `max_ms` of the machine's time for something to do. `held`: calls that the
 * owner's call port keeps back. True: only time, the answer to one of those calls, or somebody outside can make
 * something happen. */
bool tl_engine_turn(struct tl_engine *engine, size_t held, int max_ms);
/* Mono time (ms) at which the next thing that waits for time is due: a timer of a run, a retry, a gate; the rounds that
 * lanes make anyway are left out. INT64_MAX: nothing is. Between turns, when nothing moves. */
int64_t tl_engine_due_ms(struct tl_engine *engine);
/* The clock seam has moved: lanes look at their timers in the next turn. */
void tl_engine_clock_moved(struct tl_engine *engine);
