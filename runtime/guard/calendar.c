/* Maintenance windows against the wall clock: see guard/calendar.h. A window happens on each of its days,
 * from the moment its zone's clocks show the start to the moment they show the end; one that lies wholly in
 * an hour the clocks skip does not happen that day. Thread: any number of readers. */
#include "guard/calendar.h"

#include "base/alloc.h"
#include "calendar_text.h"
#include "codec/zone.h"

#define WINDOWS_MAX 64
/* A day that the clocks skip has another a week later; who keeps "never" would not look again. */
#define DAYS_AHEAD 29

struct window {
    char *text;           /* own */
    struct tl_zone *zone; /* borrow of `zones`, or own in it */
    struct tl_window_text rule;
};

struct tl_calendar {
    struct window windows[WINDOWS_MAX];
    size_t count;
    struct tl_zone *zones[WINDOWS_MAX]; /* own */
    size_t zone_count;
};

struct tl_calendar *tl_calendar_new(void)
{
    return TL_NEW(struct tl_calendar);
}

void tl_calendar_free(struct tl_calendar *calendar)
{
    if (!calendar)
        return;
    for (size_t i = 0; i < calendar->count; i++)
        tl_free(calendar->windows[i].text);
    for (size_t i = 0; i < calendar->zone_count; i++)
        tl_zone_free(calendar->zones[i]);
    tl_free(calendar);
}

static tl_code find_zone(struct tl_calendar *calendar, tl_str name, struct tl_zone **zone, struct tl_error *err)
{
    for (size_t i = 0; i < calendar->zone_count; i++)
        if (tl_str_is(name, tl_zone_name(calendar->zones[i]))) {
            *zone = calendar->zones[i];
            return TL_OK;
        }
    tl_code code = tl_zone_load(name, zone, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "write an IANA zone name such as Europe/Berlin, or UTC");
        return TL_ECONFIG;
    }
    calendar->zones[calendar->zone_count++] = *zone;
    return TL_OK;
}

tl_code tl_calendar_add(struct tl_calendar *calendar, tl_str text, struct tl_error *err)
{
    struct window window = {0};

    if (calendar->count == WINDOWS_MAX)
        return tl_fail(err, TL_ECONFIG, "a system has at most %d maintenance windows", WINDOWS_MAX);
    tl_code code = tl_window_text_parse(text, &window.rule, err);
    if (code != TL_OK)
        return code;
    if ((code = find_zone(calendar, window.rule.zone, &window.zone, err)) != TL_OK) {
        if (err)
            err->code = code;
        tl_error_prefix(err, "maintenance window \"%.*s\", character %zu", TL_STR_ARGS(text),
                        (size_t)(window.rule.zone.ptr - text.ptr) + 1);
        return code;
    }
    window.text = tl_str_dup(text);
    window.rule.at = NULL;
    window.rule.zone = TL_STR_NONE; /* it was part of the caller's text */
    calendar->windows[calendar->count++] = window;
    return TL_OK;
}

size_t tl_calendar_count(const struct tl_calendar *calendar)
{
    return calendar->count;
}

tl_str tl_calendar_text(const struct tl_calendar *calendar, size_t i)
{
    return i < calendar->count ? tl_str_z(calendar->windows[i].text) : TL_STR_NONE;
}

const struct tl_zone *tl_calendar_zone(const struct tl_calendar *calendar, size_t i)
{
    return i < calendar->count ? calendar->windows[i].zone : NULL;
}

/* The window that starts on local day `day`, in seconds UTC. */
static void span_of_day(const struct window *window, int64_t day, int64_t *start, int64_t *end)
{
    int64_t last = window->rule.end <= window->rule.start ? day + 1 : day;
    int end_minutes = window->rule.end;
    int64_t other;

    if (end_minutes == 24 * 60) {
        last++;
        end_minutes = 0;
    }
    struct tl_civil from = {.date = tl_date_from_days(day),
                            .hour = (uint8_t)(window->rule.start / 60),
                            .minute = (uint8_t)(window->rule.start % 60)};
    struct tl_civil to = {
        .date = tl_date_from_days(last), .hour = (uint8_t)(end_minutes / 60), .minute = (uint8_t)(end_minutes % 60)};
    tl_zone_to_utc(window->zone, &from, start, &other);
    tl_zone_to_utc(window->zone, &to, &other, end);
}

/* The first span of the window that ends after `now` (seconds UTC); false when none within DAYS_AHEAD. */
static bool next_span(const struct window *window, int64_t now, int64_t *start, int64_t *end)
{
    struct tl_civil local = tl_zone_to_local(window->zone, now);
    int64_t today = tl_date_to_days(local.date);

    for (int64_t day = today - 2; day <= today + DAYS_AHEAD; day++) {
        int32_t weekday = tl_date_weekday(tl_date_from_days(day)); /* 1 = Monday */
        if (!(window->rule.days >> (weekday - 1) & 1))
            continue;
        span_of_day(window, day, start, end);
        if (*end > now && *end > *start)
            return true;
    }
    return false;
}

/* The end of everything that overlaps or touches, from a moment inside a window on. Around the clock ends at
 * a week. */
static int64_t end_of_union(const struct tl_calendar *calendar, int64_t end, int64_t limit)
{
    for (bool grown = true; grown && end < limit;) {
        grown = false;
        for (size_t i = 0; i < calendar->count; i++) {
            int64_t from, to;
            if (next_span(&calendar->windows[i], end, &from, &to) && from <= end) {
                end = to;
                grown = true;
            }
        }
    }
    return end;
}

bool tl_calendar_at(const struct tl_calendar *calendar, int64_t wall_ms, int64_t *change_ms, size_t *which)
{
    int64_t now = wall_ms >= 0 ? wall_ms / 1000 : -((999 - wall_ms) / 1000);
    int64_t next = TL_NEVER;

    for (size_t i = 0; i < calendar->count; i++) {
        int64_t start, end;
        if (!next_span(&calendar->windows[i], now, &start, &end))
            continue;
        if (start <= now) {
            *which = i;
            *change_ms = end_of_union(calendar, end, now + 7 * 86400) * 1000;
            return true;
        }
        if (start < next) {
            next = start;
            *which = i;
        }
    }
    *change_ms = next == TL_NEVER ? TL_NEVER : next * 1000;
    return false;
}
