/* Capture of one object: its records in the order of (SystemModstamp, Id), then the delete log.
 *
 * Each look begins an overlap before the last record read, because rows commit later than their modstamp
 * says; what was emitted lately is left out again. A backlog is read a page at a time, and the cursor stored
 * with each page; after PAGES pages the round ends and the next begins at once, so that one round's memory
 * stays small. A locator that is gone (INVALID_QUERY_LOCATOR) means a new query from the last record on,
 * never a failure. A delete log that does not reach back to our cursor is a gap: it is emitted with its interval, and
 * the log is read from where it begins. A stretch with too many deletions is asked for in halves. */
#include "children.h"
#include "cursor.h"

#include <tidelock/gap.h>
#include <tidelock/json.h>
#include <tidelock/time.h>

#define PAGES 4
#define LOG_LOOKS 32
#define LOG_STEP_MS 61000              /* the log wants start and end more than a minute apart */
#define LOG_REACH_MS (29LL * 86400000) /* it takes no start older than 30 days */

struct changes {
    struct sf_cursor cursor;
    tlc_slice object, fields, where;
    int64_t overlap_ms, now_ms; /* now: the platform's clock */
    int64_t log_end_ms;         /* of the stretch of the delete log that is asked for */
    int log_looks;
    int want_deleted, pages;
    int stored_more;    /* what the stored cursor says of cursor.more */
    tlc_slice next;     /* path of the next page, or absent */
    tlc_slice page;     /* the answer being worked on */
    tlc_slice *records; /* of it */
    uint32_t count;
    struct sf_child child;
    tlc_event *events;
    uint32_t event_count;
};

/* ---- settings
 * ----------------------------------------------------------------------------------------------------------------
 */

static int same_name(tlc_slice a, const char *name)
{
    uint64_t i, n = (uint64_t)strlen(name);
    for (i = 0; a.len == n && i < n; i++)
        if ((a.ptr[i] | 32) != (name[i] | 32))
            return 0;
    return a.len == n;
}

/* "Id, SystemModstamp" and what the settings list; absent when they list nothing. */
static tlc_slice listed_fields(tlc_call *c)
{
    tlc_slice list = tlc_json_raw(c->host, c->scope, c->request->options, "/fields"), key, raw, field;
    tlc_slice out = TLC_TEXT("Id, SystemModstamp"), none = {0, 0};
    uint64_t at = 0;
    int any = 0;

    while (list.len && c->host->json_next(c->scope, list, &at, &key, &raw) == 1) {
        if (c->host->json_text(c->scope, raw, &field) != 1 || !field.len)
            continue;
        any = 1;
        if (!same_name(field, "Id") && !same_name(field, "SystemModstamp"))
            out = TLC_JOIN(c, out, TLC_TEXT(", "), field);
    }
    return any ? out : none;
}

static tlc_slice known_fields(tlc_call *c)
{
    const struct sf_fields *fields;
    tlc_slice none = {0, 0};

    for (fields = c->instance->fields; fields; fields = fields->next)
        if (tlc_same(fields->object, c->request->object))
            return fields->list;
    return none;
}

/* Every field that can stand in a query of many rows, from describe; kept for the instance. */
static tlc_slice learn_fields(tlc_call *c, tlc_slice describe)
{
    tlc_instance *instance = c->instance;
    tlc_slice fields = tlc_json_raw(c->host, c->scope, describe, "/fields"), key, raw;
    tlc_slice list = TLC_TEXT("Id, SystemModstamp");
    uint64_t at = 0;

    while (c->host->json_next(c->scope, fields, &at, &key, &raw) == 1) {
        tlc_slice name = tlc_json_text(c->host, c->scope, raw, "/name"),
                  type = tlc_json_text(c->host, c->scope, raw, "/type");
        /* Compound fields come as their parts; base64 may be asked for one record only. */
        if (tlc_is(type, "address") || tlc_is(type, "location") || tlc_is(type, "base64") || tlc_is(name, "Id") ||
            tlc_is(name, "SystemModstamp"))
            continue;
        list = TLC_JOIN(c, list, TLC_TEXT(", "), name);
    }
    struct sf_fields *kept = c->host->alloc(instance->scope, sizeof *kept);
    kept->object = tlc_keep(c->host, instance->scope, c->request->object);
    kept->list = tlc_keep(c->host, instance->scope, list);
    kept->next = instance->fields;
    instance->fields = kept;
    return kept->list;
}

/* ---- queries
 * -----------------------------------------------------------------------------------------------------------------
 */

static const tlc_transfer *ask_describe(tlc_call *c)
{
    return tlc_ask(c, "GET",
                   TLC_JOIN(c, TLC_TEXT("sobjects/"), tlc_percent(c, c->request->object), TLC_TEXT("/describe")));
}

static const tlc_transfer *ask_newest(tlc_call *c, const struct changes *s)
{
    return tlc_ask(c, "GET",
                   sf_query_url(c, TLC_JOIN(c, TLC_TEXT("SELECT Id, SystemModstamp FROM "), s->object,
                                            TLC_TEXT(" ORDER BY SystemModstamp DESC, Id DESC LIMIT 1"))));
}

static const tlc_transfer *ask_first_page(tlc_call *c, const struct changes *s)
{
    tlc_slice condition = sf_cursor_condition(c, &s->cursor, s->overlap_ms), empty = TLC_TEXT("");
    tlc_slice and = condition.len && s->where.len ? TLC_TEXT(" AND ") : empty;
    tlc_slice open = s->where.len ? TLC_TEXT("(") : empty, close = s->where.len ? TLC_TEXT(")") : empty;
    tlc_slice soql =
        TLC_JOIN(c, TLC_TEXT("SELECT "), s->fields, TLC_TEXT(" FROM "), s->object,
                 condition.len || s->where.len ? TLC_TEXT(" WHERE ") : empty, condition.len ? condition : empty, and,
                 open, s->where.len ? s->where : empty, close, TLC_TEXT(" ORDER BY SystemModstamp, Id"));

    tlc_ask(c, "GET", sf_query_url(c, soql));
    tlc_add_header(c, "Sforce-Query-Options", TLC_TEXT("batchSize=1000"));
    return &c->transfer;
}

/* The platform's clock; ours when the answer has no Date. */
static int64_t platform_now(tlc_call *c, const tlc_input *in)
{
    int64_t ms;
    if (tlc_http_date_read(tlc_header_get(in->headers, in->header_count, "Date"), &ms))
        return ms;
    return c->host->wall_ms(c->scope);
}

static int locator_gone(tlc_call *c, const tlc_input *in)
{
    return in->outcome == TLC_SENT && in->status == 400 &&
           tlc_is(tlc_json_text(c->host, c->scope, in->body, "/0/errorCode"), "INVALID_QUERY_LOCATOR");
}

/* ---- where to begin
 * ------------------------------------------------------------------------------------------------------------
 */

static tlc_slice time_text(tlc_call *c, int64_t ms)
{
    char text[TLC_TIME_SIZE];
    return tlc_keep(c->host, c->scope, tlc_time_print(ms, text));
}

/* "now": behind the newest record there is. It and all before it are not wanted. */
static void begin_now(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body);

    s->now_ms = platform_now(c, in);
    s->cursor.t = tlc_json_text(c->host, c->scope, body, "/records/0/SystemModstamp");
    s->cursor.id = tlc_json_text(c->host, c->scope, body, "/records/0/Id");
    if (s->cursor.t.len) {
        s->cursor.floor = s->cursor.t;
        s->cursor.floor_id = s->cursor.id;
    }
    s->cursor.deleted = time_text(c, s->now_ms);
}

/* A time, or everything there is. 0: the setting is neither. */
static int begin_at(tlc_call *c, struct changes *s, tlc_slice since)
{
    int64_t ms;

    s->cursor.deleted = time_text(c, c->host->wall_ms(c->scope) - LOG_STEP_MS);
    if (tlc_is(since, "all"))
        return 1;
    if (!tlc_time_read(since, &ms))
        return 0;
    s->cursor.t = s->cursor.floor = time_text(c, ms - 1000); /* that second itself is wanted */
    return 1;
}

/* ---- events
 * --------------------------------------------------------------------------------------------------------------------
 */

/* 0: not the answer of a query. */
static int take_page(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice list, key, raw;
    uint64_t at = 0;

    s->now_ms = platform_now(c, in);
    s->page = tlc_keep(c->host, c->scope, in->body);
    list = tlc_json_raw(c->host, c->scope, s->page, "/records");
    if (!list.len || list.ptr[0] != '[')
        return 0;
    s->next = tlc_is(tlc_json_raw(c->host, c->scope, s->page, "/done"), "false")
                  ? tlc_json_text(c->host, c->scope, s->page, "/nextRecordsUrl")
                  : tlc_text_n(0, 0);
    s->records = c->host->alloc(c->scope, (tlc_json_count(c->host, c->scope, list) + 1) * sizeof *s->records);
    for (s->count = 0; c->host->json_next(c->scope, list, &at, &key, &raw) == 1;)
        s->records[s->count++] = raw;
    s->child.record = 0;
    s->pages++;
    return 1;
}

/* Events of the page, and the cursor behind it. */
static void make_events(tlc_call *c, struct changes *s)
{
    int64_t last = 0, t;
    uint32_t i;

    s->events = c->host->alloc(c->scope, (s->count + 1) * sizeof *s->events);
    s->event_count = 0;
    if (s->cursor.t.len)
        tlc_time_read(s->cursor.t, &last);
    for (i = 0; i < s->count; i++) {
        tlc_event *event = &s->events[s->event_count];
        memset(event, 0, sizeof *event);
        event->size = (uint32_t)sizeof *event;
        event->object = s->object;
        event->key = tlc_json_text(c->host, c->scope, s->records[i], "/Id");
        event->version = tlc_json_text(c->host, c->scope, s->records[i], "/SystemModstamp");
        event->payload = s->records[i];
        if (!tlc_time_read(event->version, &t))
            continue;
        event->changed_ms = t;
        if (t > s->now_ms)
            s->now_ms = t; /* no record is newer than the platform's clock, whatever Date said */
        if (s->next.len || t >= last || !s->cursor.t.len) {
            last = t;
            s->cursor.t = event->version;
            s->cursor.id = event->key;
        }
        if (!tlc_seen_has(&c->instance->seen, event))
            s->event_count++;
    }
    s->cursor.more = s->next.len > 0;
}

/* ---- the delete log
 * ------------------------------------------------------------------------------------------------------------
 */

static int log_is_due(const struct changes *s)
{
    int64_t from;
    return s->want_deleted && !s->cursor.more && s->cursor.deleted.len && tlc_time_read(s->cursor.deleted, &from) &&
           s->now_ms - from >= LOG_STEP_MS;
}

static int64_t log_start(const struct changes *s)
{
    int64_t from = 0;
    tlc_time_read(s->cursor.deleted, &from);
    return from;
}

static const tlc_transfer *ask_log(tlc_call *c, const struct changes *s)
{
    return tlc_ask_any(c, "GET",
                       TLC_JOIN(c, TLC_TEXT("sobjects/"), tlc_percent(c, s->object), TLC_TEXT("/deleted?start="),
                                tlc_percent(c, s->cursor.deleted), TLC_TEXT("&end="),
                                tlc_percent(c, time_text(c, s->log_end_ms))));
}

static int log_says(tlc_call *c, const tlc_input *in, const char *code)
{
    return in->outcome == TLC_SENT && in->status == 400 &&
           tlc_is(tlc_json_text(c->host, c->scope, in->body, "/0/errorCode"), code);
}

/* Half of the stretch, when it can still be halved. */
static int log_halved(struct changes *s)
{
    int64_t from = log_start(s), length = s->log_end_ms - from;

    if (length < 2 * LOG_STEP_MS)
        return 0;
    s->log_end_ms = from + length / 2;
    return 1;
}

static void add_gap(tlc_call *c, struct changes *s, int64_t to_ms, const char *why)
{
    tlc_slice to = time_text(c, to_ms);

    tlc_gap_event(c->host, c->scope, s->object, s->cursor.deleted, to, why, &s->events[s->event_count++]);
    s->cursor.deleted = to;
}

/* The answer cannot be had: what was deleted up to `to_ms` is not told, and the log goes on from there. */
static void skip_log(tlc_call *c, struct changes *s, int64_t to_ms, const char *why)
{
    s->events = c->host->alloc(c->scope, sizeof *s->events);
    s->event_count = 0;
    add_gap(c, s, to_ms, why);
}

static void take_log(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice list, key, raw, covered;
    int64_t earliest;
    uint64_t at = 0;

    s->page = tlc_keep(c->host, c->scope, in->body);
    list = tlc_json_raw(c->host, c->scope, s->page, "/deletedRecords");
    s->count = tlc_json_count(c->host, c->scope, list);
    s->events = c->host->alloc(c->scope, (s->count + 2) * sizeof *s->events);
    s->event_count = 0;
    if (tlc_time_read(tlc_json_text(c->host, c->scope, s->page, "/earliestDateAvailable"), &earliest) &&
        earliest > log_start(s))
        add_gap(c, s, earliest < s->log_end_ms ? earliest : s->log_end_ms,
                "the delete log does not reach back to the last look: what was deleted is not told");
    while (list.len && c->host->json_next(c->scope, list, &at, &key, &raw) == 1) {
        tlc_event *event = &s->events[s->event_count];
        event->size = (uint32_t)sizeof *event;
        event->object = s->object;
        event->key = tlc_json_text(c->host, c->scope, raw, "/id");
        event->version = tlc_json_text(c->host, c->scope, raw, "/deletedDate");
        event->deleted = 1;
        tlc_time_read(event->version, &event->changed_ms);
        s->event_count += event->key.len > 0 && !tlc_seen_has(&c->instance->seen, event);
    }
    covered = tlc_json_text(c->host, c->scope, s->page, "/latestDateCovered");
    if (covered.len)
        s->cursor.deleted = covered;
}

/* ---- the round
 * ------------------------------------------------------------------------------------------------------------------
 */

static struct changes *prepare(tlc_call *c)
{
    struct changes *s = c->state = c->host->alloc(c->scope, sizeof *s);

    s->object = c->request->object;
    s->where = tlc_option(c, "/where");
    s->overlap_ms = tlc_duration_read(tlc_option(c, "/overlap"), 120000);
    s->want_deleted = !tlc_is(tlc_json_raw(c->host, c->scope, c->request->options, "/deleted"), "false");
    s->fields = listed_fields(c);
    if (!s->fields.len)
        s->fields = known_fields(c);
    return s;
}

void sf_changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct changes *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    if (c->request->cursor.len) {
        if (!sf_cursor_read(c, c->request->cursor, &s->cursor))
            TL_FAIL(TLC_GAP, TLC_TEXT("the stored cursor cannot be read"));
        s->stored_more = s->cursor.more;
    } else if (tlc_is(tlc_option(c, "/since"), "now") || !tlc_option(c, "/since").len) {
        TL_HTTP(ask_newest(c, s));
        begin_now(c, s, in);
        TL_EMIT(0, 0, sf_cursor_write(c, &s->cursor));
    } else if (!begin_at(c, s, tlc_option(c, "/since"))) {
        TL_FAIL(TLC_CONFIG, TLC_TEXT("changes: since must be now, all or a time such as 2026-01-31T00:00:00Z"));
    }
    if (!s->fields.len) {
        TL_HTTP(ask_describe(c));
        s->fields = learn_fields(c, in->body);
    }

    do {
        if (s->next.len) {
            TL_HTTP(tlc_ask_any(c, "GET", sf_relative(s->next)));
            if (locator_gone(c, in)) {
                s->next.len = 0;
                continue; /* a new query, behind the last record */
            }
            if (in->outcome != TLC_SENT || in->status >= 300)
                TL_FAIL(0, TLC_TEXT(""));
        } else {
            TL_HTTP(ask_first_page(c, s));
        }
        if (!take_page(c, s, in))
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer to the query has no records"));
        while (sf_children_open(c, s->records, s->count, &s->child)) {
            TL_HTTP(tlc_ask(c, "GET", sf_relative(s->child.next)));
            if (!sf_children_join(c, &s->records[s->child.record], &s->child, tlc_keep(c->host, c->scope, in->body)))
                TL_FAIL(TLC_RETRY, TLC_TEXT("the rest of a record's children cannot be read"));
        }
        make_events(c, s);
        if (s->event_count || s->cursor.more || s->stored_more) {
            TL_EMIT(s->events, s->event_count, sf_cursor_write(c, &s->cursor));
            tlc_seen_add(&c->instance->seen, s->events, s->event_count);
            s->stored_more = s->cursor.more;
        }
    } while (s->cursor.more && s->pages < PAGES);

    while (log_is_due(s) && s->log_looks++ < LOG_LOOKS) {
        if (!s->log_end_ms)
            s->log_end_ms = s->now_ms;
        TL_HTTP(ask_log(c, s));
        if (log_says(c, in, "EXCEEDED_ID_LIMIT") && log_halved(s))
            continue;
        if (log_says(c, in, "EXCEEDED_ID_LIMIT"))
            skip_log(c, s, s->log_end_ms, "more was deleted within two minutes than the platform tells");
        else if (log_says(c, in, "INVALID_REPLICATION_DATE") && log_start(s) < s->now_ms - LOG_REACH_MS)
            skip_log(c, s, s->log_end_ms = s->now_ms - LOG_REACH_MS,
                     "the last look is longer ago than the delete log goes back: what was deleted is not told");
        else if (in->outcome != TLC_SENT || in->status >= 300)
            TL_FAIL(0, TLC_TEXT(""));
        else
            take_log(c, s, in);
        if (s->log_end_ms == s->now_ms)
            s->log_looks = LOG_LOOKS; /* up to now: what is held back there is for the next round */
        s->log_end_ms = 0;
        TL_EMIT(s->events, s->event_count, sf_cursor_write(c, &s->cursor));
        tlc_seen_add(&c->instance->seen, s->events, s->event_count);
    }
    c->done.again_ms = s->cursor.more ? 1 : 0;
    TL_DONE(&c->done);
    TL_END;
}
