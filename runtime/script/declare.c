/* The words of the integrator's files: kind "name" { … }. A declaration is kept as it is written, with its
 * place; collect.c reads them all once the files have run. Records: { kind, name, file, line, body }, in the
 * table `declarations` by number and by "kind name". Thread: that of the state. */
#include "load.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

static const char *const kinds[] = {"integration", "steward", "system", "route", "event", "entity",
                                    "flow",        "every",   "expect", "map",   "lens"};
static const struct {
    const char *kind, *package;
} later[] = {
    {"sync", "the entities package"}, {"endpoint", "the endpoints package"}, {"connector", "the scenarios package"}};

static void find(lua_State *L, struct tl_place place, const char *text, const char *name)
{
    struct tl_loading *loading = tl_script_of(L)->loading;
    if (loading && loading->findings)
        tl_findings_add(loading->findings, TL_FINDING_ERROR, place, text, name);
}

/* The line of the script that called; file in the arena of stops. */
static struct tl_place here(lua_State *L)
{
    return tl_run_place(L, &tl_script_of(L)->stop_arena);
}

static void set_place(lua_State *L, struct tl_place place)
{
    lua_pushstring(L, place.file);
    lua_setfield(L, -2, "file");
    lua_pushinteger(L, place.line);
    lua_setfield(L, -2, "line");
}

static struct tl_place record_place(lua_State *L, int record)
{
    struct tl_place place;
    lua_getfield(L, record, "file");
    lua_getfield(L, record, "line");
    place.file = tl_arena_copy(&tl_script_of(L)->stop_arena, tl_str_z(lua_tostring(L, -2)));
    place.line = (int)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return place;
}

/* The record becomes known by its kind and name. 1 + `record` and below are kept. */
static void name_record(lua_State *L, int record, const char *kind, const char *name)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->declarations);
    lua_pushfstring(L, "%s %s", kind, name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL && kind[0] != '$') { /* several may name one setting */
        struct tl_place first = record_place(L, lua_gettop(L)), place = record_place(L, record);
        char text[300];
        snprintf(text, sizeof text, "%s \"%s\" is declared twice (first in %s:%d)", kind, name, first.file, first.line);
        find(L, place, "%s", text);
    }
    lua_pop(L, 1);
    lua_pushvalue(L, record);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static void add_record(lua_State *L, const char *kind, const char *name, struct tl_place place)
{
    lua_createtable(L, 0, 5);
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    set_place(L, place);
    int record = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->declarations);
    lua_pushvalue(L, record);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_settop(L, record);
    if (strcmp(kind, "every") != 0) /* its name stands in its body: several may come at one time */
        name_record(L, record, kind, name);
}

/* every "02:00 …" { name = "name" }; 1: the body, 3: its record. */
static int name_every(lua_State *L)
{
    if (lua_getfield(L, 1, "name") == LUA_TSTRING)
        name_record(L, 3, "every", lua_tostring(L, -1));
    return 0;
}

/* { … } of a declaration; upvalue: its record. */
static int declare_body(lua_State *L)
{
    int record = lua_upvalueindex(1);
    if (!lua_istable(L, 1)) {
        lua_getfield(L, record, "kind");
        lua_getfield(L, record, "name");
        return luaL_error(L, "the body of %s \"%s\" is a %s instead of a table: %s \"%s\" { … }", lua_tostring(L, -2),
                          lua_tostring(L, -1), luaL_typename(L, 1), lua_tostring(L, -2), lua_tostring(L, -1));
    }
    lua_settop(L, 1);
    if (lua_getfield(L, record, "body") != LUA_TNIL)
        return luaL_error(L, "this declaration has its body already");
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, record, "body");
    lua_getfield(L, record, "kind");
    lua_pushvalue(L, record);
    if (strcmp(lua_tostring(L, 2), "map") == 0)
        return tl_declare_map(L, 3);
    if (strcmp(lua_tostring(L, 2), "lens") == 0)
        return tl_declare_lens(L, 3);
    if (strcmp(lua_tostring(L, 2), "every") == 0)
        return name_every(L);
    return 0;
}

/* Names are parts of ids and keys. */
static bool is_plain(tl_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '/' || (unsigned char)name.ptr[i] < ' ' || name.ptr[i] == 127)
            return false;
    return name.len > 0 && name.len <= 200;
}

/* Maps and lenses have a title, a schedule has its times. */
static bool is_named(const char *kind)
{
    for (size_t i = 0; i < TL_COUNT_OF(kinds); i++)
        if (strcmp(kinds[i], kind) == 0)
            return strcmp(kind, "map") != 0 && strcmp(kind, "lens") != 0 && strcmp(kind, "every") != 0;
    return false;
}

/* kind "name"; upvalue: the kind. */
static int declare_name(lua_State *L)
{
    const char *kind = lua_tostring(L, lua_upvalueindex(1));
    struct tl_script *script = tl_script_of(L);
    if (!script->loading)
        return luaL_error(L, "%s: declarations are made while files load, not in a run", kind);
    if (lua_type(L, 1) != LUA_TSTRING)
        return luaL_error(L, "%s needs a name first: %s \"name\" { … }", kind, kind);
    const char *name = lua_tostring(L, 1);
    struct tl_place place = here(L);
    if (is_named(kind) && !is_plain(tl_str_z(name)))
        find(L, place, "%s", "a name is text of 1 to 200 bytes without '/' and control characters");
    for (size_t i = 0; i < TL_COUNT_OF(later); i++)
        if (strcmp(later[i].kind, kind) == 0) {
            char text[200];
            snprintf(text, sizeof text, "%s \"%.60s\": %s comes with %s", kind, name, kind, later[i].package);
            find(L, place, "%s", text);
        }
    add_record(L, kind, name, place);
    lua_pushcclosure(L, declare_body, 1);
    return 1;
}

/* setting "name", secret "name"; upvalue: "$setting" or "$secret". */
static int declare_reference(lua_State *L)
{
    const char *marker = lua_tostring(L, lua_upvalueindex(1));
    if (lua_type(L, 1) != LUA_TSTRING || lua_tostring(L, 1)[0] == '\0')
        return luaL_error(L, "%s needs a name: %s \"erp.url\"", marker + 1, marker + 1);
    if (!tl_script_of(L)->loading)
        return luaL_error(L, "%s: settings are named in declarations; a run does not read them", marker + 1);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, marker);
    add_record(L, marker, lua_tostring(L, 1), here(L));
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "body");
    lua_pop(L, 1);
    return 1;
}

static void add_kind(lua_State *L, const char *name, const char *upvalue, lua_CFunction function)
{
    lua_pushstring(L, upvalue);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void tl_declare_open(lua_State *L)
{
    for (size_t i = 0; i < TL_COUNT_OF(kinds); i++)
        add_kind(L, kinds[i], kinds[i], declare_name);
    for (size_t i = 0; i < TL_COUNT_OF(later); i++)
        add_kind(L, later[i].kind, later[i].kind, declare_name);
    add_kind(L, "setting", "$setting", declare_reference);
    add_kind(L, "secret", "$secret", declare_reference);
}
