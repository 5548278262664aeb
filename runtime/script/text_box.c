/* A text on the Lua stack: see text_box.h. */
#include "text_box.h"
#include <string.h>

struct text_box {
    size_t len, room;
    char bytes[];
};

static struct text_box *push(lua_State *L, size_t room)
{
    struct text_box *box = lua_newuserdatauv(L, sizeof *box + room, 0);
    box->len = 0;
    box->room = room;
    return box;
}

void tl_text_box_new(lua_State *L, size_t room)
{
    push(L, room);
}

static struct text_box *grow(lua_State *L, int index, size_t least)
{
    const struct text_box *old = lua_touserdata(L, index);
    struct text_box *box = push(L, old->room * 2 > least ? old->room * 2 : least);
    memcpy(box->bytes, old->bytes, old->len);
    box->len = old->len;
    lua_replace(L, index);
    return box;
}

void tl_text_box_add(lua_State *L, int index, const char *text, size_t len)
{
    struct text_box *box = lua_touserdata(L, index);
    if (len > box->room - box->len)
        box = grow(L, index, box->len + len);
    memcpy(box->bytes + box->len, text, len);
    box->len += len;
}

void tl_text_box_take(lua_State *L, int index)
{
    bool other = lua_type(L, -1) != LUA_TSTRING;
    size_t len;
    const char *text = other ? luaL_tolstring(L, -1, &len) : lua_tolstring(L, -1, &len);
    tl_text_box_add(L, index, text, len);
    lua_pop(L, other ? 2 : 1);
}

void tl_text_box_push(lua_State *L, int index)
{
    const struct text_box *box = lua_touserdata(L, index);
    lua_pushlstring(L, box->bytes, box->len);
}
