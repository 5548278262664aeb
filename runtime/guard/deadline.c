/* Deadlines on the monotonic clock: see guard/deadline.h. Thread: any. */
#include "guard/deadline.h"

int64_t tl_deadline_after(int64_t now_mono_ms, int64_t timeout_ms, int64_t outer_ms)
{
    int64_t own = timeout_ms <= 0 || timeout_ms > TL_NEVER - now_mono_ms ? TL_NEVER : now_mono_ms + timeout_ms;
    return own < outer_ms ? own : outer_ms;
}

int64_t tl_deadline_left(int64_t deadline_ms, int64_t now_mono_ms)
{
    if (deadline_ms == TL_NEVER)
        return TL_NEVER;
    return deadline_ms > now_mono_ms ? deadline_ms - now_mono_ms : 0;
}

bool tl_deadline_over(int64_t deadline_ms, int64_t now_mono_ms)
{
    return tl_deadline_left(deadline_ms, now_mono_ms) == 0;
}
