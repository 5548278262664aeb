/* What the journal holds of real traffic, for fixtures: events as they were accepted, and what flows did for them. The
 * journal keeps no exchange with a system, so answers are not in it. Thread: any but a loop that must stay quick (it
 * reads the journal). */
#pragma once
#include "base/buf.h"
#include "flow/engine.h"
#include "journal/position.h"

#define TL_RECORDING_EVENTS 100    /* unless a limit is given */
#define TL_RECORDING_MAX 10000     /* most events of one answer */
#define TL_RECORDING_LOOKED 200000 /* directory entries one answer looks at */

struct tl_recording_query {
    tl_str key, type, source; /* empty: any */
    int64_t since_ms;         /* accepted from then on; 0: the oldest held */
    tl_position after;        /* only events after this one: `next` of the page before */
    size_t limit;             /* events; 0: TL_RECORDING_EVENTS */
};

/* Appends {"events":[{"id","time","type","source","key","emitted" (by a flow),"payload" (JSON, or null when it is
 * none), "outcomes":[{"flow","ending","effects":[{"system","operation","class","status"}]}]}…], in the order they were
 * accepted, "next": id of the last event looked at when there may be more, or null}. Left out: the runtime's own
 * events, erased ones, and those from outside that no flow took. TL_EINPUT: a limit beyond TL_RECORDING_MAX, or the
 * answer is too long. */
TL_MUST_CHECK tl_code tl_engine_recording(struct tl_engine *engine, const struct tl_recording_query *query,
                                          struct tl_buf *out, struct tl_error *err);
