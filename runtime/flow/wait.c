/* What a run waits for is registered in the journal; when nothing else of it moves it leaves memory and its key (rules
 * 2, 3 and 7). */
#include "base/alloc.h"
#include "base/clock.h"
#include "await.h"
#include "child.h"
#include "decision.h"
#include "run.h"

/* Number of the wait that stands for the flow's deadline. */
#define DEADLINE_NUMBER 0

/* ---- before it is registered ---- */

static uint64_t key_hash(const struct tl_step *step)
{
    const struct tl_drive *drive = step->drive;
    tl_str key = step->ask->key.len > 0 ? step->ask->key : drive->event.key;
    return tl_journal_key_hash(drive->lane->engine->journal, key);
}

static struct tl_await entry_of(const struct tl_step *step)
{
    const struct tl_drive *drive = step->drive;
    struct tl_await await = {.key_hash = step->key_hash,
                             .run = tl_run_id(drive),
                             .partition = (uint16_t)(drive->unit->line->hash % TL_PARTITIONS)};
    for (size_t i = 0; i < step->ask->type_count; i++)
        await.types |= tl_await_type(step->ask->types[i]);
    return await;
}

/* First the index, then the look back: what is accepted in between is seen by one of them, or by both. True: an event
 * was there. */
static bool look_back(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    struct tl_engine *engine = drive->lane->engine;
    struct tl_event event;
    step->key_hash = key_hash(step);
    struct tl_await entry = entry_of(step);
    tl_await_index_add(&engine->awaits, &entry);
    step->looked_upto = tl_journal_last(engine->journal);
    if (!tl_await_look_back(drive, step->ask, &event))
        return false;
    tl_await_index_drop(&engine->awaits, &entry);
    struct tl_step_row row = tl_await_row(&drive->arena, &event);
    tl_step_ready(step, &row);
    return true;
}

static bool is_retried(const struct tl_step *step)
{
    return step->ask->kind == TL_ASK_PARK && step->drive->unit->exception != NULL;
}

bool tl_wait_prepare(struct tl_step *step)
{
    struct tl_drive *drive = step->drive;
    const struct tl_step_row *open = tl_recall_open(drive, step->ask->id);
    bool again = step->ask->kind == TL_ASK_AWAIT && step->ask->after.len > 0;
    if (is_retried(step) && open != NULL) { /* a person has repaired it */
        step->number = open->number;
        struct tl_step_row row = {.state = TL_STEP_DONE, .at_ms = tl_wall_ms(), .now_ms = tl_wall_ms()};
        tl_run_row_wait_drop(drive->unit->run, step->number);
        tl_step_ready(step, &row);
        return false;
    }
    /* One that was refused has its result by now, whatever was read when the run came into memory. */
    bool waits = open != NULL && open->state == TL_STEP_WAITING;
    if (waits && (!again || tl_run_row_wait(drive->unit->run, open->number) != NULL)) {
        step->number = open->number;
        step->phase = TL_AT_REST;
        step->again_ms = TL_NEVER;
        return false;
    }
    return step->ask->kind != TL_ASK_AWAIT || !look_back(step);
}

/* ---- registering ---- */

static void add_types(struct tl_run_wait *wait, const struct tl_run_ask *ask)
{
    wait->types = tl_zalloc(ask->type_count + 1, sizeof(char *));
    for (size_t i = 0; i < ask->type_count; i++)
        wait->types[wait->type_count++] = tl_str_dup(ask->types[i]);
}

static void put_step(struct tl_step *step, struct tl_batch *batch)
{
    struct tl_drive *drive = step->drive;
    struct tl_step_row row = {.number = step->number,
                              .id = step->ask->id,
                              .kind = step->ask->kind,
                              .state = TL_STEP_WAITING,
                              .at_ms = tl_wall_ms(),
                              .place = tl_place_text(drive, &step->ask->place)};
    tl_step_put(drive->unit->run, &row, batch);
}

/* An event was refused: the time it waits does not begin anew. 0: it begins now. */
static int64_t refused_due(const struct tl_step *step)
{
    const struct tl_drive *drive = step->drive;
    const struct tl_unrecorded *list = &drive->unrecorded;
    if (step->ask->after.len == 0)
        return 0;
    for (size_t i = list->count; i > 0; i--) {
        if (tl_str_eq(list->rows[i - 1].id, step->ask->id))
            return list->rows[i - 1].due_ms;
    }
    for (size_t i = drive->recalled_count; i > 0; i--) {
        if (tl_str_eq(drive->recalled[i - 1].id, step->ask->id))
            return drive->recalled[i - 1].due_ms;
    }
    return 0;
}

void tl_wait_register(struct tl_step *step, struct tl_batch *batch)
{
    struct tl_drive *drive = step->drive;
    struct tl_run_row *run = drive->unit->run;
    const struct tl_run_ask *ask = step->ask;
    tl_run_row_wait_drop(run, step->number); /* an event was refused and it waits on */
    struct tl_run_wait *wait = tl_run_row_wait_add(run, step->number, ask->id, ask->kind);
    bool timed = ask->kind == TL_ASK_SLEEP || (ask->kind == TL_ASK_AWAIT && ask->within_ms > 0);
    if (timed) {
        wait->due_ms = refused_due(step);
        if (wait->due_ms == 0)
            wait->due_ms = tl_wall_ms() + ask->within_ms;
        tl_timers_put(run, wait, batch);
    }
    if (ask->kind == TL_ASK_AWAIT) {
        add_types(wait, ask);
        wait->key_hash = step->key_hash;
        wait->key = ask->key.len > 0 ? tl_str_dup(ask->key) : NULL;
        wait->filtered = ask->filtered;
        wait->after = tl_position_make(step->looked_upto, (1u << TL_POSITION_INDEX_BITS) - 1);
    } else if (ask->kind == TL_ASK_CHILD)
        tl_child_begin(step, wait, batch);
    else if (ask->kind == TL_ASK_DECIDE)
        tl_decision_put(step, batch);
    put_step(step, batch);
}

struct tl_await tl_run_wait_entry(const struct tl_run_row *run, const struct tl_run_wait *wait)
{
    struct tl_await entry = {
        .key_hash = wait->key_hash, .run = run->number, .partition = (uint16_t)(run->line % TL_PARTITIONS)};
    for (size_t i = 0; i < wait->type_count; i++)
        entry.types |= tl_await_type(tl_str_z(wait->types[i]));
    return entry;
}

void tl_wait_forget(struct tl_lane *lane, struct tl_run_row *row, uint32_t number, struct tl_batch *batch)
{
    struct tl_run_wait *wait = tl_run_row_wait(row, number);
    if (wait == NULL)
        return;
    if (wait->due_ms != 0)
        tl_timers_del(row, wait, batch);
    struct tl_await entry = tl_run_wait_entry(row, wait);
    if (entry.key_hash != 0)
        tl_await_index_drop(&lane->engine->awaits, &entry);
    if (wait->kind == TL_ASK_DECIDE)
        tl_decision_del(row, number, batch);
    tl_run_row_wait_drop(row, number);
}

/* ---- leaving ---- */

/* A run that has a deadline is woken when it passes. */
static void put_deadline(struct tl_drive *drive, struct tl_batch *batch)
{
    struct tl_run_row *run = drive->unit->run;
    int64_t deadline = drive->lane->engine->plan.flows[drive->unit->flow]->deadline_ms;
    if (deadline <= 0 || run->cancel != NULL || tl_run_row_wait(run, DEADLINE_NUMBER) != NULL)
        return;
    struct tl_run_wait *wait = tl_run_row_wait_add(run, DEADLINE_NUMBER, TL_STR("deadline"), TL_ASK_SLEEP);
    wait->due_ms = drive->event.time_ms + deadline;
    tl_timers_put(run, wait, batch);
}

void tl_run_leave(struct tl_drive *drive)
{
    struct tl_run_row *run = drive->unit->run;
    struct tl_batch *batch = tl_run_record(drive);
    put_deadline(drive, batch);
    tl_run_put_event(drive, batch);
    run->phase = TL_PHASE_WAITING;
    run->begun = false;
    tl_unit_leave(drive, batch);
}
