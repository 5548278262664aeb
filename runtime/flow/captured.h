/* What a platform reported, as an event for the journal. */
#pragma once
#include "base/arena.h"
#include "connector/capture.h"
#include "plan.h"

/* Fills `in` for an event of type "<system>.<object>", or a hint; texts that are made up live in `arena`. */
void tl_captured_event(const struct tl_plan *plan, int system, const struct tl_captured *captured,
                       const struct tl_trace *trace, struct tl_arena *arena, struct tl_event_in *in);
