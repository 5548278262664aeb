/* File-level state is frozen after load: a frozen table is empty, and its metatable answers from a hidden
 * table; every assignment is an error. So a run cannot leave anything behind. Thread: that of the state. */
#pragma once
#include "script_state.h"

/* Is the table at `index` frozen? */
bool tl_frozen(lua_State *L, int index);
/* Pops a shadow: it is what the tables with the metatable at `meta` show. */
void tl_frozen_mark(lua_State *L, int meta);
/* Raises the error of writing to one. */
int tl_frozen_error(lua_State *L);
/* The value on the top, a coroutine or an iterator, goes on from where it was left. Made while files load, it must not
 * outlive that. */
void tl_freeze_note(lua_State *L);
/* Freezes the value on the top and everything that can be reached from it: members, metatables, upvalues of
 * functions. Pops it. Calls `found` for a function that could change an upvalue of its own (`name`), and for what
 * tl_freeze_note was told of (`name` NULL: where it was made). */
struct tl_freezer {
    void (*found)(void *ctx, const char *file, int line, const char *name);
    void *ctx;
};
void tl_freeze(lua_State *L, const struct tl_freezer *freezer);
