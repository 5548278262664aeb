#include "../cmocka_room.h"
#include "driven_clock.h"
#include "loop/loop.h"
#include "loop/timer.h"

static struct tl_loop *loop;
static int fired[8];
static int fired_count;

struct named {
    struct tl_timer timer;
    int name;
};

static void on_fire(struct tl_timer *timer)
{
    fired[fired_count++] = TL_CONTAINER_OF(timer, struct named, timer)->name;
}

static void start(struct named *named, int name, int64_t delay_ms)
{
    named->name = name;
    tl_timer_init(&named->timer, on_fire);
    tl_timer_start(loop, &named->timer, delay_ms);
}

static int set_up(void **state)
{
    (void)state;
    tl_clock_set(&driven_clock);
    loop = tl_loop_new("timers");
    fired_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tl_loop_free(loop);
    tl_clock_set(NULL);
    return 0;
}

static void advance(int64_t ms)
{
    driven_advance_ms(ms);
    tl_loop_clock_moved(loop);
    tl_loop_wait(loop, 1000);
}

static void fires_in_due_order_when_the_clock_is_driven(void **state)
{
    (void)state;
    struct named a, b, c, d;
    start(&a, 1, 300);
    start(&b, 2, 100);
    start(&c, 3, 200);
    start(&d, 4, 100);
    assert_true(tl_loop_due_ms(loop) == tl_mono_ms() + 100);
    advance(99);
    assert_int_equal(fired_count, 0);
    advance(1);
    assert_int_equal(fired_count, 2);
    assert_int_equal(fired[0], 2);
    assert_int_equal(fired[1], 4);
    advance(500);
    assert_int_equal(fired_count, 4);
    assert_int_equal(fired[2], 3);
    assert_int_equal(fired[3], 1);
    assert_true(tl_loop_due_ms(loop) == INT64_MAX);
}

static void stays_quiet_when_stopped_and_moves_when_started_again(void **state)
{
    (void)state;
    struct named a, b;
    start(&a, 1, 10);
    start(&b, 2, 20);
    tl_timer_stop(&a.timer);
    assert_false(tl_timer_is_set(&a.timer));
    tl_timer_stop(&a.timer);
    tl_timer_start(loop, &b.timer, 50);
    advance(49);
    assert_int_equal(fired_count, 0);
    advance(1);
    assert_int_equal(fired_count, 1);
    assert_int_equal(fired[0], 2);
}

static void keeps_the_heap_in_order_when_thousands_start_and_stop(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static struct named many[MANY];
    uint32_t dice = 1;
    for (int i = 0; i < MANY; i++) {
        dice = dice * 1664525u + 1013904223u;
        start(&many[i], -1, (int64_t)(dice >> 20));
    }
    for (int i = 0; i < MANY; i += 3)
        tl_timer_stop(&many[i].timer);
    int64_t last = 0;
    int left = 0;
    for (int i = 0; i < MANY; i++)
        left += tl_timer_is_set(&many[i].timer);
    assert_int_equal(left, MANY - MANY / 3);
    while (tl_loop_due_ms(loop) != INT64_MAX) {
        int64_t due = tl_loop_due_ms(loop);
        assert_true(due >= last);
        last = due;
        for (int i = 0; i < MANY; i++)
            if (tl_timer_is_set(&many[i].timer) && many[i].timer.due_ms == due)
                tl_timer_stop(&many[i].timer);
        assert_true(tl_loop_due_ms(loop) > due);
    }
}

static void restart(struct tl_timer *timer)
{
    fired_count++;
    tl_timer_start(loop, timer, 0);
}

static void fires_once_a_turn_when_it_restarts_itself_with_no_delay(void **state)
{
    (void)state;
    struct tl_timer timer;
    tl_timer_init(&timer, restart);
    tl_timer_start(loop, &timer, 0);
    assert_int_equal(fired_count, 0);
    tl_loop_turn(loop);
    tl_loop_turn(loop);
    tl_loop_turn(loop);
    assert_in_range(fired_count, 1, 4);
    tl_timer_stop(&timer);
}

static void waits_its_time_when_the_machines_clock_is_used(void **state)
{
    (void)state;
    tl_clock_set(NULL);
    struct named a;
    int64_t begun = tl_mono_ns();
    start(&a, 1, 20);
    while (fired_count == 0)
        tl_loop_wait(loop, 1000);
    assert_true(tl_mono_ns() - begun >= 19 * 1000000LL);
    assert_true(tl_mono_ns() - begun < 900 * 1000000LL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fires_in_due_order_when_the_clock_is_driven, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stays_quiet_when_stopped_and_moves_when_started_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_heap_in_order_when_thousands_start_and_stop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fires_once_a_turn_when_it_restarts_itself_with_no_delay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_its_time_when_the_machines_clock_is_used, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
