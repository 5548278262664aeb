/* guard/rate.h */
#include "../cmocka_room.h"
#include "guard/rate.h"

#define DAY_MS (24 * 3600 * 1000LL)

static int take_all(struct tl_rate *rate, const struct tl_rate_config *config, enum tl_priority priority,
                    int64_t now_ms, int64_t *until_ms, enum tl_rate_why *why)
{
    int taken = 0;

    while ((*why = tl_rate_take(rate, config, priority, now_ms, until_ms)) == TL_RATE_OPEN && taken < 100000)
        taken++;
    return taken;
}

static void lets_so_many_go_each_second(void **state)
{
    struct tl_rate_config config = {.per_second = 50};
    struct tl_rate rate;
    enum tl_rate_why why;
    int64_t until_ms;

    (void)state;
    tl_rate_init(&rate, &config, 0);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 0, &until_ms, &why), 50);
    assert_int_equal(why, TL_RATE_SECOND);
    assert_int_equal(until_ms, 20);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 19, &until_ms, &why), 0);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 20, &until_ms, &why), 1);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 5020, &until_ms, &why),
                     50); /* never more than a second's worth */
}

static void over_a_minute_it_is_exactly_the_rate(void **state)
{
    struct tl_rate_config config = {.per_second = 7};
    struct tl_rate rate;
    int taken = 0;

    (void)state;
    tl_rate_init(&rate, &config, 0);
    for (int64_t now = 0; now <= 60000; now++) {
        int64_t until_ms;
        taken += tl_rate_take(&rate, &config, TL_NORMAL, now, &until_ms) == TL_RATE_OPEN;
    }
    assert_int_equal(taken, 7 + 7 * 60);
}

static void keeps_a_share_of_the_day_for_live_work(void **state)
{
    struct tl_rate_config config = {.per_day = 1000, .keep_for_live_pc = 30};
    struct tl_rate rate;
    enum tl_rate_why why;
    int64_t until_ms;

    (void)state;
    tl_rate_init(&rate, &config, 0);
    assert_int_equal(take_all(&rate, &config, TL_BULK, 0, &until_ms, &why), 700);
    assert_int_equal(why, TL_RATE_DAY);
    assert_int_equal(until_ms, DAY_MS);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 0, &until_ms, &why), 300);
    assert_int_equal(take_all(&rate, &config, TL_URGENT, 0, &until_ms, &why), 0);
}

static void the_day_rolls(void **state)
{
    struct tl_rate_config config = {.per_day = 100};
    struct tl_rate rate;
    enum tl_rate_why why;
    int64_t until_ms;

    (void)state;
    tl_rate_init(&rate, &config, 0);
    for (int i = 0; i < 60; i++)
        tl_rate_take(&rate, &config, TL_NORMAL, 0, &until_ms);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 3600 * 1000, &until_ms, &why), 40);
    assert_int_equal(until_ms, DAY_MS);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, DAY_MS - 1, &until_ms, &why), 0);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, DAY_MS, &until_ms, &why), 60);
    assert_int_equal(until_ms, DAY_MS + 3600 * 1000);
    assert_int_equal(tl_rate_used_today(&rate, DAY_MS), 100);
    assert_int_equal(tl_rate_used_today(&rate, 3 * DAY_MS), 0);
}

static void too_many_halves_it_and_it_grows_back(void **state)
{
    struct tl_rate_config config = {.per_second = 100};
    struct tl_rate rate;
    enum tl_rate_why why;
    int64_t until_ms;

    (void)state;
    tl_rate_init(&rate, &config, 0);
    tl_rate_shrink(&rate, &config, 5000);
    tl_rate_shrink(&rate, &config, 5001); /* the others in flight */
    assert_int_equal(rate.per_second_u, 50 * 1000000LL);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 5000, &until_ms, &why), 0);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 6000, &until_ms, &why), 50);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 16000, &until_ms, &why), 60);
    assert_int_equal(take_all(&rate, &config, TL_NORMAL, 65000, &until_ms, &why), 100);
    for (int i = 0; i < 100; i++)
        tl_rate_shrink(&rate, &config, 70000 + i * 1000);
    assert_int_equal(rate.per_second_u, 2 * 1000000LL); /* never to nothing */
}

static void gives_back_what_was_not_sent(void **state)
{
    struct tl_rate_config config = {.per_second = 1, .per_day = 10};
    struct tl_rate rate;
    int64_t until_ms;

    (void)state;
    tl_rate_init(&rate, &config, 0);
    assert_int_equal(tl_rate_take(&rate, &config, TL_NORMAL, 0, &until_ms), TL_RATE_OPEN);
    assert_int_equal(tl_rate_take(&rate, &config, TL_NORMAL, 0, &until_ms), TL_RATE_SECOND);
    tl_rate_give_back(&rate, &config, 0);
    assert_int_equal(tl_rate_take(&rate, &config, TL_NORMAL, 0, &until_ms), TL_RATE_OPEN);
    assert_int_equal(tl_rate_used_today(&rate, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_so_many_go_each_second),
        cmocka_unit_test(over_a_minute_it_is_exactly_the_rate),
        cmocka_unit_test(keeps_a_share_of_the_day_for_live_work),
        cmocka_unit_test(the_day_rolls),
        cmocka_unit_test(too_many_halves_it_and_it_grows_back),
        cmocka_unit_test(gives_back_what_was_not_sent),
    };
    return cmocka_run_group_tests_name("guard/rate", tests, NULL, NULL);
}
