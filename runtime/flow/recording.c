#include "flow/recording.h"
#include "base/alloc.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "engine_int.h"
#include "exception_int.h"
#include "journal/reader.h"
#include "moment.h"
#include <stdlib.h>

#define KEY_PAGE 1000

struct recording {
    struct tl_journal *journal; /* borrow */
    const struct tl_recording_query *query;
    struct tl_json_writer w;
    struct tl_arena arena; /* of one event */
    size_t count, limit;
    tl_position next;
};

/* ---- one event ---- */

/* Starts of runs, replays, hints: what the runtime tells itself. */
static bool is_own(tl_str type)
{
    return tl_str_starts(type, TL_STR("run.")) || tl_str_is(type, TL_TYPE_UNREADABLE) || tl_str_is(type, TL_TYPE_HINT);
}

static bool is_asked_for(const struct recording *r, tl_str type, tl_str source)
{
    const struct tl_recording_query *query = r->query;
    return !is_own(type) && (query->type.len == 0 || tl_str_eq(type, query->type)) &&
           (query->source.len == 0 || tl_str_eq(source, query->source));
}

static void write_outcome(struct recording *r, const struct tl_outcome *outcome)
{
    struct tl_json_writer *w = &r->w;
    tl_json_begin_object(w);
    tl_json_put_lossy(w, "flow", outcome->flow);
    tl_json_put_z(w, "ending", tl_ending_name(outcome->ending));
    tl_json_key(w, "effects");
    tl_json_begin_array(w);
    for (size_t i = 0; i < outcome->effect_count; i++) {
        const struct tl_effect *effect = &outcome->effects[i];
        tl_json_begin_object(w);
        tl_json_put_lossy(w, "system", effect->system);
        tl_json_put_lossy(w, "operation", effect->operation);
        tl_json_put_z(w, "class", tl_failure_name((enum tl_failure)effect->class_));
        tl_json_put_uint(w, "status", effect->status);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
    tl_json_end_object(w);
}

static void write_payload(struct tl_json_writer *w, tl_str payload)
{
    struct tl_json_doc *doc = NULL;
    tl_json_key(w, "payload");
    if (tl_json_parse_borrowed(payload, NULL, &doc, NULL) == TL_OK)
        tl_json_value(w, tl_json_root(doc));
    else
        tl_json_null(w);
    tl_json_free(doc);
}

static tl_code write_event(struct recording *r, const struct tl_event *event, struct tl_error *err)
{
    struct tl_json_writer *w = &r->w;
    struct tl_outcome *outcomes;
    size_t count = 0;
    char id[TL_POSITION_TEXT], time[40];
    tl_code code = tl_journal_outcomes(r->journal, event->position, &r->arena, &outcomes, &count, err);
    if (code != TL_OK && code != TL_ENOTFOUND)
        return code;
    tl_position_print(event->position, id);
    tl_json_begin_object(w);
    tl_json_put_z(w, "id", id);
    tl_json_put_string(w, "time", tl_time_text(event->time_ms, time));
    tl_json_put_lossy(w, "type", event->type);
    tl_json_put_lossy(w, "source", event->source);
    tl_json_put_lossy(w, "key", event->key);
    tl_json_put_bool(w, "emitted", event->cause != TL_POSITION_NONE);
    write_payload(w, event->payload);
    tl_json_key(w, "outcomes");
    tl_json_begin_array(w);
    for (size_t i = 0; i < count; i++)
        write_outcome(r, &outcomes[i]);
    tl_json_end_array(w);
    tl_json_end_object(w);
    r->count++;
    return w->out->overflow ? tl_fail(err, TL_EINPUT, "the answer is too long; ask for fewer events: --limit") : TL_OK;
}

static tl_code take(struct recording *r, tl_position position, struct tl_error *err)
{
    struct tl_event event = {.position = position};
    tl_code code = tl_journal_event(r->journal, position, &r->arena, &event, err);
    bool nobodys = (event.flags & TL_EVENT_UNWANTED) != 0 && event.cause == TL_POSITION_NONE;
    bool wanted = code == TL_OK && !event.erased && !nobodys && event.time_ms >= r->query->since_ms &&
                  is_asked_for(r, event.type, event.source);
    if (wanted)
        code = write_event(r, &event, err);
    tl_arena_free(&r->arena);
    return code == TL_ENOTFOUND ? TL_OK : code; /* dropped meanwhile */
}

/* ---- which ---- */

static tl_code by_time(struct recording *r, struct tl_error *err)
{
    uint64_t from = tl_moment_commit(r->journal, r->query->since_ms);
    bool paged = r->query->after != TL_POSITION_NONE && tl_position_commit(r->query->after) >= from;
    struct tl_cursor *cursor = paged ? tl_cursor_after(r->journal, r->query->after, TL_RECORD_BIT(TL_RECORD_EVENT))
                                     : tl_cursor_new(r->journal, from, TL_RECORD_BIT(TL_RECORD_EVENT));
    struct tl_record record;
    tl_position last = TL_POSITION_NONE;
    tl_code code = TL_OK;
    for (size_t looked = 0; code == TL_OK && (code = tl_cursor_next(cursor, &record, err)) == TL_OK; looked++) {
        if (r->count >= r->limit || looked >= TL_RECORDING_LOOKED) {
            r->next = last;
            break;
        }
        last = record.entry.position;
        if (is_asked_for(r, record.entry.type, record.entry.source))
            code = take(r, last, err);
    }
    tl_cursor_free(cursor);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* Oldest first; `out` is the caller's. */
static tl_code positions_of_key(struct recording *r, tl_position **out, size_t *count, struct tl_error *err)
{
    struct tl_key_query query = {
        .key = r->query->key, .type = r->query->type, .after = r->query->after, .limit = KEY_PAGE};
    struct tl_arena arena;
    tl_position *all = NULL, *page;
    size_t got = KEY_PAGE;
    tl_code code = TL_OK;
    *count = 0;
    tl_arena_init(&arena);
    while (code == TL_OK && got == KEY_PAGE && *count < TL_RECORDING_LOOKED) {
        code = tl_journal_find(r->journal, &query, &arena, &page, &got, err);
        got = code == TL_OK ? got : 0;
        all = tl_realloc(all, (*count + got + 1) * sizeof *all);
        for (size_t i = 0; i < got; i++)
            all[(*count)++] = page[i];
        query.before = got > 0 ? page[got - 1] : TL_POSITION_NONE;
        tl_arena_free(&arena);
    }
    *out = all;
    return code == TL_ENOTFOUND ? TL_OK : code;
}

static tl_code by_key(struct recording *r, struct tl_error *err)
{
    tl_position *positions;
    size_t count;
    tl_code code = positions_of_key(r, &positions, &count, err);
    for (size_t i = count; code == TL_OK && i-- > 0;) { /* they came newest first */
        if (r->count >= r->limit) {
            r->next = positions[i + 1];
            break;
        }
        code = take(r, positions[i], err);
    }
    tl_free(positions);
    return code;
}

tl_code tl_engine_recording(struct tl_engine *engine, const struct tl_recording_query *query, struct tl_buf *out,
                            struct tl_error *err)
{
    struct recording r = {
        .journal = engine->journal, .query = query, .limit = query->limit > 0 ? query->limit : TL_RECORDING_EVENTS};
    char next[TL_POSITION_TEXT];
    if (r.limit > TL_RECORDING_MAX)
        return tl_fail(err, TL_EINPUT, "a recording has at most %d events", TL_RECORDING_MAX);
    tl_arena_init(&r.arena);
    tl_json_writer_init(&r.w, out);
    tl_json_begin_object(&r.w);
    tl_json_key(&r.w, "events");
    tl_json_begin_array(&r.w);
    tl_code code = query->key.len > 0 ? by_key(&r, err) : by_time(&r, err);
    tl_json_end_array(&r.w);
    tl_position_print(r.next, next);
    tl_json_put_z(&r.w, "next", r.next != TL_POSITION_NONE ? next : NULL);
    tl_json_end_object(&r.w);
    return code == TL_OK ? tl_json_writer_done(&r.w, err) : code;
}
