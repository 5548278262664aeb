#include "cases.h"
#include "codec/timestamp.h"

static void check(const char *text, unsigned forms, int64_t ms, int offset, enum tl_time_form print,
                  const char *printed)
{
    struct tl_timestamp t;
    struct tl_error err;
    char out[TL_TIMESTAMP_SIZE];
    if (tl_timestamp_parse(tl_str_z(text), forms, &t, &err) != TL_OK)
        fail_msg("%s", err.text);
    assert_true(t.ms == ms);
    assert_int_equal(t.offset, offset);
    assert_str(tl_timestamp_print(&t, print, out), printed);
}

static void reads_and_prints_every_form(void **state)
{
    (void)state;
    check("2024-05-17T09:42:31+02:00", TL_TIME_RFC3339, 1715931751000, 120, TL_TIME_RFC3339,
          "2024-05-17T09:42:31+02:00");
    check("2024-05-17T09:42:31.120Z", TL_TIME_RFC3339, 1715938951120, 0, TL_TIME_RFC3339, "2024-05-17T09:42:31.120Z");
    check("2024-05-17t09:42:31.123456789z", TL_TIME_RFC3339, 1715938951123, 0, TL_TIME_RFC3339,
          "2024-05-17T09:42:31.123456789Z");
    check("2024-05-17T09:42:31-00:00", TL_TIME_RFC3339, 1715938951000, 0, TL_TIME_RFC3339, "2024-05-17T09:42:31-00:00");
    check("2024-05-17T09:42:31.000+0000", TL_TIME_SALESFORCE, 1715938951000, 0, TL_TIME_SALESFORCE,
          "2024-05-17T09:42:31.000+0000");
    check("2024-05-17T09:42:31.000-0530", TL_TIME_ANY, 1715958751000, -330, TL_TIME_SALESFORCE,
          "2024-05-17T15:12:31.000+0000");
    check("2024-05-17T09:42Z", TL_TIME_ODATA, 1715938920000, 0, TL_TIME_ODATA, "2024-05-17T09:42:00Z");
    check("2024-05-17T09:42:31.123456789012Z", TL_TIME_ODATA, 1715938951123, 0, TL_TIME_ODATA,
          "2024-05-17T09:42:31.123456789Z");
    check("/Date(1715931751000)/", TL_TIME_ODATA2, 1715931751000, 0, TL_TIME_ODATA2, "/Date(1715931751000)/");
    check("/Date(1715931751000+0120)/", TL_TIME_ODATA2, 1715931751000, 120, TL_TIME_ODATA2,
          "/Date(1715931751000+0120)/");
    check("/Date(-1-0060)/", TL_TIME_ODATA2, -1, -60, TL_TIME_ODATA2, "/Date(-1-0060)/");
    check("2024-05-17", TL_TIME_ANY, 1715904000000, 0, TL_TIME_DATE, "2024-05-17");
    check("2024-05-17T23:30:00-02:00", TL_TIME_RFC3339, 1715995800000, -120, TL_TIME_DATE, "2024-05-17");
    check("0001-01-01T00:00:00Z", TL_TIME_RFC3339, -62135596800000, 0, TL_TIME_RFC3339, "0001-01-01T00:00:00Z");
    check("9999-12-31T23:59:59.999Z", TL_TIME_RFC3339, 253402300799999, 0, TL_TIME_RFC3339, "9999-12-31T23:59:59.999Z");
    check("1969-12-31T23:59:59.999999Z", TL_TIME_RFC3339, -1, 0, TL_TIME_RFC3339, "1969-12-31T23:59:59.999999Z");
}

static void a_leap_second_is_only_at_the_end_of_a_utc_day(void **state)
{
    (void)state;
    struct tl_timestamp t;
    check("1998-12-31T23:59:60Z", TL_TIME_RFC3339, 915148800000, 0, TL_TIME_RFC3339, "1999-01-01T00:00:00Z");
    check("1998-12-31T15:59:60-08:00", TL_TIME_RFC3339, 915148800000, -480, TL_TIME_RFC3339,
          "1998-12-31T16:00:00-08:00");
    assert_int_equal(tl_timestamp_parse(TL_STR("1998-12-31T23:58:60Z"), TL_TIME_ANY, &t, NULL), TL_EINPUT);
    assert_int_equal(tl_timestamp_parse(TL_STR("1998-12-31T22:59:60Z"), TL_TIME_ANY, &t, NULL), TL_EINPUT);
    assert_int_equal(tl_timestamp_parse(TL_STR("1998-12-31T23:59:61Z"), TL_TIME_ANY, &t, NULL), TL_EINPUT);
}

static void refuses_what_is_not_quite_a_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2024",
                                      "2024-5-17",
                                      "2024-13-01",
                                      "2023-02-29",
                                      "0000-01-01",
                                      "2024-05-17T",
                                      "2024-05-17T09",
                                      "2024-05-17T09:42:31",
                                      "2024-05-17 09:42:31Z",
                                      "2024-05-17T24:00:00Z",
                                      "2024-05-17T09:60:00Z",
                                      "2024-05-17T09:42:31.Z",
                                      "2024-05-17T09:42:31,5Z",
                                      "2024-05-17T09:42:31+24:00",
                                      "2024-05-17T09:42:31+02:60",
                                      "2024-05-17T09:42:31+2:00",
                                      "2024-05-17T09:42:31+02",
                                      "2024-05-17T09:42:31ZZ",
                                      "2024-05-17T09:42:31Z ",
                                      " 2024-05-17T09:42:31Z",
                                      "2024-05-17T09:42:31.1234567890123Z",
                                      "+2024-05-17T09:42:31Z",
                                      "2024-05-17T9:42:31Z",
                                      "20240517T094231Z",
                                      "/Date()/",
                                      "/Date(1",
                                      "/Date(1)",
                                      "/Date(99999999999999999)/",
                                      "/Date(1+)/",
                                      "/Date(1+9999)/",
                                      "/Date(1+1+1)/",
                                      "/Date(+1)/",
                                      "/Date(--1)/",
                                      "\xD9\xA2\xD9\xA0",
                                      "2024-05-17T09:42:31\342\210\22202:00"};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_timestamp t = {.ms = 77};
        if (tl_timestamp_parse(tl_str_z(bad[i]), TL_TIME_ANY, &t, NULL) != TL_EINPUT || t.ms != 77)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void accepts_only_the_forms_asked_for(void **state)
{
    (void)state;
    struct tl_timestamp t;
    struct tl_error err;
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17T09:42:31.000+0000"), TL_TIME_RFC3339, &t, &err), TL_EINPUT);
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17T09:42Z"), TL_TIME_RFC3339, &t, &err), TL_EINPUT);
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17T09:42:31Z"), TL_TIME_SALESFORCE, &t, &err), TL_EINPUT);
    assert_int_equal(tl_timestamp_parse(TL_STR("/Date(1)/"), TL_TIME_RFC3339, &t, &err), TL_EINPUT);
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17"), TL_TIME_RFC3339, &t, &err), TL_EINPUT);
    assert_string_equal(err.text, "not a point in time: '2024-05-17': the time is missing");
}

static void orders_by_moment_not_by_text(void **state)
{
    (void)state;
    struct tl_timestamp a, b;
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17T10:00:00+02:00"), TL_TIME_ANY, &a, NULL), TL_OK);
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17T09:00:00Z"), TL_TIME_ANY, &b, NULL), TL_OK);
    assert_int_equal(tl_timestamp_compare(&a, &b), -1);
    assert_int_equal(tl_timestamp_parse(TL_STR("2024-05-17T08:00:00.0000001Z"), TL_TIME_ANY, &b, NULL), TL_OK);
    assert_int_equal(tl_timestamp_compare(&a, &b), -1);
    assert_int_equal(tl_timestamp_compare(&b, &a), 1);
    assert_int_equal(tl_timestamp_compare(&a, &a), 0);
}

static void reads_dates_and_local_times(void **state)
{
    (void)state;
    struct tl_date date;
    struct tl_civil civil;
    char out[TL_TIMESTAMP_SIZE];
    assert_int_equal(tl_date_parse(TL_STR("2024-02-29"), &date, NULL), TL_OK);
    assert_str(tl_date_print(&date, out), "2024-02-29");
    assert_int_equal(tl_date_parse(TL_STR("2024-02-29T"), &date, NULL), TL_EINPUT);
    assert_int_equal(tl_civil_parse(TL_STR("2024-05-17T09:42:31.5"), &civil, NULL), TL_OK);
    assert_int_equal(civil.ns, 500000000);
    assert_true(tl_civil_to_ms(&civil) == 1715938951500);
    assert_int_equal(tl_civil_parse(TL_STR("2024-05-17 09:42:31"), &civil, NULL), TL_OK);
    assert_int_equal(tl_civil_parse(TL_STR("2024-05-17T09:42:31Z"), &civil, NULL), TL_EINPUT);
    assert_int_equal(tl_civil_parse(TL_STR("2024-05-17T09:42"), &civil, NULL), TL_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints_every_form),
        cmocka_unit_test(a_leap_second_is_only_at_the_end_of_a_utc_day),
        cmocka_unit_test(refuses_what_is_not_quite_a_time),
        cmocka_unit_test(accepts_only_the_forms_asked_for),
        cmocka_unit_test(orders_by_moment_not_by_text),
        cmocka_unit_test(reads_dates_and_local_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
