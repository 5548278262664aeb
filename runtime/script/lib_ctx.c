/* ctx: what a flow may ask of the runtime. One object a state; the run it speaks for is the one that is running. Here:
 * the object itself, and what does not wait, which may be called everywhere: emit, log, now, try, random, uuid.
 * Thread: that of the state. */
#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/nearest.h"
#include "bundle_private.h"
#include "codec/timestamp.h"
#include "contracts.h"
#include "inspect.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

static int ctx_emit(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "emit");
    size_t len;
    const char *name = luaL_checklstring(L, 2, &len);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    const struct tl_bundle *bundle = tl_script_of(L)->bundle;
    const struct tl_event_type *type = tl_bundle_event(bundle, tl_str_n(name, len));
    if (!type) {
        const char *nearest = tl_bundle_nearest_event(bundle, tl_str_n(name, len));
        return luaL_error(L, "ctx:emit: no event \"%s\" is declared%s%s%s", name, nearest ? "; did you mean \"" : "",
                          nearest ? nearest : "", nearest ? "\"?" : "");
    }
    tl_str data = tl_ctx_json(L, 3, &run->arena);
    tl_event_contract_check(L, type, data);
    tl_event_key_push(L, type, 3, data);
    const char *key = lua_tolstring(L, -1, &len);
    if (run->outcome.emit_count == run->emit_cap) {
        if (run->emit_cap >= 10000)
            return luaL_error(L, "ctx:emit: more than 10,000 events of one run");
        run->emit_cap = run->emit_cap ? run->emit_cap * 2 : 4;
        run->emits = tl_realloc(run->emits, run->emit_cap * sizeof(*run->emits));
        run->outcome.emits = run->emits;
    }
    run->emits[run->outcome.emit_count++] = (struct tl_run_emit){
        tl_str_z(type->name), tl_arena_str(&run->arena, tl_str_n(key, len)), data, tl_run_place(L, &run->arena)};
    return 0;
}

/* ctx:log([level,] message [, fields]) */
static int ctx_log(lua_State *L)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    struct tl_run *run = tl_ctx_run(L, "log");
    int level = TL_INFO, at = 2;
    const char *first = luaL_checkstring(L, 2);
    if (lua_type(L, 3) == LUA_TSTRING) {
        level = -1;
        for (int i = 0; i < 4; i++)
            if (strcmp(first, levels[i]) == 0)
                level = i;
        luaL_argcheck(L, level >= 0, 2, "debug, info, warn or error");
        at = 3;
    }
    size_t len;
    const char *message = luaL_checklstring(L, at, &len);
    tl_str fields = lua_isnoneornil(L, at + 1) ? TL_STR_NONE : tl_ctx_json_floats(L, at + 1, &run->stretch);
    tl_run_log(L, run, level, tl_str_n(message, len), fields);
    return 0;
}

/* Text in UTC with milliseconds. */
static int ctx_now(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "now");
    struct tl_timestamp now = tl_timestamp_from_ms(run->now_ms);
    char text[TL_TIMESTAMP_SIZE];
    tl_str s = tl_timestamp_print(&now, TL_TIME_RFC3339, text);
    lua_pushlstring(L, s.ptr, s.len);
    return 1;
}

static int try_done(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 1;
    if (tl_script_stopped(L, status))
        return lua_error(L);
    tl_error_wrap(L);
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* ctx:try(fn, …): what fn returns, or nil and the error as a table. */
static int ctx_try(lua_State *L)
{
    tl_ctx_run(L, "try");
    luaL_checktype(L, 2, LUA_TFUNCTION);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, try_done);
    return try_done(L, status, 0);
}

static uint64_t draw(struct tl_run *run)
{
    struct tl_hash_key key = {run->event.unit, 0x7469646c};
    uint64_t counter = ++run->drawn;
    return tl_hash(&key, &counter, sizeof counter);
}

/* ctx:random(n): 1..n; ctx:random(m, n): m..n; the same again when the run is repeated. */
static int ctx_random(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "random");
    lua_Integer low = lua_isnoneornil(L, 3) ? 1 : luaL_checkinteger(L, 2);
    lua_Integer high = luaL_checkinteger(L, lua_isnoneornil(L, 3) ? 2 : 3);
    luaL_argcheck(L, low <= high, 2, "an empty range");
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;
    uint64_t value = draw(run);
    lua_pushinteger(L, (lua_Integer)((uint64_t)low + (span ? value % span : value)));
    return 1;
}

static int ctx_uuid(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "uuid");
    uint64_t a = draw(run), b = draw(run);
    char text[40];
    snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)((a >> 16) & 0xffff),
             (unsigned)(a & 0xfff), (unsigned)(0x8000 | ((b >> 48) & 0x3fff)),
             (unsigned long long)(b & 0xffffffffffffull));
    lua_pushstring(L, text);
    return 1;
}

/* ---- the object ---- */

static int ctx_index(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL);
    const char *advice = tl_ctx_advice(tl_str_z(name));
    if (advice)
        return luaL_error(L, "%s", advice);
    const char *nearest = tl_nearest(tl_str_z(name), tl_ctx_names, tl_ctx_count);
    if (!nearest && tl_script_of(L)->bundle)
        nearest = tl_bundle_nearest_target(tl_script_of(L)->bundle, tl_str_z(name));
    return luaL_error(L, "ctx has no '%s'%s%s%s", name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

static void add_target(lua_State *L, const char *name)
{
    tl_ctx_target_push(L, name);
    lua_setfield(L, -2, name);
}

void tl_ctx_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"emit", ctx_emit}, {"log", ctx_log},       {"now", ctx_now}, {"try", ctx_try},
                                         {"uuid", ctx_uuid}, {"random", ctx_random}, {NULL, NULL}};
    luaL_newlib(L, functions);
    tl_ctx_wait_open(L);
    tl_ctx_branch_open(L);
    tl_ctx_undo_open(L);
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(tl_script_of(L)->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        add_target(L, systems[i].name);
        if (strcmp(systems[i].name, systems[i].kind) != 0)
            add_target(L, systems[i].kind);
    }
    tl_ctx_answer_by(L, ctx_index, 0);
    tl_ctx_protect(L);
}
