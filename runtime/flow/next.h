/* What was prepared for a switch. */
#pragma once
#include "flow/switch.h"
#include "plan.h"

struct tl_engine_next {
    struct tl_engine *engine;       /* borrow */
    const struct tl_bundle *bundle; /* borrow; NULL with a run port of one's own */
    struct tl_plan plan;            /* with numbers of its own */
    const struct tl_every *everys;  /* borrow */
    size_t every_count;
    bool same; /* the bundle that was live then: no states are needed */
    bool park_removed;
    void **hosts; /* own; one a lane, NULL: given to it; no array when `same` */
    unsigned host_count;
    struct tl_batch *batch; /* own; the owner's records, and then the activation's */
};
