/* Timers: a binary heap of borrowed pointers, driven by one uv_timer that is set before the loop waits, and only when
 * the earliest timer changed. The alarm counts the machine's milliseconds, the heap those of the clock seam: an alarm
 * that comes too early (a driven clock stood still) just sets itself again. */
#include "loop_int.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

static bool is_before(const struct tl_timer *a, const struct tl_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->turn < b->turn;
}

static void put(struct tl_loop *loop, size_t place, struct tl_timer *timer)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct tl_loop *loop, size_t place, struct tl_timer *timer)
{
    while (place > 0) {
        size_t above = (place - 1) / 2;
        if (!is_before(timer, loop->heap[above]))
            break;
        put(loop, place, loop->heap[above]);
        place = above;
    }
    put(loop, place, timer);
}

static void sift_down(struct tl_loop *loop, size_t place, struct tl_timer *timer)
{
    for (;;) {
        size_t below = 2 * place + 1;
        if (below >= loop->timers)
            break;
        if (below + 1 < loop->timers && is_before(loop->heap[below + 1], loop->heap[below]))
            below++;
        if (!is_before(loop->heap[below], timer))
            break;
        put(loop, place, loop->heap[below]);
        place = below;
    }
    put(loop, place, timer);
}

static void earliest_changed(struct tl_loop *loop)
{
    loop->alarm_stale = true;
    atomic_store(&loop->due_ms, loop->timers > 0 ? loop->heap[0]->due_ms : INT64_MAX);
}

void tl_timer_init(struct tl_timer *timer, void (*fire)(struct tl_timer *timer))
{
    *timer = (struct tl_timer){.fire = fire};
}

void tl_timer_start_at(struct tl_loop *loop, struct tl_timer *timer, int64_t due_ms)
{
    tl_timer_stop(timer);
    if (loop->timers == loop->heap_cap) {
        loop->heap_cap = loop->heap_cap > 0 ? 2 * loop->heap_cap : 64;
        loop->heap = tl_realloc(loop->heap, loop->heap_cap * sizeof(struct tl_timer *));
    }
    timer->loop = loop;
    timer->due_ms = due_ms;
    timer->turn = ++loop->timer_turn;
    sift_up(loop, loop->timers++, timer);
    if (timer->place == 0)
        earliest_changed(loop);
}

void tl_timer_start(struct tl_loop *loop, struct tl_timer *timer, int64_t delay_ms)
{
    int64_t now = tl_mono_ms();
    if (delay_ms < 0)
        delay_ms = 0;
    tl_timer_start_at(loop, timer, delay_ms > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + delay_ms);
}

void tl_timer_stop(struct tl_timer *timer)
{
    struct tl_loop *loop = timer->loop;
    if (loop == NULL)
        return;
    size_t place = timer->place;
    timer->loop = NULL;
    struct tl_timer *last = loop->heap[--loop->timers];
    if (last != timer) {
        if (place > 0 && is_before(last, loop->heap[(place - 1) / 2]))
            sift_up(loop, place, last);
        else
            sift_down(loop, place, last);
    }
    if (place == 0)
        earliest_changed(loop);
}

bool tl_timer_is_set(const struct tl_timer *timer)
{
    return timer->loop != NULL;
}

int64_t tl_loop_due_ms(const struct tl_loop *loop)
{
    return atomic_load(&loop->due_ms);
}

void tl_loop_fire_due(struct tl_loop *loop)
{
    int64_t now = tl_mono_ms();
    uint64_t newest = loop->timer_turn; /* what is started by a firing timer waits for the next turn */
    while (loop->timers > 0) {
        struct tl_timer *timer = loop->heap[0];
        if (timer->due_ms > now || timer->turn > newest)
            break;
        tl_timer_stop(timer);
        timer->fire(timer);
    }
    loop->alarm_stale = true;
}

static void on_alarm(uv_timer_t *alarm)
{
    struct tl_loop *loop = TL_CONTAINER_OF(alarm, struct tl_loop, alarm);
    atomic_store(&loop->waiting, false);
    tl_loop_fire_due(loop);
}

void tl_loop_set_alarm(struct tl_loop *loop)
{
    if (!loop->alarm_stale)
        return;
    loop->alarm_stale = false;
    if (loop->timers == 0) {
        uv_timer_stop(&loop->alarm);
        return;
    }
    int64_t delay = loop->heap[0]->due_ms - tl_mono_ms();
    uv_update_time(&loop->uv); /* libuv counts from its idea of now, which may be a whole turn old */
    tl_must(uv_timer_start(&loop->alarm, on_alarm, delay > 0 ? (uint64_t)delay : 0, 0) == 0);
}
