/* Keys and orders of events, by JSON pointer or by the script's function; and the round trip of `tidelock tool json`.
 * Thread: that of the state. */
#include "bundle_private.h"
#include "codec/json_pointer.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"

static void key_text(lua_State *L, const char *what)
{
    if (lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1))
        luaL_error(L, "%s: the key must be text or an integer, not %s", what,
                   lua_isnil(L, -1) ? "nil" : luaL_typename(L, -1));
    if (lua_tostring(L, -1)[0] == '\0')
        luaL_error(L, "%s: the key is empty", what);
}

void tl_event_key_push(lua_State *L, const struct tl_event_type *type, int index, tl_str json)
{
    index = lua_absindex(L, index);
    if (type->key.function) {
        tl_declared_push(L, "event", type->name, "key");
        lua_pushvalue(L, index);
        lua_call(L, 1, 1);
    } else {
        struct tl_script *script = tl_script_of(L);
        tl_str text;
        struct tl_error err;
        tl_buf_clear(&script->scratch2);
        if (tl_json_pointer_text(json, tl_str_z(type->key.pointer), &script->scratch2, &text, &err) != TL_OK) {
            struct tl_run_result failure = {
                .cls = TL_STR("data"), .code = TL_STR("no-key"), .message = tl_str_z(err.text)};
            tl_error_push(L, &failure);
            lua_error(L);
        }
        lua_pushlstring(L, text.ptr, text.len);
    }
    key_text(L, type->name);
    lua_tostring(L, -1);
}

static tl_code take_key(struct tl_run *run, const struct tl_run_outcome *outcome, struct tl_buf *out,
                        struct tl_error *err)
{
    if (outcome->ending == TL_RUN_WAIT)
        return tl_fail(err, TL_EINPUT, "flow \"%s\": the function of the order waits; it may only look at its event",
                       run->script->bundle->flows.items[run->flow].name);
    if (outcome->ending != TL_RUN_DONE)
        return tl_fail(err, TL_EINPUT, "%s:%d: the function of the order ended with: %.*s",
                       outcome->error.place.file ? outcome->error.place.file : "", outcome->error.place.line,
                       TL_STR_ARGS(outcome->ending == TL_RUN_ERROR ? outcome->error.message : outcome->reason));
    lua_State *L = run->root->thread;
    if (lua_gettop(L) < 1 || (lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1)))
        return tl_fail(err, TL_EINPUT, "flow \"%s\": the function of the order gave no text or integer",
                       run->script->bundle->flows.items[run->flow].name);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    tl_buf_add(out, text, len);
    return TL_OK;
}

tl_code tl_script_order_key(struct tl_script *script, size_t flow, const struct tl_run_event *event, struct tl_buf *out,
                            struct tl_error *err)
{
    tl_must(script->bundle && flow < script->bundle->flows.count);
    tl_must(script->bundle->flows.items[flow].order.function);
    struct tl_run *run = tl_run_new(script, flow, event);
    tl_code code = TL_EFULL;
    if (tl_run_begin(run, true))
        code = take_key(run, tl_stretch(run, false), out, err);
    else
        tl_fail(err, TL_EFULL, "the state is out of memory");
    tl_run_free(run);
    return code;
}

struct key_job {
    const struct tl_event_type *type;
    tl_str payload;
    struct tl_buf *out;
};

static int event_key(lua_State *L)
{
    struct key_job *job = lua_touserdata(L, 1);
    struct tl_error err;
    if (!tl_value_decode(L, job->payload, &err))
        return luaL_error(L, "%s", err.text);
    tl_event_key_push(L, job->type, -1, job->payload);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    tl_buf_add(job->out, text, len);
    return 0;
}

tl_code tl_script_event_key(struct tl_script *script, const struct tl_event_type *type, tl_str payload,
                            struct tl_buf *out, struct tl_error *err)
{
    if (!type->key.function) {
        tl_str text;
        tl_buf_clear(&script->scratch2);
        tl_code code = tl_json_pointer_text(payload, tl_str_z(type->key.pointer), &script->scratch2, &text, err);
        if (code == TL_OK)
            tl_buf_add_str(out, text);
        return code == TL_OK ? TL_OK : TL_EINPUT;
    }
    struct key_job job = {type, payload, out};
    return tl_script_protected(script, event_key, &job, script->limits.cpu_ms, err);
}

struct round_job {
    tl_str json;
    struct tl_buf *out;
};

static int round_trip(lua_State *L)
{
    struct round_job *job = lua_touserdata(L, 1);
    struct tl_error err;
    if (!tl_value_decode(L, job->json, &err))
        return luaL_error(L, "%s", err.text);
    tl_value_encode(L, -1, job->out);
    return 0;
}

tl_code tl_script_roundtrip(struct tl_script *script, tl_str json, struct tl_buf *out, struct tl_error *err)
{
    struct round_job job = {json, out};
    return tl_script_protected(script, round_trip, &job, 60 * 1000, err);
}
