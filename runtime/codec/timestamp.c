/* Points in time and their texts. One reader takes the fields and notes which forms the text fits; the caller's forms
 * decide. Thread: any. */
#include "codec/timestamp.h"
#include <stdio.h>
#include <string.h>

#define MS_FIRST (-62135596800000) /* 0001-01-01T00:00:00Z */
#define MS_LAST 253402300799999    /* 9999-12-31T23:59:59.999Z */

static bool at_end(tl_str s)
{
    return s.len == 0;
}

static bool take(tl_str *s, char c)
{
    if (!s->len || s->ptr[0] != c)
        return false;
    *s = tl_str_from(*s, 1);
    return true;
}

static bool take_either(tl_str *s, char a, char b)
{
    return take(s, a) || take(s, b);
}

/* Exactly `count` digits with a value of at most `max`. */
static bool take_number(tl_str *s, size_t count, int32_t max, int32_t *out)
{
    int32_t value = 0;
    if (s->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        value = value * 10 + (s->ptr[i] - '0');
    }
    *s = tl_str_from(*s, count);
    *out = value;
    return value <= max;
}

static const char *take_date(tl_str *s, struct tl_date *out)
{
    int32_t year, month, day;
    if (!take_number(s, 4, 9999, &year) || !take(s, '-') || !take_number(s, 2, 99, &month) || !take(s, '-') ||
        !take_number(s, 2, 99, &day))
        return "the date must be written YYYY-MM-DD";
    if (!tl_date_valid(year, month, day))
        return "there is no such day";
    *out = (struct tl_date){year, (uint8_t)month, (uint8_t)day};
    return NULL;
}

/* ".123": up to 12 digits, cut after 9. */
static const char *take_fraction(tl_str *s, uint32_t *ns, size_t *digits)
{
    uint32_t value = 0;
    *digits = 0;
    if (take(s, '.')) {
        for (; s->len && s->ptr[0] >= '0' && s->ptr[0] <= '9'; *s = tl_str_from(*s, 1), (*digits)++)
            if (*digits < 9)
                value = value * 10 + (uint32_t)(s->ptr[0] - '0');
        if (*digits < 1 || *digits > 12)
            return "the fraction of a second needs 1 to 12 digits";
    }
    for (size_t i = *digits; i < 9; i++)
        value *= 10;
    *ns = value;
    return NULL;
}

/* HH:MM[:SS[.f]]; *seconds tells whether they were there. */
static const char *take_time(tl_str *s, struct tl_civil *out, size_t *digits, bool *seconds)
{
    int32_t hour, minute, second = 0;
    *digits = 0;
    out->ns = 0;
    if (!take_number(s, 2, 23, &hour) || !take(s, ':') || !take_number(s, 2, 59, &minute))
        return "the time must be written HH:MM:SS, up to 23:59";
    *seconds = take(s, ':');
    if (*seconds && !take_number(s, 2, 60, &second))
        return "the seconds must be two digits, up to 59";
    out->hour = (uint8_t)hour;
    out->minute = (uint8_t)minute;
    out->second = (uint8_t)second;
    return *seconds ? take_fraction(s, &out->ns, digits) : NULL;
}

/* Z, +HH:MM or +HHMM. `forms` keeps those that write it so. */
static const char *take_offset(tl_str *s, struct tl_timestamp *out, unsigned *forms)
{
    int32_t hours, minutes;
    out->offset = 0;
    out->offset_unknown = false;
    if (take_either(s, 'Z', 'z')) {
        *forms &= TL_TIME_RFC3339 | TL_TIME_ODATA;
        return NULL;
    }
    bool west = s->len && s->ptr[0] == '-';
    if (!take_either(s, '+', '-'))
        return "the offset is missing: Z or like +02:00";
    if (!take_number(s, 2, 23, &hours))
        return "the offset must be like +02:00, up to 23:59";
    *forms &= take(s, ':') ? (unsigned)(TL_TIME_RFC3339 | TL_TIME_ODATA) : (unsigned)TL_TIME_SALESFORCE;
    if (!take_number(s, 2, 59, &minutes))
        return "the offset must be like +02:00, up to 23:59";
    int32_t offset = hours * 60 + minutes;
    out->offset = (int16_t)(west ? -offset : offset);
    out->offset_unknown = west && offset == 0;
    return NULL;
}

static const char *read_date_time(tl_str s, unsigned *forms, struct tl_timestamp *out)
{
    struct tl_civil civil = {.ns = 0};
    size_t digits;
    bool seconds;
    const char *why = take_date(&s, &civil.date);
    *forms = TL_TIME_RFC3339 | TL_TIME_ODATA | TL_TIME_SALESFORCE;
    if (!why && at_end(s)) {
        *forms = TL_TIME_DATE;
        *out = (struct tl_timestamp){.ms = tl_civil_to_ms(&civil)};
        return NULL;
    }
    if (!why && !take_either(&s, 'T', 't'))
        why = "a T must stand between date and time";
    if (!why)
        why = take_time(&s, &civil, &digits, &seconds);
    if (!why)
        why = take_offset(&s, out, forms);
    if (!why && !at_end(s))
        why = "something follows the offset";
    if (why)
        return why;
    if (!seconds)
        *forms &= TL_TIME_ODATA;
    int32_t utc_minute = (civil.hour * 60 + civil.minute - out->offset + 2 * 1440) % 1440;
    if (civil.second == 60 && utc_minute != 1439)
        return "a leap second can only be 23:59:60 UTC";
    out->ms = tl_civil_to_ms(&civil) - (int64_t)out->offset * 60000;
    out->ns = civil.ns % 1000000;
    out->digits = (uint8_t)(digits > 9 ? 9 : digits);
    return NULL;
}

/* /Date(1715931751000+0120)/ */
static const char *read_odata2(tl_str s, struct tl_timestamp *out)
{
    uint64_t ms, offset = 0;
    tl_str inside = {s.ptr + 6, s.len - 8}, digits;
    bool before_1970 = take(&inside, '-');
    ptrdiff_t plus = tl_str_find(inside, '+'), minus = tl_str_find(inside, '-');
    ptrdiff_t sign = plus >= 0 ? plus : minus;
    digits = sign >= 0 ? (tl_str){inside.ptr, (size_t)sign} : inside;
    if (!tl_str_u64(digits, &ms) || ms > (before_1970 ? (uint64_t)-MS_FIRST : (uint64_t)MS_LAST))
        return "the milliseconds in /Date(…)/ are no usable number";
    if (sign >= 0 && (!tl_str_u64(tl_str_from(inside, (size_t)sign + 1), &offset) || offset >= 1440))
        return "the offset in /Date(…)/ must be minutes like +0120";
    *out = (struct tl_timestamp){.ms = before_1970 ? -(int64_t)ms : (int64_t)ms, .digits = 3};
    out->offset = (int16_t)(plus >= 0 ? (int64_t)offset : -(int64_t)offset);
    return NULL;
}

static tl_code refuse(struct tl_error *err, tl_str text, const char *what, const char *why)
{
    tl_str shown = text.len > 60 ? (tl_str){text.ptr, 60} : text;
    return tl_fail(err, TL_EINPUT, "not a %s: '%.*s': %s", what, TL_STR_ARGS(shown), why);
}

tl_code tl_timestamp_parse(tl_str text, unsigned forms, struct tl_timestamp *out, struct tl_error *err)
{
    struct tl_timestamp read = {.ms = 0};
    unsigned fits = TL_TIME_ODATA2;
    const char *why;
    if (text.len >= 9 && tl_str_starts(text, TL_STR("/Date(")) && tl_str_ends(text, TL_STR(")/")))
        why = read_odata2(text, &read);
    else
        why = read_date_time(text, &fits, &read);
    if (!why && !(fits & forms))
        why = fits == TL_TIME_DATE ? "the time is missing" : "this way of writing it is not accepted here";
    if (why)
        return refuse(err, text, "point in time", why);
    *out = read;
    return TL_OK;
}

tl_code tl_date_parse(tl_str text, struct tl_date *out, struct tl_error *err)
{
    tl_str s = text;
    const char *why = take_date(&s, out);
    if (!why && !at_end(s))
        why = "something follows the date";
    return why ? refuse(err, text, "date", why) : TL_OK;
}

tl_code tl_civil_parse(tl_str text, struct tl_civil *out, struct tl_error *err)
{
    tl_str s = text;
    size_t digits;
    bool seconds = false;
    const char *why = take_date(&s, &out->date);
    if (!why && !take_either(&s, 'T', ' '))
        why = "a T must stand between date and time";
    if (!why)
        why = take_time(&s, out, &digits, &seconds);
    if (!why && (!seconds || out->second == 60 || !at_end(s)))
        why = "the time must be written HH:MM:SS, without an offset";
    return why ? refuse(err, text, "local time", why) : TL_OK;
}

struct tl_timestamp tl_timestamp_from_ms(int64_t ms)
{
    return (struct tl_timestamp){.ms = ms, .digits = 3};
}

int tl_timestamp_compare(const struct tl_timestamp *a, const struct tl_timestamp *b)
{
    if (a->ms != b->ms)
        return a->ms < b->ms ? -1 : 1;
    return (a->ns > b->ns) - (a->ns < b->ns);
}

tl_str tl_date_print(const struct tl_date *date, char out[TL_TIMESTAMP_SIZE])
{
    int n = snprintf(out, TL_TIMESTAMP_SIZE, "%04d-%02d-%02d", (int)date->year, date->month, date->day);
    return (tl_str){out, (size_t)n};
}

static int64_t clamped(int64_t ms)
{
    return ms < MS_FIRST ? MS_FIRST : ms > MS_LAST ? MS_LAST : ms;
}

/* YYYY-MM-DDTHH:MM:SS[.f] of the local time; returns its length. */
static size_t print_local(int64_t ms, uint32_t ns, unsigned digits, char *out)
{
    struct tl_civil civil = tl_civil_from_ms(clamped(ms));
    tl_date_print(&civil.date, out);
    int n = 10 + snprintf(out + 10, TL_TIMESTAMP_SIZE - 10, "T%02d:%02d:%02d", civil.hour, civil.minute, civil.second);
    if (digits) {
        n += snprintf(out + n, TL_TIMESTAMP_SIZE - (size_t)n, ".%09u", civil.ns + ns);
        n -= 9 - (int)digits;
        out[n] = '\0';
    }
    return (size_t)n;
}

static tl_str print_offset(const struct tl_timestamp *t, char *out)
{
    size_t n = print_local(t->ms + (int64_t)t->offset * 60000, t->ns, t->digits > 9 ? 9 : t->digits, out);
    int minutes = t->offset < 0 ? -t->offset : t->offset;
    if (t->offset == 0 && !t->offset_unknown)
        n += (size_t)snprintf(out + n, TL_TIMESTAMP_SIZE - n, "Z");
    else
        n += (size_t)snprintf(out + n, TL_TIMESTAMP_SIZE - n, "%c%02d:%02d",
                              t->offset < 0 || t->offset_unknown ? '-' : '+', minutes / 60, minutes % 60);
    return (tl_str){out, n};
}

static tl_str print_odata2(const struct tl_timestamp *t, char *out)
{
    char offset[16] = "";
    if (t->offset)
        snprintf(offset, sizeof offset, "%+05d", t->offset);
    int n = snprintf(out, TL_TIMESTAMP_SIZE, "/Date(%lld%s)/", (long long)t->ms, offset);
    return (tl_str){out, (size_t)n};
}

tl_str tl_timestamp_print(const struct tl_timestamp *t, enum tl_time_form form, char out[TL_TIMESTAMP_SIZE])
{
    size_t n;
    switch (form) {
    case TL_TIME_SALESFORCE:
        n = print_local(t->ms, t->ns, 3, out);
        memcpy(out + n, "+0000", 6);
        return (tl_str){out, n + 5};
    case TL_TIME_ODATA2:
        return print_odata2(t, out);
    case TL_TIME_DATE: {
        struct tl_civil civil = tl_civil_from_ms(clamped(t->ms + (int64_t)t->offset * 60000));
        return tl_date_print(&civil.date, out);
    }
    default:
        return print_offset(t, out);
    }
}
