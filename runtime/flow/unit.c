#include "unit.h"
#include "base/alloc.h"
#include "engine_int.h"
#include "exception_int.h"
#include "host.h"
#include "journal/reader.h"
#include "kept.h"
#include "run.h"
#include "journal/state.h"

struct tl_unit *tl_unit_new(struct tl_lane *lane, struct tl_queue *queue, struct tl_keyline *line, tl_position position,
                            struct tl_wave *wave)
{
    struct tl_unit *unit = TL_NEW(struct tl_unit);
    unit->lane = lane;
    unit->queue = queue;
    unit->line = line;
    unit->flow = queue->flow;
    unit->position = position;
    unit->wave = wave;
    if (wave != NULL)
        wave->refs++;
    return unit;
}

void tl_unit_free(struct tl_unit *unit)
{
    if (unit->backoff != NULL) {
        tl_timer_stop(&unit->backoff->timer);
        tl_free(unit->backoff);
    }
    if (unit->run != NULL && unit->run->unit == unit)
        unit->run->unit = NULL;
    tl_host_pin(unit, NULL);
    tl_wave_unref(unit->wave);
    tl_free(unit->payload);
    tl_free(unit->tries);
    tl_free(unit);
}

tl_position tl_unit_turn(const struct tl_unit *unit)
{
    return unit->run != NULL && unit->run->waited ? unit->turn : unit->position;
}

struct tl_try *tl_unit_try(struct tl_unit *unit, tl_str step)
{
    static const struct tl_hash_key key = {1, 2}; /* ids come from the script: nobody outside chooses them */
    uint64_t hash = tl_hash(&key, step.ptr, step.len);
    for (size_t i = 0; i < unit->try_count; i++) {
        if (unit->tries[i].step == hash)
            return &unit->tries[i];
    }
    unit->tries = tl_realloc(unit->tries, (unit->try_count + 1) * sizeof *unit->tries);
    unit->tries[unit->try_count] = (struct tl_try){.step = hash};
    return &unit->tries[unit->try_count++];
}

void tl_unit_try_drop(struct tl_unit *unit, tl_str step)
{
    if (unit->try_count == 0)
        return;
    struct tl_try *try = tl_unit_try(unit, step);
    *try = unit->tries[--unit->try_count];
}

void tl_wave_unref(struct tl_wave *wave)
{
    if (wave == NULL || --wave->refs > 0)
        return;
    atomic_fetch_sub(&wave->engine->dispatch.pinned, wave->bytes);
    tl_commit_unref(wave->commit);
    tl_free(wave);
}

/* A run that has been out of memory keeps its event itself. */
static tl_code kept_by_run(struct tl_unit *unit, struct tl_arena *arena, struct tl_event *out, struct tl_error *err)
{
    char key[TL_STEP_KEY];
    struct tl_state_row row;
    tl_step_key(unit->run->id, 0, key);
    tl_code code = tl_state_get(unit->lane->engine->journal, TL_STR(TL_TABLE_STEP), tl_str_z(key), arena, &row, err);
    return code == TL_OK ? tl_event_row_read(row.value, arena, out, err) : code;
}

tl_code tl_unit_event(struct tl_unit *unit, struct tl_arena *arena, struct tl_event *out, struct tl_error *err)
{
    if (unit->run != NULL && unit->run->kept) {
        tl_code code = kept_by_run(unit, arena, out, err);
        if (code != TL_OK)
            return code;
    } else if (unit->wave != NULL)
        tl_commit_event(unit->wave->commit, tl_position_index(unit->position), out);
    else {
        tl_code code = tl_journal_event(unit->lane->engine->journal, unit->position, arena, out, err);
        if (code == TL_ENOTFOUND && unit->exception != NULL) /* its exception keeps a copy */
            code = tl_exception_event(unit->lane->engine, unit->exception, arena, out, err);
        if (code == TL_ENOTFOUND && unit->exception == NULL)
            code = tl_kept_event(unit->lane->engine, unit->position, arena, out, err);
        if (code != TL_OK)
            return code;
    }
    if (unit->payload != NULL)
        out->payload = tl_str_n(unit->payload, unit->payload_len);
    return TL_OK;
}

uint64_t tl_unit_number(const struct tl_plan_flow *flow, tl_position position)
{
    return tl_hash_mix(flow->name_hash, position);
}
