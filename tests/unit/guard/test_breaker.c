/* guard/breaker.h */
#include "../cmocka_room.h"
#include "guard/breaker.h"

static const struct tl_breaker_config config = {.failures = 3, .within_ms = 1000, .probe_after_ms = 500};

static bool enter(struct tl_breaker *breaker, int64_t now_ms, bool *probe)
{
    int64_t until_ms;
    return tl_breaker_enter(breaker, now_ms, probe, &until_ms);
}

static void end_with(struct tl_breaker *breaker, enum tl_failure failure, int64_t now_ms)
{
    bool probe;
    assert_true(enter(breaker, now_ms, &probe));
    tl_breaker_leave(breaker, &config, probe, failure, now_ms);
}

static void opens_after_enough_failures_within_the_window(void **state)
{
    struct tl_breaker breaker;

    (void)state;
    tl_breaker_init(&breaker);
    end_with(&breaker, TL_FAIL_RETRY, 0);
    end_with(&breaker, TL_FAIL_RETRY, 900);
    end_with(&breaker, TL_FAIL_RETRY, 1800); /* the first is too old */
    assert_int_equal(breaker.state, TL_BREAKER_CLOSED);
    end_with(&breaker, TL_FAIL_RETRY, 1900);
    assert_int_equal(breaker.state, TL_BREAKER_OPEN);
    assert_int_equal(breaker.until_ms, 2400);
}

static void a_success_makes_up_for_a_failure(void **state)
{
    struct tl_breaker breaker;

    (void)state;
    tl_breaker_init(&breaker);
    for (int i = 0; i < 50; i++) {
        end_with(&breaker, TL_FAIL_RETRY, i);
        end_with(&breaker, TL_FAIL_NONE, i);
    }
    assert_int_equal(breaker.state, TL_BREAKER_CLOSED);
}

static void failures_of_records_do_not_count(void **state)
{
    struct tl_breaker breaker;

    (void)state;
    tl_breaker_init(&breaker);
    for (int i = 0; i < 50; i++)
        end_with(&breaker, i % 2 ? TL_FAIL_DATA : TL_FAIL_CONFLICT, i);
    assert_int_equal(breaker.state, TL_BREAKER_CLOSED);
}

static void one_probe_goes_and_decides(void **state)
{
    struct tl_breaker breaker;
    bool probe;
    int64_t until_ms;

    (void)state;
    tl_breaker_init(&breaker);
    for (int i = 0; i < 3; i++)
        end_with(&breaker, TL_FAIL_RETRY, 0);
    assert_false(tl_breaker_enter(&breaker, 499, &probe, &until_ms));
    assert_int_equal(until_ms, 500);
    assert_true(enter(&breaker, 500, &probe));
    assert_true(probe);
    assert_false(tl_breaker_enter(&breaker, 500, &probe, &until_ms));
    assert_int_equal(until_ms, TL_NEVER);
    assert_false(tl_breaker_leave(&breaker, &config, true, TL_FAIL_RETRY, 600));
    assert_int_equal(breaker.until_ms, 1600); /* twice as long */
    assert_true(enter(&breaker, 1600, &probe));
    assert_true(tl_breaker_leave(&breaker, &config, probe, TL_FAIL_DATA, 1700)); /* it answers: that is enough */
    assert_int_equal(breaker.state, TL_BREAKER_CLOSED);
}

static void a_probe_not_sent_lets_another_go(void **state)
{
    struct tl_breaker breaker;
    bool probe;

    (void)state;
    tl_breaker_init(&breaker);
    for (int i = 0; i < 3; i++)
        end_with(&breaker, TL_FAIL_RETRY, 0);
    assert_true(enter(&breaker, 500, &probe));
    tl_breaker_withdraw(&breaker, probe);
    assert_true(enter(&breaker, 500, &probe));
    assert_true(probe);
}

static void refused_credentials_open_it_at_once(void **state)
{
    struct tl_breaker breaker;

    (void)state;
    tl_breaker_init(&breaker);
    end_with(&breaker, TL_FAIL_AUTH, 0);
    assert_int_equal(breaker.state, TL_BREAKER_OPEN);
    assert_int_equal(breaker.cause, TL_FAIL_AUTH);
}

static void late_failures_of_calls_sent_before_change_nothing(void **state)
{
    struct tl_breaker breaker;

    (void)state;
    tl_breaker_init(&breaker);
    for (int i = 0; i < 3; i++)
        end_with(&breaker, TL_FAIL_RETRY, 0);
    tl_breaker_leave(&breaker, &config, false, TL_FAIL_RETRY, 400);
    tl_breaker_leave(&breaker, &config, false, TL_FAIL_NONE, 400);
    assert_int_equal(breaker.state, TL_BREAKER_OPEN);
    assert_int_equal(breaker.until_ms, 500);
}

static void the_pause_grows_to_sixteen_times(void **state)
{
    struct tl_breaker breaker;
    int64_t now_ms = 0;
    bool probe;

    (void)state;
    tl_breaker_init(&breaker);
    end_with(&breaker, TL_FAIL_CONFIG, 0);
    for (int i = 0; i < 10; i++) {
        now_ms = breaker.until_ms;
        assert_true(enter(&breaker, now_ms, &probe));
        tl_breaker_leave(&breaker, &config, probe, TL_FAIL_CONFIG, now_ms);
    }
    assert_int_equal(breaker.until_ms - now_ms, 16 * 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_enough_failures_within_the_window),
        cmocka_unit_test(a_success_makes_up_for_a_failure),
        cmocka_unit_test(failures_of_records_do_not_count),
        cmocka_unit_test(one_probe_goes_and_decides),
        cmocka_unit_test(a_probe_not_sent_lets_another_go),
        cmocka_unit_test(refused_credentials_open_it_at_once),
        cmocka_unit_test(late_failures_of_calls_sent_before_change_nothing),
        cmocka_unit_test(the_pause_grows_to_sixteen_times),
    };
    return cmocka_run_group_tests_name("guard/breaker", tests, NULL, NULL);
}
