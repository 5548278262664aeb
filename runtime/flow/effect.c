/* One effect: gate, call, and what its result means (rules 9 and 17). */
#include "run.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/random.h"
#include <string.h>

/* A gate that no moment opens tells its waiters; this is for what closes it without anybody having asked. */
#define LOOK_AGAIN_MS 1000
#define DAY_MS (24 * 3600 * 1000LL)

static struct tl_plan_system *plan_system(const struct tl_drive *drive)
{
    return &drive->lane->engine->plan.systems[drive->system];
}

static struct tl_lane_system *lane_system(const struct tl_drive *drive)
{
    return &drive->lane->systems[drive->system];
}

/* ---- before the gate -----------------------------------------------------------------------------------------------
 */

/* No unit for the system starts on this lane until the gate has something new to say; those that wait for moments go
 * back. */
static void close_system(struct tl_lane_system *system, int64_t until_ms)
{
    struct tl_link *link;
    system->closed = true;
    while ((link = tl_list_pop(&system->waiting)) != NULL)
        tl_unit_unstart(TL_LIST_ITEM(link, struct tl_drive, wait));
    tl_timer_start_at(system->lane->loop, &system->until,
                      until_ms != TL_NEVER ? until_ms : tl_mono_ms() + LOOK_AGAIN_MS);
}

static void wait_moments(struct tl_drive *drive, int64_t until_ms)
{
    struct tl_lane_system *at = lane_system(drive);
    at->refused = true;
    if (at->reopening) /* it was the first */
        tl_list_push_front(&at->waiting, &drive->wait);
    else
        tl_list_push(&at->waiting, &drive->wait);
    if (until_ms != TL_NEVER && (!tl_timer_is_set(&at->until) || at->until.due_ms > until_ms))
        tl_timer_start_at(drive->lane->loop, &at->until, until_ms);
}

bool tl_effect_enter(struct tl_drive *drive)
{
    struct tl_lane_system *at = lane_system(drive);
    struct tl_gate_closed closed;
    if (drive->lane->phase != TL_LANE_RUNNING) {
        tl_unit_unstart(drive);
        return false;
    }
    if (tl_gate_enter(plan_system(drive)->gate, tl_now(), drive->unit->queue->priority, &at->waiter, &drive->ticket,
                      &closed))
        return true;
    if (tl_gate_reason_is_long(closed.why)) {
        close_system(at, closed.until_ms);
        tl_unit_unstart(drive);
    } else
        wait_moments(drive, closed.until_ms);
    return false;
}

static void call_done(void *ctx, const struct tl_call_result *result);

static void start_call(struct tl_drive *drive)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_plan_system *system = plan_system(drive);
    const struct tl_run_ask *ask = drive->ask;
    struct tl_call_request request = {.operation = ask->operation,
                                      .args = ask->args,
                                      .timeout_ms = system->timeout_ms,
                                      .trace = tl_trace_is_set(&drive->event.trace) ? &drive->event.trace : NULL};
    drive->unit->calls++;
    drive->calling = true;
    drive->lane->calls++;
    drive->call =
        engine->calls->start(engine->calls->ctx, drive->lane, tl_str_z(system->name), &request, call_done, drive);
}

static void try_effect(struct tl_drive *drive)
{
    if (drive->ask == NULL) { /* a hint */
        tl_hint_start(drive);
        return;
    }
    if (tl_effect_enter(drive))
        start_call(drive);
}

void tl_effect_begin(struct tl_drive *drive, const struct tl_run_ask *ask)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_error err;
    drive->ask = ask;
    drive->system = tl_plan_route(&engine->plan, ask->target, drive->event.payload, &err);
    if (drive->system < 0) {
        tl_str place = ask->place.file == NULL || ask->place.file[0] == 0
                           ? TL_STR_NONE
                           : tl_str_z(tl_arena_printf(&drive->arena, "%s:%d", ask->place.file, ask->place.line));
        tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("route"),
                                               .message = tl_str_z(err.text),
                                               .place = place,
                                               .operation = ask->operation});
        return;
    }
    if (drive->unit->queue->system < 0)
        drive->unit->queue->learned = drive->system;
    struct tl_lane_system *at = lane_system(drive);
    if (!tl_list_empty(&at->waiting)) /* not before those who came first */
        tl_list_push(&at->waiting, &drive->wait);
    else
        try_effect(drive);
}

/* ---- the gate opens ------------------------------------------------------------------------------------------------
 */

void tl_system_wake(struct tl_lane_system *system)
{
    struct tl_lane *lane = system->lane;
    for (size_t i = 0; i < lane->queue_count; i++) {
        if (tl_queue_system(lane->queues[i]) == (int)system->system)
            tl_queue_wake(lane, lane->queues[i]);
    }
}

/* Those who wait for moments, in their order, until one is refused again. */
static void let_through(struct tl_lane_system *system)
{
    system->reopening = true;
    system->refused = false;
    while (!system->refused && !tl_list_empty(&system->waiting))
        try_effect(TL_LIST_ITEM(tl_list_pop(&system->waiting), struct tl_drive, wait));
    system->reopening = false;
}

void tl_system_reopen(struct tl_lane_system *system)
{
    struct tl_lane *lane = system->lane;
    struct tl_gate *gate = lane->engine->plan.systems[system->system].gate;
    struct tl_gate_closed closed;
    if (lane->phase != TL_LANE_RUNNING)
        return;
    if (system->closed) {
        if (!tl_gate_peek(gate, tl_now(), TL_NORMAL, &closed) && tl_gate_reason_is_long(closed.why)) {
            close_system(system, closed.until_ms);
            return;
        }
        system->closed = false;
        system->probing = true;
    }
    let_through(system);
    tl_system_wake(system);
    tl_lane_wake(lane);
}

/* On whatever thread opened the gate. */
void tl_system_opened_mail(struct tl_mail *mail)
{
    struct tl_lane_system *system = TL_CONTAINER_OF(mail, struct tl_lane_system, opened);
    atomic_store(&system->opened_posted, false);
    tl_system_reopen(system);
}

void tl_system_until(struct tl_timer *timer)
{
    tl_system_reopen(TL_CONTAINER_OF(timer, struct tl_lane_system, until));
}

/* ---- the call has ended --------------------------------------------------------------------------------------------
 */

/* What the platform said about its day, and about our use of it. */
static void take_hints(const struct tl_plan_system *system, const struct tl_call_result *result)
{
    for (size_t i = 0; i < result->quota_count; i++) {
        const struct tl_quota_hint *quota = &result->quotas[i];
        int64_t used = quota->used >= 0 ? quota->used : quota->remaining >= 0 ? quota->limit - quota->remaining : -1;
        if (quota->window_ms >= DAY_MS && quota->limit > 0 && used >= 0)
            tl_gate_report(system->gate, (uint64_t)used, (uint64_t)quota->limit, tl_now());
    }
    for (size_t i = 0; i < result->warning_count; i++)
        tl_log(TL_WARN, "call.warning", "the platform warns", TL_FSTR("system", system->name),
               TL_FSLICE("warning", result->warnings[i]));
}

void tl_effect_leave(struct tl_drive *drive, const struct tl_call_result *result)
{
    struct tl_plan_system *system = plan_system(drive);
    struct tl_lane_system *at = lane_system(drive);
    tl_gate_leave(system->gate, drive->ticket, result->failure, result->wait_ms, tl_now());
    drive->ticket = (struct tl_gate_ticket){0};
    tl_counter_add(system->calls[result->failure], 1);
    tl_plan_note_failure(system, result->failure, result->message);
    tl_histogram_observe_ms(system->seconds, (double)result->duration_ms);
    take_hints(system, result);
    if (at->probing && !tl_failure_is_endpoint(result->failure)) {
        at->probing = false;
        tl_system_wake(at);
    }
}

void tl_effect_note(struct tl_drive *drive, tl_str operation, const struct tl_call_result *result)
{
    if (drive->effect_count == TL_EFFECTS_OF_RUN)
        return;
    struct tl_effect *effect = &drive->effects[drive->effect_count++];
    tl_str id = result->id.len <= TL_KEY_MAX ? result->id : TL_STR_NONE;
    *effect = (struct tl_effect){
        .system = tl_str_z(plan_system(drive)->name),
        .operation = tl_arena_str(&drive->arena, operation),
        .remote_id = tl_arena_str(&drive->arena, id),
        .status = (uint16_t)(result->status > 0 && result->status < 65536 ? result->status : 0),
        .attempts = drive->unit->calls,
        .class_ = (uint8_t)result->failure,
        .duration_ms = (uint32_t)(result->duration_ms < UINT32_MAX ? result->duration_ms : UINT32_MAX)};
    memcpy(effect->request_hash, result->request_hash, sizeof effect->request_hash);
}

static void log_failure(const struct tl_drive *drive, const struct tl_call_result *result, tl_str operation,
                        int64_t wait_ms)
{
    tl_log(TL_WARN, "call.failed", "a call failed and will be tried again", TL_FSTR("system", plan_system(drive)->name),
           TL_FSLICE("operation", operation), TL_FSTR("class", tl_failure_name(result->failure)),
           TL_FINT("status", result->status), TL_FSLICE("reason", result->message), TL_FSTR("event", drive->id),
           TL_FSLICE("key", drive->event.key), TL_FINT("wait_ms", wait_ms));
}

static void park_failure(struct tl_drive *drive, const struct tl_call_result *result, const char *cls, tl_str operation)
{
    tl_str message = tl_arena_str(&drive->arena, result->message);
    if (result->failure == TL_FAIL_BUG) {
        tl_str connector = drive->lane->engine->plan.systems[drive->system].decl != NULL
                               ? tl_str_z(plan_system(drive)->decl->connector)
                               : TL_STR_NONE;
        message = tl_str_z(
            tl_arena_printf(&drive->arena, "connector \"%.*s\": %.*s", TL_STR_ARGS(connector), TL_STR_ARGS(message)));
    }
    tl_unit_park(drive, &(struct tl_cause){.cls = tl_str_z(cls),
                                           .code = tl_arena_str(&drive->arena, result->code),
                                           .message = message,
                                           .system = tl_str_z(plan_system(drive)->name),
                                           .operation = tl_arena_str(&drive->arena, operation),
                                           .status = result->status});
}

bool tl_effect_failed(struct tl_drive *drive, const struct tl_call_result *result, tl_str operation)
{
    struct tl_lane_system *at = lane_system(drive);
    bool cancelled = drive->lane->phase != TL_LANE_RUNNING && tl_failure_is_endpoint(result->failure);
    if (cancelled) { /* recovery repeats it */
        tl_unit_unstart(drive);
        return true;
    }
    if (result->failure == TL_FAIL_BUG || result->failure == TL_FAIL_GAP) {
        tl_effect_note(drive, operation, result);
        park_failure(drive, result, "bug", operation);
        return true;
    }
    struct tl_retry_step step = tl_retry_next(&drive->unit->retry, &plan_system(drive)->retry, result->failure,
                                              result->wait_ms, tl_mono_ms(), tl_unit_deadline(drive), tl_random_u64());
    if (step.verdict == TL_RETRY_EXPIRED) {
        tl_effect_note(drive, operation, result);
        park_failure(drive, result, "deadline", operation);
        return true;
    }
    if (step.verdict == TL_RETRY_PARK)
        return false;
    log_failure(drive, result, operation, step.wait_ms);
    struct tl_gate_closed closed;
    if (!tl_gate_peek(plan_system(drive)->gate, tl_now(), drive->unit->queue->priority, &closed) &&
        tl_gate_reason_is_long(closed.why)) {
        close_system(at, closed.until_ms);
        tl_unit_unstart(drive);
    } else
        tl_unit_backoff(drive, step.wait_ms);
    return true;
}

static void call_done(void *ctx, const struct tl_call_result *result)
{
    struct tl_drive *drive = ctx;
    struct tl_lane *lane = drive->lane;
    const struct tl_run_port *runs = lane->engine->runs;
    const struct tl_run_ask *ask = drive->ask;
    drive->calling = false;
    lane->calls -= lane->calls > 0 ? 1 : 0;
    tl_effect_leave(drive, result);
    if (result->failure != TL_FAIL_NONE && tl_effect_failed(drive, result, ask->operation)) {
        tl_lane_stop_step(lane);
        return;
    }
    tl_effect_note(drive, ask->operation, result);
    struct tl_run_result in = {.ok = result->failure == TL_FAIL_NONE,
                               .document = result->document,
                               .cls = tl_str_z(tl_failure_name(result->failure)),
                               .code = result->code,
                               .message = result->message,
                               .system = tl_str_z(plan_system(drive)->name),
                               .operation = tl_arena_str(&drive->arena, ask->operation),
                               .status = result->status};
    drive->ask = NULL;
    tl_run_step(drive, runs->resume(runs->ctx, drive->run, &in));
    tl_lane_stop_step(lane);
}
