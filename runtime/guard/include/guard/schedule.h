/* When something happens again and again, as people write it:
 *
 *     every 15m                              an interval: elapsed time, counted from Monday 1970-01-05 00:00 UTC
 *     02:00 Europe/Berlin                    every day; several times: 02:00,14:00
 *     Mon-Fri 08:00 America/New_York         days of the week, as in maintenance windows
 *     day 1,15 06:00 UTC                     days of the month; one that a month lacks does not happen
 *     last day 18:00 Europe/Berlin           also first Mon, second Tue, last Fri, first weekday, last weekday
 *     0 2 * * * Europe/Berlin                cron: minute hour day month weekday; six fields begin with the second
 *     @daily Europe/Berlin                   @yearly @monthly @weekly @daily @hourly @every_minute @every_second
 *
 * "every" may stand before any of them. In cron a list holds numbers, names, ranges (over the end allowed) and steps;
 * day and weekday must both fit; L is the last day, L-3 three before it, 15W the weekday nearest to it, LW the last
 * weekday; 5L the last Friday of the month, 5#2 the second.
 *
 * What daylight saving does is one table, in the room's README: an expression whose hour, minute or second has a *, a
 * range or a step repeats and goes by what the clocks show, any other is a fixed time. Immutable. Thread: any. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include "guard/instant.h"
#include <stdbool.h>
#include <stddef.h>

struct tl_schedule;
struct tl_zone;

enum tl_schedule_kind {
    TL_SCHEDULE_INTERVAL,  /* elapsed time; no zone */
    TL_SCHEDULE_FIXED,     /* each local time once, whatever the clocks do */
    TL_SCHEDULE_REPEATING, /* whenever the clocks show a fitting time */
};

/* `zone`: for a text that names none; NULL: it must name one (intervals never do). TL_ECONFIG says what is wrong, at
 * which character of the text, and shows one that is right. Reads the zone's file. */
TL_MUST_CHECK tl_code tl_schedule_parse(tl_str text, const char *zone, struct tl_schedule **out, struct tl_error *err);
/* NULL is allowed. */
void tl_schedule_free(struct tl_schedule *schedule);
enum tl_schedule_kind tl_schedule_kind(const struct tl_schedule *schedule);
/* NULL for an interval. */
const struct tl_zone *tl_schedule_zone(const struct tl_schedule *schedule);

/* The first planned instant after `wall_ms`; TL_NEVER: none, up to the year 9999. Whole seconds. */
int64_t tl_schedule_next(const struct tl_schedule *schedule, int64_t wall_ms);
/* The newest one after `after_ms` and not after `upto_ms`; TL_NEVER: none. As quick as next, however many there are. */
int64_t tl_schedule_newest(const struct tl_schedule *schedule, int64_t after_ms, int64_t upto_ms);

/* What the clocks do at a planned instant. */
enum tl_schedule_note {
    TL_TICK_PLAIN,
    TL_TICK_SKIPPED, /* its local time does not exist that day: this is when the clocks jump over it */
    TL_TICK_FIRST,   /* its local time comes twice: the first of the two */
    TL_TICK_SECOND   /* the second; only what repeats has both */
};
enum tl_schedule_note tl_schedule_note(const struct tl_schedule *schedule, int64_t instant_ms);
