/* POSIX TZ rules: parsing, and their changes in a year. Thread: any. */
#include "zone_rule.h"
#include "codec/timestamp.h"
#include <string.h>

#define DAY 86400

static bool take(tl_str *s, char c)
{
    if (!s->len || s->ptr[0] != c)
        return false;
    *s = tl_str_from(*s, 1);
    return true;
}

static bool take_int(tl_str *s, int32_t min, int32_t max, int32_t *out)
{
    int32_t value = 0;
    size_t n = 0;
    while (n < s->len && n < 4 && s->ptr[n] >= '0' && s->ptr[n] <= '9')
        value = value * 10 + (s->ptr[n++] - '0');
    *s = tl_str_from(*s, n);
    *out = value;
    return n > 0 && value >= min && value <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool take_seconds(tl_str *s, int32_t max_hours, int32_t *out)
{
    int32_t hours, minutes = 0, seconds = 0;
    bool negative = take(s, '-');
    if (!negative)
        take(s, '+');
    if (!take_int(s, 0, max_hours, &hours))
        return false;
    if (take(s, ':') && (!take_int(s, 0, 59, &minutes) || (take(s, ':') && !take_int(s, 0, 59, &seconds))))
        return false;
    int32_t total = hours * 3600 + minutes * 60 + seconds;
    *out = negative ? -total : total;
    return true;
}

/* Letters, or anything between < and >. */
static bool take_name(tl_str *s, char out[16])
{
    bool quoted = take(s, '<');
    size_t n = 0;
    while (n < s->len && (quoted ? s->ptr[n] != '>'
                                 : (s->ptr[n] >= 'a' && s->ptr[n] <= 'z') || (s->ptr[n] >= 'A' && s->ptr[n] <= 'Z')))
        n++;
    if (n < 3 || n > 15)
        return false;
    memcpy(out, s->ptr, n);
    out[n] = '\0';
    *s = tl_str_from(*s, n);
    return !quoted || take(s, '>');
}

static bool take_day(tl_str *s, struct tl_zone_day *out)
{
    bool ok;
    out->seconds = 7200;
    if (take(s, 'M')) {
        out->kind = TL_ZONE_WEEKDAY;
        ok = take_int(s, 1, 12, &out->month) && take(s, '.') && take_int(s, 1, 5, &out->week) && take(s, '.') &&
             take_int(s, 0, 6, &out->day);
    } else if (take(s, 'J')) {
        out->kind = TL_ZONE_JULIAN;
        ok = take_int(s, 1, 365, &out->day);
    } else {
        out->kind = TL_ZONE_ZERO_BASED;
        ok = take_int(s, 0, 365, &out->day);
    }
    return ok && (!take(s, '/') || take_seconds(s, 167, &out->seconds));
}

bool tl_zone_rule_parse(tl_str s, struct tl_zone_rule *out)
{
    memset(out, 0, sizeof *out);
    if (!take_name(&s, out->standard_name) || !take_seconds(&s, 24, &out->standard))
        return false;
    out->standard = -out->standard; /* POSIX counts west */
    out->present = true;
    if (!s.len)
        return true;
    out->has_dst = true;
    out->dst = out->standard + 3600;
    if (!take_name(&s, out->dst_name))
        return false;
    if (s.len && s.ptr[0] != ',') {
        if (!take_seconds(&s, 24, &out->dst))
            return false;
        out->dst = -out->dst;
    }
    return take(&s, ',') && take_day(&s, &out->begin) && take(&s, ',') && take_day(&s, &out->end) && !s.len;
}

/* Days since 1970 of the rule's day in a year. */
static int64_t day_in(const struct tl_zone_day *rule, int32_t year)
{
    int64_t first = tl_date_to_days((struct tl_date){year, 1, 1});
    if (rule->kind == TL_ZONE_ZERO_BASED)
        return first + rule->day;
    if (rule->kind == TL_ZONE_JULIAN)
        return first + rule->day - 1 + (rule->day >= 60 && tl_date_month_days(year, 2) == 29);
    struct tl_date date = {year, (uint8_t)rule->month, 1};
    int32_t ahead = (rule->day - tl_date_weekday(date) % 7 + 7) % 7; /* to the first such weekday */
    int32_t day = 1 + ahead + (rule->week - 1) * 7;
    if (day > tl_date_month_days(year, rule->month))
        day -= 7;
    date.day = (uint8_t)day;
    return tl_date_to_days(date);
}

static int64_t begin_in(const struct tl_zone_rule *rule, int32_t year)
{
    return day_in(&rule->begin, year) * DAY + rule->begin.seconds - rule->standard;
}

static int64_t end_in(const struct tl_zone_rule *rule, int32_t year)
{
    return day_in(&rule->end, year) * DAY + rule->end.seconds - rule->dst;
}

/* Moments far outside the calendar are brought near, so that sums stay inside 64 bits. */
static int64_t near(int64_t seconds)
{
    const int64_t limit = (int64_t)20000 * 366 * DAY;
    return seconds > limit ? limit : seconds < -limit ? -limit : seconds;
}

static int32_t year_of(int64_t seconds)
{
    return tl_date_from_days(seconds / DAY - (seconds % DAY < 0)).year;
}

/* The latest change decides. Changes may lie a week outside their year, so the neighbours are looked at too; where one
 * year's end meets the next one's begin, as in daylight time all year, it goes on. */
bool tl_zone_rule_is_dst(const struct tl_zone_rule *rule, int64_t at)
{
    int64_t latest = INT64_MIN;
    bool dst = false;
    if (!rule->has_dst)
        return false;
    at = near(at);
    int32_t year = year_of(at);
    for (int32_t y = year - 1; y <= year + 1; y++) {
        int64_t begin = begin_in(rule, y), end = end_in(rule, y);
        if (begin <= at && begin >= latest) {
            latest = begin;
            dst = true;
        }
        if (end <= at && end > latest) {
            latest = end;
            dst = false;
        }
    }
    return dst;
}

bool tl_zone_rule_next(const struct tl_zone_rule *rule, int64_t at, int64_t *change)
{
    bool found = false;
    if (!rule->has_dst)
        return false;
    at = near(at);
    int32_t year = year_of(at);
    for (int32_t y = year - 1; y <= year + 1; y++) {
        int64_t moments[2] = {begin_in(rule, y), end_in(rule, y)};
        for (int i = 0; i < 2; i++)
            if (moments[i] > at && (!found || moments[i] < *change) &&
                tl_zone_rule_is_dst(rule, moments[i]) != tl_zone_rule_is_dst(rule, moments[i] - 1)) {
                *change = moments[i];
                found = true;
            }
    }
    return found;
}
