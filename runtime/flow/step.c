/* The steps of a run in memory: what the script asks for is begun here. What must be durable before it is sent (rules 6
 * and 12) is recorded first: results that the script has seen, and the intent of a call that must not be made twice
 * unnoticed. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "await.h"
#include "once.h"
#include "undo.h"
#include <string.h>

#define STEPS_MAX 10000
#define RESULTS_MAX ((size_t)16 << 20)

struct tl_step *tl_step_find(const struct tl_drive *drive, tl_str id)
{
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->ask != NULL && tl_str_eq(step->ask->id, id))
            return step;
    }
    return NULL;
}

tl_str tl_step_name(const struct tl_step *step)
{
    return step->ask != NULL ? step->ask->id : TL_STR("read");
}

struct tl_step *tl_step_new(struct tl_drive *drive, const struct tl_run_ask *ask)
{
    struct tl_step *step = TL_NEW(struct tl_step);
    step->drive = drive;
    step->ask = ask;
    step->phase = TL_AT_NEW;
    step->system = -1;
    tl_list_push(&drive->steps, &step->link);
    return step;
}

void tl_step_free(struct tl_step *step)
{
    tl_must(step->phase != TL_AT_CALL && step->ticket.serial == 0);
    tl_list_remove(&step->link);
    tl_list_remove(&step->wait);
    tl_once_release(step);
    tl_free(step);
}

void tl_step_settled(struct tl_step *step, bool took_place)
{
    struct tl_drive *drive = step->drive;
    struct tl_run_row *run = drive->unit->run;
    if (step->number != 0 && run != NULL) {
        struct tl_batch *batch = tl_lane_batch(drive->lane);
        struct tl_step_row row = {.number = step->number,
                                  .id = step->ask->id,
                                  .kind = step->ask->kind,
                                  .state = took_place ? TL_STEP_SETTLED : TL_STEP_DROPPED,
                                  .at_ms = tl_wall_ms(),
                                  .operation = step->ask->operation,
                                  .once = step->ask->once,
                                  .undo = step->ask->undo};
        tl_wait_forget(drive->lane, run, step->number, batch);
        tl_step_put(run, &row, batch);
        tl_run_put(drive->lane, run, batch);
        tl_lane_wake(drive->lane);
    }
    tl_step_free(step);
}

void tl_step_give_up(struct tl_step *step)
{
    tl_step_settled(step, false);
}

void tl_step_stick(struct tl_step *step, const struct tl_cause *cause)
{
    struct tl_arena *arena = &step->drive->arena;
    step->stuck = TL_ARENA_NEW(arena, struct tl_cause);
    *step->stuck = (struct tl_cause){.cls = tl_arena_str(arena, cause->cls),
                                     .code = tl_arena_str(arena, cause->code),
                                     .message = tl_arena_str(arena, cause->message),
                                     .place = tl_arena_str(arena, cause->place),
                                     .system = tl_arena_str(arena, cause->system),
                                     .operation = tl_arena_str(arena, cause->operation),
                                     .status = cause->status,
                                     .data = tl_arena_str(arena, cause->data)};
    if (cause->place.len == 0 && step->ask != NULL)
        step->stuck->place = tl_place_text(step->drive, &step->ask->place);
    step->phase = TL_AT_REST;
    step->again_ms = TL_NEVER;
}

/* ---- results ---- */

struct tl_run_result tl_step_told(const struct tl_plan *plan, uint32_t flow, const struct tl_step_row *row)
{
    return (struct tl_run_result){.id = row->id,
                                  .ok = row->state != TL_STEP_FAILED,
                                  .document = row->document,
                                  .cls = row->cls,
                                  .code = row->code,
                                  .message = row->message,
                                  .system = tl_plan_local(plan, plan->flows[flow]->part, row->system),
                                  .operation = row->operation,
                                  .status = row->status,
                                  .now_ms = row->now_ms};
}

static void own_texts(struct tl_step_row *row, struct tl_arena *arena)
{
    tl_str *const texts[] = {&row->id,       &row->system, &row->operation, &row->args,    &row->once, &row->place,
                             &row->document, &row->cls,    &row->code,      &row->message, &row->type, &row->remote};
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++)
        *texts[i] = tl_arena_str(arena, *texts[i]);
}

static struct tl_step_row *keep(struct tl_drive *drive, const struct tl_step_row *row)
{
    struct tl_unrecorded *list = &drive->unrecorded;
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 4 : list->cap * 2;
        list->rows = tl_realloc(list->rows, list->cap * sizeof *list->rows);
    }
    struct tl_step_row *kept = &list->rows[list->count++];
    *kept = *row;
    own_texts(kept, &drive->arena);
    return kept;
}

static bool within_limits(struct tl_drive *drive, const struct tl_step_row *row)
{
    size_t before = drive->result_bytes;
    drive->result_bytes += row->document.len;
    if (drive->next == STEPS_MAX / 2 || (before <= RESULTS_MAX / 2 && drive->result_bytes > RESULTS_MAX / 2))
        tl_log(TL_WARN, "run.budget", "a run has used half of its steps or results; ctx:continue(state) begins afresh",
               TL_FSTR("flow", drive->lane->engine->plan.flows[drive->unit->flow]->name), TL_FSTR("event", drive->id),
               TL_FINT("steps", drive->next), TL_FINT("bytes", drive->result_bytes));
    if (drive->next <= STEPS_MAX && drive->result_bytes <= RESULTS_MAX)
        return true;
    const char *what = drive->next > STEPS_MAX ? "10,000 steps" : "16 MB of results";
    char *message =
        tl_arena_printf(&drive->arena, "the run has more than %s; let it begin afresh with ctx:continue(state)", what);
    tl_unit_park(drive,
                 &(struct tl_cause){.cls = TL_STR("budget"), .code = TL_STR("steps"), .message = tl_str_z(message)});
    return false;
}

void tl_step_result(struct tl_step *step, struct tl_step_row *row)
{
    struct tl_drive *drive = step->drive;
    const struct tl_run_port *runs = drive->lane->engine->runs;
    if (drive->sliced) {
        step->ended = step->ask->kind == TL_ASK_CALL;
        tl_step_ready(step, row);
        return;
    }
    bool read = step->ask->effect == TL_EFFECT_READ || step->ask->effect == TL_EFFECT_UNKNOWN;
    bool sent = row->state != TL_STEP_FAILED && row->state != TL_STEP_SKIPPED;
    bool effect = step->ask->kind == TL_ASK_CALL && !read && sent;
    row->id = step->ask->id;
    row->kind = step->ask->kind;
    row->number = step->number != 0 ? step->number : tl_run_number(drive);
    row->order = ++drive->order;
    row->undo = step->ask->undo;
    if (row->kind == TL_ASK_AWAIT && row->event != TL_POSITION_NONE)
        tl_await_note(drive, tl_arena_str(&drive->arena, row->type), row->event);
    struct tl_step_row *kept = keep(drive, row);
    drive->unrecorded.effect |= effect;
    if (step->once != NULL)
        tl_once_done(step, kept, tl_lane_batch(drive->lane));
    tl_unit_try_drop(drive->unit, row->id);
    step->phase = TL_AT_REST;
    tl_step_free(step);
    if (!within_limits(drive, kept))
        return;
    struct tl_run_result result = tl_step_told(&drive->lane->engine->plan, drive->unit->flow, kept);
    tl_drive_step(drive, runs->resume(runs->ctx, drive->run, &result));
}

void tl_step_ready(struct tl_step *step, const struct tl_step_row *row)
{
    struct tl_lane *lane = step->drive->lane;
    step->ready = TL_ARENA_NEW(&step->drive->arena, struct tl_step_row);
    *step->ready = *row;
    own_texts(step->ready, &step->drive->arena);
    step->phase = TL_AT_READY;
    tl_list_remove(&step->wait);
    tl_list_push(&lane->ready_steps, &step->wait);
    tl_lane_wake(lane);
}

bool tl_step_has_ended(const struct tl_step *step)
{
    return step->phase == TL_AT_READY && step->ended;
}

/* The first whose script can be told. */
static struct tl_step *next_ready(const struct tl_lane *lane)
{
    struct tl_link *link = tl_list_first(&lane->ready_steps);
    while (link != NULL && TL_LIST_ITEM(link, struct tl_step, wait)->drive->sliced)
        link = tl_list_after(&lane->ready_steps, link);
    return link != NULL ? TL_LIST_ITEM(link, struct tl_step, wait) : NULL;
}

void tl_steps_ready(struct tl_lane *lane)
{
    struct tl_step *step;
    while (!lane->gave_way && (step = next_ready(lane)) != NULL) {
        tl_list_remove(&step->wait);
        struct tl_drive *drive = step->drive;
        if (step->ended && (drive->ending || drive->cancelling)) {
            tl_call_unheard(step);
            tl_steps_rest(drive);
        } else
            tl_step_result(step, step->ready);
    }
}

/* ---- beginning ---- */

/* The steps that wait for one record. */
struct record {
    struct tl_then then;
    struct tl_drive *drive;
    uint32_t serial;
};

static void go(struct tl_step *step)
{
    if (step->ask->kind == TL_ASK_CALL) {
        step->phase = TL_AT_GATE;
        tl_effect_queue(step);
    } else {
        step->phase = TL_AT_REST;
        step->again_ms = TL_NEVER;
    }
}

static void recorded(struct tl_then *then, uint64_t commit)
{
    struct record *record = TL_CONTAINER_OF(then, struct record, then);
    struct tl_drive *drive = record->drive;
    uint32_t serial = record->serial;
    tl_free(record);
    drive->records--;
    if (commit == 0) /* the journal has closed: recovery goes on from here */
        return;
    struct tl_link *next;
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = next) {
        next = tl_list_after(&drive->steps, link);
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase == TL_AT_RECORD && step->record == serial)
            go(step);
    }
    tl_steps_rest(drive);
}

void tl_run_await_record(struct tl_drive *drive)
{
    struct record *record = TL_NEW(struct record);
    *record = (struct record){.drive = drive, .serial = drive->record_serial};
    record->then.durable = recorded;
    drive->records++;
    tl_lane_then(drive->lane, &record->then);
}

static void put_intent(struct tl_step *step, struct tl_batch *batch)
{
    struct tl_drive *drive = step->drive;
    const struct tl_run_ask *ask = step->ask;
    struct tl_step_row row = {.number = step->number,
                              .id = ask->id,
                              .kind = ask->kind,
                              .state = TL_STEP_SENT,
                              .at_ms = step->sent_ms,
                              .system = tl_str_z(drive->lane->engine->plan.systems[step->system]->name),
                              .operation = ask->operation,
                              .args = ask->args,
                              .once = ask->once,
                              .place = tl_place_text(drive, &ask->place),
                              .undo = ask->undo};
    tl_step_put(drive->unit->run, &row, batch);
    if (step->once != NULL)
        tl_once_sent(step, batch);
    drive->unit->run->effects++;
}

static void record_step(struct tl_step *step, struct tl_batch *batch)
{
    struct tl_drive *drive = step->drive;
    step->phase = TL_AT_RECORD;
    step->record = drive->record_serial;
    if (step->ask->kind != TL_ASK_CALL) {
        step->number = step->number != 0 ? step->number : tl_run_number(drive);
        tl_wait_register(step, batch);
    } else if (step->intent && step->number == 0) {
        step->number = tl_run_number(drive);
        step->sent_ms = tl_wall_ms();
        put_intent(step, batch);
    }
}

/* Everything it asked for is a wait, and they are being registered: it leaves with the record that does. */
static bool only_waits(const struct tl_drive *drive)
{
    if (drive->records > 0 || drive->ending || drive->cancelling || tl_list_empty(&drive->steps))
        return false;
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        const struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        bool rests = step->phase == TL_AT_RECORD || step->phase == TL_AT_REST;
        if (!rests || step->stuck != NULL || step->ask == NULL || step->ask->kind == TL_ASK_CALL ||
            step->ask->kind == TL_ASK_PARK)
            return false;
    }
    return true;
}

void tl_steps_record(struct tl_drive *drive)
{
    tl_run_make_durable(drive);
    if (drive->unrecorded.effect)
        drive->unit->run->effects++;
    struct tl_batch *batch = tl_run_record(drive);
    drive->record_serial++;
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase == TL_AT_NEW)
            record_step(step, batch);
    }
    drive->unit->run->next = drive->next;
    if (only_waits(drive)) {
        tl_run_leave(drive);
        return;
    }
    drive->unit->run->begun = true;
    tl_run_put(drive->lane, drive->unit->run, batch);
    tl_run_await_record(drive);
}

/* Must something be durable before this step is begun? */
static bool needs_record(struct tl_step *step)
{
    const struct tl_drive *drive = step->drive;
    const struct tl_run_ask *ask = step->ask;
    if (ask->kind != TL_ASK_CALL)
        return true;
    if (step->intent && step->number == 0)
        return true;
    bool read = ask->effect == TL_EFFECT_READ || ask->effect == TL_EFFECT_UNKNOWN;
    return drive->unrecorded.effect || (!read && drive->unrecorded.count > 0);
}

static bool prepare(struct tl_step *step)
{
    return step->ask->kind == TL_ASK_CALL ? tl_call_prepare(step) : tl_wait_prepare(step);
}

void tl_steps_begin(struct tl_drive *drive)
{
    bool record = drive->record_first;
    struct tl_link *next;
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase == TL_AT_NEW && prepare(step))
            record |= needs_record(step);
    }
    if (record) {
        tl_steps_record(drive);
        return;
    }
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = next) {
        next = tl_list_after(&drive->steps, link);
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase == TL_AT_NEW)
            go(step);
    }
    tl_steps_rest(drive);
}
