/* The event of a run as a script sees it, and the internal flow of an event with `from`. Thread: that of the state. */
#include "bundle_private.h"
#include "codec/timestamp.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

static const char event_meta_key = 'e';

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

void tl_run_event_push(lua_State *L, const struct tl_run *run)
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
        lua_pushliteral(L, "event"); /* it is that of every run of the state */
        lua_setfield(L, -2, "__metatable");
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

const struct tl_event_type *tl_run_event_type(const struct tl_run *run)
{
    size_t count;
    const struct tl_event_type *events = tl_bundle_events(run->script->bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (events[i].flow == (int)run->flow)
            return &events[i];
    return NULL;
}

/* 2: what the event holds */
static int emit(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    const struct tl_event_type *type = tl_run_event_type(script->run);
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

static int mapped(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    lua_replace(L, 2);
    lua_settop(L, 2);
    return emit(L);
}

/* 2: the record */
static int map(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    const struct tl_event_type *type = tl_run_event_type(script->run);
    if (!type->map[0])
        return emit(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->maps);
    lua_getfield(L, -1, type->map);
    lua_getfield(L, -1, "apply");
    lua_pushvalue(L, 2);
    lua_callk(L, 1, 1, 0, mapped);
    return mapped(L, LUA_OK, 0);
}

static int filtered(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    bool wanted = lua_toboolean(L, -1);
    lua_settop(L, 2);
    if (wanted)
        return map(L);
    tl_script_of(L)->run->dropped = true;
    return 0;
}

/* when(new, old) → map(new) → emit, giving way where it has to. `old` is nil until the entities package. 1: e */
int tl_run_event_unit(lua_State *L)
{
    const struct tl_event_type *type = tl_run_event_type(tl_script_of(L)->run);
    lua_getfield(L, 1, "data"); /* 2 */
    if (!type->when)
        return map(L);
    tl_declared_push(L, "event", type->name, "when");
    lua_pushvalue(L, 2);
    lua_pushnil(L);
    lua_callk(L, 2, 1, 0, filtered);
    return filtered(L, LUA_OK, 0);
}
