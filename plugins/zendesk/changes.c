/* Capture by the incremental exports: cursor-based for tickets and users, time-based for organizations.
 *
 * The export withholds the last minute and allows 10 requests a minute; a start must lie more than a minute
 * back. "now" therefore begins some minutes ago and leaves out what was changed before the first look. Of the
 * time export the rows of the border second come again, which the same id and updated_at reveal. Cursor, as
 * JSON: {"after": cursor of the export} or {"start": Unix seconds}, "floor": updated_at below which nothing is
 * wanted, "t": the newest updated_at read, and "at": the time of the last answer stored. A cursor that is
 * refused is replaced by a start at "t"; without one it is a gap, from "at" to the refusal, and the export is
 * read from its floor on. It tells the deleted rows that it still has. */
#include "zendesk.h"

#include <tidelock/gap.h>
#include <tidelock/json.h>
#include <tidelock/time.h>

#define PAGES 5
#define PAUSE_MS 6000  /* between rounds of a backlog: 10 requests a minute */
#define BACK_MS 300000 /* how far "now" begins in the past */

struct changes {
    tlc_slice after, floor, newest, at;
    int64_t start_s;
    int by_time, pages, moved, more;
    tlc_event *events;
    uint32_t event_count;
};

static int64_t number(tlc_slice digits)
{
    int64_t n = 0;
    uint64_t i;
    for (i = 0; i < digits.len && i < 15 && digits.ptr[i] >= '0' && digits.ptr[i] <= '9'; i++)
        n = n * 10 + (digits.ptr[i] - '0');
    return n;
}

static tlc_slice digits(tlc_call *c, int64_t n)
{
    char text[24], *at = text + sizeof text;
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return tlc_keep(c->host, c->scope, tlc_text_n(at, (uint64_t)(text + sizeof text - at)));
}

/* ---- the cursor ---- */

static tlc_slice cursor(tlc_call *c, const struct changes *s)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice text = {0, 0};

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_optional(c->host, writer, "after", TLC_JSON_STRING, s->after);
    if (!s->after.len)
        tlc_json_optional(c->host, writer, "start", TLC_JSON_RAW, digits(c, s->start_s));
    tlc_json_optional(c->host, writer, "floor", TLC_JSON_STRING, s->floor);
    tlc_json_optional(c->host, writer, "t", TLC_JSON_STRING, s->newest);
    tlc_json_optional(c->host, writer, "at", TLC_JSON_STRING, s->at);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &text);
    return text;
}

/* 0: what is stored, or the setting `since`, cannot be read. */
static int begin_at(tlc_call *c, struct changes *s)
{
    tlc_slice stored = c->request->cursor, since = tlc_option(c, "/since");
    int64_t now_ms = c->host->wall_ms(c->scope), ms = 0;
    char text[TLC_TIME_SIZE];

    if (stored.len) {
        s->after = tlc_json_text(c->host, c->scope, stored, "/after");
        s->floor = tlc_json_text(c->host, c->scope, stored, "/floor");
        s->newest = tlc_json_text(c->host, c->scope, stored, "/t");
        s->at = tlc_json_text(c->host, c->scope, stored, "/at");
        s->start_s = number(tlc_json_text(c->host, c->scope, stored, "/start"));
        return c->host->json_check(c->scope, stored) == 1;
    }
    if (tlc_is(since, "all"))
        return 1;
    if (since.len && !tlc_is(since, "now")) {
        if (!tlc_time_read(since, &ms))
            return 0;
    } else {
        ms = now_ms; /* the platform's clock takes its place with the first answer */
    }
    s->floor = tlc_keep(c->host, c->scope, tlc_text_n(tlc_time_print(ms, text).ptr, 19));
    s->floor = TLC_JOIN(c, s->floor, TLC_TEXT("Z"));
    s->start_s = (ms < now_ms - BACK_MS ? ms : now_ms - BACK_MS) / 1000;
    if (s->start_s < 0)
        s->start_s = 0;
    return 1;
}

/* ---- pages ---- */

static const tlc_transfer *ask(tlc_call *c, const struct changes *s)
{
    tlc_slice path = TLC_JOIN(c, TLC_TEXT("incremental/"), tlc_z(c->kind->path),
                              s->by_time ? TLC_TEXT(".json?") : TLC_TEXT("/cursor.json?"));

    if (s->after.len)
        return tlc_ask_any(c, "GET", TLC_JOIN(c, path, TLC_TEXT("cursor="), tlc_percent(c, s->after)));
    return tlc_ask(c, "GET", TLC_JOIN(c, path, TLC_TEXT("start_time="), digits(c, s->start_s)));
}

static int is_gone(tlc_call *c, tlc_slice record)
{
    if (tlc_is(tlc_z(c->kind->one), "ticket"))
        return tlc_is(tlc_json_text(c->host, c->scope, record, "/status"), "deleted");
    return tlc_is(tlc_json_raw(c->host, c->scope, record, "/active"), "false");
}

/* Both are written alike, in UTC to the second, so texts compare as times do. */
static int below(tlc_slice version, tlc_slice floor)
{
    return floor.len && version.len == floor.len && memcmp(version.ptr, floor.ptr, (size_t)floor.len) < 0;
}

static void make_event(tlc_call *c, struct changes *s, tlc_slice record)
{
    tlc_event *event = &s->events[s->event_count];

    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->object = c->request->object;
    event->key = tlc_json_text(c->host, c->scope, record, "/id");
    event->version = tlc_json_text(c->host, c->scope, record, "/updated_at");
    event->payload = record;
    event->deleted = (uint32_t)is_gone(c, record);
    tlc_time_read(event->version, &event->changed_ms);
    if (event->version.len && !below(event->version, s->newest))
        s->newest = event->version;
    s->event_count += event->key.len && !below(event->version, s->floor) && !tlc_seen_has(&c->instance->seen, event);
}

static void move_on(tlc_call *c, struct changes *s, tlc_slice page)
{
    if (s->by_time) {
        int64_t end_s = number(tlc_json_text(c->host, c->scope, page, "/end_time"));
        if (end_s <= s->start_s && s->more)
            end_s = s->start_s + 1; /* a full page within one second: it is never split */
        s->moved = end_s > s->start_s;
        s->start_s = end_s > s->start_s ? end_s : s->start_s;
    } else {
        tlc_slice after = tlc_json_text(c->host, c->scope, page, "/after_cursor");
        s->moved = after.len > 0 && !tlc_same(after, s->after);
        if (after.len)
            s->after = after;
    }
}

/* The platform's clock, or ours. */
static tlc_slice time_of(tlc_call *c, const tlc_input *in)
{
    char text[TLC_TIME_SIZE];
    int64_t ms;

    if (!tlc_http_date_read(tlc_header_get(in->headers, in->header_count, "Date"), &ms))
        ms = c->host->wall_ms(c->scope);
    return tlc_keep(c->host, c->scope, tlc_time_print(ms, text));
}

/* 0: not the answer of an export. */
static int take(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice page = tlc_keep(c->host, c->scope, in->body), rows = zd_rows(c, page), key, raw;
    uint64_t at = 0;

    if (!rows.len || rows.ptr[0] != '[')
        return 0;
    s->events = c->host->alloc(c->scope, (tlc_json_count(c->host, c->scope, rows) + 1) * sizeof *s->events);
    s->event_count = 0;
    while (c->host->json_next(c->scope, rows, &at, &key, &raw) == 1)
        make_event(c, s, raw);
    s->more = tlc_is(tlc_json_raw(c->host, c->scope, page, "/end_of_stream"), "false");
    s->at = time_of(c, in);
    move_on(c, s, page);
    s->pages++;
    return 1;
}

/* ---- a cursor that is good for nothing any more ---- */

static int is_refused(const struct changes *s, const tlc_input *in)
{
    return s->after.len && in->outcome == TLC_SENT && (in->status == 400 || in->status == 410 || in->status == 422);
}

/* Behind the newest record read, some minutes earlier: the export tells all that changed since a time, so nothing is
 * missed. */
static int begin_at_newest(struct changes *s)
{
    int64_t ms;

    s->after.len = 0;
    if (!tlc_time_read(s->newest, &ms))
        return 0;
    s->start_s = (ms > BACK_MS ? ms - BACK_MS : 0) / 1000;
    return 1;
}

/* The last time we know of is that of the last answer; a cursor of an older version has only where the capture began.
 */
static void begin_at_floor(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice from = s->at.len ? s->at : s->floor;
    int64_t ms = 0;

    tlc_time_read(s->floor, &ms);
    s->start_s = ms / 1000;
    s->events = c->host->alloc(c->scope, sizeof *s->events);
    s->event_count = 1;
    tlc_gap_event(c->host, c->scope, c->request->object, from, time_of(c, in), TLC_DELETIONS_PARTLY,
                  "the export's cursor is refused; it is read from the beginning", s->events);
}

/* "now" by the platform's clock: ours may be ahead, and would leave out what it should not. */
static void correct_floor(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice since = tlc_option(c, "/since");
    char text[TLC_TIME_SIZE];
    int64_t ms;

    if (c->request->cursor.len || (since.len && !tlc_is(since, "now")) || s->pages > 0 ||
        !tlc_http_date_read(tlc_header_get(in->headers, in->header_count, "Date"), &ms))
        return;
    s->floor = TLC_JOIN(c, tlc_text_n(tlc_time_print(ms, text).ptr, 19), TLC_TEXT("Z"));
}

void zd_changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct changes *s = c->state;

    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    s->by_time = tlc_is(tlc_z(c->kind->one), "organization");
    if (!begin_at(c, s))
        TL_FAIL(c->request->cursor.len ? TLC_GAP : TLC_CONFIG,
                TLC_TEXT("changes: since must be now, all or a time such as 2026-01-31T00:00:00Z, and the "
                         "cursor one of ours"));
    do {
        TL_HTTP(ask(c, s));
        if (is_refused(s, in)) {
            if (!begin_at_newest(s)) {
                begin_at_floor(c, s, in);
                TL_EMIT(s->events, s->event_count, cursor(c, s));
            }
            s->more = 1;
            continue;
        }
        if (in->outcome != TLC_SENT || in->status >= 300)
            TL_FAIL(0, TLC_TEXT(""));
        correct_floor(c, s, in);
        if (!take(c, s, in))
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer of the export has no records"));
        if (s->event_count || s->moved || !c->request->cursor.len) {
            TL_EMIT(s->events, s->event_count, cursor(c, s));
            tlc_seen_add(&c->instance->seen, s->events, s->event_count);
        }
    } while (s->more && s->pages < PAGES);
    c->done.again_ms = s->more ? PAUSE_MS : 0;
    TL_DONE(&c->done);
    TL_END;
}
