/* Deficit round robin: every turn a queue gets as many starts as its priority is worth. */
#include "queue.h"
#include "base/alloc.h"
#include "engine_int.h"
#include "host.h"
#include "merge.h"
#include "run.h"

#define UNKNOWN_SYSTEM_CAP 64

static const int turn_worth[TL_PRIORITY_COUNT] = {[TL_URGENT] = 64, [TL_NORMAL] = 16, [TL_BULK] = 4};

struct tl_queue *tl_queue_of(struct tl_lane *lane, uint32_t flow, enum tl_priority priority, int system)
{
    for (size_t i = 0; i < lane->queue_count; i++) {
        struct tl_queue *queue = lane->queues[i];
        if (queue->flow == flow && queue->priority == priority && queue->system == system)
            return queue;
    }
    struct tl_queue *queue = TL_NEW(struct tl_queue);
    *queue = (struct tl_queue){
        .number = (uint32_t)lane->queue_count, .flow = flow, .priority = priority, .system = system, .learned = -1};
    tl_list_init(&queue->ready);
    lane->queues = tl_realloc(lane->queues, (lane->queue_count + 1) * sizeof(void *));
    lane->queues[lane->queue_count++] = queue;
    return queue;
}

/* Its units belong to key lines, which free them. */
void tl_queue_free(struct tl_queue *queue)
{
    tl_cursor_free(queue->cursor);
    tl_progress_bits_free(&queue->bits);
    tl_spillset_free(&queue->keys);
    tl_free(queue);
}

int tl_queue_system(const struct tl_queue *queue)
{
    return queue->system >= 0 ? queue->system : queue->learned;
}

void tl_queue_count(struct tl_lane *lane, struct tl_queue *queue, int change)
{
    (void)lane;
    queue->loaded = (size_t)((ptrdiff_t)queue->loaded + change);
}

/* A run that has woken does not start before what was accepted before it woke has been loaded: that may hold its key.
 */
static bool is_loaded(const struct tl_lane *lane, const struct tl_queue *queue)
{
    if (queue->system != TL_QUEUE_RESUMED || atomic_load(&lane->caught_up))
        return true;
    const struct tl_unit *first = TL_LIST_ITEM(tl_list_first(&queue->ready), struct tl_unit, link);
    return tl_position_commit(first->turn) <= lane->done_commit;
}

static bool is_open(const struct tl_lane *lane, int system, const struct tl_queue *queue)
{
    const struct tl_lane_system *at = lane->systems[system];
    return !at->closed && !(at->bulk_closed && queue->priority == TL_BULK);
}

/* Something waits, and neither a person nor a closed gate stands against it. */
static bool wants(const struct tl_lane *lane, const struct tl_queue *queue)
{
    const struct tl_plan_flow *flow = lane->engine->plan.flows[queue->flow];
    int system = tl_queue_system(queue);
    if (queue->ready_count == 0 ||
        !tl_poison_lets(lane, TL_LIST_ITEM(tl_list_first(&queue->ready), struct tl_unit, link)))
        return false;
    return !atomic_load_explicit(&flow->paused, memory_order_relaxed) && (system < 0 || is_open(lane, system, queue)) &&
           is_loaded(lane, queue);
}

/* Its place is kept, but just now it may start nothing. */
static bool capped(const struct tl_lane *lane, const struct tl_queue *queue)
{
    if (queue->priority == TL_BULK && lane->room >= TL_ROOM_BEHIND) /* the second to stop (rule 25) */
        return true;
    int system = tl_queue_system(queue);
    if (system < 0)
        return queue->started >= UNKNOWN_SYSTEM_CAP;
    const struct tl_lane_system *at = lane->systems[system];
    size_t cap = at->probing ? 1 : lane->engine->plan.systems[system]->cap;
    return at->started >= cap || queue->started >= cap;
}

void tl_queue_wake(struct tl_lane *lane, struct tl_queue *queue)
{
    if (queue->in_ring || !wants(lane, queue))
        return;
    struct tl_queue *behind = lane->long_turn;
    if (behind != NULL && behind->in_ring) /* else what came meanwhile would wait for a second one */
        tl_list_insert(behind->link.prev, &queue->link);
    else
        tl_list_push(&lane->ring, &queue->link);
    queue->in_ring = true;
    queue->deficit = 0;
    tl_lane_wake(lane);
}

void tl_queue_ready(struct tl_lane *lane, struct tl_unit *unit, bool front)
{
    unit->state = TL_UNIT_READY;
    if (front)
        tl_list_push_front(&unit->queue->ready, &unit->link);
    else
        tl_list_push(&unit->queue->ready, &unit->link);
    unit->queue->ready_count++;
    tl_queue_wake(lane, unit->queue);
}

/* An earlier unit of its key may be spilled still: what waits on the key must not keep it from being loaded. Units of
 * an earlier order are loaded before this one, wherever they are. */
static bool is_behind(struct tl_lane *lane, struct tl_unit *unit)
{
    bool spilled = lane->spilled_queues > 0 && tl_spill_before(lane, unit);
    if (!spilled && !tl_order_waits(lane->engine, unit->flow, unit->position))
        return false;
    unit->state = TL_UNIT_BEHIND;
    tl_list_push(&lane->behind_units, &unit->link);
    if (spilled)
        tl_keyline_aside(lane, unit->line, true);
    return true;
}

static void start_first(struct tl_lane *lane, struct tl_queue *queue)
{
    struct tl_unit *unit = TL_LIST_ITEM(tl_list_pop(&queue->ready), struct tl_unit, link);
    queue->ready_count--;
    if (is_behind(lane, unit) || tl_host_awaited(unit))
        return;
    if (!tl_poison_take(lane, unit))
        tl_unit_start(unit);
}

/* Its turn: as many starts as are left of it. A queue that is capped keeps its place and what is left; one whose script
 * computes for long has had its turn. */
static size_t take_turn(struct tl_lane *lane, struct tl_queue *queue, size_t budget)
{
    size_t started = 0;
    if (queue->deficit <= 0)
        queue->deficit += turn_worth[queue->priority];
    while (queue->deficit > 0 && started < budget && !lane->gave_way && wants(lane, queue) && !capped(lane, queue) &&
           !tl_poison_holds(lane)) {
        start_first(lane, queue);
        queue->deficit--;
        started++;
    }
    if (wants(lane, queue) && queue->deficit > 0 && !lane->gave_way)
        return started;
    tl_list_remove(&queue->link);
    queue->in_ring = false;
    tl_queue_wake(lane, queue);
    lane->long_turn = lane->gave_way ? queue : NULL;
    return started;
}

size_t tl_queues_start(struct tl_lane *lane, size_t budget)
{
    size_t started = 0, before;
    lane->long_turn = NULL;
    do {
        before = started;
        struct tl_link *next, *last = lane->ring.head.prev;
        for (struct tl_link *link = tl_list_first(&lane->ring); link != NULL && started < budget && !lane->gave_way;
             link = next) {
            next = link == last ? NULL : tl_list_after(&lane->ring, link);
            struct tl_queue *queue = TL_LIST_ITEM(link, struct tl_queue, link);
            if (wants(lane, queue) && capped(lane, queue))
                continue;
            started += take_turn(lane, queue, budget - started);
        }
    } while (started > before && started < budget && !lane->gave_way);
    return started;
}

bool tl_queues_any(const struct tl_lane *lane)
{
    for (struct tl_link *link = tl_list_first(&lane->ring); link != NULL; link = tl_list_after(&lane->ring, link)) {
        const struct tl_queue *queue = TL_LIST_ITEM(link, struct tl_queue, link);
        if (wants(lane, queue) && !capped(lane, queue))
            return true;
    }
    return false;
}
