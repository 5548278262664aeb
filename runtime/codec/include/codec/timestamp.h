/* Points in time as text: RFC 3339, Salesforce, OData; and dates. Reading is strict: real dates, two-digit fields, the
 * whole text. Years 0001 to 9999, proleptic Gregorian. Named zones are in codec/zone.h. Thread: any. */
#pragma once
#include "base/error.h"
#include "base/str.h"

/* A point in time, with the offset it was written in. Equal points may differ in offset. */
struct tl_timestamp {
    int64_t ms;          /* since 1970-01-01T00:00:00Z, rounded down */
    uint32_t ns;         /* nanoseconds beyond ms, 0..999999 */
    int16_t offset;      /* minutes east of UTC */
    bool offset_unknown; /* written as -00:00: UTC known, local offset not */
    uint8_t digits;      /* fraction digits as written, 0..9; printed again */
};

struct tl_date {
    int32_t year;  /* 1..9999 */
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
};
/* A date and time of day without offset: what a wall clock shows. */
struct tl_civil {
    struct tl_date date;
    uint8_t hour, minute, second;
    uint32_t ns; /* 0..999999999 */
};

/* Forms a reader accepts; or them together. */
enum tl_time_form {
    TL_TIME_RFC3339 = 1,    /* 2024-05-17T09:42:31.120+02:00, …Z; also t and z; a second 60 only at 23:59:60 UTC,
                               read as the second after it */
    TL_TIME_SALESFORCE = 2, /* 2024-05-17T09:42:31.000+0000 */
    TL_TIME_ODATA = 4,      /* V4: RFC 3339, seconds may be missing, up to 12 fraction digits (cut after 9) */
    TL_TIME_ODATA2 = 8,     /* V2: /Date(1715931751000)/ and /Date(1715931751000+0120)/, the offset in minutes */
    TL_TIME_DATE = 16,      /* 2024-05-17: midnight UTC */
    TL_TIME_ANY = 31
};
/* TL_EINPUT: the text says which field is wrong. */
tl_code tl_timestamp_parse(tl_str text, unsigned forms, struct tl_timestamp *out, struct tl_error *err);

#define TL_TIMESTAMP_SIZE 48
/* Writes into `out`, NUL-terminated, and returns it as a slice. RFC3339 and ODATA print the fraction digits of
 * `t->digits` and its offset (Z for 0); SALESFORCE always UTC with 3 digits and +0000; ODATA2 with offset unless 0;
 * DATE the day in its offset. Years outside 0001..9999 are cut to the nearest end. */
tl_str tl_timestamp_print(const struct tl_timestamp *t, enum tl_time_form form, char out[TL_TIMESTAMP_SIZE]);
/* UTC, with 3 digits: how Tidelock writes times of its own. */
struct tl_timestamp tl_timestamp_from_ms(int64_t ms);
/* -1, 0, 1 by point in time. */
int tl_timestamp_compare(const struct tl_timestamp *a, const struct tl_timestamp *b);

/* YYYY-MM-DD. */
tl_code tl_date_parse(tl_str text, struct tl_date *out, struct tl_error *err);
tl_str tl_date_print(const struct tl_date *date, char out[TL_TIMESTAMP_SIZE]);
bool tl_date_valid(int32_t year, int32_t month, int32_t day);
/* 28 to 31; 0 for a month that is none. */
int32_t tl_date_month_days(int32_t year, int32_t month);
/* Days since 1970-01-01 and back; exact over all int32 years. */
int64_t tl_date_to_days(struct tl_date date);
struct tl_date tl_date_from_days(int64_t days);
/* Months later (or earlier); a day beyond the month's end becomes its last: Jan 31 + 1 is Feb 28 or 29. */
struct tl_date tl_date_add_months(struct tl_date date, int32_t months);
/* 1 = Monday … 7 = Sunday. */
int32_t tl_date_weekday(struct tl_date date);

/* YYYY-MM-DDTHH:MM:SS[.f…] without offset (also with a blank for T). */
tl_code tl_civil_parse(tl_str text, struct tl_civil *out, struct tl_error *err);
/* As if the clock showed UTC; the fraction of a millisecond is dropped. For another offset subtract its minutes *
 * 60000. */
int64_t tl_civil_to_ms(const struct tl_civil *civil);
struct tl_civil tl_civil_from_ms(int64_t ms);
