#include "one_per.h"
#include "await.h"
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "journal/state.h"
#include "undo.h"

#define TABLE_ONE_PER "one_per"

static const char *name_of(struct tl_drive *drive, const struct tl_flow *flow)
{
    const struct tl_plan *plan = &drive->lane->engine->plan;
    struct tl_buf scratch;
    tl_str value;
    const char *name = NULL;
    tl_buf_init(&scratch, TL_KEY_MAX);
    if (tl_json_pointer_text(drive->event.payload, tl_str_z(flow->one_per), &scratch, &value, NULL) == TL_OK &&
        value.len > 0 && value.len <= TL_KEY_MAX / 2)
        name = tl_arena_printf(&drive->arena, "%s/%.*s", plan->flows[drive->unit->flow]->name, TL_STR_ARGS(value));
    tl_buf_free(&scratch);
    return name;
}

static struct tl_run_row *open_run(struct tl_drive *drive, const char *name)
{
    struct tl_state_row row;
    if (tl_state_get(drive->lane->engine->journal, TL_STR(TABLE_ONE_PER), tl_str_z(name), &drive->arena, &row, NULL) !=
        TL_OK)
        return NULL;
    return tl_run_get(drive->lane, row.value);
}

/* A run that waits for an event of this type takes it, whatever its key. */
static bool offer(struct tl_drive *drive, struct tl_run_row *run)
{
    for (size_t i = 0; i < run->wait_count; i++) {
        const struct tl_run_wait *wait = &run->waits[i];
        for (size_t t = 0; wait->kind == TL_ASK_AWAIT && t < wait->type_count; t++) {
            if (!tl_str_is(drive->event.type, wait->types[t]) || drive->event.position <= wait->after)
                continue;
            struct tl_step_row row = tl_await_row(&drive->arena, &drive->event);
            tl_run_wake(drive->lane, run, wait->number, &row, NULL);
            return true;
        }
    }
    return false;
}

static void end_for(struct tl_drive *drive, enum tl_ending ending, const char *what, const struct tl_run_row *run)
{
    tl_unit_end(drive, ending, tl_str_z(tl_arena_printf(&drive->arena, "%s %s", what, run->id)), NULL, 0);
}

/* The open run is undone first; this unit waits behind it. */
static bool restart(struct tl_drive *drive, struct tl_run_row *run)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    struct tl_keyline *line = unit->line;
    char *reason = tl_printf("begun anew by event %s", drive->id);
    tl_drive_free(drive);
    tl_poison_release(unit);
    tl_keyline_yield(lane, line);
    tl_run_abort(lane, run, reason, true);
    tl_run_prefer(lane, run);
    tl_free(reason);
    return false;
}

static bool meets(struct tl_drive *drive, struct tl_run_row *run, enum tl_again again)
{
    if (again == TL_AGAIN_RESTART)
        return restart(drive, run);
    if (again == TL_AGAIN_DELIVER && offer(drive, run))
        end_for(drive, TL_DONE, "delivered to run", run);
    else if (again == TL_AGAIN_DELIVER)
        end_for(drive, TL_IGNORED, "not awaited now by run", run);
    else
        end_for(drive, TL_IGNORED, "there is an open run:", run);
    return false;
}

bool tl_one_per_begin(struct tl_drive *drive)
{
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[drive->unit->flow];
    struct tl_unit *unit = drive->unit;
    if (flow->decl == NULL || flow->decl->one_per == NULL || unit->run != NULL)
        return true;
    if (unit->sees == 0)
        unit->sees = drive->lane->last_commit; /* everything of this key line that has ended */
    if (tl_journal_applied(drive->lane->engine->journal) < unit->sees) {
        tl_unit_until_applied(drive);
        return false;
    }
    const char *name = name_of(drive, flow->decl);
    struct tl_run_row *run = name != NULL ? open_run(drive, name) : NULL;
    if (run != NULL && run->event != unit->position)
        return meets(drive, run, flow->decl->again);
    drive->one_per = name;
    return true;
}

void tl_one_per_put(const struct tl_run_row *run, struct tl_batch *batch)
{
    struct tl_state_put put = {
        .table = TL_STR(TABLE_ONE_PER), .key = tl_str_z(run->one_per), .value = tl_str_z(run->id)};
    if (run->one_per != NULL)
        tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
}

void tl_one_per_del(const struct tl_run_row *run, struct tl_batch *batch)
{
    if (run->one_per != NULL)
        tl_must(tl_batch_del(batch, TL_STR(TABLE_ONE_PER), tl_str_z(run->one_per), NULL) == TL_OK);
}
