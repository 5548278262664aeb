/* coroutine: a script's own coroutines. The runtime's waits pass through them: when the inner one yields
 * because ctx waits or the stretch gives way, the outer one yields too and goes on with it afterwards; another branch
 * cannot resume it meanwhile. The coroutine that runs is always known to the watchdog, and a stop is raised again on
 * every level. Thread: that of the state. */
#include "freeze.h"
#include "libs.h"
#include "run_private.h"

static int resume_again(lua_State *L, int status, lua_KContext wrap);

static lua_State *coroutine_at(lua_State *L, int index)
{
    lua_State *co = lua_tothread(L, index);
    luaL_argexpected(L, co, index, "coroutine");
    return co;
}

/* The coroutine at 1 waits for ctx: until its answer is there, nobody else may resume it. Or it was stopped: what it
 * would close is left open, since Lua calls no hook any more in a coroutine that died in one. */
static void mark(lua_State *L, bool suspended)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->suspended);
    lua_pushvalue(L, 1);
    if (suspended)
        lua_pushboolean(L, 1);
    else
        lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static bool is_marked(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->suspended);
    lua_pushvalue(L, 1);
    bool marked = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return marked;
}

/* L is inside a callback of C or a pure call: it cannot give up control, neither to wait nor to give way; the inner one
 * goes on. */
static void refuse(lua_State *L, struct tl_script *script)
{
    if (script->preempting) {
        script->due = 0; /* until the next tick, else it would be asked again at once */
        tl_script_later(L);
    } else {
        tl_run_refuse_wait(script);
    }
    script->asking = script->preempting = false;
}

/* The coroutine is at 1 and nothing above it; its arguments are on its own stack. */
static int resume(lua_State *L, lua_State *co, int args, bool wrap)
{
    struct tl_script *script = tl_script_of(L);
    int results = 0, status;
    for (;;) {
        status = tl_script_resume(L, co, args, &results);
        if (status != LUA_YIELD || !(script->asking || script->preempting))
            break;
        lua_pop(co, results);
        mark(L, true);
        if (lua_isyieldable(L) && !(script->asking && tl_is_pure(L)))
            return lua_yieldk(L, 0, (lua_KContext)wrap, resume_again);
        mark(L, false);
        refuse(L, script);
        args = 0;
    }
    if (status == LUA_OK || status == LUA_YIELD) {
        luaL_checkstack(L, results + 1, "too many results to resume");
        if (!wrap)
            lua_pushboolean(L, 1);
        lua_xmove(co, L, results);
        return results + (wrap ? 0 : 1);
    }
    bool stopped = tl_script_stopped(L, status);
    if (stopped)
        mark(L, true);
    else if (wrap)
        tl_script_stopped(L, tl_script_close(L, co));
    lua_xmove(co, L, 1);
    if (stopped || wrap)
        return lua_error(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int resume_again(lua_State *L, int status, lua_KContext wrap)
{
    (void)status;
    lua_settop(L, 1);
    mark(L, false);
    return resume(L, lua_tothread(L, 1), 0, (bool)wrap);
}

static bool can_resume(lua_State *L, lua_State *co, const char **why)
{
    *why = "cannot resume dead coroutine";
    if (co == L || (lua_status(co) == LUA_OK && lua_gettop(co) == 0))
        return co != L ? false : (*why = "cannot resume non-suspended coroutine", false);
    if (lua_status(co) == LUA_OK) {
        lua_Debug info;
        if (!lua_getstack(co, 0, &info))
            return true;
        *why = "cannot resume non-suspended coroutine";
        return false;
    }
    if (lua_status(co) == LUA_YIELD && is_marked(L)) {
        *why = "cannot resume non-suspended coroutine";
        return false;
    }
    return lua_status(co) == LUA_YIELD;
}

static int start(lua_State *L, bool wrap)
{
    lua_State *co = lua_tothread(L, 1);
    int args = lua_gettop(L) - 1;
    const char *why;
    if (!can_resume(L, co, &why)) {
        if (wrap)
            return luaL_error(L, "%s", why);
        lua_pushboolean(L, 0);
        lua_pushstring(L, why);
        return 2;
    }
    if (!lua_checkstack(co, args))
        return luaL_error(L, "too many arguments to resume");
    lua_xmove(L, co, args);
    return resume(L, co, args, wrap);
}

static int co_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    tl_freeze_note(L);
    return 1;
}

static int co_resume(lua_State *L)
{
    coroutine_at(L, 1);
    return start(L, false);
}

static int wrap_call(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return start(L, true);
}

static int co_wrap(lua_State *L)
{
    co_create(L);
    lua_pushcclosure(L, wrap_call, 1);
    return 1;
}

static int co_yield (lua_State *L)
{
    if (tl_run_is_outermost(L) || !lua_isyieldable(L) || tl_is_pure(L))
        return luaL_error(L, "coroutine.yield outside of a coroutine of the script: only ctx waits");
    return lua_yield(L, lua_gettop(L));
}

static const char *status_of(lua_State *L, lua_State *co)
{
    if (co == L)
        return "running";
    if (lua_status(co) == LUA_YIELD)
        return is_marked(L) ? "normal" : "suspended";
    if (lua_status(co) != LUA_OK)
        return "dead";
    lua_Debug info;
    if (lua_getstack(co, 0, &info))
        return "normal";
    return lua_gettop(co) == 0 ? "dead" : "suspended";
}

static int co_status(lua_State *L)
{
    lua_pushstring(L, status_of(L, coroutine_at(L, 1)));
    return 1;
}

static int co_running(lua_State *L)
{
    lua_pushthread(L);
    lua_pushboolean(L, tl_run_is_outermost(L));
    return 2;
}

static int co_isyieldable(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L) && !tl_run_is_outermost(L));
    return 1;
}

static int co_close(lua_State *L)
{
    lua_State *co = coroutine_at(L, 1);
    const char *status = status_of(L, co);
    if (*status != 's' && *status != 'd')
        return luaL_error(L, "cannot close a %s coroutine", status);
    if (is_marked(L))
        return luaL_error(L, "cannot close a coroutine that was stopped");
    int result = tl_script_close(L, co);
    if (result == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_xmove(co, L, 1);
    if (tl_script_stopped(L, result))
        return lua_error(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

void tl_lib_coroutine(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"create", co_create}, {"resume", co_resume},           {"wrap", co_wrap},
        {"yield", co_yield },  {"status", co_status},           {"running", co_running},
        {"close", co_close},   {"isyieldable", co_isyieldable}, {NULL, NULL}};
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    tl_script_of(L)->suspended = luaL_ref(L, LUA_REGISTRYINDEX);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "coroutine");
}
