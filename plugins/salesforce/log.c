/* The delete log of one object, and what is told of a gap in it.
 *
 * A log that does not reach back to our cursor is a gap: the recycle bin is asked for what was deleted in it (it keeps
 * 15 days, and nothing that was deleted for good), the gap is emitted with its interval, and the log is read from where
 * it begins. A stretch with too many deletions is asked for in halves. */
#include "changes.h"

#include <tidelock/gap.h>
#include <tidelock/json.h>
#include <tidelock/time.h>

#define LOOKS 32
#define REACH_MS (29LL * 86400000) /* it takes no start older than 30 days */
#define BIN_ROWS 1000

/* ---- the log ---- */

int sf_log_is_due(struct changes *s)
{
    if (s->gap_ms)
        return 1;
    return s->want_deleted && !s->cursor.more && !s->log_over && s->log_looks < LOOKS && s->cursor.deleted.len &&
           s->now_ms - sf_time_of(s->cursor.deleted) >= SF_STEP_MS;
}

const tlc_transfer *sf_ask_log(tlc_call *c, struct changes *s)
{
    s->log_looks++;
    if (!s->log_end_ms)
        s->log_end_ms = s->now_ms;
    return tlc_ask_any(c, "GET",
                       TLC_JOIN(c, TLC_TEXT("sobjects/"), tlc_percent(c, s->object), TLC_TEXT("/deleted?start="),
                                tlc_percent(c, s->cursor.deleted), TLC_TEXT("&end="),
                                tlc_percent(c, sf_time_text(c, s->log_end_ms))));
}

/* Half of the stretch, when it can still be halved. */
static int halved(struct changes *s)
{
    int64_t from = sf_time_of(s->cursor.deleted), length = s->log_end_ms - from;

    if (length < 2 * SF_STEP_MS)
        return 0;
    s->log_end_ms = from + length / 2;
    return 1;
}

static void note_gap(struct changes *s, int64_t to_ms, const char *why)
{
    s->gap_ms = to_ms;
    s->gap_from = s->cursor.deleted;
    s->gap_why = why;
    s->gap_deletions = TLC_DELETIONS_PARTLY;
    s->bin_due = 1;
}

static void read_answer(tlc_call *c, struct changes *s, const tlc_input *in)
{
    int64_t earliest;

    s->log = tlc_keep(c->host, c->scope, in->body);
    if (tlc_time_read(tlc_json_text(c->host, c->scope, s->log, "/earliestDateAvailable"), &earliest) &&
        earliest > sf_time_of(s->cursor.deleted))
        note_gap(s, earliest < s->log_end_ms ? earliest : s->log_end_ms,
                 "the delete log does not reach back to the last look");
}

int sf_log_read(tlc_call *c, struct changes *s, const tlc_input *in)
{
    s->log.len = 0;
    s->log_halve = 0;
    if (sf_refused_with(c, in, "EXCEEDED_ID_LIMIT")) {
        s->log_halve = halved(s);
        if (!s->log_halve)
            note_gap(s, s->log_end_ms, "more was deleted within two minutes than the platform tells");
        return 1;
    }
    if (sf_refused_with(c, in, "INVALID_REPLICATION_DATE") && sf_time_of(s->cursor.deleted) < s->now_ms - REACH_MS) {
        s->log_end_ms = s->now_ms - REACH_MS;
        note_gap(s, s->log_end_ms, "the last look is longer ago than the delete log goes back");
        return 1;
    }
    if (in->outcome != TLC_SENT || in->status >= 300)
        return 0;
    read_answer(c, s, in);
    return 1;
}

/* ---- the recycle bin ---- */

/* Behind the last row told, or from where the gap begins; each query is its own, so that no locator can be lost. */
const tlc_transfer *sf_ask_bin(tlc_call *c, const struct changes *s)
{
    tlc_slice from = sf_time_text(c, sf_time_of(s->cursor.bin.len ? s->cursor.bin : s->gap_from)), behind;

    behind = s->cursor.bin.len
                 ? TLC_JOIN(c, TLC_TEXT("(SystemModstamp > "), from, TLC_TEXT(" OR (SystemModstamp = "), from,
                            TLC_TEXT(" AND Id > "), sf_soql_text(c, s->cursor.bin_id), TLC_TEXT("))"))
                 : TLC_JOIN(c, TLC_TEXT("SystemModstamp >= "), from);
    return tlc_ask_any(c, "GET",
                       TLC_JOIN(c, TLC_TEXT("queryAll?q="),
                                tlc_percent(c, TLC_JOIN(c, TLC_TEXT("SELECT Id, SystemModstamp FROM "), s->object,
                                                        TLC_TEXT(" WHERE IsDeleted = true AND "), behind,
                                                        TLC_TEXT(" AND SystemModstamp < "), sf_time_text(c, s->gap_ms),
                                                        TLC_TEXT(" ORDER BY SystemModstamp, Id LIMIT 1000")))));
}

/* The same name that the log gives a deletion, so that one told by both is one event. */
static void add_deletion(tlc_call *c, struct changes *s, tlc_slice id, tlc_slice when)
{
    tlc_event *event = &s->events[s->event_count];

    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->object = s->object;
    event->key = id;
    event->version = when;
    event->deleted = 1;
    tlc_time_read(event->version, &event->changed_ms);
    s->event_count += event->key.len > 0 && !tlc_seen_has(&c->instance->seen, event);
}

static void take_rows(tlc_call *c, struct changes *s, tlc_slice page)
{
    tlc_slice list = tlc_json_raw(c->host, c->scope, page, "/records"), key, raw;
    uint64_t at = 0, count = tlc_json_count(c->host, c->scope, list);

    s->events = c->host->alloc(c->scope, (count + 1) * sizeof *s->events);
    while (list.len && c->host->json_next(c->scope, list, &at, &key, &raw) == 1) {
        s->cursor.bin = tlc_json_text(c->host, c->scope, raw, "/SystemModstamp");
        s->cursor.bin_id = tlc_json_text(c->host, c->scope, raw, "/Id");
        add_deletion(c, s, s->cursor.bin_id, s->cursor.bin);
    }
    s->bin_due = count == BIN_ROWS || (count > 0 && tlc_is(tlc_json_raw(c->host, c->scope, page, "/done"), "false"));
}

int sf_bin_take(tlc_call *c, struct changes *s, const tlc_input *in)
{
    s->event_count = 0;
    if (in->outcome == TLC_SENT && in->status == 400 && !sf_refused_with(c, in, "QUERY_TIMEOUT")) {
        s->gap_deletions = TLC_DELETIONS_UNKNOWN; /* it has no IsDeleted, or cannot be asked by time */
        s->bin_due = 0;
        return 1;
    }
    if (in->outcome != TLC_SENT || in->status >= 300)
        return 0;
    take_rows(c, s, tlc_keep(c->host, c->scope, in->body));
    return 1;
}

/* ---- events ---- */

static void add_gap(tlc_call *c, struct changes *s)
{
    tlc_slice to = sf_time_text(c, s->gap_ms), none = {0, 0};

    tlc_gap_event(c->host, c->scope, s->object, s->gap_from, to, s->gap_deletions, s->gap_why,
                  &s->events[s->event_count++]);
    /* A gap of which every deletion is told leaves the log where it is. */
    if (strcmp(s->gap_deletions, TLC_DELETIONS_TOLD) != 0)
        s->cursor.deleted = to;
    if (s->lapsed) {
        s->cursor.updated = s->cursor.until = s->cursor.id = none;
        s->cursor.base = TLC_TEXT("1");
        s->cursor.more = 0;
        s->log_over = 1;
    }
    s->cursor.bin = s->cursor.bin_id = none;
    s->gap_ms = 0;
    s->lapsed = 0;
}

int sf_log_take(tlc_call *c, struct changes *s)
{
    tlc_slice list, key, raw, covered;
    uint64_t at = 0;

    if (s->log_halve)
        return 0;
    list = tlc_json_raw(c->host, c->scope, s->log, "/deletedRecords");
    s->events = c->host->alloc(c->scope, (tlc_json_count(c->host, c->scope, list) + 2) * sizeof *s->events);
    s->event_count = 0;
    if (s->gap_ms)
        add_gap(c, s);
    while (list.len && c->host->json_next(c->scope, list, &at, &key, &raw) == 1)
        add_deletion(c, s, tlc_json_text(c->host, c->scope, raw, "/id"),
                     tlc_json_text(c->host, c->scope, raw, "/deletedDate"));
    covered = tlc_json_text(c->host, c->scope, s->log, "/latestDateCovered");
    if (covered.len)
        s->cursor.deleted = covered;
    if (s->log_end_ms == s->now_ms)
        s->log_over = 1; /* up to now: what is held back there is for the next round */
    s->log_end_ms = 0;
    return 1;
}
