/* Reads "Mon-Fri 22:00-04:00 Europe/Berlin". Grammar: days blank time "-" time blank zone.
 *   days = "daily" | item *("," item) ; item = day | day "-" day (over the end of the week allowed) ; time =
 * hh ":" mm Thread: any. */
#include "calendar_text.h"

#include "base/attr.h"
#include "base/nearest.h"

#include <string.h>

#define EXAMPLE "\"Sun 02:00-06:00 Europe/Berlin\""

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "daily"};

static tl_code read_day(tl_str name, int *day, struct tl_error *err)
{
    for (int i = 0; i < 7; i++)
        if (tl_str_ieq(name, tl_str_z(day_names[i]))) {
            *day = i;
            return TL_OK;
        }
    /* "Sunday" is too far from "Sun" for nearest. */
    const char *near = tl_nearest(tl_str_n(name.ptr, name.len > 3 ? 3 : name.len), day_names, TL_COUNT_OF(day_names));
    return tl_fail(err, TL_ECONFIG, "\"%.*s\" is not a day; days are Mon Tue Wed Thu Fri Sat Sun, or daily%s%s%s",
                   TL_STR_ARGS(name), near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

tl_code tl_weekdays_parse(tl_str text, uint8_t *days, struct tl_error *err)
{
    tl_str rest = text, item;

    *days = 0;
    if (tl_str_ieq(text, TL_STR("daily"))) {
        *days = 0x7f;
        return TL_OK;
    }
    if (text.ptr[text.len - 1] == ',')
        return tl_fail(err, TL_ECONFIG, "a day is missing after the last comma");
    while (tl_str_cut(&rest, ',', &item)) {
        ptrdiff_t dash = tl_str_find(item, '-');
        int from = 0, to = 0;
        tl_code code = read_day(dash < 0 ? item : tl_str_n(item.ptr, (size_t)dash), &from, err);
        to = from;
        if (code == TL_OK && dash >= 0)
            code = read_day(tl_str_from(item, (size_t)dash + 1), &to, err);
        if (code != TL_OK)
            return code;
        for (int day = from;; day = (day + 1) % 7) {
            *days = (uint8_t)(*days | 1u << day);
            if (day == to)
                break;
        }
    }
    return TL_OK;
}

static bool read_two(tl_str text, size_t at, int *out)
{
    uint64_t n;

    if (at + 2 > text.len || !tl_str_u64(tl_str_n(text.ptr + at, 2), &n))
        return false;
    *out = (int)n;
    return true;
}

tl_code tl_time_of_day_parse(tl_str text, bool end, int *minutes, struct tl_error *err)
{
    int hour, minute;

    if (text.len != 5 || text.ptr[2] != ':' || !read_two(text, 0, &hour) || !read_two(text, 3, &minute))
        return tl_fail(err, TL_ECONFIG, "\"%.*s\" is not a time of day; write two digits each, as in 02:00",
                       TL_STR_ARGS(text));
    if (hour == 24 && minute == 0 && !end)
        return tl_fail(err, TL_ECONFIG, "24:00 can only be an end; write 00:00 and the next day");
    if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
        return tl_fail(err, TL_ECONFIG, "\"%.*s\" is not a time of day; the day goes from 00:00 to 24:00",
                       TL_STR_ARGS(text));
    *minutes = hour * 60 + minute;
    return TL_OK;
}

static tl_code read_span(tl_str text, struct tl_window_text *out, struct tl_error *err)
{
    ptrdiff_t dash = tl_str_find(text, '-');

    if (dash < 0)
        return tl_fail(err, TL_ECONFIG,
                       "\"%.*s\" is not a span of time; write start-end without blanks, as in 02:00-06:00",
                       TL_STR_ARGS(text));
    tl_code code = tl_time_of_day_parse(tl_str_n(text.ptr, (size_t)dash), false, &out->start, err);
    if (code == TL_OK)
        code = tl_time_of_day_parse(tl_str_from(text, (size_t)dash + 1), true, &out->end, err);
    if (code == TL_OK && out->start == out->end)
        code = tl_fail(err, TL_ECONFIG, "start and end are the same; a whole day is 00:00-24:00");
    return code;
}

/* The next word, and blanks around it skipped. */
static tl_str next_word(tl_str *rest)
{
    size_t len = 0;

    *rest = tl_str_trim(*rest);
    while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t')
        len++;
    tl_str word = tl_str_n(rest->ptr, len);
    *rest = tl_str_from(*rest, len);
    return word;
}

static tl_code read_words(tl_str text, struct tl_window_text *out, struct tl_error *err)
{
    tl_str rest = text;
    tl_str days = next_word(&rest), span = next_word(&rest);
    tl_code code;

    out->zone = next_word(&rest);
    out->at = days.ptr;
    if (days.len == 0)
        return tl_fail(err, TL_ECONFIG, "it is empty; write days, a span of time and a zone, as in " EXAMPLE);
    if (days.ptr[0] >= '0' && days.ptr[0] <= '9')
        return tl_fail(err, TL_ECONFIG, "the days are missing; write daily or days first, as in " EXAMPLE);
    if ((code = tl_weekdays_parse(days, &out->days, err)) != TL_OK)
        return code;
    out->at = days.ptr + days.len;
    if (span.len == 0)
        return tl_fail(err, TL_ECONFIG, "the span of time is missing, as in " EXAMPLE);
    out->at = span.ptr;
    if ((code = read_span(span, out, err)) != TL_OK)
        return code;
    out->at = span.ptr + span.len;
    if (out->zone.len == 0)
        return tl_fail(err, TL_ECONFIG, "the time zone is missing; add an IANA name such as Europe/Berlin, or UTC");
    out->at = tl_str_trim(rest).ptr;
    if (tl_str_trim(rest).len > 0)
        return tl_fail(err, TL_ECONFIG,
                       "\"%.*s\" is too much behind the zone; one window is days, span and zone, as in " EXAMPLE,
                       TL_STR_ARGS(tl_str_trim(rest)));
    return TL_OK;
}

tl_code tl_window_text_parse(tl_str text, struct tl_window_text *out, struct tl_error *err)
{
    memset(out, 0, sizeof(*out));
    if (text.len > 200)
        return tl_fail(err, TL_ECONFIG, "a maintenance window has at most 200 characters");
    tl_code code = read_words(text, out, err);
    if (code != TL_OK)
        tl_error_prefix(err, "maintenance window \"%.*s\", character %zu", TL_STR_ARGS(text),
                        out->at != NULL ? (size_t)(out->at - text.ptr) + 1 : 1);
    return code;
}
