/* Reads what is no cron: "Mon-Fri 08:00,17:00", "day 1,15 06:00", "last weekday 18:00". Thread: any. */
#include "base/attr.h"
#include "calendar_text.h"
#include "schedule_rule.h"
#include <string.h>

struct words {
    tl_str rest;
    const char **at;
    struct tl_error *err;
};

static tl_str next_word(struct words *w)
{
    size_t len = 0;
    w->rest = tl_str_trim(w->rest);
    while (len < w->rest.len && w->rest.ptr[len] != ' ' && w->rest.ptr[len] != '\t')
        len++;
    tl_str word = tl_str_n(w->rest.ptr, len);
    w->rest = tl_str_from(w->rest, len);
    *w->at = word.ptr;
    return word;
}

static bool has_digit_first(tl_str word)
{
    return word.len > 0 && word.ptr[0] >= '0' && word.ptr[0] <= '9';
}

/* ---- times ---- */

static void add_time(struct tl_schedule_rule *rule, int minutes)
{
    int i = rule->time_count;
    for (; i > 0 && rule->times[i - 1] >= minutes; i--) {
        if (rule->times[i - 1] == minutes)
            return;
    }
    memmove(&rule->times[i + 1], &rule->times[i], (size_t)(rule->time_count - i) * sizeof rule->times[0]);
    rule->times[i] = (uint16_t)minutes;
    rule->time_count++;
}

static tl_code read_times(struct words *w, tl_str list, struct tl_schedule_rule *rule)
{
    tl_str item;
    if (tl_str_find(list, '-') >= 0)
        return tl_fail(w->err, TL_ECONFIG,
                       "\"%.*s\" is a span, as windows have it; a schedule has moments: 02:00,04:00",
                       TL_STR_ARGS(list));
    if (list.len == 0 || list.ptr[list.len - 1] == ',')
        return tl_fail(w->err, TL_ECONFIG, "a time of day is missing, as in 02:00 or 02:00,14:00");
    while (tl_str_cut(&list, ',', &item)) {
        int minutes;
        *w->at = item.ptr;
        tl_code code = tl_time_of_day_parse(item, false, &minutes, w->err);
        if (code != TL_OK)
            return code;
        if (rule->time_count == TL_TIMES_MAX)
            return tl_fail(w->err, TL_ECONFIG, "a day has at most %d times; write it as cron", TL_TIMES_MAX);
        add_time(rule, minutes);
    }
    return TL_OK;
}

/* ---- days ---- */

/* Bit 0 Monday to bit 0 Sunday. */
static uint8_t from_sunday(uint8_t days)
{
    return (uint8_t)((days << 1 | days >> 6) & 0x7f);
}

static tl_code read_weekdays(struct words *w, tl_str word, struct tl_schedule_rule *rule)
{
    uint8_t days;
    tl_code code = tl_weekdays_parse(word, &days, w->err);
    if (code == TL_OK)
        rule->weekdays = from_sunday(days);
    return code;
}

/* "1,15" behind "day". */
static tl_code read_days(struct words *w, struct tl_schedule_rule *rule)
{
    tl_str list = next_word(w), item;
    rule->days = 0;
    if (!has_digit_first(list) || tl_str_find(list, ':') >= 0 || list.ptr[list.len - 1] == ',')
        return tl_fail(w->err, TL_ECONFIG, "\"day\" is followed by days of the month, as in: day 1,15 06:00 UTC");
    while (tl_str_cut(&list, ',', &item)) {
        uint64_t day;
        *w->at = item.ptr;
        if (!tl_str_u64(item, &day) || day < 1 || day > 31)
            return tl_fail(w->err, TL_ECONFIG, "\"%.*s\" is no day of a month; they are 1 to 31, and last day",
                           TL_STR_ARGS(item));
        rule->days |= 1u << day;
    }
    return TL_OK;
}

/* Behind "last" (nth 0), "first" … "fifth". */
static tl_code read_nth(struct words *w, int nth, struct tl_schedule_rule *rule)
{
    tl_str word = next_word(w);
    bool last = nth == 0, weekday = tl_str_ieq(word, TL_STR("weekday"));
    if (last && tl_str_ieq(word, TL_STR("day"))) {
        rule->last = true;
        return TL_OK;
    }
    if (weekday && nth <= 1) {
        rule->last = last;
        rule->days = 1u << 1;
        rule->nearest = true;
        return TL_OK;
    }
    if (word.len == 0 || has_digit_first(word) || tl_str_find(word, '-') >= 0 || tl_str_find(word, ',') >= 0)
        return tl_fail(w->err, TL_ECONFIG,
                       "a single day of the week is missing, as in: first Mon 09:00 UTC, or: last day 18:00 UTC");
    rule->nth = (uint8_t)nth;
    rule->last_weekday = last;
    return read_weekdays(w, word, rule);
}

static tl_code read_day_words(struct words *w, tl_str word, struct tl_schedule_rule *rule)
{
    static const char *const ordinals[] = {"last", "first", "second", "third", "fourth", "fifth"};
    if (tl_str_ieq(word, TL_STR("day")))
        return read_days(w, rule);
    for (int i = 0; i < (int)TL_COUNT_OF(ordinals); i++) {
        if (tl_str_ieq(word, tl_str_z(ordinals[i])))
            return read_nth(w, i, rule);
    }
    return read_weekdays(w, word, rule);
}

tl_code tl_schedule_words(tl_str text, struct tl_schedule_rule *rule, const char **at, struct tl_error *err)
{
    struct words w = {.rest = text, .at = at, .err = err};
    tl_schedule_rule_any(rule);
    tl_str word = next_word(&w);
    if (!has_digit_first(word)) {
        tl_code code = read_day_words(&w, word, rule);
        if (code != TL_OK)
            return code;
        word = next_word(&w);
    }
    tl_code code = read_times(&w, word, rule);
    if (code != TL_OK)
        return code;
    word = next_word(&w);
    if (word.len > 0)
        return tl_fail(err, TL_ECONFIG, "\"%.*s\" does not belong behind the times; after them comes the zone",
                       TL_STR_ARGS(word));
    return TL_OK;
}
