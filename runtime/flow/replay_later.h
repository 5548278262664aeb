/* What came after an event on its business key: replays of it, and later units outside a selection that touched
 * records. Read once and kept while a replay works through a key, so that a key with many events costs each of them
 * little. Thread: one at a time. */
#pragma once
#include "engine_int.h"

struct tl_replay_scope {
    struct tl_engine *engine;
    tl_str key; /* empty: the event has none, and nothing stands after it in order */
    /* The selection: what the events of commit `commit` and replay `id` stand for; or, when that is 0, what `selected`
     * says (NULL: nothing). */
    uint64_t commit;
    tl_str id;
    bool (*selected)(void *ctx, tl_position event, tl_str flow);
    void *ctx;
};

struct tl_replay_later;
/* Of events from `from` on. Texts are copied. */
struct tl_replay_later *tl_replay_later_new(const struct tl_replay_scope *scope, tl_position from);
void tl_replay_later_free(struct tl_replay_later *later);
/* The one that the lane keeps for this key and replay, made when there is none; good until the next call. */
struct tl_replay_later *tl_replay_later_of(struct tl_lane *lane, const struct tl_replay_scope *scope, tl_position from);
void tl_replay_laters_free(struct tl_lane *lane);

/* The newest event outside the selection whose unit touched the record of `effect`, of a unit of `event`;
 * TL_POSITION_NONE: there is none. An effect without a remote id is taken to concern whatever record the same operation
 * of that system concerned; a run that is still open, every record. */
tl_position tl_replay_touched(struct tl_replay_later *later, tl_position event, const struct tl_effect *effect);
/* Events that stood for the unit in earlier replays, oldest first; `out` lives as long as nothing else is asked. */
size_t tl_replay_stand_ins(const struct tl_replay_later *later, tl_position event, tl_str flow, struct tl_arena *arena,
                           tl_position **out);
