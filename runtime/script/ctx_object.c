/* ctx and its systems as scripts see them: empty, read-only tables that show their members. Thread: that of the
 * state. */
#include "run_private.h"

static int read_only(lua_State *L)
{
    return luaL_error(L, "ctx cannot be changed");
}

void tl_ctx_protect(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "ctx");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

void tl_ctx_answer_by(lua_State *L, lua_CFunction index, int upvalues)
{
    lua_pushcclosure(L, index, upvalues);
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}
