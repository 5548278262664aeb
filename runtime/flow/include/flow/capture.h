/* Capture of the systems' changes: one owner lane per (system, object), events and cursor stored in one commit. Started
 * and stopped with the engine; paused by name (pause.h). State table "cursor": key = "<system>/<object>", value = the
 * connector's cursor. */
#pragma once
#include "flow/engine.h"

#define TL_TABLE_CURSOR "cursor"

/* A round now, of one object (or of all with an empty one). TL_ENOTFOUND. [any] */
TL_MUST_CHECK tl_code tl_engine_capture_now(struct tl_engine *engine, tl_str system, tl_str object,
                                            struct tl_error *err);
