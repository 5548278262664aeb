/* The gate of one system: see guard/gate.h.
 *
 * Two locks, always in this order: `calling` is held while callbacks run and while the list of waiters
 * changes, so that an unsubscribed waiter is never called; `lock` guards everything else and is held for tens
 * of nanoseconds. Checks go from what lasts longest to what passes first, so that the reason given is the one
 * a person would name. Thread: any. */
#include "guard/gate.h"

#include "base/alloc.h"

#include <pthread.h>
#include <string.h>

#define HOLD_FIRST_MS 1000           /* quota without a stated wait: doubled each time … */
#define HOLD_CAP_MS (10 * 60 * 1000) /* … up to this */
#define WAIT_CAP_MS (24 * 3600 * 1000LL)
#define REPORT_LIFE_MS (15 * 60 * 1000) /* how long we believe what the platform said about its budget */
#define CALLS_AT_ONCE 32
#define OWED_LIFE_MS 3000 /* who does not come for its place in this time loses it */
#define OWED_AGAIN_MS 20

struct tl_gate {
    char *name; /* own */
    pthread_mutex_t calling, lock;
    struct tl_list waiters; /* borrow */
    struct tl_gate_config config;
    struct tl_breaker breaker;
    struct tl_rate rate;
    uint32_t in_flight;
    uint32_t serial;
    bool refused;     /* some waiter wants to be told */
    const void *owed; /* whose the next free place is; NULL: anybody's */
    int64_t owed_until_ms;
    bool owed_last;    /* a place that was owed was the last that was taken: now it is the others' turn */
    int64_t hold_ms;   /* monotonic: nobody calls before */
    uint32_t hold_row; /* quota answers in a row without a stated wait */
    uint64_t reported_used, reported_limit;
    int64_t reported_ms; /* when; TL_NEVER: never */
    bool paused;
    char paused_by[64], paused_why[192];
    int64_t paused_wall_ms;
    bool in_window; /* as computed for [window_from, window_change) of wall time */
    int64_t window_from_ms, window_change_ms;
    size_t window;
    uint64_t entered, refusals;
};

static const char *const reason_words[] = {
#define X(reason, word) word,
    TL_GATE_REASONS(X)
#undef X
};

const char *tl_gate_reason_word(enum tl_gate_reason reason)
{
    return (size_t)reason < sizeof(reason_words) / sizeof(reason_words[0]) ? reason_words[reason] : "?";
}

bool tl_gate_reason_is_long(enum tl_gate_reason reason)
{
    return reason != TL_GATE_OPEN && reason != TL_GATE_RATE && reason != TL_GATE_CONCURRENCY;
}

/* ---- life ---- */

struct tl_gate *tl_gate_new(const char *name, const struct tl_gate_config *config, struct tl_instant now)
{
    struct tl_gate *gate = TL_NEW(struct tl_gate);

    gate->name = tl_copy_z(name);
    tl_must(pthread_mutex_init(&gate->calling, NULL) == 0 && pthread_mutex_init(&gate->lock, NULL) == 0);
    tl_list_init(&gate->waiters);
    gate->config = *config;
    tl_breaker_init(&gate->breaker);
    tl_rate_init(&gate->rate, &gate->config.rate, now.mono_ms);
    gate->hold_ms = INT64_MIN;
    gate->reported_ms = TL_NEVER;
    gate->window_from_ms = gate->window_change_ms = INT64_MIN; /* not computed */
    return gate;
}

void tl_gate_free(struct tl_gate *gate)
{
    if (!gate)
        return;
    tl_must(gate->in_flight == 0 && tl_list_empty(&gate->waiters));
    pthread_mutex_destroy(&gate->lock);
    pthread_mutex_destroy(&gate->calling);
    tl_calendar_free(gate->config.calendar);
    tl_free(gate->name);
    tl_free(gate);
}

const char *tl_gate_name(const struct tl_gate *gate)
{
    return gate->name;
}

/* ---- waiters ---- */

void tl_gate_subscribe(struct tl_gate *gate, struct tl_gate_waiter *waiter)
{
    pthread_mutex_lock(&gate->calling);
    pthread_mutex_lock(&gate->lock);
    waiter->wants = false;
    memset(&waiter->link, 0, sizeof(waiter->link));
    tl_list_push(&gate->waiters, &waiter->link);
    pthread_mutex_unlock(&gate->lock);
    pthread_mutex_unlock(&gate->calling);
}

void tl_gate_unsubscribe(struct tl_gate *gate, struct tl_gate_waiter *waiter)
{
    pthread_mutex_lock(&gate->calling);
    pthread_mutex_lock(&gate->lock);
    tl_list_remove(&waiter->link);
    waiter->wants = false;
    pthread_mutex_unlock(&gate->lock);
    pthread_mutex_unlock(&gate->calling);
}

/* Takes up to CALLS_AT_ONCE waiters that want to be told; called with both locks. */
static size_t collect(struct tl_gate *gate, struct tl_gate_waiter *out[CALLS_AT_ONCE])
{
    size_t count = 0;

    for (struct tl_link *link = tl_list_first(&gate->waiters); link; link = tl_list_after(&gate->waiters, link)) {
        struct tl_gate_waiter *waiter = TL_LIST_ITEM(link, struct tl_gate_waiter, link);
        if (!waiter->wants)
            continue;
        if (count == CALLS_AT_ONCE)
            return count;
        waiter->wants = false;
        out[count++] = waiter;
    }
    gate->refused = false;
    return count;
}

static void tell(struct tl_gate *gate)
{
    struct tl_gate_waiter *waiters[CALLS_AT_ONCE];
    size_t count;

    pthread_mutex_lock(&gate->calling);
    do {
        pthread_mutex_lock(&gate->lock);
        count = collect(gate, waiters);
        pthread_mutex_unlock(&gate->lock);
        for (size_t i = 0; i < count; i++)
            waiters[i]->opened(waiters[i]->ctx);
    } while (count == CALLS_AT_ONCE);
    pthread_mutex_unlock(&gate->calling);
}

/* ---- deciding ---- */

/* Wall time moved on: recomputed only at the edges of windows, and when the clock went back. */
static void look_at_calendar(struct tl_gate *gate, int64_t wall_ms)
{
    if (wall_ms >= gate->window_from_ms && wall_ms < gate->window_change_ms)
        return;
    gate->window_from_ms = wall_ms;
    if (gate->config.calendar) {
        gate->in_window = tl_calendar_at(gate->config.calendar, wall_ms, &gate->window_change_ms, &gate->window);
    } else {
        gate->in_window = false;
        gate->window_change_ms = TL_NEVER;
    }
}

/* What the platform said about its day, while that is fresh. */
static bool reported_over(const struct tl_gate *gate, enum tl_priority priority, int64_t now_ms, int64_t *until_ms)
{
    uint32_t kept = priority == TL_BULK ? gate->config.rate.keep_for_live_pc : 0;

    if (gate->reported_ms == TL_NEVER || now_ms - gate->reported_ms >= REPORT_LIFE_MS || gate->reported_limit == 0)
        return false;
    *until_ms = gate->reported_ms + REPORT_LIFE_MS;
    return gate->reported_used >= gate->reported_limit - gate->reported_limit / 100 * (kept > 100 ? 100 : kept);
}

/* The checks that take nothing. */
static enum tl_gate_reason check_long(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority,
                                      int64_t *until_ms)
{
    *until_ms = TL_NEVER;
    if (gate->paused)
        return TL_GATE_PAUSED;
    look_at_calendar(gate, now.wall_ms);
    if (gate->in_window) {
        *until_ms = now.mono_ms + (gate->window_change_ms - now.wall_ms);
        return TL_GATE_WINDOW;
    }
    if (now.mono_ms < gate->hold_ms) {
        *until_ms = gate->hold_ms;
        return TL_GATE_WAIT;
    }
    if (reported_over(gate, priority, now.mono_ms, until_ms))
        return TL_GATE_DAY;
    return TL_GATE_OPEN;
}

/* Is every place taken, or the last one owed to somebody else than `who`? */
static bool is_full(const struct tl_gate *gate, const void *who, int64_t now_ms)
{
    bool owed = gate->owed != NULL && gate->owed != who && now_ms < gate->owed_until_ms;
    return gate->config.concurrent != 0 && gate->in_flight + owed >= gate->config.concurrent;
}

/* Breaker, concurrency and rate on the objects given, which a mere look copies. */
static enum tl_gate_reason take(const struct tl_gate *gate, struct tl_breaker *breaker, struct tl_rate *rate,
                                struct tl_instant now, enum tl_priority priority, const void *who, bool *probe,
                                int64_t *until_ms)
{
    enum tl_gate_reason why = TL_GATE_OPEN;

    if (!tl_breaker_enter(breaker, now.mono_ms, probe, until_ms))
        return TL_GATE_BREAKER;
    if (is_full(gate, who, now.mono_ms)) {
        *until_ms = gate->in_flight < gate->config.concurrent ? gate->owed_until_ms : TL_NEVER;
        why = TL_GATE_CONCURRENCY;
    } else {
        switch (tl_rate_take(rate, &gate->config.rate, priority, now.mono_ms, until_ms)) {
        case TL_RATE_OPEN:
            return TL_GATE_OPEN;
        case TL_RATE_DAY:
            why = TL_GATE_DAY;
            break;
        case TL_RATE_SECOND:
            why = TL_GATE_RATE;
            break;
        }
    }
    tl_breaker_withdraw(breaker, *probe);
    return why;
}

/* With the lock. `who` asks seldom: found full, it is owed the next place, unless the last one was. */
static void owe(struct tl_gate *gate, const void *who, struct tl_instant now, int64_t *until_ms)
{
    *until_ms = now.mono_ms + OWED_AGAIN_MS;
    bool free = gate->owed == NULL || gate->owed == who || now.mono_ms >= gate->owed_until_ms;
    if (!free || gate->owed_last)
        return;
    gate->owed = who;
    gate->owed_until_ms = now.mono_ms + OWED_LIFE_MS;
}

static bool enter(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority, const void *who,
                  struct tl_gate_waiter *waiter, struct tl_gate_ticket *ticket, struct tl_gate_closed *closed)
{
    int64_t until_ms;
    bool probe = false;

    pthread_mutex_lock(&gate->lock);
    enum tl_gate_reason why = check_long(gate, now, priority, &until_ms);
    if (why == TL_GATE_OPEN)
        why = take(gate, &gate->breaker, &gate->rate, now, priority, who, &probe, &until_ms);
    if (why == TL_GATE_OPEN) {
        gate->owed_last = who != NULL && gate->owed == who;
        if (gate->owed_last)
            gate->owed = NULL;
        gate->in_flight++;
        gate->entered++;
        if (++gate->serial == 0)
            gate->serial = 1;
        *ticket = (struct tl_gate_ticket){gate->serial, probe};
    } else {
        gate->refusals++;
        if (waiter) {
            waiter->wants = true;
            gate->refused = true;
        }
        if (who != NULL && why == TL_GATE_CONCURRENCY)
            owe(gate, who, now, &until_ms);
        *ticket = (struct tl_gate_ticket){0, false};
        *closed = (struct tl_gate_closed){why, until_ms};
    }
    pthread_mutex_unlock(&gate->lock);
    return why == TL_GATE_OPEN;
}

bool tl_gate_enter(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority,
                   struct tl_gate_waiter *waiter, struct tl_gate_ticket *ticket, struct tl_gate_closed *closed)
{
    return enter(gate, now, priority, NULL, waiter, ticket, closed);
}

bool tl_gate_enter_seldom(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority, const void *who,
                          struct tl_gate_ticket *ticket, struct tl_gate_closed *closed)
{
    return enter(gate, now, priority, who, NULL, ticket, closed);
}

/* With the lock. */
static enum tl_gate_reason peek(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority,
                                int64_t *until_ms)
{
    enum tl_gate_reason why = check_long(gate, now, priority, until_ms);

    if (why == TL_GATE_OPEN) {
        struct tl_breaker breaker = gate->breaker;
        struct tl_rate rate = gate->rate;
        bool probe;
        why = take(gate, &breaker, &rate, now, priority, NULL, &probe, until_ms);
    }
    return why;
}

bool tl_gate_peek(struct tl_gate *gate, struct tl_instant now, enum tl_priority priority, struct tl_gate_closed *closed)
{
    pthread_mutex_lock(&gate->lock);
    closed->why = peek(gate, now, priority, &closed->until_ms);
    pthread_mutex_unlock(&gate->lock);
    return closed->why == TL_GATE_OPEN;
}

/* ---- leaving ---- */

/* The platform asked for a wait, or said "too many" without one. */
static void hold(struct tl_gate *gate, enum tl_failure failure, int64_t wait_ms, int64_t now_ms)
{
    if (wait_ms <= 0 && failure == TL_FAIL_QUOTA) {
        uint32_t row = gate->hold_row < 10 ? gate->hold_row++ : 10;
        wait_ms = (int64_t)HOLD_FIRST_MS << row;
        if (wait_ms > HOLD_CAP_MS)
            wait_ms = HOLD_CAP_MS;
    }
    if (wait_ms <= 0)
        return;
    if (wait_ms > WAIT_CAP_MS)
        wait_ms = WAIT_CAP_MS;
    if (now_ms + wait_ms > gate->hold_ms)
        gate->hold_ms = now_ms + wait_ms;
    tl_rate_shrink(&gate->rate, &gate->config.rate, now_ms);
}

static void give_back(struct tl_gate *gate, struct tl_gate_ticket ticket)
{
    tl_must(ticket.serial != 0 && gate->in_flight > 0);
    gate->in_flight--;
}

void tl_gate_leave(struct tl_gate *gate, struct tl_gate_ticket ticket, enum tl_failure failure, int64_t wait_ms,
                   struct tl_instant now)
{
    bool asked = wait_ms > 0 && (failure == TL_FAIL_RETRY || failure == TL_FAIL_QUOTA);

    pthread_mutex_lock(&gate->lock);
    give_back(gate, ticket);
    if (failure == TL_FAIL_NONE)
        gate->hold_row = 0;
    if (asked || failure == TL_FAIL_QUOTA)
        hold(gate, failure, wait_ms, now.mono_ms);
    /* One that says when to come back is alive: its wait is kept, and it is no sign for the breaker, unless
     * it is the probe. */
    if (ticket.probe || !asked)
        tl_breaker_leave(&gate->breaker, &gate->config.breaker, ticket.probe, failure, now.mono_ms);
    bool refused = gate->refused;
    pthread_mutex_unlock(&gate->lock);
    if (refused)
        tell(gate);
}

void tl_gate_withdraw(struct tl_gate *gate, struct tl_gate_ticket ticket, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    give_back(gate, ticket);
    tl_breaker_withdraw(&gate->breaker, ticket.probe);
    tl_rate_give_back(&gate->rate, &gate->config.rate, now.mono_ms);
    bool refused = gate->refused;
    pthread_mutex_unlock(&gate->lock);
    if (refused)
        tell(gate);
}

void tl_gate_report(struct tl_gate *gate, uint64_t used, uint64_t limit, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    gate->reported_used = used;
    gate->reported_limit = limit;
    gate->reported_ms = now.mono_ms;
    pthread_mutex_unlock(&gate->lock);
}

void tl_gate_hold(struct tl_gate *gate, int64_t wait_ms, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    hold(gate, TL_FAIL_NONE, wait_ms, now.mono_ms);
    pthread_mutex_unlock(&gate->lock);
}

/* ---- people ---- */

void tl_gate_configure(struct tl_gate *gate, const struct tl_gate_config *config, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    struct tl_calendar *old = gate->config.calendar;
    bool rate_changed = config->rate.per_second != gate->config.rate.per_second;
    gate->config = *config;
    if (rate_changed) { /* the day's count stays, the bucket starts afresh */
        struct tl_rate rate;
        tl_rate_init(&rate, &gate->config.rate, now.mono_ms);
        gate->rate.per_second_u = rate.per_second_u;
        gate->rate.tokens_u = 0;
        gate->rate.filled_ms = gate->rate.grown_ms = now.mono_ms;
    }
    gate->window_from_ms = gate->window_change_ms = INT64_MIN;
    pthread_mutex_unlock(&gate->lock);
    tl_calendar_free(old);
    tell(gate);
}

static void copy_text(char *out, size_t size, tl_str text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;

    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    if (len)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
}

void tl_gate_pause(struct tl_gate *gate, tl_str who, tl_str why, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    gate->paused = true;
    gate->paused_wall_ms = now.wall_ms;
    copy_text(gate->paused_by, sizeof(gate->paused_by), who);
    copy_text(gate->paused_why, sizeof(gate->paused_why), why);
    pthread_mutex_unlock(&gate->lock);
}

void tl_gate_resume(struct tl_gate *gate, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    gate->paused = false;
    gate->paused_by[0] = gate->paused_why[0] = '\0';
    tl_breaker_reset(&gate->breaker, now.mono_ms);
    if (gate->hold_ms > now.mono_ms)
        gate->hold_ms = now.mono_ms;
    pthread_mutex_unlock(&gate->lock);
    tell(gate);
}

void tl_gate_renew(struct tl_gate *gate, struct tl_instant now)
{
    pthread_mutex_lock(&gate->lock);
    tl_breaker_renew(&gate->breaker, now.mono_ms);
    pthread_mutex_unlock(&gate->lock);
    tell(gate);
}

/* ---- seeing ---- */

static int64_t to_wall(int64_t mono_ms, struct tl_instant now)
{
    return mono_ms == TL_NEVER ? TL_NEVER : now.wall_ms + (mono_ms - now.mono_ms);
}

void tl_gate_status(struct tl_gate *gate, struct tl_instant now, struct tl_gate_status *out)
{
    int64_t until_ms;

    memset(out, 0, sizeof(*out));
    pthread_mutex_lock(&gate->lock);
    out->why = peek(gate, now, TL_NORMAL, &until_ms);
    out->until_wall_ms = out->why == TL_GATE_OPEN ? now.wall_ms : to_wall(until_ms, now);
    out->breaker = gate->breaker.state;
    out->breaker_cause = gate->breaker.cause;
    copy_text(out->paused_by, sizeof(out->paused_by), tl_str_z(gate->paused_by));
    copy_text(out->paused_why, sizeof(out->paused_why), tl_str_z(gate->paused_why));
    out->paused_wall_ms = gate->paused ? gate->paused_wall_ms : 0;
    look_at_calendar(gate, now.wall_ms);
    out->next_window_wall_ms = gate->in_window ? now.wall_ms : gate->window_change_ms;
    if (gate->in_window)
        copy_text(out->window, sizeof(out->window), tl_calendar_text(gate->config.calendar, gate->window));
    out->in_flight = gate->in_flight;
    out->concurrent = gate->config.concurrent;
    out->per_second = (double)gate->rate.per_second_u / 1e6;
    out->used_today = tl_rate_used_today(&gate->rate, now.mono_ms);
    out->per_day = gate->config.rate.per_day;
    out->reported_used = gate->reported_used;
    out->reported_limit = gate->reported_limit;
    out->entered = gate->entered;
    out->refused = gate->refusals;
    pthread_mutex_unlock(&gate->lock);
}
