/* A call that a script asked for: where it goes, what must be known before it is sent, and what came of it. */
#include "base/alloc.h"
#include "base/clock.h"
#include "flow/lane.h"
#include "once.h"
#include "replay_effect.h"

#define CLAIMED_MS 200 /* another run does what the name stands for: look again then */

static struct tl_plan_system *plan_system(const struct tl_step *step)
{
    return step->drive->lane->engine->plan.systems[step->system];
}

bool tl_call_is_once_only(const struct tl_run_ask *ask)
{
    return ask->effect == TL_EFFECT_KEYED || ask->effect == TL_EFFECT_UNSAFE;
}

struct tl_call_facts tl_call_facts(const struct tl_step *step)
{
    const struct tl_call_port *calls = step->drive->lane->engine->calls;
    struct tl_call_facts facts = {0};
    if (calls->facts != NULL)
        calls->facts(calls->ctx, step->drive->lane, tl_str_z(plan_system(step)->name), step->ask->operation, &facts);
    return facts;
}

bool tl_call_key_is_old(const struct tl_step *step)
{
    return step->ask->effect == TL_EFFECT_UNSAFE || tl_wall_ms() - step->sent_ms >= tl_call_facts(step).key_ttl_ms;
}

/* ---- before it is sent ---- */

/* A system, or for a kind the one that it meant before. */
static int route(struct tl_drive *drive, tl_str target, struct tl_error *err)
{
    const struct tl_plan *plan = &drive->lane->engine->plan;
    uint32_t part = plan->flows[drive->unit->flow]->part;
    struct tl_routed *routed = drive->unit->run != NULL ? &drive->unit->run->routed : &drive->routed;
    const char *before = tl_routed_find(routed, target);
    if (before != NULL) {
        int same = tl_plan_route(plan, part, tl_str_z(before), TL_STR_NONE, NULL);
        if (same < 0)
            tl_fail(err, TL_EINPUT, "to this run \"%.*s\" is \"%s\", and there is no such system any more",
                    TL_STR_ARGS(target), before);
        return same;
    }
    int system = tl_plan_route(plan, part, target, drive->event.payload, err);
    if (system >= 0 && !tl_str_eq(target, plan->systems[system]->local))
        tl_routed_add(routed, target, plan->systems[system]->local);
    return system;
}

static bool find_system(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    struct tl_error err;
    step->system = route(drive, step->ask->target, &err);
    if (step->system >= 0) {
        if (drive->unit->queue->system == -1 && drive->effect_count == 0 && drive->unit->run == NULL)
            drive->unit->queue->learned = step->system;
        return true;
    }
    tl_step_stick(step, &(struct tl_cause){
                            .cls = TL_STR("route"), .message = tl_str_z(err.text), .operation = step->ask->operation});
    return false;
}

/* The journal says that it was sent, or may have been: it is not sent as if nothing had happened. */
static bool resume_sent(struct tl_step *step, const struct tl_step_row *open)
{
    step->number = open->number;
    step->intent = true;
    step->args = open->args;
    step->sent_ms = open->at_ms;
    step->ended_ms = open->state == TL_STEP_UNKNOWN ? open->at_ms : 0;
    /* One that is unknown was too old for its key already; its row has the time of that, not of the sending. */
    bool young = step->ask->effect == TL_EFFECT_KEYED && open->state == TL_STEP_SENT && !tl_call_key_is_old(step);
    if (!tl_call_is_once_only(step->ask) || young)
        return true;
    tl_settle_begin(step);
    return false;
}

static bool claim(struct tl_step *step)
{
    struct tl_step_row done = {0};
    switch (tl_once_claim(step, tl_str_z(plan_system(step)->name), &done)) {
    case TL_OK:
        return true;
    case TL_EDIFFERS:
        done.at_ms = tl_wall_ms();
        tl_replay_done_once(step, &done);
        tl_step_ready(step, &done);
        return false;
    default:
        step->phase = TL_AT_REST;
        step->again_ms = tl_mono_ms() + CLAIMED_MS;
        return false;
    }
}

/* A write that looks before it creates, and that may have been sent before the start: it does not look before what that
 * did can be seen. */
static bool is_too_early(struct tl_step *step)
{
    const struct tl_drive *drive = step->drive;
    const struct tl_poison *before = &drive->lane->engine->poison;
    if (step->ask->effect != TL_EFFECT_IDEMPOTENT || tl_position_commit(drive->unit->position) > before->upto)
        return false;
    int64_t wait_ms = before->since_ms + tl_call_facts(step).settle_ms - tl_wall_ms();
    if (wait_ms <= 0)
        return false;
    step->phase = TL_AT_REST;
    step->again_ms = tl_mono_ms() + wait_ms;
    return true;
}

bool tl_call_prepare(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    const struct tl_run_ask *ask = step->ask;
    step->args = ask->args;
    if (!find_system(step) || is_too_early(step))
        return false;
    if (ask->once.len > 0 && tl_call_is_once_only(ask) && !claim(step))
        return false;
    const struct tl_step_row *open = tl_recall_open(drive, ask->id);
    if (open != NULL && (open->state == TL_STEP_SENT || open->state == TL_STEP_UNKNOWN))
        return resume_sent(step, open);
    if (!tl_replay_sends(step))
        return false;
    step->intent = tl_call_is_once_only(ask) || ask->undo;
    return true;
}

/* ---- sending ---- */

static void call_done(void *ctx, const struct tl_call_result *result);

struct tl_call_request tl_call_request_of(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    const struct tl_run_ask *ask = step->ask;
    struct tl_call_request request = {.operation = ask->operation,
                                      .args = step->args,
                                      .entity = ask->entity,
                                      .timeout_ms = plan_system(step)->timeout_ms,
                                      .trace = tl_trace_is_set(&drive->event.trace) ? &drive->event.trace : NULL};
    if (!tl_call_is_once_only(ask))
        return request;
    const struct tl_run_row *run = drive->unit->run;
    tl_str own = tl_str_z(
        tl_arena_printf(&drive->arena, "tl-%s-%u-%u", tl_replay_run_id(step, run->id), run->round, step->number));
    request.once_key = ask->once;
    request.idempotency_key = ask->once.len > 0 ? ask->once : own;
    request.marker = request.idempotency_key;
    return request;
}

void tl_call_send(struct tl_step *step)
{
    struct tl_lane *lane = step->drive->lane;
    const struct tl_call_port *calls = lane->engine->calls;
    struct tl_call_request request = tl_call_request_of(step);
    tl_unit_try(step->drive->unit, step->ask->id)->calls++;
    step->drive->unit->calls++;
    lane->calls++;
    step->call = calls->start(calls->ctx, lane, tl_str_z(plan_system(step)->name), &request, call_done, step);
}

/* ---- what came of it ---- */

void tl_call_tell(struct tl_step *step, const struct tl_call_result *result)
{
    struct tl_drive *drive = step->drive;
    struct tl_effect effect = tl_effect_of(step, step->ask->operation, result);
    bool ok = result->failure == TL_FAIL_NONE;
    struct tl_step_row row = {.state = ok ? TL_STEP_DONE : TL_STEP_FAILED,
                              .at_ms = tl_wall_ms(),
                              .system = effect.system,
                              .operation = step->ask->operation,
                              .once = step->ask->once,
                              .document = ok ? result->document : TL_STR_NONE,
                              .cls = ok ? TL_STR_NONE : tl_str_z(tl_failure_name(result->failure)),
                              .code = result->code,
                              .message = result->message,
                              .status = result->status,
                              .remote = effect.remote_id,
                              .attempts = effect.attempts,
                              .duration_ms = effect.duration_ms};
    for (size_t i = 0; i < sizeof row.hash; i++)
        row.hash[i] = effect.request_hash[i];
    tl_effect_note(drive, &effect);
    tl_step_result(step, &row);
}

static void settle(struct tl_step *step, bool took_place)
{
    const struct tl_run_port *runs = step->drive->lane->engine->runs;
    runs->settle(runs->ctx, step->drive->run, step->ask->id, took_place);
    step->phase = TL_AT_REST;
    tl_step_settled(step, took_place);
}

/* Nobody waits for it: it is noted, and what it did is undone when the run fails. */
static void ended_unwanted(struct tl_step *step, const struct tl_call_result *result)
{
    struct tl_drive *drive = step->drive;
    struct tl_effect effect = tl_effect_of(step, step->ask->operation, result);
    tl_effect_note(drive, &effect);
    settle(step, result->failure == TL_FAIL_NONE || result->unknown);
    tl_steps_rest(drive);
}

void tl_call_unheard(struct tl_step *step)
{
    settle(step, step->ready->state == TL_STEP_DONE);
}

void tl_call_row_done(struct tl_step *step, const struct tl_call_result *result)
{
    call_done(step, result);
}

static void call_done(void *ctx, const struct tl_call_result *result)
{
    struct tl_step *step = ctx;
    struct tl_drive *drive = step->drive;
    struct tl_lane *lane = drive->lane;
    bool unknown =
        result->failure != TL_FAIL_NONE && result->sent && result->unknown && tl_call_is_once_only(step->ask);
    tl_effect_leave(step, result);
    if (step->unwanted && !(unknown && tl_failure_is_endpoint(result->failure)))
        ended_unwanted(step, result);
    else if (unknown && tl_call_key_is_old(step)) {
        tl_settle_begin(step);
        tl_steps_rest(drive);
    } else if (result->failure != TL_FAIL_NONE && tl_effect_failed(step, result, step->ask->operation))
        tl_steps_rest(drive);
    else if (drive->cancelling || drive->ending) /* the script is told nothing any more */
        ended_unwanted(step, result);
    else
        tl_call_tell(step, result);
    tl_lane_stop_step(lane);
}
