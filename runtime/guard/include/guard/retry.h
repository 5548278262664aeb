/* When to try again: exponential, full jitter (a random point between 0 and the step, so that a thousand
 * failures do not come back together), never before the vendor's own wait. Pure: time and chance are
 * arguments. Thread: any. */
#pragma once
#include "guard/failure.h"
#include "guard/instant.h"

struct tl_retry_policy {
    int64_t first_ms;  /* the first step */
    int64_t cap_ms;    /* no step is longer, before the vendor's wait */
    uint32_t attempts; /* failures of the record before giving up; at least 1 */
};

/* "500ms", "10m", 8: what a system without `retry` has. */
extern const struct tl_retry_policy tl_retry_default;

/* Of one unit; all zero at the start. */
struct tl_retry {
    uint32_t attempts; /* failures of the record, counted against the policy */
    uint32_t row;      /* failures in a row of any kind: the exponent */
};

enum tl_retry_verdict {
    TL_RETRY_AGAIN,   /* after wait_ms */
    TL_RETRY_PARK,    /* for good: a failure that time does not heal, or the attempts are used up */
    TL_RETRY_EXPIRED, /* the next try would be after the unit's deadline */
};

struct tl_retry_step {
    enum tl_retry_verdict verdict;
    int64_t wait_ms;
};

/* `vendor_wait_ms`: what the platform asked for, 0 if nothing. `deadline_ms`: monotonic, TL_NEVER if none.
 * `chance`: 64 random bits. Endpoint failures use up no attempt; conflicts do; data, missing, unsupported and
 * bug park at once. */
struct tl_retry_step tl_retry_next(struct tl_retry *retry, const struct tl_retry_policy *policy,
                                   enum tl_failure failure, int64_t vendor_wait_ms, int64_t now_mono_ms,
                                   int64_t deadline_ms, uint64_t chance);
/* Full jitter alone: a wait in [0, min(cap, first * 2^row)]. */
int64_t tl_retry_backoff(const struct tl_retry_policy *policy, uint32_t row, uint64_t chance);
