/* A Lua state with its limits, and protected calls in it. Thread: that of the state. */
#include "script/state.h"
#include "base/alloc.h"
#include "codec/zone.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include <string.h>

#define MB (1024u * 1024)

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

struct tl_buf *tl_scratch(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    tl_must(script->scratch.max > 0);
    tl_buf_clear(&script->scratch);
    script->scratch.overflow = false;
    return &script->scratch;
}
