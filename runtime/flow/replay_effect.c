#include "replay_effect.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_writer.h"
#include "journal/reader.h"
#include "once.h"
#include "replay_later.h"
#include "replay_record.h"
#include "replayed.h"
#include <string.h>

#define PAGE 1000
#define NOTE_MAX 4096

/* An effect of the earlier unit. */
struct recorded {
    const struct tl_effect *effect;
    bool same;    /* a request equal to it has come up */
    bool likened; /* one that differs has come up in its place */
};

/* A call that was not sent. */
struct skipped {
    tl_str id, why; /* arena */
};

struct tl_replay {
    struct tl_replayed old;
    struct tl_replay_past past;
    char id[TL_POSITION_TEXT], run[TL_POSITION_TEXT]; /* of the earlier event; of its run */
    struct recorded *recorded;                        /* arena */
    size_t count;
    struct skipped *skipped; /* arena */
    size_t skipped_count, skipped_cap;
    size_t emits; /* events that were not emitted again */
};

/* ---- what was recorded ---- */

static void fill(struct tl_drive *drive, struct tl_replay *replay)
{
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[drive->unit->flow];
    const struct tl_outcome *end = replay->past.end;
    replay->recorded = tl_arena_alloc(&drive->arena, (end->effect_count + 1) * sizeof *replay->recorded);
    for (size_t i = 0; i < end->effect_count; i++)
        replay->recorded[i] = (struct recorded){.effect = &end->effects[i]};
    replay->count = end->effect_count;
    tl_position_print(replay->old.event, replay->id);
    tl_position_print(tl_unit_number(flow, replay->old.event), replay->run);
}

/* What is not known is not guessed. */
static bool refuse(struct tl_drive *drive, const char *why)
{
    if (drive->unit->run != NULL)
        tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("lost"), .message = tl_str_z(why)});
    else
        tl_unit_end(drive, TL_DROPPED, tl_str_z(why), NULL, 0);
    return false;
}

/* The events of this replay stand in one commit. */
static struct tl_replay_later *later_of(struct tl_drive *drive, const struct tl_replayed *old)
{
    struct tl_replay_scope scope = {.engine = drive->lane->engine,
                                    .key = drive->event.key,
                                    .commit = tl_position_commit(drive->unit->position),
                                    .id = old->id};
    return tl_replay_later_of(drive->lane, &scope, old->event);
}

bool tl_replay_begin(struct tl_drive *drive)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_replay *replay;
    struct tl_error err;
    if (!tl_replayed_type_is(drive->event.type))
        return true;
    replay = TL_ARENA_NEW(&drive->arena, struct tl_replay);
    *replay = (struct tl_replay){0};
    if (!tl_replayed_read(&drive->event, &replay->old))
        return refuse(drive, "not run again: which event this stands for is not known any more");
    if (tl_replay_past(engine, replay->old.event, replay->old.flow, later_of(drive, &replay->old), &drive->arena,
                       &replay->past, &err) != TL_OK)
        return refuse(drive, err.text);
    if (replay->past.end == NULL)
        return refuse(drive, "not run again: the event is past retention, what it did is not known any more");
    fill(drive, replay);
    drive->replay = replay;
    return true;
}

/* The recorded effect that a request equals; else, by `*like`, the one in whose place it stands. */
static struct recorded *match(struct tl_replay *replay, tl_str system, tl_str operation, const uint8_t hash[16],
                              struct recorded **like)
{
    *like = NULL;
    for (size_t i = 0; i < replay->count; i++) {
        struct recorded *recorded = &replay->recorded[i];
        const struct tl_effect *effect = recorded->effect;
        if (!tl_str_eq(effect->system, system) || !tl_str_eq(effect->operation, operation))
            continue;
        if (!recorded->same && memcmp(effect->request_hash, hash, sizeof effect->request_hash) == 0) {
            recorded->same = true;
            *like = recorded;
            return recorded;
        }
        if (*like == NULL && !recorded->same && !recorded->likened)
            *like = recorded;
    }
    if (*like != NULL)
        (*like)->likened = true;
    return NULL;
}

static void note_skipped(struct tl_drive *drive, tl_str id, tl_str why)
{
    struct tl_replay *replay = drive->replay;
    if (replay->skipped_count == replay->skipped_cap) {
        size_t cap = replay->skipped_cap == 0 ? 8 : replay->skipped_cap * 2;
        struct skipped *more = tl_arena_alloc(&drive->arena, cap * sizeof *more);
        for (size_t i = 0; i < replay->skipped_count; i++)
            more[i] = replay->skipped[i];
        replay->skipped = more;
        replay->skipped_cap = cap;
    }
    replay->skipped[replay->skipped_count++] =
        (struct skipped){tl_arena_str(&drive->arena, id), tl_arena_str(&drive->arena, why)};
}

void tl_replay_recalled(struct tl_drive *drive)
{
    struct recorded *like;
    for (size_t i = 0; drive->replay != NULL && i < drive->recalled_count; i++) {
        const struct tl_step_row *row = &drive->recalled[i];
        if (row->kind != TL_ASK_CALL || !tl_step_is_result(row))
            continue;
        (void)match(drive->replay, row->system, row->operation, row->hash, &like);
        if (row->state == TL_STEP_SKIPPED && row->message.len > 0) /* not one that a person skipped */
            note_skipped(drive, row->id, row->message);
    }
}

void tl_replay_event(const struct tl_drive *drive, struct tl_run_event *event)
{
    const struct tl_replay *replay = drive->replay;
    const struct tl_run_row *row = drive->unit->run;
    if (replay == NULL)
        return;
    uint64_t unit =
        tl_unit_number(drive->lane->engine->plan.flows[drive->unit->flow], replay->old.event); /* the same bytes */
    event->id = tl_str_z(replay->id);
    event->type = replay->old.type;
    event->time_ms = replay->old.time_ms;
    event->unit = row != NULL && row->round > 0 ? tl_hash_mix(unit, row->round) : unit;
}

tl_position tl_replay_from(const struct tl_drive *drive)
{
    return drive->replay != NULL ? drive->replay->old.event : drive->event.position;
}

/* ---- calls ---- */

static const char *system_name(const struct tl_step *step)
{
    return step->drive->lane->engine->plan.systems[step->system]->name;
}

/* What it would have given is not kept; the record's id is. */
static tl_str document_of(struct tl_arena *arena, tl_str remote)
{
    struct tl_buf text;
    struct tl_json_writer w;
    tl_buf_init(&text, TL_KEY_MAX * 8);
    tl_json_writer_init(&w, &text);
    tl_json_begin_object(&w);
    if (remote.len > 0) {
        tl_json_key(&w, "id");
        tl_json_lossy(&w, remote);
    }
    tl_json_end_object(&w);
    tl_str copy = tl_arena_str(arena, tl_buf_str(&text));
    tl_buf_free(&text);
    return copy;
}

/* Listed as an effect that took no attempt: with the hash of what the platform has; one that was never done is said to
 * stand in conflict. */
static void list_effect(struct tl_step *step, const struct tl_effect *done, struct tl_step_row *row, tl_str why)
{
    struct tl_drive *drive = step->drive;
    struct tl_effect effect = {.system = tl_str_z(system_name(step)), .operation = step->ask->operation};
    if (done != NULL) {
        effect.remote_id = done->remote_id;
        effect.status = done->status;
        memcpy(effect.request_hash, done->request_hash, sizeof effect.request_hash);
    } else {
        effect.class_ = TL_FAIL_CONFLICT;
        row->cls = tl_str_z(tl_failure_name(TL_FAIL_CONFLICT));
    }
    row->state = TL_STEP_SKIPPED;
    row->at_ms = tl_wall_ms();
    row->system = effect.system;
    row->operation = effect.operation;
    row->message = why;
    row->remote = effect.remote_id;
    row->status = effect.status;
    row->attempts = 0;
    memcpy(row->hash, effect.request_hash, sizeof row->hash);
    tl_effect_note(drive, &effect);
    note_skipped(drive, step->ask->id, why);
}

static bool skip(struct tl_step *step, const struct tl_effect *done, tl_str why)
{
    struct tl_step_row row = {0};
    list_effect(step, done, &row, why);
    row.document = document_of(&step->drive->arena, row.remote);
    tl_once_release(step); /* nothing is claimed for what is not sent */
    tl_step_ready(step, &row);
    return false;
}

static tl_position newer_than(struct tl_step *step, const struct tl_effect *done)
{
    struct tl_drive *drive = step->drive;
    const struct tl_replayed *old = &drive->replay->old;
    struct tl_effect unknown = {.system = tl_str_z(system_name(step)), .operation = step->ask->operation};
    return tl_replay_touched(later_of(drive, old), old->event, done != NULL ? done : &unknown);
}

static bool skip_newer(struct tl_step *step, const struct tl_effect *done, tl_position newer)
{
    struct tl_arena *arena = &step->drive->arena;
    char id[TL_POSITION_TEXT];
    tl_position_print(newer, id);
    return skip(step, done, tl_str_z(tl_arena_printf(arena, "event %s has touched the record since", id)));
}

/* Undoing what this run did not do would undo the earlier one. */
static bool undoes_skipped(const struct tl_step *step)
{
    const struct tl_replay *replay = step->drive->replay;
    tl_str prefix = TL_STR("undo/");
    if (!tl_str_starts(step->ask->id, prefix))
        return false;
    tl_str of = tl_str_from(step->ask->id, prefix.len);
    for (size_t i = 0; i < replay->skipped_count; i++) {
        tl_str id = replay->skipped[i].id;
        if (tl_str_starts(of, id) && of.len > id.len && of.ptr[id.len] == '/')
            return true;
    }
    return false;
}

static bool is_read(const struct tl_run_ask *ask)
{
    return ask->effect == TL_EFFECT_READ || ask->effect == TL_EFFECT_UNKNOWN;
}

bool tl_replay_sends(struct tl_step *step)
{
    struct tl_replay *replay = step->drive->replay;
    const struct tl_run_ask *ask = step->ask;
    struct tl_call_request request = {.operation = ask->operation, .args = ask->args};
    struct recorded *like;
    uint8_t hash[16];
    if (replay == NULL || is_read(ask))
        return true;
    if (undoes_skipped(step))
        return skip(step, NULL, TL_STR("what it would undo was not done by this run"));
    tl_call_hash(&request, hash);
    bool same = match(replay, tl_str_z(system_name(step)), ask->operation, hash, &like) != NULL;
    const struct tl_effect *done = like != NULL && like->effect->class_ == TL_FAIL_NONE ? like->effect : NULL;
    if (done != NULL && tl_call_is_once_only(ask))
        return skip(step, done, same ? TL_STR("the same") : TL_STR("done, and it must not be done twice"));
    if (replay->old.force && !tl_call_is_once_only(ask))
        return true;
    if (same && done != NULL)
        return skip(step, done, TL_STR("the same"));
    tl_position newer = newer_than(step, done);
    return newer == TL_POSITION_NONE || skip_newer(step, done, newer);
}

void tl_replay_done_once(struct tl_step *step, struct tl_step_row *row)
{
    struct tl_replay *replay = step->drive->replay;
    const struct tl_run_ask *ask = step->ask;
    struct tl_call_request request = {.operation = ask->operation, .args = ask->args};
    struct tl_effect done = {.remote_id = row->remote, .status = (uint16_t)row->status};
    struct recorded *like;
    uint8_t hash[16];
    if (replay == NULL)
        return;
    tl_call_hash(&request, hash);
    bool same = match(replay, tl_str_z(system_name(step)), ask->operation, hash, &like) != NULL;
    if (like != NULL)
        memcpy(done.request_hash, like->effect->request_hash, sizeof done.request_hash);
    list_effect(step, &done, row, same ? TL_STR("the same") : TL_STR("done, and it must not be done twice"));
}

const char *tl_replay_run_id(const struct tl_step *step, const char *own)
{
    const struct tl_replay *replay = step->drive->replay;
    for (size_t i = 0; replay != NULL && i < replay->count; i++) {
        const struct tl_effect *effect = replay->recorded[i].effect;
        if (effect->class_ != TL_FAIL_NONE && tl_str_is(effect->system, system_name(step)) &&
            tl_str_eq(effect->operation, step->ask->operation))
            return replay->run;
    }
    return own;
}

/* ---- what it emits and starts ---- */

static bool is_cause(const struct tl_replay *replay, tl_position cause)
{
    for (size_t i = 0; i < replay->past.replay_count; i++) {
        if (replay->past.replays[i] == cause)
            return true;
    }
    return cause == replay->old.event;
}

static bool is_emitted(struct tl_engine *engine, const struct tl_replay *replay, const struct tl_emitted *emitted,
                       tl_position position, struct tl_arena *arena)
{
    struct tl_event event;
    return tl_journal_event(engine->journal, position, arena, &event, NULL) == TL_OK && is_cause(replay, event.cause) &&
           tl_str_eq(event.cause_flow, replay->old.flow) && tl_str_eq(event.type, emitted->type) &&
           tl_str_eq(event.key, emitted->key) && tl_str_eq(event.payload, emitted->payload);
}

bool tl_replay_emitted(struct tl_drive *drive, const struct tl_emitted *emitted)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_replay *replay = drive->replay;
    struct tl_arena arena;
    tl_position *found;
    size_t count;
    bool before = false;
    if (replay == NULL)
        return false;
    struct tl_key_query query = {.key = emitted->key, .type = emitted->type, .after = replay->old.event, .limit = PAGE};
    tl_arena_init(&arena);
    if (tl_journal_find(engine->journal, &query, &arena, &found, &count, NULL) != TL_OK)
        count = 0;
    for (size_t i = 0; i < count && !before; i++)
        before = is_emitted(engine, replay, emitted, found[i], &arena);
    tl_arena_free(&arena);
    replay->emits += before;
    return before;
}

/* The start with the same input, else the first one that the earlier unit made. */
static tl_position find_start(struct tl_drive *drive, const struct tl_event_in *in, struct tl_event *out)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_key_query query = {
        .key = drive->event.key, .type = in->type, .after = drive->replay->old.event, .limit = PAGE};
    tl_position *found, start = TL_POSITION_NONE;
    size_t count;
    if (tl_journal_find(engine->journal, &query, &drive->arena, &found, &count, NULL) != TL_OK)
        return start;
    for (size_t i = 0; i < count; i++) {
        struct tl_event event;
        if (tl_journal_event(engine->journal, found[i], &drive->arena, &event, NULL) != TL_OK ||
            event.cause != drive->replay->old.event || !tl_str_eq(event.cause_flow, drive->replay->old.flow))
            continue;
        *out = event;
        start = found[i];
        if (tl_str_eq(event.payload, in->payload))
            break;
    }
    return start;
}

void tl_replay_child(struct tl_step *step, struct tl_event_in *in)
{
    struct tl_drive *drive = step->drive;
    struct tl_event start;
    if (drive->replay == NULL || find_start(drive, in, &start) == TL_POSITION_NONE)
        return;
    const struct tl_plan *plan = &drive->lane->engine->plan;
    char *flow = tl_plan_full(plan, plan->flows[drive->unit->flow]->part, step->ask->flow);
    struct tl_replayed child = {.id = drive->replay->old.id,
                                .event = start.position,
                                .time_ms = start.time_ms,
                                .force = drive->replay->old.force,
                                .flow = tl_arena_str(&drive->arena, tl_str_z(flow)),
                                .type = start.type};
    in->type = tl_replayed_type(&drive->arena, child.flow);
    in->dedupe = tl_replayed_dedupe(&drive->arena, &child);
    tl_free(flow);
}

/* ---- what it says ---- */

tl_str tl_replay_note(struct tl_drive *drive, tl_str note)
{
    const struct tl_replay *replay = drive->replay;
    struct tl_buf text;
    if (replay == NULL)
        return note;
    tl_buf_init(&text, NOTE_MAX);
    tl_buf_addf(&text, "replay %.*s of event %s", TL_STR_ARGS(replay->old.id), replay->id);
    for (size_t i = 0; i < replay->skipped_count; i++)
        tl_buf_addf(&text, "; %.*s not sent: %.*s", TL_STR_ARGS(replay->skipped[i].id),
                    TL_STR_ARGS(replay->skipped[i].why));
    if (replay->emits > 0)
        tl_buf_addf(&text, "; %zu not emitted again", replay->emits);
    if (note.len > 0)
        tl_buf_addf(&text, "; %.*s", TL_STR_ARGS(note));
    tl_str copy = tl_arena_str(&drive->arena, tl_buf_str(&text));
    tl_buf_free(&text);
    return copy;
}
