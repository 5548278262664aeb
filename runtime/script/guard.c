/* A guard is a copy of the metatable that the script set, so that taking a member out of that one does not take the
 * guard away. It holds that one under a key of ours. */
#include "guard.h"
#include "freeze.h"
#include "value.h"
#include <string.h>

static const char guard_key = 'g', plain_key = 'p';

static bool is_named(lua_State *L, int index, const char *name)
{
    return lua_type(L, index) == LUA_TSTRING && strcmp(lua_tostring(L, index), name) == 0;
}

static bool is_call(lua_State *L, int value)
{
    return lua_isfunction(L, value) || lua_isnil(L, value);
}

static int refuse(lua_State *L, const char *name)
{
    return luaL_error(L, "%s is not allowed: what it does depends on when memory is collected", name);
}

/* Lua goes from one to the next inside one instruction, and moves all arguments up for each. */
static int refuse_call(lua_State *L)
{
    return luaL_error(L, "__call must be a function");
}

void tl_guard_check(lua_State *L, int index)
{
    if (is_named(L, index, "__mode"))
        refuse(L, "__mode");
    if (is_named(L, index, "__call") && !is_call(L, index + 1))
        refuse_call(L);
}

static int guard_newindex(lua_State *L)
{
    lua_settop(L, 3);
    tl_guard_check(L, 2);
    lua_rawset(L, 1);
    return 0;
}

static bool is_guard(lua_State *L, int meta)
{
    bool is = lua_rawgetp(L, meta, &guard_key) != LUA_TNIL;
    lua_pop(L, 1);
    return is;
}

static bool guarded(lua_State *L, int table)
{
    bool is = lua_getmetatable(L, table) != 0;
    if (!is)
        return false;
    is = is_guard(L, lua_gettop(L));
    lua_pop(L, 1);
    return is;
}

void tl_guard_look_through(lua_State *L)
{
    if (!is_guard(L, lua_gettop(L)))
        return;
    if (lua_rawgetp(L, -1, &guard_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    lua_remove(L, -2);
}

/* Pushes the guard of tables without a metatable. */
static void push_plain(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &plain_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushcfunction(L, guard_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &guard_key);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &plain_key);
}

/* Pushes a guard that else is what the metatable at `meta` is. Its __newindex, when it has one, is all that can put a
 * new member there, but for rawset, which refuses too. */
static void push_copy(lua_State *L, int meta)
{
    lua_newtable(L);
    int copy = lua_gettop(L);
    tl_real_table(L, meta);
    lua_pushnil(L);
    while (lua_next(L, copy + 1)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, copy);
    }
    lua_settop(L, copy);
    lua_pushliteral(L, "__newindex");
    if (lua_rawget(L, copy) == LUA_TNIL) {
        lua_pushcfunction(L, guard_newindex);
        lua_setfield(L, copy, "__newindex");
    }
    lua_settop(L, copy);
    lua_pushvalue(L, meta);
    lua_rawsetp(L, copy, &guard_key);
}

/* Lists and tables with nulls have a metatable that the runtime knows by itself. */
static bool is_marked(lua_State *L, int meta)
{
    const struct tl_script *script = tl_script_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->nulls_meta);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->array_meta);
    bool is = lua_rawequal(L, meta, -1) || lua_rawequal(L, meta, -2);
    lua_pop(L, 2);
    return is;
}

/* The table at `index` is to be a metatable. */
static void guard(lua_State *L, int index)
{
    int top = lua_gettop(L);
    if (tl_frozen(L, index) || guarded(L, index)) /* nothing can be set, or it is done */
        return;
    if (lua_getmetatable(L, index)) {
        if (is_marked(L, top + 1))
            luaL_error(L, "a list, or a table with nulls, cannot be a metatable");
        push_copy(L, top + 1);
    } else {
        push_plain(L);
    }
    lua_setmetatable(L, index);
    lua_settop(L, top);
}

int tl_guard_setmetatable(lua_State *L)
{
    static const char *const refused[] = {"__gc", "__mode"};
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    if (lua_istable(L, 2)) {
        tl_real_table(L, 2);
        for (size_t i = 0; i < TL_COUNT_OF(refused); i++) {
            lua_pushstring(L, refused[i]);
            if (lua_rawget(L, 3) != LUA_TNIL)
                return refuse(L, refused[i]);
            lua_pop(L, 1);
        }
        lua_pushliteral(L, "__call");
        lua_rawget(L, 3);
        if (!is_call(L, -1))
            return refuse_call(L);
        lua_settop(L, 2);
        guard(L, 2);
    }
    bool keeps_guard = guarded(L, 1);
    if (keeps_guard && lua_istable(L, 2))
        push_copy(L, 2);
    else if (keeps_guard)
        push_plain(L);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

int tl_guard_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return 1;
    if (!lua_getmetatable(L, 1))
        lua_pushnil(L);
    else
        tl_guard_look_through(L);
    return 1;
}
