/* The loop itself: its turns, the next-tick queue, stopping, and what tests need to drive time.
 *
 * A turn is what happens between two waits. libuv's order within it is: timers, [before] wait [after], closings. Work
 * for the next tick runs in `before` and `after`, hence never later than the coming wait. */
#include "loop_int.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "loop/uv.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

enum { SLOW_TURN_MS = 10, NEXT_ROUNDS = 16 };

static _Thread_local struct tl_loop *current;

static void ignore_sigpipe(void)
{
    signal(SIGPIPE, SIG_IGN); /* libuv writes without MSG_NOSIGNAL */
}

/* Work queued by the work itself is run too, but only so often: then the loop looks at its sockets in between. */
static void run_next(struct tl_loop *loop)
{
    for (int round = 0; round < NEXT_ROUNDS && loop->next_first != NULL; round++) {
        struct tl_mail *mail = loop->next_first;
        loop->next_first = loop->next_last = NULL;
        while (mail != NULL) {
            struct tl_mail *after = mail->next;
            mail->next = NULL;
            mail->deliver(mail);
            mail = after;
        }
    }
}

static void on_hurry(uv_idle_t *hurry)
{
    (void)hurry;
}

static void log_if_slow(struct tl_loop *loop)
{
    int64_t took = loop->turn_started_ms > 0 ? (int64_t)(uv_hrtime() / 1000000) - loop->turn_started_ms : 0;
    if (took > SLOW_TURN_MS)
        tl_log(TL_DEBUG, "loop.slow", "a turn of the loop took long", TL_FSTR("loop", loop->name),
               TL_FINT("took_ms", took));
}

static void on_before(uv_prepare_t *before)
{
    struct tl_loop *loop = TL_CONTAINER_OF(before, struct tl_loop, before);
    run_next(loop);
    tl_loop_set_alarm(loop);
    log_if_slow(loop);
    if (loop->next_first != NULL)
        uv_idle_start(&loop->hurry, on_hurry);
    else
        uv_idle_stop(&loop->hurry);
    atomic_store(&loop->waiting, loop->next_first == NULL);
}

static void on_after(uv_check_t *after)
{
    struct tl_loop *loop = TL_CONTAINER_OF(after, struct tl_loop, after);
    atomic_store(&loop->waiting, false);
    atomic_fetch_add(&loop->turns, 1);
    loop->turn_started_ms = (int64_t)uv_now(&loop->uv); /* libuv notes the time when the wait ends */
    run_next(loop);
}

static void on_wake(uv_async_t *wake)
{
    struct tl_loop *loop = TL_CONTAINER_OF(wake, struct tl_loop, wake);
    atomic_store(&loop->waiting, false);
    tl_loop_deliver(loop);
    if (atomic_exchange(&loop->moved, false))
        tl_loop_fire_due(loop);
    if (atomic_load(&loop->stop))
        uv_stop(&loop->uv);
}

struct tl_loop *tl_loop_new(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ignore_sigpipe);
    struct tl_loop *loop = TL_NEW(struct tl_loop);
    snprintf(loop->name, sizeof loop->name, "%s", name);
    atomic_store(&loop->due_ms, INT64_MAX);
    /* These fail only without file descriptors or memory, when nothing else could start either. */
    tl_must(uv_loop_init(&loop->uv) == 0);
    tl_must(uv_async_init(&loop->uv, &loop->wake, on_wake) == 0);
    uv_prepare_init(&loop->uv, &loop->before);
    uv_check_init(&loop->uv, &loop->after);
    uv_idle_init(&loop->uv, &loop->hurry);
    uv_timer_init(&loop->uv, &loop->alarm);
    uv_timer_init(&loop->uv, &loop->limit);
    uv_prepare_start(&loop->before, on_before);
    uv_check_start(&loop->after, on_after);
    return loop;
}

static void turn(struct tl_loop *loop, uv_run_mode mode)
{
    struct tl_loop *outer = current;
    current = loop;
    loop->turn_started_ms = 0;
    uv_run(&loop->uv, mode);
    atomic_store(&loop->waiting, false);
    current = outer;
}

void tl_loop_run(struct tl_loop *loop)
{
    while (!atomic_exchange(&loop->stop, false))
        turn(loop, UV_RUN_DEFAULT);
}

void tl_loop_stop(struct tl_loop *loop)
{
    atomic_store(&loop->stop, true);
    uv_async_send(&loop->wake);
}

void tl_loop_turn(struct tl_loop *loop)
{
    turn(loop, UV_RUN_NOWAIT);
}

/* It may be due before the loop has begun to wait: then the loop must not wait for anything else. */
static void on_limit(uv_timer_t *limit)
{
    uv_stop(limit->loop);
}

void tl_loop_wait(struct tl_loop *loop, int max_ms)
{
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->limit, on_limit, max_ms > 0 ? (uint64_t)max_ms : 0, 0);
    turn(loop, UV_RUN_ONCE);
    uv_timer_stop(&loop->limit);
}

static void close_own(struct tl_loop *loop)
{
    uv_handle_t *own[] = {(uv_handle_t *)&loop->wake,  (uv_handle_t *)&loop->before, (uv_handle_t *)&loop->after,
                          (uv_handle_t *)&loop->hurry, (uv_handle_t *)&loop->alarm,  (uv_handle_t *)&loop->limit};
    for (size_t i = 0; i < TL_COUNT_OF(own); i++)
        uv_close(own[i], NULL);
}

void tl_loop_free(struct tl_loop *loop)
{
    if (loop == NULL)
        return;
    do
        tl_loop_turn(loop);
    while (loop->next_first != NULL || atomic_load(&loop->box) != NULL);
    while (loop->timers > 0)
        tl_timer_stop(loop->heap[0]);
    close_own(loop);
    turn(loop, UV_RUN_DEFAULT);
    tl_must(uv_loop_close(&loop->uv) == 0); /* otherwise somebody has left a handle open */
    tl_free(loop->heap);
    tl_free(loop);
}

const char *tl_loop_name(const struct tl_loop *loop)
{
    return loop->name;
}

struct tl_loop *tl_loop_current(void)
{
    return current;
}

uv_loop_t *tl_loop_uv(struct tl_loop *loop)
{
    return &loop->uv;
}

void tl_loop_next(struct tl_loop *loop, struct tl_mail *mail)
{
    mail->next = NULL;
    if (loop->next_first == NULL)
        loop->next_first = mail;
    else
        loop->next_last->next = mail;
    loop->next_last = mail;
}

void tl_loop_clock_moved(struct tl_loop *loop)
{
    atomic_store(&loop->moved, true);
    uv_async_send(&loop->wake);
}

bool tl_loop_is_idle(const struct tl_loop *loop)
{
    /* `waiting` is read last: it was false while anything found gone here was being worked on. */
    return atomic_load(&loop->ops) == 0 && atomic_load(&loop->box) == NULL && !atomic_load(&loop->moved) &&
           atomic_load(&loop->waiting);
}

void tl_loop_op_begin(struct tl_loop *loop)
{
    atomic_fetch_add(&loop->ops, 1);
}

void tl_loop_op_end(struct tl_loop *loop)
{
    tl_must(atomic_fetch_sub(&loop->ops, 1) > 0);
}

uint64_t tl_loop_turns(const struct tl_loop *loop)
{
    return atomic_load(&loop->turns);
}
