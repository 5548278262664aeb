/* table: Lua's own functions, asking for the budget and the slice on the way; sort is in lib_sort.c. Each keeps what it
 * has on the stack, so that it can give way and go on. A length may come from __len and be anything. Thread: that of
 * the state. */
#include "libs.h"
#include "text_box.h"
#include "value.h"

/* Asked at every so manyeth element. */
static bool is_due(lua_State *L, lua_Integer i)
{
    return (i & 255) == 0 && tl_script_is_due(L);
}

/* 1: table, 2: separator, 3: first, 4: last, 5: the text so far */
static int concat(lua_State *L, int status, lua_KContext first)
{
    (void)status;
    size_t sep_len;
    const char *sep = lua_tolstring(L, 2, &sep_len);
    lua_Integer last = lua_tointeger(L, 4);
    for (lua_Integer i = first; i <= last; i++) {
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1) && !tl_decimal_text_of(L, -1).ptr) /* decimals count as text, like numbers do */
            return luaL_error(L, "table.concat: element %d is a %s", (int)i, luaL_typename(L, -1));
        tl_text_box_take(L, 5);
        if (i == last)
            break;
        tl_text_box_add(L, 5, sep, sep_len);
        if (is_due(L, i))
            return tl_script_give_way(L, i + 1, concat);
    }
    tl_text_box_push(L, 5);
    return 1;
}

static int table_concat(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_optstring(L, 2, "");
    lua_Integer first = luaL_optinteger(L, 3, 1), last = luaL_opt(L, luaL_checkinteger, 4, luaL_len(L, 1));
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushliteral(L, "");
        lua_replace(L, 2);
    }
    lua_pushinteger(L, first);
    lua_pushinteger(L, last);
    tl_text_box_new(L, 256);
    return concat(L, LUA_OK, first);
}

static void move_one(lua_State *L, lua_Integer from, int target, lua_Integer to)
{
    lua_geti(L, 1, from);
    lua_seti(L, target, to);
}

/* 1: table, 2: position, 3: value; elements from `last` down to the position move up. */
static int insert(lua_State *L, int status, lua_KContext last)
{
    (void)status;
    lua_Integer position = lua_tointeger(L, 2);
    for (lua_Integer i = last; i >= position; i--) {
        move_one(L, i, 1, i + 1);
        if (is_due(L, i))
            return tl_script_give_way(L, i - 1, insert);
    }
    lua_pushvalue(L, 3);
    lua_seti(L, 1, position);
    return 0;
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
    lua_pushinteger(L, position);
    lua_insert(L, 2);
    if (count == 3)
        lua_remove(L, 3);
    return insert(L, LUA_OK, end);
}

/* 1: table, 2: length, 3: what was removed; elements behind `first` move down onto it. */
static int remove_at(lua_State *L, int status, lua_KContext first)
{
    (void)status;
    lua_Integer end = lua_tointeger(L, 2), at = first;
    for (; at < end; at++) {
        move_one(L, at + 1, 1, at);
        if (is_due(L, at))
            return tl_script_give_way(L, at + 1, remove_at);
    }
    if (end > 0 || at != 0) {
        lua_pushnil(L);
        lua_seti(L, 1, at);
    }
    return 1;
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
    lua_pushinteger(L, end);
    lua_geti(L, 1, position);
    return remove_at(L, LUA_OK, position);
}

/* 1: source, 2: first, 3: last, 4: where to, 5: target; element `k` of those that move is next. */
static int move(lua_State *L, int status, lua_KContext k)
{
    (void)status;
    lua_Integer first = lua_tointeger(L, 2), last = lua_tointeger(L, 3), at = lua_tointeger(L, 4);
    bool up = at > last || at <= first || !lua_rawequal(L, 1, 5);
    for (; k <= last - first; k++) {
        lua_Integer i = up ? k : last - first - k;
        move_one(L, first + i, 5, at + i);
        if (is_due(L, k))
            return tl_script_give_way(L, k + 1, move);
    }
    return 1;
}

/* table.move(a, from, to, at [, b]) */
static int table_move(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3), at = luaL_checkinteger(L, 4);
    lua_settop(L, 5);
    if (lua_isnil(L, 5)) {
        lua_pushvalue(L, 1);
        lua_replace(L, 5);
    }
    luaL_checktype(L, 5, LUA_TTABLE);
    if (to < from)
        return 1;
    luaL_argcheck(L, from > 0 || to < LUA_MAXINTEGER + from, 3, "too many elements to move");
    luaL_argcheck(L, at <= LUA_MAXINTEGER - (to - from), 4, "destination wrap around");
    return move(L, LUA_OK, 0);
}

void tl_lib_table(lua_State *L)
{
    static const luaL_Reg functions[] = {{"sort", tl_table_sort}, {"insert", table_insert}, {"remove", table_remove},
                                         {"move", table_move},    {"concat", table_concat}, {NULL, NULL}};
    luaL_requiref(L, "table", luaopen_table, 0);
    luaL_setfuncs(L, functions, 0);
    lua_setfield(L, -2, "table");
}
