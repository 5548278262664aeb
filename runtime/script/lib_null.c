/* null, isnull, setnull, array, keys: JSON's null and [] in Lua. A table with null members carries, under a
 * hidden key, a table of them; its metatable keeps that up to date when a member is assigned. Thread: that of
 * the state. */
#include "freeze.h"
#include "value.h"
#include <stdlib.h>
#include <string.h>

const char tl_nulls_key = 'n', tl_length_key = 'l';

void tl_null_push(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

bool tl_null_is(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == NULL;
}

static bool has_meta(lua_State *L, int index, int reference)
{
    if (!lua_getmetatable(L, index))
        return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/* Pushes the table of nulls of the table at `index` (made when `make`), or nothing. */
static bool push_nulls(lua_State *L, int index, bool make)
{
    if (lua_rawgetp(L, index, &tl_nulls_key) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    if (!make)
        return false;
    bool array = tl_array_is(L, index);
    lua_Integer length = array ? (lua_Integer)lua_rawlen(L, index) : 0;
    lua_newtable(L);
    if (array) {
        lua_pushinteger(L, length);
        lua_rawsetp(L, -2, &tl_length_key);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, index, &tl_nulls_key);
    if (!lua_getmetatable(L, index) || array) {
        lua_settop(L, lua_gettop(L) - (array ? 1 : 0));
        lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->nulls_meta);
        lua_setmetatable(L, index);
    } else {
        lua_pop(L, 1);
    }
    return true;
}

/* An array with nulls knows its length: key `k` was set. Nulls table on the top. */
static void grow(lua_State *L, int key)
{
    if (!lua_isinteger(L, key))
        return;
    if (lua_rawgetp(L, -1, &tl_length_key) == LUA_TNUMBER && lua_tointeger(L, -1) < lua_tointeger(L, key)) {
        lua_pushvalue(L, key);
        lua_rawsetp(L, -3, &tl_length_key);
    }
    lua_pop(L, 1);
}

void tl_null_set(lua_State *L, int index)
{
    int key = lua_gettop(L);
    push_nulls(L, index, true);
    lua_pushvalue(L, key);
    lua_pushnil(L);
    lua_rawset(L, index);
    lua_pushvalue(L, key);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    grow(L, key);
    lua_settop(L, key - 1);
}

bool tl_null_get(lua_State *L, int index)
{
    lua_pushvalue(L, -1);
    lua_rawget(L, index);
    bool is = tl_null_is(L, -1);
    lua_pop(L, 1);
    if (!is && push_nulls(L, index, false)) {
        lua_pushvalue(L, -2);
        is = lua_rawget(L, -2) == LUA_TBOOLEAN;
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
    return is;
}

void tl_array_mark(lua_State *L, int index)
{
    if (!push_nulls(L, index, false)) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->array_meta);
        lua_setmetatable(L, index);
        return;
    }
    lua_Integer length = (lua_Integer)lua_rawlen(L, index);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_isinteger(L, -1) && lua_tointeger(L, -1) > length)
            length = lua_tointeger(L, -1);
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_isinteger(L, -1) && lua_tointeger(L, -1) > length)
            length = lua_tointeger(L, -1);
    }
    lua_pushinteger(L, length);
    lua_rawsetp(L, -2, &tl_length_key);
    lua_pop(L, 1);
}

bool tl_array_is(lua_State *L, int index)
{
    if (has_meta(L, index, tl_script_of(L)->array_meta))
        return true;
    if (!push_nulls(L, index, false))
        return false;
    bool is = lua_rawgetp(L, -1, &tl_length_key) == LUA_TNUMBER;
    lua_pop(L, 2);
    return is;
}

lua_Integer tl_value_length(lua_State *L, int index)
{
    tl_real_table(L, index);
    lua_Integer length = (lua_Integer)lua_rawlen(L, -1);
    if (push_nulls(L, lua_gettop(L), false)) {
        if (lua_rawgetp(L, -1, &tl_length_key) == LUA_TNUMBER)
            length = lua_tointeger(L, -1);
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
    return length;
}

/* ---- keys in order ---- */

void tl_key_read(lua_State *L, int index, struct tl_key_ref *key)
{
    *key = (struct tl_key_ref){.kind = lua_type(L, index)};
    switch (key->kind) {
    case LUA_TNUMBER:
        key->is_integer = lua_isinteger(L, index);
        key->integer = key->is_integer ? lua_tointeger(L, index) : 0;
        key->number = lua_tonumber(L, index);
        break;
    case LUA_TSTRING: {
        size_t len;
        const char *text = lua_tolstring(L, index, &len);
        key->text = tl_str_n(text, len);
        break;
    }
    case LUA_TBOOLEAN:
        key->integer = lua_toboolean(L, index);
        break;
    default:
        luaL_error(L, "a %s is a key of this table: its order would be another in every process; use names or numbers",
                   luaL_typename(L, index));
    }
}

static int rank(const struct tl_key_ref *key)
{
    return key->kind == LUA_TBOOLEAN ? 0 : key->kind == LUA_TNUMBER ? 1 : 2;
}

int tl_key_compare(const struct tl_key_ref *a, const struct tl_key_ref *b)
{
    if (rank(a) != rank(b))
        return rank(a) < rank(b) ? -1 : 1;
    if (a->kind == LUA_TSTRING)
        return tl_str_cmp(a->text, b->text);
    if (a->kind == LUA_TBOOLEAN || (a->is_integer && b->is_integer))
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    return a->number < b->number ? -1 : a->number > b->number;
}

static int compare(const void *a, const void *b)
{
    return tl_key_compare(a, b);
}

void tl_key_sort(struct tl_key_ref *keys, size_t count)
{
    if (count > 24) {
        qsort(keys, count, sizeof(*keys), compare);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct tl_key_ref key = keys[i];
        size_t j = i;
        for (; j > 0 && tl_key_compare(&keys[j - 1], &key) > 0; j--)
            keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

/* ---- for scripts ---- */

/* isnull(t, key): is there a null? Without a key: is the value itself null? */
static int lua_isnull(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_gettop(L) == 1) {
        lua_pushboolean(L, tl_null_is(L, 1));
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    tl_real_table(L, 1);
    lua_pushvalue(L, 2);
    bool is = !lua_isnil(L, 2) && tl_null_get(L, 3);
    lua_pushboolean(L, is);
    return 1;
}

/* setnull(t, key): what `t.key = null` means. */
static int lua_setnull(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, lua_type(L, 2) == LUA_TSTRING || lua_isinteger(L, 2), 2, "a name or an integer");
    lua_settop(L, 2);
    if (tl_frozen(L, 1))
        return tl_frozen_error(L);
    tl_null_set(L, 1);
    return 0;
}

/* array(t): t is an array also when it is empty. array(): a fresh one. */
static int lua_array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (tl_frozen(L, 1))
        return tl_frozen_error(L);
    if (lua_getmetatable(L, 1) && !has_meta(L, 1, tl_script_of(L)->nulls_meta) &&
        !has_meta(L, 1, tl_script_of(L)->array_meta))
        return luaL_error(L, "array: this table has a metatable of its own");
    lua_settop(L, 1);
    tl_array_mark(L, 1);
    return 1;
}

/* t[key] = value where t has nulls and no such member. */
static int nulls_newindex(lua_State *L)
{
    if (tl_null_is(L, 3)) {
        lua_settop(L, 2);
        tl_null_set(L, 1);
        return 0;
    }
    if (push_nulls(L, 1, false)) {
        lua_pushvalue(L, 2);
        lua_pushnil(L);
        lua_rawset(L, 4);
        if (!lua_isnil(L, 3))
            grow(L, 2);
        lua_pop(L, 1);
    }
    lua_rawset(L, 1);
    return 0;
}

static int nulls_len(lua_State *L)
{
    lua_pushinteger(L, tl_value_length(L, 1));
    return 1;
}

static int make_meta(lua_State *L, const char *name, lua_CFunction newindex, lua_CFunction len)
{
    lua_newtable(L);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    if (newindex) {
        lua_pushcfunction(L, newindex);
        lua_setfield(L, -2, "__newindex");
    }
    if (len) {
        lua_pushcfunction(L, len);
        lua_setfield(L, -2, "__len");
    }
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

void tl_null_open(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    script->array_meta = make_meta(L, "array", NULL, NULL);
    script->nulls_meta = make_meta(L, "document", nulls_newindex, nulls_len);
    tl_null_push(L);
    lua_setfield(L, -2, "null");
    lua_pushcfunction(L, lua_isnull);
    lua_setfield(L, -2, "isnull");
    lua_pushcfunction(L, lua_setnull);
    lua_setfield(L, -2, "setnull");
    lua_pushcfunction(L, lua_array);
    lua_setfield(L, -2, "array");
}
