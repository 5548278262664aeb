/* The seam for time. Everything that asks for the time asks here, so that tests drive it. Thread: any. */
#pragma once
#include <stdint.h>
#include <time.h>

struct tl_clock {
    int64_t (*wall_ms)(void *ctx); /* Unix time in milliseconds; may jump */
    int64_t (*mono_ns)(void *ctx); /* never goes back; unrelated to the date */
    void *ctx;
};

int64_t tl_wall_ms(void);
int64_t tl_mono_ns(void);
int64_t tl_mono_ms(void);
/* So many nanoseconds from now on the machine's own clock, also when time is driven: for pthread_cond_timedwait. */
struct timespec tl_clock_until(int64_t ns);
/* Replaces the clock of the whole process; NULL restores the machine's. Call before threads start. The table must
 * outlive its use. */
void tl_clock_set(const struct tl_clock *clock);
