/* When to try again: see guard/retry.h. Thread: any. */
#include "guard/retry.h"

const struct tl_retry_policy tl_retry_default = {.first_ms = 500, .cap_ms = 10 * 60 * 1000, .attempts = 8};

/* min(cap, first * 2^row) without overflow. */
static int64_t step_ms(const struct tl_retry_policy *policy, uint32_t row)
{
    int64_t step = policy->first_ms > 0 ? policy->first_ms : 1;

    for (uint32_t i = 0; i < row && step < policy->cap_ms; i++)
        step = step > policy->cap_ms / 2 ? policy->cap_ms : step * 2;
    return step < policy->cap_ms ? step : policy->cap_ms;
}

int64_t tl_retry_backoff(const struct tl_retry_policy *policy, uint32_t row, uint64_t chance)
{
    /* Multiply-shift instead of a remainder: no bias worth naming, and no division. */
    uint64_t bound = (uint64_t)step_ms(policy, row) + 1;
    return (int64_t)((chance >> 32) * bound >> 32);
}

/* The vendor's wait is kept in full, with a tenth of jitter on top. */
static int64_t wait_ms(const struct tl_retry_policy *policy, uint32_t row, int64_t vendor_ms, uint64_t chance)
{
    int64_t own = tl_retry_backoff(policy, row, chance);

    if (vendor_ms <= 0)
        return own;
    int64_t most = vendor_ms / 10 < policy->cap_ms ? vendor_ms / 10 : policy->cap_ms;
    return vendor_ms + (int64_t)((chance >> 32) * ((uint64_t)most + 1) >> 32);
}

struct tl_retry_step tl_retry_next(struct tl_retry *retry, const struct tl_retry_policy *policy,
                                   enum tl_failure failure, int64_t vendor_wait_ms, int64_t now_mono_ms,
                                   int64_t deadline_ms, uint64_t chance)
{
    struct tl_retry_step step = {TL_RETRY_PARK, 0};

    if (failure == TL_FAIL_CONFLICT)
        retry->attempts++;
    else if (!tl_failure_is_endpoint(failure))
        return step;
    if (retry->attempts >= policy->attempts && failure == TL_FAIL_CONFLICT)
        return step;
    step.wait_ms = wait_ms(policy, retry->row, vendor_wait_ms, chance);
    if (retry->row < UINT32_MAX)
        retry->row++;
    step.verdict =
        deadline_ms != TL_NEVER && now_mono_ms + step.wait_ms >= deadline_ms ? TL_RETRY_EXPIRED : TL_RETRY_AGAIN;
    return step;
}
