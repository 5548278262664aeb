/* table.sort(t [, less]): a merge sort that is stable (the stock one picks pivots by the clock in large arrays, and
 * never looks at the budget), as a machine that goes on after each comparison. Thread: that of the state. */
#include "freeze.h"
#include "libs.h"

/* On the stack: the table, less or nil, two scratch tables with the elements at 1..n, then struct sort. */
enum { ARRAY = 1, LESS, SCRATCH, OTHER, STATE };

/* Two runs of `width` elements, [low, middle) and [middle, high) of `from`, are merged into `to` at `at`. */
struct sort {
    lua_Integer count, width;
    lua_Integer low, middle, high;
    lua_Integer left, right, at;
    int from, to;
};

static void take(lua_State *L, struct sort *s, bool right)
{
    lua_rawgeti(L, s->from, right ? s->right++ : s->left++);
    lua_rawseti(L, s->to, s->at++);
}

static bool answer(lua_State *L)
{
    bool is = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is;
}

static int compared(lua_State *L, int status, lua_KContext context);

/* Is the right one less than the left one? */
static bool compare(lua_State *L, const struct sort *s)
{
    if (lua_isnil(L, LESS)) {
        lua_rawgeti(L, s->from, s->right);
        lua_rawgeti(L, s->from, s->left);
        bool is = lua_compare(L, -2, -1, LUA_OPLT);
        lua_pop(L, 2);
        return is;
    }
    lua_pushvalue(L, LESS);
    lua_rawgeti(L, s->from, s->right);
    lua_rawgeti(L, s->from, s->left);
    lua_callk(L, 2, 1, 0, compared); /* may give way, or wait */
    return answer(L);
}

static lua_Integer least_of(lua_Integer a, lua_Integer b)
{
    return a < b ? a : b;
}

static void begin_merge(struct sort *s, lua_Integer low)
{
    s->low = s->at = s->left = low;
    s->middle = s->right = least_of(low + s->width, s->count + 1);
    s->high = least_of(low + 2 * s->width, s->count + 1);
}

/* The next two runs; behind the last ones, those of twice the width. */
static void next_merge(struct sort *s)
{
    if (s->low + 2 * s->width <= s->count) {
        begin_merge(s, s->low + 2 * s->width);
        return;
    }
    s->width *= 2;
    int from = s->from;
    s->from = s->to;
    s->to = from;
    begin_merge(s, 1);
}

static int finish(lua_State *L, const struct sort *s)
{
    for (lua_Integer i = 1; i <= s->count; i++) {
        lua_rawgeti(L, s->from, i);
        lua_seti(L, ARRAY, i);
    }
    return 0;
}

static int go_on(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct sort *s = lua_touserdata(L, STATE);
    while (s->width < s->count) {
        while (s->at < s->high) {
            bool one_is_empty = s->left == s->middle || s->right == s->high;
            take(L, s, one_is_empty ? s->left == s->middle : compare(L, s));
        }
        next_merge(s);
        if (tl_script_is_due(L))
            return tl_script_give_way(L, 0, go_on);
    }
    return finish(L, s);
}

/* As go_on goes on behind its call of `less`. */
static int compared(lua_State *L, int status, lua_KContext context)
{
    take(L, lua_touserdata(L, STATE), answer(L));
    return go_on(L, status, context);
}

int tl_table_sort(lua_State *L)
{
    luaL_checktype(L, ARRAY, LUA_TTABLE);
    if (!lua_isnoneornil(L, LESS))
        luaL_checktype(L, LESS, LUA_TFUNCTION);
    lua_settop(L, LESS);
    if (tl_frozen(L, ARRAY))
        return tl_frozen_error(L);
    lua_Integer count = luaL_len(L, ARRAY);
    luaL_argcheck(L, count < 100000000, ARRAY, "array too big");
    lua_createtable(L, (int)count, 0);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, ARRAY, i);
        if (lua_isnil(L, -1))
            return luaL_error(L, "table.sort: element %d is nil or null", (int)i);
        lua_rawseti(L, SCRATCH, i);
    }
    struct sort *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (struct sort){.count = count, .width = 1, .from = SCRATCH, .to = OTHER};
    begin_merge(s, 1);
    return go_on(L, LUA_OK, 0);
}
