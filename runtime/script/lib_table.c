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

/* A length may come from __len and be anything: the loops below ask the budget. */
static void shift(lua_State *L, lua_Integer from, lua_Integer to, int by)
{
    for (lua_Integer i = from; by < 0 ? i <= to : i >= to; i -= by) {
        lua_geti(L, 1, i);
        lua_seti(L, 1, i + by);
        if ((i & 1023) == 0)
            tl_script_check_budget(L);
    }
}

/* table.insert(t, [position,] value) */
static int table_insert(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int count = lua_gettop(L);
    if (count != 2 && count != 3)
        return luaL_error(L, "wrong number of arguments to 'insert'");
    lua_Integer end = luaL_len(L, 1), position = count == 3 ? luaL_checkinteger(L, 2) : end + 1;
    luaL_argcheck(L, end < LUA_MAXINTEGER && position >= 1 && position <= end + 1, 2, "position out of bounds");
    shift(L, end, position, 1);
    lua_pushvalue(L, count);
    lua_seti(L, 1, position);
    return 0;
}

/* table.remove(t [, position]) */
static int table_remove(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer end = luaL_len(L, 1), position = luaL_optinteger(L, 2, end);
    if (lua_gettop(L) > 1)
        luaL_argcheck(L, end < LUA_MAXINTEGER && (position == end || (position >= 1 && position <= end + 1)), 2,
                      "position out of bounds");
    lua_settop(L, 1);
    lua_geti(L, 1, position);
    shift(L, position + 1, end, -1);
    if (end > 0 || position != 0) {
        lua_pushnil(L);
        lua_seti(L, 1, position > end ? position : end);
    }
    return 1;
}

/* table.move(a, from, to, at [, b]), asking the budget on the way. */
static int table_move(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3), at = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, target, LUA_TTABLE);
    if (to >= from) {
        luaL_argcheck(L, from > 0 || to < LUA_MAXINTEGER + from, 3, "too many elements to move");
        luaL_argcheck(L, at <= LUA_MAXINTEGER - (to - from), 4, "destination wrap around");
        bool up = at > to || at <= from || target != 1;
        for (lua_Integer i = 0; i <= to - from; i++) {
            lua_Integer k = up ? i : to - from - i;
            lua_geti(L, 1, from + k);
            lua_seti(L, target, at + k);
            if ((i & 1023) == 0)
                tl_script_check_budget(L);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

void tl_lib_table(lua_State *L)
{
    luaL_requiref(L, "table", luaopen_table, 0);
    lua_pushcfunction(L, table_sort);
    lua_setfield(L, -2, "sort");
    lua_pushcfunction(L, table_insert);
    lua_setfield(L, -2, "insert");
    lua_pushcfunction(L, table_remove);
    lua_setfield(L, -2, "remove");
    lua_pushcfunction(L, table_move);
    lua_setfield(L, -2, "move");
    lua_pushcfunction(L, table_concat);
    lua_setfield(L, -2, "concat");
    lua_setfield(L, -2, "table");
}
