/* The systems as a lane meets them: an entry each, and the attachment to the object that is live. A switch attaches
 * to another object; what is out on the old one ends there. */
#include "base/alloc.h"
#include "engine_int.h"
#include "run.h"
#include "use.h"

static void gate_opened(void *ctx)
{
    struct tl_lane_system *system = ctx;
    if (!atomic_exchange(&system->opened_posted, true))
        tl_loop_post(system->lane->loop, &system->opened);
}

static struct tl_lane_system *entry(struct tl_lane *lane, uint32_t number)
{
    struct tl_lane_system *system = TL_NEW(struct tl_lane_system);
    system->lane = lane;
    system->system = number;
    tl_list_init(&system->waiting);
    tl_list_init(&system->blocked);
    tl_mail_init(&system->opened, tl_system_opened_mail);
    tl_timer_init(&system->until, tl_system_until);
    system->waiter = (struct tl_gate_waiter){.opened = gate_opened, .ctx = system};
    return system;
}

void tl_lane_systems(struct tl_lane *lane)
{
    size_t count = lane->engine->plan.system_count;
    lane->systems = tl_realloc(lane->systems, (count + 1) * sizeof *lane->systems);
    for (; lane->system_count < count; lane->system_count++)
        lane->systems[lane->system_count] = entry(lane, (uint32_t)lane->system_count);
}

/* ---- what was replaced ---- */

static void left(void *ctx)
{
    struct tl_leaving *leaving = ctx;
    struct tl_lane *lane = leaving->lane;
    tl_list_remove(&leaving->link);
    tl_use_drop(leaving->use);
    tl_free(leaving);
    if (lane->phase == TL_LANE_DETACHING)
        tl_lane_detached(lane);
}

static void leave(struct tl_lane_system *system)
{
    struct tl_leaving *leaving = TL_NEW(struct tl_leaving);
    *leaving = (struct tl_leaving){.lane = system->lane, .attached = system->attached, .use = system->use};
    tl_list_push(&system->lane->leaving, &leaving->link);
    tl_system_lane_retire(leaving->attached, left, leaving);
    system->attached = NULL;
    system->use = NULL;
}

void tl_lane_leave(struct tl_lane *lane)
{
    for (struct tl_link *link = tl_list_first(&lane->leaving); link != NULL;
         link = tl_list_after(&lane->leaving, link)) {
        struct tl_leaving *leaving = TL_LIST_ITEM(link, struct tl_leaving, link);
        lane->detaching++;
        tl_system_lane_stop(leaving->attached, left, leaving);
    }
}

/* ---- what is live ---- */

static tl_code attach(struct tl_lane_system *at, struct tl_error *err)
{
    struct tl_lane *lane = at->lane;
    struct tl_plan_system *system = lane->engine->plan.systems[at->system];
    if (at->attached != NULL && tl_system_lane_system(at->attached) != system->system)
        leave(at);
    if (!at->subscribed)
        tl_gate_subscribe(system->gate, &at->waiter);
    at->subscribed = true;
    if (system->gone)
        tl_system_gone(at);
    if (at->attached != NULL || system->system == NULL)
        return TL_OK;
    tl_code code = tl_system_attach(system->system, lane->loop, lane->client, &at->attached, err);
    if (code == TL_OK)
        at->use = tl_use_system(lane->engine, system->system);
    return code;
}

tl_code tl_lane_attach(struct tl_lane *lane, struct tl_error *err)
{
    tl_code code = TL_OK;
    tl_lane_systems(lane);
    for (size_t i = 0; code == TL_OK && i < lane->system_count; i++)
        code = attach(lane->systems[i], err);
    return code;
}
