/* "Why is this so?": everything about one business key as one timeline over all systems. Thread: any but a loop that
 * must stay quick (it reads the journal). */
#pragma once
#include "base/buf.h"
#include "flow/engine.h"

/* `key`: "order/4711" or "4711" (what stands before the first '/' is tried both as part of the key and as the entity's
 * name). Collects the events with that business key, the events they came from and the events that came of them, and
 * writes
 * {"key","entries":[ … in time order …]} where an entry is one of
 *   {"time","kind":"event","id","type","source","key","cause"|null,"cause_flow","trace"}
 *   {"time","kind":"outcome","id","flow","ending","note","revision","effects":[{system,operation,id,status,class,attempts,
 *    duration_ms,request}]}
 *   {"time","kind":"exception","id","flow","exception","class","message","place","steward","held"}
 *   {"time","kind":"run","id","flow","run","state","waits":[{step,kind,for,until}]}    an open durable run
 *   {"time","kind":"pending","id","flow","state"}                     running | waiting | held, and behind what
 * TL_ENOTFOUND: nothing was received with this key. */
TL_MUST_CHECK tl_code tl_engine_trace(struct tl_engine *engine, tl_str key, struct tl_buf *out, struct tl_error *err);
/* The same for one event, by its id. */
TL_MUST_CHECK tl_code tl_engine_trace_event(struct tl_engine *engine, tl_position event, struct tl_buf *out,
                                            struct tl_error *err);
