#include "../cmocka_room.h"
#include "loop/thread.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>

struct seen {
    char name[16];
    int blocks_term;
    long long cpu_ns;
};

static void look(void *ctx)
{
    struct seen *seen = ctx;
    sigset_t mask;
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    seen->blocks_term = sigismember(&mask, SIGTERM);
    for (volatile int i = 0; i < 1000000; i++) {
    }
    seen->cpu_ns = tl_thread_cpu_ns();
}

static void has_its_name_and_no_signals_when_started(void **state)
{
    (void)state;
    struct seen seen = {{0}, 0, 0};
    struct tl_thread *thread;
    assert_int_equal(tl_thread_start("a-rather-long-name", look, &seen, &thread, NULL), TL_OK);
    tl_thread_join(thread);
    assert_string_equal(seen.name, "a-rather-long-n");
    assert_int_equal(seen.blocks_term, 1);
    assert_true(seen.cpu_ns > 0);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0); /* the starter's mask is as before */
    tl_thread_join(NULL);
}

static void counts_at_least_one_core(void **state)
{
    (void)state;
    assert_true(tl_thread_cores() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_its_name_and_no_signals_when_started),
        cmocka_unit_test(counts_at_least_one_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
