/* Lenses as collected: what their compilation complained of, at the line of each field. Thread: one at a time. */
#include "collect.h"
#include <string.h>

/* { field, text, warning } on the top */
static void add_problem(struct tl_form *form, lua_State *L)
{
    lua_getfield(L, -1, "field");
    lua_getfield(L, -2, "text");
    const char *field = lua_tostring(L, -2);
    lua_getfield(L, -3, "warning");
    enum tl_severity severity = lua_toboolean(L, -1) ? TL_FINDING_WARNING : TL_FINDING_ERROR;
    lua_pop(L, 1);
    tl_findings_add(&form->bundle->findings, severity, tl_form_field_place(form, field), "lens \"%s\"%s%s: %s",
                    form->name, field[0] ? ", " : "", field, lua_tostring(L, -1));
    lua_pop(L, 2);
}

bool tl_lens_push(lua_State *L, const char *title)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->maps);
    bool is = lua_getfield(L, -1, title) == LUA_TTABLE && lua_getfield(L, -1, "of") == LUA_TTABLE;
    if (is)
        lua_replace(L, -3);
    lua_pop(L, is ? 1 : 2);
    return is;
}

void tl_check_lens(struct tl_form *form)
{
    lua_State *L = form->L;
    int top = lua_gettop(L);
    tl_check_map(form);
    if (tl_lens_push(L, form->name) && lua_getfield(L, -1, "problems") == LUA_TTABLE) {
        int problems = lua_gettop(L);
        lua_Integer count = (lua_Integer)lua_rawlen(L, problems);
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(L, problems, i);
            add_problem(form, L);
            lua_settop(L, problems);
        }
    }
    lua_settop(L, top);
}
