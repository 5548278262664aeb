/* A person stops and starts a system, a flow or a capture. Kept in the state table "pause" (key = what, value =
 * {"who","why","when"}), so it survives a restart; audited. */
#pragma once
#include "flow/engine.h"
#include "loop/loop.h"

#define TL_TABLE_PAUSE "pause"

/* `what`: "system/<name>", "flow/<name>" or "capture/<system>/<object>". A name without "/" is looked for among
 * systems, then flows. `done` is called once, in a later callback on `loop`, when it is durable: TL_OK; TL_ENOTFOUND
 * with the nearest name. Everything is copied. [any] */
void tl_engine_pause(struct tl_engine *engine, tl_str what, tl_str who, tl_str why, struct tl_loop *loop,
                     void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
/* Resuming what is not paused is fine. A system: also lets a probe through an open breaker. */
void tl_engine_resume(struct tl_engine *engine, tl_str what, tl_str who, tl_str why, struct tl_loop *loop,
                      void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
