/* Error values: a table with class, code, message, system, operation, status and a tostring that reads as a
 * sentence. Thread: that of the state. */
#include "libs.h"

static int error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "class");
    lua_getfield(L, 1, "message");
    lua_getfield(L, 1, "system");
    lua_getfield(L, 1, "operation");
    const char *class = lua_tostring(L, 2), *message = lua_tostring(L, 3);
    if (lua_isstring(L, 4))
        lua_pushfstring(L, "%s: %s (%s, %s)", class ? class : "error", message ? message : "", lua_tostring(L, 4),
                        lua_isstring(L, 5) ? lua_tostring(L, 5) : "");
    else
        lua_pushfstring(L, "%s", message ? message : "error");
    return 1;
}

void tl_error_open(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__metatable");
    tl_script_of(L)->error_meta = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void set_meta(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->error_meta);
    lua_setmetatable(L, -2);
}

static void put(lua_State *L, const char *name, tl_str text)
{
    if (!text.len)
        return;
    lua_pushlstring(L, text.ptr, text.len);
    lua_setfield(L, -2, name);
}

void tl_error_push(lua_State *L, const struct tl_run_result *result)
{
    lua_createtable(L, 0, 6);
    put(L, "class", result->cls);
    put(L, "code", result->code);
    put(L, "message", result->message);
    put(L, "system", result->system);
    put(L, "operation", result->operation);
    if (result->status) {
        lua_pushinteger(L, result->status);
        lua_setfield(L, -2, "status");
    }
    set_meta(L);
}

bool tl_error_is(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->error_meta);
    bool is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is;
}

void tl_error_wrap(lua_State *L)
{
    if (lua_istable(L, -1))
        return;
    tl_plain_tostring(L, -1, NULL);
    lua_createtable(L, 0, 2);
    lua_insert(L, -2);
    lua_setfield(L, -2, "message");
    lua_pushliteral(L, "script");
    lua_setfield(L, -2, "class");
    set_meta(L);
    lua_replace(L, -2);
}
