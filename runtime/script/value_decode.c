/* JSON bytes to Lua values: one pass of the reader, members are gathered on the Lua stack so that each table
 * is made with its exact size. Depth is bounded by the reader. Thread: that of the state. */
#include "codec/json_reader.h"
#include "value.h"

#define SHORT_STRING 40 /* Lua holds strings up to here once each */

struct decoder {
    lua_State *L;
    struct tl_script *script;
    struct tl_json_reader reader;
};

static bool decode(struct decoder *d, enum tl_json_token token);

/* Fills the fresh table at `base` from the pairs above it: key, value, key, value, … When a key stands twice the last
 * one counts; without that the pairs are taken off the top. */
static void fill_object(lua_State *L, int base, int top, bool twice)
{
    if (!twice) {
        for (int i = top; i > base; i -= 2)
            lua_rawset(L, base);
        return;
    }
    for (int i = base + 1; i < top; i += 2) {
        lua_pushvalue(L, i);
        lua_pushvalue(L, i + 1);
        lua_rawset(L, base);
    }
}

/* Which keys were seen, by the address of the string that Lua holds once; long ones are never known. */
struct seen {
    uint64_t bits[8];
    bool twice; /* one may stand twice */
};

static void see(struct seen *seen, const char *key, size_t len)
{
    uint64_t hash = ((uint64_t)(uintptr_t)key >> 3) * 0x9e3779b97f4a7c15u;
    uint64_t bit = (uint64_t)1 << (hash >> 58), *word = &seen->bits[hash >> 55 & 7];
    seen->twice |= len > SHORT_STRING || (*word & bit) != 0;
    *word |= bit;
}

static bool decode_object(struct decoder *d)
{
    lua_State *L = d->L;
    int base = lua_gettop(L) + 1;
    struct seen seen = {.twice = false};
    bool nulls = false;
    lua_pushnil(L);
    for (;;) {
        enum tl_json_token token = tl_json_read(&d->reader);
        if (token == TL_JSON_END_OBJECT)
            break;
        if (token != TL_JSON_KEY || !lua_checkstack(L, 8))
            return false;
        size_t len = d->reader.text.len;
        see(&seen, lua_pushlstring(L, d->reader.text.ptr, len), len);
        token = tl_json_read(&d->reader);
        if (token == TL_JSON_NULL)
            nulls = true;
        if (!decode(d, token))
            return false;
    }
    int top = lua_gettop(L);
    lua_createtable(L, 0, (top - base) / 2);
    lua_replace(L, base);
    fill_object(L, base, top, nulls || seen.twice);
    if (nulls)
        for (int i = base + 1; i < top; i += 2)
            if (tl_null_is(L, i + 1)) {
                lua_pushvalue(L, i);
                lua_rawget(L, base);
                bool last = tl_null_is(L, -1);
                lua_pop(L, 1);
                if (last) {
                    lua_pushvalue(L, i);
                    tl_null_set(L, base);
                }
            }
    lua_settop(L, base);
    return true;
}

static bool decode_array(struct decoder *d)
{
    lua_State *L = d->L;
    int base = lua_gettop(L) + 1;
    bool nulls = false;
    lua_pushnil(L);
    for (;;) {
        enum tl_json_token token = tl_json_read(&d->reader);
        if (token == TL_JSON_END_ARRAY)
            break;
        if (!lua_checkstack(L, 8))
            return false;
        nulls |= token == TL_JSON_NULL;
        if (!decode(d, token))
            return false;
    }
    int count = lua_gettop(L) - base;
    lua_createtable(L, count, 0);
    lua_replace(L, base);
    lua_rawgeti(L, LUA_REGISTRYINDEX, nulls ? d->script->nulls_meta : d->script->array_meta);
    lua_setmetatable(L, base);
    for (int i = 1; i <= count; i++) {
        if (nulls && tl_null_is(L, base + i)) {
            lua_pushinteger(L, i);
            tl_null_set(L, base);
            continue;
        }
        lua_pushvalue(L, base + i);
        lua_rawseti(L, base, i);
    }
    lua_settop(L, base);
    if (nulls)
        tl_array_mark(L, base);
    return true;
}

static bool decode(struct decoder *d, enum tl_json_token token)
{
    lua_State *L = d->L;
    switch (token) {
    case TL_JSON_NULL:
        tl_null_push(L);
        return true;
    case TL_JSON_TRUE:
        lua_pushboolean(L, 1);
        return true;
    case TL_JSON_FALSE:
        lua_pushboolean(L, 0);
        return true;
    case TL_JSON_NUMBER:
        if (d->reader.is_int)
            lua_pushinteger(L, d->reader.integer);
        else
            tl_decimal_push_number(L, d->reader.text);
        return true;
    case TL_JSON_STRING:
        lua_pushlstring(L, d->reader.text.ptr, d->reader.text.len);
        return true;
    case TL_JSON_BEGIN_OBJECT:
        return decode_object(d);
    case TL_JSON_BEGIN_ARRAY:
        return decode_array(d);
    default:
        return false;
    }
}

static int decode_protected(lua_State *L)
{
    struct decoder *d = lua_touserdata(L, 1);
    lua_settop(L, 0);
    luaL_checkstack(L, 16, NULL);
    bool done = decode(d, tl_json_read(&d->reader)) && tl_json_read(&d->reader) == TL_JSON_END;
    if (!done)
        return 0;
    lua_settop(L, 1);
    if (tl_null_is(L, 1)) {
        lua_pushnil(L);
        lua_replace(L, 1);
    }
    return 1;
}

bool tl_value_decode(lua_State *L, tl_str json, struct tl_error *err)
{
    struct decoder d = {.L = L, .script = tl_script_of(L)};
    struct tl_json_limits limits = {.depth = TL_VALUE_DEPTH};
    tl_json_reader_init(&d.reader, json, &limits);
    int top = lua_gettop(L);
    luaL_checkstack(L, 4, NULL);
    lua_pushcfunction(L, decode_protected);
    lua_pushlightuserdata(L, &d);
    int status = lua_pcall(L, 1, LUA_MULTRET, 0);
    bool done = status == LUA_OK && lua_gettop(L) > top;
    if (!done && status == LUA_OK && tl_json_reader_error(&d.reader, err) == TL_OK)
        tl_fail(err, TL_EINPUT, "too many members for this state's stack");
    tl_json_reader_deinit(&d.reader);
    if (status != LUA_OK)
        lua_error(L);
    return done;
}
