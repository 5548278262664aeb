/* Another revision, or other systems, in an engine that runs (rules.md 4, 6 and 16): no event is lost, the order per
 * key stays, and lanes stand still for less than 5 ms.
 *
 *     prepare (a loader's thread: takes as long as it takes) · switch (main) or next_free · … released notices
 *
 * A unit takes the revision that is live when it starts; what has begun ends on its own, on the old Lua states. Systems
 * are one object per name, from what is live: their gates keep what they know, calls in flight end on the old object.
 * The same bundle with other `tl_system` objects is a changed setting or secret.
 *
 * The line between the two is one commit for all flows: what had been handed to the flows when the switch began is the
 * old revision's to take, what is handed to them afterwards the new one's. A flow that is gone keeps what it has: the
 * switch is refused while that is pending, or it is parked. A flow that comes back, or a system, is the one it was. */
#pragma once
#include "flow/engine.h"

/* All that a switch needs, built beside the running engine. */
struct tl_engine_next;

/* Checks the declarations and builds the plan's parts and one Lua state per lane. Of `config` only `first`,
 * `others` and `park_removed` are read: all that is to be live; everything else stays as the engine was made. Bundles
 * and the `tl_system` objects are borrowed until the engine says that they are released
 * (tl_engine_config.bundle_released, system_released) or tl_engine_free; when the switch fails, or with
 * tl_engine_next_free, until that returns. A system that did not change keeps its object: pass it again.
 * TL_ECONFIG: a declaration the engine cannot carry out. TL_EFAILED: the engine does not run. Several may be prepared;
 * each is for the engine as it is when it is switched. [any one thread, not a lane's] */
TL_MUST_CHECK tl_code tl_engine_prepare(struct tl_engine *engine, const struct tl_engine_config *config,
                                        struct tl_engine_next **out, struct tl_error *err);

/* Records put in here become durable in the commit of the activation: the owner's own, who did it and what is live now.
 * Borrowed until the switch. */
struct tl_batch *tl_engine_next_batch(struct tl_engine_next *next);

/* What a switch did, for the log and the answer to whoever asked. */
struct tl_engine_switched {
    uint64_t commit;     /* the activation */
    double pause_ms;     /* the longest that a lane stood still */
    double held_ms;      /* no new unit began */
    size_t begun;        /* units that had begun under another revision, and go on with it */
    size_t parked_flows; /* flows that are gone and had units pending (park_removed) */
};

/* Makes it live. Returns when it is live and durable, or with the reason and nothing changed:
 * TL_EDIFFERS: a flow that is gone has pending units, or a system that is gone is used by open runs, and `park_removed`
 * is not set (the text names them and the counts); TL_ECANCELLED: the engine stops; others: the journal's.
 * Consumes `next`, also when it fails. `out`: NULL allowed. [main: the thread that started the engine;
 * until it returns no other thread but the lanes may ask the engine anything] */
TL_MUST_CHECK tl_code tl_engine_switch(struct tl_engine *engine, struct tl_engine_next *next,
                                       struct tl_engine_switched *out, struct tl_error *err);

/* One that will not be used; before tl_engine_free. NULL is allowed. [the threads of prepare and switch] */
void tl_engine_next_free(struct tl_engine_next *next);
