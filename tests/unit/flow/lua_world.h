/* A world (flow_world.h) whose flows are Lua: an integration from memory, run by the script room; platforms are still
 * C, behind the call port, with faults on demand. Operations: put (idempotent), read, note (idempotent), mark (the
 * same, and what was sent shows ten seconds later), pay (keyed: the platform keeps a key for an hour), book (unsafe:
 * found by its marker after ten seconds), wire (unsafe, without lookup). With TIDELOCK_SLICES=n in the environment
 * every stretch gives way after n instructions.
 */
#pragma once
#include "flow/runs.h"
#include "flow/switch.h"
#include "flow_world.h"

/* `flows`: the text of flows.lua, which is checked. Fields of config may be changed before world_start. */
void lua_prepare(struct world *w, const char *flows);
/* The same, and starts. */
void lua_world(struct world *w, const char *flows);
/* The same, with lanes on threads and the machine's clock; `on_commit` as in the world, NULL allowed. */
void lua_world_on_threads(struct world *w, const char *flows,
                          void (*on_commit)(struct world *w, struct tl_commit *commit));
/* The same flows as another revision, or other flows, from the next start on; earlier revisions are kept. */
void lua_revise(struct world *w, const char *flows);
/* The same flows as another revision, or other flows, in the engine that runs. `park`: of flows that are gone, what is
 * pending. The engine's answer; the text in w->reply_text. */
tl_code lua_switch(struct world *w, const char *flows, bool park);
/* The same with declarations of systems (the text of systems.lua; two of them, erp and crm, when NULL). */
tl_code lua_switch_systems(struct world *w, const char *flows, const char *systems, bool park);
/* The same, and how long it took. */
tl_code lua_switch_timed(struct world *w, const char *flows, struct tl_engine_switched *out);
/* An integration beside the first, from the next start or switch on; NULL flows: none any more. At most two, `n` 0
 * or 1. */
void lua_beside(struct world *w, size_t n, const char *name, const char *flows);
/* What the config says now goes live. */
tl_code lua_switch_config(struct world *w, bool park);
/* Whoever asks for the bundle of an earlier revision waits until that is taken back. */
void lua_hold_bundles(bool hold);
/* Bundles that the engine has given back. */
size_t lua_released(struct world *w);
/* Stops as a crash does and starts again. */
void lua_crash(struct world *w);
void lua_free(struct world *w);

/* "A book {…}; A pay {…}" of what the platform carried out, in order: system, operation, and args with `full`. */
const char *lua_seen(struct world *w);
/* Operation whose next calls are carried out, and their answers lost; how many. */
void lua_lose(const char *operation, int times);
/* Operation whose next calls are refused as the record's fault. */
void lua_refuse(const char *operation, int times);
/* Operation whose next calls never reach the platform, though nobody knows that. */
void lua_vanish(const char *operation, int times);
/* Marker of the n-th call that carried one and was carried out. */
const char *lua_marker(size_t n);
/* Lookups that find nothing although something is there. */
void lua_lag(int lookups);

/* An event with key `key` and payload {"no":key,…extra}. */
tl_position lua_event(struct world *w, const char *type, const char *key, const char *extra);
/* All open runs as text: "flow/state flow/state". */
const char *lua_runs(struct world *w);
/* Id of the first open run, "" when there is none. */
const char *lua_run(struct world *w);
/* tl_run_do and tl_decision_answer; the code, the text in w->reply_text. */
tl_code lua_act(struct world *w, enum tl_run_act act, const char *step, const char *result, bool dry_run);
tl_code lua_decide(struct world *w, const char *answer);
