/* After an unclean stop the units that may have been in flight, the first ones of each queue, start alone, each with a
 * mark in the journal (state table "mark": key "<event id>/<flow>", value = how often it was started alone). A unit
 * that is found with three marks stopped the program three times, and is parked (rule 25). The others wait meanwhile: a
 * mark must not be somebody else's fault. How many are taken doubles with every unclean start, so the culprit is found
 * wherever it stands. */
#include "base/alloc.h"
#include "base/log.h"
#include "engine_int.h"
#include "run.h"
#include <stdio.h>

#define ALONE_MS 1000 /* a call that takes longer goes on in company */
#define MARKS_MAX 3

static bool phase(const struct tl_engine *engine)
{
    return engine->poison.candidates > 0 && atomic_load(&engine->poison.turn) < engine->lane_count;
}

static void key_of(const struct tl_unit *unit, char key[320])
{
    char id[TL_POSITION_TEXT];
    tl_position_print(unit->position, id);
    snprintf(key, 320, "%s/%s", id, unit->lane->engine->plan.flows[unit->flow]->name);
}

static unsigned marks_of(const struct tl_engine *engine, const struct tl_unit *unit)
{
    char key[320];
    key_of(unit, key);
    return (unsigned)(uintptr_t)tl_map_get(&engine->poison.marks, tl_str_z(key));
}

bool tl_poison_is(const struct tl_engine *engine, const struct tl_unit *unit)
{
    return engine->poison.marks.count > 0 && unit->exception == NULL && marks_of(engine, unit) >= MARKS_MAX;
}

static bool is_suspect(const struct tl_engine *engine, const struct tl_unit *unit)
{
    return tl_position_commit(unit->position) <= engine->poison.upto;
}

bool tl_poison_lets(const struct tl_lane *lane, const struct tl_unit *unit)
{
    return !phase(lane->engine) || is_suspect(lane->engine, unit);
}

bool tl_poison_holds(struct tl_lane *lane)
{
    const struct tl_engine *engine = lane->engine;
    return phase(engine) && (atomic_load(&engine->poison.turn) != lane->index || lane->alone != NULL);
}

static void long_enough(struct tl_timer *timer)
{
    struct tl_lane *lane = TL_CONTAINER_OF(timer, struct tl_lane, alone_timer);
    lane->alone = NULL;
    tl_lane_wake(lane);
}

struct mark {
    struct tl_lane *lane;
    struct tl_unit *unit;
};

static void marked(struct tl_batch *batch, void *ctx)
{
    struct mark *mark = ctx;
    struct tl_lane *lane = mark->lane;
    lane->batches_out--;
    if (tl_batch_code(batch, NULL) == TL_OK && lane->phase == TL_LANE_RUNNING) {
        tl_timer_init(&lane->alone_timer, long_enough);
        tl_timer_start(lane->loop, &lane->alone_timer, ALONE_MS);
        tl_unit_start(mark->unit);
    }
    tl_batch_free(batch);
    tl_free(mark);
    tl_lane_stop_step(lane);
}

bool tl_poison_take(struct tl_lane *lane, struct tl_unit *unit)
{
    struct tl_engine *engine = lane->engine;
    enum tl_plan_kind kind = engine->plan.flows[unit->flow]->kind;
    if (!phase(engine) || lane->alone_left == 0 || (kind != TL_PLAN_SCRIPT && kind != TL_PLAN_HINT) ||
        !is_suspect(engine, unit) || tl_poison_is(engine, unit))
        return false;
    char key[320], value[16];
    key_of(unit, key);
    snprintf(value, sizeof value, "%u", marks_of(engine, unit) + 1);
    struct tl_batch *batch = tl_batch_new(engine->journal);
    struct tl_state_put put = {.table = TL_STR("mark"), .key = tl_str_z(key), .value = tl_str_z(value)};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
    lane->alone_left--;
    lane->alone = unit;
    unit->marked = true;
    unit->state = TL_UNIT_RUNNING;
    struct mark *mark = TL_NEW(struct mark);
    *mark = (struct mark){lane, unit};
    lane->batches_out++;
    tl_journal_submit(engine->journal, batch, TL_DURABLE, lane->loop, marked, mark);
    return true;
}

void tl_poison_release(struct tl_unit *unit)
{
    struct tl_lane *lane = unit->lane;
    if (!unit->marked)
        return;
    char key[320];
    key_of(unit, key);
    tl_must(tl_batch_del(tl_lane_batch(lane), TL_STR("mark"), tl_str_z(key), NULL) == TL_OK);
    unit->marked = false;
    if (lane->alone == unit) {
        lane->alone = NULL;
        tl_timer_stop(&lane->alone_timer);
        tl_lane_wake(lane);
    }
}

void tl_poison_step(struct tl_lane *lane)
{
    struct tl_engine *engine = lane->engine;
    if (!phase(engine) || atomic_load(&engine->poison.turn) != lane->index || lane->alone != NULL)
        return;
    bool nothing = !tl_queues_any(lane) && atomic_load(&lane->caught_up);
    if (lane->alone_left > 0 && !nothing)
        return;
    unsigned next = atomic_fetch_add(&engine->poison.turn, 1) + 1;
    if (next == engine->lane_count) /* all went well: the next crash is a first one */
        tl_recovery_note_start(lane);
    for (unsigned i = 0; i < engine->lane_count; i++) {
        if (next == engine->lane_count)
            atomic_store(&engine->lanes[i]->look, true); /* what had to wait is looked at again */
        if (i == next || next == engine->lane_count)
            tl_lane_nudge(engine->lanes[i]);
    }
}
