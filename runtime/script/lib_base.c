/* Base functions of scripts: those of Lua without its sources of chance (addresses, table order) and without
 * ways to load code or to catch a stop. Thread: that of the state. */
#include "base/buf.h"
#include "codec/decimal.h"
#include "freeze.h"
#include "guard.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

static int tostring_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    tl_take_own_text(L, 1);
    lua_settop(L, 1);
    return 1;
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    if (tl_push_own_tostring(L, 1)) {
        lua_callk(L, 1, 1, 0, tostring_done);
        return tostring_done(L, LUA_OK, 0);
    }
    tl_plain_tostring(L, 1, NULL);
    return 1;
}

/* Text with digits only is an integer, other numbers are decimals, as in JSON. */
static int base_tonumber(lua_State *L)
{
    if (!lua_isnoneornil(L, 2)) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, 1);
        return 1;
    }
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TNUMBER || tl_decimal_text_of(L, 1).ptr)
        return 1;
    if (lua_type(L, 1) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    size_t len;
    const char *text = lua_tolstring(L, 1, &len);
    if (lua_stringtonumber(L, text) == len + 1 && lua_isinteger(L, -1))
        return 1;
    lua_settop(L, 1);
    tl_str trimmed = tl_str_trim(tl_str_n(text, len));
    struct tl_decimal value = TL_DECIMAL_ZERO;
    if (tl_decimal_parse(trimmed, &value, NULL) != TL_OK) {
        lua_pushnil(L);
        return 1;
    }
    tl_decimal_free(&value);
    tl_decimal_push(L, trimmed);
    return 1;
}

/* ---- pairs in order ---- */

/* Pushes a sequence of the keys of the table at `table`, sorted; nulls are left out. */
static void push_sorted_keys(lua_State *L, int table)
{
    lua_newtable(L);
    int keys = lua_gettop(L);
    lua_Integer count = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        if (lua_islightuserdata(L, -1))
            continue;
        lua_pushvalue(L, -1);
        lua_rawseti(L, keys, ++count);
    }
    if (count < 2)
        return;
    struct tl_key_ref *refs = lua_newuserdatauv(L, (size_t)count * sizeof(*refs), 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, keys, i + 1);
        tl_key_read(L, -1, &refs[i]);
        refs[i].at = (int)i + 1;
        lua_pop(L, 1);
    }
    tl_key_sort(refs, (size_t)count);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, keys, refs[i].at);
        lua_rawseti(L, -2, i + 1);
    }
    lua_replace(L, keys);
    lua_settop(L, keys);
}

/* Upvalues: the real table, the keys, how many were given. */
static int pairs_step(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));
    for (;;) {
        lua_settop(L, 0);
        i++;
        if (lua_rawgeti(L, lua_upvalueindex(2), i) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, 1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
            break;
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(3));
    return 2;
}

static int pairs_done(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 3;
}

static int base_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, pairs_done);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    tl_real_table(L, 1);
    push_sorted_keys(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, pairs_step, 3);
    tl_freeze_note(L);
    lua_pushvalue(L, 1);
    return 2;
}

/* keys(t): a sorted sequence. */
static int base_keys(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    tl_real_table(L, 1);
    push_sorted_keys(L, 2);
    return 1;
}

/* The smallest key above the given one: a whole pass, so that any table may be walked without hidden state.
 */
static int base_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    tl_real_table(L, 1);
    struct tl_key_ref after, best, key;
    bool from = !lua_isnil(L, 2), found = false;
    if (from)
        tl_key_read(L, 2, &after);
    lua_pushnil(L);
    lua_pushnil(L); /* 4: best key; 5: the key of lua_next */
    while (lua_next(L, 3)) {
        lua_pop(L, 1);
        if (lua_islightuserdata(L, -1))
            continue;
        tl_key_read(L, -1, &key);
        if ((from && tl_key_compare(&key, &after) <= 0) || (found && tl_key_compare(&key, &best) >= 0))
            continue;
        lua_pushvalue(L, -1);
        lua_replace(L, 4);
        tl_key_read(L, 4, &best);
        found = true;
    }
    if (!found)
        return lua_pushnil(L), 1;
    lua_pushvalue(L, 4);
    lua_pushvalue(L, 4);
    lua_rawget(L, 3);
    return 2;
}

static int ipairs_step(lua_State *L)
{
    lua_Integer i = luaL_checkinteger(L, 2) + 1;
    lua_pushinteger(L, i);
    if (lua_geti(L, 1, i) != LUA_TNIL)
        return 2;
    return 1;
}

/* Over an array with nulls: to its end, nil for a null. */
static int ipairs_nulls_step(lua_State *L)
{
    lua_Integer i = luaL_checkinteger(L, 2) + 1;
    if (i > lua_tointeger(L, lua_upvalueindex(1)))
        return 0;
    lua_pushinteger(L, i);
    lua_geti(L, 1, i);
    return 2;
}

static int base_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    bool nulls = false;
    if (lua_istable(L, 1)) {
        tl_real_table(L, 1);
        nulls = lua_rawgetp(L, 2, &tl_nulls_key) == LUA_TTABLE;
        lua_settop(L, 1);
    }
    if (nulls) {
        lua_pushinteger(L, tl_value_length(L, 1));
        lua_pushcclosure(L, ipairs_nulls_step, 1);
    } else {
        lua_pushcfunction(L, ipairs_step);
    }
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

/* ---- raw access, metatables ---- */

static int base_rawget(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    tl_real_table(L, 1);
    lua_pushvalue(L, 2);
    lua_rawget(L, 3);
    return 1;
}

static int base_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (tl_frozen(L, 1))
        return tl_frozen_error(L);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "rawset: this table is protected");
    lua_settop(L, 3);
    tl_guard_check(L, 2);
    lua_rawset(L, 1);
    return 1;
}

static int base_rawlen(lua_State *L)
{
    luaL_argcheck(L, lua_istable(L, 1) || lua_type(L, 1) == LUA_TSTRING, 1, "table or string expected");
    if (lua_istable(L, 1))
        lua_pushinteger(L, tl_value_length(L, 1));
    else
        lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
    return 1;
}

/* ---- catching ---- */

static int pcall_done(lua_State *L, int status, lua_KContext extra)
{
    if (status != LUA_OK && status != LUA_YIELD) {
        if (tl_script_stopped(L, status))
            return lua_error(L);
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)extra;
}

static int base_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, pcall_done);
    return pcall_done(L, status, 0);
}

/* The script's message handler, which does not see stops. */
static int xpcall_handler(lua_State *L)
{
    if (tl_script_of(L)->stop != TL_STOP_NONE)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int base_xpcall(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, xpcall_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, lua_gettop(L) - 4, LUA_MULTRET, 2, 2, pcall_done);
    return pcall_done(L, status, 2);
}

static void note(lua_State *L)
{
    luaL_Buffer text;
    int count = lua_gettop(L);
    luaL_buffinit(L, &text);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&text, ' ');
        tl_plain_tostring(L, i, NULL);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
    tl_run_note(L, lua_tostring(L, -1));
}

/* `called`: the argument whose own __tostring has just answered; 0 at the beginning. */
static int print_on(lua_State *L, int status, lua_KContext called)
{
    (void)status;
    if (called)
        tl_take_own_text(L, (int)called);
    for (int i = (int)called + 1; i <= lua_gettop(L); i++) {
        if (tl_push_own_tostring(L, i)) {
            lua_callk(L, 1, 1, i, print_on);
            tl_take_own_text(L, i);
        }
    }
    note(L);
    return 0;
}

static int base_print(lua_State *L)
{
    return print_on(L, LUA_OK, 0);
}

static const luaL_Reg functions[] = {{"tostring", base_tostring},
                                     {"pairs", base_pairs},
                                     {"next", base_next},
                                     {"ipairs", base_ipairs},
                                     {"rawget", base_rawget},
                                     {"rawset", base_rawset},
                                     {"rawlen", base_rawlen},
                                     {"pcall", base_pcall},
                                     {"xpcall", base_xpcall},
                                     {"print", base_print},
                                     {"keys", base_keys},
                                     {"setmetatable", tl_guard_setmetatable},
                                     {"getmetatable", tl_guard_getmetatable},
                                     {NULL, NULL}};

void tl_lib_base(lua_State *L)
{
    static const char *const kept[] = {"assert", "error", "rawequal", "select", "type", "_VERSION"};
    luaL_requiref(L, "_G", luaopen_base, 0);
    for (size_t i = 0; i < TL_COUNT_OF(kept); i++) {
        lua_getfield(L, -1, kept[i]);
        lua_setfield(L, -3, kept[i]);
    }
    lua_getfield(L, -1, "tonumber");
    lua_pushcclosure(L, base_tonumber, 1);
    lua_setfield(L, -3, "tonumber");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
    static const struct {
        const char *name;
        lua_CFunction open;
    } whole[] = {{"math", luaopen_math}, {"utf8", luaopen_utf8}};
    for (size_t i = 0; i < TL_COUNT_OF(whole); i++) {
        luaL_requiref(L, whole[i].name, whole[i].open, 0);
        lua_setfield(L, -2, whole[i].name);
    }
    lua_getfield(L, -1, "math");
    lua_pushnil(L);
    lua_setfield(L, -2, "random");
    lua_pushnil(L);
    lua_setfield(L, -2, "randomseed");
    lua_pop(L, 1);
}
