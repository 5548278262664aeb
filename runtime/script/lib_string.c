/* string: Lua's own functions where they are bounded by their output; find, match, gmatch, gsub on our
 * matcher, which ends at the CPU budget; rep and format without endless loops and addresses. Thread: that of
 * the state. */
#include "freeze.h"
#include "libs.h"
#include "pattern.h"
#include "value.h"
#include <string.h>

static size_t start_position(lua_Integer init, size_t len)
{
    if (init > 0)
        return (size_t)init;
    if (init == 0)
        return 1;
    return init < -(lua_Integer)len ? 1 : len + (size_t)init + 1;
}

static bool has_specials(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] && strchr("^$*+?.([%-", p[i]))
            return true;
    return false;
}

static int find_plain(lua_State *L, const char *s, size_t len, size_t init, const char *p, size_t p_len)
{
    const char *hit = memmem(s + init, len - init, p, p_len);
    if (!hit) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, hit - s + 1);
    lua_pushinteger(L, hit - s + (lua_Integer)p_len);
    return 2;
}

static int find_or_match(lua_State *L, bool find)
{
    size_t len, p_len;
    const char *s = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &p_len);
    size_t init = start_position(luaL_optinteger(L, 3, 1), len) - 1;
    if (init > len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || !has_specials(p, p_len)))
        return find_plain(L, s, len, init, p, p_len);
    bool anchored = p_len > 0 && *p == '^';
    if (anchored)
        p++, p_len--;
    struct tl_match m;
    tl_match_init(&m, L, s, len, p, p_len);
    const char *at = s + init;
    do {
        m.level = 0;
        const char *end = tl_match_at(&m, at, p);
        if (!end)
            continue;
        if (!find)
            return tl_match_push(&m, at, end);
        lua_pushinteger(L, at - s + 1);
        lua_pushinteger(L, end - s);
        return tl_match_push(&m, NULL, NULL) + 2;
    } while (at++ < m.src_end && !anchored);
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: subject, pattern, where to go on, end of the last match. */
static int gmatch_step(lua_State *L)
{
    size_t len, p_len;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &len);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &p_len);
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct tl_match m;
    tl_match_init(&m, L, s, len, p, p_len);
    for (const char *at = s + lua_tointeger(L, lua_upvalueindex(3)); at <= m.src_end; at++) {
        m.level = 0;
        const char *end = tl_match_at(&m, at, p);
        if (!end || end - s == last)
            continue;
        lua_pushinteger(L, end - s);
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return tl_match_push(&m, at, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    size_t len;
    luaL_checklstring(L, 1, &len);
    luaL_checkstring(L, 2);
    size_t init = start_position(luaL_optinteger(L, 3, 1), len) - 1;
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(init > len ? len + 1 : init));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_step, 4);
    tl_freeze_note(L);
    return 1;
}

static void add_template(struct tl_match *m, luaL_Buffer *out, const char *s, const char *e)
{
    size_t len;
    const char *news = lua_tolstring(m->L, 3, &len);
    for (size_t i = 0; i < len; i++) {
        if (news[i] != '%') {
            luaL_addchar(out, news[i]);
            continue;
        }
        i++;
        if (i < len && news[i] == '%') {
            luaL_addchar(out, '%');
        } else if (i < len && news[i] >= '0' && news[i] <= '9') {
            if (news[i] == '0')
                lua_pushlstring(m->L, s, (size_t)(e - s));
            else
                tl_match_push_one(m, news[i] - '1', s, e);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

static void add_replacement(struct tl_match *m, luaL_Buffer *out, const char *s, const char *e)
{
    lua_State *L = m->L;
    int type = lua_type(L, 3);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        add_template(m, out, s, e);
        return;
    }
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, tl_match_push(m, s, e), 1);
    } else {
        tl_match_push_one(m, 0, s, e);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, s, (size_t)(e - s));
        return;
    }
    if (tl_decimal_text_of(L, -1).ptr) {
        luaL_tolstring(L, -1, NULL);
        lua_remove(L, -2);
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(out);
}

static int string_gsub(lua_State *L)
{
    size_t len, p_len;
    const char *s = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &p_len);
    int type = lua_type(L, 3);
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                     "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)len + 1), count = 0;
    lua_settop(L, 4);
    bool anchored = p_len > 0 && *p == '^';
    if (anchored)
        p++, p_len--;
    struct tl_match m;
    tl_match_init(&m, L, s, len, p, p_len);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    const char *at = s, *last = NULL;
    while (count < most) {
        m.level = 0;
        const char *end = tl_match_at(&m, at, p);
        if (end && end != last) {
            count++;
            add_replacement(&m, &out, at, end);
            at = last = end;
        } else if (at < m.src_end) {
            luaL_addchar(&out, *at++);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    luaL_addlstring(&out, at, (size_t)(m.src_end - at));
    luaL_pushresult(&out);
    lua_pushinteger(L, count);
    return 2;
}

static int string_rep(lua_State *L)
{
    size_t len, sep_len;
    luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &sep_len);
    if (count <= 0 || len + sep_len == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    size_t most = tl_script_of(L)->quota.hard / (len + sep_len);
    if ((lua_Unsigned)count > most)
        return luaL_error(L, "string.rep: the result would be larger than the memory of a script");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

/* Arguments of %s become text without addresses; %p is refused; a decimal for %f is told what to do. */
static int string_format(lua_State *L)
{
    size_t len;
    const char *f = luaL_checklstring(L, 1, &len);
    int arg = 1, top = lua_gettop(L);
    for (size_t i = 0; i < len; i++) {
        if (f[i] != '%')
            continue;
        if (++i < len && f[i] == '%')
            continue;
        while (i < len && strchr("-+ #0123456789.", f[i]) && f[i])
            i++;
        if (i >= len || ++arg > top)
            break;
        if (f[i] == 'p')
            return luaL_error(L, "string.format: %%p shows addresses, which differ in every process");
        if (f[i] == 's') {
            tl_plain_tostring(L, arg, NULL);
            lua_replace(L, arg);
        } else if (tl_decimal_text_of(L, arg).ptr) {
            return luaL_error(L, "string.format: %%%c of a decimal; write %%s with amount:round(2, \"half-even\")",
                              f[i]);
        }
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static void wrap(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void tl_lib_string(lua_State *L)
{
    luaL_requiref(L, "string", luaopen_string, 0);
    static const luaL_Reg functions[] = {
        {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
    wrap(L, "rep", string_rep);
    wrap(L, "format", string_format);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    /* "10" + 1 would make a double of "1.5"; text becomes a number by tonumber or decimal. */
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    static const char *const arithmetic[] = {"__add", "__sub", "__mul", "__mod", "__pow", "__div", "__idiv", "__unm"};
    for (size_t i = 0; i < sizeof arithmetic / sizeof *arithmetic; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, arithmetic[i]);
    }
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
    lua_setfield(L, -2, "string");
}
