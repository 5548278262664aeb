/* guard/failure.h, guard/retry.h, guard/deadline.h */
#include "../cmocka_room.h"
#include "base/attr.h"
#include "guard/deadline.h"
#include "guard/retry.h"

static const struct tl_retry_policy policy = {.first_ms = 500, .cap_ms = 60000, .attempts = 3};

static struct tl_retry_step next(struct tl_retry *retry, enum tl_failure failure, int64_t vendor_ms, uint64_t chance)
{
    return tl_retry_next(retry, &policy, failure, vendor_ms, 1000, TL_NEVER, chance);
}

static void names_every_class_and_reads_it_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TL_FAILURE_COUNT; i++) {
        enum tl_failure failure = TL_FAIL_NONE;
        assert_true(tl_failure_parse(tl_str_z(tl_failure_name((enum tl_failure)i)), &failure));
        assert_int_equal(failure, i);
        assert_false(tl_failure_is_endpoint(failure) && tl_failure_is_record(failure));
    }
    assert_string_equal(tl_failure_name(TL_FAIL_QUOTA), "quota");
}

static void doubles_with_full_jitter_up_to_the_cap(void **state)
{
    (void)state;
    assert_int_equal(tl_retry_backoff(&policy, 0, UINT64_MAX), 500);
    assert_int_equal(tl_retry_backoff(&policy, 3, UINT64_MAX), 4000);
    assert_int_equal(tl_retry_backoff(&policy, 3, UINT64_MAX / 2), 2000);
    assert_int_equal(tl_retry_backoff(&policy, 3, 0), 0);
    assert_int_equal(tl_retry_backoff(&policy, 40, UINT64_MAX), 60000);
    assert_int_equal(tl_retry_backoff(&policy, UINT32_MAX, UINT64_MAX), 60000);
}

static void endpoint_failures_use_up_no_attempt(void **state)
{
    static const enum tl_failure endpoint[] = {TL_FAIL_RETRY, TL_FAIL_AUTH, TL_FAIL_QUOTA, TL_FAIL_CONFIG};
    struct tl_retry retry = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(next(&retry, endpoint[i % 4], 0, 7).verdict, TL_RETRY_AGAIN);
    assert_int_equal(retry.attempts, 0);
}

static void conflicts_count_and_end(void **state)
{
    struct tl_retry retry = {0};

    (void)state;
    assert_int_equal(next(&retry, TL_FAIL_CONFLICT, 0, 1).verdict, TL_RETRY_AGAIN);
    assert_int_equal(next(&retry, TL_FAIL_RETRY, 0, 1).verdict, TL_RETRY_AGAIN);
    assert_int_equal(next(&retry, TL_FAIL_CONFLICT, 0, 1).verdict, TL_RETRY_AGAIN);
    assert_int_equal(next(&retry, TL_FAIL_CONFLICT, 0, 1).verdict, TL_RETRY_PARK);
    assert_int_equal(retry.attempts, 3);
}

static void what_time_does_not_heal_is_parked_at_once(void **state)
{
    static const enum tl_failure classes[] = {TL_FAIL_DATA, TL_FAIL_MISSING, TL_FAIL_UNSUPPORTED, TL_FAIL_BUG};

    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(classes); i++) {
        struct tl_retry retry = {0};
        assert_int_equal(next(&retry, classes[i], 0, 1).verdict, TL_RETRY_PARK);
    }
}

static void the_vendors_wait_is_kept_in_full(void **state)
{
    struct tl_retry retry = {0};

    (void)state;
    assert_int_equal(next(&retry, TL_FAIL_QUOTA, 90000, 0).wait_ms, 90000);
    assert_int_equal(next(&retry, TL_FAIL_QUOTA, 90000, UINT64_MAX).wait_ms, 99000);
}

static void a_wait_beyond_the_deadline_ends_it(void **state)
{
    struct tl_retry retry = {0};

    (void)state;
    assert_int_equal(tl_retry_next(&retry, &policy, TL_FAIL_RETRY, 5000, 1000, 6001, 0).verdict, TL_RETRY_AGAIN);
    assert_int_equal(tl_retry_next(&retry, &policy, TL_FAIL_RETRY, 5000, 1000, 6000, 0).verdict, TL_RETRY_EXPIRED);
}

static void deadlines_nest(void **state)
{
    (void)state;
    assert_int_equal(tl_deadline_after(100, 50, TL_NEVER), 150);
    assert_int_equal(tl_deadline_after(100, 50, 120), 120);
    assert_int_equal(tl_deadline_after(100, 0, TL_NEVER), TL_NEVER);
    assert_int_equal(tl_deadline_after(100, INT64_MAX, TL_NEVER), TL_NEVER);
    assert_int_equal(tl_deadline_left(150, 100), 50);
    assert_int_equal(tl_deadline_left(150, 151), 0);
    assert_int_equal(tl_deadline_left(TL_NEVER, 151), TL_NEVER);
    assert_true(tl_deadline_over(150, 150));
    assert_false(tl_deadline_over(TL_NEVER, INT64_MAX - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_class_and_reads_it_back),
        cmocka_unit_test(doubles_with_full_jitter_up_to_the_cap),
        cmocka_unit_test(endpoint_failures_use_up_no_attempt),
        cmocka_unit_test(conflicts_count_and_end),
        cmocka_unit_test(what_time_does_not_heal_is_parked_at_once),
        cmocka_unit_test(the_vendors_wait_is_kept_in_full),
        cmocka_unit_test(a_wait_beyond_the_deadline_ends_it),
        cmocka_unit_test(deadlines_nest),
    };
    return cmocka_run_group_tests_name("guard/retry", tests, NULL, NULL);
}
