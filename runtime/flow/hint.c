/* A message that said only "look there" (rule 13): the unit reads the record and emits the event it stands for, in the
 * commit of its own outcome. A hint with a later one of the same record behind it ends at once: one read serves both.
 */
#include "captured.h"
#include "codec/json.h"
#include "exception_int.h"
#include "run.h"

/* The call is not out any more. */
static void note(struct tl_step *step, const struct tl_call_result *result)
{
    struct tl_effect effect = tl_effect_of(step, TL_STR("read"), result);
    tl_effect_note(step->drive, &effect);
    step->phase = TL_AT_REST;
}

static void read_done(void *ctx, const struct tl_captured *event, const struct tl_call_result *result)
{
    struct tl_step *step = ctx;
    struct tl_drive *drive = step->drive;
    struct tl_lane *lane = drive->lane;
    static const struct tl_call_result fine = {.failure = TL_FAIL_NONE};
    if (result == NULL)
        result = &fine;
    tl_effect_leave(step, result);
    if (event == NULL && result->failure == TL_FAIL_MISSING) {
        note(step, result);
        tl_unit_end(drive, TL_DROPPED, TL_STR("the record is not there any more"), NULL, 0);
    } else if (event == NULL) {
        if (tl_effect_failed(step, result, TL_STR("read")))
            tl_steps_rest(drive);
        else {
            note(step, result);
            tl_unit_park(drive, &(struct tl_cause){.cls = tl_str_z(tl_failure_name(result->failure)),
                                                   .code = result->code,
                                                   .message = result->message,
                                                   .system = drive->event.source,
                                                   .operation = TL_STR("read"),
                                                   .status = result->status});
        }
    } else {
        struct tl_event_in in;
        struct tl_captured read = *event;
        read.hint = false;
        note(step, result);
        tl_captured_event(&lane->engine->plan, step->system, &read, NULL, &drive->arena, &in);
        struct tl_emitted emitted = {.type = in.type,
                                     .source = in.source,
                                     .key = in.key,
                                     .dedupe = in.dedupe,
                                     .record_id = in.record_id,
                                     .record_version = in.record_version,
                                     .payload = in.payload,
                                     .redelivers_ms = in.redelivers_for_ms};
        tl_unit_end(drive, TL_DONE, TL_STR_NONE, &emitted, 1);
    }
    tl_lane_stop_step(lane);
}

static bool names(struct tl_drive *drive, tl_str *object, tl_str *key)
{
    struct tl_json_doc *doc;
    if (tl_json_parse_borrowed(drive->event.payload, NULL, &doc, NULL) != TL_OK)
        return false;
    *object = tl_arena_str(&drive->arena, tl_json_get_text(tl_json_root(doc), "object"));
    *key = tl_arena_str(&drive->arena, tl_json_get_text(tl_json_root(doc), "key"));
    tl_json_free(doc);
    return object->len > 0 && key->len > 0;
}

void tl_hint_start(struct tl_drive *drive)
{
    struct tl_engine *engine = drive->lane->engine;
    tl_str object, key;
    if (drive->unit->exception == NULL && tl_keyline_has_later(drive->unit->line, drive->unit->flow)) {
        tl_unit_end(drive, TL_SUPERSEDED, TL_STR("a later hint of the same record is read instead"), NULL, 0);
        return;
    }
    int system = tl_plan_system(&engine->plan, drive->event.source);
    if (system < 0 || !names(drive, &object, &key)) {
        tl_unit_park(drive,
                     &(struct tl_cause){.cls = TL_STR("data"),
                                        .message = TL_STR("the hint names no record of a system that is declared")});
        return;
    }
    struct tl_step *step = tl_step_new(drive, NULL);
    step->system = system;
    tl_effect_queue(step);
    tl_steps_rest(drive);
}

void tl_hint_send(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    const struct tl_call_port *calls = drive->lane->engine->calls;
    tl_str object, key;
    tl_must(names(drive, &object, &key));
    tl_unit_try(drive->unit, tl_step_name(step))->calls++;
    drive->unit->calls++;
    drive->lane->calls++;
    calls->read(calls->ctx, drive->lane, drive->event.source, object, key,
                tl_trace_is_set(&drive->event.trace) ? &drive->event.trace : NULL, read_done, step);
}
