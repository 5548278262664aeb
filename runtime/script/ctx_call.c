/* ctx.<target>: the systems and kinds of an integration, put and the connectors' operations. Thread: that of the
 * state. */
#include "bundle_private.h"
#include "contracts.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

static const char *call_name(struct tl_run *run, tl_str target, tl_str operation)
{
    return tl_ctx_join(&run->arena, (tl_str[]){target, TL_STR(":"), operation}, 3).ptr;
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
    tl_str json = tl_ctx_json(L, key, &run->arena);
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

/* The system that the run's event makes of a kind, because systems of one kind may need maps and have operations of
 * their own; the kind itself where no route says it: then the engine tells why. */
static const char *meant_by(const struct tl_script *script, const char *target)
{
    const struct tl_system_decl *system =
        tl_bundle_route_to(script->bundle, tl_str_z(target), script->run->event.payload, NULL);
    return system ? system->name : target;
}

static int ask_put(lua_State *L, int status, lua_KContext context);

/* ctx.<target>:put(entity, record, { undo, once, name }) */
static int ctx_put(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "put");
    const char *target = lua_tostring(L, lua_upvalueindex(1));
    const char *entity = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 4);
    if (!tl_put_map_push(L, meant_by(tl_script_of(L), target), entity)) /* 5 */
        return luaL_error(L, "ctx.%s:put: no map writes %s there; declare map \"%s.<Object> <- %s\" or a lens", target,
                          entity, target, entity);
    tl_entity_contract_check(L, entity, tl_ctx_json(L, 3, &run->stretch));
    lua_pushcfunction(L, tl_pure);
    lua_getfield(L, 5, "apply");
    lua_pushvalue(L, 3);
    lua_callk(L, 2, 1, 0, ask_put); /* may give way */
    return ask_put(L, LUA_OK, 0);
}

/* 5: the map; 6: the platform's record */
static int ask_put(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct tl_run *run = tl_ctx_run(L, "put");
    const char *target = lua_tostring(L, lua_upvalueindex(1)), *entity = lua_tostring(L, 2);
    if (!lua_istable(L, 6))
        return luaL_error(L, "the map for %s gave a %s instead of a record", entity, luaL_typename(L, 6));
    struct tl_options options;
    tl_options_read(L, 4, TL_OPTION_NAME | TL_OPTION_UNDO | TL_OPTION_ONCE, "put", &options); /* 7 */
    struct tl_arena *arena = &run->arena;
    struct tl_run_ask request = {.kind = TL_ASK_CALL,
                                 .effect = TL_EFFECT_IDEMPOTENT,
                                 .target = tl_arena_str(arena, tl_str_z(target)),
                                 .operation = TL_STR("put"),
                                 .entity = tl_arena_str(arena, tl_str_z(entity)),
                                 .once = options.once};
    lua_getfield(L, 5, "object");
    request.object = tl_arena_str(arena, tl_str_z(lua_tostring(L, -1)));
    request.key = encode_key(L, 5, 6, run);
    request.record = tl_ctx_json(L, 6, arena);
    request.args =
        tl_str_z(tl_arena_printf(arena, "{\"key\":%.*s,\"object\":\"%.*s\",\"record\":%.*s}", TL_STR_ARGS(request.key),
                                 TL_STR_ARGS(request.object), TL_STR_ARGS(request.record)));
    return tl_ask(L, run, &request, call_name(run, request.target, request.operation), &options, tl_answer_document);
}

static void check_effect(lua_State *L, const struct tl_run_ask *request, const struct tl_options *options)
{
    bool known = tl_script_of(L)->bundle->options.effect_class != NULL;
    if (known && request->effect == TL_EFFECT_READ && options->undo)
        luaL_error(L, "ctx.%s:%s only reads: there is nothing to undo", request->target.ptr, request->operation.ptr);
    if (request->effect == TL_EFFECT_UNSAFE && !options->once.len)
        luaL_error(L,
                   "ctx.%s:%s is unsafe, a repeat would do it twice: name the effect by its business meaning, "
                   "ctx.%s:%s({ … }, { once = \"invoice:\" .. order_no })",
                   request->target.ptr, request->operation.ptr, request->target.ptr, request->operation.ptr);
}

/* ctx.<target>:<operation>({ … }, { undo, once, name }); upvalues: target, operation, the target's object. */
static int ctx_operation(lua_State *L)
{
    const char *target = lua_tostring(L, lua_upvalueindex(1)), *operation = lua_tostring(L, lua_upvalueindex(2));
    struct tl_run *run = tl_ctx_run(L, operation);
    if (!lua_rawequal(L, 1, lua_upvalueindex(3)))
        return luaL_error(L, "ctx.%s.%s is called with a dot; write ctx.%s:%s", target, operation, target, operation);
    lua_settop(L, 3);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    tl_step_word(L, tl_str_z(operation), "an operation's name");
    const char *nearest = NULL;
    const struct tl_script *script = tl_script_of(L);
    enum tl_effect_class effect =
        tl_bundle_effect(script->bundle, tl_str_z(meant_by(script, target)), tl_str_z(operation), &nearest);
    if (effect == TL_EFFECT_UNKNOWN)
        return luaL_error(L, "%s has no operation '%s'%s%s", target, operation, nearest ? "; did you mean " : "",
                          nearest ? nearest : "");
    struct tl_options options;
    tl_options_read(L, 3, TL_OPTION_NAME | TL_OPTION_UNDO | TL_OPTION_ONCE, operation, &options);
    struct tl_run_ask request = {.kind = TL_ASK_CALL,
                                 .effect = effect,
                                 .target = tl_arena_str(&run->arena, tl_str_z(target)),
                                 .operation = tl_arena_str(&run->arena, tl_str_z(operation)),
                                 .once = options.once};
    check_effect(L, &request, &options);
    request.args = tl_ctx_json(L, 2, &run->arena);
    return tl_ask(L, run, &request, call_name(run, request.target, request.operation), &options, tl_answer_document);
}

/* __index of a target's members: an operation of that name, remembered when there is one. Upvalues: the target's name
 * and object. */
static int target_index(lua_State *L)
{
    luaL_checkstring(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 2);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushcclosure(L, ctx_operation, 3);
    const char *nearest;
    tl_str target = tl_str_z(lua_tostring(L, lua_upvalueindex(1))), name = tl_str_z(lua_tostring(L, 2));
    if (tl_bundle_effect(tl_script_of(L)->bundle, target, name, &nearest) == TL_EFFECT_UNKNOWN)
        return 1;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

void tl_ctx_target_push(lua_State *L, const char *name)
{
    lua_newtable(L);
    int members = lua_gettop(L);
    lua_pushstring(L, name);
    lua_pushcclosure(L, ctx_put, 1);
    lua_setfield(L, members, "put");
    lua_pushvalue(L, members);
    tl_ctx_protect(L);
    lua_pushvalue(L, members);
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    tl_ctx_answer_by(L, target_index, 2);
    lua_pop(L, 1);
    lua_remove(L, members);
}
