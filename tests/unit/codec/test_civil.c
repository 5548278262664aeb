#include "cases.h"
#include "codec/timestamp.h"

static void days_and_dates_agree_over_all_years(void **state)
{
    (void)state;
    struct tl_date date = {1, 1, 1};
    int64_t days = tl_date_to_days(date);
    assert_true(days == -719162);
    int32_t weekday = 1; /* 0001-01-01 is a Monday */
    while (date.year <= 9999) {
        struct tl_date back = tl_date_from_days(days);
        if (tl_date_to_days(date) != days || back.year != date.year || back.month != date.month ||
            back.day != date.day || tl_date_weekday(date) != weekday)
            fail_msg("%d-%d-%d", date.year, date.month, date.day);
        days++;
        weekday = weekday % 7 + 1;
        if (++date.day > tl_date_month_days(date.year, date.month)) {
            date.day = 1;
            if (++date.month > 12) {
                date.month = 1;
                date.year++;
            }
        }
    }
    assert_true(days == 2932897);
}

static void adding_months_ends_at_the_months_end(void **state)
{
    (void)state;
    static const struct {
        struct tl_date from;
        int32_t months;
        struct tl_date to;
    } cases[] = {{{2024, 1, 31}, 1, {2024, 2, 29}},   {{2023, 1, 31}, 1, {2023, 2, 28}},
                 {{2023, 1, 31}, -2, {2022, 11, 30}}, {{2024, 5, 17}, 12, {2025, 5, 17}},
                 {{2024, 12, 31}, 2, {2025, 2, 28}},  {{2024, 1, 15}, -1, {2023, 12, 15}}};
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        struct tl_date to = tl_date_add_months(cases[i].from, cases[i].months);
        assert_int_equal(to.year, cases[i].to.year);
        assert_int_equal(to.month, cases[i].to.month);
        assert_int_equal(to.day, cases[i].to.day);
    }
}

static void knows_leap_years(void **state)
{
    (void)state;
    assert_int_equal(tl_date_month_days(2000, 2), 29);
    assert_int_equal(tl_date_month_days(1900, 2), 28);
    assert_int_equal(tl_date_month_days(2024, 2), 29);
    assert_int_equal(tl_date_month_days(2024, 13), 0);
    assert_false(tl_date_valid(2023, 2, 29));
    assert_false(tl_date_valid(0, 1, 1));
    assert_false(tl_date_valid(10000, 1, 1));
    assert_false(tl_date_valid(2023, 4, 31));
}

static void times_before_1970_round_down(void **state)
{
    (void)state;
    struct tl_civil civil = tl_civil_from_ms(-1);
    assert_int_equal(civil.date.year, 1969);
    assert_int_equal(civil.hour, 23);
    assert_int_equal(civil.second, 59);
    assert_int_equal(civil.ns, 999000000);
    assert_true(tl_civil_to_ms(&civil) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_dates_agree_over_all_years),
        cmocka_unit_test(adding_months_ends_at_the_months_end),
        cmocka_unit_test(knows_leap_years),
        cmocka_unit_test(times_before_1970_round_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
