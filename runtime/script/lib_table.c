/* table: Lua's own functions, with a stable merge sort (the stock one picks pivots by the clock in large
 * arrays, and never looks at the budget). Thread: that of the state. */
#include "freeze.h"
#include "libs.h"
#include "value.h"

/* Elements are at 1..n of a scratch table; the comparison is at 2 or nil. */
static bool less(lua_State *L, int table, lua_Integer a, lua_Integer b)
{
    bool is;
    if (lua_isnil(L, 2)) {
        lua_rawgeti(L, table, a);
        lua_rawgeti(L, table, b);
        is = lua_compare(L, -2, -1, LUA_OPLT);
        lua_pop(L, 2);
        return is;
    }
    lua_pushvalue(L, 2);
    lua_rawgeti(L, table, a);
    lua_rawgeti(L, table, b);
    lua_call(L, 2, 1);
    is = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is;
}

static void merge(lua_State *L, int from, int to, lua_Integer low, lua_Integer middle, lua_Integer high)
{
    lua_Integer left = low, right = middle;
    for (lua_Integer at = low; at < high; at++) {
        bool take_right = left >= middle || (right < high && less(L, from, right, left));
        lua_rawgeti(L, from, take_right ? right++ : left++);
        lua_rawseti(L, to, at);
    }
    tl_script_check_budget(L);
}

static int table_sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (tl_frozen(L, 1))
        return tl_frozen_error(L);
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count < 100000000, 1, "array too big");
    lua_createtable(L, (int)count, 0);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 1, i);
        if (lua_isnil(L, -1))
            return luaL_error(L, "table.sort: element %d is nil or null", (int)i);
        lua_rawseti(L, 3, i);
    }
    int from = 3, to = 4;
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width) {
            lua_Integer middle = low + width <= count ? low + width : count + 1;
            lua_Integer high = low + 2 * width <= count ? low + 2 * width : count + 1;
            merge(L, from, to, low, middle, high);
        }
        int other = from;
        from = to;
        to = other;
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, from, i);
        lua_seti(L, 1, i);
    }
    return 0;
}

/* Decimals count as text, like numbers do. */
static int table_concat(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t sep_len;
    const char *sep = luaL_optlstring(L, 2, "", &sep_len);
    lua_Integer from = luaL_optinteger(L, 3, 1), to = luaL_opt(L, luaL_checkinteger, 4, luaL_len(L, 1));
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (lua_Integer i = from; i <= to; i++) {
        lua_geti(L, 1, i);
        if (tl_decimal_text_of(L, -1).ptr) {
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
        }
        if (!lua_isstring(L, -1))
            return luaL_error(L, "table.concat: element %d is a %s", (int)i, luaL_typename(L, -1));
        luaL_addvalue(&out);
        if (i < to)
            luaL_addlstring(&out, sep, sep_len);
        if ((i & 1023) == 0)
            tl_script_check_budget(L);
    }
    luaL_pushresult(&out);
    return 1;
}

void tl_lib_table(lua_State *L)
{
    luaL_requiref(L, "table", luaopen_table, 0);
    lua_pushcfunction(L, table_sort);
    lua_setfield(L, -2, "sort");
    lua_pushcfunction(L, table_concat);
    lua_setfield(L, -2, "concat");
    lua_setfield(L, -2, "table");
}
