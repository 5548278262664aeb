/* How units end. All endings of one turn ride in one batch with what they emit; only when the journal says it is
 * durable does the next unit of each key go (rule 5). */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "awaitable.h"
#include "child.h"
#include "exception_int.h"
#include "host.h"
#include "kept.h"
#include "replay_effect.h"
#include "run.h"

#define FLUSH_BYTES (1u << 20)

/* What the journal answers for: the units whose outcomes are in a batch, the runs it says something of, and whoever
 * waits for it. */
struct answers {
    struct tl_lane *lane;
    struct tl_list units, thens;
    struct tl_run_row **written; /* own */
    size_t written_count;
};

struct tl_batch *tl_lane_batch(struct tl_lane *lane)
{
    if (lane->batch == NULL)
        lane->batch = tl_batch_new(lane->engine->journal);
    return lane->batch;
}

/* ---- durable ---- */

static void set_timers(struct tl_lane *lane, const struct tl_run_row *run)
{
    for (size_t i = 0; i < run->wait_count; i++) {
        if (run->waits[i].due_ms != 0)
            tl_timers_set(lane, run->waits[i].due_ms);
    }
}

static void ended(struct tl_lane *lane, struct tl_unit *unit)
{
    struct tl_engine *engine = lane->engine;
    struct tl_plan_flow *flow = engine->plan.flows[unit->flow];
    tl_counter_add(engine->figures.endings[unit->ending], 1);
    if (unit->ending == TL_PARKED)
        atomic_fetch_add(&flow->parked, 1);
    else if (unit->ending != TL_WAITING)
        atomic_fetch_add(&flow->done, 1);
    struct tl_queue *queue = unit->queue;
    struct tl_run_row *run = unit->run;
    if (run != NULL) {
        unit->run = NULL;
        run->unit = NULL;
        if (run->over)
            tl_run_retire(lane, run);
        else if (run->phase == TL_PHASE_ACTIVE) /* it was woken while it left */
            tl_run_enter_then(lane, tl_run_load(lane, run), false);
        else {
            set_timers(lane, run);
            tl_run_retire(lane, run);
        }
    }
    tl_keyline_advance(lane, unit->line);
    tl_queue_wake(lane, queue);
}

/* The rows of these runs are in this commit. */
static void note_commit(struct answers *answers, uint64_t commit)
{
    for (size_t i = 0; i < answers->written_count; i++) {
        struct tl_run_row *run = answers->written[i];
        if (--run->on_the_way == 0)
            run->commit = commit;
    }
    if (commit > answers->lane->last_commit)
        answers->lane->last_commit = commit;
}

static void submit(struct tl_lane *lane, struct tl_batch *batch, struct answers *answers);

static void durable(struct tl_batch *batch, void *ctx)
{
    struct answers *answers = ctx;
    struct tl_lane *lane = answers->lane;
    struct tl_error err;
    tl_code code = tl_batch_code(batch, &err);
    lane->batches_out--;
    if (code == TL_EFULL) { /* even the reserve is used up; nothing is lost, nothing goes on */
        tl_log(TL_ERROR, "flow.outcomes", err.text);
        submit(lane, batch, answers);
        return;
    }
    struct tl_link *link;
    if (code == TL_OK)
        note_commit(answers, tl_batch_commit(batch));
    while ((link = tl_list_pop(&answers->thens)) != NULL) {
        struct tl_then *then = TL_LIST_ITEM(link, struct tl_then, link);
        then->durable(then, code == TL_OK ? tl_batch_commit(batch) : 0);
    }
    while ((link = tl_list_pop(&answers->units)) != NULL) {
        struct tl_unit *unit = TL_LIST_ITEM(link, struct tl_unit, link);
        if (code == TL_OK)
            ended(lane, unit);
        /* else the journal has closed: recovery repeats it */
    }
    tl_batch_free(batch);
    tl_free(answers->written);
    tl_free(answers);
    tl_lane_wake(lane);
    tl_lane_stop_step(lane);
}

static void submit(struct tl_lane *lane, struct tl_batch *batch, struct answers *answers)
{
    lane->batches_out++;
    tl_journal_submit(lane->engine->journal, batch, TL_DURABLE, lane->loop, durable, answers);
}

void tl_lane_flush(struct tl_lane *lane)
{
    if (lane->batch == NULL)
        return;
    struct answers *answers = TL_NEW(struct answers);
    answers->lane = lane;
    tl_list_init(&answers->units);
    struct tl_link *link;
    tl_list_init(&answers->thens);
    while ((link = tl_list_pop(&lane->ending)) != NULL)
        tl_list_push(&answers->units, link);
    while ((link = tl_list_pop(&lane->thens)) != NULL)
        tl_list_push(&answers->thens, link);
    answers->written = lane->written;
    answers->written_count = lane->written_count;
    for (size_t i = 0; i < lane->written_count; i++)
        lane->written[i]->written = false;
    lane->written = NULL;
    lane->written_count = 0;
    struct tl_batch *batch = lane->batch;
    lane->batch = NULL;
    submit(lane, batch, answers);
}

void tl_lane_then(struct tl_lane *lane, struct tl_then *then)
{
    (void)tl_lane_batch(lane);
    tl_list_push(&lane->thens, &then->link);
    tl_lane_wake(lane);
}

/* ---- endings ---- */

static void add_outcome(struct tl_drive *drive, struct tl_batch *batch, enum tl_ending ending, tl_str note)
{
    struct tl_engine *engine = drive->lane->engine;
    const struct tl_plan_flow *flow = engine->plan.flows[drive->unit->flow];
    note = tl_replay_note(drive, note);
    if (note.len > 4096)
        note.len = 4096;
    struct tl_outcome outcome = {
        .event = drive->unit->position,
        .flow = tl_str_z(flow->name),
        .revision =
            tl_str_z(drive->host != NULL ? drive->host->revision : tl_plan_revision(&engine->plan, drive->unit->flow)),
        .ending = ending,
        .note = note,
        .effects = drive->effects,
        .effect_count = drive->effect_count};
    struct tl_error err;
    tl_code code = tl_batch_outcome(batch, &outcome, &err);
    if (code != TL_OK)
        tl_log(TL_ERROR, "flow.outcome", err.text, TL_FSTR("event", drive->id));
    tl_must(code == TL_OK); /* every outcome fits the journal */
}

void tl_emit(struct tl_drive *drive, struct tl_batch *batch, const struct tl_emitted *emitted)
{
    if (tl_replay_emitted(drive, emitted))
        return;
    struct tl_event_in in = {.type = emitted->type,
                             .source = emitted->source,
                             .key = emitted->key,
                             .dedupe = emitted->dedupe,
                             .record_id = emitted->record_id,
                             .record_version = emitted->record_version,
                             .payload = emitted->payload,
                             .priority = drive->event.priority,
                             .trace = tl_trace_is_set(&drive->event.trace) ? &drive->event.trace : NULL,
                             .cause = drive->unit->position,
                             .cause_flow = tl_str_z(drive->lane->engine->plan.flows[drive->unit->flow]->name),
                             .redelivers_for_ms = emitted->redelivers_ms,
                             .unwanted = !tl_plan_wants(&drive->lane->engine->plan, emitted->type)};
    struct tl_error err;
    tl_code code = tl_batch_event(batch, &in, NULL, &err);
    if (code != TL_OK)
        tl_log(TL_ERROR, "flow.emit", err.text, TL_FSTR("event", drive->id));
    tl_must(code == TL_OK); /* lengths were checked before */
}

/* The unit's part is in the batch. */
static void to_disk(struct tl_drive *drive, enum tl_ending ending)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    int64_t age = tl_wall_ms() - drive->event.time_ms;
    if (drive->event.time_ms > 0 && age >= 0 && unit->exception == NULL)
        tl_histogram_observe_ms(lane->engine->figures.seconds, (double)age);
    tl_poison_release(unit);
    tl_drive_free(drive);
    unit->state = TL_UNIT_ENDING;
    unit->ending = ending;
    tl_list_push(&lane->ending, &unit->link);
    tl_lane_wake(lane);
    if (tl_batch_size(lane->batch) > FLUSH_BYTES)
        tl_lane_flush(lane);
}

void tl_unit_end(struct tl_drive *drive, enum tl_ending ending, tl_str note, const struct tl_emitted *emitted,
                 size_t emitted_count)
{
    struct tl_batch *batch = tl_lane_batch(drive->lane);
    struct tl_unit *unit = drive->unit;
    for (size_t i = 0; i < emitted_count; i++)
        tl_emit(drive, batch, &emitted[i]);
    add_outcome(drive, batch, ending, note);
    bool done = ending == TL_DONE && drive->run != NULL;
    tl_child_ended(drive, ending, note, done ? drive->outcome->data : TL_STR_NONE, batch);
    if (unit->run != NULL)
        tl_run_delete(drive->lane, unit->run, batch);
    if (tl_kept_end(drive->lane->engine, unit->position, batch))
        tl_awaitable_end(drive, batch);
    if (unit->exception != NULL) {
        tl_exception_close(drive->lane, unit->line, unit->exception, batch);
        unit->exception = NULL;
    }
    if (ending == TL_DONE && !tl_list_empty(&unit->line->open))
        tl_exception_passed(drive, batch);
    to_disk(drive, ending);
}

/* What it did is kept, so that a retry goes on from there. A run that has done nothing begins anew, on the revision
 * that is live then (rule 16). */
static void rest_parked(struct tl_drive *drive, struct tl_batch *batch)
{
    struct tl_unit *unit = drive->unit;
    if (unit->run == NULL && !drive->unrecorded.effect)
        return;
    tl_run_make_durable(drive);
    struct tl_run_row *run = unit->run;
    run->effects += drive->unrecorded.effect;
    if (run->effects == 0 && run->emitted == 0 && run->wait_count == 0 && run->round == 0) {
        tl_run_delete(drive->lane, run, batch);
        return;
    }
    (void)tl_run_record(drive);
    if (drive->event.type.len > 0) /* it could be read */
        tl_run_put_event(drive, batch);
    run->waited = true;
    run->phase = TL_PHASE_PARKED;
    tl_run_put(drive->lane, run, batch);
}

void tl_unit_leave(struct tl_drive *drive, struct tl_batch *batch)
{
    struct tl_unit *unit = drive->unit;
    struct tl_run_row *run = unit->run;
    if (!run->waited)
        add_outcome(drive, batch, TL_WAITING, TL_STR_NONE);
    run->waited = true;
    tl_run_put(drive->lane, run, batch);
    tl_kept_end(drive->lane->engine, unit->position, batch);
    if (unit->exception != NULL) {
        tl_exception_close(drive->lane, unit->line, unit->exception, batch);
        unit->exception = NULL;
    }
    to_disk(drive, TL_WAITING);
}

void tl_unit_park(struct tl_drive *drive, const struct tl_cause *cause)
{
    struct tl_batch *batch = tl_lane_batch(drive->lane);
    bool by_script = tl_str_is(cause->cls, "parked"); /* the ending says that already */
    char *note = tl_printf("%.*s%s%.*s%s%.*s%s", TL_STR_ARGS(by_script ? TL_STR_NONE : cause->cls),
                           by_script ? "" : ": ", TL_STR_ARGS(cause->message), cause->place.len > 0 ? " (" : "",
                           TL_STR_ARGS(cause->place), cause->place.len > 0 ? ")" : "");
    rest_parked(drive, batch);
    tl_exception_park(drive, cause, batch);
    add_outcome(drive, batch, TL_PARKED, tl_str_z(note));
    tl_kept_end(drive->lane->engine, drive->unit->position, batch);
    tl_free(note);
    to_disk(drive, TL_PARKED);
}
