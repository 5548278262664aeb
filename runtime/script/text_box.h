/* A text that grows in a userdata on L's stack, so that it outlives a C function that gives way; luaL_Buffer does not.
 * `index` is where it is: it moves when it grows, and is replaced there. Thread: that of the state. */
#pragma once
#include "script_state.h"

/* Pushes an empty one, with room for `room` bytes. */
void tl_text_box_new(lua_State *L, size_t room);
void tl_text_box_add(lua_State *L, int index, const char *text, size_t len);
/* Adds the string, number or decimal on the top of the stack and pops it. */
void tl_text_box_take(lua_State *L, int index);
/* Pushes what it holds as a string. */
void tl_text_box_push(lua_State *L, int index);
