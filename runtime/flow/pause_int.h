/* What is paused, in memory. */
#pragma once
#include "engine_int.h"
#include "flow/pause.h"

/* A row of the table. */
void tl_pause_restore(struct tl_engine *engine, tl_str what, tl_str row);
/* Who, why and when, as in the row; false: not paused. `out` is appended to. */
/* All of them forgotten. */
void tl_pauses_free(struct tl_engine *engine);
bool tl_pause_show(struct tl_engine *engine, tl_str what, struct tl_buf *out);
