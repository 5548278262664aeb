/* require "cjson": lua-cjson's decoder with safe limits (depth 128, no NaN, no hex), for JSON that is held
 * inside strings; its numbers are doubles, so integers from 2^53 on and long decimals lose digits:
 * `json.decode` of the standard library keeps them. `encode` is our codec (sorted keys), which here takes floats too.
 * cjson.null is null. Thread: that of the state. */
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <lua-cjson.h>

static int cjson_decode(lua_State *L)
{
    size_t len;
    luaL_checklstring(L, 1, &len);
    if (len > tl_script_of(L)->limits.result_bytes)
        return luaL_error(L, "cjson.decode: a text of %d bytes is larger than a script may decode", (int)len);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int encode_by(lua_State *L, void (*encode)(lua_State *, int, struct tl_buf *))
{
    luaL_checkany(L, 1);
    struct tl_buf *out = tl_scratch(L);
    encode(L, 1, out);
    lua_pushlstring(L, out->ptr, out->len);
    tl_buf_clear(out);
    return 1;
}

int tl_json_encode_lua(lua_State *L)
{
    return encode_by(L, tl_value_encode);
}

int tl_json_encode_floats(lua_State *L)
{
    return encode_by(L, tl_value_encode_floats);
}

int tl_json_decode_lua(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct tl_error err;
    if (tl_value_decode(L, tl_str_n(text, len), &err))
        return 1;
    return luaL_error(L, "json.decode: %s", err.text);
}

void tl_lib_cjson(lua_State *L)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "decode_max_depth");
    lua_pushinteger(L, TL_VALUE_DEPTH);
    lua_call(L, 1, 0);
    lua_getfield(L, -1, "decode_invalid_numbers");
    lua_pushboolean(L, 0);
    lua_call(L, 1, 0);
    lua_newtable(L);
    lua_getfield(L, -2, "decode");
    lua_pushcclosure(L, cjson_decode, 1);
    lua_setfield(L, -2, "decode");
    lua_pushcfunction(L, tl_json_encode_floats);
    lua_setfield(L, -2, "encode");
    tl_null_push(L);
    lua_setfield(L, -2, "null");
    lua_remove(L, -2);
}
