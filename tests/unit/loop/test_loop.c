#include "../cmocka_room.h"
#include "base/log.h"
#include "driven_clock.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include "loop/timer.h"
#include <string.h>
#include <time.h>

static struct tl_loop *loop;
static char order[16];

struct letter {
    struct tl_mail mail;
    char name;
    struct letter *then;
};

static void on_letter(struct tl_mail *mail)
{
    struct letter *letter = TL_CONTAINER_OF(mail, struct letter, mail);
    order[strlen(order)] = letter->name;
    if (letter->then != NULL)
        tl_loop_next(loop, &letter->then->mail);
}

static int set_up(void **state)
{
    (void)state;
    loop = tl_loop_new("test");
    memset(order, 0, sizeof order);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tl_loop_free(loop);
    return 0;
}

static void runs_next_tick_work_in_order_and_never_inside_the_call(void **state)
{
    (void)state;
    struct letter c = {{NULL, on_letter}, 'c', NULL};
    struct letter a = {{NULL, on_letter}, 'a', &c};
    struct letter b = {{NULL, on_letter}, 'b', NULL};
    tl_loop_next(loop, &a.mail);
    tl_loop_next(loop, &b.mail);
    assert_string_equal(order, "");
    tl_loop_turn(loop);
    assert_string_equal(order, "abc");
}

static int rounds;
static bool enough;
static void on_forever(struct tl_mail *mail)
{
    rounds++;
    if (!enough)
        tl_loop_next(loop, mail);
}

static void looks_at_the_mail_when_next_tick_work_never_ends(void **state)
{
    (void)state;
    static struct tl_mail forever;
    struct letter a = {{NULL, on_letter}, 'a', NULL};
    tl_mail_init(&forever, on_forever);
    rounds = 0;
    enough = false;
    tl_loop_next(loop, &forever);
    tl_loop_turn(loop);
    int before = rounds;
    assert_true(before > 0);
    tl_loop_post(loop, &a.mail);
    tl_loop_wait(loop, 1000); /* does not wait: work is left over */
    assert_string_equal(order, "a");
    assert_true(rounds > before);
    enough = true;
}

static void stop_it(void *ctx)
{
    tl_loop_stop(ctx);
}

static void returns_from_run_when_another_thread_stops_it(void **state)
{
    (void)state;
    struct tl_thread *thread;
    assert_int_equal(tl_thread_start("stopper", stop_it, loop, &thread, NULL), TL_OK);
    tl_loop_run(loop);
    tl_thread_join(thread);
}

static void returns_at_once_when_stopped_before_the_run(void **state)
{
    (void)state;
    tl_loop_stop(loop);
    tl_loop_run(loop);
}

static void run_it(void *ctx)
{
    tl_loop_run(ctx);
}

static bool becomes_idle(void)
{
    for (int i = 0; i < 5000; i++) {
        if (tl_loop_is_idle(loop))
            return true;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return false;
}

static atomic_int deliveries;
static void on_count(struct tl_mail *mail)
{
    (void)mail;
    atomic_fetch_add(&deliveries, 1);
}

static void is_idle_only_when_nothing_is_outstanding(void **state)
{
    (void)state;
    struct tl_thread *thread;
    struct tl_mail mail;
    tl_mail_init(&mail, on_count);
    atomic_store(&deliveries, 0);
    assert_false(tl_loop_is_idle(loop)); /* not running */
    assert_int_equal(tl_thread_start("idle", run_it, loop, &thread, NULL), TL_OK);
    assert_true(becomes_idle());
    tl_loop_op_begin(loop);
    assert_false(tl_loop_is_idle(loop));
    tl_loop_op_end(loop);
    assert_true(becomes_idle());
    for (int i = 1; i <= 1000; i++) {
        tl_loop_post(loop, &mail);
        assert_true(becomes_idle());
        assert_int_equal(atomic_load(&deliveries), i); /* idle means: delivered */
    }
    tl_loop_stop(loop);
    tl_thread_join(thread);
}

static char logged[256];
static void keep_line(void *ctx, tl_str line)
{
    (void)ctx;
    size_t len = line.len < sizeof logged - 1 ? line.len : sizeof logged - 1;
    memcpy(logged, line.ptr, len);
    logged[len] = 0;
}

static void on_slow(struct tl_mail *mail)
{
    (void)mail;
    struct timespec now, begun;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000000LL + now.tv_nsec - begun.tv_nsec < 25000000);
}

static void on_end(struct tl_timer *timer)
{
    (void)timer;
    tl_loop_stop(loop);
}

static void logs_a_turn_when_it_was_slow(void **state)
{
    (void)state;
    struct tl_mail mail;
    struct tl_timer end;
    tl_mail_init(&mail, on_slow);
    tl_timer_init(&end, on_end);
    tl_log_setup(TL_DEBUG, TL_LOG_TEXT);
    tl_log_sink(keep_line, NULL);
    logged[0] = 0;
    tl_loop_post(loop, &mail);
    tl_timer_start(loop, &end, 40);
    tl_loop_run(loop);
    tl_log_sink(NULL, NULL);
    tl_log_setup(TL_INFO, TL_LOG_TEXT);
    assert_non_null(strstr(logged, "loop.slow"));
    assert_non_null(strstr(logged, "took_ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_next_tick_work_in_order_and_never_inside_the_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looks_at_the_mail_when_next_tick_work_never_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(returns_from_run_when_another_thread_stops_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(returns_at_once_when_stopped_before_the_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_idle_only_when_nothing_is_outstanding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logs_a_turn_when_it_was_slow, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
