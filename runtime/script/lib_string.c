/* string: Lua's own functions where they are bounded by their output; find, match, gmatch and gsub on our matcher
 * (lib_search.c, lib_gsub.c); rep and format without endless loops and addresses. Thread: that of the state. */
#include "libs.h"
#include "text_box.h"
#include "value.h"
#include <string.h>

/* Twice as much each time: copying one character after the other takes as long as a budget. */
static void fill(char *to, size_t done, size_t total)
{
    while (done < total) {
        size_t more = done < total - done ? done : total - done;
        memcpy(to + done, to, more);
        done += more;
    }
}

static int string_rep(lua_State *L)
{
    size_t len, sep_len;
    const char *s = luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &sep_len);
    if (count <= 0 || len + sep_len == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    size_t most = tl_script_of(L)->quota.hard / (len + sep_len);
    if ((lua_Unsigned)count > most)
        return luaL_error(L, "string.rep: the result would be larger than the memory of a script");
    size_t total = (len + sep_len) * (size_t)count - sep_len;
    luaL_Buffer text;
    char *to = luaL_buffinitsize(L, &text, total);
    memcpy(to, s, len);
    if (count > 1) {
        memcpy(to + len, sep, sep_len);
        fill(to, len + sep_len, total);
    }
    luaL_pushresultsize(&text, total);
    return 1;
}

/* So many conversions are one call of Lua's function; %q is one alone, of no text that takes as long as a budget. */
enum { PIECE = 32, QUOTED_MAX = 512 * 1024 };

/* Argument `arg` for conversion `c`: of %s it becomes text without addresses, unless its own __tostring is to be
 * called: true, and that is pushed. %p is refused; a decimal for %f is told what to do. */
static bool format_argument(lua_State *L, int arg, char c)
{
    if (c == 'p')
        luaL_error(L, "string.format: %%p shows addresses, which differ in every process");
    if (c == 'q' && lua_type(L, arg) == LUA_TSTRING && lua_rawlen(L, arg) > QUOTED_MAX)
        luaL_error(L, "string.format: %%q of more than %d bytes", QUOTED_MAX);
    if (c != 's') {
        if (tl_decimal_text_of(L, arg).ptr)
            luaL_error(L, "string.format: %%%c of a decimal; write %%s with amount:round(2, \"half-even\")", c);
        return false;
    }
    if (tl_push_own_tostring(L, arg))
        return true;
    tl_plain_tostring(L, arg, NULL);
    lua_replace(L, arg);
    return false;
}

/* Goes behind the next conversion that takes an argument; its letter, or 0 at the end. */
static char next_conversion(const char *f, size_t len, size_t *at)
{
    while (*at < len) {
        if (f[(*at)++] != '%')
            continue;
        if (*at < len && f[*at] == '%') {
            ++*at;
            continue;
        }
        while (*at < len && f[*at] && strchr("-+ #0123456789.", f[*at]))
            ++*at;
        if (*at < len)
            return f[(*at)++];
    }
    return '\0';
}

/* `box`: the text so far, above the arguments; `count` of them, from `arg` on, are for the piece. */
static void add_piece(lua_State *L, int box, tl_str piece, int arg, int count)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushlstring(L, piece.ptr, piece.len);
    for (int i = arg; i < arg + count && i < box; i++)
        lua_pushvalue(L, i);
    lua_call(L, lua_gettop(L) - box - 1, 1);
    tl_text_box_take(L, box);
    tl_script_check_budget(L);
}

static int format_pieces(lua_State *L, tl_str f)
{
    size_t from = 0, at = 0;
    int arg = 2, count = 0, box = lua_gettop(L) + 1;
    luaL_checkstack(L, PIECE + 8, NULL);
    tl_text_box_new(L, f.len);
    for (char c = 1; c;) {
        c = next_conversion(f.ptr, f.len, &at);
        count += c != 0;
        if (c && c != 'q' && count < PIECE)
            continue;
        size_t to = c ? at : f.len;
        add_piece(L, box, tl_str_n(f.ptr + from, to - from), arg, count);
        from = to;
        arg += count;
        count = 0;
    }
    tl_text_box_push(L, box);
    return 1;
}

/* `called`: the argument whose own __tostring has just answered; 0 at the beginning. Arguments that are text by now
 * stay as they are, so each time begins at the first. */
static int format_on(lua_State *L, int status, lua_KContext called)
{
    (void)status;
    if (called)
        tl_take_own_text(L, (int)called);
    size_t len, at = 0;
    const char *f = lua_tolstring(L, 1, &len);
    int arg = 1, top = lua_gettop(L);
    bool quotes = false;
    for (char c; (c = next_conversion(f, len, &at)) && ++arg <= top;) {
        quotes |= c == 'q';
        if (format_argument(L, arg, c)) {
            lua_callk(L, 1, 1, arg, format_on);
            tl_take_own_text(L, arg);
        }
    }
    if (quotes || arg > PIECE)
        return format_pieces(L, tl_str_n(f, len));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int string_format(lua_State *L)
{
    luaL_checkstring(L, 1);
    return format_on(L, LUA_OK, 0);
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
    static const luaL_Reg functions[] = {{"find", tl_string_find},     {"match", tl_string_match},
                                         {"gmatch", tl_string_gmatch}, {"gsub", tl_string_gsub},
                                         {"rep", string_rep},          {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
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
