/* A timeline is collected in two steps: which events belong to it (by key, then along causes in both directions), then
 * what is known of each. */
#include "flow/timeline.h"
#include "base/alloc.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "engine_int.h"
#include "exception_int.h"
#include "flow/exception.h"
#include "flow/runs.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "run.h"
#include <stdlib.h>

#define EVENTS_MAX 1000
#define TEXT_MAX ((size_t)64 << 20)

struct line {
    int64_t time_ms;
    tl_position event; /* for equal times: what became of an event stands before later events */
    size_t order;      /* then as written */
    size_t from, len;
};

struct timeline {
    struct tl_engine *engine;
    struct tl_arena arena;
    tl_position *events; /* own */
    size_t event_count, event_cap;
    struct tl_buf text; /* the lines' JSON */
    struct line *lines; /* own */
    size_t line_count, line_cap;
};

/* ---- which events ---- */

static void add_event(struct timeline *timeline, tl_position position)
{
    if (position == TL_POSITION_NONE || timeline->event_count == EVENTS_MAX)
        return;
    for (size_t i = 0; i < timeline->event_count; i++) {
        if (timeline->events[i] == position)
            return;
    }
    if (timeline->event_count == timeline->event_cap) {
        timeline->event_cap = timeline->event_cap == 0 ? 16 : timeline->event_cap * 2;
        timeline->events = tl_realloc(timeline->events, timeline->event_cap * sizeof *timeline->events);
    }
    timeline->events[timeline->event_count++] = position;
}

static tl_code add_by_key(struct timeline *timeline, tl_str key, struct tl_error *err)
{
    struct tl_key_query query = {.key = key, .limit = EVENTS_MAX};
    tl_position *found;
    size_t count;
    if (key.len == 0)
        return TL_OK;
    tl_code code = tl_journal_find(timeline->engine->journal, &query, &timeline->arena, &found, &count, err);
    for (size_t i = 0; code == TL_OK && i < count; i++)
        add_event(timeline, found[i]);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* What a unit emitted stands in the commit of its outcome. */
static void add_emitted(struct timeline *timeline, tl_position cause, uint64_t commit)
{
    struct tl_cursor *cursor = tl_cursor_new(timeline->engine->journal, commit, TL_RECORD_BIT(TL_RECORD_EVENT));
    struct tl_record record;
    while (tl_cursor_next(cursor, &record, NULL) == TL_OK && record.commit == commit) {
        if (record.entry.cause == cause)
            add_event(timeline, record.entry.position);
    }
    tl_cursor_free(cursor);
}

/* ---- lines ---- */

static void begin(struct timeline *timeline, struct tl_json_writer *w, int64_t time_ms, const char *kind,
                  tl_position event)
{
    char text[40], id[TL_POSITION_TEXT];
    if (timeline->line_count == timeline->line_cap) {
        timeline->line_cap = timeline->line_cap == 0 ? 32 : timeline->line_cap * 2;
        timeline->lines = tl_realloc(timeline->lines, timeline->line_cap * sizeof *timeline->lines);
    }
    timeline->lines[timeline->line_count] =
        (struct line){.time_ms = time_ms, .event = event, .order = timeline->line_count, .from = timeline->text.len};
    tl_json_writer_init(w, &timeline->text);
    tl_json_begin_object(w);
    tl_json_put_string(w, "time", tl_time_text(time_ms, text));
    tl_json_put_z(w, "kind", kind);
    tl_position_print(event, id);
    tl_json_put_z(w, "id", id);
}

static void end(struct timeline *timeline, struct tl_json_writer *w)
{
    tl_json_end_object(w);
    struct line *line = &timeline->lines[timeline->line_count++];
    line->len = timeline->text.len - line->from;
}

static void event_line(struct timeline *timeline, const struct tl_event *event)
{
    struct tl_json_writer w;
    char text[56];
    begin(timeline, &w, event->time_ms, "event", event->position);
    tl_json_put_lossy(&w, "type", event->type);
    tl_json_put_lossy(&w, "source", event->source);
    tl_json_put_lossy(&w, "key", event->key);
    tl_position_print(event->cause, text);
    tl_json_put_z(&w, "cause", event->cause != TL_POSITION_NONE ? text : NULL);
    tl_json_put_lossy(&w, "cause_flow", event->cause_flow);
    tl_trace_print(&event->trace, text);
    tl_json_put_z(&w, "trace", tl_trace_is_set(&event->trace) ? text : NULL);
    if (event->erased)
        tl_json_put_bool(&w, "erased", true);
    if ((event->flags & TL_EVENT_CONFLICT) != 0)
        tl_json_put_bool(&w, "conflict", true);
    end(timeline, &w);
}

static void effect(struct tl_json_writer *w, const struct tl_effect *effect)
{
    char request[33];
    tl_hex_write(request, effect->request_hash, sizeof effect->request_hash);
    tl_json_begin_object(w);
    tl_json_put_lossy(w, "system", effect->system);
    tl_json_put_lossy(w, "operation", effect->operation);
    tl_json_put_lossy(w, "id", effect->remote_id);
    tl_json_put_uint(w, "status", effect->status);
    tl_json_put_z(w, "class", tl_failure_name((enum tl_failure)effect->class_));
    tl_json_put_uint(w, "attempts", effect->attempts);
    tl_json_put_uint(w, "duration_ms", effect->duration_ms);
    tl_json_put_z(w, "request", request);
    tl_json_end_object(w);
}

static void outcome_line(struct timeline *timeline, const struct tl_outcome *outcome)
{
    struct tl_json_writer w;
    begin(timeline, &w, outcome->time_ms, "outcome", outcome->event);
    tl_json_put_lossy(&w, "flow", outcome->flow);
    tl_json_put_z(&w, "ending", tl_ending_name(outcome->ending));
    tl_json_put_lossy(&w, "note", outcome->note);
    tl_json_put_lossy(&w, "revision", outcome->revision);
    tl_json_key(&w, "effects");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < outcome->effect_count; i++)
        effect(&w, &outcome->effects[i]);
    tl_json_end_array(&w);
    end(timeline, &w);
}

/* The open exception of a unit, when there is one. */
static bool exception_line(struct timeline *timeline, const struct tl_plan_flow *flow, const struct tl_event *event)
{
    static const char *const shown[] = {"class", "message", "place", "steward", "attempts", "due"};
    char id[TL_POSITION_TEXT];
    uint64_t hash;
    unsigned held;
    struct tl_state_row row;
    struct tl_json_doc *doc;
    struct tl_json_writer w;
    tl_position_print(tl_unit_number(flow, event->position) | 1, id);
    if (!tl_exception_index_place(&timeline->engine->exceptions, tl_str_z(id), &hash, &held) ||
        tl_state_get(timeline->engine->journal, TL_STR(TL_TABLE_EXCEPTION), tl_str_z(id), &timeline->arena, &row,
                     NULL) != TL_OK ||
        tl_json_parse_borrowed(row.value, NULL, &doc, NULL) != TL_OK)
        return false;
    begin(timeline, &w, row.time_ms, "exception", event->position);
    tl_json_put_z(&w, "flow", flow->name);
    tl_json_put_z(&w, "exception", id);
    for (size_t i = 0; i < TL_COUNT_OF(shown); i++) {
        const struct tl_json_value *value = tl_json_get(tl_json_root(doc), shown[i]);
        if (value != NULL) {
            tl_json_key(&w, shown[i]);
            tl_json_value(&w, value);
        }
    }
    tl_json_put_uint(&w, "held", held);
    end(timeline, &w);
    tl_json_free(doc);
    return true;
}

/* The open run of a unit, when there is one: what it waits for. */
static bool run_line(struct timeline *timeline, const struct tl_plan_flow *flow, const struct tl_event *event)
{
    char id[TL_POSITION_TEXT];
    struct tl_state_row row;
    struct tl_run_row *run;
    struct tl_json_writer w;
    tl_position_print(tl_unit_number(flow, event->position), id);
    if (tl_state_get(timeline->engine->journal, TL_STR(TL_TABLE_RUN), tl_str_z(id), &timeline->arena, &row, NULL) !=
            TL_OK ||
        tl_run_row_read(tl_str_z(id), row.value, &run, NULL) != TL_OK)
        return false;
    begin(timeline, &w, tl_now().wall_ms, "run", event->position);
    tl_json_put_z(&w, "flow", flow->name);
    tl_json_put_z(&w, "run", id);
    tl_json_put_z(&w, "state", tl_run_phase_name(run->phase));
    tl_runs_write_waits(&w, run);
    end(timeline, &w);
    tl_run_row_free(run);
    return true;
}

static void pending_line(struct timeline *timeline, const struct tl_plan_flow *flow, const struct tl_event *event,
                         const struct tl_entry *entry)
{
    struct tl_event_source source = {.arena = &timeline->arena, .entry = *entry, .event = *event, .fetched = true};
    struct tl_place_of place = {.system = -1};
    uint64_t holder;
    unsigned held;
    struct tl_json_writer w;
    if (!tl_plan_placing(flow, tl_position_commit(event->position))->function) /* which needs a lane's state */
        tl_dispatch_place(timeline->engine, flow, &source, &place);
    bool is_held = tl_exception_index_holder(&timeline->engine->exceptions, place.hash, &holder, &held);
    begin(timeline, &w, tl_now().wall_ms, "pending", event->position);
    tl_json_put_z(&w, "flow", flow->name);
    tl_json_put_z(&w, "state", is_held ? "held" : atomic_load(&flow->paused) ? "paused" : "waiting");
    if (is_held) {
        char id[TL_POSITION_TEXT];
        tl_position_print(holder, id);
        tl_json_put_z(&w, "behind", id);
    }
    if (place.system >= 0) {
        const struct tl_plan_system *system = timeline->engine->plan.systems[place.system];
        struct tl_gate_closed closed;
        tl_json_put_z(&w, "system", system->name);
        if (!tl_gate_peek(system->gate, tl_now(), TL_NORMAL, &closed))
            tl_json_put_z(&w, "gate", tl_gate_reason_word(closed.why));
    }
    end(timeline, &w);
}

static void unit_lines(struct timeline *timeline, const struct tl_event *event)
{
    struct tl_engine *engine = timeline->engine;
    struct tl_entry entry = {.position = event->position,
                             .type = event->type,
                             .source = event->source,
                             .key_hash = tl_journal_key_hash(engine->journal, event->key),
                             .flags = event->flags,
                             .priority = event->priority};
    struct tl_progress_bits bits = {0};
    uint32_t flows[TL_FLOWS_OF_EVENT];
    size_t count = tl_dispatch_flows(&engine->plan, &entry, flows, TL_COUNT_OF(flows));
    tl_progress_bits(&engine->progress, tl_position_commit(event->position), &bits);
    for (size_t f = 0; f < count; f++) {
        const struct tl_plan_flow *flow = engine->plan.flows[flows[f]];
        bool is_parked = exception_line(timeline, flow, event);
        if (run_line(timeline, flow, event) || is_parked)
            continue;
        if (tl_progress_bits_has(&bits, flows[f], tl_position_index(event->position)))
            pending_line(timeline, flow, event, &entry);
    }
    tl_progress_bits_free(&bits);
}

/* What the event's own record says instead of an outcome. */
static void unwanted_line(struct timeline *timeline, const struct tl_event *event)
{
    struct tl_buf note;
    tl_buf_init(&note, 1024);
    tl_buf_addf(&note, "no flow takes events of type %.*s", TL_STR_ARGS(event->type));
    outcome_line(timeline, &(struct tl_outcome){.event = event->position,
                                                .flow = TL_STR("nobody"),
                                                .ending = TL_UNWANTED,
                                                .note = tl_buf_str(&note),
                                                .time_ms = event->time_ms});
    tl_buf_free(&note);
}

static tl_code tell(struct timeline *timeline, tl_position position, struct tl_error *err)
{
    struct tl_event event;
    struct tl_outcome *outcomes;
    size_t count;
    tl_code code = tl_journal_event(timeline->engine->journal, position, &timeline->arena, &event, err);
    if (code == TL_ENOTFOUND)
        return TL_OK; /* past retention */
    if (code != TL_OK)
        return code;
    event_line(timeline, &event);
    add_event(timeline, event.cause);
    if (event.flags & TL_EVENT_UNWANTED)
        unwanted_line(timeline, &event);
    code = tl_journal_outcomes(timeline->engine->journal, position, &timeline->arena, &outcomes, &count, err);
    for (size_t i = 0; code == TL_OK && i < count; i++) {
        outcome_line(timeline, &outcomes[i]);
        if (outcomes[i].ending == TL_DONE)
            add_emitted(timeline, position, tl_position_commit(outcomes[i].position));
    }
    unit_lines(timeline, &event);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* ---- the whole ---- */

static int by_time(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static tl_code print(struct timeline *timeline, tl_str key, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer w;
    qsort(timeline->lines, timeline->line_count, sizeof *timeline->lines, by_time);
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_lossy(&w, "key", key);
    tl_json_key(&w, "entries");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < timeline->line_count; i++)
        tl_json_raw_value(&w, tl_str_n(timeline->text.ptr + timeline->lines[i].from, timeline->lines[i].len));
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_json_writer_done(&w, err);
}

static tl_code collect(struct timeline *timeline, tl_str key, struct tl_buf *out, struct tl_error *err)
{
    tl_code code = TL_OK;
    if (timeline->event_count == 0)
        return tl_fail(err, TL_ENOTFOUND, "nothing was received with key \"%.*s\"", TL_STR_ARGS(key));
    for (size_t i = 0; code == TL_OK && i < timeline->event_count; i++) /* grows meanwhile */
        code = tell(timeline, timeline->events[i], err);
    if (code == TL_OK && timeline->line_count == 0)
        code = tl_fail(err, TL_ENOTFOUND, "the journal does not hold the event any more");
    return code == TL_OK ? print(timeline, key, out, err) : code;
}

static void init(struct timeline *timeline, struct tl_engine *engine)
{
    *timeline = (struct timeline){.engine = engine};
    tl_arena_init(&timeline->arena);
    tl_buf_init(&timeline->text, TEXT_MAX);
}

static void deinit(struct timeline *timeline)
{
    tl_arena_free(&timeline->arena);
    tl_buf_free(&timeline->text);
    tl_free(timeline->events);
    tl_free(timeline->lines);
}

tl_code tl_engine_trace(struct tl_engine *engine, tl_str key, struct tl_buf *out, struct tl_error *err)
{
    struct timeline timeline;
    init(&timeline, engine);
    tl_code code = add_by_key(&timeline, key, err);
    ptrdiff_t slash = tl_str_find(key, '/');
    if (code == TL_OK && slash >= 0)
        code = add_by_key(&timeline, tl_str_from(key, (size_t)slash + 1), err);
    if (code == TL_OK)
        code = collect(&timeline, key, out, err);
    deinit(&timeline);
    return code;
}

tl_code tl_engine_trace_event(struct tl_engine *engine, tl_position event, struct tl_buf *out, struct tl_error *err)
{
    struct timeline timeline;
    char id[TL_POSITION_TEXT];
    init(&timeline, engine);
    add_event(&timeline, event);
    tl_position_print(event, id);
    tl_code code = collect(&timeline, tl_str_z(id), out, err);
    deinit(&timeline);
    return code;
}
