/* Values as text: without addresses, which differ from run to run, and with a script's own __tostring, which may give
 * way. Thread: that of the state. */
#include "libs.h"
#include "value.h"

const char *tl_plain_tostring(lua_State *L, int index, size_t *len)
{
    int type = lua_type(L, index);
    bool has_address = type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA || type == LUA_TTHREAD ||
                       type == LUA_TLIGHTUSERDATA;
    if (tl_null_is(L, index))
        lua_pushliteral(L, "null");
    else if (!has_address || luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        if (has_address)
            lua_pop(L, 1);
        return luaL_tolstring(L, index, len);
    } else {
        lua_pushstring(L, lua_typename(L, type));
    }
    return lua_tolstring(L, -1, len);
}

bool tl_push_own_tostring(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || luaL_getmetafield(L, index, "__tostring") == LUA_TNIL)
        return false;
    if (lua_type(L, -1) != LUA_TFUNCTION || lua_iscfunction(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    lua_pushvalue(L, index);
    return true;
}

void tl_take_own_text(lua_State *L, int index)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "'__tostring' must return a string");
    lua_replace(L, index);
}
