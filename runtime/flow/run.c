/* A unit runs: its event is fetched, the script starts, and what it says is carried out. A stretch ends in an effect
 * (effect.c) or in an ending (ending.c). */
#include "run.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "codec/json_pointer.h"
#include "flow/intake.h"

/* ---- life ----------------------------------------------------------------------------------------------------------
 */

static struct tl_drive *drive_new(struct tl_unit *unit)
{
    struct tl_lane *lane = unit->lane;
    struct tl_drive *drive = TL_NEW(struct tl_drive);
    drive->unit = unit;
    drive->lane = lane;
    drive->system = -1;
    tl_arena_init(&drive->arena);
    tl_position_print(unit->position, drive->id);
    unit->state = TL_UNIT_RUNNING;
    unit->drive = drive;
    unit->queue->started++;
    drive->cap_system = tl_queue_system(unit->queue);
    if (drive->cap_system >= 0)
        lane->systems[drive->cap_system].started++;
    lane->drives++;
    tl_list_push(&lane->running, &drive->link);
    return drive;
}

void tl_drive_free(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    tl_must(!drive->calling && drive->ticket.serial == 0);
    if (drive->run != NULL)
        lane->engine->runs->free(lane->engine->runs->ctx, drive->run);
    tl_list_remove(&drive->link);
    tl_list_remove(&drive->wait);
    lane->drives--;
    unit->queue->started--;
    unit->drive = NULL;
    if (drive->cap_system >= 0)
        lane->systems[drive->cap_system].started--;
    tl_arena_free(&drive->arena);
    tl_free(drive);
    tl_lane_wake(lane);
}

void tl_unit_unstart(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    tl_counter_add(lane->engine->figures.unstarted, 1);
    tl_drive_free(drive);
    tl_poison_release(unit);
    tl_queue_ready(lane, unit, true);
}

static void backoff_over(struct tl_timer *timer)
{
    struct tl_backoff *backoff = TL_CONTAINER_OF(timer, struct tl_backoff, timer);
    struct tl_unit *unit = backoff->unit;
    unit->backoff = NULL;
    tl_free(backoff);
    tl_keyline_aside(unit->lane, unit->line, false);
    tl_queue_ready(unit->lane, unit, true);
}

void tl_unit_backoff(struct tl_drive *drive, int64_t wait_ms)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    tl_drive_free(drive);
    tl_poison_release(unit);
    unit->state = TL_UNIT_BACKOFF;
    unit->backoff = TL_NEW(struct tl_backoff);
    unit->backoff->unit = unit;
    tl_timer_init(&unit->backoff->timer, backoff_over);
    tl_timer_start(lane->loop, &unit->backoff->timer, wait_ms);
    tl_keyline_aside(lane, unit->line, true);
}

int64_t tl_unit_deadline(const struct tl_drive *drive)
{
    int64_t deadline = drive->lane->engine->plan.flows[drive->unit->flow].deadline_ms;
    if (deadline <= 0 || drive->unit->exception != NULL) /* a person tries again: his time, not the flow's */
        return TL_NEVER;
    return drive->event.time_ms + deadline - tl_wall_ms() + tl_mono_ms();
}

/* ---- start ---------------------------------------------------------------------------------------------------------
 */

static void park_plain(struct tl_drive *drive, const char *cls, const char *message)
{
    tl_unit_park(drive, &(struct tl_cause){.cls = tl_str_z(cls), .message = tl_str_z(message)});
}

static void start_script(struct tl_drive *drive)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_unit *unit = drive->unit;
    const struct tl_plan_flow *flow = &engine->plan.flows[unit->flow];
    if (tl_poison_is(engine, unit)) {
        park_plain(drive, "poison", "the program stopped three times while this unit was the only one running");
        return;
    }
    if (tl_unit_deadline(drive) <= tl_mono_ms()) {
        park_plain(drive, "deadline", "the flow's deadline passed before its effect could be carried out");
        return;
    }
    const struct tl_event *event = &drive->event;
    bool from_system = tl_plan_system(&engine->plan, event->source) >= 0;
    struct tl_run_event in = {.id = tl_str_z(drive->id),
                              .type = event->type,
                              .key = event->key,
                              .source = from_system ? event->source : TL_STR_NONE,
                              .payload = event->payload,
                              .time_ms = event->time_ms,
                              .unit = tl_unit_number(flow, unit->position)};
    tl_run_step(drive, engine->runs->start(engine->runs->ctx, drive->lane->host, flow->script_index, &in, &drive->run));
}

static void start_unwanted(struct tl_drive *drive)
{
    char *note = tl_printf("no flow takes events of type %.*s", TL_STR_ARGS(drive->event.type));
    tl_unit_end(drive, TL_UNWANTED, tl_str_z(note), NULL, 0);
    tl_free(note);
}

static void start_unreadable(struct tl_drive *drive)
{
    struct tl_buf scratch;
    tl_buf_init(&scratch, 65536);
    tl_str why = TL_STR("the message was signed and cannot be read");
    (void)tl_json_pointer_text(drive->event.payload, TL_STR("/why"), &scratch, &why, NULL);
    tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("data"), .message = why, .system = drive->event.source});
    tl_buf_free(&scratch);
}

void tl_unit_start(struct tl_unit *unit)
{
    struct tl_engine *engine = unit->lane->engine;
    const struct tl_plan_flow *flow = &engine->plan.flows[unit->flow];
    struct tl_drive *drive = drive_new(unit);
    struct tl_error err;
    if (tl_unit_event(unit, &drive->arena, &drive->event, &err) != TL_OK) {
        drive->event.position = unit->position;
        park_plain(drive, "lost", err.text);
        return;
    }
    switch (flow->kind) {
    case TL_PLAN_NOBODY:
        start_unwanted(drive);
        break;
    case TL_PLAN_UNREADABLE:
        start_unreadable(drive);
        break;
    case TL_PLAN_HINT:
        tl_hint_start(drive);
        break;
    case TL_PLAN_GONE:
        park_plain(drive, "removed", "the flow was removed from the integration while this unit was pending");
        break;
    case TL_PLAN_SCRIPT:
        start_script(drive);
        break;
    }
}

/* ---- what the script says ------------------------------------------------------------------------------------------
 */

static void write_logs(const struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    const char *flow = drive->lane->engine->plan.flows[drive->unit->flow].name;
    for (size_t i = 0; i < outcome->log_count; i++) {
        const struct tl_run_log *log = &outcome->logs[i];
        char *message = tl_str_dup(log->message);
        tl_log((enum tl_log_level)log->level, "script", message, TL_FSTR("flow", flow), TL_FSTR("event", drive->id),
               TL_FSLICE("key", drive->event.key), TL_FSLICE("fields", log->fields), TL_FSTR("file", log->place.file),
               TL_FINT("line", log->place.line));
        tl_free(message);
    }
}

static tl_str place_text(struct tl_drive *drive, const struct tl_place *place)
{
    if (place->file == NULL || place->file[0] == 0)
        return TL_STR_NONE;
    return tl_str_z(tl_arena_printf(&drive->arena, "%s:%d", place->file, place->line));
}

static void run_done(struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    const struct tl_plan_flow *flow = &drive->lane->engine->plan.flows[drive->unit->flow];
    struct tl_emitted *emitted = tl_arena_alloc(&drive->arena, (outcome->emit_count + 1) * sizeof *emitted);
    /* What an event's declaration makes of a captured change still comes from that system. */
    tl_str source = flow->decl->internal ? drive->event.source : tl_str_z(flow->name);
    for (size_t i = 0; i < outcome->emit_count; i++) {
        const struct tl_run_emit *emit = &outcome->emits[i];
        if (emit->key.len > TL_KEY_MAX || emit->data.len > TL_PAYLOAD_MAX) {
            tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("data"),
                                                   .message = TL_STR("an emitted event's key or payload is too long"),
                                                   .place = place_text(drive, &emit->place)});
            return;
        }
        emitted[i] = (struct tl_emitted){.type = emit->type, .source = source, .key = emit->key, .payload = emit->data};
    }
    tl_unit_end(drive, TL_DONE, TL_STR_NONE, emitted, outcome->emit_count);
}

static void run_error(struct tl_drive *drive, const struct tl_run_error *error)
{
    tl_unit_park(drive, &(struct tl_cause){.cls = error->cls,
                                           .code = error->code,
                                           .message = error->message,
                                           .place = place_text(drive, &error->place),
                                           .system = error->system,
                                           .operation = error->operation,
                                           .status = error->status});
}

void tl_run_step(struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    if (outcome->log_count > 0)
        write_logs(drive, outcome);
    tl_str place = TL_STR_NONE;
    switch (outcome->ending) {
    case TL_RUN_ASK:
        tl_effect_begin(drive, &outcome->ask);
        return;
    case TL_RUN_DONE:
        run_done(drive, outcome);
        return;
    case TL_RUN_DROPPED:
        place = place_text(drive, &outcome->place);
        tl_unit_end(drive, TL_DROPPED, place, NULL, 0);
        return;
    case TL_RUN_PARKED:
        tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("parked"),
                                               .message = outcome->reason,
                                               .place = place_text(drive, &outcome->place),
                                               .data = outcome->data});
        return;
    case TL_RUN_FAILED:
        place = tl_str_z(tl_arena_printf(&drive->arena, "%.*s (%s:%d)", TL_STR_ARGS(outcome->reason),
                                         outcome->place.file != NULL ? outcome->place.file : "", outcome->place.line));
        tl_unit_end(drive, TL_FAILED, place, NULL, 0);
        return;
    case TL_RUN_ERROR:
        run_error(drive, &outcome->error);
        return;
    }
}
