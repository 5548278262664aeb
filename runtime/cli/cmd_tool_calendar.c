/* `tidelock tool calendar`: the next instants of a schedule, or the state of a maintenance window, by the same code
 * that the server asks. */
#include "base/attr.h"
#include "base/clock.h"
#include "codec/timestamp.h"
#include "codec/zone.h"
#include "command.h"
#include "guard/calendar.h"
#include "guard/schedule.h"
#include "stream.h"
#include <stdio.h>

enum { NEXT = 5, NEXT_MAX = 1000, OUT_MAX = 4 << 20 };

/* What was asked. */
struct query {
    const char *text;
    int64_t at_ms;
    uint64_t next;
    bool json;
};

/* ---- times ---- */

struct time_text {
    char utc[TL_TIMESTAMP_SIZE], local[TL_TIMESTAMP_SIZE];
    const char *weekday;
};

static struct time_text text_of(const struct tl_zone *zone, int64_t ms)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct time_text out;
    struct tl_zone_offset offset = {0};
    if (zone != NULL)
        tl_zone_at(zone, ms / 1000, &offset);
    struct tl_timestamp at = tl_timestamp_from_ms(ms);
    at.digits = ms % 1000 != 0 ? 3 : 0;
    tl_timestamp_print(&at, TL_TIME_RFC3339, out.utc);
    at.offset = (int16_t)(offset.seconds / 60);
    tl_timestamp_print(&at, TL_TIME_RFC3339, out.local);
    struct tl_civil local = tl_civil_from_ms(ms + (int64_t)offset.seconds * 1000);
    out.weekday = days[tl_date_weekday(local.date) - 1];
    return out;
}

static void put_moment(struct tl_json_writer *w, const char *name, const struct tl_zone *zone, int64_t ms)
{
    struct time_text text = text_of(zone, ms);
    tl_json_key(w, name);
    tl_json_begin_object(w);
    tl_json_put_z(w, "utc", text.utc);
    tl_json_put_z(w, "local", text.local);
    tl_json_put_z(w, "weekday", text.weekday);
    tl_json_end_object(w);
}

static void begin_json(struct tl_json_writer *w, struct tl_buf *out, const struct query *query, const char *kind,
                       const struct tl_zone *zone)
{
    tl_buf_init(out, OUT_MAX);
    tl_json_writer_init(w, out);
    tl_json_begin_object(w);
    tl_json_put_z(w, "expression", query->text);
    tl_json_put_z(w, "kind", kind);
    tl_json_put_z(w, "zone", zone != NULL ? tl_zone_name(zone) : NULL);
    tl_json_put_z(w, "at", text_of(NULL, query->at_ms).utc);
}

/* ---- schedules ---- */

static const char *const notes[] = {[TL_TICK_PLAIN] = NULL,
                                    [TL_TICK_SKIPPED] = "the clocks jump over its time",
                                    [TL_TICK_FIRST] = "its time comes twice: the first",
                                    [TL_TICK_SECOND] = "its time comes twice: the second"};
static const char *const kinds[] = {
    [TL_SCHEDULE_INTERVAL] = "interval", [TL_SCHEDULE_FIXED] = "fixed times", [TL_SCHEDULE_REPEATING] = "repeating"};

static void print_schedule(const struct tl_schedule *schedule, const struct query *query)
{
    const struct tl_zone *zone = tl_schedule_zone(schedule);
    printf("%s (%s)\n", query->text, kinds[tl_schedule_kind(schedule)]);
    int64_t at = query->at_ms;
    for (uint64_t i = 0; i < query->next && (at = tl_schedule_next(schedule, at)) != TL_NEVER; i++) {
        struct time_text text = text_of(zone, at);
        const char *note = notes[tl_schedule_note(schedule, at)];
        printf("%s  %s %s%s%s\n", text.utc, text.weekday, text.local, note != NULL ? "  " : "",
               note != NULL ? note : "");
    }
}

static tl_code schedule_json(const struct tl_schedule *schedule, const struct query *query, struct tl_error *err)
{
    const struct tl_zone *zone = tl_schedule_zone(schedule);
    struct tl_buf out;
    struct tl_json_writer w;
    begin_json(&w, &out, query, kinds[tl_schedule_kind(schedule)], zone);
    tl_json_key(&w, "next");
    tl_json_begin_array(&w);
    int64_t at = query->at_ms;
    for (uint64_t i = 0; i < query->next && (at = tl_schedule_next(schedule, at)) != TL_NEVER; i++) {
        struct time_text text = text_of(zone, at);
        tl_json_begin_object(&w);
        tl_json_put_z(&w, "utc", text.utc);
        tl_json_put_z(&w, "local", text.local);
        tl_json_put_z(&w, "weekday", text.weekday);
        tl_json_put_z(&w, "note", notes[tl_schedule_note(schedule, at)]);
        tl_json_end_object(&w);
    }
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_stream_print_json(&w, &out, err);
}

static tl_code show_schedule(const struct query *query, const char *zone, struct tl_error *err)
{
    struct tl_schedule *schedule;
    tl_code code = tl_schedule_parse(tl_str_z(query->text), zone, &schedule, err);
    if (code != TL_OK)
        return TL_EINPUT;
    if (query->json)
        code = schedule_json(schedule, query, err);
    else
        print_schedule(schedule, query);
    tl_schedule_free(schedule);
    return code;
}

/* ---- windows ---- */

/* From `at` on: when the window opens next and when that one closes. */
static void next_window(const struct tl_calendar *calendar, int64_t *at, int64_t *opens, int64_t *closes)
{
    size_t which;
    int64_t from = *at;
    bool open = tl_calendar_at(calendar, from, opens, &which);
    if (open && tl_calendar_at(calendar, *opens, closes, &which)) { /* around the clock */
        *at = *closes = *opens;
        *opens = from;
        return;
    }
    if (open)
        *opens = *closes;
    tl_calendar_at(calendar, *opens, closes, &which);
    *at = *closes;
}

static void print_window(const struct tl_calendar *calendar, const struct query *query)
{
    const struct tl_zone *zone = tl_calendar_zone(calendar, 0);
    int64_t change, at = query->at_ms, opens, closes;
    size_t which;
    bool open = tl_calendar_at(calendar, at, &change, &which);
    struct time_text text = text_of(zone, change);
    printf("%s: %s %s (%s %s)\n", query->text, open ? "open until" : "closed until", text.utc, text.weekday,
           text.local);
    for (uint64_t i = 0; i < query->next; i++) {
        next_window(calendar, &at, &opens, &closes);
        struct time_text from = text_of(zone, opens), to = text_of(zone, closes);
        printf("%s to %s  %s %s to %s %s\n", from.utc, to.utc, from.weekday, from.local, to.weekday, to.local);
    }
}

static tl_code window_json(const struct tl_calendar *calendar, const struct query *query, struct tl_error *err)
{
    const struct tl_zone *zone = tl_calendar_zone(calendar, 0);
    struct tl_buf out;
    struct tl_json_writer w;
    int64_t change, at = query->at_ms, opens, closes;
    size_t which;
    bool open = tl_calendar_at(calendar, at, &change, &which);
    begin_json(&w, &out, query, "window", zone);
    tl_json_put_bool(&w, "open", open);
    put_moment(&w, "until", zone, change);
    tl_json_key(&w, "next");
    tl_json_begin_array(&w);
    for (uint64_t i = 0; i < query->next; i++) {
        next_window(calendar, &at, &opens, &closes);
        tl_json_begin_object(&w);
        put_moment(&w, "opens", zone, opens);
        put_moment(&w, "closes", zone, closes);
        tl_json_end_object(&w);
    }
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_stream_print_json(&w, &out, err);
}

static tl_code show_window(const struct query *query, struct tl_error *err)
{
    struct tl_calendar *calendar = tl_calendar_new();
    tl_code code = tl_calendar_add(calendar, tl_str_z(query->text), err);
    if (code != TL_OK)
        code = TL_EINPUT;
    else if (query->json)
        code = window_json(calendar, query, err);
    else
        print_window(calendar, query);
    tl_calendar_free(calendar);
    return code;
}

/* A window has a span of time: a word with a colon and a dash behind it. */
static bool is_window(const char *text)
{
    tl_str rest = tl_str_z(text), word;
    while (tl_str_cut(&rest, ' ', &word)) {
        ptrdiff_t colon = tl_str_find(word, ':');
        if (colon >= 0 && tl_str_find(tl_str_from(word, (size_t)colon), '-') >= 0)
            return true;
    }
    return false;
}

/* ---- the command ---- */

static tl_code read_query(const struct tl_args *args, struct query *query, struct tl_error *err)
{
    const char *at = tl_arg(args, "--at"), *next = tl_arg(args, "--next");
    struct tl_timestamp time;
    *query =
        (struct query){.text = args->words[0], .at_ms = tl_wall_ms(), .next = NEXT, .json = tl_flag(args, "--json")};
    if (next != NULL && (!tl_str_u64(tl_str_z(next), &query->next) || query->next > NEXT_MAX))
        return tl_fail(err, TL_EUSAGE, "--next takes a number up to %d, not '%s'", NEXT_MAX, next);
    if (at == NULL)
        return TL_OK;
    if (tl_timestamp_parse(tl_str_z(at), TL_TIME_RFC3339 | TL_TIME_DATE, &time, err) != TL_OK)
        return tl_fail(err, TL_EUSAGE, "--at takes a time (2026-03-28T12:00:00Z), not '%s'", at);
    query->at_ms = time.ms;
    return TL_OK;
}

tl_code tl_cmd_tool_calendar(const struct tl_args *args, struct tl_error *err)
{
    struct query query;
    tl_code code = read_query(args, &query, err);
    if (code != TL_OK)
        return code;
    return is_window(query.text) ? show_window(&query, err) : show_schedule(&query, tl_arg(args, "--zone"), err);
}
