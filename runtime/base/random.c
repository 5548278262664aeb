#include "base/random.h"
#include "base/error.h"
#include <errno.h>
#include <sys/random.h>

static void kernel_fill(void *ctx, void *out, size_t len)
{
    (void)ctx;
    unsigned char *at = out;
    while (len != 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        tl_must(got > 0);
        at += got;
        len -= (size_t)got;
    }
}

static void (*fill)(void *ctx, void *out, size_t len) = kernel_fill;
static void *fill_ctx;

void tl_random_bytes(void *out, size_t len)
{
    fill(fill_ctx, out, len);
}

uint64_t tl_random_u64(void)
{
    uint64_t value;
    tl_random_bytes(&value, sizeof value);
    return value;
}

uint64_t tl_random_below(uint64_t bound)
{
    if (bound == 0)
        return 0;
    /* Values from the incomplete last round would favour small results. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value = tl_random_u64();
    while (value >= limit)
        value = tl_random_u64();
    return value % bound;
}

void tl_random_set(void (*source)(void *ctx, void *out, size_t len), void *ctx)
{
    fill = source != NULL ? source : kernel_fill;
    fill_ctx = source != NULL ? ctx : NULL;
}
