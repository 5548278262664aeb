#include "undo.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "desk_unit.h"
#include "flow/runs.h"
#include "slice.h"

/* ---- while it runs ---- */

/* The failure of this step is not part of its history: a retry tries it again. */
static void forget_failure(struct tl_drive *drive, tl_str step)
{
    struct tl_unrecorded *list = &drive->unrecorded;
    if (step.len == 0 || list->count == 0)
        return;
    struct tl_step_row *last = &list->rows[list->count - 1];
    if (last->state == TL_STEP_FAILED && tl_str_eq(last->id, step)) {
        list->count--;
        drive->order--;
    }
}

static bool undoes(const struct tl_drive *drive, const struct tl_cause *cause)
{
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[drive->unit->flow];
    return flow->compensate && !tl_str_is(cause->cls, "budget") && !tl_str_is(cause->cls, "script");
}

void tl_drive_fail(struct tl_drive *drive, const struct tl_cause *cause, tl_str step)
{
    struct tl_cause told = *cause;
    if (drive->outcome->undoing) {
        forget_failure(drive, step);
        told.code = told.code.len > 0 ? told.code : told.cls;
        told.cls = TL_STR("compensation");
        told.message =
            tl_str_z(tl_arena_printf(&drive->arena, "compensation incomplete: %.*s", TL_STR_ARGS(cause->message)));
    } else if (undoes(drive, cause)) {
        tl_run_undo(drive, tl_str_z(tl_arena_printf(&drive->arena, "%.*s: %.*s", TL_STR_ARGS(cause->cls),
                                                    TL_STR_ARGS(cause->message))));
        return;
    } else
        forget_failure(drive, step);
    tl_unit_park(drive, &told);
}

/* What its other steps did is not known any more than that they were sent. */
static void give_up_steps(struct tl_drive *drive)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    struct tl_link *link, *next;
    for (link = tl_list_first(&drive->steps); link != NULL; link = next) {
        next = tl_list_after(&drive->steps, link);
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase == TL_AT_CALL || tl_step_has_ended(step))
            continue;
        if (step->intent && step->number != 0 && tl_unit_try(drive->unit, step->ask->id)->calls > 0) {
            runs->settle(runs->ctx, drive->run, step->ask->id, true);
            tl_step_settled(step, true);
        } else
            tl_step_give_up(step);
    }
}

static void stop_and_undo(struct tl_drive *drive)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    drive->cancelled = true;
    drive->cancelling = false;
    drive->record_first = true;
    drive->outcome = runs->cancel(runs->ctx, drive->run, tl_str_z(drive->unit->run->cancel));
}

static void decide(struct tl_run_row *run, const char *reason, uint32_t order)
{
    tl_free(run->cancel);
    run->cancel = tl_copy_z(reason);
    run->cancel_after = order;
}

void tl_run_undo(struct tl_drive *drive, tl_str reason)
{
    tl_run_make_durable(drive);
    char *text = tl_str_dup(reason);
    decide(drive->unit->run, text, drive->order);
    tl_free(text);
    give_up_steps(drive);
    stop_and_undo(drive);
    tl_drive_note(drive);
    tl_drive_go_on(drive);
}

/* ---- when it is repeated ---- */

/* True: it is known what the open call did. */
static bool settle_open(struct tl_step *step, const struct tl_step_row *open)
{
    struct tl_drive *drive = step->drive;
    const struct tl_run_port *runs = drive->lane->engine->runs;
    bool sent = open != NULL && (open->state == TL_STEP_SENT || open->state == TL_STEP_UNKNOWN);
    if (sent && tl_call_is_once_only(step->ask)) {
        drive->cancelling = true;
        step->ended_ms = open->at_ms;
        if (tl_call_prepare(step)) /* its key is still young: the same call tells what it did */
            tl_effect_queue(step);
        return false;
    }
    runs->settle(runs->ctx, drive->run, step->ask->id, sent || (open != NULL && open->state == TL_STEP_SETTLED));
    tl_step_free(step);
    return true;
}

bool tl_recall_cancel(struct tl_drive *drive)
{
    struct tl_link *link, *next;
    for (link = tl_list_first(&drive->steps); link != NULL; link = next) {
        next = tl_list_after(&drive->steps, link);
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        const struct tl_step_row *open = tl_recall_open(drive, step->ask->id);
        if (step->ask->kind != TL_ASK_CALL) {
            step->number = open != NULL ? open->number : 0;
            tl_step_give_up(step);
        } else
            (void)settle_open(step, open);
    }
    if (drive->cancelling) {
        drive->recalling = false;
        tl_steps_rest(drive);
        return false;
    }
    stop_and_undo(drive);
    tl_drive_note(drive);
    return true;
}

bool tl_recall_settled(struct tl_drive *drive)
{
    if (!tl_list_empty(&drive->steps))
        return false;
    stop_and_undo(drive);
    tl_drive_repeat(drive);
    return true;
}

/* ---- from outside ---- */

static void abort_drive(struct tl_drive *drive, const char *reason)
{
    if (drive->ending) /* by itself, as soon as the last call has come back */
        return;
    struct tl_run_row *run = drive->unit->run;
    struct tl_batch *batch = tl_run_record(drive);
    decide(run, reason, drive->order);
    drive->cancelling = true;
    give_up_steps(drive);
    tl_run_put(drive->lane, run, batch);
    tl_lane_wake(drive->lane);
    tl_steps_rest(drive);
}

/* What comes from now on is no part of its history: no time, event or child may wake it before it undoes. */
static void forget_waits(struct tl_lane *lane, struct tl_run_row *run)
{
    while (run->wait_count > 0)
        tl_wait_forget(lane, run, run->waits[0].number, tl_lane_batch(lane));
}

void tl_run_abort(struct tl_lane *lane, struct tl_run_row *run, const char *reason, bool first)
{
    tl_slice_finish(run);
    if (run->cancel != NULL || run->over)
        return;
    if (run->unit != NULL && run->unit->drive != NULL) {
        abort_drive(run->unit->drive, reason);
        return;
    }
    bool load = run->unit == NULL && run->phase == TL_PHASE_WAITING;
    decide(run, reason, run->order);
    forget_waits(lane, run);
    if (run->unit == NULL && run->phase == TL_PHASE_PARKED) {
        tl_run_put(lane, run, tl_lane_batch(lane));
        tl_desk_retry_run(lane, run);
        return;
    }
    struct tl_unit *unit = load ? tl_run_load(lane, run) : NULL;
    if (run->unit != NULL)
        run->phase = TL_PHASE_ACTIVE; /* one that is leaving comes back */
    tl_run_put(lane, run, tl_lane_batch(lane));
    tl_lane_wake(lane);
    if (unit != NULL)
        tl_run_enter_then(lane, unit, first);
}

void tl_run_expire(struct tl_lane *lane, struct tl_run_row *run)
{
    tl_wait_forget(lane, run, 0, tl_lane_batch(lane));
    tl_run_abort(lane, run, "the flow's deadline passed", false);
}

/* ---- afresh ---- */

struct afresh {
    struct tl_then then;
    struct tl_unit *unit;
};

static void begin_afresh(struct tl_then *then, uint64_t commit)
{
    struct afresh *afresh = TL_CONTAINER_OF(then, struct afresh, then);
    struct tl_unit *unit = afresh->unit;
    tl_free(afresh);
    if (commit != 0)
        tl_queue_ready(unit->lane, unit, true);
}

void tl_run_continue(struct tl_drive *drive, tl_str state)
{
    tl_run_make_durable(drive);
    struct tl_unit *unit = drive->unit;
    struct tl_run_row *run = unit->run;
    struct tl_lane *lane = drive->lane;
    struct tl_batch *batch = tl_run_record(drive);
    tl_run_delete_steps(run, batch);
    tl_free(run->state);
    run->state = state.len > 0 ? tl_str_dup(state) : NULL;
    run->round++;
    run->next = 1;
    run->order = run->emitted = 0;
    tl_run_put(lane, run, batch);
    struct afresh *afresh = TL_NEW(struct afresh);
    afresh->unit = unit;
    afresh->then.durable = begin_afresh;
    tl_poison_release(unit);
    tl_drive_free(drive);
    unit->state = TL_UNIT_ENDING;
    tl_lane_then(lane, &afresh->then);
}
