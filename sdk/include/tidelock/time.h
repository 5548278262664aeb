/* Points in time as APIs write them, to Unix milliseconds and back; all inline and optional. */
#ifndef TIDELOCK_TIME_H
#define TIDELOCK_TIME_H

#include <tidelock/connector.h>

#define TLC_TIME_SIZE 25 /* "2026-01-31T12:00:00.000Z" and a NUL */

static inline int tlc_time_digits_(const char *at, int count, int64_t *out)
{
    int i;
    *out = 0;
    for (i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return 0;
        *out = *out * 10 + (at[i] - '0');
    }
    return 1;
}

/* Days since 1970-01-01; March counts as the first month, so that the leap day is the last of its year. */
static inline int64_t tlc_time_days_(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* "+hh:mm", "+hhmm", "Z" to milliseconds east of UTC. */
static inline int tlc_time_zone_(const char *at, uint64_t len, int64_t *out)
{
    int64_t hours, minutes;
    uint64_t colon = len == 6 && at[3] == ':';
    *out = 0;
    if (len == 1 && (at[0] == 'Z' || at[0] == 'z'))
        return 1;
    if ((len != 5 && !colon) || (at[0] != '+' && at[0] != '-') || !tlc_time_digits_(at + 1, 2, &hours) ||
        !tlc_time_digits_(at + 3 + colon, 2, &minutes))
        return 0;
    *out = (at[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60000;
    return 1;
}

/* RFC 3339, also with an offset without colon (Salesforce) or without seconds (OData). 1, or 0 when it is
 * none. */
static inline int tlc_time_read(tlc_slice text, int64_t *ms)
{
    int64_t year, month, day, hour, minute, second = 0, zone, scale = 100, fraction = 0;
    uint64_t at = 16;
    if (text.len < 17 || text.ptr[4] != '-' || text.ptr[7] != '-' || (text.ptr[10] != 'T' && text.ptr[10] != 't') ||
        text.ptr[13] != ':' || !tlc_time_digits_(text.ptr, 4, &year) || !tlc_time_digits_(text.ptr + 5, 2, &month) ||
        !tlc_time_digits_(text.ptr + 8, 2, &day) || !tlc_time_digits_(text.ptr + 11, 2, &hour) ||
        !tlc_time_digits_(text.ptr + 14, 2, &minute) || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59)
        return 0;
    if (text.ptr[at] == ':') {
        if (text.len < 20 || !tlc_time_digits_(text.ptr + 17, 2, &second) || second > 60)
            return 0;
        at = 19;
    }
    if (text.ptr[at] == '.')
        for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++, scale /= 10)
            fraction += (text.ptr[at] - '0') * scale;
    if (at >= text.len || !tlc_time_zone_(text.ptr + at, text.len - at, &zone))
        return 0;
    *ms = (tlc_time_days_(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1000 + fraction - zone;
    return 1;
}

/* In UTC, of the years 1970 to 9999. `out` is NUL-terminated; the slice given back lies in it. */
static inline tlc_slice tlc_time_print(int64_t ms, char out[TLC_TIME_SIZE])
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    static const unsigned char at[] = {3, 6, 9, 12, 15, 18, 22};
    int64_t fields[7], days, rest, era, y, doy, month;
    tlc_slice text;
    int i;
    if (ms < 0)
        ms = 0;
    if (ms > 253402300799999)
        ms = 253402300799999;
    days = ms / 86400000 + 719468;
    rest = ms % 86400000;
    era = days / 146097;
    days -= era * 146097;
    y = (days - days / 1460 + days / 36524 - days / 146096) / 365;
    doy = days - (365 * y + y / 4 - y / 100);
    month = (5 * doy + 2) / 153;
    fields[2] = doy - (153 * month + 2) / 5 + 1;
    fields[1] = month < 10 ? month + 3 : month - 9;
    fields[0] = y + era * 400 + (fields[1] <= 2);
    fields[3] = rest / 3600000;
    fields[4] = rest / 60000 % 60;
    fields[5] = rest / 1000 % 60;
    fields[6] = rest % 1000;
    for (i = 0; i < TLC_TIME_SIZE; i++)
        out[i] = form[i];
    for (i = 0; i < 7; i++) {
        int64_t n = fields[i];
        int place = at[i];
        for (; n > 0; n /= 10)
            out[place--] = (char)('0' + n % 10);
    }
    text.ptr = out;
    text.len = TLC_TIME_SIZE - 1;
    return text;
}

/* A duration as settings have it ("500ms", "30s", "2m", "1h", "7d", "1w") in milliseconds; `otherwise` when
 * it is none. */
static inline int64_t tlc_duration_read(tlc_slice text, int64_t otherwise)
{
    int64_t n = 0;
    uint64_t i = 0;
    for (; i < text.len && i < 12 && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        n = n * 10 + (text.ptr[i] - '0');
    if (i == 0 || i == text.len)
        return otherwise;
    if (text.len == i + 2 && text.ptr[i] == 'm' && text.ptr[i + 1] == 's')
        return n;
    if (text.len != i + 1)
        return otherwise;
    switch (text.ptr[i]) {
    case 's':
        return n * 1000;
    case 'm':
        return n * 60000;
    case 'h':
        return n * 3600000;
    case 'd':
        return n * 86400000;
    case 'w':
        return n * 604800000;
    default:
        return otherwise;
    }
}

/* The date of an HTTP header ("Thu, 25 Jun 2015 21:54:34 GMT"). 1, or 0 when it is none. */
static inline int tlc_http_date_read(tlc_slice text, int64_t *ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char form[] = "0000-00-00T00:00:00Z";
    tlc_slice s;
    int month, i;
    if (text.len != 29)
        return 0;
    for (month = 0; month < 12; month++)
        if (months[month * 3] == text.ptr[8] && months[month * 3 + 1] == text.ptr[9] &&
            months[month * 3 + 2] == text.ptr[10])
            break;
    for (i = 0; i < 4; i++)
        form[i] = text.ptr[12 + i];
    form[5] = (char)('0' + (month + 1) / 10);
    form[6] = (char)('0' + (month + 1) % 10);
    form[8] = text.ptr[5];
    form[9] = text.ptr[6];
    for (i = 0; i < 8; i++)
        form[11 + i] = text.ptr[17 + i];
    s.ptr = form;
    s.len = sizeof form - 1;
    return month < 12 && tlc_time_read(s, ms);
}

#endif
