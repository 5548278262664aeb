/* The hook behind script/lines.h. Private to the room. Thread: that of the state. */
#pragma once
#include "script/lines.h"
#include "fields.h"
#include "script_state.h"

/* Takes whatever hook the coroutine has away, and sets the one that notes lines where that is asked for. */
void tl_lines_watch(lua_State *L);
/* Where its fields are noted. */
struct tl_fields *tl_lines_fields(struct tl_lines *lines);
