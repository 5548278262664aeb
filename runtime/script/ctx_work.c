/* The work of one branch: a function, or a call written as data, { "erp", "credit_status", { … } }. Thread: that of the
 * state. */
#include "bundle_private.h"
#include "run_private.h"
#include "value.h"

static int called(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return lua_gettop(L) - 3;
}

/* 1: { target, operation, arguments… } */
static int call_data(lua_State *L)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    luaL_checkstack(L, (int)count + 8, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->ctx); /* 2 */
    lua_rawgeti(L, 1, 1);
    lua_gettable(L, 2); /* 3: the target */
    lua_rawgeti(L, 1, 2);
    lua_gettable(L, 3);
    lua_pushvalue(L, 3);
    for (lua_Integer i = 3; i <= count; i++)
        lua_rawgeti(L, 1, i);
    lua_callk(L, (int)count - 1, LUA_MULTRET, 0, called);
    return called(L, LUA_OK, 0);
}

void tl_group_work_check(lua_State *L, const char *method, tl_str name)
{
    if (lua_isfunction(L, -1))
        return;
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: %s must be a function or a call { \"erp\", \"credit_status\", { … } }, not %s", method,
                   name.ptr, luaL_typename(L, -1));
    int work = lua_gettop(L);
    size_t len = lua_rawlen(L, work);
    lua_pushnil(L);
    while (lua_next(L, work)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 || lua_tointeger(L, -1) > (lua_Integer)len)
            luaL_error(L, "%s: %s: a call as data is { target, operation, arguments…, options }", method, name.ptr);
    }
    bool texts = lua_rawgeti(L, work, 1) == LUA_TSTRING && lua_rawgeti(L, work, 2) == LUA_TSTRING;
    if (!texts || len > 8)
        luaL_error(L, "%s: %s: a call as data begins with the names of a target and an operation", method, name.ptr);
    tl_str target = tl_str_z(lua_tostring(L, work + 1));
    const struct tl_bundle *bundle = tl_script_of(L)->bundle;
    if (!tl_bundle_is_target(bundle, target)) {
        const char *nearest = tl_bundle_nearest_target(bundle, target);
        luaL_error(L, "%s: %s: no system or kind \"%s\" is declared%s%s%s", method, name.ptr, target.ptr,
                   nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    }
    lua_settop(L, work);
}

int tl_group_work(lua_State *L, const struct tl_group *group, size_t index)
{
    int table = lua_gettop(L);
    lua_Integer at = (lua_Integer)index + 1;
    lua_rawgeti(L, table, TL_GROUP_WORKS);
    int works = lua_gettop(L), args = 0;
    if (group->kind == TL_GROUP_EACH) {
        lua_rawgeti(L, table, TL_GROUP_FUNCTION);
        lua_rawgeti(L, works, at);
        lua_pushinteger(L, at);
        args = 2;
    } else if (lua_rawgeti(L, works, at) != LUA_TFUNCTION) {
        lua_pushcfunction(L, call_data);
        lua_insert(L, -2);
        args = 1;
    }
    lua_remove(L, works);
    return args;
}
