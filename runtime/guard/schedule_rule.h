/* A schedule's local times: which days, and which times of a day. Private to guard. Thread: any. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

#define TL_TIMES_MAX 24

/* A day fits when its month, its day of the month and its weekday fit. Equal rules are equal bytes. */
struct tl_schedule_rule {
    uint64_t seconds, minutes; /* bit 0 to 59 */
    uint32_t hours;            /* bit 0 to 23 */
    uint32_t days;             /* of the month: bit 1 to 31 */
    uint16_t months;           /* bit 1 to 12 */
    uint8_t weekdays;          /* bit 0 Sunday to 6 */
    bool last;                 /* instead of `days`: the last of the month, less `before_last` */
    uint8_t before_last;
    bool nearest;      /* the one day's nearest Monday to Friday in its month */
    uint8_t nth;       /* 1 to 5: only the n-th of the weekday in its month; 0: any */
    bool last_weekday; /* only the last of the weekday in its month */
    bool repeats;      /* hour, minute or second was written with *, a range or a step */
    uint8_t time_count;
    uint16_t times[TL_TIMES_MAX]; /* minutes of the day, ascending, instead of the three masks; when time_count > 0 */
};

/* Everything fits. */
void tl_schedule_rule_any(struct tl_schedule_rule *rule);
/* The first local second (since 1970 as if the clock showed UTC) from `wall` on that fits; INT64_MAX: none. */
int64_t tl_schedule_rule_next(const struct tl_schedule_rule *rule, int64_t wall);

/* cron.c: the fields, without a zone. `fields` 5 or 6, 0: by their number. TL_ECONFIG; `*at` is where. */
TL_MUST_CHECK tl_code tl_cron_parse(tl_str text, int fields, struct tl_schedule_rule *rule, const char **at,
                                    struct tl_error *err);
/* One of the words that begin with '@'. */
TL_MUST_CHECK tl_code tl_cron_macro(tl_str word, struct tl_schedule_rule *rule, const char **at, struct tl_error *err);

/* schedule_text.c: times of the day and days as people write them: "last day 18:00,20:00". */
TL_MUST_CHECK tl_code tl_schedule_words(tl_str text, struct tl_schedule_rule *rule, const char **at,
                                        struct tl_error *err);
