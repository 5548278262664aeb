/* Events of unfinished units whose segment was dropped: copied into rows before it went, so that nothing unfinished
 * pins a segment (rule 2). State table "kept": key = event id; value = JSON {type, source, key, dedupe, payload, time
 * (ms), priority, trace, cause, cause_flow, record_id, record_version}; a1 = hash of the event's key (16 hex); a row
 * goes with the last unit of its event. */
#pragma once
#include "engine_int.h"

#define TL_TABLE_KEPT "kept"
#define TL_KEPT_KEY 17 /* the hash of a key as text, and a NUL */
/* Empty when there is no key. */
void tl_kept_key(uint64_t hash, char out[TL_KEPT_KEY]);
/* 0: there is none. */
uint64_t tl_kept_key_read(tl_str text);

/* Copies what is unfinished of the commits; false: it could not be written. Not on a loop. */
bool tl_kept_copy(struct tl_engine *engine, uint64_t first, uint64_t last);
/* TL_ENOTFOUND: there is no row. */
TL_MUST_CHECK tl_code tl_kept_event(struct tl_engine *engine, tl_position position, struct tl_arena *arena,
                                    struct tl_event *out, struct tl_error *err);
/* Calls `each` for the unfinished units of a commit that is not in the journal any more, from `from` on, in order;
 * stops when it returns false. */
void tl_kept_units(struct tl_lane *lane, tl_position from,
                   bool (*each)(void *ctx, uint32_t flow, struct tl_event_source *source), void *ctx);
/* The unit ends: its event's row goes when it was the last. False: others of the event are unfinished. */
bool tl_kept_end(struct tl_engine *engine, tl_position position, struct tl_batch *batch);
/* Is a unit of the commit's event unfinished? */
bool tl_kept_any(const struct tl_progress_bits *bits, uint32_t index);
/* Is the commit read from rows? */
bool tl_kept_has(const struct tl_engine *engine, uint64_t commit);
