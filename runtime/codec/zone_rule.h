/* The rule of a zone for the years after its table: the POSIX TZ string at the end of a TZif file, as in
 * "CET-1CEST,M3.5.0,M10.5.0/3". Private to the room. Thread: any. */
#pragma once
#include "base/str.h"

struct tl_zone_day {
    enum { TL_ZONE_JULIAN, TL_ZONE_ZERO_BASED, TL_ZONE_WEEKDAY } kind;
    int32_t day;         /* JULIAN 1..365 without leap days; ZERO_BASED 0..365; WEEKDAY 0 = Sunday */
    int32_t month, week; /* WEEKDAY: week 5 is the last of the month */
    int32_t seconds;     /* local time of the change, may be negative or beyond a day */
};

struct tl_zone_rule {
    bool present, has_dst;
    int32_t standard, dst; /* seconds east of UTC */
    char standard_name[16], dst_name[16];
    struct tl_zone_day begin, end; /* of daylight time */
};

/* False when the text is no such rule. */
bool tl_zone_rule_parse(tl_str text, struct tl_zone_rule *out);
bool tl_zone_rule_is_dst(const struct tl_zone_rule *rule, int64_t epoch_seconds);
/* The first change after that moment; false when the rule has none. */
bool tl_zone_rule_next(const struct tl_zone_rule *rule, int64_t epoch_seconds, int64_t *change);
