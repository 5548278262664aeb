#include "base/clock.h"
#include <stddef.h>
#include <time.h>

static int64_t machine_wall_ms(void *ctx)
{
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t machine_mono_ns(void *ctx)
{
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static const struct tl_clock machine = {machine_wall_ms, machine_mono_ns, NULL};
static const struct tl_clock *current = &machine;

int64_t tl_wall_ms(void)
{
    return current->wall_ms(current->ctx);
}

int64_t tl_mono_ns(void)
{
    return current->mono_ns(current->ctx);
}

int64_t tl_mono_ms(void)
{
    return tl_mono_ns() / 1000000;
}

void tl_clock_set(const struct tl_clock *clock)
{
    current = clock != NULL ? clock : &machine;
}

struct timespec tl_clock_until(int64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (until.tv_nsec + ns) / 1000000000;
    until.tv_nsec = (until.tv_nsec + ns) % 1000000000;
    return until;
}
