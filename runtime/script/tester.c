/* The state of tests. Invariant: what a failing test leaves behind is gone with its `it`: the words keep nothing but
 * the list of tests. Thread: that of the state. */
#include "script/tester.h"
#include "base/alloc.h"
#include "bundle_private.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include "value.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MEMORY ((size_t)512 << 20)
#define RESULT_MAX ((size_t)64 << 20)
#define WORDS_MAX ((size_t)1 << 20)
#define LOAD_CPU_MS 5000

struct tl_tester {
    struct tl_script *script; /* own */
    struct tl_tester_host host;
    lua_State *inside; /* the coroutine that asks the world, or NULL; borrow */
    int words;         /* registry reference: the table of words */
};

static const char *const files[] = {"words.lua", "assertions.lua", "platforms.lua",
                                    "world.lua", "maps.lua",       "repl.lua"};

static tl_str text_at(lua_State *L, int index)
{
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    return tl_str_n(text, len);
}

/* ---- errors of tests: tables with message, place and chain ---- */

static void push_place(lua_State *L)
{
    lua_Debug info;
    for (int level = 0; lua_getstack(L, level, &info); level++) {
        lua_getinfo(L, "Sl", &info);
        if (info.currentline > 0 && info.source[0] == '@') {
            lua_pushfstring(L, "%s:%d", info.source + 1, info.currentline);
            return;
        }
    }
    lua_pushliteral(L, "");
}

static void push_chain(lua_State *L)
{
    lua_Debug info;
    lua_newtable(L);
    int n = 0;
    for (int level = 0; lua_getstack(L, level, &info); level++) {
        lua_getinfo(L, "Sl", &info);
        if (info.currentline <= 0 || info.source[0] != '@')
            continue;
        lua_pushfstring(L, "%s:%d", info.source + 1, info.currentline);
        lua_rawseti(L, -2, ++n);
    }
    tl_array_mark(L, -1);
}

/* The table below the top becomes the error, its message is on the top. */
static int raise_failure(lua_State *L)
{
    lua_setfield(L, -2, "message");
    push_place(L);
    lua_setfield(L, -2, "place");
    push_chain(L);
    lua_setfield(L, -2, "chain");
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "failure");
    return lua_error(L);
}

/* host.fail(message, detail): never returns. */
static int host_fail(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_settop(L, 2);
    lua_createtable(L, 0, 5);
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, "detail");
    lua_pushvalue(L, 1);
    return raise_failure(L);
}

static bool is_failure(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE)
        return false;
    lua_pushliteral(L, "failure");
    bool is = lua_rawget(L, index < 0 ? index - 1 : index) == LUA_TBOOLEAN;
    lua_pop(L, 1);
    return is;
}

/* The text of what was raised, without the place that Lua puts before it. */
static void push_message(lua_State *L, const char *place)
{
    tl_plain_tostring(L, 1, NULL);
    tl_str text = text_at(L, -1), prefix = tl_str_z(place);
    if (prefix.len > 0 && tl_str_starts(text, prefix) && tl_str_starts(tl_str_from(text, prefix.len), TL_STR(": "))) {
        lua_pushstring(L, text.ptr + prefix.len + 2);
        lua_remove(L, -2);
    }
}

/* Message handler: whatever was raised becomes such a table. */
static int explain(lua_State *L)
{
    if (tl_script_of(L)->stop != TL_STOP_NONE || is_failure(L, 1))
        return 1;
    lua_createtable(L, 0, 4);
    push_place(L);
    push_message(L, lua_tostring(L, 3));
    lua_setfield(L, 2, "message");
    lua_setfield(L, 2, "place");
    push_chain(L);
    lua_setfield(L, 2, "chain");
    lua_pushvalue(L, 1);
    lua_setfield(L, 2, "raised");
    return 1;
}

/* host.try(fn, …): true and what it gives, or false and the table of the error. */
static int host_try(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushcfunction(L, explain);
    lua_insert(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1);
    if (status != LUA_OK && tl_script_stopped(L, status))
        return lua_error(L);
    lua_pushboolean(L, status == LUA_OK);
    lua_replace(L, 1);
    return lua_gettop(L);
}

/* ---- values ---- */

static int encode(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    tl_buf_clear(&script->scratch);
    script->scratch.overflow = false;
    tl_value_encode_floats(L, 1, &script->scratch);
    lua_pushlstring(L, script->scratch.ptr != NULL ? script->scratch.ptr : "", script->scratch.len);
    return 1;
}

/* Pushes the JSON of the value at `index`; false: nothing, it is no JSON. */
static bool push_json(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    lua_pushcfunction(L, encode);
    lua_pushvalue(L, index);
    int status = lua_pcall(L, 1, 1, 0);
    if (status == LUA_OK)
        return true;
    if (tl_script_stopped(L, status))
        lua_error(L);
    lua_pop(L, 1);
    return false;
}

/* host.same(a, b): equal as JSON, numbers by value; nil when one of them is no JSON. */
static int host_same(lua_State *L)
{
    struct tl_json_doc *a = NULL, *b = NULL;
    lua_settop(L, 2);
    if (!push_json(L, 1) || !push_json(L, 2))
        return 0;
    bool read =
        tl_json_parse(text_at(L, 3), NULL, &a, NULL) == TL_OK && tl_json_parse(text_at(L, 4), NULL, &b, NULL) == TL_OK;
    bool same = read && tl_json_equal(tl_json_root(a), tl_json_root(b));
    tl_json_free(a);
    tl_json_free(b);
    lua_pushboolean(L, same);
    return 1;
}

/* host.pretty(value): JSON over several lines; nil when it is none. */
static int host_pretty(lua_State *L)
{
    struct tl_json_doc *doc = NULL;
    struct tl_json_writer w;
    struct tl_buf out;
    if (!push_json(L, 1) || tl_json_parse(text_at(L, -1), NULL, &doc, NULL) != TL_OK)
        return 0;
    tl_buf_init(&out, RESULT_MAX);
    tl_json_writer_init_pretty(&w, &out, 2);
    tl_json_value(&w, tl_json_root(doc));
    tl_json_free(doc);
    lua_pushlstring(L, out.ptr != NULL ? out.ptr : "", out.len);
    tl_buf_free(&out);
    return 1;
}

/* host.compact(value): JSON on one line; nil when it is none. */
static int host_compact(lua_State *L)
{
    luaL_checkany(L, 1);
    return push_json(L, 1) ? 1 : 0;
}

static int host_decode(lua_State *L)
{
    struct tl_error err;
    tl_str json = text_at(L, 1);
    return tl_value_decode(L, json, &err) ? 1 : luaL_error(L, "%s", err.text);
}

/* host.map(title): the map, or nil. */
static int host_map(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->maps);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);
    return 1;
}

/* host.titles(): the titles of all maps, sorted. */
static int host_titles(lua_State *L)
{
    lua_newtable(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->maps);
    int n = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, ++n);
    }
    lua_pop(L, 1);
    return 1;
}

/* ---- the world ---- */

static struct tl_tester *own(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* host.call(name, value): what the world does or says. */
static int host_call(lua_State *L)
{
    struct tl_tester *tester = own(L);
    struct tl_buf result;
    struct tl_error err = {TL_OK, ""};
    luaL_checkstring(L, 1);
    lua_settop(L, 2);
    if (lua_isnil(L, 2))
        lua_pushliteral(L, "");
    else if (!push_json(L, 2))
        return luaL_error(L, "%s: what is given is no data that can be written as JSON", lua_tostring(L, 1));
    tl_buf_init(&result, RESULT_MAX);
    lua_State *before = tester->inside;
    tester->inside = L;
    tl_code code = tester->host.call(tester->host.ctx, text_at(L, 1), text_at(L, 3), &result, &err);
    tester->inside = before;
    lua_pushlstring(L, result.ptr != NULL ? result.ptr : "", result.len);
    bool empty = result.len == 0;
    tl_buf_free(&result);
    tl_script_check_budget(L);
    if (code != TL_OK) {
        lua_createtable(L, 0, 4);
        lua_pushstring(L, err.text);
        return raise_failure(L);
    }
    if (empty)
        return 0;
    return tl_value_decode(L, text_at(L, 4), &err) ? 1 : luaL_error(L, "%s", err.text);
}

/* ---- calling ---- */

struct call_job {
    struct tl_tester *tester;
    const char *word;
    tl_str arg;
    struct tl_buf *result;
};

static int call_word(lua_State *L)
{
    struct call_job *job = lua_touserdata(L, 1);
    struct tl_error err;
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->tester->words);
    lua_getfield(L, 1, job->word);
    if (job->arg.len == 0)
        lua_pushnil(L);
    else if (!tl_value_decode(L, job->arg, &err))
        return luaL_error(L, "%s", err.text);
    lua_call(L, 1, 1);
    if (!lua_isnil(L, -1))
        tl_value_encode_floats(L, -1, job->result);
    return 0;
}

/* From the table of an error, or from whatever was raised where no handler stood. */
static void take_message(lua_State *L, int index, struct tl_error *err)
{
    const char *place = "", *message = NULL;
    if (lua_istable(L, index)) {
        lua_getfield(L, index, "place");
        lua_getfield(L, index, "message");
        place = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    }
    if (message == NULL)
        message = tl_plain_tostring(L, index, NULL);
    tl_fail(err, TL_EINPUT, "%s%s%s", place, place[0] != '\0' ? ": " : "", message);
    lua_settop(L, index);
}

/* From inside a call of the world: under the budget of the test. */
static tl_code call_inside(struct tl_tester *tester, struct call_job *job, struct tl_error *err)
{
    lua_State *L = tester->inside;
    if (!lua_checkstack(L, 8)) /* nothing may be raised here: the engine's frames are below */
        return tl_fail(err, TL_EINPUT, "the test is nested too deep");
    lua_pushcfunction(L, call_word);
    lua_pushlightuserdata(L, job);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return TL_OK;
    take_message(L, lua_gettop(L), err);
    lua_pop(L, 1);
    return TL_EINPUT;
}

/* A protected function whose errors are the tables of tests. */
struct guarded {
    lua_CFunction function;
    void *job;
    struct tl_error *err;
    bool failed;
};

static int run_guarded(lua_State *L)
{
    struct guarded *g = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_pushcfunction(L, explain);
    lua_pushcfunction(L, g->function);
    lua_pushlightuserdata(L, g->job);
    int status = lua_pcall(L, 1, 0, 1);
    if (status == LUA_OK)
        return 0;
    if (tl_script_stopped(L, status))
        return lua_error(L);
    g->failed = true;
    take_message(L, 2, g->err);
    return 0;
}

static tl_code run_outside(struct tl_tester *tester, lua_CFunction function, void *job, int64_t cpu_ms,
                           struct tl_error *err)
{
    struct guarded g = {function, job, err, false};
    tl_code code = tl_script_protected(tester->script, run_guarded, &g, cpu_ms, err);
    if (code != TL_OK && tester->script->stop == TL_STOP_CPU)
        return tl_fail(err, TL_ETIMEOUT, "it used more than %lld s of CPU time", (long long)(cpu_ms / 1000));
    return g.failed ? TL_EINPUT : code;
}

tl_code tl_tester_call(struct tl_tester *tester, const char *word, tl_str arg, int64_t cpu_ms, struct tl_buf *result,
                       struct tl_error *err)
{
    struct call_job job = {tester, word, arg, result};
    if (tester->inside != NULL)
        return call_inside(tester, &job, err);
    return run_outside(tester, call_word, &job, cpu_ms, err);
}

/* ---- files ---- */

struct load_job {
    struct tl_tester *tester;
    const char *path;
    tl_str text;
};

static void push_chunk(lua_State *L, const char *name, tl_str text)
{
    if (luaL_loadbufferx(L, text.ptr != NULL ? text.ptr : "", text.len, name, "t") != LUA_OK)
        lua_error(L);
}

static int load_tests(lua_State *L)
{
    struct load_job *job = lua_touserdata(L, 1);
    lua_settop(L, 0);
    struct tl_source source = {
        .path = job->path, .text = tl_source_without_mark(job->path, job->text), .role = TL_SOURCE_SKIPPED};
    struct tl_error err = {TL_OK, ""};
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->tester->words);
    if (!tl_load_source(L, &source, &err))
        return luaL_error(L, "%s", err.text);
    lua_getfield(L, 1, "begin");
    lua_pushstring(L, job->path);
    lua_call(L, 1, 1);
    if (!lua_setupvalue(L, -2, 1)) /* a file without any global */
        lua_pop(L, 1);
    lua_call(L, 0, 0);
    return 0;
}

tl_code tl_tester_load(struct tl_tester *tester, const char *path, tl_str text, struct tl_error *err)
{
    struct load_job job = {tester, path, text};
    struct tl_loading loading = {tester->script->bundle, NULL}; /* a module that nobody required before may be now */
    tester->script->loading = &loading;
    tl_code code = run_outside(tester, load_tests, &job, LOAD_CPU_MS, err);
    tester->script->loading = NULL;
    return code;
}

static void push_host(lua_State *L, struct tl_tester *tester)
{
    static const luaL_Reg functions[] = {{"fail", host_fail},       {"try", host_try},
                                         {"same", host_same},       {"pretty", host_pretty},
                                         {"compact", host_compact}, {"decode", host_decode},
                                         {"map", host_map},         {"titles", host_titles},
                                         {"call", host_call},       {NULL, NULL}};
    lua_newtable(L);
    lua_pushlightuserdata(L, tester);
    luaL_setfuncs(L, functions, 1);
    lua_pushstring(L, tester->script->bundle->integration);
    lua_setfield(L, -2, "integration");
}

static int open_words(lua_State *L)
{
    struct load_job *job = lua_touserdata(L, 1);
    struct tl_tester *tester = job->tester;
    lua_settop(L, 0);
    if (tester->words == LUA_NOREF) {
        lua_newtable(L);
        tester->words = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    push_chunk(L, lua_pushfstring(L, "=[%s]", job->path), job->text);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tester->script->globals);
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
    push_host(L, tester);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tester->words);
    lua_call(L, 2, 0);
    return 0;
}

static tl_code read_words(const char *folder, const char *name, struct tl_buf *out, struct tl_error *err)
{
    char *path = tl_printf("%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        char *room = tl_buf_reserve(out, 65536);
        got = room == NULL ? -1 : read(fd, room, 65536);
        out->len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    tl_code code = got == 0 ? TL_OK
                            : tl_fail(err, TL_EIO,
                                      "the words of tests cannot be read: %s: %s: is the installation "
                                      "complete?",
                                      path, strerror(errno));
    tl_free(path);
    return code;
}

static tl_code open_all(struct tl_tester *tester, const char *folder, struct tl_error *err)
{
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && i < TL_COUNT_OF(files); i++) {
        struct tl_buf text;
        tl_buf_init(&text, WORDS_MAX);
        code = read_words(folder, files[i], &text, err);
        struct load_job job = {tester, files[i], tl_buf_str(&text)};
        if (code == TL_OK)
            code = run_outside(tester, open_words, &job, LOAD_CPU_MS, err);
        tl_buf_free(&text);
    }
    return code;
}

tl_code tl_tester_new(const struct tl_bundle *bundle, const char *words, struct tl_lines *lines,
                      const struct tl_tester_host *host, struct tl_tester **out, struct tl_error *err)
{
    struct tl_script_limits limits = {.memory = MEMORY, .result_bytes = RESULT_MAX, .lines = lines};
    struct tl_tester *tester = TL_NEW(struct tl_tester);
    tester->host = *host;
    tester->words = LUA_NOREF;
    tl_code code = tl_script_new(bundle, &limits, &tester->script, err);
    if (code == TL_OK)
        code = open_all(tester, words, err);
    if (code == TL_OK)
        *out = tester;
    else
        tl_tester_free(tester);
    return code;
}

void tl_tester_free(struct tl_tester *tester)
{
    if (tester == NULL)
        return;
    tl_script_free(tester->script);
    tl_free(tester);
}
