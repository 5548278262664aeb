#include "desk_unit.h"
#include "base/alloc.h"

struct tl_unit *tl_desk_unit(struct tl_lane *lane, struct tl_open_exception *open, struct tl_keyline *line,
                             char *payload, size_t len)
{
    const struct tl_plan_flow *flow = lane->engine->plan.flows[open->flow];
    struct tl_unit *unit = tl_unit_new(lane, tl_queue_of(lane, open->flow, flow->place.priority, TL_QUEUE_RESUMED),
                                       line, open->event, NULL);
    unit->exception = open;
    unit->payload = payload;
    unit->payload_len = len;
    open->retrying = true;
    return unit;
}

struct retry {
    struct tl_then then;
    struct tl_unit *unit;
};

static void durable(struct tl_then *then, uint64_t commit)
{
    struct retry *retry = TL_CONTAINER_OF(then, struct retry, then);
    struct tl_unit *unit = retry->unit;
    tl_free(retry);
    if (commit != 0)
        tl_keyline_retry(unit->lane, unit->line, unit);
    else
        tl_unit_free(unit);
}

struct tl_open_exception *tl_desk_exception(struct tl_lane *lane, const struct tl_run_row *run)
{
    struct tl_keyline *line = tl_keyline_find(&lane->lines, run->line);
    int flow = tl_plan_flow(&lane->engine->plan, tl_str_z(run->flow));
    for (struct tl_link *link = line != NULL ? tl_list_first(&line->open) : NULL; link != NULL;
         link = tl_list_after(&line->open, link)) {
        struct tl_open_exception *open = TL_LIST_ITEM(link, struct tl_open_exception, link);
        if (open->event == run->event && (int)open->flow == flow)
            return open;
    }
    return NULL;
}

void tl_desk_retry_run(struct tl_lane *lane, struct tl_run_row *run)
{
    struct tl_open_exception *open = tl_desk_exception(lane, run);
    if (open == NULL || open->retrying)
        return;
    struct retry *retry = TL_NEW(struct retry);
    retry->unit = tl_desk_unit(lane, open, tl_keyline_find(&lane->lines, run->line), NULL, 0);
    retry->then.durable = durable;
    tl_lane_then(lane, &retry->then);
    tl_lane_wake(lane);
}
