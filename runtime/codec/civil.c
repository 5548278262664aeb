/* The calendar: days, months and wall-clock times without offset. Proleptic Gregorian; days count from 1970-01-01.
 * The day arithmetic shifts the year to begin in March, so that the leap day is its last. Thread: any. */
#include "codec/timestamp.h"

#define DAYS_400_YEARS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */
#define MS_PER_DAY 86400000

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t tl_date_month_days(int32_t year, int32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12)
        return 0;
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool tl_date_valid(int32_t year, int32_t month, int32_t day)
{
    return year >= 1 && year <= 9999 && day >= 1 && day <= tl_date_month_days(year, month);
}

int64_t tl_date_to_days(struct tl_date date)
{
    int64_t year = (int64_t)date.year - (date.month <= 2);
    int64_t era = floor_div(year, 400), year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12; /* March is 0 */
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    return era * DAYS_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
}

struct tl_date tl_date_from_days(int64_t days)
{
    days += DAYS_TO_1970;
    int64_t era = floor_div(days, DAYS_400_YEARS), day = days - era * DAYS_400_YEARS;
    int64_t year_of_era = (day - day / 1460 + day / 36524 - day / (DAYS_400_YEARS - 1)) / 365;
    int64_t day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct tl_date date = {
        .year = (int32_t)(era * 400 + year_of_era + (month >= 10)),
        .month = (uint8_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

struct tl_date tl_date_add_months(struct tl_date date, int32_t months)
{
    int64_t count = (int64_t)date.year * 12 + date.month - 1 + months;
    int64_t year = floor_div(count, 12);
    struct tl_date later = {(int32_t)year, (uint8_t)(count - year * 12 + 1), date.day};
    int32_t last = tl_date_month_days(later.year, later.month);
    if (later.day > last)
        later.day = (uint8_t)last;
    return later;
}

int32_t tl_date_weekday(struct tl_date date)
{
    int64_t days = tl_date_to_days(date) + 3; /* 1970-01-01 was a Thursday */
    return (int32_t)(days - floor_div(days, 7) * 7) + 1;
}

int64_t tl_civil_to_ms(const struct tl_civil *civil)
{
    int64_t seconds = civil->hour * 3600 + civil->minute * 60 + civil->second;
    return tl_date_to_days(civil->date) * MS_PER_DAY + seconds * 1000 + civil->ns / 1000000;
}

struct tl_civil tl_civil_from_ms(int64_t ms)
{
    int64_t days = floor_div(ms, MS_PER_DAY), rest = ms - days * MS_PER_DAY, second = rest / 1000;
    struct tl_civil civil = {
        .date = tl_date_from_days(days),
        .hour = (uint8_t)(second / 3600),
        .minute = (uint8_t)(second / 60 % 60),
        .second = (uint8_t)(second % 60),
        .ns = (uint32_t)(rest % 1000 * 1000000),
    };
    return civil;
}
