/* string.find, match and gmatch. Thread: that of the state. */
#include "freeze.h"
#include "libs.h"
#include "search.h"
#include <string.h>

void tl_search_init(struct tl_search *s, lua_State *L, int subject, int pattern, size_t from)
{
    size_t len, p_len;
    const char *text = lua_tolstring(L, subject, &len), *p = lua_tolstring(L, pattern, &p_len);
    s->anchored = p_len > 0 && *p == '^';
    s->pattern = s->anchored ? p + 1 : p;
    tl_match_init(&s->match, L, text, len, p, p_len);
    s->matching = false;
    s->from = text + from;
}

enum tl_match_end tl_search_next(struct tl_search *s)
{
    for (;; s->from++) {
        if (!s->matching)
            tl_match_begin(&s->match, s->from, s->pattern);
        enum tl_match_end end = tl_match_go_on(&s->match);
        s->matching = end == TL_MATCH_PAUSED;
        if (end != TL_MATCH_NO || s->anchored || s->from == s->match.src_end)
            return end;
    }
}

int tl_search_pause(lua_State *L, const struct tl_search *s, lua_KFunction go_on)
{
    *(struct tl_search *)lua_newuserdatauv(L, sizeof *s, 0) = *s;
    return tl_script_give_way(L, 0, go_on);
}

void tl_search_take(lua_State *L, struct tl_search *s)
{
    *s = *(struct tl_search *)lua_touserdata(L, -1);
    lua_pop(L, 1);
}

/* ---- find and match ---- */

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

static int search_again(lua_State *L, int status, lua_KContext find);

static int search(lua_State *L, struct tl_search *s, bool find)
{
    switch (tl_search_next(s)) {
    case TL_MATCH_PAUSED:
        lua_pushboolean(L, find);
        return tl_search_pause(L, s, search_again);
    case TL_MATCH_NO:
        lua_pushnil(L);
        return 1;
    case TL_MATCH_YES:
        break;
    }
    if (!find)
        return tl_match_push(&s->match, s->from, s->match.at);
    lua_pushinteger(L, s->from - s->match.src + 1);
    lua_pushinteger(L, s->match.at - s->match.src);
    return tl_match_push(&s->match, NULL, NULL) + 2;
}

static int search_again(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct tl_search s;
    tl_search_take(L, &s);
    bool find = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return search(L, &s, find);
}

static int find_or_match(lua_State *L, bool find)
{
    size_t len, p_len;
    const char *s = luaL_checklstring(L, 1, &len), *p = luaL_checklstring(L, 2, &p_len);
    size_t init = start_position(luaL_optinteger(L, 3, 1), len) - 1;
    if (init > len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || !has_specials(p, p_len)))
        return find_plain(L, s, len, init, p, p_len);
    struct tl_search state;
    tl_search_init(&state, L, 1, 2, init);
    return search(L, &state, find);
}

int tl_string_find(lua_State *L)
{
    return find_or_match(L, true);
}

int tl_string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* ---- gmatch: upvalues: subject, pattern, where to go on, end of the last match or -1 ---- */

static int next_again(lua_State *L, int status, lua_KContext context);

static int next_match(lua_State *L, struct tl_search *s)
{
    const struct tl_match *m = &s->match;
    for (;;) {
        enum tl_match_end end = tl_search_next(s);
        if (end == TL_MATCH_PAUSED)
            return tl_search_pause(L, s, next_again);
        if (end == TL_MATCH_NO)
            return 0;
        if (m->at - m->src != lua_tointeger(L, lua_upvalueindex(4)))
            break;
        if (s->from++ == m->src_end) /* nothing, where the last match ended */
            return 0;
    }
    lua_pushinteger(L, m->at - m->src);
    lua_pushvalue(L, -1);
    lua_replace(L, lua_upvalueindex(3));
    lua_replace(L, lua_upvalueindex(4));
    return tl_match_push(&s->match, s->from, m->at);
}

static int next_again(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct tl_search s;
    tl_search_take(L, &s);
    return next_match(L, &s);
}

static int gmatch_step(lua_State *L)
{
    size_t from = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    if (from > lua_rawlen(L, lua_upvalueindex(1)))
        return 0;
    struct tl_search s;
    tl_search_init(&s, L, lua_upvalueindex(1), lua_upvalueindex(2), from);
    s.pattern = lua_tostring(L, lua_upvalueindex(2)); /* here '^' anchors nothing */
    s.anchored = false;
    return next_match(L, &s);
}

int tl_string_gmatch(lua_State *L)
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
