/* The gate before a system's calls, and what failures mean for it (rules 9 and 17). */
#include "run.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/random.h"
#include "base/alloc.h"
#include "batcher.h"
#include "undo.h"
#include <string.h>

/* A gate that no moment opens tells its waiters; this is for what closes it without anybody having asked. */
#define LOOK_AGAIN_MS 1000
#define DAY_MS (24 * 3600 * 1000LL)

static struct tl_plan_system *plan_system(const struct tl_step *step)
{
    return step->drive->lane->engine->plan.systems[step->system];
}

static struct tl_lane_system *lane_system(const struct tl_step *step)
{
    return step->drive->lane->systems[step->system];
}

/* ---- before the gate ---- */

/* It stands before a closed gate until that opens. */
static void rest_closed(struct tl_step *step)
{
    step->phase = TL_AT_REST;
    step->again_ms = TL_NEVER;
}

/* No unit for the system starts on this lane until the gate has something new to say; those that wait for moments go
 * back. */
static void close_system(struct tl_lane_system *system, int64_t until_ms)
{
    struct tl_link *link;
    system->closed = true;
    while ((link = tl_list_pop(&system->waiting)) != NULL) {
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, wait);
        rest_closed(step);
        tl_steps_rest(step->drive);
    }
    tl_timer_start_at(system->lane->loop, &system->until,
                      until_ms != TL_NEVER ? until_ms : tl_mono_ms() + LOOK_AGAIN_MS);
}

/* Bulk units may be refused what others still get (the share that is kept for live traffic): then only they wait. */
static void close_for(struct tl_step *step, int64_t until_ms)
{
    struct tl_lane_system *at = lane_system(step);
    struct tl_gate_closed closed;
    if (step->drive->unit->queue->priority != TL_BULK ||
        !tl_gate_peek(plan_system(step)->gate, tl_now(), TL_NORMAL, &closed)) {
        close_system(at, until_ms);
        return;
    }
    at->bulk_closed = true;
    int64_t again_ms = tl_mono_ms() + LOOK_AGAIN_MS;
    if (!tl_timer_is_set(&at->until) || at->until.due_ms > again_ms)
        tl_timer_start_at(at->lane->loop, &at->until, again_ms);
}

static void wait_moments(struct tl_step *step, int64_t until_ms)
{
    struct tl_lane_system *at = lane_system(step);
    at->refused = true;
    if (at->reopening) /* it was the first */
        tl_list_push_front(&at->waiting, &step->wait);
    else
        tl_list_push(&at->waiting, &step->wait);
    if (until_ms != TL_NEVER && (!tl_timer_is_set(&at->until) || at->until.due_ms > until_ms))
        tl_timer_start_at(step->drive->lane->loop, &at->until, until_ms);
}

static bool enter(struct tl_step *step)
{
    struct tl_lane_system *at = lane_system(step);
    struct tl_gate_closed closed;
    if (step->drive->lane->phase != TL_LANE_RUNNING) {
        rest_closed(step);
        return false;
    }
    if (tl_gate_enter(plan_system(step)->gate, tl_now(), step->drive->unit->queue->priority, &at->waiter, &step->ticket,
                      &closed))
        return true;
    if (tl_gate_reason_is_long(closed.why)) {
        close_for(step, closed.until_ms);
        rest_closed(step);
    } else
        wait_moments(step, closed.until_ms);
    return false;
}

static void stick_gone(struct tl_step *step)
{
    tl_step_stick(step, &(struct tl_cause){.cls = TL_STR("route"),
                                           .message = TL_STR("the system was removed from the integration"),
                                           .system = tl_str_z(plan_system(step)->name),
                                           .operation = tl_step_name(step)});
}

static void send(struct tl_step *step)
{
    if (plan_system(step)->gone) {
        stick_gone(step);
        return;
    }
    if (!enter(step))
        return;
    step->phase = TL_AT_CALL;
    if (step->ask == NULL)
        tl_hint_send(step);
    else if (step->looking)
        tl_settle_send(step);
    else
        tl_call_send(step);
}

void tl_effect_queue(struct tl_step *step)
{
    struct tl_lane_system *at = lane_system(step);
    step->phase = TL_AT_GATE;
    if (tl_batcher_take(step))
        return;
    if (!tl_list_empty(&at->waiting)) /* not before those who came first */
        tl_list_push(&at->waiting, &step->wait);
    else
        send(step);
}

/* ---- the gate opens ---- */

void tl_effect_closed(struct tl_step *step, int64_t until_ms)
{
    close_for(step, until_ms);
    rest_closed(step);
    tl_steps_rest(step->drive);
}

void tl_effect_again(struct tl_step *step)
{
    tl_effect_queue(step);
    tl_steps_rest(step->drive);
}

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
    while (!system->refused && !tl_list_empty(&system->waiting)) {
        struct tl_step *step = TL_LIST_ITEM(tl_list_pop(&system->waiting), struct tl_step, wait);
        struct tl_drive *drive = step->drive;
        send(step);
        tl_steps_rest(drive);
    }
    system->reopening = false;
}

/* Durable runs that left memory before the closed gate: all have their turn again, the first that is refused closes it
 * for the others. */
static void let_blocked(struct tl_lane_system *system)
{
    struct tl_link *link;
    struct tl_list blocked;
    tl_list_init(&blocked);
    while ((link = tl_list_pop(&system->blocked)) != NULL)
        tl_list_push(&blocked, link);
    while ((link = tl_list_pop(&blocked)) != NULL) {
        struct tl_unit *unit = TL_LIST_ITEM(link, struct tl_unit, link);
        tl_keyline_aside(unit->lane, unit->line, false);
        tl_queue_ready(unit->lane, unit, false);
    }
}

void tl_system_reopen(struct tl_lane_system *system)
{
    struct tl_lane *lane = system->lane;
    struct tl_gate *gate = lane->engine->plan.systems[system->system]->gate;
    struct tl_gate_closed closed;
    if (lane->phase != TL_LANE_RUNNING || lane->engine->plan.systems[system->system]->gone)
        return;
    system->bulk_closed = false;
    if (system->closed) {
        if (!tl_gate_peek(gate, tl_now(), TL_NORMAL, &closed) && tl_gate_reason_is_long(closed.why)) {
            close_system(system, closed.until_ms);
            return;
        }
        system->closed = false;
        system->probing = true;
    }
    let_through(system);
    let_blocked(system);
    tl_system_wake(system);
    tl_lane_wake(lane);
}

void tl_system_gone(struct tl_lane_system *system)
{
    tl_timer_stop(&system->until);
    system->closed = system->bulk_closed = system->probing = false;
    let_through(system);
    let_blocked(system);
    tl_system_wake(system);
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

/* ---- the call has ended ---- */

/* What the platform said about its allowances, and about our use of it. */
void tl_effect_hints(const struct tl_plan_system *system, const struct tl_call_result *result)
{
    for (size_t i = 0; i < result->quota_count; i++) {
        const struct tl_quota_hint *quota = &result->quotas[i];
        int64_t used = quota->used >= 0 ? quota->used : quota->remaining >= 0 ? quota->limit - quota->remaining : -1;
        if (quota->window_ms >= DAY_MS && quota->limit > 0 && used >= 0)
            tl_gate_report(system->gate, (uint64_t)used, (uint64_t)quota->limit, tl_now());
        else if (quota->remaining == 0 && quota->reset_ms > 0)
            tl_gate_hold(system->gate, quota->reset_ms, tl_now());
    }
    for (size_t i = 0; i < result->warning_count; i++)
        tl_log(TL_WARN, "call.warning", "the platform warns", TL_FSTR("system", system->name),
               TL_FSLICE("warning", result->warnings[i]));
}

void tl_effect_leave(struct tl_step *step, const struct tl_call_result *result)
{
    struct tl_plan_system *system = plan_system(step);
    struct tl_lane_system *at = lane_system(step);
    struct tl_lane *lane = step->drive->lane;
    lane->calls -= lane->calls > 0 ? 1 : 0;
    step->call = NULL;
    if (step->ticket.serial != 0) /* a row of a batch has none */
        tl_gate_leave(system->gate, step->ticket, result->failure, result->wait_ms, tl_now());
    step->ticket = (struct tl_gate_ticket){0};
    tl_counter_add(system->calls[result->failure], 1);
    tl_plan_note_failure(system, result->failure, result->message);
    tl_histogram_observe_ms(system->seconds, (double)result->duration_ms);
    tl_effect_hints(system, result);
    if (at->probing && !tl_failure_is_endpoint(result->failure)) {
        at->probing = false;
        tl_system_wake(at);
    }
}

struct tl_effect tl_effect_of(const struct tl_step *step, tl_str operation, const struct tl_call_result *result)
{
    tl_str id = result->id.len <= TL_KEY_MAX ? result->id : TL_STR_NONE;
    struct tl_try *try = tl_unit_try(step->drive->unit, tl_step_name(step));
    struct tl_effect effect = {.system = tl_str_z(plan_system(step)->name),
                               .operation = operation,
                               .remote_id = id,
                               .status = (uint16_t)(result->status > 0 && result->status < 65536 ? result->status : 0),
                               .attempts = try->calls,
                               .class_ = (uint8_t)result->failure,
                               .duration_ms =
                                   (uint32_t)(result->duration_ms < UINT32_MAX ? result->duration_ms : UINT32_MAX)};
    memcpy(effect.request_hash, result->request_hash, sizeof effect.request_hash);
    return effect;
}

void tl_effect_note(struct tl_drive *drive, const struct tl_effect *effect)
{
    if (drive->effect_count == UINT16_MAX)
        return;
    if (drive->effect_count == drive->effect_cap) {
        drive->effect_cap = drive->effect_cap == 0 ? 4 : drive->effect_cap * 2;
        drive->effects = tl_realloc(drive->effects, drive->effect_cap * sizeof *drive->effects);
    }
    struct tl_effect *noted = &drive->effects[drive->effect_count++];
    *noted = *effect;
    noted->system = tl_arena_str(&drive->arena, effect->system);
    noted->operation = tl_arena_str(&drive->arena, effect->operation);
    noted->remote_id = tl_arena_str(&drive->arena, effect->remote_id);
}

static void log_failure(const struct tl_step *step, const struct tl_call_result *result, tl_str operation,
                        int64_t wait_ms)
{
    const struct tl_drive *drive = step->drive;
    tl_log(TL_WARN, "call.failed", "a call failed and will be tried again", TL_FSTR("system", plan_system(step)->name),
           TL_FSLICE("operation", operation), TL_FSTR("class", tl_failure_name(result->failure)),
           TL_FINT("status", result->status), TL_FSLICE("reason", result->message), TL_FSTR("event", drive->id),
           TL_FSLICE("key", drive->event.key), TL_FINT("wait_ms", wait_ms));
}

static void stick_failure(struct tl_step *step, const struct tl_call_result *result, const char *cls, tl_str operation)
{
    struct tl_drive *drive = step->drive;
    tl_str message = result->message;
    struct tl_effect effect = tl_effect_of(step, operation, result);
    if (result->failure == TL_FAIL_BUG) {
        tl_str connector = plan_system(step)->decl != NULL ? tl_str_z(plan_system(step)->decl->connector) : TL_STR_NONE;
        message = tl_str_z(
            tl_arena_printf(&drive->arena, "connector \"%.*s\": %.*s", TL_STR_ARGS(connector), TL_STR_ARGS(message)));
    }
    tl_effect_note(drive, &effect);
    tl_step_stick(step, &(struct tl_cause){.cls = tl_str_z(cls),
                                           .code = result->code,
                                           .message = message,
                                           .system = tl_str_z(plan_system(step)->name),
                                           .operation = operation,
                                           .status = result->status});
}

/* How long a write that looks before it creates waits before it looks again: what it sent may be carried out still. */
static int64_t settle_ms(const struct tl_step *step, const struct tl_call_result *result)
{
    bool sent = step->ask != NULL && step->ask->effect == TL_EFFECT_IDEMPOTENT && result->sent && result->unknown;
    return sent ? tl_call_facts(step).settle_ms : 0;
}

bool tl_effect_failed(struct tl_step *step, const struct tl_call_result *result, tl_str operation)
{
    struct tl_drive *drive = step->drive;
    if (drive->lane->phase != TL_LANE_RUNNING && tl_failure_is_endpoint(result->failure)) { /* recovery repeats it */
        rest_closed(step);
        return true;
    }
    if (result->failure == TL_FAIL_BUG || result->failure == TL_FAIL_GAP) {
        stick_failure(step, result, "bug", operation);
        return true;
    }
    struct tl_retry_step next =
        tl_retry_next(&tl_unit_try(drive->unit, tl_step_name(step))->retry, &plan_system(step)->retry, result->failure,
                      result->wait_ms, tl_mono_ms(), tl_unit_deadline(drive), tl_random_u64());
    if (next.verdict == TL_RETRY_EXPIRED) {
        stick_failure(step, result, "deadline", operation);
        return true;
    }
    if (next.verdict == TL_RETRY_PARK)
        return false;
    int64_t settle = settle_ms(step, result), wait_ms = next.wait_ms > settle ? next.wait_ms : settle;
    log_failure(step, result, operation, wait_ms);
    struct tl_gate_closed closed;
    if (!tl_gate_peek(plan_system(step)->gate, tl_now(), drive->unit->queue->priority, &closed) &&
        tl_gate_reason_is_long(closed.why)) {
        close_for(step, closed.until_ms);
        rest_closed(step);
    } else {
        step->phase = TL_AT_REST;
        step->again_ms = tl_mono_ms() + wait_ms;
    }
    return true;
}
