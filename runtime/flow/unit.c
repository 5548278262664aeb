#include "unit.h"
#include "base/alloc.h"
#include "engine_int.h"
#include "exception_int.h"
#include "journal/reader.h"
#include "kept.h"

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
    tl_wave_unref(unit->wave);
    tl_free(unit->payload);
    tl_free(unit);
}

void tl_wave_unref(struct tl_wave *wave)
{
    if (wave == NULL || --wave->refs > 0)
        return;
    atomic_fetch_sub(&wave->engine->dispatch.pinned, wave->bytes);
    tl_commit_unref(wave->commit);
    tl_free(wave);
}

tl_code tl_unit_event(struct tl_unit *unit, struct tl_arena *arena, struct tl_event *out, struct tl_error *err)
{
    if (unit->wave != NULL)
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
