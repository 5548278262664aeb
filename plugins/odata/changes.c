/* Capture of one entity set by a modified-at property: in the order of (modified, key), from an overlap
 * before the last one read on. A backlog is read a page at a time and the cursor stored with each; next links
 * are opaque and brought back to our origin; one that is refused means a new query behind the last entity
 * read. */
#include "cursor.h"

#include <tidelock/json.h>
#include <tidelock/time.h>

#define PAGES 8

struct changes {
    struct od_cursor cursor;
    tlc_slice set, modified, key; /* key: the single key property, or absent */
    const struct od_type *type;
    struct od_type named; /* key properties given by the settings */
    int64_t overlap_ms;
    int pages, stored_more, followed;
    tlc_slice next;
    tlc_event *events;
    uint32_t event_count;
};

/* Key properties: as the settings say, else as the metadata says. 0: neither does. */
static int find_key(tlc_call *c, struct changes *s)
{
    tlc_slice list = tlc_json_raw(c->host, c->scope, c->request->options, "/key"), name, raw;
    const struct od_key *keys;
    struct od_key **end = &s->named.keys;
    uint64_t at = 0;

    s->type = od_model_set(c->instance->model, s->set);
    if (s->type)
        s->named.properties = s->type->properties;
    while (list.len && c->host->json_next(c->scope, list, &at, &name, &raw) == 1) {
        *end = c->host->alloc(c->scope, sizeof **end);
        c->host->json_text(c->scope, raw, &(*end)->name);
        end = &(*end)->next;
    }
    if (s->named.keys)
        s->type = &s->named;
    keys = od_model_keys(c->instance->model, s->type);
    if (keys && !keys->next)
        s->key = keys->name;
    return keys != 0;
}

/* ---- queries ---- */

static tlc_slice order_by(tlc_call *c, const struct changes *s, const char *direction)
{
    const struct od_key *key = od_model_keys(c->instance->model, s->type);
    tlc_slice out = TLC_JOIN(c, s->modified, tlc_z(direction));

    for (; key; key = key->next)
        out = TLC_JOIN(c, out, TLC_TEXT(","), key->name, tlc_z(direction));
    return out;
}

static const tlc_transfer *ask_newest(tlc_call *c, const struct changes *s)
{
    return tlc_ask_any(
        c, "GET",
        TLC_JOIN(c, tlc_percent(c, s->set), TLC_TEXT("?$top=1&$orderby="), tlc_percent(c, order_by(c, s, " desc"))));
}

static tlc_slice add_option(tlc_call *c, tlc_slice url, const char *name, tlc_slice value)
{
    return value.len ? TLC_JOIN(c, url, TLC_TEXT("&"), tlc_z(name), TLC_TEXT("="), tlc_percent(c, value)) : url;
}

/* $select with what the capture itself needs. */
static tlc_slice selected(tlc_call *c, const struct changes *s)
{
    const struct od_key *key = od_model_keys(c->instance->model, s->type);
    tlc_slice out = tlc_option(c, "/select");

    if (!out.len)
        return out;
    out = TLC_JOIN(c, out, TLC_TEXT(","), s->modified);
    for (; key; key = key->next)
        out = TLC_JOIN(c, out, TLC_TEXT(","), key->name);
    return out;
}

static const tlc_transfer *ask_first_page(tlc_call *c, struct changes *s)
{
    tlc_slice filter = od_cursor_filter(c, &s->cursor, s->modified, s->key, s->overlap_ms),
              own = tlc_option(c, "/filter");
    tlc_slice url = TLC_JOIN(c, tlc_percent(c, s->set), TLC_TEXT("?$orderby="), tlc_percent(c, order_by(c, s, "")));

    if (own.len)
        filter = filter.len ? TLC_JOIN(c, filter, TLC_TEXT(" and ("), own, TLC_TEXT(")")) : own;
    url = add_option(c, url, "$filter", filter);
    url = add_option(c, url, "$select", selected(c, s));
    url = add_option(c, url, "$expand", tlc_option(c, "/expand"));
    tlc_ask_any(c, "GET", url);
    tlc_add_header(c, "Prefer", TLC_JOIN(c, TLC_TEXT("odata.maxpagesize="), c->instance->page_size));
    s->followed = 0;
    return &c->transfer;
}

static const tlc_transfer *ask_next_page(tlc_call *c, struct changes *s)
{
    tlc_ask_any(c, "GET", od_own_link(c, s->next));
    tlc_add_header(c, "Prefer", TLC_JOIN(c, TLC_TEXT("odata.maxpagesize="), c->instance->page_size));
    s->followed = 1;
    return &c->transfer;
}

/* ---- where to begin ---- */

static tlc_slice literal_key(tlc_call *c, const struct changes *s, tlc_slice record)
{
    const struct od_property *property = od_model_property(c->instance->model, s->type, s->key);
    tlc_slice none = {0, 0}, raw;

    if (!s->key.len)
        return none;
    raw = tlc_json_raw(c->host, c->scope, record, tlc_pointer_to(c, s->key));
    return raw.len ? od_literal(c, property ? property->type : none, raw) : none;
}

static tlc_slice modified_of(tlc_call *c, const struct changes *s, tlc_slice record)
{
    return tlc_json_text(c->host, c->scope, record, tlc_pointer_to(c, s->modified));
}

static void begin_now(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body), first = tlc_json_raw(c->host, c->scope, body, "/value/0");

    if (!first.len)
        return; /* an empty set: whatever comes is new */
    s->cursor.t = s->cursor.floor = modified_of(c, s, first);
    s->cursor.k = s->cursor.floor_k = literal_key(c, s, first);
}

/* 0: the setting is no place to begin. */
static int begin_at(tlc_call *c, struct changes *s, tlc_slice since)
{
    char text[TLC_TIME_SIZE];
    int64_t ms;

    if (tlc_is(since, "all"))
        return 1;
    if (!tlc_time_read(since, &ms))
        return 0;
    s->cursor.t = s->cursor.floor =
        tlc_keep(c->host, c->scope, tlc_time_print(ms - 1, text)); /* that instant itself is wanted */
    return 1;
}

/* ---- events ---- */

static void make_event(tlc_call *c, struct changes *s, tlc_slice record)
{
    tlc_event *event = &s->events[s->event_count];
    int64_t last = 0;

    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->object = s->set;
    event->key = od_key_of_record(c, s->type, record);
    event->version = modified_of(c, s, record);
    event->payload = record;
    if (!event->key.len || !tlc_time_read(event->version, &event->changed_ms))
        return;
    tlc_time_read(s->cursor.t, &last);
    if (s->next.len || event->changed_ms >= last || !s->cursor.t.len) {
        s->cursor.t = event->version;
        s->cursor.k = literal_key(c, s, record);
    }
    s->event_count += !tlc_seen_has(&c->instance->seen, event);
}

/* 0: not the answer of a query. */
static int take_page(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice page = tlc_keep(c->host, c->scope, in->body), list = tlc_json_raw(c->host, c->scope, page, "/value"), key,
              raw;
    uint64_t at = 0;

    if (!list.len || list.ptr[0] != '[')
        return 0;
    s->next = tlc_json_text(c->host, c->scope, page, "/@odata.nextLink");
    s->events = c->host->alloc(c->scope, (tlc_json_count(c->host, c->scope, list) + 1) * sizeof *s->events);
    s->event_count = 0;
    while (c->host->json_next(c->scope, list, &at, &key, &raw) == 1)
        make_event(c, s, raw);
    s->cursor.more = s->next.len > 0;
    s->pages++;
    return 1;
}

/* A link of ours that the server does not know any more. */
static int link_gone(const struct changes *s, const tlc_input *in)
{
    return s->followed && in->outcome == TLC_SENT && (in->status == 400 || in->status == 404 || in->status == 410);
}

/* ---- the round ---- */

static struct changes *prepare(tlc_call *c)
{
    struct changes *s = c->state = c->host->alloc(c->scope, sizeof *s);

    s->set = c->request->object;
    s->modified = tlc_option(c, "/modified");
    if (!s->modified.len)
        s->modified = TLC_TEXT("ModifiedAt");
    s->overlap_ms = tlc_duration_read(tlc_option(c, "/overlap"), 120000);
    return s;
}

void od_changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct changes *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    OD_MODEL(c, in);
    if (!find_key(c, s))
        TL_FAIL(TLC_CONFIG,
                TLC_TEXT("changes: the metadata names no such entity set with a key; set key = {…} if it is there"));
    if (c->request->cursor.len) {
        if (!od_cursor_read(c, c->request->cursor, &s->cursor))
            TL_FAIL(TLC_GAP, TLC_TEXT("the stored cursor cannot be read"));
        s->stored_more = s->cursor.more;
    } else if (tlc_is(tlc_option(c, "/since"), "now") || !tlc_option(c, "/since").len) {
        TL_HTTP(ask_newest(c, s));
        if (!od_good(in))
            TL_FAIL(0, od_fault(c, in));
        begin_now(c, s, in);
        TL_EMIT(0, 0, od_cursor_write(c, &s->cursor));
    } else if (!begin_at(c, s, tlc_option(c, "/since"))) {
        TL_FAIL(TLC_CONFIG, TLC_TEXT("changes: since must be now, all or a time such as 2026-01-31T00:00:00Z"));
    }
    do {
        TL_HTTP(s->next.len ? ask_next_page(c, s) : ask_first_page(c, s));
        if (link_gone(s, in)) {
            s->next.len = 0;
            continue; /* a new query behind the last entity */
        }
        if (!od_good(in))
            TL_FAIL(0, od_fault(c, in));
        if (!take_page(c, s, in))
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer to the query has no value"));
        if (s->event_count || s->cursor.more || s->stored_more) {
            TL_EMIT(s->events, s->event_count, od_cursor_write(c, &s->cursor));
            tlc_seen_add(&c->instance->seen, s->events, s->event_count);
            s->stored_more = s->cursor.more;
        }
    } while (s->cursor.more && s->pages < PAGES);
    c->done.again_ms = s->cursor.more ? 1 : 0;
    TL_DONE(&c->done);
    TL_END;
}
