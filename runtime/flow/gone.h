/* What a switch would take away from units and runs that are still open (rule 16): flows, systems, and operations of
 * systems that stay. It is refused, unless the owner says to park them. Seen are calls that a flow's own text makes:
 * one hidden in a helper, or only in an earlier revision, fails for good when it is made. Thread: the owner's, while
 * the lanes hold. */
#pragma once
#include "engine_int.h"
#include "merge.h"
#include "next.h"

struct tl_gone {
    struct tl_engine *engine;          /* all borrow */
    const struct tl_engine_next *next; /* what would be live */
    struct tl_merge *merge;
    const struct tl_map *begun; /* "<id>/<flow>" → revision: units that have no row yet */
};

/* TL_EDIFFERS: names what would be missed, and by how many. `parked_flows`: flows that are gone and have units pending.
 */
TL_MUST_CHECK tl_code tl_gone_check(const struct tl_gone *gone, size_t *parked_flows, struct tl_error *err);
