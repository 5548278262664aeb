/* string.gsub. Thread: that of the state. */
#include "libs.h"
#include "search.h"
#include "text_box.h"
#include "value.h"
#include <string.h>

/* On the stack: subject, pattern, replacement, how often at most, then struct gsub and the text so far: nil until
 * something is replaced. */
enum { SUBJECT = 1, PATTERN, NEWS, MOST, STATE, TEXT };

/* What outlives a call of the replacement. */
struct gsub {
    lua_Integer most, count;
    const char *from, *to; /* the match that is being replaced */
    const char *copied;    /* how far the subject is in the text */
    const char *last;      /* the end of the last match, or NULL */
};

/* What stands behind a '%' of the replacement. */
static void add_marked(lua_State *L, struct tl_match *m, char mark, const char *from, const char *to)
{
    if (mark == '%') {
        tl_text_box_add(L, TEXT, "%", 1);
    } else if (mark == '0') {
        tl_text_box_add(L, TEXT, from, (size_t)(to - from));
    } else if (mark > '0' && mark <= '9') {
        tl_match_push_one(m, mark - '1', from, to);
        tl_text_box_take(L, TEXT);
    } else {
        luaL_error(L, "invalid use of '%%' in replacement string");
    }
}

static void add_template(lua_State *L, struct tl_match *m, const char *from, const char *to)
{
    size_t len;
    const char *news = lua_tolstring(L, NEWS, &len), *end = news + len, *mark;
    size_t marks = 0;
    for (; (mark = memchr(news, '%', (size_t)(end - news))); news = mark + 2) {
        tl_text_box_add(L, TEXT, news, (size_t)(mark - news));
        add_marked(L, m, mark + 1 < end ? mark[1] : '\0', from, to);
        if ((++marks & 255) == 0) /* each may stand for nothing */
            tl_script_check_budget(L);
    }
    tl_text_box_add(L, TEXT, news, (size_t)(end - news));
}

/* What a function or a table gave is on the top. */
static void add_given(lua_State *L, const struct gsub *g)
{
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        tl_text_box_add(L, TEXT, g->from, (size_t)(g->to - g->from));
        return;
    }
    if (!lua_isstring(L, -1) && !tl_decimal_text_of(L, -1).ptr)
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    tl_text_box_take(L, TEXT);
}

static int given(lua_State *L, int status, lua_KContext context);

static void replace(lua_State *L, struct gsub *g, struct tl_match *m)
{
    switch (lua_type(L, NEWS)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, NEWS);
        lua_callk(L, tl_match_push(m, g->from, g->to), 1, 0, given); /* may give way, or wait */
        break;
    case LUA_TTABLE:
        tl_match_push_one(m, 0, g->from, g->to);
        lua_gettable(L, NEWS);
        break;
    default:
        add_template(L, m, g->from, g->to);
        return;
    }
    add_given(L, g);
}

static void begin_text(lua_State *L)
{
    tl_text_box_new(L, lua_rawlen(L, SUBJECT));
    lua_replace(L, TEXT);
}

/* The subject up to `to` goes as it is. */
static void copy(lua_State *L, struct gsub *g, const char *to)
{
    tl_text_box_add(L, TEXT, g->copied, (size_t)(to - g->copied));
    g->copied = to;
}

static int finish(lua_State *L, struct gsub *g, const struct tl_match *m)
{
    if (g->count == 0) {
        lua_pushvalue(L, SUBJECT);
    } else {
        copy(L, g, m->src_end);
        tl_text_box_push(L, TEXT);
    }
    lua_pushinteger(L, g->count);
    return 2;
}

static int search_again(lua_State *L, int status, lua_KContext context);

static int go_on(lua_State *L, struct gsub *g, struct tl_search *s)
{
    const struct tl_match *m = &s->match;
    while (g->count < g->most) {
        enum tl_match_end end = tl_search_next(s);
        if (end == TL_MATCH_PAUSED)
            return tl_search_pause(L, s, search_again);
        if (end == TL_MATCH_NO)
            break;
        if (m->at == g->last) { /* nothing, where the last match ended */
            if (s->from++ == m->src_end)
                break;
            continue;
        }
        if (g->count == 0)
            begin_text(L);
        copy(L, g, s->from);
        g->from = s->from;
        g->to = g->copied = g->last = s->from = m->at;
        g->count++;
        replace(L, g, &s->match);
        if (s->anchored)
            break;
    }
    return finish(L, g, m);
}

static int search_again(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct tl_search s;
    tl_search_take(L, &s);
    return go_on(L, lua_touserdata(L, STATE), &s);
}

/* As go_on goes on behind its call of the replacement. */
static int given(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct gsub *g = lua_touserdata(L, STATE);
    struct tl_search s;
    tl_search_init(&s, L, SUBJECT, PATTERN, 0);
    s.from = g->to;
    add_given(L, g);
    return s.anchored ? finish(L, g, &s.match) : go_on(L, g, &s);
}

int tl_string_gsub(lua_State *L)
{
    size_t len;
    const char *subject = luaL_checklstring(L, SUBJECT, &len);
    luaL_checkstring(L, PATTERN);
    int type = lua_type(L, NEWS);
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, NEWS,
                     "string/function/table");
    lua_Integer most = luaL_optinteger(L, MOST, (lua_Integer)len + 1);
    lua_settop(L, MOST);
    struct gsub *g = lua_newuserdatauv(L, sizeof *g, 0);
    *g = (struct gsub){.most = most, .copied = subject};
    lua_pushnil(L);
    struct tl_search s;
    tl_search_init(&s, L, SUBJECT, PATTERN, 0);
    return go_on(L, g, &s);
}
