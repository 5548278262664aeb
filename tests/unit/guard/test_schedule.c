/* guard/schedule.h: the published cron cases, what people write, and years of every zone's oddities against a slow
 * reading of the same rules, minute by minute. */
#include "../codec/cases.h"
#include "base/attr.h"
#include "codec/json.h"
#include "codec/timestamp.h"
#include "codec/zone.h"
#include "guard/schedule.h"
#include "schedule_rule.h"

static int64_t at(const char *text)
{
    struct tl_timestamp t;
    struct tl_error err = {0};
    if (tl_timestamp_parse(tl_str_z(text), TL_TIME_RFC3339, &t, &err) != TL_OK)
        fail_msg("%s: %s", text, err.text);
    return t.ms;
}

static const char *shown(int64_t ms)
{
    static char texts[4][TL_TIMESTAMP_SIZE];
    static int n;
    if (ms == TL_NEVER)
        return "never";
    struct tl_timestamp t = tl_timestamp_from_ms(ms);
    t.digits = 0;
    return tl_timestamp_print(&t, TL_TIME_RFC3339, texts[n++ % 4]).ptr;
}

static struct tl_schedule *schedule_of(const char *text)
{
    struct tl_schedule *schedule;
    struct tl_error err = {0};
    if (tl_schedule_parse(tl_str_z(text), NULL, &schedule, &err) != TL_OK)
        fail_msg("%s", err.text);
    return schedule;
}

/* ---- the published cases ---- */

struct rows {
    struct tl_json_doc *doc;
    char *text; /* own */
    const struct tl_json_value *rows;
};

static struct rows rows_of(const char *name)
{
    struct rows r;
    size_t len;
    r.text = cases_need("cron/cases.json", &len);
    assert_int_equal(tl_json_parse_borrowed(tl_str_n(r.text, len), NULL, &r.doc, NULL), TL_OK);
    r.rows = tl_json_get(tl_json_get(tl_json_root(r.doc), name), "rows");
    assert_true(tl_json_count(r.rows) > 0);
    return r;
}

static void rows_free(struct rows *r)
{
    tl_json_free(r->doc);
    tl_free(r->text);
}

static tl_str cell(const struct tl_json_value *row, size_t i)
{
    return tl_json_text(tl_json_item(row, i));
}

static tl_code cron(tl_str text, int fields, struct tl_schedule_rule *rule, struct tl_error *err)
{
    const char *where = NULL;
    text = tl_str_trim(text);
    if (text.len > 0 && text.ptr[0] == '@')
        return tl_cron_macro(text, rule, &where, err);
    return tl_cron_parse(text, fields, rule, &where, err);
}

static int fields_of(tl_str format)
{
    return tl_str_is(format, "Standard") ? 5 : 6;
}

static int fields_in(tl_str text)
{
    int count = 0;
    tl_str word;
    text = tl_str_trim(text);
    while (tl_str_cut(&text, ' ', &word))
        count += tl_str_trim(word).len > 0;
    return count;
}

/* Our word for a field of the cases. */
static const char *word_of(tl_str field)
{
    static const char *const words[][2] = {{"Seconds", "second"}, {"Minutes", "minute"},
                                           {"Hours", "hour"},     {"Days of month", "day of month"},
                                           {"Months", "month"},   {"Days of week", "day of week"}};
    for (size_t i = 0; i < TL_COUNT_OF(words); i++) {
        if (tl_str_is(field, words[i][0]))
            return words[i][1];
    }
    return field.len > 0 && field.ptr[0] == 'b' ? "between" : "";
}

static void refuses_what_is_no_cron(void **state)
{
    struct rows r = rows_of("Parse_ThrowsCronFormatException_WhenCronExpressionIsInvalid");
    struct tl_json_iter i = tl_json_iter(r.rows);
    (void)state;
    while (tl_json_next(&i)) {
        struct tl_schedule_rule rule;
        struct tl_error err = {0};
        tl_str text = cell(i.value, 0);
        int fields = fields_of(cell(i.value, 1));
        if (cron(text, fields, &rule, &err) != TL_ECONFIG)
            fail_msg("\"%.*s\" was read", TL_STR_ARGS(text));
        /* With a field too few the cases name the one after which it is missed. */
        if (fields_in(text) == fields && strstr(err.text, word_of(cell(i.value, 2))) == NULL)
            fail_msg("\"%.*s\": %s does not name %s", TL_STR_ARGS(text), err.text, word_of(cell(i.value, 2)));
    }
    rows_free(&r);
}

static void reads_blanks_and_macros(void **state)
{
    static const char *const names[] = {"HandleWhiteSpaces", "Parse_DoesNotThrowAnException_WhenExpressionIsMacro"};
    (void)state;
    for (size_t n = 0; n < TL_COUNT_OF(names); n++) {
        struct rows r = rows_of(names[n]);
        struct tl_json_iter i = tl_json_iter(r.rows);
        while (tl_json_next(&i)) {
            struct tl_schedule_rule rule;
            struct tl_error err = {0};
            if (cron(cell(i.value, 0), 0, &rule, &err) != TL_OK)
                fail_msg("%s", err.text);
        }
        rows_free(&r);
    }
}

/* "17:35:00" is a time of today, "2016-12-09" a midnight, "2017-01-14 12:59" has both; of New York. */
static int64_t wall_of(tl_str text)
{
    char full[32];
    struct tl_civil civil;
    struct tl_error err = {0};
    bool time_only = tl_str_find(text, '-') < 0, date_only = tl_str_find(text, ':') < 0;
    int colons = 0;
    for (size_t i = 0; i < text.len; i++)
        colons += text.ptr[i] == ':';
    snprintf(full, sizeof full, "%s%.*s%s", time_only ? "2026-11-27 " : "", TL_STR_ARGS(text),
             date_only     ? " 00:00:00"
             : colons == 1 ? ":00"
                           : "");
    if (tl_civil_parse(tl_str_z(full), &civil, &err) != TL_OK)
        fail_msg("%s", err.text);
    return tl_civil_to_ms(&civil) / 1000;
}

static int64_t in_new_york(const struct tl_zone *zone, int64_t wall)
{
    struct tl_civil civil = tl_civil_from_ms(wall * 1000);
    int64_t earlier, later;
    tl_zone_to_utc(zone, &civil, &earlier, &later);
    return earlier * 1000;
}

static void finds_the_next_time_of_the_cases(void **state)
{
    static const char *const names[] = {"GetNextOccurrence_ReturnsCorrectDate",
                                        "GetNextOccurrence_ReturnsCorrectDate_WhenExpressionIsMacros"};
    struct tl_zone *zone;
    (void)state;
    assert_int_equal(tl_zone_load(TL_STR("America/New_York"), &zone, NULL), TL_OK);
    for (size_t n = 0; n < TL_COUNT_OF(names); n++) {
        struct rows r = rows_of(names[n]);
        struct tl_json_iter i = tl_json_iter(r.rows);
        while (tl_json_next(&i)) {
            struct tl_schedule *schedule;
            struct tl_error err = {0};
            if (tl_schedule_parse(cell(i.value, 0), "America/New_York", &schedule, &err) != TL_OK)
                fail_msg("%s", err.text);
            int64_t next = tl_schedule_next(schedule, in_new_york(zone, wall_of(cell(i.value, 1))) - 1);
            int64_t wanted = in_new_york(zone, wall_of(cell(i.value, 2)));
            if (next != wanted)
                fail_msg("\"%.*s\" from %.*s: %s, expected %s", TL_STR_ARGS(cell(i.value, 0)),
                         TL_STR_ARGS(cell(i.value, 1)), shown(next), shown(wanted));
            tl_schedule_free(schedule);
        }
        rows_free(&r);
    }
    tl_zone_free(zone);
}

static void knows_what_never_comes(void **state)
{
    struct rows r = rows_of("GetNextOccurrence_ReturnsNull_WhenCronExpressionIsUnreachable");
    struct tl_json_iter i = tl_json_iter(r.rows);
    (void)state;
    while (tl_json_next(&i)) {
        struct tl_schedule_rule rule;
        struct tl_schedule *schedule;
        struct tl_error err = {0};
        assert_int_equal(cron(cell(i.value, 0), 5, &rule, &err), TL_OK);
        if (tl_schedule_rule_next(&rule, 0) != INT64_MAX)
            fail_msg("\"%.*s\" comes", TL_STR_ARGS(cell(i.value, 0)));
        assert_int_equal(tl_schedule_parse(cell(i.value, 0), "UTC", &schedule, &err), TL_ECONFIG);
        assert_non_null(strstr(err.text, "never happens"));
    }
    rows_free(&r);
}

/* What is written in two ways is one rule; but for `repeats`, which is about how it was written. */
static void means_the_same(tl_str left, tl_str right, int fields)
{
    struct tl_schedule_rule a, b;
    struct tl_error err = {0};
    if (cron(left, fields, &a, &err) != TL_OK || cron(right, 0, &b, &err) != TL_OK)
        fail_msg("%s", err.text);
    a.repeats = b.repeats = false;
    if (memcmp(&a, &b, sizeof a) != 0)
        fail_msg("\"%.*s\" and \"%.*s\" differ", TL_STR_ARGS(left), TL_STR_ARGS(right));
}

static void reads_equal_ones_as_equal(void **state)
{
    struct rows r = rows_of("Equals_ReturnsTrue_WhenCronExpressionsAreEqual");
    struct tl_json_iter i = tl_json_iter(r.rows);
    (void)state;
    while (tl_json_next(&i))
        means_the_same(cell(i.value, 0), cell(i.value, 1), 0);
    rows_free(&r);
    r = rows_of("ToString_ReturnsCorrectString");
    i = tl_json_iter(r.rows);
    while (tl_json_next(&i))
        means_the_same(cell(i.value, 0), cell(i.value, 1), fields_of(cell(i.value, 2)));
    rows_free(&r);
}

/* ---- what people write ---- */

static void expect_next(const char *text, const char *after, const char *wanted)
{
    struct tl_schedule *schedule = schedule_of(text);
    int64_t next = tl_schedule_next(schedule, at(after));
    if (next != at(wanted))
        fail_msg("\"%s\" after %s: %s, expected %s", text, after, shown(next), wanted);
    tl_schedule_free(schedule);
}

static void reads_what_people_write(void **state)
{
    (void)state;
    expect_next("02:00 Europe/Berlin", "2026-07-04T12:00:00Z", "2026-07-05T02:00:00+02:00");
    expect_next("every 02:00 Europe/Berlin", "2026-07-05T00:00:00Z", "2026-07-06T02:00:00+02:00");
    expect_next("daily 14:00,02:00 UTC", "2026-07-05T02:00:00Z", "2026-07-05T14:00:00Z");
    expect_next("Mon-Fri 08:00 America/New_York", "2026-07-03T12:00:00Z", "2026-07-06T08:00:00-04:00");
    expect_next("sat,SUN 08:00 UTC", "2026-07-03T12:00:00Z", "2026-07-04T08:00:00Z");
    expect_next("day 1,15 06:00 UTC", "2026-07-01T06:00:00Z", "2026-07-15T06:00:00Z");
    expect_next("day 31 06:00 UTC", "2026-08-31T06:00:00Z", "2026-10-31T06:00:00Z");
    expect_next("last day 18:00 Europe/Berlin", "2026-02-01T00:00:00Z", "2026-02-28T18:00:00+01:00");
    expect_next("first Mon 09:00 UTC", "2026-07-01T00:00:00Z", "2026-07-06T09:00:00Z");
    expect_next("fifth Fri 09:00 UTC", "2026-07-01T00:00:00Z", "2026-07-31T09:00:00Z");
    expect_next("last Fri 09:00 UTC", "2026-08-01T00:00:00Z", "2026-08-28T09:00:00Z");
    expect_next("first weekday 09:00 UTC", "2026-07-31T10:00:00Z", "2026-08-03T09:00:00Z");
    expect_next("last weekday 09:00 UTC", "2026-05-01T00:00:00Z", "2026-05-29T09:00:00Z");
    expect_next("0 2 * * MON Europe/Berlin", "2026-07-04T12:00:00Z", "2026-07-06T02:00:00+02:00");
    expect_next("30 0 2 * * * CET", "2026-07-04T12:00:00Z", "2026-07-05T02:00:30+02:00");
    expect_next("@daily Asia/Tokyo", "2026-07-04T12:00:00Z", "2026-07-05T00:00:00+09:00");
    expect_next("every 15m", "2026-07-04T12:00:00Z", "2026-07-04T12:15:00Z");
    expect_next("90m", "2026-07-04T12:00:01Z", "2026-07-04T13:30:00Z");
    expect_next("every 1w", "2026-07-04T12:00:00Z", "2026-07-06T00:00:00Z"); /* a Monday */
}

static void says_where_and_what(void **state)
{
    static const struct {
        const char *text, *where, *says;
    } bad[] = {
        {"", "character 1", "empty"},
        {"02:00", "character 6", "time zone is missing"},
        {"02:00 Europe/Berln", "character 7", "no time zone 'Europe/Berln'"},
        {"2:00 UTC", "character 1", "two digits"},
        {"24:00 UTC", "character 1", "can only be an end"},
        {"02:00,26:00 UTC", "character 7", "not a time of day"},
        {"02:00-04:00 UTC", "character 1", "is a span"},
        {"Mom 02:00 UTC", "character 1", "did you mean Mon?"},
        {"day 32 02:00 UTC", "character 5", "1 to 31"},
        {"day 02:00 UTC", "character 5", "days of the month"},
        {"last 02:00 UTC", "character 6", "single day of the week"},
        {"Mon 02:00 03:00 UTC", "character 11", "after them comes the zone"},
        {"UTC", "character 1", "a time is missing"},
        {"every 15", "character 7", "15"},
        {"500ms", "character 1", "at least 1s"},
        {"every 1001d", "character 7", "at most 1000d"},
        {"15m UTC", "character 1", "time of day"},
        {"0 25 * * * UTC", "character 3", "hour: \"25\" is no number between 0 and 23"},
        {"0 2 * * * * * UTC", "character 13", "too much"},
        {"0 2 * * UTC", "character 8", "day of week is missing"},
        {"H 2 * * * UTC", "character 1", "minute: H (a value by chance) is not supported"},
        {"0 2 31 2 * UTC", "character 1", "never happens"},
        {"@dayly UTC", "character 1", "@daily"},
    };
    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_schedule *schedule;
        struct tl_error err = {0};
        assert_int_equal(tl_schedule_parse(tl_str_z(bad[i].text), NULL, &schedule, &err), TL_ECONFIG);
        if (strstr(err.text, bad[i].where) == NULL || strstr(err.text, bad[i].says) == NULL ||
            strstr(err.text, "0 2 * * * UTC") == NULL)
            fail_msg("\"%s\": %s", bad[i].text, err.text);
    }
}

/* ---- the table of the README ---- */

static void notes(const char *text, const char *after, const char *wanted, enum tl_schedule_note note)
{
    struct tl_schedule *schedule = schedule_of(text);
    expect_next(text, after, wanted);
    assert_int_equal(tl_schedule_note(schedule, at(wanted)), note);
    tl_schedule_free(schedule);
}

static void keeps_the_table_of_daylight_saving(void **state)
{
    (void)state;
    /* Fixed: a time that does not exist is the moment the clocks jump; one that comes twice is the first. */
    notes("02:30 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", TL_TICK_SKIPPED);
    notes("02:30 Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T02:30:00+02:00", TL_TICK_PLAIN);
    notes("02:00,03:00 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", TL_TICK_PLAIN);
    notes("02:00,03:00 Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T02:00:00+02:00", TL_TICK_PLAIN);
    notes("02:30 Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", TL_TICK_FIRST);
    notes("02:30 Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T02:30:00+01:00", TL_TICK_PLAIN);
    notes("0 2 * * * Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T02:30:00+11:00", TL_TICK_SKIPPED);
    /* What repeats: nothing in the gap, and both times. */
    notes("30 1-3 * * * Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T03:30:00+02:00", TL_TICK_PLAIN);
    notes("30 1-3 * * * Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", TL_TICK_FIRST);
    notes("30 1-3 * * * Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", TL_TICK_SECOND);
    /* Apia had no 30 December 2011. */
    notes("08:00 Pacific/Apia", "2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", TL_TICK_SKIPPED);
    notes("08:00 Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00Z", TL_TICK_PLAIN);
    /* An interval knows no clocks. */
    notes("every 1h", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", TL_TICK_PLAIN);
}

/* ---- against a slow reading ---- */

static int weekday(const struct tl_civil *c)
{
    return tl_date_weekday(c->date) % 7;
}

static int days_in(const struct tl_civil *c)
{
    return tl_date_month_days(c->date.year, c->date.month);
}

static bool is_0200(const struct tl_civil *c)
{
    return c->hour == 2 && c->minute == 0;
}

static bool is_0000(const struct tl_civil *c)
{
    return c->hour == 0 && c->minute == 0;
}

static bool is_0230_2345(const struct tl_civil *c)
{
    return (c->hour == 2 && c->minute == 30) || (c->hour == 23 && c->minute == 45);
}

static bool is_workday_0800(const struct tl_civil *c)
{
    return c->hour == 8 && c->minute == 0 && weekday(c) != 0 && weekday(c) != 6;
}

static bool is_last_day_0030(const struct tl_civil *c)
{
    return c->hour == 0 && c->minute == 30 && c->date.day == days_in(c);
}

static bool is_30th_1200(const struct tl_civil *c)
{
    return c->hour == 12 && c->minute == 0 && c->date.day == 30;
}

static bool is_first_sunday_0215(const struct tl_civil *c)
{
    return c->hour == 2 && c->minute == 15 && weekday(c) == 0 && c->date.day <= 7;
}

static bool is_last_sunday_0259(const struct tl_civil *c)
{
    return c->hour == 2 && c->minute == 59 && weekday(c) == 0 && c->date.day + 7 > days_in(c);
}

static bool is_quarter(const struct tl_civil *c)
{
    return c->minute % 15 == 0;
}

static bool is_hour(const struct tl_civil *c)
{
    return c->minute == 0;
}

static bool is_third_of_two(const struct tl_civil *c)
{
    return c->hour == 2 && c->minute % 20 == 0;
}

static bool is_night_of_sunday(const struct tl_civil *c)
{
    return c->minute == 30 && (c->hour >= 22 || c->hour <= 3) && weekday(c) == 0;
}

static const struct {
    const char *text;
    bool repeats;
    bool (*fits)(const struct tl_civil *local);
} readings[] = {{"02:00", false, is_0200},
                {"00:00", false, is_0000},
                {"02:30,23:45", false, is_0230_2345},
                {"Mon-Fri 08:00", false, is_workday_0800},
                {"last day 00:30", false, is_last_day_0030},
                {"0 12 30 * *", false, is_30th_1200},
                {"first Sun 02:15", false, is_first_sunday_0215},
                {"59 2 * * 0L", false, is_last_sunday_0259},
                {"*/15 * * * *", true, is_quarter},
                {"@hourly", true, is_hour},
                {"*/20 2 * * *", true, is_third_of_two},
                {"30 22-3 * * SUN", true, is_night_of_sunday}};

static const struct {
    const char *zone, *from, *to;
} spans[] = {{"Europe/Berlin", "2025-01-01T00:00:00Z", "2026-12-31T00:00:00Z"},
             {"America/New_York", "2025-01-01T00:00:00Z", "2026-12-31T00:00:00Z"},
             {"Australia/Lord_Howe", "2025-01-01T00:00:00Z", "2026-12-31T00:00:00Z"},
             {"Pacific/Apia", "2010-06-01T00:00:00Z", "2012-06-30T00:00:00Z"},
             {"America/Sao_Paulo", "2017-06-01T00:00:00Z", "2019-06-30T00:00:00Z"}, /* jumps at midnight */
             {"UTC", "2024-01-01T00:00:00Z", "2025-01-31T00:00:00Z"}};

/* Local minutes since 1970. */
static int64_t local_minute(const struct tl_zone *zone, int64_t minute)
{
    struct tl_civil local = tl_zone_to_local(zone, minute * 60);
    return tl_civil_to_ms(&local) / 60000;
}

static bool fits_minute(size_t reading, int64_t minute)
{
    struct tl_civil local = tl_civil_from_ms(minute * 60000);
    return readings[reading].fits(&local);
}

/* Is an instant planned at this minute? A fixed time comes when the clocks reach or pass it for the first time. */
static bool planned(size_t reading, int64_t shows, int64_t highest)
{
    if (readings[reading].repeats)
        return fits_minute(reading, shows);
    bool any = false;
    for (int64_t passed = highest + 1; passed <= shows && !any; passed++)
        any = fits_minute(reading, passed);
    return any;
}

static void check_span(size_t span, size_t reading)
{
    struct tl_zone *zone;
    char text[80];
    snprintf(text, sizeof text, "%s %s", readings[reading].text, spans[span].zone);
    struct tl_schedule *schedule = schedule_of(text);
    assert_int_equal(tl_zone_load(tl_str_z(spans[span].zone), &zone, NULL), TL_OK);
    int64_t minute = at(spans[span].from) / 60000, end = at(spans[span].to) / 60000, last = TL_NEVER;
    int64_t highest = local_minute(zone, minute);
    int64_t next = tl_schedule_next(schedule, minute * 60000);
    size_t count = 0;
    for (minute++; minute < end; minute++) {
        int64_t shows = local_minute(zone, minute);
        bool is = planned(reading, shows, highest);
        highest = shows > highest ? shows : highest;
        if (is != (next == minute * 60000))
            fail_msg("\"%s\" at %s: %s, but next says %s", text, shown(minute * 60000), is ? "planned" : "not planned",
                     shown(next));
        if (is) {
            count++;
            last = next;
            next = tl_schedule_next(schedule, next);
        }
        if (minute % 9973 == 0 && tl_schedule_newest(schedule, at(spans[span].from), minute * 60000 + 59999) != last)
            fail_msg("\"%s\": newest at %s is not %s", text, shown(minute * 60000), shown(last));
    }
    assert_true(count > 10);
    tl_schedule_free(schedule);
    tl_zone_free(zone);
}

static void agrees_with_a_slow_reading(void **state)
{
    (void)state;
    for (size_t span = 0; span < TL_COUNT_OF(spans); span++) {
        for (size_t reading = 0; reading < TL_COUNT_OF(readings); reading++)
            check_span(span, reading);
    }
}

static void is_quick_after_a_long_time(void **state)
{
    struct tl_schedule *schedule = schedule_of("@every_second UTC");
    (void)state;
    assert_true(tl_schedule_newest(schedule, at("2016-01-01T00:00:00Z"), at("2026-01-01T00:00:00.5Z")) ==
                at("2026-01-01T00:00:00Z"));
    assert_true(tl_schedule_newest(schedule, at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00.9Z")) == TL_NEVER);
    tl_schedule_free(schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_cron),
        cmocka_unit_test(reads_blanks_and_macros),
        cmocka_unit_test(finds_the_next_time_of_the_cases),
        cmocka_unit_test(knows_what_never_comes),
        cmocka_unit_test(reads_equal_ones_as_equal),
        cmocka_unit_test(reads_what_people_write),
        cmocka_unit_test(says_where_and_what),
        cmocka_unit_test(keeps_the_table_of_daylight_saving),
        cmocka_unit_test(agrees_with_a_slow_reading),
        cmocka_unit_test(is_quick_after_a_long_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
