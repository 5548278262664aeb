/* Reads cron: fields of lists of numbers, ranges and steps, with names and the letters L, W and #. Grammar of a field:
 *   ("*" | "?") ["/" step] | item {"," item} ; item = value ["-" value] ["/" step]
 *   day of the month also: "L" ["-" n] ["W"] | value "W" ; weekday also: value "L" | value "#" n
 * A range may go over the end ("22-3"); a step after a single value goes to the end ("10/20" of minutes: 10,30,50).
 * Thread: any. */
#include "base/attr.h"
#include "schedule_rule.h"
#include <stdio.h>
#include <string.h>

#define FIELDS 6

enum field { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY };

static const struct {
    const char *name;
    int least, most; /* as written */
    int span;        /* how many there are */
    const char *names;
} fields[FIELDS] = {{"second", 0, 59, 60, ""},
                    {"minute", 0, 59, 60, ""},
                    {"hour", 0, 23, 24, ""},
                    {"day of month", 1, 31, 31, ""},
                    {"month", 1, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
                    {"day of week", 0, 7, 7, "SUNMONTUEWEDTHUFRISAT"}};

struct reader {
    tl_str rest; /* of the field */
    enum field field;
    struct tl_schedule_rule *rule;
    uint64_t bits;
    bool spread; /* *, a range or a step was seen */
    const char **at;
    struct tl_error *err;
};

static TL_PRINTF(2, 3) tl_code refuse(struct reader *r, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    *r->at = r->rest.ptr;
    return tl_fail(r->err, TL_ECONFIG, "%s: %s", fields[r->field].name, text);
}

static char peek(const struct reader *r)
{
    char c = r->rest.len > 0 ? r->rest.ptr[0] : '\0';
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool accept(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->rest = tl_str_from(r->rest, 1);
    return true;
}

/* ---- values ---- */

/* A three-letter name of the field; -1: none stands here. */
static int read_name(struct reader *r)
{
    const char *names = fields[r->field].names;
    for (size_t i = 0; r->rest.len >= 3 && names[i] != '\0'; i += 3) {
        if (tl_str_ieq(tl_str_n(r->rest.ptr, 3), tl_str_n(names + i, 3))) {
            r->rest = tl_str_from(r->rest, 3);
            return (int)(i / 3) + fields[r->field].least;
        }
    }
    return -1;
}

static tl_code read_number(struct reader *r, int least, int most, const char *what, int *out)
{
    tl_str from = r->rest;
    int64_t value = 0;
    while (peek(r) >= '0' && peek(r) <= '9') {
        value = value > 100000 ? value : value * 10 + (peek(r) - '0');
        r->rest = tl_str_from(r->rest, 1);
    }
    bool none = from.len == r->rest.len;
    if (!none && value >= least && value <= most) {
        *out = (int)value;
        return TL_OK;
    }
    size_t len = none ? (from.len < 20 ? from.len : 20) : from.len - r->rest.len;
    r->rest = from;
    if (none && from.len == 0)
        return refuse(r, "a %s between %d and %d is missing at its end", what, least, most);
    if (none && peek(r) == 'H')
        return refuse(r, "H (a value by chance) is not supported; write the one that is meant");
    return refuse(r, "\"%.*s\" is no %s between %d and %d", (int)len, from.ptr, what, least, most);
}

static tl_code read_value(struct reader *r, int *out)
{
    int name = read_name(r);
    if (name >= 0) {
        *out = name;
        return TL_OK;
    }
    return read_number(r, fields[r->field].least, fields[r->field].most, "number", out);
}

static tl_code read_step(struct reader *r, int *step)
{
    *step = 1;
    if (!accept(r, '/'))
        return TL_OK;
    r->spread = true;
    return read_number(r, 1, fields[r->field].most, "step", step);
}

static void set(struct reader *r, int from, int to, int step)
{
    int least = fields[r->field].least, span = fields[r->field].span;
    int end = to < from ? to + span : to;
    for (int value = from; value <= end; value += step)
        r->bits |= 1ull << ((value - least) % span + least);
}

/* ---- what only days have ---- */

static tl_code read_last(struct reader *r)
{
    int before = 0;
    tl_code code = TL_OK;
    r->rule->last = true;
    if (accept(r, '-'))
        code = read_number(r, 0, 30, "number of days before the last", &before);
    r->rule->before_last = (uint8_t)before;
    r->rule->nearest = accept(r, 'W');
    return code;
}

/* After a single value: W of a day, L and # of a weekday. False: none of them stands here. */
static bool read_suffix(struct reader *r, tl_code *code)
{
    int nth = 0;
    *code = TL_OK;
    if (r->field == DAY && accept(r, 'W'))
        r->rule->nearest = true;
    else if (r->field == WEEKDAY && accept(r, 'L'))
        r->rule->last_weekday = true;
    else if (r->field == WEEKDAY && accept(r, '#')) {
        *code = read_number(r, 1, 5, "number of the weekday in the month", &nth);
        r->rule->nth = (uint8_t)nth;
    } else
        return false;
    return true;
}

/* ---- a field ---- */

static tl_code read_item(struct reader *r, bool only)
{
    int from = 0, to, step;
    tl_code code = read_value(r, &from);
    if (code != TL_OK)
        return code;
    if (only && read_suffix(r, &code)) {
        set(r, from, from, 1);
        return code;
    }
    to = from;
    bool range = accept(r, '-');
    if (range) {
        r->spread = true;
        code = read_value(r, &to);
    }
    if (code != TL_OK)
        return code;
    bool stepped = peek(r) == '/';
    code = read_step(r, &step);
    if (code == TL_OK)
        set(r, from, !range && stepped ? fields[r->field].most : to, step);
    return code;
}

static tl_code read_field(struct reader *r)
{
    tl_code code = TL_OK;
    int step;
    if (accept(r, '*') || accept(r, '?')) {
        r->spread = true;
        code = read_step(r, &step);
        if (code == TL_OK)
            set(r, fields[r->field].least, fields[r->field].least + fields[r->field].span - 1, step);
    } else if (r->field == DAY && accept(r, 'L')) {
        code = read_last(r);
    } else {
        bool only = true;
        do {
            code = read_item(r, only && tl_str_find(r->rest, ',') < 0);
            only = false;
        } while (code == TL_OK && accept(r, ','));
    }
    if (code == TL_OK && r->rest.len > 0)
        return refuse(r, "\"%.*s\" does not belong here", (int)(r->rest.len < 20 ? r->rest.len : 20), r->rest.ptr);
    return code;
}

static void keep(const struct reader *r)
{
    struct tl_schedule_rule *rule = r->rule;
    switch (r->field) {
    case SECOND:
        rule->seconds = r->bits;
        break;
    case MINUTE:
        rule->minutes = r->bits;
        break;
    case HOUR:
        rule->hours = (uint32_t)r->bits;
        break;
    case DAY:
        rule->days = (uint32_t)r->bits;
        break;
    case MONTH:
        rule->months = (uint16_t)r->bits;
        break;
    case WEEKDAY:
        rule->weekdays = (uint8_t)r->bits;
        break;
    }
    if (r->field <= HOUR)
        rule->repeats |= r->spread;
}

/* ---- the whole ---- */

static bool next_word(tl_str *rest, tl_str *word)
{
    *rest = tl_str_trim(*rest);
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t')
        len++;
    *word = tl_str_n(rest->ptr, len);
    *rest = tl_str_from(*rest, len);
    return len > 0;
}

static int count_words(tl_str text)
{
    int count = 0;
    tl_str word;
    while (next_word(&text, &word))
        count++;
    return count;
}

tl_code tl_cron_parse(tl_str text, int wanted, struct tl_schedule_rule *rule, const char **at, struct tl_error *err)
{
    int count = wanted != 0 ? wanted : count_words(text) >= FIELDS ? FIELDS : FIELDS - 1;
    tl_schedule_rule_any(rule);
    rule->seconds = 1;
    tl_str rest = text, word;
    for (int i = FIELDS - count; i < FIELDS; i++) {
        if (!next_word(&rest, &word)) {
            *at = text.ptr + text.len;
            return tl_fail(err, TL_ECONFIG,
                           "the field %s is missing; cron has 5 fields, minute hour day month weekday, "
                           "or 6 with the second before them",
                           fields[i].name);
        }
        struct reader r = {.rest = word, .field = (enum field)i, .rule = rule, .at = at, .err = err};
        tl_code code = read_field(&r);
        if (code != TL_OK)
            return code;
        keep(&r);
    }
    if (next_word(&rest, &word)) {
        *at = word.ptr;
        return tl_fail(err, TL_ECONFIG, "\"%.*s\" is too much: there are %d fields before it",
                       (int)(word.len < 40 ? word.len : 40), word.ptr, count);
    }
    return TL_OK;
}

tl_code tl_cron_macro(tl_str word, struct tl_schedule_rule *rule, const char **at, struct tl_error *err)
{
    static const struct {
        const char *name, *fields;
    } macros[] = {{"@yearly", "0 0 0 1 1 *"}, {"@annually", "0 0 0 1 1 *"},     {"@monthly", "0 0 0 1 * *"},
                  {"@weekly", "0 0 0 * * 0"}, {"@daily", "0 0 0 * * *"},        {"@midnight", "0 0 0 * * *"},
                  {"@hourly", "0 0 * * * *"}, {"@every_minute", "0 * * * * *"}, {"@every_second", "* * * * * *"}};
    for (size_t i = 0; i < TL_COUNT_OF(macros); i++) {
        if (tl_str_ieq(word, tl_str_z(macros[i].name)))
            return tl_cron_parse(tl_str_z(macros[i].fields), FIELDS, rule, at, err);
    }
    *at = word.ptr;
    return tl_fail(err, TL_ECONFIG,
                   "\"%.*s\" is none of @yearly @monthly @weekly @daily @hourly @every_minute "
                   "@every_second",
                   (int)(word.len < 40 ? word.len : 40), word.ptr);
}
