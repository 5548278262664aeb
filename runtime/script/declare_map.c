/* map "title" { … } and lens "title" { … }: their bodies are compiled by the standard library and registered under
 * their titles; what writes an entity to a target also under "target entity", for put. A lens counts as two maps, one
 * for each direction. Thread: that of the state. */
#include "load.h"
#include <string.h>

/* Pushes a table: entity → its declaration, as declared so far (entities load before maps). */
static void push_entities(lua_State *L)
{
    lua_newtable(L);
    int entities = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->declarations);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_settop(L, entities + 1);
        lua_rawgeti(L, -1, i);
        lua_getfield(L, -1, "kind");
        if (strcmp(lua_tostring(L, -1), "entity") != 0)
            continue;
        lua_getfield(L, -2, "name");
        if (lua_getfield(L, -3, "body") == LUA_TTABLE)
            lua_rawset(L, entities);
    }
    lua_settop(L, entities);
}

/* Calls compile(title, body (1), entities) of the standard library; leaves what it gave. */
static int compile(lua_State *L, int record, const char *function)
{
    struct tl_script *script = tl_script_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->mapping);
    lua_getfield(L, -1, function);
    lua_getfield(L, record, "name");
    lua_pushvalue(L, 1);
    push_entities(L);
    if (lua_pcall(L, 3, 1, 0) != LUA_OK) {
        if (script->stop != TL_STOP_NONE || lua_type(L, -1) != LUA_TSTRING)
            lua_error(L);
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
        lua_error(L);
    }
    return lua_gettop(L);
}

/* Under its title. */
static void add_title(lua_State *L, int map, const char *title)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->maps);
    lua_pushvalue(L, map);
    lua_setfield(L, -2, title);
    lua_settop(L, map);
}

/* Under "target entity". `alone`: raises when another map writes that already. */
static void add_put(lua_State *L, int map, bool alone)
{
    lua_getfield(L, map, "target");
    lua_getfield(L, map, "entity");
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->puts);
    const char *name = lua_pushfstring(L, "%s %s", lua_tostring(L, -3), lua_tostring(L, -2));
    if (lua_getfield(L, -2, name) == LUA_TTABLE && alone) {
        lua_getfield(L, -1, "name");
        luaL_error(L, "the map \"%s\" writes %s to %s already; one of them is enough", lua_tostring(L, -1),
                   lua_tostring(L, map + 2), lua_tostring(L, map + 1));
    }
    lua_pop(L, 1);
    lua_pushvalue(L, map);
    lua_rawset(L, -3);
    lua_settop(L, map);
}

int tl_declare_map(lua_State *L, int record)
{
    int map = compile(L, record, "compile");
    lua_getfield(L, record, "name");
    add_title(L, map, lua_tostring(L, -1));
    if (lua_getfield(L, map, "target") == LUA_TSTRING)
        add_put(L, map, false);
    lua_settop(L, map);
    return 1;
}

/* One direction of the lens; "getter" serves under the lens' title as well. */
static void add_direction(lua_State *L, int lens, const char *direction)
{
    lua_getfield(L, lens, direction);
    int map = lua_gettop(L);
    const char *title = (lua_getfield(L, map, "name"), lua_tostring(L, -1));
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->maps);
    if (lua_getfield(L, -1, title) != LUA_TNIL)
        luaL_error(L, "\"%s\" is one direction of this lens, and there is a map or lens that says it already", title);
    lua_pop(L, 3);
    add_title(L, map, lua_tostring(L, (lua_getfield(L, map, "name"), -1)));
    if (lua_getfield(L, map, "target") == LUA_TSTRING) {
        lua_settop(L, map);
        add_put(L, map, true);
    }
    lua_settop(L, lens);
}

int tl_declare_lens(lua_State *L, int record)
{
    int lens = compile(L, record, "lens");
    add_direction(L, lens, "getter");
    add_direction(L, lens, "putter");
    lua_getfield(L, lens, "getter");
    lua_pushvalue(L, lens);
    lua_setfield(L, -2, "of");
    lua_getfield(L, record, "name");
    const char *title = lua_tostring(L, -1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->maps);
    lua_getfield(L, lens, "getter");
    lua_setfield(L, -2, title);
    lua_settop(L, lens);
    return 1;
}
