/* How long something may still take. Pure. Thread: any. */
#pragma once
#include "guard/instant.h"
#include <stdbool.h>

/* `timeout_ms` from now, kept inside `outer_ms` (monotonic, TL_NEVER if none). A timeout of 0 means none. */
int64_t tl_deadline_after(int64_t now_mono_ms, int64_t timeout_ms, int64_t outer_ms);
/* Milliseconds left, 0 when over, TL_NEVER when there is no deadline. */
int64_t tl_deadline_left(int64_t deadline_ms, int64_t now_mono_ms);
bool tl_deadline_over(int64_t deadline_ms, int64_t now_mono_ms);
