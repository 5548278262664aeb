/* What is paused, in memory. */
#pragma once
#include "engine_int.h"
#include "flow/pause.h"

/* A row of the table; of what is not declared now it is kept for later. */
void tl_pause_restore(struct tl_engine *engine, tl_str what, tl_str row);
/* All of them again, under another plan: what came back is still paused. */
void tl_pauses_apply(struct tl_engine *engine);
/* All of them forgotten. */
void tl_pauses_free(struct tl_engine *engine);
/* Who, why and when, as in the row; false: not paused. `out` is appended to. */
bool tl_pause_show(struct tl_engine *engine, tl_str what, struct tl_buf *out);
