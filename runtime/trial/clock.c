#include "clock.h"
#include "base/clock.h"
#include "base/random.h"
#include <stdatomic.h>
#include <string.h>

#define BEGIN_MS 1767603600000 /* 2026-01-05T09:00:00Z, a Monday */
#define MONO_ZERO_MS 1700000000000

static atomic_llong now_ms = BEGIN_MS;
static atomic_ullong chance;

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return atomic_load(&now_ms);
}

static int64_t mono_ns(void *ctx)
{
    (void)ctx;
    return (atomic_load(&now_ms) - MONO_ZERO_MS) * 1000000;
}

/* splitmix64 */
static uint64_t next_chance(void)
{
    uint64_t z = atomic_fetch_add(&chance, 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void fill(void *ctx, void *out, size_t len)
{
    unsigned char *at = out;
    (void)ctx;
    while (len > 0) {
        uint64_t z = next_chance();
        size_t n = len < sizeof z ? len : sizeof z;
        memcpy(at, &z, n);
        at += n;
        len -= n;
    }
}

void tl_trial_clock_take(void)
{
    static const struct tl_clock driven = {wall_ms, mono_ns, NULL};
    tl_clock_set(&driven);
    tl_random_set(fill, NULL);
    tl_trial_clock_reset();
}

void tl_trial_clock_give_back(void)
{
    tl_clock_set(NULL);
    tl_random_set(NULL, NULL);
}

void tl_trial_clock_reset(void)
{
    atomic_store(&now_ms, BEGIN_MS);
    atomic_store(&chance, 1);
}

void tl_trial_clock_to(int64_t wall)
{
    atomic_store(&now_ms, wall);
}

int64_t tl_trial_wall_of(int64_t mono_ms)
{
    return mono_ms + MONO_ZERO_MS;
}
