/* Driving a run: start, resume, and what came of it. Invariants: at most one run of a state is running;
 * whatever a script does, the outcome is one of run.h's endings; a run that has ended is never resumed.
 * Thread: that of the state. */
#include "base/alloc.h"
#include "bundle_private.h"
#include "codec/json_pointer.h"
#include "codec/timestamp.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include "watchdog.h"
#include <string.h>

static const char event_meta_key = 'e';

struct tl_buf *tl_scratch(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    tl_must(script->scratch.max > 0);
    tl_buf_clear(&script->scratch);
    script->scratch.overflow = false;
    return &script->scratch;
}

struct tl_place tl_run_place(lua_State *L, struct tl_arena *arena)
{
    lua_Debug info;
    for (int level = 0; lua_getstack(L, level, &info); level++) {
        lua_getinfo(L, "Sl", &info);
        if (info.currentline > 0 && info.source[0] == '@')
            return (struct tl_place){tl_arena_copy(arena, tl_str_z(info.source + 1)), info.currentline};
    }
    return (struct tl_place){"", 0};
}

bool tl_run_is_outermost(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    return !script->run || script->run->thread == L;
}

void tl_run_refuse_wait(struct tl_script *script)
{
    script->run->refuse_wait = true;
}

/* ---- the event as a script sees it ---- */

/* e.data: decoded when it is touched first. */
static int event_index(lua_State *L)
{
    struct tl_run *run = tl_script_of(L)->run;
    if (!run || lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "data") != 0)
        return 0;
    struct tl_error err;
    if (!tl_value_decode(L, run->event.payload, &err)) {
        struct tl_run_result failure = {
            .cls = TL_STR("data"), .code = TL_STR("not-json"), .message = tl_str_z(err.text)};
        tl_error_push(L, &failure);
        return lua_error(L);
    }
    lua_pushliteral(L, "data");
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

static void set_text(lua_State *L, const char *name, tl_str text)
{
    lua_pushlstring(L, text.ptr ? text.ptr : "", text.len);
    lua_setfield(L, -2, name);
}

static void push_event(lua_State *L, const struct tl_run *run)
{
    char time[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(run->event.time_ms);
    lua_createtable(L, 0, 6);
    set_text(L, "id", run->event.id);
    set_text(L, "type", run->event.type);
    set_text(L, "key", run->event.key);
    set_text(L, "source", run->event.source);
    set_text(L, "time", tl_timestamp_print(&at, TL_TIME_RFC3339, time));
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &event_meta_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushcfunction(L, event_index);
        lua_setfield(L, -2, "__index");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &event_meta_key);
    }
    lua_setmetatable(L, -2);
}

void tl_declared_push(lua_State *L, const char *kind, const char *name, const char *member)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->declarations);
    lua_pushfstring(L, "%s %s", kind, name);
    lua_rawget(L, -2);
    lua_getfield(L, -1, "body");
    lua_getfield(L, -1, member);
    lua_replace(L, -4);
    lua_pop(L, 2);
}

/* ---- the internal flow of an event with `from` ---- */

static const struct tl_event_type *event_of(const struct tl_bundle *bundle, size_t flow)
{
    size_t count;
    const struct tl_event_type *events = tl_bundle_events(bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (events[i].flow == (int)flow)
            return &events[i];
    return NULL;
}

/* when(new, old) → map(new) → emit. `old` is nil until the entities package. 1: e */
static int event_unit(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    struct tl_run *run = script->run;
    const struct tl_event_type *type = event_of(script->bundle, run->flow);
    lua_getfield(L, 1, "data"); /* 2 */
    if (type->when) {
        tl_declared_push(L, "event", type->name, "when");
        lua_pushvalue(L, 2);
        lua_pushnil(L);
        lua_call(L, 2, 1);
        if (!lua_toboolean(L, -1)) {
            run->outcome.ending = TL_RUN_DROPPED;
            return 0;
        }
        lua_pop(L, 1);
    }
    if (type->map[0]) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, script->maps);
        lua_getfield(L, -1, type->map);
        lua_getfield(L, -1, "apply");
        lua_pushvalue(L, 2);
        lua_call(L, 1, 1);
        lua_replace(L, 2);
        lua_settop(L, 2);
    }
    if (!lua_istable(L, 2))
        return luaL_error(L, "the map of event \"%s\" gave a %s instead of a record", type->name, luaL_typename(L, 2));
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->ctx);
    lua_getfield(L, -1, "emit");
    lua_insert(L, -2);
    lua_pushstring(L, type->name);
    lua_pushvalue(L, 2);
    lua_call(L, 3, 0);
    return 0;
}

/* ---- outcomes ---- */

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
    lua_pushliteral(L, "status");
    lua_rawget(L, index);
    error->status = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
}

struct failure {
    struct tl_run *run;
    lua_State *thread;
    int status;
};

/* Reads the error on the top of the dead coroutine; protected, because it allocates. */
static int describe(lua_State *L)
{
    struct failure *f = lua_touserdata(L, 1);
    struct tl_run_error *error = &f->run->outcome.error;
    luaL_traceback(L, f->thread, NULL, 0);
    error->traceback = kept(f->run, L, -1);
    lua_xmove(f->thread, L, 1);
    int index = lua_gettop(L);
    if (lua_istable(L, index))
        read_error_table(f->run, L, index, error);
    if (!error->message.len) {
        tl_plain_tostring(L, index, NULL);
        error->message = kept(f->run, L, -1);
    }
    return 0;
}

static void fail_run(struct tl_run *run, int status)
{
    struct tl_script *script = run->script;
    struct tl_run_error *error = &run->outcome.error;
    run->outcome.ending = TL_RUN_ERROR;
    *error = (struct tl_run_error){0};
    error->place = tl_run_place(run->thread, &run->stretch);
    if (script->stop == TL_STOP_CPU || script->stop == TL_STOP_MEMORY || status == LUA_ERRMEM) {
        bool cpu = script->stop == TL_STOP_CPU;
        error->cls = TL_STR("budget");
        error->code = cpu ? TL_STR("cpu") : TL_STR("memory");
        error->message =
            tl_str_z(cpu ? tl_arena_printf(&run->stretch, "stopped after %lld ms of CPU time without waiting",
                                           (long long)script->limits.cpu_ms)
                         : tl_arena_printf(&run->stretch, "stopped: the script needs more memory than it may have"));
        error->retryable = true;
        if (script->stop_place.line)
            error->place = script->stop_place;
        return;
    }
    struct failure f = {run, run->thread, status};
    lua_State *L = script->L;
    lua_pushcfunction(L, describe);
    lua_pushlightuserdata(L, &f);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        lua_pop(L, 1);
    if (script->stop == TL_STOP_STEPS)
        error->cls = TL_STR("steps");
    if (!error->cls.len)
        error->cls = TL_STR("script");
    if (!error->message.len)
        error->message = TL_STR("an error without text");
    if (script->stop_place.line)
        error->place = script->stop_place;
}

static void settle(struct tl_run *run, int status, int results)
{
    struct tl_script *script = run->script;
    struct tl_run_outcome *outcome = &run->outcome;
    run->ended = true;
    if (status == LUA_YIELD && script->asking) {
        outcome->ending = TL_RUN_ASK;
        run->ended = false;
        lua_pop(run->thread, results);
    } else if (status == LUA_OK) {
        if (outcome->ending == TL_RUN_DROPPED) {
            const struct tl_event_type *type = event_of(script->bundle, run->flow);
            outcome->place = type->when_place;
        } else {
            outcome->ending = TL_RUN_DONE;
        }
    } else if (script->stop == TL_STOP_PARK || script->stop == TL_STOP_FAIL) {
        outcome->ending = script->stop == TL_STOP_PARK ? TL_RUN_PARKED : TL_RUN_FAILED;
        outcome->reason = tl_str_z(run->stop_reason);
        outcome->data = tl_str_z(run->stop_data);
    } else {
        fail_run(run, status);
        if (!outcome->error.place.line)
            outcome->error.place = script->bundle->flows.items[run->flow].place;
    }
    if (outcome->ending != TL_RUN_DONE && outcome->ending != TL_RUN_ASK)
        outcome->emit_count = 0;
}

const struct tl_run_outcome *tl_run_drive(struct tl_run *run, int args)
{
    struct tl_script *script = run->script;
    int results = 0;
    script->run = run;
    script->stop = TL_STOP_NONE;
    script->stop_place = (struct tl_place){"", 0};
    script->asking = false;
    script->current = run->thread;
    size_t grown = script->quota.used + script->limits.growth;
    script->quota.limit = grown < script->quota.hard ? grown : script->quota.hard;
    tl_watchdog_enter(script, script->limits.cpu_ms);
    int status = lua_resume(run->thread, script->L, args, &results);
    tl_watchdog_leave(script);
    lua_sethook(run->thread, NULL, 0, 0);
    script->quota.limit = script->quota.hard;
    settle(run, status, results);
    script->run = NULL;
    script->asking = false;
    return &run->outcome;
}

/* ---- for the flow room ---- */

struct starting {
    struct tl_run *run;
    bool order;
};

/* Protected: makes the coroutine with its function, ctx and e on it. */
static int prepare(lua_State *L)
{
    struct starting *s = lua_touserdata(L, 1);
    struct tl_run *run = s->run;
    struct tl_script *script = run->script;
    const struct tl_flow *flow = &script->bundle->flows.items[run->flow];
    run->thread = lua_newthread(L);
    run->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    if (flow->internal) {
        lua_pushcfunction(L, event_unit);
    } else if (s->order) {
        tl_declared_push(L, "flow", flow->name, "order");
        lua_geti(L, -1, 2);
    } else {
        tl_declared_push(L, "flow", flow->name, "run");
        lua_pushvalue(L, -1);
    }
    lua_xmove(L, run->thread, 1);
    if (!flow->internal && !s->order) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, script->ctx);
        lua_xmove(L, run->thread, 1);
    }
    push_event(L, run);
    lua_xmove(L, run->thread, 1);
    return 0;
}

struct tl_run *tl_run_new(struct tl_script *script, size_t flow, const struct tl_run_event *event)
{
    struct tl_run *run = TL_NEW(struct tl_run);
    run->script = script;
    run->flow = flow;
    run->reference = LUA_NOREF;
    tl_arena_init(&run->arena);
    tl_arena_init(&run->stretch);
    run->event = *event;
    run->event.id = tl_arena_str(&run->arena, event->id);
    run->event.type = tl_arena_str(&run->arena, event->type);
    run->event.key = tl_arena_str(&run->arena, event->key);
    run->event.source = tl_arena_str(&run->arena, event->source);
    run->now_ms = event->time_ms;
    return run;
}

static int no_memory(struct tl_run *run)
{
    run->ended = true;
    run->outcome.ending = TL_RUN_ERROR;
    run->outcome.error = (struct tl_run_error){.cls = TL_STR("budget"),
                                               .code = TL_STR("memory"),
                                               .message = TL_STR("the state is out of memory"),
                                               .place = {"", 0},
                                               .retryable = true};
    run->script->quota.spent = true;
    return 0;
}

bool tl_run_begin(struct tl_run *run, bool order)
{
    struct starting s = {run, order};
    lua_State *L = run->script->L;
    lua_pushcfunction(L, prepare);
    lua_pushlightuserdata(L, &s);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return true;
    lua_pop(L, 1);
    no_memory(run);
    return false;
}

const struct tl_run_outcome *tl_run_start(struct tl_script *script, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **out)
{
    tl_must(script->bundle && flow < script->bundle->flows.count && !script->run);
    struct tl_run *run = tl_run_new(script, flow, event);
    *out = run;
    if (!tl_run_begin(run, false))
        return &run->outcome;
    run->outcome.ending = TL_RUN_DONE;
    return tl_run_drive(run, run->script->bundle->flows.items[flow].internal ? 1 : 2);
}

const struct tl_run_outcome *tl_run_resume(struct tl_run *run, const struct tl_run_result *result)
{
    tl_must(!run->ended && run->outcome.ending == TL_RUN_ASK && !run->script->run);
    size_t emits = run->outcome.emit_count;
    tl_arena_free(&run->stretch);
    run->outcome = (struct tl_run_outcome){.emits = run->emits, .emit_count = emits, .logs = run->logs};
    run->result = result;
    if (result->now_ms)
        run->now_ms = result->now_ms;
    const struct tl_run_outcome *outcome = tl_run_drive(run, 0);
    run->result = NULL;
    return outcome;
}

void tl_run_free(struct tl_run *run)
{
    if (!run)
        return;
    if (run->reference != LUA_NOREF)
        luaL_unref(run->script->L, LUA_REGISTRYINDEX, run->reference);
    tl_arena_free(&run->arena);
    tl_arena_free(&run->stretch);
    tl_free(run->emits);
    tl_free(run->logs);
    tl_free(run->asked);
    tl_free(run);
}
