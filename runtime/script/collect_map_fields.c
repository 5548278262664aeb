/* The same of maps and lenses: their paths, their functions, and the names they write. Thread: one at a time. */
#include "looking.h"
#include <string.h>

#define DEPTH_MAX 32     /* a table may hold itself … */
#define TABLES_MAX 20000 /* … and twice */

static void look_at_fields(struct tl_looking *look, const struct tl_known *source);

static int line_here(const struct tl_looking *look)
{
    return tl_form_field_place(look->form, look->path).line;
}

/* "Lines[1].Sku" read from the value; what it leads to. */
static const struct tl_known *look_along(struct tl_looking *look, const struct tl_known *value, tl_str path)
{
    tl_str step, rest = path;
    while (value && tl_str_cut(&rest, '.', &step)) {
        ptrdiff_t bracket = tl_str_find(step, '[');
        tl_str name = bracket >= 0 ? tl_str_n(step.ptr, (size_t)bracket) : step;
        if (name.len)
            value = tl_known_member(&look->check, value, name, line_here(look));
        if (bracket >= 0)
            value = tl_known_element(&look->check, value);
    }
    return value;
}

/* A path on the top: text, or a list of names. */
static const struct tl_known *look_at_path(struct tl_looking *look, const struct tl_known *value)
{
    lua_State *L = look->form->L;
    if (lua_type(L, -1) == LUA_TSTRING)
        return look_along(look, value, tl_str_z(lua_tostring(L, -1)));
    lua_Integer count = lua_istable(L, -1) ? (lua_Integer)lua_rawlen(L, -1) : 0;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, -1, i) == LUA_TSTRING)
            value = tl_known_member(&look->check, value, tl_str_z(lua_tostring(L, -1)), line_here(look));
        lua_pop(L, 1);
    }
    return value;
}

static bool is_spec(lua_State *L)
{
    bool is = false;
    if (lua_istable(L, -1) && lua_getmetatable(L, -1)) {
        lua_pushliteral(L, "__metatable");
        is = lua_rawget(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "spec") == 0;
        lua_pop(L, 2);
    }
    return is;
}

static int raw_field(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, -2);
}

static void look_at_field(struct tl_looking *look, const struct tl_known *source);

/* as.… on the top. */
static void look_at_spec(struct tl_looking *look, const struct tl_known *source)
{
    lua_State *L = look->form->L;
    int spec = lua_gettop(L);
    const struct tl_known *value = NULL;
    if (look->depth == DEPTH_MAX || ++look->tables > TABLES_MAX)
        return;
    look->depth++;
    luaL_checkstack(L, 20, NULL);
    if (raw_field(L, "condition") == LUA_TFUNCTION)
        tl_looking_at(look, source, NULL);
    lua_settop(L, spec);
    if (raw_field(L, "path") != LUA_TNIL)
        value = look_at_path(look, source);
    lua_settop(L, spec);
    if (raw_field(L, "inner") != LUA_TNIL)
        look_at_field(look, source);
    lua_settop(L, spec);
    bool list = raw_field(L, "kind") == LUA_TSTRING && strcmp(lua_tostring(L, -1), "list") == 0;
    lua_settop(L, spec);
    if (raw_field(L, "fields") == LUA_TTABLE && lua_getmetatable(L, -1) == 0)
        look_at_fields(look, list ? tl_known_element(&look->check, value) : value);
    lua_settop(L, spec);
    look->depth--;
}

static void look_at_field(struct tl_looking *look, const struct tl_known *source)
{
    lua_State *L = look->form->L;
    if (lua_type(L, -1) == LUA_TSTRING)
        look_at_path(look, source);
    else if (lua_isfunction(L, -1))
        tl_looking_at(look, source, NULL);
    else if (is_spec(L))
        look_at_spec(look, source);
    else if (lua_istable(L, -1) && lua_getmetatable(L, -1) == 0)
        look_at_fields(look, source);
}

/* A table of fields on the top: each reads from `source`. */
static void look_at_fields(struct tl_looking *look, const struct tl_known *source)
{
    lua_State *L = look->form->L;
    const char *outer = look->path;
    if (look->depth == DEPTH_MAX || ++look->tables > TABLES_MAX)
        return;
    look->depth++;
    luaL_checkstack(L, 20, NULL);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        int top = lua_gettop(L);
        if (lua_type(L, -2) == LUA_TSTRING)
            look->path = tl_arena_printf(&look->arena, "%s%s%s", outer, outer[0] ? "." : "", lua_tostring(L, -2));
        look_at_field(look, source);
        lua_settop(L, top - 1);
        look->path = outer;
    }
    look->depth--;
}

/* What a map writes into an entity: the names on the left. */
static void look_at_names(struct tl_looking *look, const struct tl_known *entity)
{
    lua_State *L = look->form->L;
    if (look->depth == DEPTH_MAX || ++look->tables > TABLES_MAX)
        return;
    look->depth++;
    luaL_checkstack(L, 20, NULL);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        int top = lua_gettop(L);
        if (lua_type(L, -2) == LUA_TSTRING && entity) {
            look->path = tl_arena_copy(&look->arena, tl_str_z(lua_tostring(L, -2)));
            const struct tl_known *inner =
                tl_known_member(&look->check, entity, tl_str_z(lua_tostring(L, -2)), line_here(look));
            if (lua_istable(L, -1) && lua_getmetatable(L, -1) == 0)
                look_at_names(look, inner);
        }
        lua_settop(L, top - 1);
    }
    look->depth--;
}

/* The functions of a lens that are given the entity: conditions, and the one that puts. */
static void look_at_lens(struct tl_looking *look, const struct tl_known *entity)
{
    lua_State *L = look->form->L;
    int body = lua_gettop(L);
    if (lua_rawgeti(L, body, 2) == LUA_TFUNCTION)
        tl_looking_at(look, entity, NULL);
    lua_settop(L, body);
    lua_pushnil(L);
    while (lua_next(L, body)) {
        if (is_spec(L) && raw_field(L, "condition") == LUA_TFUNCTION)
            tl_looking_at(look, entity, NULL);
        lua_settop(L, body + 1);
    }
}

static const struct tl_known *entity_of(struct tl_looking *look, tl_str name)
{
    const struct tl_entity *entity = tl_bundle_entity(look->form->bundle, name);
    if (!entity || !entity->schema)
        return NULL;
    struct tl_known *value = TL_ARENA_NEW(&look->arena, struct tl_known);
    struct tl_shape *shape = TL_ARENA_NEW(&look->arena, struct tl_shape);
    *shape = tl_shape_of(entity->schema);
    *value = (struct tl_known){.kind = TL_KNOWN_VALUE, .shapes = shape, .count = 1};
    return value;
}

void tl_check_map_fields(struct tl_form *form, tl_str left, tl_str right)
{
    struct tl_looking look;
    lua_State *L = form->L;
    int top = lua_gettop(L);
    tl_looking_open(&look, form);
    look.check.file = form->place.file;
    const struct tl_known *written = entity_of(&look, left), *read = entity_of(&look, right);
    lua_pushvalue(L, form->table);
    if (strcmp(form->kind, "lens") == 0) {
        look_at_lens(&look, written);
    } else {
        bool by_function = lua_rawgeti(L, -1, 1) == LUA_TFUNCTION;
        if (by_function)
            tl_looking_at(&look, read, NULL);
        lua_pop(L, 1);
        if (!by_function && read)
            look_at_fields(&look, read);
        look.check.writing = true;
        if (!by_function && written)
            look_at_names(&look, written);
    }
    lua_settop(L, top);
    tl_looking_close(&look);
}
