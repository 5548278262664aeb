/* Capture of one object: its records in the order of (SystemModstamp, Id), or those that the updated list names
 * (updated.c); then the delete log (log.c).
 *
 * Each look begins an overlap before the last record read, because rows commit later than their modstamp
 * says; what was emitted lately is left out again. A backlog is read a page at a time, and the cursor stored
 * with each page; after PAGES pages the round ends and the next begins at once, so that one round's memory
 * stays small. A locator that is gone (INVALID_QUERY_LOCATOR) means a new query from the last record on,
 * never a failure. */
#include "changes.h"

#include <tidelock/json.h>
#include <tidelock/time.h>

#define PAGES 4
#define BAD_SINCE TLC_TEXT("changes: since must be now, all or a time such as 2026-01-31T00:00:00Z")

/* ---- settings ---- */

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

/* ---- queries ---- */

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

static const tlc_transfer *ask_first_page(tlc_call *c, struct changes *s)
{
    tlc_slice condition =
        s->by_updated ? sf_updated_condition(c, s) : sf_cursor_condition(c, &s->cursor, s->overlap_ms);
    tlc_slice empty = TLC_TEXT(""), and = condition.len && s->where.len ? TLC_TEXT(" AND ") : empty;
    tlc_slice open = s->where.len ? TLC_TEXT("(") : empty, close = s->where.len ? TLC_TEXT(")") : empty;
    tlc_slice soql = TLC_JOIN(c, TLC_TEXT("SELECT "), s->fields, TLC_TEXT(" FROM "), s->object,
                              condition.len || s->where.len ? TLC_TEXT(" WHERE ") : empty,
                              condition.len ? condition : empty, and, open, s->where.len ? s->where : empty, close,
                              s->by_updated ? TLC_TEXT(" ORDER BY Id") : TLC_TEXT(" ORDER BY SystemModstamp, Id"));

    tlc_ask(c, "GET", sf_query_url(c, soql));
    tlc_add_header(c, "Sforce-Query-Options", TLC_TEXT("batchSize=1000"));
    return &c->transfer;
}

/* ---- where to begin ---- */

/* "now": behind the newest record there is. It and all before it are not wanted. */
static void begin_now(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body);

    s->now_ms = sf_platform_now(c, in);
    s->cursor.t = tlc_json_text(c->host, c->scope, body, "/records/0/SystemModstamp");
    s->cursor.id = tlc_json_text(c->host, c->scope, body, "/records/0/Id");
    if (s->cursor.t.len) {
        s->cursor.floor = s->cursor.t;
        s->cursor.floor_id = s->cursor.id;
    }
    s->cursor.deleted = sf_time_text(c, s->now_ms);
}

/* A time, or everything there is. 0: the setting is neither. */
static int begin_at(tlc_call *c, struct changes *s, tlc_slice since)
{
    int64_t ms;

    s->cursor.deleted = sf_time_text(c, c->host->wall_ms(c->scope) - SF_STEP_MS);
    if (tlc_is(since, "all"))
        return 1;
    if (!tlc_time_read(since, &ms))
        return 0;
    s->cursor.t = s->cursor.floor = sf_time_text(c, ms - 1000); /* that second itself is wanted */
    return 1;
}

/* ---- events ---- */

/* 0: not the answer of a query. */
static int take_page(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice list, key, raw;
    uint64_t at = 0;

    s->now_ms = sf_platform_now(c, in);
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
        if (!s->by_updated && (s->next.len || t >= last || !s->cursor.t.len)) {
            last = t;
            s->cursor.t = event->version;
            s->cursor.id = event->key;
        }
        if (!tlc_seen_has(&c->instance->seen, event))
            s->event_count++;
    }
    if (s->by_updated)
        sf_updated_move(c, s);
    else
        s->cursor.more = s->next.len > 0;
}

static int page_is_due(const struct changes *s)
{
    if (s->pages >= (s->by_updated ? SF_UPDATED_PAGES : PAGES))
        return 0;
    return s->by_updated ? sf_updated_page_due(s) : s->pages == 0 || s->cursor.more;
}

/* ---- the round ---- */

static struct changes *prepare(tlc_call *c)
{
    struct changes *s = c->state = c->host->alloc(c->scope, sizeof *s);

    s->object = c->request->object;
    s->where = tlc_option(c, "/where");
    s->overlap_ms = tlc_duration_read(tlc_option(c, "/overlap"), 120000);
    s->want_deleted = !tlc_is(tlc_json_raw(c->host, c->scope, c->request->options, "/deleted"), "false");
    s->by_updated = tlc_is(tlc_option(c, "/by"), "updated");
    s->now_ms = c->host->wall_ms(c->scope); /* until an answer tells the platform's */
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
    if (tlc_option(c, "/by").len && !s->by_updated && !tlc_is(tlc_option(c, "/by"), "modstamp"))
        TL_FAIL(TLC_CONFIG, TLC_TEXT("changes: by must be modstamp or updated"));
    if (c->request->cursor.len) {
        if (!sf_cursor_read(c, c->request->cursor, &s->cursor))
            TL_FAIL(TLC_GAP, TLC_TEXT("the stored cursor cannot be read"));
        s->stored_more = s->cursor.more;
    } else if (s->by_updated) {
        if (!sf_updated_since(c, s, tlc_option(c, "/since")))
            TL_FAIL(TLC_CONFIG, BAD_SINCE);
    } else if (tlc_is(tlc_option(c, "/since"), "now") || !tlc_option(c, "/since").len) {
        TL_HTTP(ask_newest(c, s));
        begin_now(c, s, in);
        TL_EMIT(0, 0, sf_cursor_write(c, &s->cursor));
    } else if (!begin_at(c, s, tlc_option(c, "/since"))) {
        TL_FAIL(TLC_CONFIG, BAD_SINCE);
    }
    if (!s->fields.len) {
        TL_HTTP(ask_describe(c));
        s->fields = learn_fields(c, in->body);
    }

    if (s->by_updated && !s->cursor.updated.len) {
        TL_HTTP(sf_ask_updated_now(c, s));
        if (!sf_updated_begin(c, s, in))
            TL_FAIL(TLC_RETRY, TLC_TEXT("the updated list does not say how far it goes"));
        TL_EMIT(0, 0, sf_cursor_write(c, &s->cursor));
    }
    while (s->by_updated && sf_updated_is_due(s)) {
        TL_HTTP(sf_ask_updated(c, s));
        if (!sf_updated_take(c, s, in))
            TL_FAIL(0, TLC_TEXT(""));
    }
    if (s->moved)
        TL_EMIT(0, 0, sf_cursor_write(c, &s->cursor));
    s->moved = 0;

    while (page_is_due(s)) {
        if (s->next.len) {
            TL_HTTP(tlc_ask_any(c, "GET", sf_relative(s->next)));
            if (sf_refused_with(c, in, "INVALID_QUERY_LOCATOR")) {
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
        if (s->event_count || s->cursor.more || s->stored_more || s->moved) {
            TL_EMIT(s->events, s->event_count, sf_cursor_write(c, &s->cursor));
            tlc_seen_add(&c->instance->seen, s->events, s->event_count);
            s->stored_more = s->cursor.more;
        }
    }

    while (sf_log_is_due(s)) {
        if (!s->gap_ms) {
            TL_HTTP(sf_ask_log(c, s));
            if (!sf_log_read(c, s, in))
                TL_FAIL(0, TLC_TEXT(""));
        }
        while (s->bin_due && s->bin_pages++ < SF_BIN_PAGES) {
            TL_HTTP(sf_ask_bin(c, s));
            if (!sf_bin_take(c, s, in))
                TL_FAIL(0, TLC_TEXT(""));
            if (s->event_count)
                TL_EMIT(s->events, s->event_count, sf_cursor_write(c, &s->cursor));
            tlc_seen_add(&c->instance->seen, s->events, s->event_count);
        }
        if (s->bin_due)
            break; /* the rest of it in a round of its own, so that this one's memory stays small */
        if (!sf_log_take(c, s))
            continue; /* half of the stretch is asked for */
        TL_EMIT(s->events, s->event_count, sf_cursor_write(c, &s->cursor));
        tlc_seen_add(&c->instance->seen, s->events, s->event_count);
    }
    c->done.again_ms = s->cursor.more || s->bin_due || (s->by_updated && !s->cursor.updated.len) ? 1 : 0;
    TL_DONE(&c->done);
    TL_END;
}
