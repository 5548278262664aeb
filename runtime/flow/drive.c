/* The life of a run in memory: it begins with a unit that has its turn, and ends with the unit back in its queue,
 * waiting for its next try, or over (ending.c). */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counter.h"
#include "host.h"
#include "run.h"

struct tl_drive *tl_drive_new(struct tl_unit *unit)
{
    struct tl_lane *lane = unit->lane;
    struct tl_drive *drive = TL_NEW(struct tl_drive);
    drive->unit = unit;
    drive->lane = lane;
    drive->next = unit->run != NULL ? unit->run->next : 1;
    drive->order = unit->run != NULL ? unit->run->order : 0;
    tl_list_init(&drive->steps);
    tl_arena_init(&drive->arena);
    tl_position_print(unit->position, drive->id);
    unit->state = TL_UNIT_RUNNING;
    unit->drive = drive;
    unit->queue->started++;
    drive->cap_system = tl_queue_system(unit->queue);
    if (drive->cap_system >= 0)
        lane->systems[drive->cap_system]->started++;
    lane->drives++;
    tl_list_push(&lane->running, &drive->link);
    return drive;
}

void tl_drive_free(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    struct tl_link *link;
    while ((link = tl_list_first(&drive->steps)) != NULL)
        tl_step_free(TL_LIST_ITEM(link, struct tl_step, link));
    if (drive->run != NULL) {
        lane->engine->runs->free(lane->engine->runs->ctx, drive->run);
        drive->host->runs--;
    }
    tl_free(drive->ctx);
    tl_list_remove(&drive->link);
    tl_list_remove(&drive->slice);
    lane->drives--;
    unit->queue->started--;
    unit->drive = NULL;
    if (drive->cap_system >= 0)
        lane->systems[drive->cap_system]->started--;
    tl_arena_free(&drive->arena);
    tl_free(drive->unrecorded.rows);
    tl_free(drive->effects);
    tl_routed_clear(&drive->routed);
    tl_free(drive->taken);
    tl_free(drive);
    tl_lane_wake(lane);
}

void tl_unit_unstart(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    tl_counter_add(lane->engine->figures.unstarted, 1);
    tl_drive_free(drive);
    tl_host_pin(unit, NULL);
    tl_poison_release(unit);
    tl_queue_ready(lane, unit, true);
}

void tl_unit_block(struct tl_drive *drive, int system)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    tl_drive_free(drive);
    tl_host_pin(unit, NULL); /* its row says the revision */
    tl_poison_release(unit);
    unit->state = TL_UNIT_BLOCKED;
    tl_list_push(&lane->systems[system]->blocked, &unit->link);
    tl_keyline_aside(lane, unit->line, true);
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

/* The state has caught up with what the journal held when it was asked. */
static void applied(struct tl_batch *batch, void *ctx)
{
    struct tl_unit *unit = ctx;
    struct tl_lane *lane = unit->lane;
    lane->batches_out--;
    tl_batch_free(batch);
    tl_keyline_aside(lane, unit->line, false);
    tl_queue_ready(lane, unit, true);
    tl_lane_stop_step(lane);
}

void tl_unit_until_applied(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_lane *lane = drive->lane;
    tl_drive_free(drive);
    tl_poison_release(unit);
    unit->state = TL_UNIT_BACKOFF;
    tl_keyline_aside(lane, unit->line, true);
    lane->batches_out++;
    tl_journal_submit(lane->engine->journal, tl_batch_new(lane->engine->journal), TL_APPLIED, lane->loop, applied,
                      unit);
}

int64_t tl_unit_deadline(const struct tl_drive *drive)
{
    int64_t deadline = drive->lane->engine->plan.flows[drive->unit->flow]->deadline_ms;
    bool undoing = drive->outcome != NULL && drive->outcome->undoing; /* what is undone has no deadline */
    if (deadline <= 0 || drive->unit->exception != NULL || undoing) /* a person tries again: his time, not the flow's */
        return TL_NEVER;
    return drive->event.time_ms + deadline - tl_wall_ms() + tl_mono_ms();
}

uint64_t tl_run_id(const struct tl_drive *drive)
{
    return tl_unit_number(drive->lane->engine->plan.flows[drive->unit->flow], drive->unit->position);
}
