/* Capture by the updated list: the platform names the records that changed in a stretch of time, and they are read by
 * their ids. It is for objects whose SystemModstamp cannot be filtered or sorted by, and costs a call more.
 *
 * The position is the latestDateCovered of the last list, which the platform holds back for transactions under way, so
 * no overlap is needed. The ids of one list are read in the order of their texts, a slice at a time, and the cursor
 * keeps the last one, so a long list is gone on with where it was. A position that the list does not reach back to is a
 * gap: it is told, and all there is is read again, in the order of Id. */
#include "changes.h"

#include <stdlib.h>
#include <tidelock/gap.h>
#include <tidelock/json.h>
#include <tidelock/time.h>

#define SLICE 100 /* ids in one query: its address must stay below 16 KB */

/* ---- where to begin ---- */

int sf_updated_since(tlc_call *c, struct changes *s, tlc_slice since)
{
    int64_t ms;

    if (tlc_is(since, "all"))
        s->cursor.base = TLC_TEXT("1");
    if (tlc_is(since, "all") || tlc_is(since, "now") || !since.len)
        return 1; /* the platform says where that is */
    if (!tlc_time_read(since, &ms))
        return 0;
    s->cursor.updated = sf_time_text(c, ms);
    s->cursor.deleted = sf_time_text(c, s->now_ms - SF_STEP_MS);
    return 1;
}

static const tlc_transfer *ask(tlc_call *c, const struct changes *s, tlc_slice from, tlc_slice to, int any)
{
    tlc_slice url = TLC_JOIN(c, TLC_TEXT("sobjects/"), tlc_percent(c, s->object), TLC_TEXT("/updated?start="),
                             tlc_percent(c, from), TLC_TEXT("&end="), tlc_percent(c, to));
    return any ? tlc_ask_any(c, "GET", url) : tlc_ask(c, "GET", url);
}

const tlc_transfer *sf_ask_updated_now(tlc_call *c, const struct changes *s)
{
    return ask(c, s, sf_time_text(c, s->now_ms - 2 * SF_STEP_MS), sf_time_text(c, s->now_ms), 0);
}

int sf_updated_begin(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice covered = tlc_json_text(c->host, c->scope, tlc_keep(c->host, c->scope, in->body), "/latestDateCovered");

    if (!sf_time_of(covered))
        return 0;
    s->cursor.updated = covered;
    if (!s->cursor.deleted.len)
        s->cursor.deleted = covered;
    return 1;
}

/* ---- the list ---- */

int sf_updated_is_due(const struct changes *s)
{
    return !s->cursor.base.len && !s->listed && !s->gap_ms &&
           (s->cursor.until.len || s->now_ms - sf_time_of(s->cursor.updated) >= SF_STEP_MS);
}

const tlc_transfer *sf_ask_updated(tlc_call *c, struct changes *s)
{
    if (!s->cursor.until.len)
        s->cursor.until = sf_time_text(c, s->now_ms);
    return ask(c, s, s->cursor.updated, s->cursor.until, 1);
}

static int halved(tlc_call *c, struct changes *s)
{
    int64_t from = sf_time_of(s->cursor.updated), length = sf_time_of(s->cursor.until) - from;

    if (length < 2 * SF_STEP_MS)
        return 0;
    s->cursor.until = sf_time_text(c, from + length / 2);
    return 1;
}

/* More within two minutes than is listed: the delete log tells the deletions by itself. */
static void overflow(tlc_call *c, struct changes *s, const tlc_input *in)
{
    s->gap_ms = sf_platform_now(c, in);
    s->gap_from = s->cursor.updated;
    s->gap_why = "more was changed within two minutes than the platform lists; all there is is read again";
    s->gap_deletions = s->want_deleted ? TLC_DELETIONS_TOLD : TLC_DELETIONS_UNKNOWN;
    s->lapsed = 1;
}

/* The log reaches back less far than the list, so one gap stands for both, from where the older one was. */
static void lapse(tlc_call *c, struct changes *s, const tlc_input *in)
{
    int64_t deleted = sf_time_of(s->cursor.deleted);

    s->gap_ms = sf_platform_now(c, in);
    s->gap_from = s->cursor.updated;
    if (s->want_deleted && deleted && deleted < sf_time_of(s->cursor.updated))
        s->gap_from = s->cursor.deleted;
    s->gap_why = "the last look is longer ago than the updated list goes back; all there is is read again";
    s->gap_deletions = s->want_deleted ? TLC_DELETIONS_PARTLY : TLC_DELETIONS_UNKNOWN;
    s->bin_due = s->want_deleted;
    s->lapsed = 1;
}

static int by_text(const void *a, const void *b)
{
    const tlc_slice *x = a, *y = b;
    uint64_t n = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->ptr, y->ptr, (size_t)n);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void go_on(struct changes *s)
{
    tlc_slice none = {0, 0};

    s->cursor.updated = s->covered;
    s->cursor.until = s->cursor.id = none;
    s->cursor.more = 0;
}

static void read_ids(tlc_call *c, struct changes *s, tlc_slice page)
{
    tlc_slice list = tlc_json_raw(c->host, c->scope, page, "/ids"), key, raw;
    uint64_t at = 0;

    s->ids = c->host->alloc(c->scope, (tlc_json_count(c->host, c->scope, list) + 1) * sizeof *s->ids);
    while (list.len && c->host->json_next(c->scope, list, &at, &key, &raw) == 1)
        s->id_count += c->host->json_text(c->scope, raw, &s->ids[s->id_count]) == 1 && s->ids[s->id_count].len > 0;
    qsort(s->ids, s->id_count, sizeof *s->ids, by_text);
    while (s->id_at < s->id_count && s->cursor.id.len && by_text(&s->ids[s->id_at], &s->cursor.id) <= 0)
        s->id_at++;
}

int sf_updated_take(tlc_call *c, struct changes *s, const tlc_input *in)
{
    tlc_slice page;
    int exceeded = sf_refused_with(c, in, "EXCEEDED_ID_LIMIT");

    if (exceeded && halved(c, s))
        return 1;
    if (exceeded) {
        overflow(c, s, in);
        return 1;
    }
    if (sf_refused_with(c, in, "INVALID_REPLICATION_DATE")) {
        lapse(c, s, in);
        return 1;
    }
    if (in->outcome != TLC_SENT || in->status >= 300)
        return 0;
    page = tlc_keep(c->host, c->scope, in->body);
    s->covered = tlc_json_text(c->host, c->scope, page, "/latestDateCovered");
    if (!sf_time_of(s->covered))
        s->covered = s->cursor.updated;
    s->now_ms = sf_platform_now(c, in);
    s->listed = 1;
    read_ids(c, s, page);
    if (s->id_at == s->id_count) {
        s->moved = !tlc_same(s->covered, s->cursor.updated);
        go_on(s);
    }
    return 1;
}

/* ---- its records ---- */

tlc_slice sf_updated_condition(tlc_call *c, struct changes *s)
{
    tlc_slice out = TLC_TEXT("Id IN ("), none = {0, 0};
    uint32_t i;

    if (s->cursor.base.len)
        return s->cursor.id.len ? TLC_JOIN(c, TLC_TEXT("Id > "), sf_soql_text(c, s->cursor.id)) : none;
    s->id_end = s->id_count - s->id_at > SLICE ? s->id_at + SLICE : s->id_count;
    for (i = s->id_at; i < s->id_end; i++)
        out = TLC_JOIN(c, out, i > s->id_at ? TLC_TEXT(",") : TLC_TEXT(""), sf_soql_text(c, s->ids[i]));
    return TLC_JOIN(c, out, TLC_TEXT(")"));
}

int sf_updated_page_due(const struct changes *s)
{
    return !s->gap_ms && (s->cursor.base.len || s->id_at < s->id_count);
}

/* A read of everything ends with its last page; a slice with its last page too, and the list with its last slice. */
void sf_updated_move(tlc_call *c, struct changes *s)
{
    tlc_slice none = {0, 0};

    if (s->cursor.base.len) {
        if (s->count)
            s->cursor.id = tlc_json_text(c->host, c->scope, s->records[s->count - 1], "/Id");
        s->cursor.more = s->next.len > 0;
        if (!s->next.len)
            s->cursor.base = s->cursor.id = none;
        s->moved = 1;
        return;
    }
    s->cursor.more = 1;
    s->moved = 1;
    if (s->next.len)
        return;
    s->id_at = s->id_end;
    s->cursor.id = s->ids[s->id_at - 1];
    if (s->id_at == s->id_count)
        go_on(s);
}
