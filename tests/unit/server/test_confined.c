/* A program beside the server: its answer is taken, and nothing of it outlives its time. */
#include "support.h"
#include "confined.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 60000 };

struct ran {
    tl_code code;
    int status;
    struct tl_buf out, errors;
    struct tl_error err;
};

static struct ran run_in(struct tl_confined *confined, const char *script, int64_t within_ms, size_t most)
{
    struct ran ran = {.status = -1};
    const char *const words[] = {"/bin/sh", "-c", script, NULL};
    tl_buf_init(&ran.out, most);
    tl_buf_init(&ran.errors, most);
    ran.code = tl_confined_run(confined, words, within_ms, &ran.status, &ran.out, &ran.errors, &ran.err);
    return ran;
}

static struct ran run(const char *script, int64_t within_ms)
{
    struct tl_confined confined;
    tl_confined_init(&confined);
    struct ran ran = run_in(&confined, script, within_ms, 4096);
    tl_confined_deinit(&confined);
    return ran;
}

static void done(struct ran *ran)
{
    tl_buf_free(&ran->out);
    tl_buf_free(&ran->errors);
}

static void gives_status_and_output(void **state)
{
    (void)state;
    struct ran ran = run("echo said; echo wrong >&2; exit 3", LONG_MS);
    assert_int_equal(ran.code, TL_OK);
    assert_int_equal(ran.status, 3);
    assert_string_equal(ran.out.ptr, "said\n");
    assert_string_equal(ran.errors.ptr, "wrong\n");
    done(&ran);
}

static void keeps_the_end_of_what_is_long(void **state)
{
    (void)state;
    struct tl_confined confined;
    tl_confined_init(&confined);
    struct ran ran = run_in(&confined, "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done", LONG_MS, 100);
    assert_int_equal(ran.code, TL_OK);
    assert_true(ran.out.len <= 100);
    assert_true(tl_str_starts(tl_buf_str(&ran.out), TL_STR("…\n")));
    assert_true(tl_str_ends(tl_buf_str(&ran.out), TL_STR("line 199\n")));
    done(&ran);
    tl_confined_deinit(&confined);
}

/* A process that was started by what ran; a group that is killed takes it along. */
static bool is_gone(const struct tl_buf *pid_text)
{
    pid_t pid = (pid_t)atoi(pid_text->ptr);
    assert_true(pid > 1);
    for (int i = 0; i < 500 && (kill(pid, 0) == 0 || errno != ESRCH); i++)
        usleep(10000); /* it is reaped by another process, when that has time */
    return kill(pid, 0) != 0;
}

static void kills_the_whole_group_when_its_time_is_over(void **state)
{
    (void)state;
    struct ran ran = run("sleep 100 & echo $!; sleep 100", 300);
    assert_int_equal(ran.code, TL_ETIMEOUT);
    assert_non_null(strstr(ran.err.text, "killed after 1 s"));
    assert_true(is_gone(&ran.out));
    done(&ran);
}

static void leaves_nothing_behind_that_ended_well(void **state)
{
    (void)state;
    struct ran ran = run("sleep 100 & echo $!", LONG_MS);
    assert_int_equal(ran.code, TL_OK);
    assert_int_equal(ran.status, 0);
    assert_true(is_gone(&ran.out));
    done(&ran);
}

static void says_how_it_died(void **state)
{
    (void)state;
    static const struct {
        const char *script, *text;
        tl_code code;
    } cases[] = {{"kill -XCPU $$", "CPU time", TL_ETIMEOUT},
                 {"kill -XFSZ $$", "too big", TL_EFULL},
                 {"kill -SEGV $$", "signal 11", TL_EFAILED}};
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        struct ran ran = run(cases[i].script, LONG_MS);
        assert_int_equal(ran.code, cases[i].code);
        assert_non_null(strstr(ran.err.text, cases[i].text));
        done(&ran);
    }
}

static void says_that_it_cannot_be_started(void **state)
{
    (void)state;
    struct tl_confined confined;
    struct tl_buf out, errors;
    int status;
    const char *const words[] = {"/nowhere/program", NULL};
    tl_buf_init(&out, 100);
    tl_buf_init(&errors, 100);
    tl_confined_init(&confined);
    EXPECT(TL_EIO, tl_confined_run(&confined, words, LONG_MS, &status, &out, &errors, err));
    tl_confined_deinit(&confined);
    tl_buf_free(&out);
    tl_buf_free(&errors);
}

static void gives_it_a_folder_that_is_removed(void **state)
{
    (void)state;
    struct ran ran = run("echo $TIDELOCK_TMP; echo x > $TIDELOCK_TMP/x", LONG_MS);
    assert_int_equal(ran.status, 0);
    ran.out.ptr[ran.out.len - 1] = '\0';
    assert_true(strlen(ran.out.ptr) <= 31); /* a test's own folder goes into it, in 63 */
    assert_int_not_equal(access(ran.out.ptr, F_OK), 0);
    done(&ran);
}

struct cancelled {
    struct tl_confined confined;
    struct ran ran;
};

static void *run_long(void *arg)
{
    struct cancelled *c = arg;
    c->ran = run_in(&c->confined, "sleep 100", LONG_MS, 100);
    return NULL;
}

static bool has_begun(struct tl_confined *confined)
{
    pthread_mutex_lock(&confined->lock);
    bool begun = confined->child != 0;
    pthread_mutex_unlock(&confined->lock);
    return begun;
}

static void can_be_cancelled_before_and_while_it_runs(void **state)
{
    (void)state;
    struct cancelled c;
    pthread_t thread;
    tl_confined_init(&c.confined);
    assert_int_equal(pthread_create(&thread, NULL, run_long, &c), 0);
    while (!has_begun(&c.confined))
        usleep(1000);
    tl_confined_cancel(&c.confined);
    pthread_join(thread, NULL);
    assert_int_equal(c.ran.code, TL_ECANCELLED);
    done(&c.ran);
    struct ran later = run_in(&c.confined, "echo never", LONG_MS, 100);
    assert_int_equal(later.code, TL_ECANCELLED);
    assert_int_equal(later.out.len, 0);
    done(&later);
    tl_confined_deinit(&c.confined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_status_and_output),
        cmocka_unit_test(keeps_the_end_of_what_is_long),
        cmocka_unit_test(kills_the_whole_group_when_its_time_is_over),
        cmocka_unit_test(leaves_nothing_behind_that_ended_well),
        cmocka_unit_test(says_how_it_died),
        cmocka_unit_test(says_that_it_cannot_be_started),
        cmocka_unit_test(gives_it_a_folder_that_is_removed),
        cmocka_unit_test(can_be_cancelled_before_and_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
