/* What was prepared for a switch. */
#pragma once
#include "flow/switch.h"
#include "plan.h"

struct tl_engine_next {
    struct tl_engine *engine; /* borrow */
    struct tl_plan plan;      /* with numbers of its own */
    bool *same;               /* own; integrations whose revision was live then: no states are needed */
    bool park_removed;
    void **hosts; /* own; one for each lane and integration, NULL: none is needed, or the lane has it */
    size_t host_count;
    struct tl_batch *batch; /* own; the owner's records, and then the activation's */
};

/* An integration with that revision is live. [any] */
bool tl_next_is_live(struct tl_engine *engine, const struct tl_plan_part *part);
