/* Capture by delta links: one read of all there is with Prefer: odata.track-changes gives a link, and the link gives
 * what changed since, deletions too, and the next link. Links are opaque and brought back to our origin.
 *
 * A link that has expired (410) is a gap: what was deleted since the last answer is not known any more. It is emitted
 * as such, and all there is is read again; what has not changed has the version it had, and is no new event.
 *
 * Cursor, as JSON: {"delta": link} · {"next": link, while pages of a read are to come} · {"at": time of the last
 * answer} ·
 * {"quiet": "1" while a first read is made that is not wanted as events}. Neither link: a read of everything is due. */
#include "odata.h"

#include <stddef.h>
#include <tidelock/cursor.h>
#include <tidelock/gap.h>
#include <tidelock/time.h>

#define PAGES 8
#define STALE_MS 3600000 /* "at" is stored so often, also when nothing changes */

struct cursor {
    tlc_slice delta, next, at, quiet;
};

struct delta {
    struct cursor cursor;
    tlc_slice set, modified;
    const struct od_type *type;
    int pages, more, unused;
    tlc_event *events;
    uint32_t event_count;
};

static const tlc_cursor_text texts[] = {
    {"/delta", offsetof(struct cursor, delta)},
    {"/next", offsetof(struct cursor, next)},
    {"/at", offsetof(struct cursor, at)},
    {"/quiet", offsetof(struct cursor, quiet)},
};

static tlc_slice stored(tlc_call *c, const struct delta *s)
{
    return tlc_cursor_write(c->host, c->scope, texts, TLC_COUNT(texts), &s->cursor, 0);
}

/* ---- requests ---- */

static tlc_slice add_option(tlc_call *c, tlc_slice url, const char *name, const char *setting)
{
    tlc_slice value = tlc_option(c, setting);
    const char *mark = url.len && memchr(url.ptr, '?', (size_t)url.len) ? "&" : "?";

    return value.len ? TLC_JOIN(c, url, tlc_z(mark), tlc_z(name), TLC_TEXT("="), tlc_percent(c, value)) : url;
}

static const tlc_transfer *ask(tlc_call *c, const struct delta *s)
{
    tlc_slice url = s->cursor.next.len ? s->cursor.next : s->cursor.delta, empty = TLC_TEXT("");
    int baseline = !url.len;

    if (baseline) {
        url = add_option(c, tlc_percent(c, s->set), "$filter", "/filter");
        url = add_option(c, url, "$select", "/select");
        url = add_option(c, url, "$expand", "/expand");
    } else {
        url = od_own_link(c, url);
    }
    tlc_ask_any(c, "GET", url);
    tlc_add_header(c, "Prefer",
                   TLC_JOIN(c, baseline ? TLC_TEXT("odata.track-changes,") : empty, TLC_TEXT("odata.maxpagesize="),
                            c->instance->page_size));
    return &c->transfer;
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

/* ---- what comes ---- */

static int ends(tlc_slice text, const char *with)
{
    uint64_t n = (uint64_t)strlen(with);

    return text.len >= n && memcmp(text.ptr + text.len - n, with, (size_t)n) == 0;
}

/* "SalesOrders('1')", or the bare key, as some write it. */
static tlc_slice key_of_id(tlc_call *c, tlc_slice id)
{
    tlc_slice key = od_key_of_address(c, id);

    return key.len ? key : id;
}

/* An entry that says that an entity is gone: 4.01 has @removed, 4.0 a context that ends in $deletedEntity. 1: it does;
 * `key` stays absent when it only stopped meeting the filter. */
static int is_removed(tlc_call *c, const struct delta *s, tlc_slice entry, tlc_slice *key)
{
    tlc_slice removed = tlc_json_raw(c->host, c->scope, entry, "/@removed"), none = {0, 0}, reason, id;

    *key = none;
    if (!removed.len && !ends(tlc_json_text(c->host, c->scope, entry, "/@odata.context"), "$deletedEntity"))
        return 0;
    reason = tlc_json_text(c->host, c->scope, entry, removed.len ? "/@removed/reason" : "/reason");
    if (tlc_is(reason, "changed"))
        return 1;
    id = tlc_json_text(c->host, c->scope, entry, removed.len ? "/@id" : "/id");
    if (!id.len)
        id = tlc_json_text(c->host, c->scope, entry, "/@odata.id");
    *key = id.len ? key_of_id(c, id) : od_key_of_record(c, s->type, entry);
    return 1;
}

static tlc_slice version_of(tlc_call *c, const struct delta *s, tlc_slice entity)
{
    tlc_slice version = tlc_json_text(c->host, c->scope, entity, tlc_pointer_to(c, s->modified));

    return version.len ? version : tlc_json_text(c->host, c->scope, entity, "/@odata.etag");
}

static void make_event(tlc_call *c, struct delta *s, tlc_slice entry)
{
    tlc_event *event = &s->events[s->event_count];

    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->object = s->set;
    if (is_removed(c, s, entry, &event->key)) {
        event->deleted = 1;
    } else {
        event->key = od_key_of_record(c, s->type, entry);
        event->version = version_of(c, s, entry);
        event->payload = entry;
        tlc_time_read(event->version, &event->changed_ms);
    }
    s->event_count += event->key.len > 0;
}

/* 0: not the answer of a list. */
static int take_page(tlc_call *c, struct delta *s, const tlc_input *in)
{
    tlc_slice page = tlc_keep(c->host, c->scope, in->body), list = tlc_json_raw(c->host, c->scope, page, "/value"), key,
              raw, delta = tlc_json_text(c->host, c->scope, page, "/@odata.deltaLink");
    uint64_t at = 0;

    if (!list.len || list.ptr[0] != '[')
        return 0;
    s->events = c->host->alloc(c->scope, (tlc_json_count(c->host, c->scope, list) + 1) * sizeof *s->events);
    s->event_count = 0;
    while (!s->cursor.quiet.len && c->host->json_next(c->scope, list, &at, &key, &raw) == 1)
        make_event(c, s, raw);
    s->cursor.next = tlc_json_text(c->host, c->scope, page, "/@odata.nextLink");
    s->more = s->cursor.next.len > 0;
    s->unused = !s->more && !delta.len;
    if (!s->more) {
        s->cursor.delta = delta;
        s->cursor.quiet.len = 0;
    }
    s->pages++;
    return 1;
}

/* Is there anything that the stored cursor does not say? */
static int is_news(tlc_call *c, const struct delta *s, tlc_slice now)
{
    int64_t at_ms = 0, now_ms = 0;

    if (s->event_count || s->more ||
        !tlc_same(s->cursor.delta, tlc_json_text(c->host, c->scope, c->request->cursor, "/delta")))
        return 1;
    tlc_time_read(tlc_json_text(c->host, c->scope, c->request->cursor, "/at"), &at_ms);
    tlc_time_read(now, &now_ms);
    return now_ms - at_ms > STALE_MS;
}

/* A link that the platform does not know any more. */
static int has_expired(const struct delta *s, const tlc_input *in)
{
    return (s->cursor.delta.len || s->cursor.next.len) && in->outcome == TLC_SENT &&
           (in->status == 410 || in->status == 404);
}

static void begin_anew(tlc_call *c, struct delta *s, const tlc_input *in)
{
    tlc_slice now = time_of(c, in);

    s->events = c->host->alloc(c->scope, sizeof *s->events);
    s->event_count = 1;
    tlc_gap_event(c->host, c->scope, s->set, s->cursor.at, now, TLC_DELETIONS_UNKNOWN,
                  "the delta link has expired; all there is is read again, but what was deleted meanwhile is not told",
                  s->events);
    s->cursor.delta.len = s->cursor.next.len = s->cursor.quiet.len = 0;
    s->cursor.at = now;
}

/* ---- the round ---- */

/* 0: what is stored, or the setting `since`, is nothing to begin with. */
static int prepare(tlc_call *c, struct delta *s)
{
    tlc_slice since = tlc_option(c, "/since");
    int more;

    s->set = c->request->object;
    s->modified = tlc_option(c, "/modified");
    s->type = od_model_set(c->instance->model, s->set);
    if (c->request->cursor.len)
        return tlc_cursor_read(c->host, c->scope, c->request->cursor, texts, TLC_COUNT(texts), &s->cursor, &more);
    if (!since.len || tlc_is(since, "now"))
        s->cursor.quiet = TLC_TEXT("1");
    return !since.len || tlc_is(since, "now") || tlc_is(since, "all");
}

void od_delta(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct delta *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    OD_MODEL(c, in);
    if (!prepare(c, s))
        TL_FAIL(c->request->cursor.len ? TLC_GAP : TLC_CONFIG,
                TLC_TEXT("changes: with delta, since is now or all, and the cursor one of ours"));
    do {
        TL_HTTP(ask(c, s));
        if (has_expired(s, in)) {
            begin_anew(c, s, in);
            TL_EMIT(s->events, s->event_count, stored(c, s));
            continue;
        }
        if (!od_good(in))
            TL_FAIL(0, od_fault(c, in));
        if (!take_page(c, s, in))
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer has no value"));
        if (s->unused)
            TL_FAIL(TLC_CONFIG, TLC_TEXT("changes: the service tracks no changes (it gives no delta link): use poll"));
        if (is_news(c, s, time_of(c, in))) {
            s->cursor.at = time_of(c, in);
            TL_EMIT(s->events, s->event_count, stored(c, s));
        }
    } while ((s->more || !s->cursor.delta.len) && s->pages < PAGES);
    c->done.again_ms = s->more || !s->cursor.delta.len ? 1 : 0;
    TL_DONE(&c->done);
    TL_END;
}
