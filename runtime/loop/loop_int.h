/* The inside of a loop, for this room's files. Fields marked [any] are atomic; all others belong to the loop's thread.
 */
#pragma once
#include "loop/loop.h"
#include "loop/timer.h"
#include <stdatomic.h>
#include <uv.h>

struct tl_loop {
    uv_loop_t uv;
    uv_async_t wake;     /* mail, stop or a moved clock */
    uv_prepare_t before; /* runs just before the loop waits */
    uv_check_t after;    /* runs just after it waited */
    uv_idle_t hurry;     /* active while next-tick work is left over: the loop does not wait */
    uv_timer_t alarm;    /* the earliest of our timers */
    uv_timer_t limit;    /* ends tl_loop_wait */
    char name[16];

    _Atomic(struct tl_mail *) box; /* [any] newest first */
    atomic_bool stop;              /* [any] */
    atomic_bool moved;             /* [any] the clock seam has moved */
    atomic_bool waiting;           /* [any] in, or about to enter, the wait */
    atomic_int ops;                /* [any] operations that will end from elsewhere */
    atomic_ullong turns;           /* [any] */
    atomic_llong due_ms;           /* [any] of the earliest timer, INT64_MAX without one */

    struct tl_mail *next_first; /* borrow; next-tick work, oldest first */
    struct tl_mail *next_last;  /* borrow */

    struct tl_timer **heap; /* own (the array); binary heap by (due, turn) */
    size_t timers;
    size_t heap_cap;
    uint64_t timer_turn;
    bool alarm_stale; /* the earliest timer changed since the alarm was set */

    int64_t turn_started_ms; /* libuv's clock; 0: not known */
};

/* mail.c: takes what is in the box and delivers it in order. */
void tl_loop_deliver(struct tl_loop *loop);
/* timer.c: sets the alarm to the earliest timer, if that changed. */
void tl_loop_set_alarm(struct tl_loop *loop);
/* timer.c: fires what is due. */
void tl_loop_fire_due(struct tl_loop *loop);
