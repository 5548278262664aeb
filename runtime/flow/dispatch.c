#include "dispatch.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "codec/json_pointer.h"
#include "engine_int.h"
#include "host.h"
#include "journal/reader.h"
#include "merge.h"
#include "replayed.h"

/* A lane whose inbox keeps that many times the bound in memory reads from the journal instead. */
#define PINNED_TIMES 4

void tl_dispatch_init(struct tl_dispatch *dispatch, unsigned lanes)
{
    *dispatch = (struct tl_dispatch){.waves = tl_zalloc(lanes, sizeof(void *))};
    tl_must(pthread_mutex_init(&dispatch->queue_lock, NULL) == 0 && pthread_mutex_init(&dispatch->lock, NULL) == 0);
    tl_arena_init(&dispatch->scratch);
}

void tl_dispatch_free(struct tl_dispatch *dispatch)
{
    for (size_t i = 0; i < dispatch->incoming_count; i++)
        tl_commit_unref(dispatch->incoming[i]);
    tl_free(dispatch->incoming);
    tl_free(dispatch->units);
    tl_free(dispatch->waves);
    tl_arena_free(&dispatch->scratch);
    pthread_mutex_destroy(&dispatch->queue_lock);
    pthread_mutex_destroy(&dispatch->lock);
}

uint64_t tl_hash_mix(uint64_t a, uint64_t b)
{
    uint64_t h = a ^ (b + 0x9e3779b97f4a7c15ull + (a << 6) + (a >> 2));
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdull;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ull;
    return h ^ (h >> 33);
}

unsigned tl_dispatch_lane(const struct tl_engine *engine, uint64_t hash)
{
    return (unsigned)(hash % TL_PARTITIONS) % engine->lane_count;
}

/* ---- from the writer's thread ---- */

void tl_lane_nudge(struct tl_lane *lane)
{
    if (!atomic_exchange(&lane->woken, true))
        tl_loop_post(lane->loop, &lane->wake);
}

void tl_engine_on_commit(void *ctx, struct tl_commit *commit)
{
    struct tl_engine *engine = ctx;
    struct tl_dispatch *dispatch = &engine->dispatch;
    if (!atomic_load(&engine->running)) { /* recovery reads it, or the next start does */
        atomic_store(&dispatch->unseen, tl_commit_number(commit));
        return;
    }
    pthread_mutex_lock(&dispatch->queue_lock);
    if (dispatch->incoming_count == dispatch->incoming_cap) {
        dispatch->incoming_cap = dispatch->incoming_cap == 0 ? 64 : dispatch->incoming_cap * 2;
        dispatch->incoming = tl_realloc(dispatch->incoming, dispatch->incoming_cap * sizeof(void *));
    }
    dispatch->incoming[dispatch->incoming_count++] = tl_commit_ref(commit);
    bool wake = tl_commit_event_count(commit) > 0 || dispatch->incoming_count >= 64;
    pthread_mutex_unlock(&dispatch->queue_lock);
    if (wake)
        tl_lane_nudge(engine->lanes[tl_commit_number(commit) % engine->lane_count]);
}

/* ---- where a unit belongs ---- */

static bool fetch(struct tl_engine *engine, struct tl_event_source *source)
{
    if (source->fetched)
        return true;
    if (source->commit != NULL)
        tl_commit_event(source->commit, tl_position_index(source->entry.position), &source->event);
    else if (tl_journal_event(engine->journal, source->entry.position, source->arena, &source->event, NULL) != TL_OK)
        return false;
    source->fetched = true;
    return true;
}

/* The state whose function that is, and the flow's index there; an earlier one is opened for as long as it is needed.
 */
static void *function_host(const struct tl_plan_flow *flow, const struct tl_placing *place, struct tl_lane *lane,
                           size_t *index)
{
    struct tl_script_host *host =
        place->revision == NULL ? tl_host_live(lane, flow->part) : tl_host_earlier(lane, place->revision, NULL);
    uint32_t number = (uint32_t)tl_plan_flow(&lane->engine->plan, tl_str_z(flow->name));
    *index = flow->script_index;
    if (host == NULL || (place->revision != NULL && !tl_host_flow(lane, host, number, index)))
        return NULL;
    return host->host;
}

static uint64_t by_function(struct tl_engine *engine, const struct tl_plan_flow *flow, const struct tl_placing *place,
                            struct tl_event_source *source)
{
    char id[TL_POSITION_TEXT];
    tl_position_print(source->entry.position, id);
    struct tl_run_event event = {.id = tl_str_z(id),
                                 .type = source->event.type,
                                 .key = source->event.key,
                                 .source = source->event.source,
                                 .payload = source->event.payload,
                                 .time_ms = source->event.time_ms};
    struct tl_replayed old;
    if (tl_replayed_read(&source->event, &old)) {
        tl_position_print(old.event, id);
        event.type = old.type;
        event.time_ms = old.time_ms;
    }
    event.type = tl_plan_local_type(&engine->plan, flow->part, event.type, source->arena);
    event.source = tl_plan_local(&engine->plan, flow->part, event.source);
    struct tl_buf key;
    tl_buf_init(&key, TL_KEY_MAX);
    uint64_t hash = 0;
    size_t index;
    void *host = function_host(flow, place, source->lane, &index);
    if (host != NULL && engine->runs->order_key(engine->runs->ctx, host, index, &event, &key, NULL) == TL_OK)
        hash = tl_journal_key_hash(engine->journal, tl_buf_str(&key));
    tl_buf_free(&key);
    return hash;
}

static uint64_t by_pointer(struct tl_engine *engine, const struct tl_placing *place, struct tl_event_source *source)
{
    struct tl_buf scratch;
    tl_buf_init(&scratch, TL_KEY_MAX);
    tl_str key;
    uint64_t hash = 0;
    if (tl_json_pointer_text(source->event.payload, tl_str_z(place->pointer), &scratch, &key, NULL) == TL_OK)
        hash = tl_journal_key_hash(engine->journal, key);
    tl_buf_free(&scratch);
    return hash;
}

/* 0: it has none, and no order. */
static uint64_t key_of(struct tl_engine *engine, const struct tl_plan_flow *flow, const struct tl_placing *place,
                       struct tl_event_source *source)
{
    if (!place->ordered)
        return 0;
    uint64_t hash = 0;
    if ((place->pointer != NULL || place->function) && fetch(engine, source))
        hash = place->pointer != NULL ? by_pointer(engine, place, source) : by_function(engine, flow, place, source);
    return hash != 0 ? hash : source->entry.key_hash;
}

static enum tl_priority priority_of(const struct tl_placing *place, const struct tl_entry *entry)
{
    return place->priority == TL_NORMAL ? entry->priority : place->priority;
}

static int system_of(struct tl_engine *engine, const struct tl_plan_flow *flow, const struct tl_placing *place,
                     struct tl_event_source *source)
{
    if (flow->kind == TL_PLAN_HINT)
        return tl_plan_number(&engine->plan, source->entry.source);
    if (place->route == NULL)
        return place->system;
    return fetch(engine, source) ? tl_plan_first_system(&engine->plan, flow, place, source->event.payload) : -1;
}

void tl_dispatch_place(struct tl_engine *engine, const struct tl_plan_flow *flow, struct tl_event_source *source,
                       struct tl_place_of *out)
{
    const struct tl_placing *place = tl_plan_placing(flow, tl_position_commit(source->entry.position));
    uint64_t key = key_of(engine, flow, place, source);
    *out = (struct tl_place_of){.hash = tl_hash_mix(place->scope_hash, key != 0 ? key : source->entry.position),
                                .system = system_of(engine, flow, place, source),
                                .priority = priority_of(place, &source->entry)};
}

static bool is_awaited(const struct tl_plan *plan, const struct tl_entry *entry)
{
    return plan->awaits != NULL && tl_await_index_has(plan->awaits, entry->key_hash, tl_await_type(entry->type));
}

size_t tl_dispatch_flows(const struct tl_plan *plan, const struct tl_entry *entry, uint32_t *flows, size_t cap)
{
    uint64_t commit = tl_position_commit(entry->position);
    const struct tl_plan_type *type = tl_plan_type(plan, entry->type);
    size_t count = 0;
    if (is_awaited(plan, entry))
        flows[count++] = TL_FLOW_AWAIT;
    if (entry->flags & TL_EVENT_UNWANTED)
        return count;
    for (size_t i = 0; type != NULL && i < type->count && count < cap; i++) {
        if (commit >= type->subs[i].from && commit < type->subs[i].until)
            flows[count++] = type->subs[i].flow;
    }
    if (count == 0)
        flows[count++] = TL_FLOW_NOBODY;
    return count;
}

/* ---- deriving ---- */

static void note_unit(struct tl_dispatch *dispatch, size_t i, uint32_t flow, uint32_t index)
{
    if (i == dispatch->unit_cap) {
        dispatch->unit_cap = dispatch->unit_cap == 0 ? 1024 : dispatch->unit_cap * 2;
        dispatch->units = tl_realloc(dispatch->units, dispatch->unit_cap * sizeof *dispatch->units);
    }
    dispatch->units[i] = (struct tl_progress_unit){flow, index};
}

static void add_to_wave(struct tl_engine *engine, struct tl_commit *commit, unsigned to,
                        const struct tl_place_of *place, uint32_t flow, uint32_t index, size_t most)
{
    struct tl_lane *lane = engine->lanes[to];
    if (lane->behind)
        return;
    struct tl_wave **wave = &engine->dispatch.waves[to];
    if (*wave == NULL) {
        *wave = tl_alloc(sizeof **wave + most * sizeof(*wave)->units[0]);
        **wave = (struct tl_wave){.engine = engine, .commit = tl_commit_ref(commit), .refs = 1};
    }
    struct tl_wave_unit *unit = &(*wave)->units[(*wave)->count++];
    *unit = (struct tl_wave_unit){place->hash, flow, index, place->system, place->priority};
}

/* Hands the commit's waves to the lanes; those with something are woken through `wakes`. */
static void deliver_waves(struct tl_engine *engine, struct tl_lane *self, size_t bytes)
{
    for (unsigned i = 0; i < engine->lane_count; i++) {
        struct tl_wave *wave = engine->dispatch.waves[i];
        engine->dispatch.waves[i] = NULL;
        if (wave == NULL)
            continue;
        struct tl_lane *lane = engine->lanes[i];
        wave->bytes = bytes;
        atomic_fetch_add(&engine->dispatch.pinned, bytes);
        *lane->inbox_end = wave;
        lane->inbox_end = &wave->next;
        if (lane != self)
            tl_lane_nudge(lane);
    }
}

static void feed_outcomes(struct tl_engine *engine, struct tl_commit *commit)
{
    struct tl_record record;
    size_t place = 0;
    while (tl_commit_next(commit, &place, &record, NULL, 0)) {
        if (record.kind != TL_RECORD_OUTCOME)
            continue;
        int flow = tl_plan_flow(&engine->plan, record.outcome.flow);
        if (flow >= 0)
            tl_progress_end(&engine->progress, record.outcome.event, (uint32_t)flow);
    }
}

/* Units that waited for those of an earlier order may begin. */
static void look_at_lanes(struct tl_engine *engine)
{
    for (unsigned i = 0; i < engine->lane_count; i++) {
        atomic_store(&engine->lanes[i]->look, true);
        tl_lane_nudge(engine->lanes[i]);
    }
}

static size_t derive_event(struct tl_engine *engine, struct tl_event_source *source, struct tl_commit *commit,
                           size_t found, size_t most)
{
    uint32_t flows[TL_FLOWS_OF_EVENT];
    size_t count = tl_dispatch_flows(&engine->plan, &source->entry, flows, TL_FLOWS_OF_EVENT);
    uint32_t index = tl_position_index(source->entry.position);
    if ((source->entry.flags & TL_EVENT_CONFLICT) != 0)
        tl_log(TL_WARN, "event.conflict",
               "an event's dedupe key was known with another payload: it was accepted as a new event",
               TL_FSLICE("type", source->entry.type), TL_FSLICE("source", source->entry.source),
               TL_FINT("commit", tl_commit_number(commit)), TL_FINT("index", index));
    for (size_t f = 0; f < count; f++) {
        struct tl_place_of place;
        tl_dispatch_place(engine, engine->plan.flows[flows[f]], source, &place);
        note_unit(&engine->dispatch, found + f, flows[f], index);
        add_to_wave(engine, commit, tl_dispatch_lane(engine, place.hash), &place, flows[f], index, most);
    }
    return count;
}

/* The most units a commit can have, so that a wave is allocated once. */
static size_t most_units(const struct tl_plan *plan, const struct tl_commit *commit)
{
    size_t most = 0;
    uint32_t flows[TL_FLOWS_OF_EVENT];
    for (uint32_t i = 0; i < tl_commit_event_count(commit); i++) {
        struct tl_entry entry;
        tl_commit_entry(commit, i, &entry);
        most += tl_dispatch_flows(plan, &entry, flows, TL_FLOWS_OF_EVENT) + 1; /* a run may begin to wait meanwhile */
    }
    return most;
}

static void derive(struct tl_engine *engine, struct tl_lane *self, struct tl_commit *commit)
{
    struct tl_dispatch *dispatch = &engine->dispatch;
    uint32_t events = tl_commit_event_count(commit);
    size_t most = events > 0 ? most_units(&engine->plan, commit) : 0, units = 0, bytes = 0;
    for (uint32_t i = 0; i < events; i++) {
        struct tl_event_source source = {.lane = self, .arena = &dispatch->scratch, .commit = commit};
        tl_commit_entry(commit, i, &source.entry);
        bytes += source.entry.payload_len;
        units += derive_event(engine, &source, commit, units, most);
    }
    tl_progress_add(&engine->progress, tl_commit_number(commit), tl_commit_time(commit), events, dispatch->units,
                    units);
    feed_outcomes(engine, commit);
    if (atomic_load(&engine->ageing) && tl_order_look(engine))
        look_at_lanes(engine);
    tl_progress_upto(&engine->progress, tl_commit_number(commit));
    deliver_waves(engine, self, bytes);
    dispatch->dispatched = tl_commit_number(commit);
    tl_arena_free(&dispatch->scratch);
}

/* Too much waits in memory: whoever has waves he has not taken reads them from the journal when he gets there. */
static void relieve(struct tl_engine *engine, uint64_t commit)
{
    size_t bound = engine->config.pinned_bytes * PINNED_TIMES;
    for (unsigned i = 0; i < engine->lane_count && atomic_load(&engine->dispatch.pinned) > bound; i++) {
        struct tl_lane *lane = engine->lanes[i];
        if (lane->behind || lane->inbox == NULL)
            continue;
        lane->behind = true;
        lane->behind_from = commit;
        atomic_store(&lane->caught_up, false);
    }
}

void tl_dispatch_prepare(struct tl_engine *engine, struct tl_lane *lane)
{
    struct tl_dispatch *dispatch = &engine->dispatch;
    pthread_mutex_lock(&dispatch->lock);
    if (dispatch->held) {
        pthread_mutex_unlock(&dispatch->lock);
        return;
    }
    pthread_mutex_lock(&dispatch->queue_lock);
    struct tl_commit **commits = dispatch->incoming;
    size_t count = dispatch->incoming_count;
    dispatch->incoming = NULL;
    dispatch->incoming_count = dispatch->incoming_cap = 0;
    pthread_mutex_unlock(&dispatch->queue_lock);
    for (size_t i = 0; i < count; i++) {
        if (tl_commit_number(commits[i]) > dispatch->dispatched) { /* recovery may have seen it already */
            relieve(engine, tl_commit_number(commits[i]));
            derive(engine, lane, commits[i]);
        }
        tl_commit_unref(commits[i]);
    }
    pthread_mutex_unlock(&dispatch->lock);
    tl_free(commits);
}

uint64_t tl_dispatch_hold(struct tl_engine *engine)
{
    pthread_mutex_lock(&engine->dispatch.lock);
    engine->dispatch.held = true;
    uint64_t dispatched = engine->dispatch.dispatched;
    pthread_mutex_unlock(&engine->dispatch.lock);
    return dispatched;
}

void tl_dispatch_go_on(struct tl_engine *engine)
{
    pthread_mutex_lock(&engine->dispatch.lock);
    engine->dispatch.held = false;
    pthread_mutex_unlock(&engine->dispatch.lock);
}

struct tl_wave *tl_dispatch_take(struct tl_lane *lane, uint64_t *upto, uint64_t *behind_from)
{
    struct tl_dispatch *dispatch = &lane->engine->dispatch;
    pthread_mutex_lock(&dispatch->lock);
    struct tl_wave *waves = lane->inbox;
    lane->inbox = NULL;
    lane->inbox_end = &lane->inbox;
    *upto = dispatch->dispatched;
    *behind_from = lane->behind ? lane->behind_from : 0;
    pthread_mutex_unlock(&dispatch->lock);
    return waves;
}

bool tl_dispatch_caught_up(struct tl_lane *lane, uint64_t commit)
{
    struct tl_dispatch *dispatch = &lane->engine->dispatch;
    pthread_mutex_lock(&dispatch->lock);
    bool all = commit >= dispatch->dispatched;
    if (all)
        lane->behind = false;
    pthread_mutex_unlock(&dispatch->lock);
    return all;
}
