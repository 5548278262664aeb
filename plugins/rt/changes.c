/* Capture of tickets by their transactions, in the order of their numbers: whatever happens to a ticket is one. Each
 * ticket that has new ones is a hint, and the host reads it; so a burst of transactions is one read, and a webhook,
 * which RT sends before it commits and never again, is no more than a hint of the same kind.
 *
 * Numbers are given before transactions commit, so a lower one may appear after a higher one: those of the last minutes
 * (`overlap`) are read again each time. What was told is told once. Cursor, as JSON: {"id": up to which all is settled,
 * "more": true while pages of a backlog are to come}. */
#include "rt.h"

#include <tidelock/cursor.h>
#include <tidelock/time.h>

#define PAGES 10
#define PAGE 100

struct rt_cursor {
    tlc_slice id;
    int more;
};

static const tlc_cursor_text texts[] = {{"/id", offsetof(struct rt_cursor, id)}};

struct changes {
    struct rt_cursor cursor;
    tlc_slice after; /* the last number read in this round */
    int64_t overlap_ms, now_ms;
    int pages, moved, settling; /* settling: every transaction so far is older than the overlap */
    tlc_event *hints, *marks;   /* marks: for what was seen, by the transaction's number */
    uint32_t hint_count, mark_count;
    uint32_t *counts; /* by hint: of its transactions */
    char *news;       /* by hint: it has a transaction that was not seen */
};

static tlc_slice write_cursor(tlc_call *c, const struct changes *s)
{
    return tlc_cursor_write(c->host, c->scope, texts, TLC_COUNT(texts), &s->cursor, s->cursor.more);
}

/* ---- requests ---- */

static const tlc_transfer *ask_newest(tlc_call *c)
{
    return tlc_ask(c, "GET",
                   TLC_JOIN(c, TLC_TEXT("transactions?per_page=1&orderby=id&order=DESC&query="),
                            tlc_percent(c, TLC_TEXT("ObjectType = 'RT::Ticket'"))));
}

static const tlc_transfer *ask_page(tlc_call *c, const struct changes *s)
{
    return tlc_ask(c, "GET",
                   TLC_JOIN(c, TLC_TEXT("transactions?per_page=100&orderby=id&fields=ObjectId,Created&query="),
                            tlc_percent(c, TLC_JOIN(c, TLC_TEXT("ObjectType = 'RT::Ticket' AND id > "), s->after))));
}

/* ---- pages ---- */

/* The ticket's hint of this page. It is named by the last transaction and how many there are, also where they were
 * seen: a mark that was forgotten gives the same name again, which the journal knows, and one that appears late
 * another. */
static uint32_t hint_of(struct changes *s, tlc_slice ticket)
{
    uint32_t i = 0;

    while (i < s->hint_count && !tlc_same(s->hints[i].key, ticket))
        i++;
    s->hint_count += i == s->hint_count;
    return i;
}

/* Those of tickets with something new. */
static void keep_news(struct changes *s)
{
    uint32_t i, count = 0;

    for (i = 0; i < s->hint_count; i++)
        if (s->news[i])
            s->hints[count++] = s->hints[i];
    s->hint_count = count;
}

static tlc_slice number(tlc_call *c, uint32_t n)
{
    char text[12], *to = text + sizeof text;

    do
        *--to = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return tlc_keep(c->host, c->scope, tlc_text_n(to, (uint64_t)(text + sizeof text - to)));
}

static void take(tlc_call *c, struct changes *s, tlc_slice raw)
{
    tlc_event *mark = &s->marks[s->mark_count], *hint;
    int64_t created;
    uint32_t at;

    memset(mark, 0, sizeof *mark);
    mark->size = (uint32_t)sizeof *mark;
    mark->object = c->request->object;
    mark->key = tlc_json_text(c->host, c->scope, raw, "/ObjectId");
    mark->version = tlc_json_text(c->host, c->scope, raw, "/id");
    s->after = mark->version;
    s->settling = s->settling && tlc_time_read(tlc_json_text(c->host, c->scope, raw, "/Created"), &created) &&
                  created + s->overlap_ms < s->now_ms;
    if (s->settling) {
        s->cursor.id = mark->version;
        s->moved = 1;
    }
    if (!mark->key.len)
        return;
    at = hint_of(s, mark->key);
    hint = &s->hints[at];
    *hint = *mark;
    hint->hint = 1;
    hint->version = tlc_text_n(0, 0);
    hint->dedupe = TLC_JOIN(c, mark->object, TLC_TEXT(":"), mark->key, TLC_TEXT("#"), mark->version, TLC_TEXT("+"),
                            number(c, ++s->counts[at]));
    if (!tlc_seen_has(&c->instance->seen, mark)) {
        s->news[at] = 1;
        s->mark_count++;
    }
}

/* 0: not the answer of a search. */
static int take_page(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice page = tlc_keep(c->host, c->scope, in->body), list = tlc_json_raw(c->host, c->scope, page, "/items"),
              name, raw;
    uint64_t at = 0;
    uint32_t count;

    if (!list.len || list.ptr[0] != '[')
        return 0;
    if (!tlc_http_date_read(tlc_header_get(in->headers, in->header_count, "Date"), &s->now_ms))
        s->now_ms = c->host->wall_ms(c->scope);
    count = tlc_json_count(c->host, c->scope, list);
    s->hints = c->host->alloc(c->scope, (count + 1) * sizeof *s->hints);
    s->marks = c->host->alloc(c->scope, (count + 1) * sizeof *s->marks);
    s->news = c->host->alloc(c->scope, count + 1);
    s->counts = c->host->alloc(c->scope, (count + 1) * sizeof *s->counts);
    s->hint_count = s->mark_count = 0;
    s->moved = 0;
    while (c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        take(c, s, raw);
    keep_news(s);
    s->cursor.more = count == PAGE;
    s->pages++;
    return 1;
}

/* ---- the round ---- */

static struct changes *prepare(tlc_call *c)
{
    struct changes *s = rt_state(c)->own = c->host->alloc(c->scope, sizeof *s);

    s->overlap_ms = tlc_duration_read(tlc_option(c, "/overlap"), 60000);
    s->settling = 1;
    s->cursor.id = TLC_TEXT("0");
    return s;
}

/* The number of the newest transaction; there may be none. */
static void begin_now(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice id = tlc_json_text(c->host, c->scope, in->body, "/items/0/id");

    if (id.len)
        s->cursor.id = id;
}

void rt_changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct changes *s = rt_state(c)->own;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    if (c->request->cursor.len) {
        if (!tlc_cursor_read(c->host, c->scope, c->request->cursor, texts, TLC_COUNT(texts), &s->cursor,
                             &s->cursor.more) ||
            !s->cursor.id.len)
            TL_FAIL(TLC_GAP, TLC_TEXT("the stored cursor cannot be read"));
    } else if (tlc_is(tlc_option(c, "/since"), "now") || !tlc_option(c, "/since").len) {
        TL_HTTP(ask_newest(c));
        begin_now(c, s, in);
        TL_EMIT(0, 0, write_cursor(c, s));
    } else if (!tlc_is(tlc_option(c, "/since"), "all")) {
        TL_FAIL(TLC_CONFIG, TLC_TEXT("changes: since must be now or all"));
    }
    s->after = s->cursor.id;
    do {
        TL_HTTP(ask_page(c, s));
        if (!take_page(c, s, in))
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer to the search has no items"));
        if (s->hint_count || s->moved) {
            TL_EMIT(s->hints, s->hint_count, write_cursor(c, s));
            tlc_seen_add(&c->instance->seen, s->marks, s->mark_count);
        }
    } while (s->cursor.more && s->pages < PAGES);
    c->done.again_ms = s->cursor.more && s->settling ? 1 : 0;
    TL_DONE(&c->done);
    TL_END;
}
