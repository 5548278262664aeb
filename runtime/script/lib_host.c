/* The functions that scripts/lib stands on: text in UTF-8, JSON, lookup tables. Thread: that of the state. */
#include "bundle_private.h"
#include "codec/utf8.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include "value.h"

static tl_str text_at(lua_State *L, int index)
{
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);
    return tl_str_n(text, len);
}

static int change_case(lua_State *L, bool (*change)(struct tl_buf *, tl_str))
{
    tl_str text = text_at(L, 1);
    struct tl_buf *out = tl_scratch(L);
    if (!change(out, text))
        return luaL_error(L, "the text is too long");
    lua_pushlstring(L, out->len ? out->ptr : "", out->len);
    return 1;
}

static int host_upper(lua_State *L)
{
    return change_case(L, tl_utf8_upper);
}

static int host_lower(lua_State *L)
{
    return change_case(L, tl_utf8_lower);
}

static int host_length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)tl_utf8_length(text_at(L, 1)));
    return 1;
}

static int host_first(lua_State *L)
{
    tl_str text = text_at(L, 1);
    lua_Integer count = luaL_checkinteger(L, 2);
    tl_str first = tl_utf8_first(text, count < 0 ? 0 : (size_t)count);
    lua_pushlstring(L, first.ptr ? first.ptr : "", first.len);
    return 1;
}

static int host_valid(lua_State *L)
{
    lua_pushboolean(L, tl_utf8_valid(text_at(L, 1)));
    return 1;
}

/* lookup(table, key): the row, or nil. Raises when there is no such table. */
static int host_lookup(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    const char *table = luaL_checkstring(L, 1);
    const struct tl_bundle *bundle = script->loading ? script->loading->bundle : script->bundle;
    bool known = false;
    const tl_str *row = NULL;
    if (bundle && !lua_isnoneornil(L, 2))
        row = tl_lookup_row(bundle, table, text_at(L, 2), &known);
    else if (bundle)
        tl_lookup_row(bundle, table, TL_STR_NONE, &known);
    if (!known)
        return luaL_error(L, "there is no lookup table lookups/%s.json or .csv", table);
    struct tl_error err;
    if (!row) {
        lua_pushnil(L);
        return 1;
    }
    if (!tl_value_decode(L, *row, &err))
        return luaL_error(L, "lookups/%s: %s", table, err.text);
    return 1;
}

/* is_object(value): a table with names, as opposed to a list and to `{}`, which may stand for either */
static int host_is_object(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushboolean(L, lua_istable(L, 1) && tl_value_has_names(L, 1));
    return 1;
}

/* is_list(value): a table marked as an array, or with elements */
static int host_is_list(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushboolean(L, lua_istable(L, 1) &&
                           (tl_array_is(L, 1) || (tl_value_length(L, 1) > 0 && !tl_value_has_names(L, 1))));
    return 1;
}

void tl_lib_host(lua_State *L)
{
    static const luaL_Reg functions[] = {{"upper", host_upper},
                                         {"lower", host_lower},
                                         {"length", host_length},
                                         {"first", host_first},
                                         {"valid", host_valid},
                                         {"lookup", host_lookup},
                                         {"encode", tl_json_encode_floats},
                                         {"encode_exact", tl_json_encode_lua},
                                         {"decode", tl_json_decode_lua},
                                         {"is_object", host_is_object},
                                         {"is_list", host_is_list},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    tl_lib_host_time(L);
    tl_lib_host_contract(L);
    tl_lib_host_reads(L);
    tl_lib_host_fields(L);
}
