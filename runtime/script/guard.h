/* No weak tables (rule 8): what a script sees would depend on when memory is collected. Lua asks a metatable for __mode
 * at every collection, so it is not enough to look when it is set: a table that serves as a metatable is guarded, which
 * means that its own metatable is one of ours and refuses __mode as a new member, and a __call that is no function.
 * Scripts do not see it. Thread: that of the state. */
#pragma once
#include "script_state.h"

/* Raises when the key at `index` may not be set, at all or to the value behind it. */
void tl_guard_check(lua_State *L, int index);
/* The metatable on the top; in the place of a guard comes the one that the script set, or nil. */
void tl_guard_look_through(lua_State *L);
/* setmetatable and getmetatable, as scripts have them. */
int tl_guard_setmetatable(lua_State *L);
int tl_guard_getmetatable(lua_State *L);
