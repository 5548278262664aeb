/* A clock that a test moves by hand. */
#pragma once
#include "base/clock.h"
#include <stdatomic.h>

static atomic_llong driven_ns;

static inline int64_t driven_wall_ms(void *ctx)
{
    (void)ctx;
    return 1700000000000 + atomic_load(&driven_ns) / 1000000;
}

static inline int64_t driven_mono_ns(void *ctx)
{
    (void)ctx;
    return atomic_load(&driven_ns);
}

static const struct tl_clock driven_clock = {driven_wall_ms, driven_mono_ns, NULL};

static inline void driven_advance_ms(int64_t ms)
{
    atomic_fetch_add(&driven_ns, ms * 1000000);
}
