/* A unit runs: its event is fetched, the script starts (or is repeated from what was recorded), and what it says is
 * carried out. A stretch ends in steps (step.c) or in an ending (ending.c). */
#include "run.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json_pointer.h"
#include "activation.h"
#include "await.h"
#include "expected.h"
#include "flow/intake.h"
#include "gap.h"
#include "host.h"
#include "one_per.h"
#include "replay_effect.h"
#include "slice.h"
#include "undo.h"

/* ---- start ---- */

static void park_plain(struct tl_drive *drive, const char *cls, const char *message)
{
    tl_unit_park(drive, &(struct tl_cause){.cls = tl_str_z(cls), .message = tl_str_z(message)});
}

static const struct tl_run_outcome *call_start(struct tl_drive *drive, struct tl_script_host *host, size_t flow)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    const struct tl_event *event = &drive->event;
    const struct tl_run_row *row = drive->unit->run;
    const struct tl_plan *plan = &drive->lane->engine->plan;
    uint32_t part = plan->flows[drive->unit->flow]->part;
    bool from_system = tl_plan_system(plan, event->source) >= 0;
    uint64_t unit = tl_unit_number(drive->lane->engine->plan.flows[drive->unit->flow], drive->unit->position);
    struct tl_run_event in = {.id = tl_str_z(drive->id),
                              .type = event->type,
                              .key = event->key,
                              .source = from_system ? tl_plan_local(plan, part, event->source) : TL_STR_NONE,
                              .payload = event->payload,
                              .state = row != NULL && row->state != NULL ? tl_str_z(row->state) : TL_STR_NONE,
                              .time_ms = event->time_ms,
                              .unit = row != NULL && row->round > 0 ? tl_hash_mix(unit, row->round) : unit};
    tl_replay_event(drive, &in);
    in.type = tl_plan_local_type(plan, part, in.type, &drive->arena);
    host->runs++;
    drive->host = host;
    tl_host_pin(drive->unit, host);
    return runs->start(runs->ctx, host->host, flow, &in, &drive->run);
}

/* The script goes as far as what was recorded of it reaches. */
void tl_drive_repeat(struct tl_drive *drive)
{
    bool gone = false;
    drive->recalling = true;
    tl_drive_note(drive);
    while (!gone && drive->outcome->ending != TL_RUN_PREEMPTED && tl_recall_next(drive, &gone))
        continue;
    if (gone)
        return;
    drive->recalling = drive->outcome->ending == TL_RUN_PREEMPTED;
    tl_drive_go_on(drive);
}

static void run_script(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_error err;
    size_t index;
    struct tl_script_host *host = tl_host_for(drive, &index, &err);
    if (host == NULL) {
        park_plain(drive, "revision", err.text);
        return;
    }
    if (unit->run != NULL && tl_recall_load(drive, &err) != TL_OK) {
        park_plain(drive, "journal", err.text);
        return;
    }
    tl_replay_recalled(drive);
    drive->record_first = unit->run != NULL && unit->run->waited && !unit->run->begun;
    drive->outcome = call_start(drive, host, index);
    tl_drive_repeat(drive);
}

static void start_script(struct tl_drive *drive)
{
    struct tl_engine *engine = drive->lane->engine;
    struct tl_unit *unit = drive->unit;
    if (tl_poison_is(engine, unit)) {
        park_plain(drive, "poison", "the program stopped three times while this unit was the only one running");
        return;
    }
    if (unit->run == NULL && tl_unit_deadline(drive) <= tl_mono_ms()) {
        park_plain(drive, "deadline", "the flow's deadline passed before its effect could be carried out");
        return;
    }
    if (!tl_replay_begin(drive)) /* what the earlier unit did is not known */
        return;
    if (!tl_one_per_begin(drive)) /* another run of the same value is open */
        return;
    run_script(drive);
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

static bool has_begun(const struct tl_unit *unit)
{
    return unit->exception == NULL && (unit->run != NULL || unit->host != NULL || tl_activation_revision(unit) != NULL);
}

void tl_unit_start(struct tl_unit *unit)
{
    struct tl_engine *engine = unit->lane->engine;
    const struct tl_plan_flow *flow = engine->plan.flows[unit->flow];
    if (unit->run == NULL)
        tl_run_find(unit);
    struct tl_drive *drive = tl_drive_new(unit);
    struct tl_error err;
    if (unit->run != NULL && tl_journal_applied(engine->journal) < unit->run->commit) {
        tl_unit_until_applied(drive);
        return;
    }
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
    case TL_PLAN_AWAIT:
        tl_await_start(drive);
        break;
    case TL_PLAN_GAP:
        tl_gap_start(drive);
        break;
    case TL_PLAN_GONE:
        if (has_begun(unit)) /* it ends on the revision it began with */
            start_script(drive);
        else
            park_plain(drive, "removed", "the flow was removed from the integration while this unit was pending");
        break;
    case TL_PLAN_SCRIPT:
        start_script(drive);
        break;
    }
}

/* ---- what the script says ---- */

static void write_logs(const struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    const char *flow = drive->lane->engine->plan.flows[drive->unit->flow]->name;
    for (size_t i = 0; i < outcome->log_count; i++) {
        const struct tl_run_log *log = &outcome->logs[i];
        char *message = tl_str_dup(log->message);
        tl_log((enum tl_log_level)log->level, "script", message, TL_FSTR("flow", flow), TL_FSTR("event", drive->id),
               TL_FSLICE("key", drive->event.key), TL_FSLICE("fields", log->fields), TL_FSTR("file", log->place.file),
               TL_FINT("line", log->place.line));
        tl_free(message);
    }
}

tl_str tl_place_text(struct tl_drive *drive, const struct tl_place *place)
{
    if (place->file == NULL || place->file[0] == 0)
        return TL_STR_NONE;
    return tl_str_z(tl_arena_printf(&drive->arena, "%s:%d", place->file, place->line));
}

/* Nobody waits for it any more: what was not sent is not sent; what was is waited for, and noted. */
static void withdraw(struct tl_drive *drive, tl_str id)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    struct tl_step *step = tl_step_find(drive, id);
    if (step == NULL)
        return;
    if (tl_step_has_ended(step)) {
        tl_call_unheard(step);
        return;
    }
    const struct tl_step_row *open = tl_recall_open(drive, id);
    bool tried = step->intent && step->number != 0 && tl_unit_try(drive->unit, id)->calls > 0; /* waits to try again */
    bool sent = tried || (open != NULL && (open->state == TL_STEP_SENT || open->state == TL_STEP_UNKNOWN));
    if (step->phase == TL_AT_CALL || step->unknown || (sent && tl_call_is_once_only(step->ask))) {
        step->unwanted = true;
        return;
    }
    bool took_place = sent || (open != NULL && open->state == TL_STEP_SETTLED);
    if (step->ask->undo)
        runs->settle(runs->ctx, drive->run, id, took_place);
    if (open != NULL)
        step->number = open->number;
    tl_step_settled(step, took_place);
}

void tl_drive_note(struct tl_drive *drive)
{
    const struct tl_run_outcome *outcome = drive->outcome;
    if (outcome->ending == TL_RUN_PREEMPTED)
        return;
    if (outcome->log_count > 0 && !drive->recalling)
        write_logs(drive, outcome);
    for (size_t i = 0; i < outcome->withdrawn_count; i++)
        withdraw(drive, outcome->withdrawn[i]);
    for (size_t i = 0; outcome->ending == TL_RUN_WAIT && i < outcome->ask_count; i++)
        tl_step_new(drive, outcome->asks[i]);
}

bool tl_drive_is_busy(const struct tl_drive *drive)
{
    if (drive->records > 0)
        return true;
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        const struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase == TL_AT_CALL || step->unwanted || tl_step_has_ended(step))
            return true;
    }
    return false;
}

void tl_drive_go_on(struct tl_drive *drive)
{
    if (drive->outcome->ending == TL_RUN_PREEMPTED) {
        tl_slice_wait(drive);
        return;
    }
    if (drive->outcome->ending == TL_RUN_WAIT) {
        tl_steps_begin(drive);
        return;
    }
    if (tl_drive_is_busy(drive)) {
        drive->ending = true;
        tl_steps_begin(drive); /* what nobody waits for any more may have to be looked for */
        return;
    }
    tl_drive_finish(drive);
}

void tl_drive_step(struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    drive->outcome = outcome;
    tl_drive_note(drive);
    tl_drive_go_on(drive);
}

/* ---- how it ended ---- */

static bool emits_fit(struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    for (size_t i = 0; i < outcome->emit_count; i++) {
        const struct tl_run_emit *emit = &outcome->emits[i];
        if (emit->key.len <= TL_KEY_MAX && emit->data.len <= TL_PAYLOAD_MAX)
            continue;
        tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("data"),
                                               .message = TL_STR("an emitted event's key or payload is too long"),
                                               .place = tl_place_text(drive, &emit->place)});
        return false;
    }
    return true;
}

struct tl_emitted tl_run_emitted(const struct tl_drive *drive, const struct tl_run_emit *emit)
{
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[drive->unit->flow];
    /* What an event's declaration makes of a captured change still comes from that system. */
    tl_str source = flow->internal ? drive->event.source : tl_str_z(flow->name);
    return (struct tl_emitted){.type = emit->type, .source = source, .key = emit->key, .payload = emit->data};
}

static void run_done(struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    if (!emits_fit(drive, outcome))
        return;
    size_t before = drive->unit->run != NULL ? drive->unit->run->emitted : 0;
    size_t count = outcome->emit_count > before ? outcome->emit_count - before : 0;
    struct tl_emitted *emitted = tl_arena_alloc(&drive->arena, (count + 1) * sizeof *emitted);
    for (size_t i = 0; i < count; i++)
        emitted[i] = tl_run_emitted(drive, &outcome->emits[before + i]);
    tl_unit_end(drive, TL_DONE, tl_expected_note(drive, outcome->data), emitted, count);
}

static void run_failed(struct tl_drive *drive, const struct tl_run_outcome *outcome)
{
    struct tl_place none = {"", 0};
    tl_str place = tl_place_text(drive, outcome->place.file != NULL ? &outcome->place : &none);
    tl_str reason = outcome->reason;
    if (place.len > 0)
        reason = tl_str_z(tl_arena_printf(&drive->arena, "%.*s (%.*s)", TL_STR_ARGS(reason), TL_STR_ARGS(place)));
    tl_unit_end(drive, TL_FAILED, reason, NULL, 0);
}

static void run_error(struct tl_drive *drive, const struct tl_run_error *error)
{
    const struct tl_plan *plan = &drive->lane->engine->plan;
    uint32_t part = plan->flows[drive->unit->flow]->part;
    char *system =
        error->system.len > 0 ? tl_plan_full(plan, part, tl_plan_local(plan, part, error->system)) : tl_copy_z("");
    struct tl_cause cause = {.cls = error->cls,
                             .code = error->code,
                             .message = error->message,
                             .place = tl_place_text(drive, &error->place),
                             .system = tl_str_z(system),
                             .operation = error->operation,
                             .status = error->status};
    tl_drive_fail(drive, &cause, error->step);
    tl_free(system);
}

void tl_drive_finish(struct tl_drive *drive)
{
    const struct tl_run_outcome *outcome = drive->outcome;
    drive->ending = false;
    switch (outcome->ending) {
    case TL_RUN_WAIT:
        tl_steps_rest(drive);
        break;
    case TL_RUN_PREEMPTED: /* it has not ended */
        tl_slice_wait(drive);
        break;
    case TL_RUN_DONE:
        run_done(drive, outcome);
        break;
    case TL_RUN_DROPPED:
        tl_unit_end(drive, TL_DROPPED, tl_place_text(drive, &outcome->place), NULL, 0);
        break;
    case TL_RUN_FAILED:
        run_failed(drive, outcome);
        break;
    case TL_RUN_CONTINUED:
        tl_run_continue(drive, outcome->data);
        break;
    case TL_RUN_ERROR:
        run_error(drive, &outcome->error);
        break;
    }
}
