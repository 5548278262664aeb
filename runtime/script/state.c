/* The life of a state, its stops and its protected calls. Thread: that of the state. */
#include "script/state.h"
#include "base/alloc.h"
#include "codec/zone.h"
#include "libs.h"
#include "lines.h"
#include "load.h"
#include "run_private.h"
#include <string.h>

#define MB (1024u * 1024)

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

static int on_panic(lua_State *L)
{
    tl_must(L == NULL); /* an error of Lua outside a protected call */
    return 0;
}

struct tl_script *tl_state_new(const struct tl_script_limits *limits)
{
    struct tl_script *script = TL_NEW(struct tl_script);
    script->limits = limits ? *limits : (struct tl_script_limits){0};
    struct tl_script_limits *l = &script->limits;
    l->memory = l->memory ? l->memory : 64 * MB;
    l->growth = l->growth ? l->growth : 32 * MB;
    l->cpu_ms = l->cpu_ms ? l->cpu_ms : 200;
    l->result_bytes = l->result_bytes ? l->result_bytes : 16 * MB;
    tl_quota_init(&script->quota, l->memory);
    tl_arena_init(&script->stop_arena);
    tl_buf_init(&script->scratch, l->result_bytes);
    tl_buf_init(&script->scratch2, l->result_bytes);
    script->L = lua_newstate(tl_quota_alloc, &script->quota);
    tl_must(script->L);
    lua_atpanic(script->L, on_panic);
    *(struct tl_script **)lua_getextraspace(script->L) = script;
    lua_gc(script->L, LUA_GCGEN, 0, 0);
    tl_script_calm(script->L);
    return script;
}

struct protected_job {
    lua_CFunction function;
    void *job;
};

static int call_protected(lua_State *L)
{
    struct protected_job *p = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_pushlightuserdata(L, p->job);
    return p->function(L);
}

tl_code tl_script_protected(struct tl_script *script, lua_CFunction function, void *job, int64_t cpu_ms,
                            struct tl_error *err)
{
    lua_State *L = script->L;
    struct protected_job p = {function, job};
    script->stop = TL_STOP_NONE;
    script->stop_place = (struct tl_place){"", 0};
    script->current = L;
    script->preempting = false;
    tl_watchdog_enter(script, (long)cpu_ms * 1000, 0, false);
    lua_pushcfunction(L, call_protected);
    lua_pushlightuserdata(L, &p);
    int status = lua_pcall(L, 1, 0, 0);
    tl_watchdog_leave(script);
    tl_script_calm(L);
    if (status == LUA_OK)
        return TL_OK;
    const char *text = lua_tostring(L, -1);
    tl_code code = tl_fail(err, TL_EINPUT, "%s",
                           status == LUA_ERRMEM ? "out of the state's memory"
                           : text               ? text
                                                : "an error");
    lua_pop(L, 1);
    return code;
}

tl_code tl_script_new(const struct tl_bundle *bundle, const struct tl_script_limits *limits, struct tl_script **out,
                      struct tl_error *err)
{
    if (tl_bundle_errors(bundle))
        return tl_fail(err, TL_ECONFIG, "the integration has %zu errors; tidelock check lists them",
                       tl_bundle_errors(bundle));
    struct tl_script *script = tl_state_new(limits);
    script->bundle = bundle;
    tl_code code = tl_load_files(script, bundle, NULL, err);
    if (code != TL_OK) {
        tl_script_free(script);
        return code;
    }
    *out = script;
    return TL_OK;
}

tl_code tl_script_new_bare(const char *library, const struct tl_script_limits *limits, struct tl_script **out,
                           struct tl_error *err)
{
    (void)library;
    struct tl_script *script = tl_state_new(limits);
    tl_code code = tl_load_libraries(script, err);
    if (code != TL_OK) {
        tl_script_free(script);
        return code;
    }
    *out = script;
    return TL_OK;
}

void tl_script_free(struct tl_script *script)
{
    if (!script)
        return;
    lua_close(script->L);
    tl_zones_free(script);
    tl_quota_deinit(&script->quota);
    tl_arena_free(&script->stop_arena);
    tl_buf_free(&script->scratch);
    tl_buf_free(&script->scratch2);
    tl_free(script);
}

const struct tl_bundle *tl_script_bundle(const struct tl_script *script)
{
    return script->bundle;
}

size_t tl_script_bytes(const struct tl_script *script)
{
    return script->quota.used;
}

size_t tl_script_peak(const struct tl_script *script)
{
    return script->quota.peak;
}

bool tl_script_spent(const struct tl_script *script)
{
    return script->quota.spent;
}
