/* Dates, times and durations as RFC 3339 writes them. */
#include "codec/timestamp.h"
#include "formats.h"

static bool digits2(tl_str text, size_t at, int32_t most, int32_t *out)
{
    if (at + 2 > text.len)
        return false;
    char a = text.ptr[at], b = text.ptr[at + 1];
    *out = (a - '0') * 10 + (b - '0');
    return a >= '0' && a <= '9' && b >= '0' && b <= '9' && *out <= most;
}

bool tl_format_date(tl_str text)
{
    int32_t century, year, month, day;
    bool shape = text.len == 10 && digits2(text, 0, 99, &century) && digits2(text, 2, 99, &year) &&
                 text.ptr[4] == '-' && digits2(text, 5, 12, &month) && text.ptr[7] == '-' && digits2(text, 8, 31, &day);
    return shape && month >= 1 && day >= 1 && day <= tl_date_month_days(century * 100 + year, month);
}

/* Z or ±HH:MM, in minutes. */
static bool offset(tl_str text, int32_t *minutes)
{
    int32_t hour, minute;
    *minutes = 0;
    if (text.len == 1)
        return text.ptr[0] == 'Z' || text.ptr[0] == 'z';
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || !digits2(text, 1, 23, &hour) ||
        text.ptr[3] != ':' || !digits2(text, 4, 59, &minute))
        return false;
    *minutes = (text.ptr[0] == '-' ? -1 : 1) * (hour * 60 + minute);
    return true;
}

bool tl_format_time(tl_str text)
{
    int32_t hour, minute, second, east;
    size_t at = 8;
    if (!digits2(text, 0, 23, &hour) || text.len < 9 || text.ptr[2] != ':' || !digits2(text, 3, 59, &minute) ||
        text.ptr[5] != ':' || !digits2(text, 6, 60, &second))
        return false;
    if (text.ptr[at] == '.') {
        size_t begin = ++at;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
            at++;
        if (at == begin)
            return false;
    }
    if (!offset(tl_str_from(text, at), &east))
        return false;
    int32_t utc = (hour * 60 + minute - east + 2 * 1440) % 1440;
    return second < 60 || utc == 23 * 60 + 59; /* leap seconds end a day of UTC */
}

bool tl_format_date_time(tl_str text)
{
    return text.len > 11 && tl_format_date(tl_str_n(text.ptr, 10)) && (text.ptr[10] == 'T' || text.ptr[10] == 't') &&
           tl_format_time(tl_str_from(text, 11));
}

/* Digits and units out of `units`, each at most once, in order and without a gap: 1H2M, 2M3S, not 1H3S. */
static bool pieces(tl_str *text, const char *units)
{
    size_t unit = 0, found = 0;
    while (text->len && text->ptr[0] >= '0' && text->ptr[0] <= '9') {
        size_t n = 0;
        while (n < text->len && text->ptr[n] >= '0' && text->ptr[n] <= '9')
            n++;
        if (n == text->len)
            return false;
        if (found == 0)
            while (units[unit] && units[unit] != text->ptr[n])
                unit++;
        if (!units[unit] || units[unit] != text->ptr[n])
            return false;
        *text = tl_str_from(*text, n + 1);
        unit++;
        found++;
    }
    return found > 0;
}

bool tl_format_duration(tl_str text)
{
    if (!text.len || text.ptr[0] != 'P')
        return false;
    text = tl_str_from(text, 1);
    tl_str weeks = text;
    if (pieces(&weeks, "W"))
        return weeks.len == 0;
    if (text.len && text.ptr[0] != 'T' && !pieces(&text, "YMD"))
        return false;
    if (!text.len)
        return weeks.len != 0;
    if (text.ptr[0] != 'T')
        return false;
    text = tl_str_from(text, 1);
    return pieces(&text, "HMS") && text.len == 0;
}
