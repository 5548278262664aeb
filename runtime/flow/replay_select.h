/* The units that a replay names. Thread: any. */
#pragma once
#include "engine_int.h"
#include "flow/replay.h"

struct tl_replay_unit {
    tl_position event;
    uint32_t flow;   /* in the plan */
    const char *why; /* it is listed and does not run: why; NULL: it runs */
    enum tl_ending ending;
};

struct tl_replay_selection {
    struct tl_replay_unit *units; /* own; by event, then flow */
    size_t count, cap, runs;
    tl_position next; /* the last event looked at, when there may be more; or none */
    int64_t held_ms;  /* accept time of the oldest event held; 0: there is none */
};

TL_MUST_CHECK tl_code tl_replay_select(struct tl_engine *engine, const struct tl_replay_request *request,
                                       struct tl_replay_selection *out, struct tl_error *err);
void tl_replay_selection_free(struct tl_replay_selection *selection);
/* Does the unit run again? `flow` is a name. */
bool tl_replay_selection_has(const struct tl_engine *engine, const struct tl_replay_selection *selection,
                             tl_position event, tl_str flow);
