/* Why a run ended with an error: class, message, place, traceback. An error that a group of branches raises again keeps
 * the place where it arose. Thread: that of the state. */
#include "bundle_private.h"
#include "libs.h"
#include "run_private.h"

static tl_str kept(struct tl_run *run, lua_State *L, int index)
{
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    return text ? tl_arena_str(&run->stretch, tl_str_n(text, len)) : TL_STR_NONE;
}

static tl_str field(struct tl_run *run, lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, index);
    tl_str text = lua_type(L, -1) == LUA_TSTRING ? kept(run, L, -1) : TL_STR_NONE;
    lua_pop(L, 1);
    return text;
}

static void read_error_table(struct tl_run *run, lua_State *L, int index, struct tl_run_error *error)
{
    error->cls = field(run, L, index, "class");
    error->code = field(run, L, index, "code");
    error->message = field(run, L, index, "message");
    error->system = field(run, L, index, "system");
    error->operation = field(run, L, index, "operation");
    error->step = field(run, L, index, "step");
    lua_pushliteral(L, "status");
    lua_rawget(L, index);
    error->status = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
}

struct tl_failure tl_failure_read(lua_State *L, struct tl_run *run, lua_State *thread)
{
    lua_pushvalue(thread, -1);
    lua_xmove(thread, L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->raised);
    bool known = run->raised != LUA_NOREF && lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (known)
        return run->raised_failure;
    luaL_traceback(L, thread, NULL, 0);
    struct tl_failure failure = {.place = tl_run_place(thread, &run->arena),
                                 .traceback = tl_arena_str(&run->arena, tl_str_z(lua_tostring(L, -1)))};
    lua_pop(L, 1);
    return failure;
}

int tl_failure_raise(lua_State *L, struct tl_run *run, const struct tl_failure *failure)
{
    luaL_unref(L, LUA_REGISTRYINDEX, run->raised);
    run->raised = LUA_NOREF;
    lua_pushvalue(L, -1);
    run->raised = luaL_ref(L, LUA_REGISTRYINDEX);
    run->raised_failure = *failure;
    return lua_error(L);
}

static void out_of_budget(struct tl_run *run, bool cpu)
{
    struct tl_script *script = run->script;
    struct tl_run_error *error = &run->outcome.error;
    error->cls = TL_STR("budget");
    error->code = cpu ? TL_STR("cpu") : TL_STR("memory");
    error->message =
        tl_str_z(cpu ? tl_arena_printf(&run->stretch, "stopped after %lld ms of CPU time without waiting",
                                       (long long)script->limits.cpu_ms)
                     : tl_arena_printf(&run->stretch, "stopped: the script needs more memory than it may have"));
    error->retryable = true;
}

void tl_run_fail(lua_State *L, struct tl_run *run, lua_State *thread, int status)
{
    struct tl_script *script = run->script;
    struct tl_run_error *error = &run->outcome.error;
    run->ended = true;
    run->outcome.ending = TL_RUN_ERROR;
    *error = (struct tl_run_error){.place = {"", 0}};
    if (script->stop != TL_STOP_NONE || status == LUA_ERRMEM) {
        error->place = tl_run_place(thread, &run->stretch);
        out_of_budget(run, script->stop == TL_STOP_CPU);
    } else {
        struct tl_failure failure = tl_failure_read(L, run, thread);
        error->place = failure.place;
        error->traceback = failure.traceback;
        lua_xmove(thread, L, 1);
        int index = lua_gettop(L);
        if (lua_istable(L, index))
            read_error_table(run, L, index, error);
        if (!error->message.len) {
            tl_plain_tostring(L, index, NULL);
            error->message = kept(run, L, -1);
        }
        lua_settop(L, index - 1);
        if (!error->cls.len)
            error->cls = TL_STR("script");
        if (!error->message.len)
            error->message = TL_STR("an error without text");
    }
    if (script->stop_place.line)
        error->place = script->stop_place;
    if (!error->place.line)
        error->place = script->bundle->flows.items[run->flow].place;
}

void tl_run_no_memory(struct tl_run *run)
{
    struct tl_script *script = run->script;
    run->ended = true;
    run->outcome.ending = TL_RUN_ERROR;
    run->outcome.error = (struct tl_run_error){.place = script->stop_place};
    out_of_budget(run, script->stop == TL_STOP_CPU);
    if (!run->outcome.error.place.line)
        run->outcome.error.place = script->bundle->flows.items[run->flow].place;
}
