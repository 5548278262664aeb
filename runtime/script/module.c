/* A file as a module: compiled as text, inspected (while checking) and run once; and `require`, which finds it. Thread:
 * that of the state. */
#include "base/alloc.h"
#include "base/nearest.h"
#include "inspect.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include <stdlib.h>
#include <string.h>

/* "path:12: text" → place and text; false when there is no such prefix. */
static bool split_message(const char *message, struct tl_arena *arena, struct tl_place *place, const char **text)
{
    for (const char *colon = strchr(message, ':'); colon; colon = strchr(colon + 1, ':')) {
        char *end;
        long line = strtol(colon + 1, &end, 10);
        if (end == colon + 1 || *end != ':' || line <= 0)
            continue;
        place->file = tl_arena_copy(arena, tl_str_n(message, (size_t)(colon - message)));
        place->line = (int)line;
        *text = end[1] == ' ' ? end + 2 : end + 1;
        return true;
    }
    return false;
}

void tl_load_report(struct tl_loading *loading, const struct tl_source *source, const char *message, const char *chain,
                    struct tl_error *err)
{
    struct tl_place place = {source->path, 0};
    const char *text = message;
    struct tl_arena arena;
    tl_arena_init(&arena);
    split_message(message, &arena, &place, &text);
    if (loading && loading->findings) {
        tl_findings_add(loading->findings, TL_FINDING_ERROR, place, "%s", text);
        tl_findings_chain(loading->findings, chain);
    } else {
        tl_fail(err, TL_ECONFIG, "%s", message);
    }
    tl_arena_free(&arena);
}

static int add_piece(lua_State *L, const void *piece, size_t size, void *ud)
{
    (void)L;
    return !tl_buf_add(ud, piece, size);
}

/* The compiled function is on the top. */
static void inspect(lua_State *L, const struct tl_source *source, struct tl_findings *findings)
{
    struct tl_buf dump;
    tl_buf_init(&dump, 64u * 1024 * 1024);
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_proto *main;
    struct tl_error err;
    struct tl_place place = {source->path, 0};
    if (lua_dump(L, add_piece, &dump, 0) != 0 || tl_chunk_read(tl_buf_str(&dump), &arena, &main, &err) != TL_OK)
        tl_findings_add(findings, TL_FINDING_ERROR, place, "the compiled file cannot be inspected");
    else
        tl_inspect_chunk(main, source->path, findings);
    tl_arena_free(&arena);
    tl_buf_free(&dump);
}

bool tl_load_source(lua_State *L, const struct tl_source *source, struct tl_error *err)
{
    struct tl_script *script = tl_script_of(L);
    struct tl_findings *findings = script->loading ? script->loading->findings : NULL;
    bool ours = source->role == TL_SOURCE_STANDARD;
    struct tl_tokens tokens;
    tl_tokens_read(source->text, &tokens);
    size_t len;
    char *turned = ours ? NULL : tl_rewrite_nulls(source->text, &tokens, &len);
    lua_pushfstring(L, ours ? "=[%s]" : "@%s", source->path);
    tl_str text = turned ? tl_str_n(turned, len) : source->text;
    int status = luaL_loadbufferx(L, text.ptr ? text.ptr : "", text.len, lua_tostring(L, -1), "t");
    lua_remove(L, -2);
    tl_free(turned);
    if (status != LUA_OK) {
        const char *message = lua_tostring(L, -1);
        tl_load_report(script->loading, source, message ? message : "cannot be compiled", "", err);
        lua_pop(L, 1);
    } else {
        if (findings && !ours) {
            tl_inspect_tokens(&tokens, source->path, findings);
            inspect(L, source, findings);
        }
        lua_rawgeti(L, LUA_REGISTRYINDEX, script->globals);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
    }
    tl_tokens_free(&tokens);
    return status == LUA_OK;
}

/* Message handler: error text and call chain, as a table {message, chain}. */
static int with_chain(lua_State *L)
{
    if (tl_script_of(L)->stop != TL_STOP_NONE)
        return 1;
    const char *message = tl_plain_tostring(L, 1, NULL);
    struct tl_arena arena;
    struct tl_place place = {"", 0};
    tl_arena_init(&arena);
    if (!split_message(message, &arena, &place, &message) && (place = tl_run_place(L, &arena)).line > 0)
        lua_pushfstring(L, "%s:%d: %s", place.file, place.line, message);
    message = lua_tostring(L, -1);
    tl_arena_free(&arena);
    lua_newtable(L);
    lua_pushstring(L, message);
    lua_rawseti(L, -2, 1);
    luaL_traceback(L, L, NULL, 1);
    lua_rawseti(L, -2, 2);
    return 1;
}

/* Runs the function on the top with `args` arguments below… and leaves one result; false: reported, nothing
 * left. */
static bool run_source(lua_State *L, const struct tl_source *source, int args, struct tl_error *err)
{
    struct tl_script *script = tl_script_of(L);
    int handler = lua_gettop(L) - args;
    lua_pushcfunction(L, with_chain);
    lua_insert(L, handler);
    int status = lua_pcall(L, args, 1, handler);
    lua_remove(L, handler);
    if (status == LUA_OK)
        return true;
    const char *message, *chain = "";
    if (script->stop == TL_STOP_CPU) {
        message =
            lua_pushfstring(L, "%s:%d: loading this file takes too much time: files load without loops that never end",
                            script->stop_place.line ? script->stop_place.file : source->path,
                            script->stop_place.line ? script->stop_place.line : 1);
    } else if (status == LUA_ERRMEM || script->stop == TL_STOP_MEMORY) {
        message = "loading this file needs more memory than a state may have";
    } else if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        message = lua_tostring(L, -2);
        chain = lua_tostring(L, -1);
    } else {
        message = lua_tostring(L, -1);
    }
    tl_load_report(script->loading, source, message ? message : "an error", chain ? chain : "", err);
    lua_settop(L, handler - 1);
    return false;
}

/* Is it a file of the standard library that calls? */
static bool called_by_ours(lua_State *L)
{
    lua_Debug info;
    return lua_getstack(L, 1, &info) && lua_getinfo(L, "S", &info) && strncmp(info.source, "=[", 2) == 0 &&
           info.source[2] != 'C';
}

/* The standard library finds its own files, whatever the integration's lib/ holds. */
static const struct tl_source *find_module(const struct tl_bundle *bundle, const char *name, bool ours, char *path,
                                           size_t size)
{
    static const char *const folders[] = {"lib/", "", NULL};
    char plain[200];
    snprintf(plain, sizeof plain, "%s", name);
    for (char *c = plain; *c; c++)
        if (*c == '.')
            *c = '/';
    for (size_t i = 0; !ours && folders[i]; i++) {
        snprintf(path, size, "%s%s.lua", folders[i], plain);
        const struct tl_source *source = tl_bundle_source(bundle, path, false);
        if (source &&
            (strncmp(path, "lib/", 4) == 0 || strncmp(path, "maps/", 5) == 0 || strncmp(path, "lenses/", 7) == 0))
            return source;
    }
    snprintf(path, size, "%s.lua", plain);
    return tl_bundle_source(bundle, path, true);
}

static int missing_module(lua_State *L, const struct tl_bundle *bundle, const char *name)
{
    const char *nearest = NULL;
    for (size_t i = 0; i < bundle->sources.count && !nearest; i++) {
        const char *path = bundle->sources.items[i].path, *file = strrchr(path, '/');
        char word[100];
        snprintf(word, sizeof word, "%s", file ? file + 1 : path);
        char *dot = strrchr(word, '.');
        if (dot && strcmp(dot, ".lua") == 0) {
            *dot = '\0';
            const char *words[] = {word};
            if (tl_nearest(tl_str_z(name), words, 1))
                nearest = lua_pushstring(L, word);
        }
    }
    return luaL_error(L, "require \"%s\": there is no such file in lib/, maps/, lenses/ or the standard library%s%s",
                      name, nearest ? "; did you mean " : "", nearest ? nearest : "");
}

bool tl_load_module(lua_State *L, const struct tl_source *source, struct tl_error *err)
{
    struct tl_script *script = tl_script_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->modules);
    lua_pushstring(L, source->path);
    if (lua_rawget(L, -2) != LUA_TNIL) {
        lua_remove(L, -2);
        if (lua_islightuserdata(L, -1))
            return luaL_error(L, "%s requires itself, directly or through others", source->path);
        return true;
    }
    lua_pop(L, 1);
    lua_pushlightuserdata(L, script);
    lua_setfield(L, -2, source->path);
    int args = source->role == TL_SOURCE_STANDARD ? 1 : 0;
    bool done = tl_load_source(L, source, err);
    if (done) {
        if (args)
            lua_rawgeti(L, LUA_REGISTRYINDEX, script->host);
        done = run_source(L, source, args, err);
    }
    if (!done || lua_isnil(L, -1)) {
        if (done)
            lua_pop(L, 1);
        lua_pushboolean(L, done);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, source->path);
    lua_remove(L, -2);
    return done;
}

void tl_load_standard(lua_State *L, const char *path)
{
    struct tl_script *script = tl_script_of(L);
    const struct tl_source *source = tl_bundle_source(script->bundle, path, true);
    struct tl_loading loading = {script->bundle, NULL};
    struct tl_error err = {TL_OK, ""};
    if (!source)
        luaL_error(L, "the standard library has no %s", path);
    script->loading = &loading; /* tl_load_module catches what the file raises */
    bool done = tl_load_module(L, source, &err);
    script->loading = NULL;
    if (!done)
        luaL_error(L, "the standard library's %s: %s", path, err.text);
}

int tl_require(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    const char *name = luaL_checkstring(L, 1);
    if (strcmp(name, "cjson") == 0) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, script->cjson);
        return 1;
    }
    const struct tl_bundle *bundle = script->loading ? script->loading->bundle : script->bundle;
    if (!bundle)
        return luaL_error(L, "require: this state has no files");
    char path[220];
    const struct tl_source *source = find_module(bundle, name, called_by_ours(L), path, sizeof path);
    if (!source)
        return missing_module(L, bundle, name);
    if (!script->loading) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, script->modules);
        if (lua_getfield(L, -1, source->path) == LUA_TNIL)
            return luaL_error(L, "require \"%s\": files are loaded before runs; require it at the top of the file",
                              name);
        return 1;
    }
    struct tl_error err;
    if (!tl_load_module(L, source, &err))
        return luaL_error(L, "require \"%s\": the file has errors of its own", name);
    return 1;
}
