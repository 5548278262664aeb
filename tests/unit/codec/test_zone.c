#include "cases.h"
#include "codec/zone.h"
#include <time.h>

static struct tl_zone *load(const char *name)
{
    struct tl_zone *zone = NULL;
    struct tl_error err;
    tl_code code = tl_zone_load(tl_str_z(name), &zone, &err);
    if (code == TL_ENOTFOUND) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    if (code != TL_OK)
        fail_msg("%s", err.text);
    return zone;
}

static int64_t utc(const char *text)
{
    struct tl_timestamp t;
    assert_int_equal(tl_timestamp_parse(tl_str_z(text), TL_TIME_RFC3339, &t, NULL), TL_OK);
    return t.ms / 1000;
}

static void check_local(const struct tl_zone *zone, const char *local, enum tl_zone_answer answer, const char *earlier,
                        const char *later)
{
    struct tl_civil civil;
    int64_t a = 0, b = 0;
    assert_int_equal(tl_civil_parse(tl_str_z(local), &civil, NULL), TL_OK);
    assert_int_equal(tl_zone_to_utc(zone, &civil, &a, &b), answer);
    assert_true(a == utc(earlier));
    assert_true(b == utc(later));
}

static void answers_gaps_and_overlaps(void **state)
{
    (void)state;
    struct tl_zone *berlin = load("Europe/Berlin");
    check_local(berlin, "2024-05-17T09:42:31", TL_ZONE_ONE, "2024-05-17T07:42:31Z", "2024-05-17T07:42:31Z");
    check_local(berlin, "2024-03-31T01:59:59", TL_ZONE_ONE, "2024-03-31T00:59:59Z", "2024-03-31T00:59:59Z");
    check_local(berlin, "2024-03-31T02:30:00", TL_ZONE_GAP, "2024-03-31T01:00:00Z", "2024-03-31T01:00:00Z");
    check_local(berlin, "2024-03-31T03:00:00", TL_ZONE_ONE, "2024-03-31T01:00:00Z", "2024-03-31T01:00:00Z");
    check_local(berlin, "2024-10-27T02:30:00", TL_ZONE_OVERLAP, "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z");
    check_local(berlin, "2024-10-27T03:00:00", TL_ZONE_ONE, "2024-10-27T02:00:00Z", "2024-10-27T02:00:00Z");
    check_local(berlin, "2199-07-01T12:00:00", TL_ZONE_ONE, "2199-07-01T10:00:00Z", "2199-07-01T10:00:00Z");
    check_local(berlin, "1800-01-01T00:53:28", TL_ZONE_ONE, "1800-01-01T00:00:00Z", "1800-01-01T00:00:00Z");
    tl_zone_free(berlin);
}

static void handles_the_day_samoa_left_out(void **state)
{
    (void)state;
    struct tl_zone *apia = load("Pacific/Apia");
    check_local(apia, "2011-12-30T12:00:00", TL_ZONE_GAP, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z");
    check_local(apia, "2011-12-29T23:59:59", TL_ZONE_ONE, "2011-12-30T09:59:59Z", "2011-12-30T09:59:59Z");
    check_local(apia, "2011-12-31T00:00:00", TL_ZONE_ONE, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z");
    tl_zone_free(apia);
}

static void knows_offset_name_and_next_change(void **state)
{
    (void)state;
    struct tl_zone *york = load("America/New_York");
    struct tl_zone_offset offset;
    int64_t change;
    tl_zone_at(york, utc("2050-07-01T00:00:00Z"), &offset);
    assert_int_equal(offset.seconds, -4 * 3600);
    assert_true(offset.dst);
    assert_string_equal(offset.abbreviation, "EDT");
    assert_true(tl_zone_next_change(york, utc("2024-05-01T00:00:00Z"), &change));
    assert_true(change == utc("2024-11-03T06:00:00Z"));
    assert_true(tl_zone_next_change(york, utc("2050-12-01T00:00:00Z"), &change));
    assert_true(change == utc("2051-03-12T07:00:00Z"));
    struct tl_civil local = tl_zone_to_local(york, utc("2024-01-01T03:00:00Z"));
    assert_int_equal(local.date.year, 2023);
    assert_int_equal(local.hour, 22);
    assert_string_equal(tl_zone_name(york), "America/New_York");
    tl_zone_free(york);
}

static void a_zone_without_changes_has_none(void **state)
{
    (void)state;
    struct tl_zone *zone = load("Etc/UTC");
    int64_t change;
    assert_false(tl_zone_next_change(zone, 0, &change));
    check_local(zone, "2024-05-17T09:42:31", TL_ZONE_ONE, "2024-05-17T09:42:31Z", "2024-05-17T09:42:31Z");
    tl_zone_at(zone, INT64_MAX, &(struct tl_zone_offset){.seconds = 0});
    tl_zone_to_local(zone, INT64_MIN);
    tl_zone_free(zone);
}

/* The C library reads the same files: both must agree on every third hour of many years, in zones that differ in kind.
 */
static void agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin",    "America/New_York",   "Australia/Sydney",
                                        "Europe/Dublin",    "Africa/Casablanca",  "Asia/Kolkata",
                                        "America/Santiago", "Australia/Lord_Howe"};
    for (size_t i = 0; i < TL_COUNT_OF(names); i++) {
        struct tl_zone *zone = load(names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t at = utc("1965-01-01T00:00:00Z"); at < utc("2060-01-01T00:00:00Z"); at += 3 * 3600) {
            struct tl_zone_offset offset;
            struct tm tm;
            time_t moment = (time_t)at;
            tl_zone_at(zone, at, &offset);
            localtime_r(&moment, &tm);
            if (offset.seconds != tm.tm_gmtoff || offset.dst != (tm.tm_isdst > 0))
                fail_msg("%s at %lld: %d, not %ld", names[i], (long long)at, offset.seconds, tm.tm_gmtoff);
        }
        tl_zone_free(zone);
    }
    unsetenv("TZ");
    tzset();
}

static void refuses_names_that_leave_the_directory(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "../etc/passwd", "/etc/passwd", "Europe/", "Europe//Berlin", "Europe/../UTC", ".", "a b"};
    struct tl_zone *zone = NULL;
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        assert_int_equal(tl_zone_load(tl_str_z(bad[i]), &zone, NULL), TL_EINPUT);
    assert_int_equal(tl_zone_load(TL_STR("Europe/Atlantis"), &zone, NULL), TL_ENOTFOUND);
    assert_null(zone);
}

/* A whole file of version '2' with one change, in a block whose counts can be broken. */
static size_t write_zone(char *to, char changes, char types, char type_of_change)
{
    static const char second[] = "\0\0\0\0\0\0\0\1" /* the change */ "\0" /* its type */ "\0\0\x0E\x10\1\0"
                                 "CET\0";
    memset(to, 0, 200);
    memcpy(to, "TZif2", 5);
    to[39] = 1; /* the first block: one type, one name character */
    to[43] = 1;
    char *p = to + 44 + 7;
    memcpy(p, "TZif2", 5);
    p[35] = changes;
    p[39] = types;
    p[43] = 4;
    memcpy(p + 44, second, sizeof second - 1);
    p[44 + 8] = type_of_change;
    memcpy(p + 44 + sizeof second - 1, "\nCET-1\n", 7);
    return (size_t)(p + 44 + sizeof second - 1 + 7 - to);
}

/* Two rules the database does not use much: daylight time all year, and a change a week off its day. */
static void rules_hold_at_the_turn_of_the_year(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *at;
        int32_t seconds;
    } rows[] = {{"XXX3EDT4,0/0,J365/23", "2031-01-01T02:59:59Z", -4 * 3600},
                {"XXX3EDT4,0/0,J365/23", "2031-01-01T03:00:00Z", -4 * 3600},
                {"XXX3EDT4,0/0,J365/23", "2031-07-01T00:00:00Z", -4 * 3600},
                {"AAA0BBB,J1/-100,J100", "2030-12-27T19:59:59Z", 0},
                {"AAA0BBB,J1/-100,J100", "2030-12-27T20:00:00Z", 3600},
                {"AAA0BBB,J1/-100,J100", "2031-04-10T01:00:00Z", 0},
                {"<-03>3", "2031-04-10T01:00:00Z", -3 * 3600}};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        char bytes[300];
        struct tl_zone *zone = NULL;
        struct tl_zone_offset offset;
        size_t len = write_zone(bytes, 1, 1, 0) - 6;
        len += (size_t)snprintf(bytes + len, 100, "%s\n", rows[i].rule);
        assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(bytes, len), &zone, NULL), TL_OK);
        tl_zone_at(zone, utc(rows[i].at), &offset);
        assert_int_equal(offset.seconds, rows[i].seconds);
        tl_zone_free(zone);
    }
}

static void refuses_counts_that_do_not_fit(void **state)
{
    (void)state;
    char bytes[200];
    struct tl_zone *zone = NULL;
    size_t len = write_zone(bytes, 1, 1, 0);
    assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(bytes, len), &zone, NULL), TL_OK);
    tl_zone_free(zone);
    zone = NULL;
    len = write_zone(bytes, 1, 1, 1); /* the change names a type that is not there */
    assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(bytes, len), &zone, NULL), TL_EINPUT);
    len = write_zone(bytes, 1, 0, 0);
    assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(bytes, len), &zone, NULL), TL_EINPUT);
    len = write_zone(bytes, 2, 1, 0);
    assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(bytes, len), &zone, NULL), TL_EINPUT);
    assert_null(zone);
}

static void refuses_data_that_is_cut_or_wrong(void **state)
{
    (void)state;
    char *bytes = tl_alloc(100000);
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    if (!file) {
        tl_free(bytes);
        skip();
    }
    size_t len = fread(bytes, 1, 100000, file);
    struct tl_zone *zone = NULL;
    fclose(file);
    for (size_t cut = 0; cut < len; cut++) {
        char *exact = malloc(cut + 1);
        memcpy(exact, bytes, cut);
        assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(exact, cut), &zone, NULL), TL_EINPUT);
        free(exact);
    }
    assert_int_equal(tl_zone_parse(TL_STR("x"), tl_str_n(bytes, len), &zone, NULL), TL_OK);
    tl_zone_free(zone);
    tl_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_gaps_and_overlaps),          cmocka_unit_test(handles_the_day_samoa_left_out),
        cmocka_unit_test(knows_offset_name_and_next_change),  cmocka_unit_test(a_zone_without_changes_has_none),
        cmocka_unit_test(agrees_with_the_c_library),          cmocka_unit_test(refuses_names_that_leave_the_directory),
        cmocka_unit_test(rules_hold_at_the_turn_of_the_year), cmocka_unit_test(refuses_counts_that_do_not_fit),
        cmocka_unit_test(refuses_data_that_is_cut_or_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
