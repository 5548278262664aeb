/* guard/calendar.h: real zones, over daylight saving, midnight and the week's end. */
#include "../cmocka_room.h"
#include "base/attr.h"
#include "codec/timestamp.h"
#include "guard/calendar.h"

static int64_t at(const char *text)
{
    struct tl_timestamp t;
    struct tl_error err = {0};

    if (tl_timestamp_parse(tl_str_z(text), TL_TIME_RFC3339, &t, &err) != TL_OK)
        fail_msg("%s: %s", text, err.text);
    return t.ms;
}

static struct tl_calendar *calendar_of(const char *first, const char *second)
{
    struct tl_calendar *calendar = tl_calendar_new();
    struct tl_error err = {0};

    if (tl_calendar_add(calendar, tl_str_z(first), &err) != TL_OK)
        fail_msg("%s", err.text);
    if (second && tl_calendar_add(calendar, tl_str_z(second), &err) != TL_OK)
        fail_msg("%s", err.text);
    return calendar;
}

/* At `now` inside (or not), until `change`. */
static void expect(const struct tl_calendar *calendar, const char *now, bool inside, const char *change)
{
    int64_t change_ms = 0;
    size_t which = 99;
    bool is = tl_calendar_at(calendar, at(now), &change_ms, &which);
    char text[TL_TIMESTAMP_SIZE];
    struct tl_timestamp t = tl_timestamp_from_ms(change_ms);

    if (is != inside || change_ms != at(change))
        fail_msg("at %s: %s until %s, expected %s until %s", now, is ? "inside" : "outside",
                 tl_timestamp_print(&t, TL_TIME_RFC3339, text).ptr, inside ? "inside" : "outside", change);
}

static void knows_a_weekly_window(void **state)
{
    struct tl_calendar *calendar = calendar_of("Sun 02:00-06:00 Europe/Berlin", NULL);

    (void)state;
    expect(calendar, "2026-07-04T12:00:00Z", false, "2026-07-05T02:00:00+02:00");
    expect(calendar, "2026-07-05T01:59:59+02:00", false, "2026-07-05T02:00:00+02:00");
    expect(calendar, "2026-07-05T02:00:00+02:00", true, "2026-07-05T06:00:00+02:00");
    expect(calendar, "2026-07-05T05:59:59+02:00", true, "2026-07-05T06:00:00+02:00");
    expect(calendar, "2026-07-05T06:00:00+02:00", false, "2026-07-12T02:00:00+02:00");
    tl_calendar_free(calendar);
}

static void follows_daylight_saving(void **state)
{
    struct tl_calendar *calendar = calendar_of("Sun 02:00-06:00 Europe/Berlin", NULL);

    (void)state;
    /* 29 March 2026: 02:00 does not exist; the window opens when the clocks jump, and lasts three hours. */
    expect(calendar, "2026-03-29T00:59:59Z", false, "2026-03-29T01:00:00Z");
    expect(calendar, "2026-03-29T01:00:00Z", true, "2026-03-29T04:00:00Z");
    /* 25 October 2026: 02:00 to 03:00 comes twice; it opens at the first. */
    expect(calendar, "2026-10-24T23:59:59Z", false, "2026-10-25T00:00:00Z");
    expect(calendar, "2026-10-25T00:00:00Z", true, "2026-10-25T05:00:00Z");
    tl_calendar_free(calendar);
    calendar = calendar_of("daily 01:00-02:30 Europe/Berlin", NULL); /* closes at the second 02:30 */
    expect(calendar, "2026-10-25T01:10:00Z", true, "2026-10-25T01:30:00Z");
    tl_calendar_free(calendar);
    calendar = calendar_of("daily 02:00-03:00 Europe/Berlin", NULL); /* wholly skipped on 29 March */
    expect(calendar, "2026-03-28T12:00:00Z", false, "2026-03-30T02:00:00+02:00");
    tl_calendar_free(calendar);
}

/* A weekly window that the clocks skip has its next one a week later: the gate keeps the answer until it is over. */
static void a_week_that_is_skipped_is_not_the_last(void **state)
{
    struct tl_calendar *calendar = calendar_of("Sun 02:00-03:00 Europe/Berlin", NULL);

    (void)state;
    expect(calendar, "2027-03-21T03:00:00+01:00", false, "2027-04-04T02:00:00+02:00");
    expect(calendar, "2027-03-26T12:00:00+01:00", false, "2027-04-04T02:00:00+02:00");
    tl_calendar_free(calendar);
    calendar = calendar_of("Sun 02:00-02:30 Australia/Lord_Howe", NULL);
    expect(calendar, "2026-09-28T00:00:00Z", false, "2026-10-11T02:00:00+11:00");
    tl_calendar_free(calendar);
    calendar = calendar_of("Fri 02:00-03:00 Pacific/Apia", NULL); /* there was no 30 December */
    expect(calendar, "2011-12-24T00:00:00Z", false, "2012-01-06T02:00:00+14:00");
    tl_calendar_free(calendar);
}

static void goes_over_midnight_and_the_week(void **state)
{
    struct tl_calendar *calendar = calendar_of("Mon-Fri 22:00-04:00 America/New_York", NULL);

    (void)state;
    /* Friday's night ends on Saturday; none starts on Saturday or Sunday. 2026-07-03 is a Friday. */
    expect(calendar, "2026-07-04T03:59:00-04:00", true, "2026-07-04T04:00:00-04:00");
    expect(calendar, "2026-07-04T04:00:00-04:00", false, "2026-07-06T22:00:00-04:00");
    tl_calendar_free(calendar);
    calendar = calendar_of("Fri-Mon 00:00-24:00 UTC", NULL); /* over the end of the week; days that touch are one */
    expect(calendar, "2026-07-03T10:00:00Z", true, "2026-07-07T00:00:00Z");
    expect(calendar, "2026-07-07T00:00:00Z", false, "2026-07-10T00:00:00Z");
    tl_calendar_free(calendar);
    calendar = calendar_of("sat,WED 10:00-11:00 UTC", NULL);
    expect(calendar, "2026-07-01T11:00:00Z", false, "2026-07-04T10:00:00Z");
    tl_calendar_free(calendar);
}

static void joins_windows_that_overlap_or_touch(void **state)
{
    struct tl_calendar *calendar = calendar_of("daily 01:00-02:00 UTC", "daily 02:00-03:00 UTC");

    (void)state;
    expect(calendar, "2026-07-04T01:30:00Z", true, "2026-07-04T03:00:00Z");
    expect(calendar, "2026-07-04T03:00:00Z", false, "2026-07-05T01:00:00Z");
    tl_calendar_free(calendar);
}

static void around_the_clock_ends_somewhere(void **state)
{
    struct tl_calendar *calendar = calendar_of("daily 00:00-24:00 UTC", NULL);
    int64_t change_ms, now = at("2026-07-04T01:30:00Z");
    size_t which;

    (void)state;
    assert_true(tl_calendar_at(calendar, now, &change_ms, &which));
    assert_true(change_ms >= now + 7 * 86400000LL && change_ms <= now + 9 * 86400000LL);
    tl_calendar_free(calendar);
}

static void an_empty_calendar_never_closes(void **state)
{
    struct tl_calendar *calendar = tl_calendar_new();
    int64_t change_ms;
    size_t which;

    (void)state;
    assert_false(tl_calendar_at(calendar, 0, &change_ms, &which));
    assert_true(change_ms == TL_NEVER);
    tl_calendar_free(calendar);
}

static void teaches_when_the_text_is_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "it is empty"},
        {"Sunday 02:00-06:00 Europe/Berlin", "did you mean Sun"},
        {"Son 02:00-06:00 Europe/Berlin", "is not a day"},
        {"02:00-06:00 Europe/Berlin", "the days are missing"},
        {"Sun", "character 4: the span of time is missing"},
        {"Sun 2:00-06:00 Europe/Berlin", "02:00"},
        {"Sun 02:00 - 06:00 Europe/Berlin", "without blanks"},
        {"Sun 02:00-25:00 Europe/Berlin", "24:00"},
        {"Sun 24:00-02:00 UTC", "can only be an end"},
        {"Sun 02:00-02:00 UTC", "00:00-24:00"},
        {"Sun 02:60-03:00 UTC", "not a time of day"},
        {"Sun 02:00-06:00", "character 16: the time zone is missing; add an IANA name"},
        {"Sun 02:00-06:00 Berlin", "IANA zone name"},
        {"Sun 02:00-06:00 ../../etc/passwd", "IANA zone name"},
        {"Sun 02:00-06:00 Europe/Berlin daily", "too much behind the zone"},
        {"Sun, 02:00-06:00 UTC", "after the last comma"},
    };

    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_calendar *calendar = tl_calendar_new();
        struct tl_error err = {0};
        assert_int_equal(tl_calendar_add(calendar, tl_str_z(bad[i].text), &err), TL_ECONFIG);
        assert_int_equal(err.code, TL_ECONFIG);
        if (!strstr(err.text, bad[i].says) || !strstr(err.text, bad[i].text))
            fail_msg("\"%s\" does not quote the text and say \"%s\"", err.text, bad[i].says);
        assert_int_equal(tl_calendar_count(calendar), 0);
        tl_calendar_free(calendar);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_weekly_window),
        cmocka_unit_test(follows_daylight_saving),
        cmocka_unit_test(a_week_that_is_skipped_is_not_the_last),
        cmocka_unit_test(goes_over_midnight_and_the_week),
        cmocka_unit_test(joins_windows_that_overlap_or_touch),
        cmocka_unit_test(around_the_clock_ends_somewhere),
        cmocka_unit_test(an_empty_calendar_never_closes),
        cmocka_unit_test(teaches_when_the_text_is_wrong),
    };
    return cmocka_run_group_tests_name("guard/calendar", tests, NULL, NULL);
}
