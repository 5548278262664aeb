/* The walk that freezes. Tables: contents move to a shadow, reached through __index; __len and our pairs,
 * next, ipairs and codec look through. Functions: their upvalues are walked, and the compiled code is asked
 * whether it assigns to them. Coroutines and iterators are known from when they were made. Userdata are left alone
 * (scripts make none that live on). Thread: that of the state. */
#include "freeze.h"
#include "base/arena.h"
#include "base/buf.h"
#include "guard.h"
#include "inspect.h"
#include "load.h"
#include "run_private.h"
#include "value.h"
#include <stdlib.h>
#include <string.h>

static const char seen_key = 'v', noted_key = 'n';

static int frozen_newindex(lua_State *L)
{
    return tl_frozen_error(L);
}

static int frozen_len(lua_State *L)
{
    lua_pushinteger(L, tl_value_length(L, 1));
    return 1;
}

static void move_contents(lua_State *L, int table, int shadow)
{
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, shadow);
    }
    lua_pushnil(L);
    while (lua_next(L, shadow)) {
        lua_pop(L, 1);
        /* Lua looks for metamethods without __index: a table that serves as a metatable keeps them. */
        if (lua_type(L, -1) == LUA_TSTRING && strncmp(lua_tostring(L, -1), "__", 2) == 0)
            continue;
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, table);
    }
}

/* The metatable of a frozen table: what the old one said, except how members are read and written. */
static void new_meta(lua_State *L, int table, int shadow)
{
    lua_newtable(L);
    int meta = lua_gettop(L);
    if (lua_getmetatable(L, table)) {
        lua_pushvalue(L, -1);
        lua_setmetatable(L, shadow);
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, meta);
        }
        lua_pop(L, 1);
    }
    lua_pushvalue(L, shadow);
    lua_setfield(L, meta, "__index");
    lua_pushcfunction(L, frozen_newindex);
    lua_setfield(L, meta, "__newindex");
    lua_pushcfunction(L, frozen_len);
    lua_setfield(L, meta, "__len");
    lua_pushliteral(L, "frozen");
    lua_setfield(L, meta, "__metatable");
    lua_pushvalue(L, shadow);
    tl_frozen_mark(L, meta);
}

static void freeze_table(lua_State *L, int table)
{
    lua_newtable(L);
    int shadow = lua_gettop(L);
    move_contents(L, table, shadow);
    new_meta(L, table, shadow);
    lua_setmetatable(L, table);
    lua_pop(L, 1);
}

static int add_piece(lua_State *L, const void *piece, size_t size, void *ud)
{
    (void)L;
    return !tl_buf_add(ud, piece, size);
}

static void check_function(lua_State *L, int index, const struct tl_freezer *freezer)
{
    lua_Debug info;
    lua_pushvalue(L, index);
    lua_getinfo(L, ">S", &info);
    if (*info.what == 'C' || !freezer || !freezer->found || info.source[0] != '@')
        return;
    struct tl_buf dump;
    tl_buf_init(&dump, 64u * 1024 * 1024);
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_proto *proto;
    tl_str name;
    int line;
    lua_pushvalue(L, index);
    if (lua_dump(L, add_piece, &dump, 0) == 0 && tl_chunk_read(tl_buf_str(&dump), &arena, &proto, NULL) == TL_OK &&
        tl_proto_keeps_state(proto, &name, &line)) {
        char text[80];
        snprintf(text, sizeof text, "%.*s", TL_STR_ARGS(name));
        freezer->found(freezer->ctx, info.source + 1, line, text);
    }
    lua_pop(L, 1);
    tl_arena_free(&arena);
    tl_buf_free(&dump);
}

/* What was noted, as weak keys, with the places as "line file". */
static void push_noted(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &noted_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &noted_key);
}

void tl_freeze_note(lua_State *L)
{
    const struct tl_script *script = tl_script_of(L);
    if (!script->loading || !script->loading->findings)
        return;
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_place place = tl_run_place(L, &arena);
    push_noted(L);
    lua_pushvalue(L, -2);
    lua_pushfstring(L, "%d %s", place.line, place.file);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    tl_arena_free(&arena);
}

static void check_noted(lua_State *L, int index, const struct tl_freezer *freezer)
{
    if (!freezer || !freezer->found)
        return;
    push_noted(L);
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TSTRING) {
        char *file;
        int line = (int)strtol(lua_tostring(L, -1), &file, 10);
        freezer->found(freezer->ctx, file + 1, line, NULL);
    }
    lua_pop(L, 2);
}

/* Puts the value on the top onto the work list unless it was seen; pops it. */
static void later(lua_State *L, int seen, int work)
{
    int type = lua_type(L, -1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION && type != LUA_TTHREAD) {
        lua_pop(L, 1);
        return;
    }
    lua_pushvalue(L, -1);
    if (lua_rawget(L, seen) != LUA_TNIL) {
        lua_pop(L, 2);
        return;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, seen);
    lua_rawseti(L, work, (lua_Integer)lua_rawlen(L, work) + 1);
}

static void visit(lua_State *L, int value, int seen, int work, const struct tl_freezer *freezer)
{
    if (!lua_istable(L, value))
        check_noted(L, value, freezer);
    if (lua_isthread(L, value))
        return;
    if (lua_type(L, value) == LUA_TFUNCTION) {
        check_function(L, value, freezer);
        for (int i = 1; lua_getupvalue(L, value, i); i++)
            later(L, seen, work);
        return;
    }
    struct tl_script *script = tl_script_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->globals);
    bool skip = lua_rawequal(L, -1, value) || tl_frozen(L, value);
    lua_pop(L, 1);
    if (skip)
        return;
    if (lua_getmetatable(L, value)) {
        tl_guard_look_through(L);
        later(L, seen, work);
    }
    lua_pushnil(L);
    while (lua_next(L, value)) {
        if (lua_islightuserdata(L, -2)) {
            lua_pop(L, 1);
            continue;
        }
        later(L, seen, work);
        lua_pushvalue(L, -1);
        later(L, seen, work);
    }
    freeze_table(L, value);
}

void tl_freeze(lua_State *L, const struct tl_freezer *freezer)
{
    luaL_checkstack(L, 24, NULL);
    int value = lua_gettop(L);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &seen_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &seen_key);
    }
    int seen = lua_gettop(L);
    for (int i = 0; i < 2; i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, i ? tl_script_of(L)->nulls_meta : tl_script_of(L)->array_meta);
        lua_pushboolean(L, 1);
        lua_rawset(L, seen);
    }
    lua_newtable(L);
    int work = lua_gettop(L);
    lua_pushvalue(L, value);
    later(L, seen, work);
    for (lua_Integer next = 1; lua_rawgeti(L, work, next) != LUA_TNIL; next++) {
        visit(L, lua_gettop(L), seen, work, freezer);
        lua_settop(L, work);
    }
    lua_settop(L, value - 1);
}
