/* What a run waits for besides calls: time, events, people, other runs. Thread: that of the state. */
#include "base/nearest.h"
#include "bundle_private.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

enum { TYPES_MAX = 64 };

static int answer_nothing(lua_State *L, int status, lua_KContext asked)
{
    (void)status;
    tl_answer(L, (const struct tl_asked *)asked);
    return 0;
}

/* ctx:sleep("5m" [, { name }]) */
static int ctx_sleep(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "sleep");
    luaL_checktype(L, 2, LUA_TSTRING);
    struct tl_options options;
    tl_options_read(L, 3, TL_OPTION_NAME, "ctx:sleep", &options);
    struct tl_run_ask request = {.kind = TL_ASK_SLEEP, .within_ms = tl_duration_at(L, 2, "ctx:sleep")};
    return tl_ask(L, run, &request, "sleep", &options, answer_nothing);
}

/* ctx:park(reason [, data [, { name }]]): returns when a person retries. */
static int ctx_park(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "park");
    struct tl_options options;
    lua_settop(L, 4);
    tl_options_read(L, 4, TL_OPTION_NAME, "ctx:park", &options);
    struct tl_run_ask request = {.kind = TL_ASK_PARK,
                                 .reason = tl_ctx_text(L, 2, &run->arena),
                                 .data = lua_isnil(L, 3) ? TL_STR_NONE : tl_ctx_json_floats(L, 3, &run->arena)};
    return tl_ask(L, run, &request, "park", &options, answer_nothing);
}

/* The texts at the positions of the table at 2; `unit` is what they are. */
static const tl_str *read_list(lua_State *L, struct tl_run *run, const char *method, const char *unit, size_t *count)
{
    tl_real_table(L, 2);
    lua_Integer n = tl_value_length(L, 2);
    if (n < 1 || n > TYPES_MAX)
        luaL_error(L, "%s: a list of 1 to %d %s is expected", method, TYPES_MAX, unit);
    tl_str *list = tl_arena_alloc(&run->arena, (size_t)n * sizeof(*list));
    for (lua_Integer i = 0; i < n; i++) {
        if (lua_rawgeti(L, -1, i + 1) != LUA_TSTRING)
            luaL_error(L, "%s: a list of %s is expected, not of %ss", method, unit, luaL_typename(L, -1));
        list[i] = tl_ctx_text(L, -1, &run->arena);
        lua_pop(L, 1);
        for (lua_Integer k = 0; k < i; k++)
            if (tl_str_eq(list[k], list[i]))
                luaL_error(L, "%s: \"%s\" stands twice", method, list[i].ptr);
    }
    lua_pop(L, 1);
    *count = (size_t)n;
    return list;
}

static tl_str named_text(lua_State *L, struct tl_run *run, const char *name, const char *method)
{
    int type = lua_getfield(L, 2, name);
    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        return TL_STR_NONE;
    }
    if (type != LUA_TSTRING && !lua_isinteger(L, -1))
        luaL_error(L, "%s: '%s' must be text or an integer, not %s", method, name, luaL_typename(L, -1));
    tl_str text = tl_ctx_text(L, -1, &run->arena);
    if (!text.len)
        luaL_error(L, "%s: '%s' is empty", method, name);
    lua_pop(L, 1);
    return text;
}

static tl_str named_json(lua_State *L, struct tl_run *run, const char *name)
{
    bool given = lua_getfield(L, 2, name) != LUA_TNIL;
    tl_str json = given ? tl_ctx_json_floats(L, -1, &run->arena) : TL_STR_NONE;
    lua_pop(L, 1);
    return json;
}

static int64_t named_duration(lua_State *L, const char *name, const char *what)
{
    lua_getfield(L, 2, name);
    int64_t ms = tl_duration_at(L, -1, what);
    lua_pop(L, 1);
    return ms;
}

static void check_events(lua_State *L, const struct tl_run_ask *request)
{
    const struct tl_bundle *bundle = tl_script_of(L)->bundle;
    for (size_t i = 0; i < request->type_count; i++) {
        if (tl_bundle_event(bundle, request->types[i]))
            continue;
        const char *nearest = tl_bundle_nearest_event(bundle, request->types[i]);
        luaL_error(L, "ctx:await: no event \"%s\" is declared%s%s%s", request->types[i].ptr,
                   nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    }
}

static int awaited(lua_State *L, int status, lua_KContext context);

/* 4: the candidate; what `when` said of it is on the top. One that it refuses is asked past. */
static int judged(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    const struct tl_asked *asked = (const struct tl_asked *)context;
    bool wanted = lua_toboolean(L, -1);
    lua_settop(L, 4);
    if (wanted)
        return 1;
    struct tl_run *run = tl_script_of(L)->run;
    struct tl_run_ask again = asked->ask;
    lua_getfield(L, 4, "id");
    again.after = tl_ctx_text(L, -1, &run->arena);
    lua_settop(L, 3);
    return tl_ask(L, run, &again, "await", NULL, awaited);
}

/* 2: what was awaited; 3: `when` or nil. */
static int awaited(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    tl_answer_document(L, LUA_YIELD, context); /* 4 */
    if (lua_isnil(L, 4) || lua_isnil(L, 3))
        return 1;
    lua_pushcfunction(L, tl_pure);
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 4);
    lua_callk(L, 2, 1, context, judged); /* may give way */
    return judged(L, LUA_OK, context);
}

/* ctx:await{ "type@1", …, within =, key =, when =, name = } → event, or nil when the time is over */
static int ctx_await(lua_State *L)
{
    static const char *const words[] = {"within", "key", "when", "name"};
    struct tl_run *run = tl_ctx_run(L, "await");
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    tl_fields_check(L, 2, words, TL_COUNT_OF(words), true, "ctx:await");
    struct tl_run_ask request = {.kind = TL_ASK_AWAIT};
    request.types = read_list(L, run, "ctx:await", "event types", &request.type_count);
    check_events(L, &request);
    request.key = named_text(L, run, "key", "ctx:await");
    request.within_ms = named_duration(L, "within", "ctx:await: 'within'");
    struct tl_options options = {.name = named_text(L, run, "name", "ctx:await")};
    if (options.name.len)
        tl_step_word(L, options.name, "'name'");
    request.filtered = lua_getfield(L, 2, "when") != LUA_TNIL; /* 3 */
    if (request.filtered && !lua_isfunction(L, 3))
        return luaL_error(L, "ctx:await: 'when' must be a function of the event");
    return tl_ask(L, run, &request, "await", &options, awaited);
}

/* ctx:decide{ "a", "b", about =, show =, due =, name = } → { answer, by, why, at } */
static int ctx_decide(lua_State *L)
{
    static const char *const words[] = {"about", "show", "due", "name"};
    struct tl_run *run = tl_ctx_run(L, "decide");
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    tl_fields_check(L, 2, words, TL_COUNT_OF(words), true, "ctx:decide");
    struct tl_run_ask request = {.kind = TL_ASK_DECIDE};
    request.types = read_list(L, run, "ctx:decide", "answers", &request.type_count);
    request.reason = named_text(L, run, "about", "ctx:decide");
    request.data = named_json(L, run, "show");
    request.within_ms = named_duration(L, "due", "ctx:decide: 'due'");
    struct tl_options options = {.name = named_text(L, run, "name", "ctx:decide")};
    if (options.name.len)
        tl_step_word(L, options.name, "'name'");
    return tl_ask(L, run, &request, "decide", &options, tl_answer_document);
}

static int no_such_flow(lua_State *L, tl_str name)
{
    const char *nearest = tl_bundle_nearest_flow(tl_script_of(L)->bundle, name);
    return luaL_error(L, "ctx:start: no flow \"%s\" is declared%s%s%s", name.ptr, nearest ? "; did you mean \"" : "",
                      nearest ? nearest : "", nearest ? "\"?" : "");
}

/* ctx:start("flow", input [, { name }]): the result of that run, or an error of class "failed". */
static int ctx_start(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "start");
    lua_settop(L, 4);
    struct tl_run_ask request = {.kind = TL_ASK_CHILD, .flow = tl_ctx_text(L, 2, &run->arena)};
    if (!tl_bundle_is_flow(tl_script_of(L)->bundle, request.flow))
        return no_such_flow(L, request.flow);
    struct tl_options options;
    tl_options_read(L, 4, TL_OPTION_NAME, "ctx:start", &options);
    if (!lua_isnil(L, 3))
        request.data = tl_ctx_json(L, 3, &run->arena);
    return tl_ask(L, run, &request, "start", &options, tl_answer_document);
}

void tl_ctx_wait_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"sleep", ctx_sleep},   {"park", ctx_park},   {"await", ctx_await},
                                         {"decide", ctx_decide}, {"start", ctx_start}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
