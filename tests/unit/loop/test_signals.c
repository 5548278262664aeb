#include "../cmocka_room.h"
#include "loop/signals.h"
#include <signal.h>
#include <unistd.h>

static struct tl_loop *loop;
static int stops, last, rereads;

static void on_stop(void *ctx, int number, int times)
{
    (void)ctx;
    stops = times;
    last = number;
}

static void on_reread(void *ctx)
{
    (void)ctx;
    rereads++;
}

static void calls_on_the_loop_when_a_signal_comes(void **state)
{
    (void)state;
    loop = tl_loop_new("signals");
    struct tl_signals *signals;
    struct tl_signals_to to = {on_stop, on_reread, NULL};
    assert_int_equal(tl_signals_start(loop, &to, &signals, NULL), TL_OK);
    kill(getpid(), SIGTERM);
    for (int i = 0; i < 100 && stops < 1; i++)
        tl_loop_wait(loop, 1000);
    assert_int_equal(last, SIGTERM);
    kill(getpid(), SIGINT);
    for (int i = 0; i < 100 && stops < 2; i++)
        tl_loop_wait(loop, 1000);
    assert_int_equal(stops, 2);
    assert_int_equal(last, SIGINT);
    kill(getpid(), SIGHUP);
    for (int i = 0; i < 100 && rereads < 1; i++)
        tl_loop_wait(loop, 1000);
    assert_int_equal(rereads, 1);
    tl_signals_stop(signals);
    tl_loop_free(loop);
    struct sigaction now;
    sigaction(SIGTERM, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls_on_the_loop_when_a_signal_comes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
