#include "replay_select.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "child.h"
#include "journal/reader.h"
#include "moment.h"
#include "replay_later.h"
#include "replay_facts.h"
#include "replay_record.h"
#include "replayed.h"
#include <stdlib.h>

#define LOOKED_MAX 1000000 /* directory entries a request looks at */
#define KEY_PAGE 1000

struct selecting {
    struct tl_engine *engine;
    const struct tl_replay_request *request;
    struct tl_replay_selection *out;
    struct tl_arena arena; /* of one event */
    int64_t until_ms;
    size_t limit;
    struct tl_map laters; /* by key: struct tl_replay_later, own */
    struct tl_map keys;   /* of the selection, when it is extended to the latest */
};

/* ---- units ---- */

static void add(struct selecting *s, const struct tl_replay_unit *unit)
{
    struct tl_replay_selection *out = s->out;
    if (out->count == out->cap) {
        out->cap = out->cap == 0 ? 64 : out->cap * 2;
        out->units = tl_realloc(out->units, out->cap * sizeof *out->units);
    }
    out->units[out->count++] = *unit;
    out->runs += unit->why == NULL;
}

/* NULL: it may run again. */
static const char *why_not(const struct tl_plan_flow *flow, const struct tl_outcome *last)
{
    if (flow->kind != TL_PLAN_SCRIPT)
        return "the flow is not in the integration any more";
    switch (last->ending) {
    case TL_PARKED:
        return "parked: its exception is open; use 'exceptions retry'";
    case TL_WAITING:
        return "its run is still open; see 'runs'";
    case TL_DISCARDED:
        return "a person decided against it";
    case TL_FAILED:
        return last->effect_count > 0 ? "it failed after it had done something, which may have been undone" : NULL;
    default:
        return NULL;
    }
}

/* What came after the events of a key, read once. */
static struct tl_replay_later *later_of(struct selecting *s, const struct tl_event *event)
{
    struct tl_replay_scope scope = {.engine = s->engine, .key = event->key};
    struct tl_replay_later *later = tl_map_get(&s->laters, event->key);
    if (later == NULL) {
        later = tl_replay_later_new(&scope, event->position);
        tl_map_put(&s->laters, event->key, later);
    }
    return later;
}

/* An earlier replay of it that is parked or waits comes first. */
static const char *why_not_again(struct selecting *s, const struct tl_event *event, tl_str flow)
{
    struct tl_replay_past past;
    if (tl_replay_past(s->engine, event->position, flow, later_of(s, event), &s->arena, &past, NULL) != TL_OK)
        return "what it did cannot be read";
    for (size_t i = 0; i < past.replay_count; i++) {
        if (past.told[i] == NULL)
            return "an earlier replay of it has not ended yet";
        if (tl_replay_is_open(past.told[i]->ending))
            return "an earlier replay of it is parked or waits";
    }
    return NULL;
}

static void consider(struct selecting *s, const struct tl_event *event, const struct tl_outcome *last)
{
    int at = tl_plan_flow(&s->engine->plan, last->flow);
    const struct tl_plan_flow *flow = at >= 0 ? s->engine->plan.flows[at] : NULL;
    if (flow == NULL || (flow->kind != TL_PLAN_SCRIPT && flow->kind != TL_PLAN_GONE))
        return; /* the runtime's own, and flows that left nothing behind */
    if (s->request->flow.len > 0 && !tl_str_eq(s->request->flow, last->flow))
        return;
    struct tl_replay_unit unit = {
        .event = event->position, .flow = (uint32_t)at, .why = why_not(flow, last), .ending = last->ending};
    if (unit.why == NULL)
        unit.why = why_not_again(s, event, last->flow);
    add(s, &unit);
    if (unit.why == NULL && s->request->to_latest && event->key.len > 0)
        tl_map_put(&s->keys, event->key, s);
}

/* Flows that have not told how it ended. */
static void list_unfinished(struct selecting *s, const struct tl_entry *entry, const struct tl_outcome *outcomes,
                            size_t count)
{
    uint32_t flows[TL_FLOWS_OF_EVENT];
    size_t flow_count = tl_dispatch_flows(&s->engine->plan, entry, flows, TL_COUNT_OF(flows));
    for (size_t f = 0; f < flow_count; f++) {
        const struct tl_plan_flow *flow = s->engine->plan.flows[flows[f]];
        bool told = flow->kind != TL_PLAN_SCRIPT;
        for (size_t i = 0; i < count; i++)
            told |= tl_str_is(outcomes[i].flow, flow->name);
        if (!told && (s->request->flow.len == 0 || tl_str_is(s->request->flow, flow->name)))
            add(s,
                &(struct tl_replay_unit){
                    .event = entry->position, .flow = flows[f], .why = "it has not ended yet", .ending = TL_WAITING});
    }
}

/* Starts of runs are repeated by whoever started them, replays by another replay of what they stand for. */
static bool takes_type(const struct selecting *s, tl_str type)
{
    tl_str wanted = s->request->type;
    if (tl_replayed_type_is(type))
        return false;
    if (wanted.len > 0)
        return tl_str_eq(type, wanted);
    return !tl_str_starts(type, TL_STR(TL_TYPE_START)) && !tl_str_is(type, TL_TYPE_ENDED);
}

static tl_code take(struct selecting *s, const struct tl_entry *entry, struct tl_error *err)
{
    struct tl_outcome *outcomes;
    struct tl_event event;
    size_t count = 0;
    if (!takes_type(s, entry->type))
        return TL_OK;
    tl_code code = tl_journal_event(s->engine->journal, entry->position, &s->arena, &event, err);
    if (code == TL_OK)
        code = tl_journal_outcomes(s->engine->journal, entry->position, &s->arena, &outcomes, &count, err);
    for (size_t i = 0; code == TL_OK && i < count; i++) {
        bool last = true;
        for (size_t j = i + 1; j < count; j++)
            last &= !tl_str_eq(outcomes[i].flow, outcomes[j].flow);
        if (last)
            consider(s, &event, &outcomes[i]);
    }
    if (code == TL_OK && (entry->flags & TL_EVENT_UNWANTED) == 0)
        list_unfinished(s, entry, outcomes, count);
    tl_arena_free(&s->arena);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* ---- by time ---- */

static tl_code by_time(struct selecting *s, struct tl_error *err)
{
    const struct tl_replay_request *request = s->request;
    struct tl_journal *journal = s->engine->journal;
    uint64_t from = tl_moment_commit(s->engine->journal, request->since_ms);
    bool paged = request->after != TL_POSITION_NONE && tl_position_commit(request->after) >= from;
    struct tl_cursor *cursor = paged ? tl_cursor_after(journal, request->after, TL_RECORD_BIT(TL_RECORD_EVENT))
                                     : tl_cursor_new(journal, from, TL_RECORD_BIT(TL_RECORD_EVENT));
    struct tl_record record;
    tl_code code = TL_OK;
    size_t looked = 0;
    tl_position last = TL_POSITION_NONE;
    while (code == TL_OK && (code = tl_cursor_next(cursor, &record, err)) == TL_OK) {
        if (record.entry.time_ms >= s->until_ms)
            break;
        if (s->out->count >= s->limit || looked++ >= LOOKED_MAX) {
            s->out->next = last;
            break;
        }
        last = record.entry.position;
        code = take(s, &record.entry, err);
    }
    tl_cursor_free(cursor);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* ---- by key ---- */

static tl_code take_position(struct selecting *s, tl_position position, int64_t since_ms, int64_t until_ms,
                             struct tl_error *err)
{
    struct tl_event event;
    tl_code code = tl_journal_event(s->engine->journal, position, &s->arena, &event, err);
    struct tl_entry entry = {.position = position};
    bool wanted = code == TL_OK && event.time_ms >= since_ms && event.time_ms < until_ms;
    if (wanted) {
        entry.time_ms = event.time_ms;
        entry.type = tl_arena_str(&s->arena, event.type);
        entry.source = event.source;
        entry.flags = event.flags;
        entry.priority = event.priority;
        entry.key_hash = tl_journal_key_hash(s->engine->journal, event.key);
        code = take(s, &entry, err);
    }
    tl_arena_free(&s->arena);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* All of a key's events after one, oldest first; `out` is the caller's. */
static tl_code positions_of(struct selecting *s, tl_str key, tl_position after, tl_position **out, size_t *count,
                            struct tl_error *err)
{
    struct tl_key_query query = {.key = key, .type = s->request->type, .after = after, .limit = KEY_PAGE};
    struct tl_arena arena;
    tl_position *all = NULL, *page;
    size_t got = KEY_PAGE;
    tl_code code = TL_OK;
    *count = 0;
    tl_arena_init(&arena);
    while (code == TL_OK && got == KEY_PAGE) {
        code = tl_journal_find(s->engine->journal, &query, &arena, &page, &got, err);
        all = tl_realloc(all, (*count + got + 1) * sizeof *all);
        for (size_t i = 0; code == TL_OK && i < got; i++)
            all[(*count)++] = page[i];
        query.before = got > 0 ? page[got - 1] : TL_POSITION_NONE;
        tl_arena_free(&arena);
    }
    for (size_t i = 0; i < *count / 2; i++) {
        tl_position other = all[*count - 1 - i];
        all[*count - 1 - i] = all[i];
        all[i] = other;
    }
    *out = all;
    return code == TL_ENOTFOUND ? TL_OK : code;
}

static tl_code by_key(struct selecting *s, struct tl_error *err)
{
    tl_position *positions;
    size_t count;
    tl_code code = positions_of(s, s->request->key, s->request->after, &positions, &count, err);
    for (size_t i = 0; code == TL_OK && i < count; i++) {
        if (s->out->count >= s->limit) {
            s->out->next = positions[i - 1];
            break;
        }
        code = take_position(s, positions[i], s->request->since_ms, s->until_ms, err);
    }
    tl_free(positions);
    return code;
}

/* ---- up to the latest ---- */

static int by_place(const void *a, const void *b)
{
    const struct tl_replay_unit *x = a, *y = b;
    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    return x->flow < y->flow ? -1 : x->flow > y->flow;
}

static tl_code extend_key(struct selecting *s, tl_str key, tl_position last, struct tl_error *err)
{
    tl_position *positions;
    size_t count;
    tl_code code = positions_of(s, key, last, &positions, &count, err);
    for (size_t i = 0; code == TL_OK && i < count; i++) {
        if (s->out->count >= TL_BATCH_EVENTS_MAX)
            code = tl_fail(err, TL_EINPUT, "up to the latest these are more than %d units; select fewer at a time",
                           TL_BATCH_EVENTS_MAX);
        else
            code = take_position(s, positions[i], 0, INT64_MAX, err);
    }
    tl_free(positions);
    return code;
}

/* The keys are those that the selection has now; what is added has no others. */
static tl_code extend(struct selecting *s, struct tl_error *err)
{
    struct tl_map keys = s->keys;
    tl_position last = s->out->count > 0 ? s->out->units[s->out->count - 1].event : TL_POSITION_NONE;
    size_t i = 0;
    tl_str key;
    void *value;
    tl_code code = TL_OK;
    tl_map_init(&s->keys);
    while (code == TL_OK && tl_map_next(&keys, &i, &key, &value))
        code = extend_key(s, key, last, err);
    tl_map_free(&keys);
    return code;
}

/* ---- the whole ---- */

static void free_laters(struct tl_map *laters)
{
    size_t i = 0;
    tl_str key;
    void *later;
    while (tl_map_next(laters, &i, &key, &later))
        tl_replay_later_free(later);
    tl_map_free(laters);
}

tl_code tl_replay_select(struct tl_engine *engine, const struct tl_replay_request *request,
                         struct tl_replay_selection *out, struct tl_error *err)
{
    struct selecting s = {.engine = engine,
                          .request = request,
                          .out = out,
                          .until_ms = request->until_ms > 0 ? request->until_ms : INT64_MAX,
                          .limit = request->limit > 0 ? request->limit : TL_REPLAY_UNITS};
    int64_t oldest = tl_moment_from(engine->journal, tl_journal_first(engine->journal));
    *out = (struct tl_replay_selection){.held_ms = oldest != INT64_MAX ? oldest : 0};
    tl_arena_init(&s.arena);
    tl_map_init(&s.keys);
    tl_map_init(&s.laters);
    tl_code code = request->key.len > 0 ? by_key(&s, err) : by_time(&s, err);
    if (code == TL_OK && request->to_latest)
        code = extend(&s, err);
    if (out->count > 0)
        qsort(out->units, out->count, sizeof *out->units, by_place);
    tl_map_free(&s.keys);
    free_laters(&s.laters);
    tl_arena_free(&s.arena);
    return code;
}

void tl_replay_selection_free(struct tl_replay_selection *selection)
{
    tl_free(selection->units);
}

bool tl_replay_selection_has(const struct tl_engine *engine, const struct tl_replay_selection *selection,
                             tl_position event, tl_str flow)
{
    int at = tl_plan_flow(&engine->plan, flow);
    struct tl_replay_unit key = {.event = event, .flow = (uint32_t)at};
    if (at < 0 || selection->count == 0)
        return false;
    const struct tl_replay_unit *unit =
        bsearch(&key, selection->units, selection->count, sizeof *selection->units, by_place);
    return unit != NULL && unit->why == NULL;
}
