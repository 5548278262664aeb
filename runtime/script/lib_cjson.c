/* require "cjson": lua-cjson's decoder with safe limits (depth 128, no NaN, no hex), for JSON that is held
 * inside strings; its numbers are doubles, so integers from 2^53 on and long decimals lose digits:
 * `json.decode` of the standard library keeps them. `encode` is our codec (sorted keys), which here takes floats too.
 * cjson.null is null. Thread: that of the state. */
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <lua-cjson.h>

/* More than what decoding takes of a state: a table and its first member for each bracket, a member's place while its
 * table grows for each comma and colon, a string's header for each pair of quotes, and the text itself. */
static size_t most_taken(const char *text, size_t len)
{
    static const unsigned char bytes[256] = {['['] = 128, ['{'] = 128, [','] = 48, [':'] = 48, ['"'] = 32};
    size_t sum = 256 + len;
    for (size_t i = 0; i < len; i++)
        sum += bytes[(unsigned char)text[i]];
    return sum;
}

static bool fits(lua_State *L, const struct tl_quota *quota, size_t size)
{
    if (!tl_quota_fits(quota, size))
        lua_gc(L, LUA_GCCOLLECT);
    return tl_quota_fits(quota, size);
}

/* lua-cjson does not free its buffer when Lua refuses it memory, so nothing is refused to it that was seen to fit. */
static int cjson_decode(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (len > script->limits.result_bytes)
        return luaL_error(L, "cjson.decode: a text of %d bytes is larger than a script may decode", (int)len);
    if (!fits(L, &script->quota, most_taken(text, len)))
        return luaL_error(L,
                          "cjson.decode: a text of %d bytes may need more memory than the script has left; "
                          "json.decode asks for no more than it needs",
                          (int)len);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    script->quota.open = true;
    int status = lua_pcall(L, 1, 1, 0);
    script->quota.open = false;
    return status == LUA_OK ? 1 : lua_error(L);
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
