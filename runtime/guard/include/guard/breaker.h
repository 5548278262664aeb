/* Stops calling an endpoint that fails. Closed: calls pass, failures within a window are counted, and a
 * success makes up for one. Open: no call until `probe_after`. Half open: one call, the probe, decides. Each
 * probe that fails doubles the pause, up to 16 times. auth and config open it at once: repeating does not
 * help and locks accounts. Pure. Thread: one at a time. */
#pragma once
#include "guard/failure.h"
#include "guard/instant.h"

struct tl_breaker_config {
    uint32_t failures;      /* that many (at most 64)… */
    int64_t within_ms;      /* …within this time open it */
    int64_t probe_after_ms; /* then one call may try */
};

/* 5 within 30 s, probe after 20 s. */
extern const struct tl_breaker_config tl_breaker_default;

enum tl_breaker_state { TL_BREAKER_CLOSED, TL_BREAKER_OPEN, TL_BREAKER_HALF_OPEN };

struct tl_breaker {
    enum tl_breaker_state state;
    enum tl_failure cause; /* the failure that opened it */
    uint32_t count;        /* failures kept in `at` */
    uint32_t pauses;       /* openings in a row */
    int64_t until_ms;      /* open: when a probe may go */
    bool probing;          /* half open: the probe is out */
    bool stale;            /* it was sent before tl_breaker_renew */
    int64_t at[64];        /* ring of failure times */
    uint32_t next;
};

void tl_breaker_init(struct tl_breaker *breaker);
/* True: the call may go, and `*probe` says whether it is the probe. False: `*until_ms` says when to ask again
 * (TL_NEVER while a probe is out: its end decides). */
bool tl_breaker_enter(struct tl_breaker *breaker, int64_t now_ms, bool *probe, int64_t *until_ms);
/* What became of a call that was let through. True when the breaker went from not closed to closed. */
bool tl_breaker_leave(struct tl_breaker *breaker, const struct tl_breaker_config *config, bool probe,
                      enum tl_failure failure, int64_t now_ms);
/* The probe was not sent after all: another may go. */
void tl_breaker_withdraw(struct tl_breaker *breaker, bool probe);
/* A person says it is repaired: the next call is the probe. */
void tl_breaker_reset(struct tl_breaker *breaker, int64_t now_ms);
/* Something else stands there now: the next call is the probe, also when one to what stood there is out and fails, and
 * what failed before counts no more. */
void tl_breaker_renew(struct tl_breaker *breaker, int64_t now_ms);
