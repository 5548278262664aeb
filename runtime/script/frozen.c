/* A frozen table, as those see it that read it: empty, with its contents in a shadow. Thread: that of the state. */
#include "freeze.h"
#include "value.h"

static const char shadow_key = 's';

void tl_frozen_mark(lua_State *L, int meta)
{
    lua_rawsetp(L, meta, &shadow_key);
}

/* Pushes the shadow of a frozen table, or nothing. */
static bool push_shadow(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index))
        return false;
    if (lua_rawgetp(L, -1, &shadow_key) != LUA_TTABLE) {
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

bool tl_frozen(lua_State *L, int index)
{
    if (!push_shadow(L, index))
        return false;
    lua_pop(L, 1);
    return true;
}

void tl_real_table(lua_State *L, int index)
{
    if (!push_shadow(L, index))
        lua_pushvalue(L, index);
}

int tl_frozen_error(lua_State *L)
{
    return luaL_error(L, "this table was made while the files loaded and is frozen: what must be remembered is an "
                         "entity, a setting or a run; copy it to change the copy");
}
