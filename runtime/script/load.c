/* Loading order: integration.lua, entities, maps, lenses, events, flows, apis, then what is left of lib/. Each file is
 * run once under a CPU budget, then all that was made is frozen. Thread: that of the state. */
#include "load.h"
#include "base/nearest.h"
#include "freeze.h"
#include "inspect.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

#define LOAD_CPU_MS 5000

/* ---- libraries ---- */

static int open_libraries(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    lua_newtable(L);
    tl_lib_base(L);
    tl_lib_string(L);
    tl_lib_table(L);
    tl_lib_coroutine(L);
    tl_null_open(L);
    tl_decimal_open(L);
    tl_error_open(L);
    lua_pushcfunction(L, tl_require);
    lua_setfield(L, -2, "require");
    tl_declare_open(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    script->globals = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    script->modules = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    script->declarations = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    script->maps = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    script->puts = luaL_ref(L, LUA_REGISTRYINDEX);
    tl_lib_cjson(L);
    script->cjson = luaL_ref(L, LUA_REGISTRYINDEX);
    tl_lib_host(L);
    script->host = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushnil(L);
    lua_setglobal(L, "cjson");
    return 0;
}

tl_code tl_load_libraries(struct tl_script *script, struct tl_error *err)
{
    return tl_script_protected(script, open_libraries, NULL, LOAD_CPU_MS, err);
}

/* The mapping module of the standard library gives the global `as` and compiles maps. */
static int open_mapping(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    const struct tl_source *source = tl_bundle_source(script->loading->bundle, "mapping.lua", true);
    struct tl_error err;
    if (!source)
        return luaL_error(L, "the standard library has no mapping.lua: is the path of scripts/lib right?");
    if (!tl_load_module(L, source, &err))
        return luaL_error(L, "the standard library's mapping.lua cannot be loaded");
    script->mapping = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->globals);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->mapping);
    lua_getfield(L, -1, "as");
    lua_setfield(L, -3, "as");
    return 0;
}

/* ---- the bundle's files ---- */

struct load_job {
    const struct tl_source *source;
    struct tl_error *err;
    bool done;
};

static int load_one(lua_State *L)
{
    struct load_job *job = lua_touserdata(L, 1);
    lua_settop(L, 0);
    job->done = tl_load_module(L, job->source, job->err);
    return 0;
}

static int protect_globals_newindex(lua_State *L)
{
    return luaL_error(L, "the global '%s' is written; there are no globals of one's own: make it local",
                      lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
}

static int unknown_global(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    const char *advice = tl_global_advice(tl_str_z(name));
    if (advice)
        return luaL_error(L, "%s", advice);
    const char *nearest = tl_nearest(tl_str_z(name), tl_global_names, tl_global_count);
    return luaL_error(L, "unknown global '%s'%s%s%s", name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

/* The globals table stays empty; what it names is behind it, read-only. */
static int protect_globals(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->globals); /* 2: contents */
    lua_newtable(L);                                    /* 3: what scripts see */
    lua_pushvalue(L, 3);
    lua_setfield(L, 2, "_G");
    lua_newtable(L);
    lua_pushcfunction(L, unknown_global);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, 2);
    lua_newtable(L);
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, protect_globals_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "globals");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, 3);
    lua_pushvalue(L, 3);
    lua_rawseti(L, LUA_REGISTRYINDEX, script->globals);
    static const char *const libraries[] = {"string", "table", "math", "utf8", "coroutine", "as"};
    for (size_t i = 0; i < TL_COUNT_OF(libraries); i++) {
        lua_pushstring(L, libraries[i]);
        if (lua_rawget(L, 2) != LUA_TTABLE) {
            lua_pop(L, 1);
            continue;
        }
        tl_freeze(L, NULL);
    }
    lua_pushliteral(L, "");
    luaL_getmetafield(L, -1, "__index");
    return 0;
}

static void found_state(void *ctx, const char *file, int line, const char *name)
{
    struct tl_findings *findings = ctx;
    bool known = findings == NULL;
    for (size_t i = 0; !known && i < findings->count; i++)
        known = findings->items[i].place.line == line && strcmp(findings->items[i].place.file, file) == 0;
    if (known)
        return;
    struct tl_place place = {file, line};
    if (name)
        tl_findings_add(
            findings, TL_FINDING_ERROR, place,
            "a function that outlives the load assigns to '%s': such state differs per lane and is lost at a "
            "restart; remember it in an entity, a setting or a run",
            name);
    else
        tl_findings_add(findings, TL_FINDING_ERROR, place,
                        "a coroutine or iterator that outlives the load: each run would go on where another left it; "
                        "make it inside the function that uses it");
}

static int freeze_all(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    struct tl_freezer freezer = {found_state, script->loading->findings};
    int roots[] = {script->modules, script->maps};
    for (size_t i = 0; i < TL_COUNT_OF(roots); i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, roots[i]);
        lua_pushnil(L);
        while (lua_next(L, -2))
            tl_freeze(L, &freezer);
        lua_pop(L, 1);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->declarations);
    int table = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_istable(L, -1)) {
            lua_getfield(L, -1, "body");
            tl_freeze(L, &freezer);
        }
        lua_pop(L, 1);
    }
    return 0;
}

static int open_ctx(lua_State *L)
{
    tl_ctx_open(L);
    tl_script_of(L)->ctx = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

tl_code tl_load_files(struct tl_script *script, const struct tl_bundle *bundle, struct tl_bundle *checking,
                      struct tl_error *err)
{
    struct tl_findings *findings = checking ? &checking->findings : NULL;
    struct tl_loading loading = {bundle, findings};
    tl_code code = tl_load_libraries(script, err);
    script->loading = &loading;
    if (code == TL_OK)
        code = tl_script_protected(script, open_mapping, NULL, LOAD_CPU_MS, err);
    if (code == TL_OK)
        code = tl_script_protected(script, protect_globals, NULL, LOAD_CPU_MS, err);
    for (size_t i = 0; i < bundle->sources.count && code == TL_OK; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        if (source->role != TL_SOURCE_MAIN && source->role != TL_SOURCE_LIB)
            continue;
        struct tl_error why = {TL_OK, ""};
        struct load_job job = {source, &why, false};
        size_t before = findings ? findings->count : 0;
        code = tl_script_protected(script, load_one, &job, LOAD_CPU_MS, &why);
        if (checking)
            checking->sources.items[i].broken = code != TL_OK || !job.done;
        if (code != TL_OK && findings) {
            if (findings->count == before || script->stop == TL_STOP_NONE)
                tl_load_report(&loading, source, why.text, "", NULL);
            code = TL_OK;
        } else if ((code != TL_OK || !job.done) && !findings) {
            code = tl_fail(err, TL_ECONFIG, "%s", why.text);
        }
    }
    if (code == TL_OK && checking)
        tl_collect(checking, script);
    if (code == TL_OK)
        code = tl_script_protected(script, freeze_all, NULL, LOAD_CPU_MS, err);
    if (code == TL_OK && script->bundle)
        code = tl_script_protected(script, open_ctx, NULL, LOAD_CPU_MS, err);
    script->loading = NULL;
    return code;
}
