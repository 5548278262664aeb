/* The breaker: see guard/breaker.h. Thread: one at a time. */
#include "guard/breaker.h"

#include "base/attr.h"

#include <string.h>

#define DOUBLINGS_MAX 4 /* 16 times probe_after */

const struct tl_breaker_config tl_breaker_default = {.failures = 5, .within_ms = 30000, .probe_after_ms = 20000};

void tl_breaker_init(struct tl_breaker *breaker)
{
    memset(breaker, 0, sizeof(*breaker));
}

bool tl_breaker_enter(struct tl_breaker *breaker, int64_t now_ms, bool *probe, int64_t *until_ms)
{
    *probe = false;
    *until_ms = now_ms;
    if (breaker->state == TL_BREAKER_CLOSED)
        return true;
    if (breaker->state == TL_BREAKER_OPEN) {
        *until_ms = breaker->until_ms;
        if (now_ms < breaker->until_ms)
            return false;
        breaker->state = TL_BREAKER_HALF_OPEN;
        breaker->probing = false;
    }
    if (breaker->probing) {
        *until_ms = TL_NEVER;
        return false;
    }
    breaker->probing = true;
    *probe = true;
    return true;
}

static void open_it(struct tl_breaker *breaker, const struct tl_breaker_config *config, enum tl_failure cause,
                    int64_t now_ms)
{
    uint32_t doublings = breaker->pauses < DOUBLINGS_MAX ? breaker->pauses : DOUBLINGS_MAX;

    breaker->state = TL_BREAKER_OPEN;
    breaker->cause = cause;
    breaker->probing = false;
    breaker->until_ms = now_ms + (config->probe_after_ms << doublings);
    breaker->pauses++;
    breaker->count = 0;
}

/* True when the failures kept, with this one, are enough within the window. */
static bool enough(struct tl_breaker *breaker, const struct tl_breaker_config *config, int64_t now_ms)
{
    uint32_t size = (uint32_t)TL_COUNT_OF(breaker->at);
    uint32_t need = config->failures == 0 ? 1 : config->failures > size ? size : config->failures;

    breaker->at[breaker->next] = now_ms;
    breaker->next = (breaker->next + 1) % size;
    if (breaker->count < size)
        breaker->count++;
    return breaker->count >= need && now_ms - breaker->at[(breaker->next + size - need) % size] <= config->within_ms;
}

bool tl_breaker_leave(struct tl_breaker *breaker, const struct tl_breaker_config *config, bool probe,
                      enum tl_failure failure, int64_t now_ms)
{
    bool fatal = failure == TL_FAIL_AUTH || failure == TL_FAIL_CONFIG;
    bool failed = fatal || failure == TL_FAIL_RETRY;

    if (probe) {
        breaker->probing = false;
        if (failed) {
            open_it(breaker, config, failure, now_ms);
            if (breaker->stale)
                tl_breaker_renew(breaker, now_ms);
            return false;
        }
        tl_breaker_init(breaker);
        return true;
    }
    if (breaker->state != TL_BREAKER_CLOSED)
        return false; /* sent before it opened: the probe decides */
    if (!failed) {
        /* A success makes up for one failure, so that a few errors among many calls do not stop a busy
         * system. */
        if (breaker->count > 0)
            breaker->count--;
        return false;
    }
    if (fatal || enough(breaker, config, now_ms))
        open_it(breaker, config, failure, now_ms);
    return false;
}

void tl_breaker_withdraw(struct tl_breaker *breaker, bool probe)
{
    if (probe)
        breaker->probing = false;
}

void tl_breaker_reset(struct tl_breaker *breaker, int64_t now_ms)
{
    if (breaker->state == TL_BREAKER_OPEN)
        breaker->until_ms = now_ms;
}

void tl_breaker_renew(struct tl_breaker *breaker, int64_t now_ms)
{
    tl_breaker_reset(breaker, now_ms);
    breaker->count = breaker->pauses = 0;
    breaker->stale = breaker->state == TL_BREAKER_HALF_OPEN && breaker->probing;
}
