/* What the journal knows of a unit that is to run again. Thread: any. */
#pragma once
#include "engine_int.h"

struct tl_replay_later;

/* How it ended. In `arena`. */
struct tl_replay_past {
    const struct tl_outcome *last;  /* the last thing said of it; NULL: nothing is */
    const struct tl_outcome *end;   /* how it ended, or how its last replay did; NULL: it has not, or that is gone */
    const tl_position *replays;     /* events that stood for it in earlier replays, oldest first */
    const struct tl_outcome **told; /* the last thing said of each of those, or NULL */
    size_t replay_count;
};
TL_MUST_CHECK tl_code tl_replay_past(struct tl_engine *engine, tl_position event, tl_str flow,
                                     const struct tl_replay_later *later, struct tl_arena *arena,
                                     struct tl_replay_past *out, struct tl_error *err);
