/* Runs a selection of past events again (rule 15): new units that name the old ones. By default no vendor sees a write
 * that already happened: an effect is sent only when its request differs from the recorded one and no later unit of the
 * same business key, outside the selection, has touched the record. What a unit did not send, and why, stands in its
 * outcome.
 *
 * One request is at most one batch of events, all or none; the rest is named by `next`. */
#pragma once
#include "flow/engine.h"
#include "loop/loop.h"

#define TL_REPLAY_UNITS 10000 /* a request, unless a limit is given */

struct tl_replay_request {
    tl_str id;              /* of the replay: asked for again within a week it adds nothing; empty: a new one is made */
    int64_t since_ms;       /* accepted from then on; 0: the oldest held */
    int64_t until_ms;       /* accepted before; 0: now */
    tl_position after;      /* only events after this one: `next` of the page before */
    tl_str flow, key, type; /* empty: any */
    bool to_latest;         /* and, per key of the selection, all later events up to now */
    bool force;             /* idempotent effects are sent although nothing differs, or something is newer */
    bool dry_run;           /* says what would be done, as far as that is known without running the flows */
    size_t limit;           /* units; 0: TL_REPLAY_UNITS; at most TL_BATCH_EVENTS_MAX */
    tl_str who, why;
};

/* Everything is copied. `done` is called once, in a later callback on `loop`. TL_OK: `text` is JSON
 *   {"replay": id, or null for a dry run, "dry_run", "force", "held_from": time of the oldest event held or null,
 *    "past_retention": bool, the selection begins before that, "counts": {"units", "runs", "listed", "again" (were
 *    there already), "effects" (of those that run), "newer" (of these, touched since; dry run only)},
 *    "units": [{"event", "time", "type", "key", "flow", "ending", "does": "runs" or "listed", "why", "effects":
 *    [{"system", "operation", "id", "newer": event id or null}]}…], "next": event id or null}
 * else what is wrong. TL_EINPUT: a selection that makes no sense, or no reason; TL_ENOTFOUND: no such flow; TL_EFULL.
 * Audited. [any] */
void tl_engine_replay(struct tl_engine *engine, const struct tl_replay_request *request, struct tl_loop *loop,
                      void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
