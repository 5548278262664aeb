/* ctx: what a flow may ask of the runtime. One object a state; the run it speaks for is the one that is
 * running. put and operations wait, so they may be called anywhere but inside callbacks of C functions
 * (table.sort, gsub, tostring, maps); emit, park, fail, log, now, try, random and uuid may be called
 * everywhere. Thread: that of the state. */
#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/nearest.h"
#include "bundle_private.h"
#include "codec/timestamp.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

static const char *const methods[] = {"emit", "park", "fail", "log", "now", "try", "random", "uuid"};
static const char *const later[] = {"decide", "all",  "gather", "first", "each",     "await",
                                    "sleep",  "keep", "undo",   "start", "continue", "accept"};

static struct tl_run *running(lua_State *L, const char *method)
{
    struct tl_run *run = tl_script_of(L)->run;
    if (!run)
        luaL_error(L, "ctx:%s: no run is going on", method);
    luaL_argexpected(L, lua_istable(L, 1) || lua_isuserdata(L, 1), 1, "ctx (write ctx:, not ctx.)");
    return run;
}

static tl_str encode_kept(lua_State *L, int index, struct tl_arena *arena)
{
    struct tl_buf *buf = tl_scratch(L);
    tl_value_encode(L, index, buf);
    if (buf->overflow)
        luaL_error(L, "a value of more than %d bytes", (int)buf->max);
    tl_str kept = tl_arena_str(arena, tl_buf_str(buf));
    tl_buf_clear(buf);
    return kept;
}

/* ---- asking ---- */

static int stop_steps(lua_State *L, const char *what, const char *rule)
{
    lua_pushfstring(L,
                    "%s %s (rules.md, rule 6: until runs are durable a run is repeated whole after a crash): give it "
                    "a flow of its own, started by ctx:emit",
                    what, rule);
    return tl_script_stop(L, TL_STOP_STEPS);
}

static void check_steps(lua_State *L, struct tl_run *run, enum tl_effect_class effect, const char *what)
{
    if (effect == TL_EFFECT_READ || effect == TL_EFFECT_UNKNOWN) {
        run->did_read = true;
        return;
    }
    if (effect != TL_EFFECT_IDEMPOTENT)
        stop_steps(L, what, "is a keyed or unsafe operation");
    if (run->did_effect)
        stop_steps(L, what, "is a second effect of this run");
    if (run->did_read)
        stop_steps(L, what, "comes after a read");
    if (run->did_emit)
        stop_steps(L, what, "comes after an emit");
    run->did_effect = true;
}

static int count_ask(struct tl_run *run, const char *name)
{
    for (size_t i = 0; i < run->asked_count; i++)
        if (strcmp(run->asked[i].name, name) == 0)
            return ++run->asked[i].count;
    run->asked = tl_realloc(run->asked, (run->asked_count + 1) * sizeof(*run->asked));
    run->asked[run->asked_count].name = tl_arena_copy(&run->arena, tl_str_z(name));
    run->asked[run->asked_count].count = 1;
    run->asked_count++;
    return 1;
}

static int asked(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct tl_run *run = tl_script_of(L)->run;
    if (run->refuse_wait || !run->result) {
        run->refuse_wait = false;
        return luaL_error(L,
                          "no waiting here: ctx was asked inside a callback of table.sort, gsub or tostring, or in a "
                          "map; ask before it");
    }
    const struct tl_run_result *result = run->result;
    if (!result->ok) {
        tl_error_push(L, result);
        return lua_error(L);
    }
    struct tl_error err;
    if (!result->document.len)
        lua_pushnil(L);
    else if (!tl_value_decode(L, result->document, &err))
        return luaL_error(L, "the answer is not JSON: %s", err.text);
    return 1;
}

static int ask(lua_State *L, struct tl_run *run, struct tl_run_ask *request)
{
    char name[256];
    snprintf(name, sizeof name, "ctx.%.*s:%.*s", TL_STR_ARGS(request->target), TL_STR_ARGS(request->operation));
    if (!lua_isyieldable(L))
        return luaL_error(L,
                          "no waiting here: %s was called inside a callback of table.sort, gsub or tostring, or in "
                          "a map; ask before it",
                          name);
    check_steps(L, run, request->effect, name);
    request->nth = count_ask(run, name);
    request->place = tl_run_place(L, &run->stretch);
    run->outcome.ask = *request;
    tl_script_of(L)->asking = true;
    return lua_yieldk(L, 0, 0, asked);
}

static void check_options(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(key, "undo") == 0 || strcmp(key, "once") == 0)
            luaL_error(L, "put: '%s' comes with the durable-runs package", key);
        luaL_error(L, "put: unknown option '%s'", key);
    }
}

/* The external key of a mapped record as a JSON object. */
static tl_str encode_key(lua_State *L, int map, int record, struct tl_run *run)
{
    lua_newtable(L);
    int key = lua_gettop(L);
    lua_getfield(L, map, "keys");
    lua_Integer count = luaL_len(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, key + 1, i);
        const char *field = lua_tostring(L, -1);
        if (lua_getfield(L, record, field) == LUA_TNIL || tl_null_is(L, -1)) {
            char text[200];
            snprintf(text, sizeof text, "the mapped record has no %s, which is the key of the object", field);
            struct tl_run_result error = {.cls = TL_STR("data"), .message = tl_str_z(text)};
            tl_error_push(L, &error);
            lua_error(L);
        }
        lua_setfield(L, key, field);
        lua_pop(L, 1);
    }
    tl_str json = encode_kept(L, key, &run->stretch);
    lua_settop(L, key - 1);
    return json;
}

bool tl_put_map_push(lua_State *L, const char *target, const char *entity)
{
    struct tl_script *script = tl_script_of(L);
    const struct tl_bundle *bundle = script->loading ? script->loading->bundle : script->bundle;
    const struct tl_system_decl *system = tl_bundle_system(bundle, tl_str_z(target));
    const char *names[] = {target, system ? system->kind : target};
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->puts);
    for (size_t i = 0; i < TL_COUNT_OF(names); i++) {
        lua_pushfstring(L, "%s %s", names[i], entity);
        if (lua_rawget(L, -2) == LUA_TTABLE) {
            lua_remove(L, -2);
            return true;
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return false;
}

/* ctx.<target>:put(entity, record, options) */
static int ctx_put(lua_State *L)
{
    struct tl_run *run = running(L, "put");
    const char *target = lua_tostring(L, lua_upvalueindex(1));
    const char *entity = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    check_options(L, 4);
    lua_settop(L, 3);
    if (!tl_put_map_push(L, target, entity))
        return luaL_error(L, "ctx.%s:put: no map writes %s there; declare map \"%s.<Object> <- %s\"", target, entity,
                          target, entity);
    lua_getfield(L, 4, "apply");
    lua_pushvalue(L, 3);
    lua_call(L, 1, 1); /* 5: the platform's record */
    if (!lua_istable(L, 5))
        return luaL_error(L, "the map for %s gave a %s instead of a record", entity, luaL_typename(L, 5));
    struct tl_arena *arena = &run->stretch;
    struct tl_run_ask request = {.effect = TL_EFFECT_IDEMPOTENT,
                                 .target = tl_arena_str(arena, tl_str_z(target)),
                                 .operation = TL_STR("put"),
                                 .entity = tl_arena_str(arena, tl_str_z(entity))};
    lua_getfield(L, 4, "object");
    request.object = tl_arena_str(arena, tl_str_z(lua_tostring(L, -1)));
    request.key = encode_key(L, 4, 5, run);
    request.record = encode_kept(L, 5, arena);
    request.args =
        tl_str_z(tl_arena_printf(arena, "{\"key\":%.*s,\"object\":\"%.*s\",\"record\":%.*s}", TL_STR_ARGS(request.key),
                                 TL_STR_ARGS(request.object), TL_STR_ARGS(request.record)));
    return ask(L, run, &request);
}

/* ctx.<target>:<operation>{…}; upvalues: target, operation, the target's object. */
static int ctx_operation(lua_State *L)
{
    const char *target = lua_tostring(L, lua_upvalueindex(1)), *operation = lua_tostring(L, lua_upvalueindex(2));
    struct tl_run *run = running(L, operation);
    if (!lua_rawequal(L, 1, lua_upvalueindex(3)))
        return luaL_error(L, "ctx.%s.%s is called with a dot; write ctx.%s:%s", target, operation, target, operation);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *nearest = NULL;
    enum tl_effect_class effect =
        tl_bundle_effect(tl_script_of(L)->bundle, tl_str_z(target), tl_str_z(operation), &nearest);
    if (effect == TL_EFFECT_UNKNOWN)
        return luaL_error(L, "%s has no operation '%s'%s%s", target, operation, nearest ? "; did you mean " : "",
                          nearest ? nearest : "");
    struct tl_run_ask request = {.effect = effect,
                                 .target = tl_arena_str(&run->stretch, tl_str_z(target)),
                                 .operation = tl_arena_str(&run->stretch, tl_str_z(operation)),
                                 .args = encode_kept(L, 2, &run->stretch)};
    return ask(L, run, &request);
}

/* __index of a target's members: an operation of that name, remembered. Upvalues: the target's name and
 * object. */
static int target_index(lua_State *L)
{
    luaL_checkstring(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 2);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushcclosure(L, ctx_operation, 3);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* ---- everything that does not wait ---- */

static int ctx_emit(lua_State *L)
{
    struct tl_run *run = running(L, "emit");
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
    tl_str data = encode_kept(L, 3, &run->arena);
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
    run->did_emit = true;
    return 0;
}

static int stop_with(lua_State *L, enum tl_stop stop, const char *method)
{
    struct tl_run *run = running(L, method);
    run->stop_reason = tl_arena_copy(&run->stretch, tl_str_z(luaL_checkstring(L, 2)));
    run->stop_data = lua_isnoneornil(L, 3) ? "" : encode_kept(L, 3, &run->stretch).ptr;
    run->outcome.place = tl_run_place(L, &run->stretch);
    lua_pushnil(L);
    return tl_script_stop(L, stop);
}

static int ctx_park(lua_State *L)
{
    return stop_with(L, TL_STOP_PARK, "park");
}

static int ctx_fail(lua_State *L)
{
    return stop_with(L, TL_STOP_FAIL, "fail");
}

static void add_log(lua_State *L, struct tl_run *run, int level, tl_str message, tl_str fields)
{
    if (run->outcome.log_count == run->log_cap) {
        if (run->log_cap >= 1024)
            return;
        run->log_cap = run->log_cap ? run->log_cap * 2 : 8;
        run->logs = tl_realloc(run->logs, run->log_cap * sizeof(*run->logs));
        run->outcome.logs = run->logs;
    }
    run->logs[run->outcome.log_count++] =
        (struct tl_run_log){level, tl_arena_str(&run->stretch, message), fields, tl_run_place(L, &run->stretch)};
}

void tl_run_note(lua_State *L, const char *text)
{
    struct tl_run *run = tl_script_of(L)->run;
    if (run)
        add_log(L, run, TL_INFO, tl_str_z(text), TL_STR_NONE);
}

/* ctx:log([level,] message [, fields]) */
static int ctx_log(lua_State *L)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    struct tl_run *run = running(L, "log");
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
    tl_str fields = lua_isnoneornil(L, at + 1) ? TL_STR_NONE : encode_kept(L, at + 1, &run->stretch);
    add_log(L, run, level, tl_str_n(message, len), fields);
    return 0;
}

/* Text in UTC with milliseconds. */
static int ctx_now(lua_State *L)
{
    struct tl_run *run = running(L, "now");
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
    running(L, "try");
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
    struct tl_run *run = running(L, "random");
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
    struct tl_run *run = running(L, "uuid");
    uint64_t a = draw(run), b = draw(run);
    char text[40];
    snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)((a >> 16) & 0xffff),
             (unsigned)(a & 0xfff), (unsigned)(0x8000 | ((b >> 48) & 0x3fff)),
             (unsigned long long)(b & 0xffffffffffffull));
    lua_pushstring(L, text);
    return 1;
}

static int ctx_index(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL);
    for (size_t i = 0; i < TL_COUNT_OF(later); i++)
        if (strcmp(later[i], name) == 0)
            return luaL_error(L, "ctx:%s comes with the durable-runs package; until then chain flows with ctx:emit",
                              name);
    const char *nearest = tl_nearest(tl_str_z(name), methods, TL_COUNT_OF(methods));
    if (!nearest && tl_script_of(L)->bundle)
        nearest = tl_bundle_nearest_target(tl_script_of(L)->bundle, tl_str_z(name));
    return luaL_error(L, "ctx has no '%s'%s%s%s", name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

static int read_only(lua_State *L)
{
    return luaL_error(L, "ctx cannot be changed");
}

/* The table of members is on the top: replaces it by an empty, read-only table that shows them. */
static void protect(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "ctx");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

/* What the table on the top lacks is answered by a function with the `upvalues` values above the table. */
static void answer_by(lua_State *L, lua_CFunction index, int upvalues)
{
    lua_pushcclosure(L, index, upvalues);
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* Adds a system or kind to ctx's members on the top. */
static void add_target(lua_State *L, const char *name)
{
    lua_newtable(L);
    int members = lua_gettop(L);
    lua_pushstring(L, name);
    lua_pushcclosure(L, ctx_put, 1);
    lua_setfield(L, members, "put");
    lua_pushvalue(L, members);
    protect(L);
    lua_pushvalue(L, members);
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    answer_by(L, target_index, 2);
    lua_pop(L, 1);
    lua_remove(L, members);
    lua_setfield(L, -2, name);
}

void tl_ctx_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"emit", ctx_emit}, {"park", ctx_park},     {"fail", ctx_fail},
                                         {"log", ctx_log},   {"now", ctx_now},       {"try", ctx_try},
                                         {"uuid", ctx_uuid}, {"random", ctx_random}, {NULL, NULL}};
    luaL_newlib(L, functions);
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(tl_script_of(L)->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        add_target(L, systems[i].name);
        if (strcmp(systems[i].name, systems[i].kind) != 0)
            add_target(L, systems[i].kind);
    }
    answer_by(L, ctx_index, 0);
    protect(L);
}
