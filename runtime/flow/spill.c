/* A queue that has spilled is fed only from its cursor until it has caught up, so order within it is the journal's. */
#include "base/alloc.h"
#include "base/log.h"
#include "engine_int.h"
#include "journal/reader.h"
#include "kept.h"
#include "merge.h"

void tl_spill_add(struct tl_lane *lane, struct tl_queue *queue, tl_position position, uint64_t hash)
{
    if (!queue->spilled) {
        queue->spilled = true;
        queue->next = position;
        queue->bits_commit = 0;
        lane->spilled_queues++;
    }
    queue->spilled_units++;
    tl_spillset_add(&queue->keys, hash);
}

static void caught_up(struct tl_lane *lane, struct tl_queue *queue)
{
    tl_cursor_free(queue->cursor);
    queue->cursor = NULL;
    queue->spilled = false;
    queue->spilled_units = 0;
    tl_spillset_free(&queue->keys);
    tl_progress_bits_free(&queue->bits);
    lane->spilled_queues--;
    lane->recheck = true;
}

/* The bits of the commit at hand. False: nothing of it is unfinished, and `*skip_to` is where the next such commit is.
 */
static bool bits_of_commit(struct tl_lane *lane, struct tl_queue *queue, uint64_t commit, uint64_t *skip_to)
{
    if (queue->bits_commit != commit) {
        tl_progress_bits(&lane->engine->progress, commit, &queue->bits);
        queue->bits_commit = commit;
    }
    if (queue->bits.commit != 0)
        return true;
    if (!tl_progress_next(&lane->engine->progress, commit + 1, skip_to))
        *skip_to = TL_COMMIT_NEVER;
    return false;
}

static bool takes(const struct tl_plan *plan, const struct tl_entry *entry, uint32_t flow)
{
    uint32_t flows[TL_FLOWS_OF_EVENT];
    if (flow == TL_FLOW_AWAIT) /* who waits has changed since: the bits say it */
        return true;
    size_t count = tl_dispatch_flows(plan, entry, flows, TL_COUNT_OF(flows));
    for (size_t i = 0; i < count; i++) {
        if (flows[i] == flow)
            return true;
    }
    return false;
}

static void load_source(struct tl_lane *lane, struct tl_queue *queue, struct tl_event_source *source)
{
    struct tl_engine *engine = lane->engine;
    struct tl_place_of place;
    tl_dispatch_place(engine, engine->plan.flows[queue->flow], source, &place);
    if (tl_dispatch_lane(engine, place.hash) != lane->index || place.system != queue->system ||
        place.priority != queue->priority)
        return;
    tl_spillset_remove(&queue->keys, place.hash);
    if (queue->spilled_units > 0)
        queue->spilled_units--;
    tl_keyline_enter(lane, queue, source->entry.position, place.hash, NULL);
}

/* An entry under the cursor: is it a unit of this queue, and not finished? Then it is loaded. */
static void load(struct tl_lane *lane, struct tl_queue *queue, const struct tl_entry *entry)
{
    struct tl_engine *engine = lane->engine;
    if (!tl_progress_bits_has(&queue->bits, queue->flow, tl_position_index(entry->position)) ||
        !takes(&engine->plan, entry, queue->flow))
        return;
    struct tl_event_source source = {.lane = lane, .arena = &lane->scratch, .entry = *entry};
    load_source(lane, queue, &source);
    tl_arena_free(&lane->scratch);
}

static bool has_room(const struct tl_lane *lane, const struct tl_queue *queue)
{
    return queue->loaded < lane->engine->config.queue_positions && lane->aside < TL_ASIDE_MAX;
}

struct kept_feed {
    struct tl_lane *lane;
    struct tl_queue *queue;
};

static bool feed_kept_unit(void *ctx, uint32_t flow, struct tl_event_source *source)
{
    struct kept_feed *feed = ctx;
    if (flow != feed->queue->flow)
        return true;
    if (!has_room(feed->lane, feed->queue))
        return false;
    load_source(feed->lane, feed->queue, source);
    feed->queue->next = source->entry.position + 1;
    return true;
}

/* What the queue has in commits that are kept in rows. */
static void feed_kept(struct tl_lane *lane, struct tl_queue *queue)
{
    struct kept_feed feed = {lane, queue};
    while (has_room(lane, queue) && tl_kept_has(lane->engine, tl_position_commit(queue->next))) {
        uint64_t commit;
        tl_cursor_free(queue->cursor);
        queue->cursor = NULL;
        if (!tl_progress_next(&lane->engine->progress, tl_position_commit(queue->next), &commit) ||
            commit > lane->done_commit || !tl_kept_has(lane->engine, commit)) {
            queue->next = tl_position_make(atomic_load(&lane->engine->kept_upto) + 1, 0);
            return;
        }
        if (commit > tl_position_commit(queue->next))
            queue->next = tl_position_make(commit, 0);
        tl_kept_units(lane, queue->next, feed_kept_unit, &feed);
        if (has_room(lane, queue))
            queue->next = tl_position_make(commit + 1, 0);
    }
}

static struct tl_cursor *cursor_at(struct tl_lane *lane, tl_position position)
{
    return tl_position_index(position) == 0
               ? tl_cursor_new(lane->engine->journal, tl_position_commit(position), TL_RECORD_BIT(TL_RECORD_EVENT))
               : tl_cursor_after(lane->engine->journal, position - 1, TL_RECORD_BIT(TL_RECORD_EVENT));
}

/* Reads on until the queue is full, has caught up, or `*budget` records were looked at. */
static void feed(struct tl_lane *lane, struct tl_queue *queue, size_t *budget)
{
    feed_kept(lane, queue);
    if (!has_room(lane, queue))
        return;
    if (queue->cursor == NULL)
        queue->cursor = cursor_at(lane, queue->next);
    while (*budget > 0 && has_room(lane, queue)) {
        struct tl_record record;
        struct tl_error err;
        tl_code code = tl_cursor_next(queue->cursor, &record, &err);
        if (code != TL_OK && code != TL_ENOTFOUND) {
            tl_log(TL_ERROR, "flow.read", err.text);
            *budget = 0;
            return;
        }
        if (code == TL_ENOTFOUND || record.commit > lane->done_commit) {
            caught_up(lane, queue);
            return;
        }
        (*budget)--;
        uint64_t skip_to;
        if (bits_of_commit(lane, queue, record.commit, &skip_to)) {
            load(lane, queue, &record.entry);
            queue->next = record.entry.position + 1;
        } else if (skip_to > lane->done_commit) {
            caught_up(lane, queue);
            return;
        } else if (skip_to > record.commit + 1) {
            queue->next = tl_position_make(skip_to, 0);
            tl_cursor_free(queue->cursor);
            queue->cursor = cursor_at(lane, queue->next);
        }
    }
}

bool tl_spill_feed(struct tl_lane *lane, size_t budget)
{
    bool more = false;
    for (size_t i = 0; i < lane->queue_count && lane->spilled_queues > 0; i++) {
        struct tl_queue *queue = lane->queues[i];
        /* half empty: not one at a time */
        if (!queue->spilled || queue->loaded > lane->engine->config.queue_positions / 2)
            continue;
        size_t share = budget;
        feed(lane, queue, &share);
        lane->recheck = true;
        more |= queue->spilled && has_room(lane, queue);
    }
    return more;
}

/* Their units may have one order; of flows that were placed otherwise before, nobody knows without looking. */
static bool same_scope(const struct tl_plan_flow *a, const struct tl_plan_flow *b)
{
    return a->place.scope_hash == b->place.scope_hash || a->place.before != NULL || b->place.before != NULL;
}

bool tl_spill_before(const struct tl_lane *lane, const struct tl_unit *unit)
{
    struct tl_plan_flow *const *flows = lane->engine->plan.flows;
    for (size_t i = 0; i < lane->queue_count; i++) {
        const struct tl_queue *queue = lane->queues[i];
        tl_position turn = tl_unit_turn(unit);
        bool earlier = queue->next < turn || (queue->next == turn && queue->flow < unit->flow);
        if (queue->spilled && queue != unit->queue && earlier && same_scope(flows[queue->flow], flows[unit->flow]) &&
            tl_spillset_has(&queue->keys, unit->line->hash))
            return true;
    }
    return false;
}

void tl_spill_recheck(struct tl_lane *lane)
{
    lane->recheck = false;
    struct tl_list again = {0};
    tl_list_init(&again);
    struct tl_link *link;
    while ((link = tl_list_pop(&lane->behind_units)) != NULL) {
        struct tl_unit *unit = TL_LIST_ITEM(link, struct tl_unit, link);
        if (tl_order_waits(lane->engine, unit->flow, unit->position) || tl_spill_before(lane, unit))
            tl_list_push(&again, link);
        else {
            tl_keyline_aside(lane, unit->line, false);
            tl_queue_ready(lane, unit, true);
        }
    }
    while ((link = tl_list_pop(&again)) != NULL)
        tl_list_push(&lane->behind_units, link);
}
