/* A flow whose order has changed: units of the old order end before the first of the new one begins (rule 4). Old
 * placings are kept until then, also for units that are still in the journal. */
#include "engine_int.h"
#include "merge.h"

static bool look_at(struct tl_engine *engine, uint32_t flow, bool *left)
{
    bool changed = false;
    for (struct tl_placing *at = &engine->plan.flows[flow]->place; at != NULL; at = at->before) {
        if (!atomic_load(&at->left))
            continue;
        at->seen = tl_progress_first(&engine->progress, flow, at->seen);
        if (at->seen <= at->upto && at->seen != TL_COMMIT_NEVER) {
            *left = true;
            continue;
        }
        atomic_store(&at->left, false);
        changed = true;
    }
    return changed;
}

bool tl_order_look(struct tl_engine *engine)
{
    bool changed = false, left = false;
    for (uint32_t f = 0; f < engine->plan.flow_count; f++)
        changed |= look_at(engine, f, &left);
    atomic_store(&engine->ageing, left);
    return changed;
}

bool tl_order_waits(const struct tl_engine *engine, uint32_t flow, tl_position position)
{
    uint64_t commit = tl_position_commit(position);
    for (const struct tl_placing *at = engine->plan.flows[flow]->place.before; at != NULL; at = at->before) {
        if (commit > at->upto && at->reordered && atomic_load(&at->left))
            return true;
    }
    return false;
}
