/* host.field: scripts/lib/coverage.lua makes fields known by it while maps and lenses are compiled, in every state
 * anew. Thread: that of the state. */
#include "libs.h"
#include "lines.h"

static int note(lua_State *L)
{
    struct tl_fields *fields = tl_lines_fields(tl_script_of(L)->limits.lines);
    fields->items[lua_tointeger(L, lua_upvalueindex(1))].passed = true;
    return 0;
}

static int host_field(lua_State *L)
{
    struct tl_fields *fields = tl_lines_fields(tl_script_of(L)->limits.lines);
    size_t at = tl_fields_know(fields, luaL_checkstring(L, 1), luaL_checkstring(L, 2), luaL_checkstring(L, 3));
    lua_pushinteger(L, (lua_Integer)at);
    lua_pushcclosure(L, note, 1);
    return 1;
}

void tl_lib_host_fields(lua_State *L)
{
    if (tl_script_of(L)->limits.lines == NULL)
        return;
    lua_pushcfunction(L, host_field);
    lua_setfield(L, -2, "field");
}
