/* The plan of a running engine takes over what another revision says. What can be worked out beside it is, so that
 * lanes stand still for a few assignments only. Thread: the one that switches. */
#pragma once
#include "base/error.h"
#include "base/map.h"
#include "plan.h"

struct tl_engine;
struct tl_batch;

struct tl_merge {
    struct tl_plan *fresh;     /* borrow; as the other revision's bundle makes it, with its own numbers */
    uint32_t *parts;           /* own; numbers in the live plan of the fresh one's integrations */
    bool *same;                /* own; by live number: its revision stays the one it is */
    uint32_t *flows, *systems; /* own; numbers in the live plan of the fresh one's */
    size_t flow_count, system_count, part_count; /* of the live plan, afterwards */
    struct tl_map types;                         /* own; what flows take, afterwards */
    uint64_t cut;                                /* events up to this commit were handed out under the plan before */
};

/* Reads the live plan only. `floor` as in activation.h. */
void tl_merge_init(struct tl_merge *merge, struct tl_engine *engine, struct tl_plan *fresh, uint64_t cut,
                   uint64_t floor);
/* Is the live flow of that number in the fresh plan? The same of a system. */
bool tl_merge_has_flow(const struct tl_merge *merge, const struct tl_plan *plan, uint32_t flow);
bool tl_merge_has_system(const struct tl_merge *merge, const struct tl_plan *plan, uint32_t system);
/* Rows of all flows as they will be. */
void tl_merge_put_flows(const struct tl_merge *merge, struct tl_engine *engine, struct tl_batch *batch);
/* All lanes stand still. What the live plan does not need any more is in the fresh one afterwards, to be freed. */
void tl_merge_apply(struct tl_merge *merge, struct tl_engine *engine);
void tl_merge_free(struct tl_merge *merge);

/* order.c: units of the flow that were placed otherwise have all ended, perhaps: true when somebody waited for that. */
bool tl_order_look(struct tl_engine *engine);
/* The unit came after a change of its flow's order, and units from before have not ended. [loop] */
bool tl_order_waits(const struct tl_engine *engine, uint32_t flow, tl_position position);
