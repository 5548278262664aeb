/* What stands before the calls of one system: pause, maintenance windows, breaker, a wait the platform asked
 * for, rate, day budget, concurrency. One gate per system, shared by all lanes; it takes its own lock, for
 * well under a microsecond.
 *
 * Use: enter before a call; when open, make the call and leave with what became of it (or withdraw when
 * nothing was sent). When closed, wait until `until_ms` or until the subscription is called, and enter again.
 * Thread: any. Callbacks run on the thread that opened the gate, without the lock held; they must only post
 * mail. */
#pragma once
#include "base/list.h"
#include "guard/breaker.h"
#include "guard/calendar.h"
#include "guard/rate.h"

struct tl_gate;

struct tl_gate_config {
    struct tl_breaker_config breaker;
    struct tl_rate_config rate;
    uint32_t concurrent;          /* calls at the same time; 0: no limit */
    struct tl_calendar *calendar; /* own: handed to the gate; NULL: no windows */
};

/* enum, word */
#define TL_GATE_REASONS(X)                                                                                             \
    X(TL_GATE_OPEN, "open")                                                                                            \
    X(TL_GATE_PAUSED, "paused") /* by a person */                                                                      \
    X(TL_GATE_WINDOW, "maintenance")                                                                                   \
    X(TL_GATE_BREAKER, "breaker")    /* the endpoint fails */                                                          \
    X(TL_GATE_WAIT, "asked-to-wait") /* by the platform */                                                             \
    X(TL_GATE_DAY, "day-budget")                                                                                       \
    X(TL_GATE_RATE, "rate")                                                                                            \
    X(TL_GATE_CONCURRENCY, "concurrency")

enum tl_gate_reason {
#define X(reason, word) reason,
    TL_GATE_REASONS(X)
#undef X
};
const char *tl_gate_reason_word(enum tl_gate_reason reason);
/* rate and concurrency pass in moments; the others mean that work for the system is kept unstarted (rule 9).
 */
bool tl_gate_reason_is_long(enum tl_gate_reason reason);

struct tl_gate_ticket {
    uint32_t serial; /* 0: no ticket */
    bool probe;
};

struct tl_gate_closed {
    enum tl_gate_reason why;
    int64_t until_ms; /* monotonic; TL_NEVER: only an event opens it (resume, a call that ends) */
};

/* Told when a refused caller may ask again. Embedded in the caller's object. */
struct tl_gate_waiter {
    void (*opened)(void *ctx); /* set by the caller */
    void *ctx;
    struct tl_link link; /* the gate's, like `wants` */
    bool wants;
};

struct tl_gate *tl_gate_new(const char *name, const struct tl_gate_config *config, struct tl_instant now);
/* All tickets returned, all waiters removed. */
void tl_gate_free(struct tl_gate *gate);
const char *tl_gate_name(const struct tl_gate *gate);
/* Another revision's limits; what was counted so far stays. */
void tl_gate_configure(struct tl_gate *gate, const struct tl_gate_config *config, struct tl_instant now);

void tl_gate_subscribe(struct tl_gate *gate, struct tl_gate_waiter *waiter);
/* After the return the callback does not run any more. Not from within a callback. */
void tl_gate_unsubscribe(struct tl_gate *gate, struct tl_gate_waiter *waiter);

/* True: `ticket` is filled. False: `closed` is filled, and `waiter` (NULL allowed) is called when something
 * else than time opens the gate. A ticket must be given back exactly once, by leave or withdraw. */
bool tl_gate_enter(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority,
                   struct tl_gate_waiter *waiter, struct tl_gate_ticket *ticket, struct tl_gate_closed *closed);
/* For those who ask now and then (captures, batches), and would find every place taken whenever they do, while lanes
 * are told of each that becomes free: `who` (any address that is its own) is owed the next place when there was none,
 * and asks again at `closed->until_ms`, in 20 ms. The others leave that place to it, for three seconds at most; after
 * each place that was owed it is their turn. */
bool tl_gate_enter_seldom(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority, const void *who,
                          struct tl_gate_ticket *ticket, struct tl_gate_closed *closed);
/* The same answer without taking anything. True: open. */
bool tl_gate_peek(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority,
                  struct tl_gate_closed *closed);
/* `wait_ms`: what the platform asked for with the failure (retry or quota), 0 if nothing: nobody calls
 * before, and the rate is halved. quota without a wait closes for a second, doubled each time, up to ten
 * minutes. */
void tl_gate_leave(struct tl_gate *gate, struct tl_gate_ticket ticket, enum tl_failure failure, int64_t wait_ms,
                   struct tl_instant now);
/* Nothing was sent: takes back what enter took. */
void tl_gate_withdraw(struct tl_gate *gate, struct tl_gate_ticket ticket, struct tl_instant now);

/* What the platform said about its day budget (Sforce-Limit-Info). A hint: it may go down again, and is
 * believed for a quarter of an hour. Bulk stops at the share kept for live work, everything at the limit. */
void tl_gate_report(struct tl_gate *gate, uint64_t used, uint64_t limit, struct tl_instant now);

/* The platform said that nothing is left of a short allowance, and in how many milliseconds it is full again: nobody
 * calls before. */
void tl_gate_hold(struct tl_gate *gate, int64_t wait_ms, struct tl_instant now);

/* A person closes the gate. Calls in flight end normally. A second pause replaces who and why. */
void tl_gate_pause(struct tl_gate *gate, tl_str who, tl_str why, struct tl_instant now);
/* Also lets a probe go at once when the breaker is open, and ends a wait that the platform asked for. */
void tl_gate_resume(struct tl_gate *gate, struct tl_instant now);

/* What stands behind the gate has changed (its address, its credentials): what the breaker knows is of what stood there
 * before, so a probe goes at once. Pauses and waits stay. */
void tl_gate_renew(struct tl_gate *gate, struct tl_instant now);

struct tl_gate_status {
    enum tl_gate_reason why; /* for normal priority, now */
    int64_t until_wall_ms;   /* TL_NEVER: unknown */
    enum tl_breaker_state breaker;
    enum tl_failure breaker_cause;
    char paused_by[64], paused_why[192]; /* "" when not paused */
    int64_t paused_wall_ms;
    char window[96]; /* text of the window we are in, or "" */
    int64_t next_window_wall_ms;
    uint32_t in_flight, concurrent;
    double per_second; /* as it is now, 0: no limit */
    uint64_t used_today, per_day;
    uint64_t reported_used, reported_limit; /* by the platform; 0: nothing yet */
    uint64_t entered, refused;              /* since the start */
};
void tl_gate_status(struct tl_gate *gate, struct tl_instant now, struct tl_gate_status *out);
