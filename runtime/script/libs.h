/* The libraries of a script's state; one file each. Every tl_lib_* function adds to the globals table on the
 * top of the stack. Thread: that of the state. */
#pragma once
#include "script_state.h"

void tl_lib_base(lua_State *L);
void tl_lib_string(lua_State *L);
void tl_lib_table(lua_State *L);
void tl_lib_coroutine(lua_State *L);
void tl_lib_cjson(lua_State *L);         /* pushes the module instead */
void tl_lib_host(lua_State *L);          /* pushes the table of functions that scripts/lib stands on */
void tl_lib_host_time(lua_State *L);     /* adds to the host table on the top */
void tl_lib_host_contract(lua_State *L); /* adds to the host table on the top */
/* Adds host.reads to the host table on the top. */
void tl_lib_host_reads(lua_State *L);
/* Adds host.field(title, way, label) to the host table on the top: makes the field known and gives the function that
 * notes a value. Nothing where the state notes nothing. */
void tl_lib_host_fields(lua_State *L);
void tl_lib_host_lookup(lua_State *L); /* adds to the host table on the top */

/* Functions that have a file of their own. */
int tl_string_find(lua_State *L);
int tl_string_match(lua_State *L);
int tl_string_gmatch(lua_State *L);
int tl_string_gsub(lua_State *L);
int tl_table_sort(lua_State *L);

void tl_zones_free(struct tl_script *script);

/* tostring without addresses; pushes the text. */
const char *tl_plain_tostring(lua_State *L, int index, size_t *len);
/* Whether the table at `index` has a __tostring of the script's own. Then pushes that and the table, for lua_callk, so
 * that it may give way and wait; what it answers is on the top afterwards. */
bool tl_push_own_tostring(lua_State *L, int index);
/* Pops what such a call answered, which must be a string, into `index`. */
void tl_take_own_text(lua_State *L, int index);
/* Error values with fields (lib_error.c). */
void tl_error_open(lua_State *L);
/* Pushes an error value made from a call's failure. */
void tl_error_push(lua_State *L, const struct tl_run_result *result);
/* Turns the error on the top into an error value (a table with class and message) unless it is one. */
void tl_error_wrap(lua_State *L);
/* Pops nothing: true when the value at `index` is an error value. */
bool tl_error_is(lua_State *L, int index);
