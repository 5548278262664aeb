/* One lane: takes its units (lane_load.c), starts them in turns, flushes their outcomes. All of that is one function,
 * work(), run at most once a turn of the loop. */
#include "flow/lane.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "batcher.h"
#include "capture_int.h"
#include "engine_int.h"
#include "journal/reader.h"
#include "net/http_client.h"
#include "host.h"
#include "replay_later.h"
#include "run.h"
#include "slice.h"
#include "ticks.h"
#include "use.h"
#include <stdio.h>
#include <string.h>

#define STARTS_A_TURN 512
#define TICK_MS 1000

struct tl_instant tl_now(void)
{
    return (struct tl_instant){tl_wall_ms(), tl_mono_ms()};
}

/* ---- a turn ---- */

static void caught_up(struct tl_batch *batch, void *ctx)
{
    struct tl_lane *lane = ctx;
    lane->batches_out--;
    lane->room_asked = false;
    tl_batch_free(batch);
    tl_lane_wake(lane);
    tl_lane_stop_step(lane);
}

/* The state lags: rows of runs would pile up in memory on their way to it. What has begun goes on; the rest begins
 * when the state has what the journal holds now. */
static bool state_lags(struct tl_lane *lane)
{
    struct tl_journal *journal = lane->engine->journal;
    if (lane->room != TL_ROOM_BEHIND)
        return false;
    if (!lane->room_asked) {
        lane->room_asked = true;
        lane->batches_out++;
        tl_journal_submit(journal, tl_batch_new(journal), TL_APPLIED, lane->loop, caught_up, lane);
    }
    return true;
}

static bool may_begin(struct tl_lane *lane)
{
    return lane->phase == TL_LANE_RUNNING && !lane->held && lane->room < TL_ROOM_FULL && !state_lags(lane) &&
           tl_hosts_tidy(lane);
}

static void wake_queues(struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->queue_count; i++)
        tl_queue_wake(lane, lane->queues[i]);
}

/* Something was resumed. A system that was found closed after a call has asked nobody to be told. */
static void look_again(struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->system_count; i++) {
        if (lane->systems[i]->closed)
            tl_system_reopen(lane->systems[i]);
    }
    lane->recheck |= !tl_list_empty(&lane->behind_units);
    wake_queues(lane);
}

static void work(struct tl_lane *lane)
{
    if (lane->phase > TL_LANE_FLUSHING)
        return;
    bool behind = !atomic_load(&lane->caught_up);
    bool more = tl_lane_take(lane);
    if (behind && atomic_load(&lane->caught_up))
        wake_queues(lane);
    lane->room = tl_journal_room(lane->engine->journal);
    lane->gave_way = false;
    if (atomic_exchange(&lane->look, false))
        look_again(lane);
    if (lane->spilled_queues > 0)
        more |= tl_spill_feed(lane, TL_RECORDS_A_TURN);
    if (lane->recheck)
        tl_spill_recheck(lane);
    tl_steps_ready(lane);
    if (may_begin(lane))
        more |= tl_queues_start(lane, STARTS_A_TURN) == STARTS_A_TURN;
    tl_poison_step(lane);
    tl_lane_flush(lane);
    tl_slices_turn(lane);
    tl_runs_purge(lane);
    tl_lane_publish(lane);
    if (more)
        tl_lane_wake(lane);
}

void tl_lane_hold(struct tl_lane *lane)
{
    struct tl_unit *alone = lane->alone;
    lane->held = true;
    if (alone != NULL && alone->drive == NULL) /* its mark is on the way: it begins then */
        tl_host_pin(alone, tl_host_live(lane, lane->engine->plan.flows[alone->flow]->part));
    tl_lane_flush(lane);
    tl_dispatch_prepare(lane->engine, lane);
}

void tl_lane_go_on(struct tl_lane *lane)
{
    lane->held = false;
    atomic_store(&lane->look, true);
    tl_lane_wake(lane);
}

static void work_mail(struct tl_mail *mail)
{
    struct tl_lane *lane = TL_CONTAINER_OF(mail, struct tl_lane, work);
    lane->work_posted = false;
    work(lane);
}

void tl_lane_wake(struct tl_lane *lane)
{
    if (lane->work_posted)
        return;
    lane->work_posted = true;
    tl_loop_post(lane->loop, &lane->work);
}

static void wake_mail(struct tl_mail *mail)
{
    struct tl_lane *lane = TL_CONTAINER_OF(mail, struct tl_lane, wake);
    atomic_store(&lane->woken, false);
    work(lane);
}

/* ---- once a second ---- */

/* Units before a closed gate whose flow has a deadline: the oldest of a queue is looked at, and ended when it is over.
 */
static void expire(struct tl_lane *lane, struct tl_queue *queue)
{
    const struct tl_plan_flow *flow = lane->engine->plan.flows[queue->flow];
    int system = tl_queue_system(queue);
    if (flow->deadline_ms <= 0 || system < 0 || !lane->systems[system]->closed)
        return;
    for (int i = 0; i < 1000 && queue->ready_count > 0; i++) {
        struct tl_unit *unit = TL_LIST_ITEM(tl_list_first(&queue->ready), struct tl_unit, link);
        struct tl_event event;
        bool over = tl_unit_event(unit, &lane->scratch, &event, NULL) == TL_OK &&
                    event.time_ms + flow->deadline_ms <= tl_wall_ms() && unit->exception == NULL;
        tl_arena_free(&lane->scratch);
        if (!over)
            return;
        tl_list_remove(&unit->link);
        queue->ready_count--;
        tl_unit_start(unit); /* which sees the deadline */
    }
}

static void tick(struct tl_timer *timer)
{
    struct tl_lane *lane = TL_CONTAINER_OF(timer, struct tl_lane, tick);
    if (lane->phase != TL_LANE_RUNNING)
        return;
    for (size_t i = 0; i < lane->queue_count; i++)
        expire(lane, lane->queues[i]);
    wake_queues(lane);
    if (lane->index == 0)
        tl_checkpoint(lane->engine, false);
    tl_timer_start(lane->loop, &lane->tick, TICK_MS);
    tl_lane_wake(lane);
}

void tl_lane_publish(struct tl_lane *lane)
{
    size_t ready = 0, spilled = 0;
    for (size_t i = 0; i < lane->queue_count; i++) {
        ready += lane->queues[i]->loaded;
        spilled += lane->queues[i]->spilled_units;
    }
    atomic_store_explicit(&lane->seen_ready, ready, memory_order_relaxed);
    atomic_store_explicit(&lane->seen_spilled, spilled, memory_order_relaxed);
    atomic_store_explicit(&lane->seen_started, lane->drives, memory_order_relaxed);
    atomic_store_explicit(&lane->seen_aside, lane->aside, memory_order_relaxed);
    atomic_fetch_add_explicit(&lane->seen_turns, 1, memory_order_relaxed);
}

/* ---- life ---- */

struct tl_lane *tl_lane_new(struct tl_engine *engine, unsigned index)
{
    struct tl_lane *lane = TL_NEW(struct tl_lane);
    char name[32];
    lane->engine = engine;
    lane->index = index;
    snprintf(name, sizeof name, "lane %u", index);
    lane->loop = tl_loop_new(name);
    lane->inbox_end = &lane->inbox;
    lane->behind = true; /* recovery says from where */
    tl_mail_init(&lane->wake, wake_mail);
    tl_mail_init(&lane->work, work_mail);
    tl_mail_init(&lane->stop, tl_lane_stop_begin);
    tl_timer_init(&lane->tick, tick);
    tl_list_init(&lane->ring);
    tl_list_init(&lane->behind_units);
    tl_list_init(&lane->openings);
    tl_list_init(&lane->ending);
    tl_list_init(&lane->running);
    tl_map_init(&lane->runs);
    tl_list_init(&lane->recent_runs);
    tl_list_init(&lane->replays);
    tl_list_init(&lane->ready_steps);
    tl_list_init(&lane->sliced);
    tl_list_init(&lane->thens);
    tl_timers_init(lane);
    tl_ticks_init(lane);
    tl_keylines_init(&lane->lines);
    tl_arena_init(&lane->scratch);
    tl_list_init(&lane->leaving);
    tl_lane_systems(lane);
    lane->batcher = tl_batcher_new(lane);
    return lane;
}

tl_code tl_lane_open(struct tl_lane *lane, struct tl_error *err)
{
    struct tl_engine *engine = lane->engine;
    tl_code code = tl_host_open(lane, err);
    if (code == TL_OK && engine->config.calls == NULL)
        code = tl_http_client_new(lane->loop, NULL, &lane->client, err);
    return code == TL_OK ? tl_lane_attach(lane, err) : code;
}

tl_code tl_lane_begin(struct tl_lane *lane, struct tl_error *err)
{
    const struct tl_engine_config *config = &lane->engine->config;
    tl_timer_start(lane->loop, &lane->tick, TICK_MS);
    tl_timers_set(lane, tl_wall_ms());
    tl_lane_wake(lane);
    tl_code code = tl_captures_begin(lane, err);
    if (code == TL_OK)
        code = tl_ticks_begin(lane, err);
    if (code == TL_OK)
        code = tl_batcher_begin(lane, err);
    if (code != TL_OK || config->lane_start == NULL)
        return code;
    code = config->lane_start(config->ctx, lane, err);
    lane->owner_started = code == TL_OK;
    return code;
}

/* Left to recovery, which repeats it. */
static void abandon(struct tl_drive *drive)
{
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = tl_list_after(&drive->steps, link)) {
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->ticket.serial != 0)
            tl_gate_withdraw(drive->lane->engine->plan.systems[step->system]->gate, step->ticket, tl_now());
        step->ticket = (struct tl_gate_ticket){0};
        step->phase = TL_AT_REST;
    }
    tl_drive_free(drive);
}

void tl_lane_free(struct tl_lane *lane)
{
    if (lane == NULL)
        return;
    lane->phase = TL_LANE_STOPPED;
    while (lane->batches_out > 0 || !tl_list_empty(&lane->openings))
        tl_loop_wait(lane->loop, 100);
    for (size_t i = 0; i < lane->system_count; i++) {
        if (lane->systems[i]->subscribed)
            tl_gate_unsubscribe(lane->engine->plan.systems[i]->gate, &lane->systems[i]->waiter);
    }
    struct tl_link *link;
    while ((link = tl_list_pop(&lane->thens)) != NULL) { /* of a batch that was never submitted */
        struct tl_then *then = TL_LIST_ITEM(link, struct tl_then, link);
        then->durable(then, 0);
    }
    while ((link = tl_list_first(&lane->running)) != NULL)
        abandon(TL_LIST_ITEM(link, struct tl_drive, link));
    for (struct tl_wave *wave = lane->inbox; wave != NULL;) {
        struct tl_wave *next = wave->next;
        tl_wave_unref(wave);
        wave = next;
    }
    tl_batcher_free(lane->batcher);
    tl_keylines_free(&lane->lines);
    for (size_t i = 0; i < lane->queue_count; i++)
        tl_queue_free(lane->queues[i]);
    tl_free(lane->queues);
    tl_cursor_free(lane->cursor);
    tl_progress_bits_free(&lane->bits);
    tl_batch_free(lane->batch);
    tl_hosts_free(lane);
    tl_runs_free(lane);
    tl_replay_laters_free(lane);
    tl_ticks_free(lane);
    tl_loop_free(lane->loop);
    for (size_t i = 0; i < lane->system_count; i++) {
        tl_use_drop(lane->systems[i]->use);
        tl_free(lane->systems[i]);
    }
    tl_free(lane->systems);
    tl_arena_free(&lane->scratch);
    tl_free(lane);
}

/* ---- for other rooms ---- */

unsigned tl_lane_index(const struct tl_lane *lane)
{
    return lane->index;
}

struct tl_engine *tl_lane_engine(const struct tl_lane *lane)
{
    return lane->engine;
}

struct tl_loop *tl_lane_loop(const struct tl_lane *lane)
{
    return lane->loop;
}

struct tl_http_client *tl_lane_client(const struct tl_lane *lane)
{
    return lane->client;
}

struct tl_system_lane *tl_lane_system(const struct tl_lane *lane, tl_str system)
{
    int i = tl_plan_system(&lane->engine->plan, system);
    return i < 0 ? NULL : lane->systems[i]->attached;
}

struct tl_script *tl_lane_script(const struct tl_lane *lane, const char *revision)
{
    const struct tl_script_host *host = lane->engine->config.runs == NULL ? lane->hosts : NULL;
    while (host != NULL && (!host->live || strcmp(host->revision, revision) != 0))
        host = host->next;
    return host != NULL ? host->host : NULL;
}
