/* Capture of one model by its last change (write_date, or create_date before the first): Tryton 6.0 has no webhooks.
 *
 * A scan reads what changed since the newest change of the last scan, less an overlap, because transactions commit
 * later than they stamp their records. It goes by id, which no change moves, so pages neither skip nor repeat. What was
 * emitted lately is not emitted again; a record that changed twice within one stamp comes as two events, since the
 * contents count too. Deletions are not seen. */
#include "cursor.h"
#include "tryton.h"
#include "value.h"

#include <tidelock/time.h>

#define PAGES 8
#define PAGE "200"
#define PAGE_SIZE 200

struct changes {
    struct tr_cursor cursor;
    tlc_slice fields, filter;
    int64_t overlap_ms;
    int pages, stored_more;
    tlc_slice newest; /* of two questions, when beginning "now" */
    tlc_event *events;
    uint32_t event_count, page;
};

static tlc_slice method(tlc_call *c)
{
    return TLC_JOIN(c, TLC_TEXT("model."), c->request->object, TLC_TEXT(".search_read"));
}

/* ---- where to begin ---- */

static void ask_newest(tlc_call *c, const char *date)
{
    tr_rpc(c, method(c),
           TLC_JOIN(c, TLC_TEXT("[[\""), tlc_z(date), TLC_TEXT("\",\"!=\",null]],0,1,[[\""), tlc_z(date),
                    TLC_TEXT("\",\"DESC\"]],[\""), tlc_z(date), TLC_TEXT("\"]")));
}

static tlc_slice take_newest(tlc_call *c, const char *pointer)
{
    tlc_slice first = tlc_text_n(0, 0);

    if (!tlc_json_first(c->host, c->scope, tr_state(c)->rpc.result, &first))
        return first;
    return tlc_json_text(c->host, c->scope, tr_value_in(c, first), pointer);
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
    s->cursor.t = s->cursor.floor = tlc_keep(c->host, c->scope, tlc_time_print(ms - 1, text)); /* itself is wanted */
    return 1;
}

/* ---- pages ---- */

static tlc_slice with_dates(tlc_call *c, tlc_slice fields)
{
    if (!tlc_json_count(c->host, c->scope, fields))
        return TLC_TEXT("[\"rec_name\",\"write_date\",\"create_date\"]");
    return TLC_JOIN(c, tlc_text_n(fields.ptr, fields.len - 1), TLC_TEXT(",\"write_date\",\"create_date\"]"));
}

static void ask_page(tlc_call *c, const struct changes *s)
{
    tr_rpc(c, method(c),
           TLC_JOIN(c, tr_cursor_domain(c, &s->cursor, s->filter, s->overlap_ms),
                    TLC_TEXT(",0," PAGE ",[[\"id\",\"ASC\"]],"), s->fields));
}

static void make_event(tlc_call *c, struct changes *s, tlc_slice raw)
{
    tlc_event *event = &s->events[s->event_count];

    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->object = c->request->object;
    event->payload = tr_value_in(c, raw);
    event->key = tlc_json_text(c->host, c->scope, event->payload, "/id");
    event->version = tr_version(c, event->payload);
    tlc_time_read(event->version, &event->changed_ms);
    s->cursor.id = event->key;
    if (tr_cursor_compare(event->version, s->cursor.last) > 0)
        s->cursor.last = event->version;
    if (s->cursor.floor.len && tr_cursor_compare(event->version, s->cursor.floor) <= 0)
        return;
    s->event_count += !tlc_seen_has(&c->instance->seen, event);
}

static void take_page(tlc_call *c, struct changes *s)
{
    tlc_slice list = tr_state(c)->rpc.result, name, raw;
    uint64_t at = 0;
    char text[TLC_TIME_SIZE];

    if (!s->cursor.id.len && tr_state(c)->rpc.at_ms)
        s->cursor.began = tlc_keep(c->host, c->scope, tlc_time_print(tr_state(c)->rpc.at_ms, text));
    s->page = tlc_json_count(c->host, c->scope, list);
    s->events = c->host->alloc(c->scope, (s->page + 1) * sizeof *s->events);
    s->event_count = 0;
    while (c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        make_event(c, s, raw);
    s->cursor.more = s->page == PAGE_SIZE;
    if (!s->cursor.more)
        tr_cursor_end(&s->cursor);
    s->pages++;
}

/* ---- the round ---- */

static struct changes *prepare(tlc_call *c)
{
    struct changes *s = tr_state(c)->own = c->host->alloc(c->scope, sizeof *s);

    s->fields = with_dates(c, tlc_json_raw(c->host, c->scope, c->request->options, "/fields"));
    s->filter = tlc_json_raw(c->host, c->scope, c->request->options, "/filter");
    s->overlap_ms = tlc_duration_read(tlc_option(c, "/overlap"), 120000);
    return s;
}

void tr_changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct changes *s = tr_state(c)->own;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    if (c->request->cursor.len) {
        if (!tr_cursor_read(c, c->request->cursor, &s->cursor))
            TL_FAIL(TLC_GAP, TLC_TEXT("the stored cursor cannot be read"));
        s->stored_more = s->cursor.more;
    } else if (tlc_is(tlc_option(c, "/since"), "now") || !tlc_option(c, "/since").len) {
        ask_newest(c, "write_date");
        TL_DO(tr_rpc_run(c, in, out));
        s->newest = take_newest(c, "/write_date");
        ask_newest(c, "create_date");
        TL_DO(tr_rpc_run(c, in, out));
        s->cursor.t = take_newest(c, "/create_date");
        if (tr_cursor_compare(s->newest, s->cursor.t) > 0)
            s->cursor.t = s->newest;
        s->cursor.floor = s->cursor.t; /* both absent: nothing is there, and whatever comes is new */
        TL_EMIT(0, 0, tr_cursor_write(c, &s->cursor));
    } else if (!begin_at(c, s, tlc_option(c, "/since"))) {
        TL_FAIL(TLC_CONFIG, TLC_TEXT("changes: since must be now, all or a time such as 2026-01-31T00:00:00Z"));
    }
    do {
        ask_page(c, s);
        TL_DO(tr_rpc_run(c, in, out));
        take_page(c, s);
        if (s->event_count || s->cursor.more || s->stored_more) {
            TL_EMIT(s->events, s->event_count, tr_cursor_write(c, &s->cursor));
            tlc_seen_add(&c->instance->seen, s->events, s->event_count);
            s->stored_more = s->cursor.more;
        }
    } while (s->cursor.more && s->pages < PAGES);
    c->done.again_ms = s->cursor.more ? 1 : 0;
    TL_DONE(&c->done);
    TL_END;
}
