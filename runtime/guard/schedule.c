/* The instants of a schedule: see guard/schedule.h. Fixed times take the first moment at which the zone's clocks show
 * the time or jump over it; that never goes back, whatever the clocks do. What repeats is looked for in each stretch of
 * equal offset. Thread: any. */
#include "guard/schedule.h"
#include "base/alloc.h"
#include "base/duration.h"
#include "codec/zone.h"
#include "schedule_rule.h"
#include <string.h>

#define TEXT_MAX 200
#define MONDAY (4 * 86400) /* 1970-01-05: what intervals are counted from */
#define INTERVAL_MAX_MS (INT64_C(1000) * 86400000)
#define EXAMPLES "\"02:00 Europe/Berlin\", \"Mon-Fri 08:00 America/New_York\", \"0 2 * * * UTC\" or \"every 15m\""

struct tl_schedule {
    enum tl_schedule_kind kind;
    int64_t every; /* seconds; of an interval */
    struct tl_schedule_rule rule;
    struct tl_zone *zone; /* own; NULL for an interval */
};

void tl_schedule_free(struct tl_schedule *schedule)
{
    if (schedule == NULL)
        return;
    tl_zone_free(schedule->zone);
    tl_free(schedule);
}

enum tl_schedule_kind tl_schedule_kind(const struct tl_schedule *schedule)
{
    return schedule->kind;
}

const struct tl_zone *tl_schedule_zone(const struct tl_schedule *schedule)
{
    return schedule->zone;
}

/* ---- reading ---- */

struct reading {
    tl_str text; /* without "every" and blanks around */
    tl_str last; /* its last word */
    const char *at;
    struct tl_error *err;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static tl_str last_word(tl_str text)
{
    size_t from = text.len;
    while (from > 0 && !is_blank(text.ptr[from - 1]))
        from--;
    return tl_str_from(text, from);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is it the name of a zone, and not a field of cron ("SUN", "LW", "friL")? */
static bool looks_like_zone(tl_str word)
{
    size_t letters = 0;
    while (letters < word.len && is_letter(word.ptr[letters]))
        letters++;
    bool last_of_month = letters == 4 && word.len == 4 && (word.ptr[3] == 'L' || word.ptr[3] == 'l');
    if (letters > 3 && !last_of_month)
        return true;
    struct tl_zone *zone;
    if (letters < 2 || letters != word.len || tl_zone_load(word, &zone, NULL) != TL_OK)
        return false;
    tl_zone_free(zone);
    return true; /* "UTC", "CET" */
}

static tl_code read_interval(struct reading *r, struct tl_schedule *schedule)
{
    int64_t ms;
    r->at = r->text.ptr;
    if (tl_duration_parse(r->text, &ms, r->err) != TL_OK)
        return TL_ECONFIG;
    if (ms < 1000 || ms % 1000 != 0 || ms > INTERVAL_MAX_MS)
        return tl_fail(r->err, TL_ECONFIG, "an interval is at least 1s and at most 1000d, in whole seconds");
    schedule->kind = TL_SCHEDULE_INTERVAL;
    schedule->every = ms / 1000;
    return TL_OK;
}

static tl_code read_zone(struct reading *r, const char *otherwise, struct tl_schedule *schedule)
{
    tl_str name = tl_str_z(otherwise);
    r->at = r->last.ptr;
    if (looks_like_zone(r->last)) {
        name = r->last;
        r->text = tl_str_trim(tl_str_n(r->text.ptr, (size_t)(r->last.ptr - r->text.ptr)));
    } else if (otherwise == NULL) {
        r->at += r->last.len;
        return tl_fail(r->err, TL_ECONFIG, "the time zone is missing; add an IANA name such as Europe/Berlin, or UTC");
    }
    return tl_zone_load(name, &schedule->zone, r->err) == TL_OK ? TL_OK : TL_ECONFIG;
}

static size_t count_words(tl_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += !is_blank(text.ptr[i]) && (i == 0 || is_blank(text.ptr[i - 1]));
    return count;
}

/* Cron has no colon; three words that begin with a name are days, five are not. */
static bool looks_like_cron(tl_str text)
{
    size_t words = count_words(text);
    return tl_str_find(text, ':') < 0 && (words >= 5 || (words > 1 && !is_letter(text.ptr[0])));
}

static tl_code read_rule(struct reading *r, struct tl_schedule *schedule)
{
    tl_code code;
    r->at = r->text.ptr;
    if (r->text.len == 0)
        return tl_fail(r->err, TL_ECONFIG, "a time is missing before the zone");
    if (r->text.ptr[0] == '@')
        code = tl_cron_macro(r->text, &schedule->rule, &r->at, r->err);
    else if (looks_like_cron(r->text))
        code = tl_cron_parse(r->text, 0, &schedule->rule, &r->at, r->err);
    else
        code = tl_schedule_words(r->text, &schedule->rule, &r->at, r->err);
    schedule->kind = schedule->rule.repeats ? TL_SCHEDULE_REPEATING : TL_SCHEDULE_FIXED;
    return code;
}

static tl_code read_all(struct reading *r, const char *zone, struct tl_schedule *schedule)
{
    if (tl_str_ieq(tl_str_n(r->text.ptr, r->text.len < 5 ? r->text.len : 5), TL_STR("every")) &&
        (r->text.len == 5 || is_blank(r->text.ptr[5])))
        r->text = tl_str_trim(tl_str_from(r->text, 5));
    r->last = last_word(r->text);
    r->at = r->text.ptr;
    if (r->text.len == 0)
        return tl_fail(r->err, TL_ECONFIG, "it is empty");
    bool one = r->last.ptr == r->text.ptr, digit = r->text.ptr[0] >= '0' && r->text.ptr[0] <= '9';
    if (one && digit && tl_str_find(r->text, ':') < 0)
        return read_interval(r, schedule);
    tl_code code = read_zone(r, zone, schedule);
    return code == TL_OK ? read_rule(r, schedule) : code;
}

tl_code tl_schedule_parse(tl_str text, const char *zone, struct tl_schedule **out, struct tl_error *err)
{
    struct tl_error own = {0};
    struct reading r = {.text = tl_str_trim(text), .at = text.ptr, .err = &own};
    struct tl_schedule *schedule = TL_NEW(struct tl_schedule);
    tl_code code = text.len > TEXT_MAX ? tl_fail(&own, TL_ECONFIG, "it has more than %d characters", TEXT_MAX)
                                       : read_all(&r, zone, schedule);
    if (code == TL_OK && tl_schedule_next(schedule, 0) == TL_NEVER)
        code = tl_fail(&own, TL_ECONFIG, "it never happens: no date fits all of its days and months");
    if (code == TL_OK) {
        *out = schedule;
        return TL_OK;
    }
    tl_schedule_free(schedule);
    size_t at = r.at != NULL && r.at >= text.ptr && r.at <= text.ptr + text.len ? (size_t)(r.at - text.ptr) : 0;
    tl_str shown = text.len > TEXT_MAX ? tl_str_n(text.ptr, TEXT_MAX) : text;
    return tl_fail(err, TL_ECONFIG, "schedule \"%.*s\", character %zu: %s. Right are " EXAMPLES, TL_STR_ARGS(shown),
                   at + 1, own.text);
}

/* ---- instants ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t wall_at(const struct tl_zone *zone, int64_t at)
{
    struct tl_zone_offset offset;
    tl_zone_at(zone, at, &offset);
    return at + offset.seconds;
}

/* When the clocks first show this local second, or jump over it. */
static int64_t first_moment(const struct tl_zone *zone, int64_t wall)
{
    struct tl_civil civil = tl_civil_from_ms(wall * 1000);
    int64_t earlier, later;
    tl_zone_to_utc(zone, &civil, &earlier, &later);
    return earlier;
}

static int64_t next_fixed(const struct tl_schedule *s, int64_t after)
{
    int64_t wall = wall_at(s->zone, after);
    for (;;) {
        wall = tl_schedule_rule_next(&s->rule, wall + 1);
        if (wall == INT64_MAX)
            return TL_NEVER;
        int64_t moment = first_moment(s->zone, wall);
        if (moment > after)
            return moment;
    }
}

static int64_t next_repeating(const struct tl_schedule *s, int64_t after)
{
    int64_t from = after + 1, end;
    for (;;) {
        struct tl_zone_offset offset;
        tl_zone_at(s->zone, from, &offset);
        int64_t wall = tl_schedule_rule_next(&s->rule, from + offset.seconds);
        if (wall == INT64_MAX)
            return TL_NEVER;
        int64_t moment = wall - offset.seconds;
        if (!tl_zone_next_change(s->zone, from, &end) || moment < end)
            return moment;
        from = end;
    }
}

static int64_t next_second(const struct tl_schedule *s, int64_t after)
{
    switch (s->kind) {
    case TL_SCHEDULE_INTERVAL:
        return (floor_div(after - MONDAY, s->every) + 1) * s->every + MONDAY;
    case TL_SCHEDULE_FIXED:
        return next_fixed(s, after);
    default:
        return next_repeating(s, after);
    }
}

int64_t tl_schedule_next(const struct tl_schedule *schedule, int64_t wall_ms)
{
    int64_t next = next_second(schedule, floor_div(wall_ms, 1000));
    return next == TL_NEVER ? TL_NEVER : next * 1000;
}

/* Whether something is planned between a second and `upto` does not come back once it is gone: halving finds the last
 * second before which there is. */
int64_t tl_schedule_newest(const struct tl_schedule *schedule, int64_t after_ms, int64_t upto_ms)
{
    int64_t low = floor_div(after_ms, 1000), upto = floor_div(upto_ms, 1000), high = upto;
    if (low >= high || next_second(schedule, low) > upto)
        return TL_NEVER;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (next_second(schedule, middle) <= upto)
            low = middle;
        else
            high = middle;
    }
    return next_second(schedule, low) * 1000;
}

enum tl_schedule_note tl_schedule_note(const struct tl_schedule *s, int64_t instant_ms)
{
    if (s->zone == NULL)
        return TL_TICK_PLAIN;
    int64_t at = floor_div(instant_ms, 1000), wall = wall_at(s->zone, at), earlier, later;
    if (tl_schedule_rule_next(&s->rule, wall) != wall)
        return TL_TICK_SKIPPED;
    struct tl_civil civil = tl_civil_from_ms(wall * 1000);
    if (tl_zone_to_utc(s->zone, &civil, &earlier, &later) != TL_ZONE_OVERLAP)
        return TL_TICK_PLAIN;
    return at == earlier ? TL_TICK_FIRST : TL_TICK_SECOND;
}
