/* Timers on the clock seam (base/clock.h, mono time), in milliseconds. A timer is a field of the object that waits.
 * It fires once, never before its time, on the loop's thread, in the order of due time and, for equal times, of
 * starting. Starting a set timer moves it. All functions: [loop]. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_loop;

struct tl_timer {
    struct tl_loop *loop;                 /* borrow; NULL while not set */
    int64_t due_ms;                       /* mono time */
    uint64_t turn;                        /* breaks ties: order of starting */
    size_t place;                         /* index in the loop's heap */
    void (*fire)(struct tl_timer *timer); /* not set any more when this is called: it may start or free the timer */
};

void tl_timer_init(struct tl_timer *timer, void (*fire)(struct tl_timer *timer));
/* `delay_ms` from now; less than 0 counts as 0. Even 0 fires in a later callback, never inside this call. */
void tl_timer_start(struct tl_loop *loop, struct tl_timer *timer, int64_t delay_ms);
/* At a mono time. */
void tl_timer_start_at(struct tl_loop *loop, struct tl_timer *timer, int64_t due_ms);
/* Nothing happens when it is not set. */
void tl_timer_stop(struct tl_timer *timer);
bool tl_timer_is_set(const struct tl_timer *timer);
