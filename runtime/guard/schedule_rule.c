/* Which local times fit a rule: day by day, as a calendar on the wall. Thread: any. */
#include "schedule_rule.h"
#include "codec/timestamp.h"
#include <string.h>

#define DAY 86400
#define DAYS_400_YEARS 146097 /* after these the calendar repeats: what did not come will not */
#define YEAR_LAST 9999

void tl_schedule_rule_any(struct tl_schedule_rule *rule)
{
    memset(rule, 0, sizeof *rule);
    rule->seconds = rule->minutes = (1ull << 60) - 1;
    rule->hours = (1u << 24) - 1;
    rule->days = 0xfffffffe;
    rule->months = 0x1ffe;
    rule->weekdays = 0x7f;
}

/* Monday to Friday next to the day, without leaving its month. */
static int32_t nearest_weekday(struct tl_date date, int32_t day, int32_t days)
{
    date.day = (uint8_t)day;
    int32_t weekday = tl_date_weekday(date); /* 1 = Monday */
    if (weekday == 6)
        return day > 1 ? day - 1 : day + 2;
    if (weekday == 7)
        return day < days ? day + 1 : day - 2;
    return day;
}

static int32_t only_day(const struct tl_schedule_rule *rule)
{
    int32_t day = 1;
    while (day < 31 && !(rule->days >> day & 1))
        day++;
    return day;
}

static bool day_of_month_fits(const struct tl_schedule_rule *rule, struct tl_date date)
{
    int32_t days = tl_date_month_days(date.year, date.month);
    if (!rule->last && !rule->nearest)
        return rule->days >> date.day & 1;
    int32_t day = rule->last ? days - rule->before_last : only_day(rule);
    if (day < 1 || day > days)
        return false;
    return date.day == (rule->nearest ? nearest_weekday(date, day, days) : day);
}

static bool day_fits(const struct tl_schedule_rule *rule, struct tl_date date)
{
    if (!(rule->months >> date.month & 1) || !(rule->weekdays >> tl_date_weekday(date) % 7 & 1))
        return false;
    if (rule->nth != 0 && (date.day - 1) / 7 + 1 != rule->nth)
        return false;
    if (rule->last_weekday && date.day + 7 <= tl_date_month_days(date.year, date.month))
        return false;
    return day_of_month_fits(rule, date);
}

/* The lowest bit from `from` on; -1: none. */
static int32_t next_bit(uint64_t bits, int32_t from)
{
    for (int32_t bit = from; bit < 64; bit++) {
        if (bits >> bit & 1)
            return bit;
    }
    return -1;
}

static int32_t next_by_masks(const struct tl_schedule_rule *rule, int32_t from)
{
    for (int32_t hour = next_bit(rule->hours, from / 3600); hour >= 0; hour = next_bit(rule->hours, hour + 1)) {
        int32_t rest = from > hour * 3600 ? from - hour * 3600 : 0;
        int32_t minute = next_bit(rule->minutes, rest / 60);
        int32_t second = minute == rest / 60 ? next_bit(rule->seconds, rest % 60) : next_bit(rule->seconds, 0);
        if (second < 0) {
            minute = next_bit(rule->minutes, minute + 1);
            second = next_bit(rule->seconds, 0);
        }
        if (minute >= 0)
            return hour * 3600 + minute * 60 + second;
    }
    return -1;
}

/* The first second of the day from `from` on; -1: none is left. */
static int32_t next_of_day(const struct tl_schedule_rule *rule, int32_t from)
{
    if (rule->time_count == 0)
        return next_by_masks(rule, from);
    for (int i = 0; i < rule->time_count; i++) {
        if (rule->times[i] * 60 >= from)
            return rule->times[i] * 60;
    }
    return -1;
}

int64_t tl_schedule_rule_next(const struct tl_schedule_rule *rule, int64_t wall)
{
    int64_t day = wall / DAY - (wall % DAY < 0);
    int32_t from = (int32_t)(wall - day * DAY);
    for (int64_t end = day + DAYS_400_YEARS; day <= end; day++, from = 0) {
        struct tl_date date = tl_date_from_days(day);
        if (date.year > YEAR_LAST)
            break;
        int32_t second = day_fits(rule, date) ? next_of_day(rule, from) : -1;
        if (second >= 0)
            return day * DAY + second;
    }
    return INT64_MAX;
}
