/* A call that was sent and whose answer never came, of an operation that must not be made twice (rule 12): it is looked
 * for on the platform. Found: it took place. Not found, twice, after `settle` has passed since the connection ended: it
 * did not, and is sent again. Anything else: a person decides. */
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "undo.h"

#define LOOK_GAP_MS 1000

static struct tl_plan_system *plan_system(const struct tl_step *step)
{
    return step->drive->lane->engine->plan.systems[step->system];
}

static void stick(struct tl_step *step, const char *why)
{
    char sent[40];
    char *message = tl_printf(
        "whether \"%.*s\" took place is not known: it was sent at %s and no answer came; %s. Look in "
        "%s, then: runs skip with what it gave, or runs retry",
        TL_STR_ARGS(step->ask->operation), tl_time_text(step->sent_ms, sent).ptr, why, plan_system(step)->name);
    tl_step_stick(step, &(struct tl_cause){.cls = TL_STR("unknown"),
                                           .message = tl_str_z(message),
                                           .system = tl_str_z(plan_system(step)->name),
                                           .operation = step->ask->operation,
                                           .data = step->args});
    tl_free(message);
}

/* From now on the journal says so. */
static void put_unknown(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    struct tl_step_row row = {.number = step->number,
                              .id = step->ask->id,
                              .kind = step->ask->kind,
                              .state = step->unknown ? TL_STEP_UNKNOWN : TL_STEP_SENT,
                              .at_ms = step->unknown ? step->ended_ms : step->sent_ms,
                              .system = tl_str_z(plan_system(step)->name),
                              .operation = step->ask->operation,
                              .args = step->args,
                              .once = step->ask->once,
                              .undo = step->ask->undo};
    struct tl_batch *batch = tl_lane_batch(drive->lane);
    tl_step_put(drive->unit->run, &row, batch);
    tl_run_put(drive->lane, drive->unit->run, batch);
    tl_lane_wake(drive->lane);
}

static void look(struct tl_step *step)
{
    step->looking = true;
    tl_effect_queue(step);
}

void tl_settle_begin(struct tl_step *step)
{
    bool known = step->ended_ms != 0;
    step->unknown = true;
    if (!known)
        step->ended_ms = tl_wall_ms();
    if (!tl_call_facts(step).has_lookup) {
        put_unknown(step);
        stick(step, "the operation has no lookup");
        return;
    }
    if (!known)
        put_unknown(step);
    look(step);
}

/* Sent again as if for the first time, once the journal says so. */
static void send_again(struct tl_step *step)
{
    step->unknown = false;
    step->looking = false;
    step->ended_ms = 0;
    step->sent_ms = tl_wall_ms();
    tl_unit_try(step->drive->unit, step->ask->id)->absent = 0;
    put_unknown(step);
    step->phase = TL_AT_RECORD;
    step->record = ++step->drive->record_serial;
    tl_run_await_record(step->drive);
}

static void not_there(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    int64_t now = tl_wall_ms(), settled = step->ended_ms + tl_call_facts(step).settle_ms;
    struct tl_try *try = tl_unit_try(drive->unit, step->ask->id);
    if (now >= settled && ++try->absent >= 2) {
        if (step->unwanted || drive->cancelling) {
            const struct tl_run_port *runs = drive->lane->engine->runs;
            runs->settle(runs->ctx, drive->run, step->ask->id, false);
            step->phase = TL_AT_REST;
            tl_step_settled(step, false);
        } else
            send_again(step);
        return;
    }
    int64_t wait = settled - now > LOOK_GAP_MS ? settled - now : LOOK_GAP_MS;
    step->phase = TL_AT_REST;
    step->again_ms = tl_mono_ms() + wait;
}

/* A lookup that gives a list found one record: the script gets that, as it would have from the answer that was lost. */
static tl_str found_record(tl_str document)
{
    tl_str record;
    if (document.len == 0 || document.ptr[0] != '[' || tl_json_pointer(document, TL_STR("/0"), &record, NULL) != TL_OK)
        return document;
    return record;
}

static void looked(void *ctx, const struct tl_call_result *result)
{
    struct tl_step *step = ctx;
    struct tl_drive *drive = step->drive;
    struct tl_lane *lane = drive->lane;
    tl_effect_leave(step, result);
    if (result->failure == TL_FAIL_NONE && result->matches == 1) {
        struct tl_call_result found = *result;
        char *document = NULL;
        found.document = found_record(result->document);
        if (found.document.len == 0 && found.id.len > 0) {
            struct tl_buf quoted;
            tl_buf_init(&quoted, TL_KEY_MAX * 8);
            tl_buf_add_z(&quoted, "{\"id\":");
            if (tl_json_quote(&quoted, found.id) && tl_buf_add_char(&quoted, '}'))
                document = tl_arena_copy(&drive->arena, tl_buf_str(&quoted));
            tl_buf_free(&quoted);
            found.document = document != NULL ? tl_str_z(document) : TL_STR_NONE;
        }
        if (step->unwanted || drive->cancelling) {
            const struct tl_run_port *runs = lane->engine->runs;
            runs->settle(runs->ctx, drive->run, step->ask->id, true);
            step->phase = TL_AT_REST;
            tl_step_settled(step, true);
            tl_steps_rest(drive);
        } else
            tl_call_tell(step, &found);
    } else {
        if (result->failure == TL_FAIL_NONE && result->matches == 0)
            not_there(step);
        else if (result->failure == TL_FAIL_NONE)
            stick(step, "more than one record looks like it");
        else if (result->failure == TL_FAIL_UNSUPPORTED || !tl_effect_failed(step, result, TL_STR("lookup")))
            stick(step, "the lookup failed");
        tl_steps_rest(drive);
    }
    tl_lane_stop_step(lane);
}

void tl_settle_send(struct tl_step *step)
{
    struct tl_lane *lane = step->drive->lane;
    const struct tl_call_port *calls = lane->engine->calls;
    struct tl_call_request request = tl_call_request_of(step);
    lane->calls++;
    step->call = calls->lookup(calls->ctx, lane, tl_str_z(plan_system(step)->name), &request, looked, step);
}
