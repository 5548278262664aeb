/* How a script is stopped or gives way: the watchdog asks for it (watchdog.c), a hook or a C function that could run on
 * does it. Thread: that of the state; tl_script_interrupt is called from its signal handler. */
#include "lines.h"
#include "run_private.h"

static void on_hook(lua_State *L, lua_Debug *info);

void tl_script_calm(lua_State *L)
{
    int every = tl_script_of(L)->limits.slice_count;
    if (every > 0)
        lua_sethook(L, on_hook, LUA_MASKCOUNT, every);
    else
        tl_lines_watch(L);
}

void tl_script_later(lua_State *L)
{
    lua_sethook(L, on_hook, LUA_MASKRET, 0);
}

/* Lua lets a hook yield where it counts instructions, and nowhere else. */
static void give_way(lua_State *L, const lua_Debug *info)
{
    if (!lua_isyieldable(L)) {
        tl_script_later(L);
    } else if (info->event != LUA_HOOKCOUNT) {
        lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
    } else {
        tl_script_calm(L);
        tl_script_of(L)->preempting = true;
        lua_yield(L, 0);
    }
}

/* The slice was over when it could not give way, or (in tests) its instructions are counted. */
static bool is_due(lua_State *L, const lua_Debug *info)
{
    const struct tl_script *script = tl_script_of(L);
    bool counted = script->limits.slice_count > 0 && info->event == LUA_HOOKCOUNT;
    bool returned = info->event == LUA_HOOKRET;
    return script->run && !script->run->order && (counted || (returned && lua_isyieldable(L)));
}

static void on_hook(lua_State *L, lua_Debug *info)
{
    struct tl_script *script = tl_script_of(L);
    if (script->expired) {
        lua_pushliteral(L, "the CPU budget is used up");
        tl_script_stop(L, TL_STOP_CPU);
    }
    if (is_due(L, info))
        script->due = 1;
    if (script->due && !script->preempting)
        give_way(L, info);
    else /* left over from a stretch that waited just in time */
        tl_script_calm(L);
}

void tl_script_interrupt(struct tl_script *script)
{
    lua_State *L = script->current;
    if (L)
        lua_sethook(L, on_hook, LUA_MASKCOUNT | LUA_MASKLINE | LUA_MASKCALL | LUA_MASKRET, 1);
}

/* The watchdog looks at L from here on, and what it said of the one before holds. */
static void follow(struct tl_script *script, lua_State *L)
{
    script->current = L;
    if (script->expired || script->due)
        tl_script_interrupt(script);
}

int tl_script_resume(lua_State *L, lua_State *co, int args, int *results)
{
    struct tl_script *script = tl_script_of(L);
    if (script->limits.slice_count > 0)
        tl_script_calm(co);
    follow(script, co);
    int status = lua_resume(co, L, args, results);
    follow(script, L);
    return status;
}

/* The coroutine counts its calls of C from where it was resumed first, so a chain of coroutines that close each other
 * is not bounded by Lua. */
enum { CLOSE_STACK = 512 * 1024 };

static bool is_deep(const struct tl_script *script)
{
    return (intptr_t)(script->stack - (uintptr_t)__builtin_frame_address(0)) > CLOSE_STACK;
}

int tl_script_close(lua_State *L, lua_State *co)
{
    struct tl_script *script = tl_script_of(L);
    if (is_deep(script))
        return luaL_error(L, "C stack overflow");
    follow(script, co);
    int status = lua_resetthread(co);
    follow(script, L);
    return status;
}

int tl_script_stop(lua_State *L, enum tl_stop stop)
{
    struct tl_script *script = tl_script_of(L);
    if (script->stop == TL_STOP_NONE) {
        script->stop = stop;
        script->stop_place = tl_run_place(L, &script->stop_arena);
    }
    return lua_error(L);
}

void tl_script_check_budget(lua_State *L)
{
    if (!tl_script_of(L)->expired)
        return;
    lua_pushliteral(L, "the CPU budget is used up");
    tl_script_stop(L, TL_STOP_CPU);
}

bool tl_script_is_due(lua_State *L)
{
    tl_script_check_budget(L);
    const struct tl_script *script = tl_script_of(L);
    bool over = script->due || script->limits.slice_count > 0;
    return over && script->run && !script->run->order && lua_isyieldable(L);
}

int tl_script_give_way(lua_State *L, lua_KContext context, lua_KFunction go_on)
{
    struct tl_script *script = tl_script_of(L);
    tl_script_calm(L);
    script->due = 1;
    script->preempting = true;
    return lua_yieldk(L, 0, context, go_on);
}

bool tl_script_stopped(lua_State *L, int status)
{
    struct tl_script *script = tl_script_of(L);
    if (status == LUA_ERRMEM && script->stop == TL_STOP_NONE) {
        script->stop = script->expired ? TL_STOP_CPU : TL_STOP_MEMORY; /* late blocks are refused: quota.c */
        script->stop_place = tl_run_place(L, &script->stop_arena);
    }
    return script->stop != TL_STOP_NONE;
}
