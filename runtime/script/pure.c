/* Who may wait: a branch's own coroutine, outside of functions that must be pure (maps, lenses, `when`). Thread: that
 * of the state. */
#include "run_private.h"

static int called(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return lua_gettop(L);
}

int tl_pure(lua_State *L)
{
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, called);
    return called(L, LUA_OK, 0);
}

/* Such a call is never far below what it calls; looking at a whole recursion would cost its square. */
enum { PURE_LEVELS = 100 };

bool tl_is_pure(lua_State *L)
{
    lua_Debug frame;
    for (int level = 1; level < PURE_LEVELS && lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "f", &frame);
        bool pure = lua_tocfunction(L, -1) == tl_pure;
        lua_pop(L, 1);
        if (pure)
            return true;
    }
    return false;
}

bool tl_run_is_outermost(lua_State *L)
{
    const struct tl_run *run = tl_script_of(L)->run;
    return !run || !run->branch || run->branch->thread == L;
}

void tl_run_refuse_wait(struct tl_script *script)
{
    script->run->refuse_wait = true;
}
