#include "fit.h"
#include "host.h"
#include "base/alloc.h"
#include "journal/state.h"
#include <stdio.h>

struct asked {
    tl_str id;
    struct tl_place place;
};

struct fitting {
    struct tl_lane *lane;
    const struct tl_run_row *row;
    struct tl_arena arena;
    struct tl_run *run; /* own */
    const struct tl_run_outcome *outcome;
    struct asked *open; /* own; asks that have no result yet */
    size_t open_count;
};

static void drop(struct fitting *f, tl_str id)
{
    for (size_t i = 0; i < f->open_count; i++) {
        if (tl_str_eq(f->open[i].id, id)) {
            f->open[i] = f->open[--f->open_count];
            return;
        }
    }
}

static bool is_open(const struct fitting *f, tl_str id)
{
    for (size_t i = 0; i < f->open_count; i++) {
        if (tl_str_eq(f->open[i].id, id))
            return true;
    }
    return false;
}

static void note(struct fitting *f)
{
    for (size_t i = 0; i < f->outcome->withdrawn_count; i++)
        drop(f, f->outcome->withdrawn[i]);
    for (size_t i = 0; f->outcome->ending == TL_RUN_WAIT && i < f->outcome->ask_count; i++) {
        const struct tl_run_ask *ask = f->outcome->asks[i];
        drop(f, ask->id);
        f->open = tl_realloc(f->open, (f->open_count + 1) * sizeof *f->open);
        f->open[f->open_count++] = (struct asked){ask->id, ask->place};
    }
}

static const char *live_revision(const struct fitting *f)
{
    const struct tl_plan *plan = &f->lane->engine->plan;
    int flow = tl_plan_flow(plan, tl_str_z(f->row->flow));
    return flow >= 0 ? tl_plan_revision(plan, (uint32_t)flow) : "";
}

static tl_code differs(const struct fitting *f, tl_str id, struct tl_error *err)
{
    char instead[400] = "ends";
    if (f->outcome->ending == TL_RUN_ERROR)
        snprintf(instead, sizeof instead, "fails with \"%.*s\"", TL_STR_ARGS(f->outcome->error.message));
    else if (f->open_count > 0)
        snprintf(instead, sizeof instead, "asks for \"%.*s\" (%s:%d)", TL_STR_ARGS(f->open[0].id),
                 f->open[0].place.file, f->open[0].place.line);
    return tl_fail(
        err, TL_EDIFFERS,
        "run %s does not fit the live revision %.12s: its journal holds \"%.*s\", the script %s at that place. "
        "It stays on revision %.12s",
        f->row->id, live_revision(f), TL_STR_ARGS(id), instead, f->row->revision);
}

/* To the end of the stretch: the lane does nothing else meanwhile. */
static const struct tl_run_outcome *through(const struct fitting *f, const struct tl_run_outcome *outcome)
{
    const struct tl_run_port *runs = f->lane->engine->runs;
    while (outcome->ending == TL_RUN_PREEMPTED)
        outcome = runs->go_on(runs->ctx, f->run);
    return outcome;
}

static tl_code give(struct fitting *f, const struct tl_step_row *rows, size_t count, struct tl_error *err)
{
    const struct tl_run_port *runs = f->lane->engine->runs;
    uint32_t flow = (uint32_t)tl_plan_flow(&f->lane->engine->plan, tl_str_z(f->row->flow));
    for (size_t i = 0; i < count; i++) {
        bool waits = !tl_step_is_result(&rows[i]) && rows[i].state == TL_STEP_WAITING;
        if (!tl_step_is_result(&rows[i]) && !waits)
            continue;
        if (f->outcome->ending != TL_RUN_WAIT || !is_open(f, rows[i].id))
            return differs(f, rows[i].id, err);
        if (waits)
            continue;
        struct tl_run_result result = tl_step_told(&f->lane->engine->plan, flow, &rows[i]);
        drop(f, rows[i].id);
        f->outcome = through(f, runs->resume(runs->ctx, f->run, &result));
        note(f);
    }
    return TL_OK;
}

static tl_code read_event(struct fitting *f, struct tl_event *out, struct tl_error *err)
{
    char key[TL_STEP_KEY];
    struct tl_state_row row;
    tl_step_key(f->row->id, 0, key);
    tl_code code = tl_state_get(f->lane->engine->journal, TL_STR(TL_TABLE_STEP), tl_str_z(key), &f->arena, &row, err);
    return code == TL_OK ? tl_event_row_read(row.value, &f->arena, out, err) : code;
}

static tl_code begin(struct fitting *f, struct tl_error *err)
{
    const struct tl_run_port *runs = f->lane->engine->runs;
    const struct tl_plan *plan = &f->lane->engine->plan;
    int flow = tl_plan_flow(plan, tl_str_z(f->row->flow));
    struct tl_event event;
    if (flow < 0 || plan->flows[flow]->kind != TL_PLAN_SCRIPT)
        return tl_fail(err, TL_EDIFFERS, "the live revision has no flow \"%s\"", f->row->flow);
    uint32_t part = plan->flows[flow]->part;
    const struct tl_script_host *live = tl_host_live(f->lane, part);
    tl_code code = read_event(f, &event, err);
    if (code != TL_OK)
        return code;
    char id[TL_POSITION_TEXT];
    tl_position_print(f->row->event, id);
    struct tl_run_event in = {
        .id = tl_arena_str(&f->arena, tl_str_z(id)),
        .type = tl_plan_local_type(plan, part, event.type, &f->arena),
        .key = event.key,
        .source = tl_plan_system(plan, event.source) >= 0 ? tl_plan_local(plan, part, event.source) : TL_STR_NONE,
        .payload = event.payload,
        .state = f->row->state != NULL ? tl_str_z(f->row->state) : TL_STR_NONE,
        .time_ms = event.time_ms,
        .unit = f->row->number};
    f->outcome = runs->start(runs->ctx, live->host, plan->flows[flow]->script_index, &in, &f->run);
    f->outcome = through(f, f->outcome);
    note(f);
    return TL_OK;
}

tl_code tl_run_fits(struct tl_lane *lane, struct tl_run_row *run, struct tl_error *err)
{
    const struct tl_run_port *runs = lane->engine->runs;
    struct fitting f = {.lane = lane, .row = run};
    struct tl_step_row *rows;
    size_t count;
    if (run->cancel != NULL)
        return tl_fail(err, TL_EFAILED, "run %s is cancelled: it undoes under the revision it began with", run->id);
    tl_arena_init(&f.arena);
    tl_code code = tl_run_steps(lane, run, &f.arena, &rows, &count, err);
    if (code == TL_OK)
        code = begin(&f, err);
    if (code == TL_OK)
        code = give(&f, rows, count, err);
    if (f.run != NULL)
        runs->free(runs->ctx, f.run);
    tl_free(f.open);
    tl_arena_free(&f.arena);
    return code;
}
