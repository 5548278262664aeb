/* Events that stand for an earlier one that is run again by one flow (rule 15): type "run.replay:<flow>"; source, key
 * and payload are the earlier one's, so that order, route and timeline are too; `cause` is its position; the dedupe key
 *     <replay id>/<event id>/<its time, ms>/<"force" or "ask">/<flow>/<its type>
 * says the rest, so that the same replay asked for twice adds nothing. Thread: any. */
#pragma once
#include "base/arena.h"
#include "journal/event.h"

#define TL_TYPE_REPLAY "run.replay:"

struct tl_replayed {
    tl_str id; /* of the replay */
    tl_position event;
    int64_t time_ms;
    bool force; /* idempotent effects are sent whatever is known of them */
    tl_str flow, type;
};

bool tl_replayed_type_is(tl_str type);
/* Slices borrowed from the event. False: it is none, or does not say what it stands for (any more). */
bool tl_replayed_read(const struct tl_event *event, struct tl_replayed *out);
/* Names of the event that stands for another; in `arena`. */
tl_str tl_replayed_type(struct tl_arena *arena, tl_str flow);
tl_str tl_replayed_dedupe(struct tl_arena *arena, const struct tl_replayed *replayed);
/* What may be the id of a replay: 1 to 64 letters, digits, '-', '_' and '.'. */
bool tl_replayed_id_fits(tl_str id);
