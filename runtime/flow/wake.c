/* Durable runs of a lane that are in memory as rows: those that are loaded, and those that have just left and whose
 * rows the state does not have yet. And how a run comes back: what its wait gave is recorded, then it has its turn on
 * its key like a new event (rule 3). */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/runs.h"
#include "child.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "run.h"
#include "slice.h"

/* ---- rows in memory ---- */

void tl_run_keep(struct tl_lane *lane, struct tl_run_row *row)
{
    tl_map_put(&lane->runs, tl_str_z(row->id), row);
}

/* A run that begins anew has a row of its own. */
static void drop(struct tl_lane *lane, struct tl_run_row *row)
{
    if (tl_map_get(&lane->runs, tl_str_z(row->id)) == row)
        tl_map_remove(&lane->runs, tl_str_z(row->id));
    tl_run_row_free(row);
}

/* The batch of this turn says something of it. */
void tl_runs_written(struct tl_lane *lane, struct tl_run_row *row)
{
    row->commit = TL_COMMIT_NEVER; /* until the batch has one */
    if (!row->written) {
        row->written = true;
        row->on_the_way++;
        lane->written = tl_realloc(lane->written, (lane->written_count + 1) * sizeof *lane->written);
        lane->written[lane->written_count++] = row;
    }
}

void tl_run_retire(struct tl_lane *lane, struct tl_run_row *row)
{
    row->unit = NULL;
    tl_list_remove(&row->recent);
    tl_list_push(&lane->recent_runs, &row->recent);
}

void tl_runs_purge(struct tl_lane *lane)
{
    uint64_t applied = tl_journal_applied(lane->engine->journal);
    struct tl_link *link;
    while ((link = tl_list_first(&lane->recent_runs)) != NULL) {
        struct tl_run_row *row = TL_LIST_ITEM(link, struct tl_run_row, recent);
        if (row->commit > applied || row->on_the_way > 0)
            return;
        drop(lane, row);
    }
}

void tl_runs_free(struct tl_lane *lane)
{
    size_t i = 0;
    tl_str key;
    void *row;
    struct tl_link *link;
    while ((link = tl_list_first(&lane->recent_runs)) != NULL)
        drop(lane, TL_LIST_ITEM(link, struct tl_run_row, recent));
    while (tl_map_next(&lane->runs, &i, &key, &row))
        tl_run_row_free(row);
    tl_map_free(&lane->runs);
    tl_free(lane->written);
}

struct tl_run_row *tl_run_get(struct tl_lane *lane, tl_str id)
{
    struct tl_run_row *row = tl_map_get(&lane->runs, id);
    if (row != NULL)
        return row->over ? NULL : row; /* it has ended, though the state may show it still */
    struct tl_arena arena;
    struct tl_state_row state;
    struct tl_error err;
    tl_arena_init(&arena);
    tl_code code = tl_state_get(lane->engine->journal, TL_STR(TL_TABLE_RUN), id, &arena, &state, &err);
    if (code == TL_OK)
        code = tl_run_row_read(id, state.value, &row, &err);
    if (code == TL_OK) {
        row->commit = state.commit;
        tl_run_keep(lane, row);
        tl_list_push(&lane->recent_runs, &row->recent);
    } else if (code != TL_ENOTFOUND)
        tl_log(TL_ERROR, "run.row", err.text, TL_FSLICE("run", id));
    tl_arena_free(&arena);
    return row;
}

/* A unit that a crash or a person brings back may have begun before. */
void tl_run_find(struct tl_unit *unit)
{
    struct tl_lane *lane = unit->lane;
    const struct tl_plan_flow *flow = lane->engine->plan.flows[unit->flow];
    const struct tl_map *begun = &lane->engine->begun_runs;
    if ((flow->kind != TL_PLAN_SCRIPT && flow->kind != TL_PLAN_GONE) ||
        (unit->exception == NULL && lane->runs.count == 0 && begun->count == 0))
        return;
    char id[TL_POSITION_TEXT];
    tl_position_print(tl_unit_number(flow, unit->position), id);
    bool may_be_stored = unit->exception != NULL || (begun->count > 0 && tl_map_get(begun, tl_str_z(id)) != NULL);
    struct tl_run_row *row = may_be_stored ? tl_run_get(lane, tl_str_z(id)) : tl_map_get(&lane->runs, tl_str_z(id));
    if (row == NULL || row->unit != NULL || row->over)
        return;
    tl_list_remove(&row->recent);
    row->unit = unit;
    row->phase = TL_PHASE_ACTIVE;
    unit->run = row;
}

tl_code tl_run_lane(struct tl_engine *engine, tl_str id, struct tl_lane **out, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_row state;
    struct tl_run_row *row;
    tl_arena_init(&arena);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_RUN), id, &arena, &state, err);
    if (code == TL_ENOTFOUND) /* it may be new */ {
        tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal));
        code = tl_state_get(engine->journal, TL_STR(TL_TABLE_RUN), id, &arena, &state, err);
    }
    if (code == TL_ENOTFOUND)
        code = tl_fail(err, TL_ENOTFOUND, "there is no open run %.*s; 'tidelock runs' lists them", TL_STR_ARGS(id));
    if (code == TL_OK)
        code = tl_run_row_read(id, state.value, &row, err);
    if (code == TL_OK) {
        *out = engine->lanes[tl_dispatch_lane(engine, row->line)];
        tl_run_row_free(row);
    }
    tl_arena_free(&arena);
    return code;
}

void tl_run_forget(struct tl_lane *lane, uint32_t flow, tl_position event, tl_str note, struct tl_batch *batch)
{
    char id[TL_POSITION_TEXT];
    struct tl_arena arena;
    struct tl_event read;
    tl_position_print(tl_unit_number(lane->engine->plan.flows[flow], event), id);
    struct tl_run_row *row = tl_run_get(lane, tl_str_z(id));
    tl_arena_init(&arena);
    if (tl_journal_event(lane->engine->journal, event, &arena, &read, NULL) == TL_OK)
        tl_child_discarded(&read, note, batch);
    tl_arena_free(&arena);
    if (row == NULL || row->unit != NULL)
        return;
    tl_run_delete(lane, row, batch);
}

/* ---- back into a unit ---- */

struct tl_unit *tl_run_load(struct tl_lane *lane, struct tl_run_row *row)
{
    struct tl_plan *plan = &lane->engine->plan;
    int flow = tl_plan_flow(plan, tl_str_z(row->flow));
    tl_must(row->unit == NULL && flow >= 0);
    struct tl_queue *queue = tl_queue_of(lane, (uint32_t)flow, plan->flows[flow]->place.priority, TL_QUEUE_RESUMED);
    struct tl_unit *unit = tl_unit_new(lane, queue, tl_keyline_get(&lane->lines, row->line), row->event, NULL);
    unit->run = row;
    row->unit = unit;
    row->phase = TL_PHASE_ACTIVE;
    tl_list_remove(&row->recent);
    return unit;
}

void tl_run_enter(struct tl_lane *lane, struct tl_unit *unit)
{
    unit->turn = tl_position_make(tl_journal_last(lane->engine->journal), (1u << TL_POSITION_INDEX_BITS) - 1);
    tl_keyline_wake(lane, unit->line, unit);
}

struct enter {
    struct tl_then then;
    struct tl_unit *unit;
};

static void entered(struct tl_then *then, uint64_t commit)
{
    struct enter *enter = TL_CONTAINER_OF(then, struct enter, then);
    struct tl_unit *unit = enter->unit;
    tl_free(enter);
    unit->state = TL_UNIT_NEXT;
    if (commit != 0) /* it stood in no line meanwhile: an empty one may have gone */
        unit->line = tl_keyline_get(&unit->lane->lines, unit->run->line);
    if (commit != 0 && unit->first)
        tl_keyline_retry(unit->lane, unit->line, unit);
    else if (commit != 0)
        tl_run_enter(unit->lane, unit);
    else {
        unit->run->unit = NULL;
        unit->run = NULL;
        tl_unit_free(unit);
    }
}

void tl_run_enter_then(struct tl_lane *lane, struct tl_unit *unit, bool first)
{
    struct enter *enter = TL_NEW(struct enter);
    enter->unit = unit;
    unit->first |= first;
    enter->then.durable = entered;
    unit->state = TL_UNIT_ENDING; /* its record is on the way */
    tl_lane_then(lane, &enter->then);
}

void tl_run_prefer(struct tl_lane *lane, struct tl_run_row *run)
{
    struct tl_unit *unit = run->unit;
    if (unit == NULL)
        return;
    unit->first = true;
    if (unit->state != TL_UNIT_NEXT || unit->exception != NULL)
        return; /* its record is on the way, or it is before the others already */
    tl_list_remove(&unit->link);
    tl_keyline_retry(lane, unit->line, unit);
}

/* ---- waking ---- */

static struct tl_step *resting_step(struct tl_run_row *run, uint32_t number)
{
    struct tl_drive *drive = run->unit != NULL ? run->unit->drive : NULL;
    if (drive == NULL)
        return NULL;
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->number == number && step->ask != NULL)
            return step;
    }
    return NULL;
}

static void record(struct tl_lane *lane, struct tl_run_row *run, const struct tl_run_wait *wait,
                   struct tl_step_row *row, uint32_t order, struct tl_batch *batch)
{
    row->number = wait->number;
    row->kind = wait->kind;
    row->order = run->order = order;
    row->due_ms = wait->due_ms;
    char *id = tl_copy_z(wait->step);
    row->id = tl_str_z(id);
    tl_step_put(run, row, batch);
    tl_wait_forget(lane, run, row->number, batch);
    tl_run_put(lane, run, batch);
    row->id = TL_STR_NONE;
    tl_free(id);
}

/* Still in memory: other branches have something under way. */
static void wake_step(struct tl_lane *lane, struct tl_run_row *run, const struct tl_run_wait *wait,
                      struct tl_step *step, struct tl_step_row *row)
{
    struct tl_drive *drive = step->drive;
    struct tl_batch *batch = tl_run_record(drive);
    record(lane, run, wait, row, drive->order + 1, batch);
    tl_step_result(step, row);
}

void tl_run_wake(struct tl_lane *lane, struct tl_run_row *run, uint32_t number, struct tl_step_row *row,
                 struct tl_then *then)
{
    tl_slice_finish(run);
    const struct tl_run_wait *wait = tl_run_row_wait(run, number);
    struct tl_step *step = resting_step(run, number);
    if (then != NULL)
        tl_lane_then(lane, then);
    if (wait == NULL) /* the stretch under way gave it up */
        return;
    if (step != NULL) {
        wake_step(lane, run, wait, step, row);
        return;
    }
    bool load = run->unit == NULL && run->phase == TL_PHASE_WAITING;
    bool leaving = run->unit != NULL && run->phase == TL_PHASE_WAITING;
    struct tl_unit *unit = load ? tl_run_load(lane, run) : NULL;
    if (leaving)
        run->phase = TL_PHASE_ACTIVE; /* when it has left it comes back at once */
    record(lane, run, wait, row, run->order + 1, tl_lane_batch(lane));
    if (load)
        tl_run_enter_then(lane, unit, false);
}
