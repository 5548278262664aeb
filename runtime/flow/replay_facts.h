/* What a replay asks of endings and operations. Private to the room. Thread: any. */
#pragma once
#include "engine_int.h"

/* Not an end: it is parked, or waits. */
bool tl_replay_is_open(enum tl_ending ending);
/* Does the operation change nothing? */
bool tl_replay_reads(struct tl_engine *engine, tl_str system, tl_str operation);
