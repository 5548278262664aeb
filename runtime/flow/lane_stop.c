/* The graceful end of a lane: nothing starts · calls in flight and stretches under way end, or are cancelled when the
 * grace is over · outcomes become durable · the owner's part · attachments and client · the loop. What did not end is
 * repeated by recovery. */
#include "base/log.h"
#include "batcher.h"
#include "capture_int.h"
#include "engine_int.h"
#include "net/http_client.h"
#include "run.h"

#define CANCEL_MS 6000 /* a connector may make one more transfer within 5 s */

static void grace_over(struct tl_timer *timer)
{
    struct tl_lane *lane = TL_CONTAINER_OF(timer, struct tl_lane, grace);
    const struct tl_call_port *calls = lane->engine->calls;
    if (lane->phase != TL_LANE_DRAINING)
        return;
    if (lane->hurry) { /* even the cancelled ones have not ended: the attachments end them */
        lane->calls = 0;
        tl_lane_stop_step(lane);
        return;
    }
    lane->hurry = true;
    tl_timer_start(lane->loop, &lane->grace, CANCEL_MS);
    tl_log(TL_WARN, "lane.stop", "calls in flight are cancelled; the next start repeats them",
           TL_FINT("lane", lane->index), TL_FINT("calls", lane->calls));
    tl_batcher_cancel(lane);
    for (struct tl_link *link = tl_list_first(&lane->running); link != NULL;
         link = tl_list_after(&lane->running, link)) {
        struct tl_drive *drive = TL_LIST_ITEM(link, struct tl_drive, link);
        for (struct tl_link *at = tl_list_first(&drive->steps); at != NULL; at = tl_list_after(&drive->steps, at)) {
            struct tl_step *step = TL_LIST_ITEM(at, struct tl_step, link);
            if (step->phase == TL_AT_CALL && step->call != NULL)
                calls->cancel(calls->ctx, step->call);
        }
    }
}

/* Runs before a gate never began (rule 9). */
static void drop_waiting(struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->system_count; i++) {
        struct tl_lane_system *system = lane->systems[i];
        tl_timer_stop(&system->until);
        struct tl_link *link;
        while ((link = tl_list_pop(&system->waiting)) != NULL) {
            struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, wait);
            step->phase = TL_AT_REST;
            step->again_ms = TL_NEVER;
            tl_steps_rest(step->drive);
        }
    }
}

void tl_lane_stop_begin(struct tl_mail *mail)
{
    struct tl_lane *lane = TL_CONTAINER_OF(mail, struct tl_lane, stop);
    if (lane->phase != TL_LANE_RUNNING)
        return;
    lane->phase = TL_LANE_DRAINING;
    tl_timer_stop(&lane->tick);
    tl_timer_stop(&lane->timers);
    tl_timer_stop(&lane->ticks);
    drop_waiting(lane);
    tl_batcher_stop(lane);
    tl_captures_end(lane);
    tl_timer_init(&lane->grace, grace_over);
    tl_timer_start(lane->loop, &lane->grace, lane->grace_ms);
    tl_lane_stop_step(lane);
}

static void released(struct tl_mail *mail);

static void stopped(struct tl_lane *lane)
{
    lane->phase = TL_LANE_STOPPED;
    atomic_store(&lane->stopped, true);
    tl_loop_stop(lane->loop);
}

static void client_stopped(void *ctx)
{
    struct tl_lane *lane = ctx;
    lane->client = NULL;
    stopped(lane);
}

static void stop_client(struct tl_lane *lane)
{
    if (lane->client != NULL)
        tl_http_client_stop(lane->client, client_stopped, lane);
    else
        stopped(lane);
}

void tl_lane_detached(struct tl_lane *lane)
{
    if (--lane->detaching == 0)
        stop_client(lane);
}

static void system_stopped(void *ctx)
{
    tl_lane_detached(ctx);
}

static void released(struct tl_mail *mail)
{
    struct tl_lane *lane = TL_CONTAINER_OF(mail, struct tl_lane, released);
    lane->detaching = 1;
    tl_lane_leave(lane);
    for (size_t i = 0; i < lane->system_count; i++) {
        if (lane->systems[i]->attached == NULL)
            continue;
        lane->detaching++;
        tl_system_lane_stop(lane->systems[i]->attached, system_stopped, lane);
        lane->systems[i]->attached = NULL;
    }
    system_stopped(lane);
}

void tl_lane_released(struct tl_lane *lane)
{
    tl_loop_post(lane->loop, &lane->released);
}

void tl_lane_stop_step(struct tl_lane *lane)
{
    if (lane->phase == TL_LANE_DRAINING && lane->calls == 0 &&
        (lane->hurry || (tl_captures_ended(lane) && tl_batcher_ended(lane) && tl_list_empty(&lane->sliced)))) {
        tl_timer_stop(&lane->grace);
        lane->phase = TL_LANE_FLUSHING;
        tl_lane_flush(lane);
    }
    if (lane->phase != TL_LANE_FLUSHING || lane->batches_out > 0 || lane->batch != NULL)
        return;
    lane->phase = TL_LANE_DETACHING;
    tl_mail_init(&lane->released, released);
    const struct tl_engine_config *config = &lane->engine->config;
    if (lane->owner_started && config->lane_stop != NULL)
        config->lane_stop(config->ctx, lane);
    else
        tl_lane_released(lane);
}
