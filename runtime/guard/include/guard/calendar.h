/* Maintenance windows, as people write them:
 *
 *     Sun 02:00-06:00 Europe/Berlin          one day a week
 *     Mon-Fri 22:00-04:00 America/New_York   several, over midnight: belongs to the day it starts on
 *     Sat,Sun 00:00-24:00 UTC                a list
 *     daily 01:00-02:00 Asia/Tokyo           every day
 *
 * Times are wall time in the IANA zone, daylight saving included: a start that the clock skips is the moment
 * it jumps, and a time that comes twice opens at the first and closes at the second, so that the window is
 * never shorter than written; one that lies wholly in a skipped hour does not happen that day.
 * Equal times are refused (24 hours are 00:00-24:00). A calendar is immutable after the last add. Thread: any
 * then. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include "guard/instant.h"

struct tl_calendar;
struct tl_zone;

struct tl_calendar *tl_calendar_new(void);
void tl_calendar_free(struct tl_calendar *calendar);
/* TL_ECONFIG quotes the text and says which part is wrong and what would be right. At most 64 windows. */
TL_MUST_CHECK tl_code tl_calendar_add(struct tl_calendar *calendar, tl_str text, struct tl_error *err);
size_t tl_calendar_count(const struct tl_calendar *calendar);
/* The text as added; valid as long as the calendar. */
tl_str tl_calendar_text(const struct tl_calendar *calendar, size_t i);
/* Valid as long as the calendar; NULL when there is no such window. */
const struct tl_zone *tl_calendar_zone(const struct tl_calendar *calendar, size_t i);
/* True inside a window: `*change_ms` is when all windows that overlap or touch have ended, `*which` the first
 * of them. False: `*change_ms` is when the next begins (TL_NEVER without windows). */
bool tl_calendar_at(const struct tl_calendar *calendar, int64_t wall_ms, int64_t *change_ms, size_t *which);
