/* Promise 9, collected: what scripts try to get out, to starve others or to leave something behind. All attempts run in
 * one state; each ends in its own way and within its budget, and after each the state does what it did before. */
#include "freeze.h"
#include "run_private.h"
#include "script_case.h"
#include <string.h>
#include <time.h>

/* Sanitized programs take longer, also between two looks at the clock. */
#if defined(__SANITIZE_ADDRESS__)
#define SLOW 20
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW 20
#endif
#endif
#ifndef SLOW
#define SLOW 1
#endif

enum { BUDGET_MS = 60, SLICE_MS = 2, SLICES_LEAST = BUDGET_MS / 5, SLICE_MOST_MS = 10, LEFT_MOST = 16384 };

/* `end`: the budget, "cpu" ("solid": without giving way before; "late": inside one instruction of Lua, which only the
 * growth of its stack ends) or "memory" (or the CPU that collecting it takes, on a
 * slow machine); "script" (an error with this text); "done" (with this result). */
struct attempt {
    const char *body, *end, *part;
};

static const struct attempt attempts[] = {
    /* the machine */
    {"_G[\"os\"].exit(1)", "script", "scripts have no os"},
    {"_G[\"io\"].open(\"/etc/passwd\")", "script", "scripts have no io"},
    {"_G[\"debug\"].sethook()", "script", "scripts have no debug"},
    {"_G[\"package\"].loadlib(\"libc.so.6\", \"system\")", "script", "scripts have no package"},
    {"_G[\"load\"](\"return 1\")()", "script", "scripts cannot load code"},
    {"_G[\"load\"](\"\\27Lua\\84\", \"x\", \"b\")", "script", "scripts cannot load code"},
    {"_G[\"loadfile\"](\"/etc/passwd\")", "script", "scripts cannot load code"},
    {"_G[\"dofile\"](\"/etc/passwd\")", "script", "scripts cannot load code"},
    {"require \"os\"", "script", "there is no such file"},
    {"require \"../secret\"", "script", "there is no such file"},
    {"require \"/etc/passwd\"", "script", "there is no such file"},
    {"_G.string.dump(function() end)", "script", "field 'dump'"},
    {"_G[\"collectgarbage\"](\"stop\")", "script", "memory is the runtime's"},
    {"return _G.math.random", "done", ""},
    /* what all runs share */
    {"getmetatable(\"\").__index = nil", "script", "attempt to index a string"},
    {"setmetatable(\"\", {})", "script", "table expected, got string"},
    {"string.upper = nil", "script", "is frozen"},
    {"rawset(string, \"upper\", 1)", "script", "is frozen"},
    {"table.insert(string, 1)", "script", "is frozen"},
    {"table.move({ 1, 2 }, 1, 2, 1, string)", "script", "is frozen"},
    {"setmetatable({}, { __newindex = string }).upper = 1", "script", "is frozen"},
    {"shared.list[1] = e", "script", "is frozen"},
    {"local _, list = next(shared) list[1] = e", "script", "is frozen"},
    {"table.sort({ shared, shared }, function(a) a.x = 1 end)", "script", "is frozen"},
    {"json.encode = print", "script", "is frozen"},
    {"rawset(shared, \"x\", 1)", "script", "is frozen"},
    {"setmetatable(shared, {})", "script", "protected metatable"},
    {"_G.leak = 1", "script", "the global 'leak' is written"},
    {"_G.string = {}", "script", "the global 'string' is written"},
    {"rawset(_G, \"leak\", 1)", "script", "this table is protected"},
    {"setmetatable(_G, {})", "script", "protected metatable"},
    {"coroutine.wrap(function() _G.leak = 1 end)()", "script", "the global 'leak' is written"},
    {"ctx.emit = nil", "script", "ctx cannot be changed"},
    {"ctx.erp.put = 1", "script", "ctx cannot be changed"},
    {"rawset(ctx, \"emit\", 1)", "script", "this table is protected"},
    {"getmetatable(e).__index = function() return \"mine\" end", "script", "attempt to index a string"},
    {"setmetatable(e, { __index = string })", "script", "protected metatable"},
    {"getmetatable(decimal \"1\").__add = print", "script", "attempt to index a string"},
    {"getmetatable(array()).__index = print", "script", "attempt to index a string"},
    {"getmetatable(e.data).__index = print", "script", "attempt to index a string"},
    {"local _, err = ctx:try(error, \"x\") getmetatable(err).__tostring = print", "script",
     "attempt to index a string"},
    {"getmetatable(mapping).__call = print", "script", "attempt to index a string"},
    /* chance */
    {"setmetatable({}, { __gc = function() end })", "script", "__gc is not allowed"},
    {"local m = {} local t = setmetatable({}, m) m.__gc = print", "done", ""},
    {"setmetatable({}, { __mode = \"k\" })", "script", "__mode is not allowed"},
    {"local m = {} local t = setmetatable({}, m) m.__mode = \"v\"", "script", "__mode is not allowed"},
    {"local m = {} local t = setmetatable({}, m) rawset(m, \"__mode\", \"v\")", "script", "__mode is not allowed"},
    {"local m = {} setmetatable({}, m) setmetatable(m, nil) m[\"__mo\" .. \"de\"] = \"v\"", "script",
     "__mode is not allowed"},
    {"local m = {} setmetatable({}, m) setmetatable(m, { __newindex = rawset }) m.__mode = \"v\"", "script",
     "__mode is not allowed"},
    {"local h = { __newindex = rawset } local m = setmetatable({}, h) setmetatable({}, m) h.__newindex = nil m.__mode "
     "= "
     "\"v\"",
     "script", "__mode is not allowed"},
    {"local h = {} local m = setmetatable({}, h) setmetatable({}, m) m.__mode = \"v\"", "script",
     "__mode is not allowed"},
    {"local m = {} m.__index = m setmetatable(m, m) m.__mode = \"v\"", "script", "__mode is not allowed"},
    {"local m = {} setmetatable({}, m) setmetatable({}, { __newindex = m }).__mode = \"v\"", "script",
     "__mode is not allowed"},
    {"local m = {} setmetatable({}, m) do local _ENV = m __mode = \"v\" end", "script", "__mode is not allowed"},
    {"local m = array() setmetatable({}, m) m.__mode = \"v\"", "script", "cannot be a metatable"},
    /* and what classes do goes on */
    {"local Base = {} Base.__index = Base function Base.of(c, n) return setmetatable({ n = n }, c) end "
     "local Sub = setmetatable({}, Base) Sub.__index = Sub local s = Sub:of(7) function Sub:twice() return 2 * self.n "
     "end function Base:once() return self.n end Sub.__tostring = function() return \"sub\" end "
     "return { s:twice(), s:once(), tostring(s), getmetatable(s) == Sub, getmetatable(Sub) == Base, getmetatable(Base) "
     "== nil }",
     "done", "[14,7,\"sub\",true,true,true]"},
    {"local m = {} setmetatable({}, m) m.x = 1 m[1] = 2 local n = 0 for k in pairs(m) do n = n + 1 end return { n, #m, "
     "rawget(m, \"x\"), json.encode({ m.x }) }",
     "done", "[2,1,1,\"[1]\"]"},
    {"return string.format(\"%p\", {})", "script", "%p shows addresses"},
    {"return tostring({}) .. tostring(print) .. tostring(coroutine.create(print))", "done", "\"tablefunctionthread\""},
    {"local t = { [{}] = 1, [print] = 2 } for k in pairs(t) do end", "script", "is a key of this table"},
    /* a stop is not caught */
    {"while true do end", "cpu", ""},
    {"while true do pcall(error) end", "cpu", ""},
    {"while true do pcall(function() while true do end end) end", "cpu", ""},
    {"xpcall(function() while true do end end, function() while true do end end) ctx:log(\"caught\")", "cpu", ""},
    {"pcall(pcall, pcall, function() while true do end end) ctx:log(\"caught\")", "cpu", ""},
    {"ctx:try(function() while true do end end) ctx:log(\"caught\")", "cpu", ""},
    {"local t <close> = setmetatable({}, { __close = function() while true do end end }) while true do end", "cpu", ""},
    {"local co = coroutine.wrap(function() while true do end end) pcall(co) ctx:log(\"caught\")", "cpu", ""},
    {"local co = coroutine.create(function() while true do end end) coroutine.resume(co) ctx:log(\"caught\")", "cpu",
     ""},
    {"local co = coroutine.create(function() local t <close> = setmetatable({}, { __close = function() while true do "
     "end "
     "end }) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) ctx:log(\"caught\")",
     "solid", ""},
    {"while true do coroutine.wrap(function() pcall(error) end)() end", "cpu", ""},
    {"coroutine.wrap(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) "
     "while true do end end)()",
     "cpu", ""},
    {"coroutine.wrap(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) "
     "error(\"x\") end)()",
     "solid", ""},
    {"local seen pcall(coroutine.wrap(function() local t <close> = setmetatable({}, { __close = function(_, err) seen "
     "= "
     "err end }) error(\"x\", 0) end)) return seen",
     "done", "\"x\""},
    {"local function nest(n) return coroutine.wrap(function() if n == 0 then while true do end end nest(n - 1)() end) "
     "end "
     "nest(100)()",
     "cpu", ""},
    {"ctx:all({ a = function() while true do end end, b = function() ctx:log(\"b\") end })", "cpu", ""},
    {"ctx:each({ 1, 2, 3 }, function() pcall(function() while true do end end) end)", "cpu", ""},
    {"local s = \"x\" pcall(function() while true do s = s .. s end end) ctx:log(\"caught\")", "memory", ""},
    {"ctx:try(function() local t = {} for i = 1, math.huge do t[i] = { i } end end) ctx:log(\"caught\")", "memory", ""},
    /* errors in errors */
    {"error(setmetatable({}, { __tostring = function() while true do end end }))", "solid", ""},
    {"error(setmetatable({}, { __tostring = function() error(\"again\") end }))", "script", "an error without text"},
    {"error(setmetatable({}, { __index = function() while true do end end }))", "script", "table"},
    {"error(nil)", "script", "nil"},
    {"local t <close> = setmetatable({}, { __close = function() error(\"second\") end }) error(\"first\")", "script",
     "first"},
    {"xpcall(error, function(e) error(e) end) return \"on\"", "done", "\"on\""},
    {"local function f() local ok, e = pcall(f) error(e) end f()", "script", "flows/f.lua"},
    {"error({ class = \"budget\", code = \"cpu\", message = \"forged\" })", "script", "forged"},
    /* depth */
    {"local function f() return 1 + f() end f()", "memory", ""},
    {"local function f() return f() end f()", "cpu", ""},
    {"local function nest() coroutine.wrap(nest)() end nest()", "script", "C stack overflow"},
    {"return setmetatable({}, { __index = function(t, k) return t[k] end }).x", "script", "C stack overflow"},
    {"local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) return a.x", "script",
     "possible loop"},
    {"local co co = coroutine.wrap(function() co() end) co()", "script", "cannot resume non-suspended"},
    {"coroutine.yield()", "script", "only ctx waits"},
    {"local t = {} for i = 1, 200 do t = { t } end ctx:emit(\"out@1\", { no = \"1\", t = t })", "script",
     "deeper than 128"},
    {"local t = {} t.t = t json.encode(t)", "script", "deeper than 128"},
    {"json.decode((\"[\"):rep(1e6))", "script", "deeper than"},
    {"cjson.decode((\"[\"):rep(1e4))", "script", "too many nested"},
    {"string.find((\"(\"):rep(300), (\"(\"):rep(300))", "script", "too many captures"},
    {"string.find((\"a\"):rep(1e6), (\"a?\"):rep(1000) .. (\"a\"):rep(1000))", "script", "too complex"},
    {"local m = {} local t = setmetatable({}, m) m.__call = t t()", "script", "__call must be a function"},
    {"local m = {} local t = setmetatable({}, m) rawset(m, \"__call\", t) t()", "script", "__call must be a function"},
    {"local t = print for i = 1, 1e5 do t = setmetatable({}, { __call = t }) end t()", "script",
     "__call must be a function"},
    {"local m = { __call = print } local t = setmetatable({}, m) m.__call = t t()", "late", ""},
    {"local m = {} local t = setmetatable({}, m) m.__call = function(_, n) return n end return t(7)", "done", "7"},
    /* functions of C that would not end */
    {"string.find((\"a\"):rep(5000), \".-.-.-.-b\")", "cpu", ""},
    {"string.match((\"a\"):rep(5000), (\"a*\"):rep(30) .. \"b\")", "cpu", ""},
    {"string.gsub((\"a\"):rep(5000), \".-.-.-b\", \"\")", "cpu", ""},
    {"string.find((\"a\"):rep(1e5), \"[\" .. (\"b\"):rep(1e6) .. \"]\")", "cpu", ""},
    {"string.find((\"a\"):rep(1e5), \"%f[\" .. (\"b\"):rep(1e6) .. \"]z\")", "cpu", ""},
    {"string.gsub((\"x\"):rep(200), \"x(y?)\", (\"%1\"):rep(1e6))", "solid", ""},
    {"string.format((\"%d\"):rep(40), table.unpack({}, 1, 20))", "script", "number expected"},
    {"local t = {} for i = 1, 5000 do t[i] = 1e308 end while true do string.format((\"%.99f\"):rep(5000), "
     "table.unpack(t)) end",
     "solid", ""},
    {"for w in string.gmatch((\"a\"):rep(5000), \".-.-.-b\") do end", "cpu", ""},
    {"string.gsub(\"x\", \"x\", function() while true do end end)", "cpu", ""},
    {"table.sort({ 3, 2, 1 }, function() while true do end end)", "cpu", ""},
    {"local t = {} for i = 1, 50000 do t[i] = (i * 7919) % 50000 end while true do table.sort(t, function(a, b) return "
     "a > b end) end",
     "cpu", ""},
    {"local t = {} for i = 1, 50000 do t[i] = \"xxxxxxxx\" end while true do table.concat(t) end", "cpu", ""},
    {"table.concat(setmetatable({}, { __len = function() return 1e15 // 1 | 0 end, __index = function() return \"\" "
     "end "
     "}))",
     "cpu", ""},
    {"table.insert(setmetatable({}, { __len = function() return math.maxinteger - 1 end }), 1, 1)", "cpu", ""},
    {"table.move({}, 1, math.maxinteger - 1, 2, {})", "cpu", ""},
    {"tostring(setmetatable({}, { __tostring = function() while true do end end }))", "cpu", ""},
    {"string.format(\"%s\", setmetatable({}, { __tostring = function() while true do end end }))", "cpu", ""},
    {"print(1, setmetatable({}, { __tostring = function() while true do end end }))", "cpu", ""},
    {"while true do local s = (\"x\"):rep(1e5):reverse():upper() end", "cpu", ""},
    {"while true do utf8.len((\"x\"):rep(1e5)) end", "cpu", ""},
    {"local t = {} for i = 1, 5000 do t[i] = i end while true do json.encode(t) end", "cpu", ""},
    {"local s = \"[\" .. (\"1,\"):rep(5000) .. \"1]\" while true do json.decode(s) end", "cpu", ""},
    {"local s = \"[\" .. (\"1,\"):rep(5000) .. \"1]\" while true do cjson.decode(s) end", "cpu", ""},
    {"local s, t = (\"\\1\"):rep(1e6), {} for i = 1, 5000 do t[i] = s end while true do pcall(json.encode, t) end",
     "solid", ""},
    {"local s, t = (\"\\1\"):rep(2000), {} for i = 1, 1e5 do t[i] = s end while true do pcall(json.encode, t) end",
     "solid", ""},
    {"local d = decimal((\"9\"):rep(4000)) while true do local x = d * d end", "cpu", ""},
    {"return decimal((\"9\"):rep(5001)) * decimal((\"9\"):rep(5001))", "script", "more than 10000 digits"},
    {"decimal(\"1e1000000\"):plain()", "script", "more than 10000 digits"},
    {"decimal(\"1\"):div(decimal(\"3\"), 1e9, \"down\")", "script", "a scale between"},
    {"for k in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end", "cpu", ""},
    {"return setmetatable({}, { __concat = function() while true do end end }) .. \"x\"", "cpu", ""},
    {"ctx.crm:put(\"order@1\", setmetatable({ no = \"1\" }, { __index = function() while true do end end }))", "cpu",
     ""},
    {"while true do ctx:log(\"x\") end", "cpu", ""},
    {"while true do ctx:uuid() end", "cpu", ""},
    {"while true do ctx:emit(\"out@1\", { no = \"1\" }) end", "script", "more than 10,000 events"},
    /* memory */
    {"(\"x\"):rep(1e9)", "script", "larger than the memory"},
    {"(\"x\"):rep(-1 >> 1)", "script", "larger than the memory"},
    {"(\"x\"):rep(1000, (\"y\"):rep(1e6))", "script", "larger than the memory"},
    {"string.format(\"%q\", (\"\\0\"):rep(1e6))", "script", "%q of more than 524288 bytes"},
    {"string.format(\"%99999d\", 1)", "script", "invalid conversion"},
    {"local s = \"x\" while true do s = s .. s end", "memory", ""},
    {"local t = {} for i = 1, math.huge do t[i] = { i } end", "memory", ""},
    {"local t = {} while true do t[#t + 1] = coroutine.create(print) end", "memory", ""},
    {"local t = {} while true do t[#t + 1] = function() return t end end", "memory", ""},
    {"string.gsub((\"x\"):rep(1e5), \"\", (\"y\"):rep(1e5))", "memory", ""},
    {"table.unpack({}, 1, 1e7)", "script", "too many results"},
    {"string.byte((\"x\"):rep(3e6), 1, -1)", "script", "string slice too long"},
    {"local t = {} while true do t[#t + 1] = json.decode(\"[[1],[2]]\") end", "memory", ""},
    {"local t = {} while true do t[#t + 1] = cjson.decode(\"[[1],[2]]\") end", "script", "may need more memory"},
    {"cjson.decode(\"[\" .. (\"[],\"):rep(1e6) .. \"[]]\")", "script", "may need more memory"},
    {"local t = {} while true do t[#t + 1] = (\"x\"):rep(1e5 + #t) end", "memory", ""},
    {"error((\"x\"):rep(9e6))", "memory", ""},
    /* waiting where nobody can */
    {"table.sort({ setmetatable({}, { __lt = function() ctx:sleep(\"1s\") end }), {} })", "script", "no waiting here"},
    {"string.gsub(\"x\", \"x\", setmetatable({}, { __index = function() ctx:sleep(\"1s\") end }))", "script",
     "no waiting here"},
    {"local t = setmetatable({}, { __tostring = function() return 1 end }) return pcall(string.format, \"%s\", t)",
     "done", "false"},
    {"error(setmetatable({}, { __tostring = function() ctx:sleep(\"1s\") end }))", "script", "an error without text"},
};

#define COUNT (sizeof attempts / sizeof attempts[0])
/* Flows in the order of the file: one that does nothing, the attempts, and the one that shows that all is well. */
#define WELL (COUNT + 1)

static const char *const well =
    "local d = decimal \"0.10\" + decimal \"0.20\"\n"
    "local up = (\"sandbox\"):upper():gsub(\"A\", \"4\")\n"
    "local co = coroutine.wrap(function() coroutine.yield(1) end)\n"
    "local names = {} for k in pairs({ b = 1, a = 2 }) do names[#names + 1] = k end\n"
    "return { d = d, up = up, co = co(), names = names, rec = mapping({ no = e.data.no, total = d }),\n"
    "  text = json.encode(e.data), list = #shared.list, leak = rawget(_G, \"leak\"), null = isnull(e.data, \"x\") }";
static const char *const is_well =
    "{\"co\":1,\"d\":0.30,\"list\":0,\"names\":[\"a\",\"b\"],\"null\":true,\"rec\":{\"No\":\"7\",\"Total\":0.30},"
    "\"text\":\"{\\\"no\\\":\\\"7\\\",\\\"x\\\":null}\",\"up\":\"S4NDBOX\"}";

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct tl_run_event event(void)
{
    return (struct tl_run_event){.id = TL_STR("1-0"),
                                 .type = TL_STR("in@1"),
                                 .key = TL_STR("7"),
                                 .payload = TL_STR("{\"no\":\"7\",\"x\":null}")};
}

static void open_case(struct case_run *c, int64_t slice_ms)
{
    static char head[60000];
    struct tl_script_limits limits = {.cpu_ms = SLOW == 1 ? BUDGET_MS : 10 * BUDGET_MS,
                                      .slice_ms = slice_ms,
                                      .memory = 20u << 20,
                                      .growth = 6u << 20};
    size_t len =
        (size_t)snprintf(head, sizeof head,
                         "local json, cjson, mapping = require \"json\", require \"cjson\", require \"maps.m\" "
                         "local shared = { list = {} } map \"crm.X <- order@1\" { No = as.key \"no\", X = function(o) "
                         "return o.x end } flow \"z\" { on = \"in@1\", steward = \"s\", run = "
                         "function() end }\n");
    for (size_t i = 0; i < COUNT; i++)
        len += (size_t)snprintf(head + len, sizeof head - len,
                                "flow \"a%zu\" { on = \"in@1\", steward = \"s\", run = function(ctx, e) %s end }\n", i,
                                attempts[i].body);
    assert_true(len < sizeof head);
    case_start_limited(c, head, well, "{}", &limits);
    assert_ending(c, TL_RUN_DONE);
    tl_run_free(c->run);
    c->run = NULL;
}

static void all_is_well(struct tl_script *script, const char *after)
{
    struct tl_run_event in = event();
    struct tl_run *run;
    const struct tl_run_outcome *o = tl_run_start(script, WELL, &in, &run);
    while (o->ending == TL_RUN_PREEMPTED)
        o = tl_run_go_on(run);
    if (o->ending != TL_RUN_DONE || !tl_str_is(o->data, is_well))
        fail_msg("after %s: ending %d, %.*s%.*s", after, (int)o->ending, TL_STR_ARGS(o->data),
                 TL_STR_ARGS(o->error.message));
    tl_run_free(run);
}

static void ended_as_it_must(const struct attempt *a, int line, const struct tl_run_outcome *o)
{
    bool done = strcmp(a->end, "done") == 0, script = strcmp(a->end, "script") == 0;
    bool cpu = tl_str_is(o->error.code, "cpu"), memory = tl_str_is(o->error.code, "memory");
    tl_str data = o->data;
    char message[400];
    snprintf(message, sizeof message, "%.*s", TL_STR_ARGS(o->error.message));
    bool as_said = done     ? o->ending == TL_RUN_DONE && tl_str_is(data, a->part)
                   : script ? o->ending == TL_RUN_ERROR && strstr(message, a->part) && !o->error.retryable
                            : o->ending == TL_RUN_ERROR && tl_str_is(o->error.cls, "budget") &&
                                  (cpu || (memory && strcmp(a->end, "memory") == 0)) && o->error.retryable;
    if (!as_said)
        fail_msg("%s\n  is not %s %s but ending %d, %.*s %.*s: %s%.*s", a->body, a->end, a->part, (int)o->ending,
                 TL_STR_ARGS(o->error.cls), TL_STR_ARGS(o->error.code), message, TL_STR_ARGS(data));
    if (!done && (strcmp(o->error.place.file, "flows/f.lua") != 0 || o->error.place.line != line))
        fail_msg("%s\n  is in line %d, not %s:%d", a->body, line, o->error.place.file, o->error.place.line);
    for (size_t i = 0; i < o->log_count; i++)
        if (tl_str_is(o->logs[i].message, "caught"))
            fail_msg("%s\n  caught its stop", a->body);
}

/* ---- what a state holds ---- */

/* A number for everything that can be reached from the value on the top: members, metatables, upvalues. Pops it. */
static uint64_t reach(lua_State *L, int seen);

static uint64_t value_number(lua_State *L, int index)
{
    size_t len = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &len) : NULL;
    uint64_t number = 1469598103934665603u + (uint64_t)lua_type(L, index);
    for (size_t i = 0; i < len; i++)
        number = (number ^ (unsigned char)text[i]) * 1099511628211u;
    if (lua_isnumber(L, index))
        return number ^ (uint64_t)lua_tointeger(L, index) * 31;
    return text ? number : number ^ (uint64_t)(uintptr_t)lua_topointer(L, index);
}

static uint64_t members(lua_State *L, int table, int seen)
{
    bool registry = lua_rawequal(L, table, LUA_REGISTRYINDEX);
    uint64_t sum = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (!registry || !lua_isinteger(L, -2)) /* the registry's numbers are references, free ones too */
            sum += value_number(L, -2) * 7 + value_number(L, -1);
        lua_pushvalue(L, -2);
        sum += reach(L, seen);
        sum += reach(L, seen);
    }
    return sum;
}

static uint64_t reach(lua_State *L, int seen)
{
    int value = lua_gettop(L), type = lua_type(L, value);
    uint64_t sum = 0;
    lua_pushvalue(L, value);
    if (type < LUA_TTABLE || type == LUA_TTHREAD || lua_rawget(L, seen) != LUA_TNIL) {
        lua_settop(L, value - 1);
        return 0;
    }
    lua_settop(L, value);
    lua_pushvalue(L, value);
    lua_pushboolean(L, 1);
    lua_rawset(L, seen);
    luaL_checkstack(L, 20, NULL);
    if (lua_getmetatable(L, value)) {
        sum += value_number(L, -1);
        sum += reach(L, seen);
    }
    for (int i = 1; type == LUA_TFUNCTION && lua_getupvalue(L, value, i); i++) {
        sum += value_number(L, -1) * 13;
        sum += reach(L, seen);
    }
    if (type == LUA_TTABLE)
        sum += members(L, value, seen);
    lua_settop(L, value - 1);
    return sum;
}

/* The table of strings shrinks by half at a time. */
static void collect(struct tl_script *script)
{
    for (int i = 0; i < 12; i++)
        lua_gc(script->L, LUA_GCCOLLECT);
}

static uint64_t held(struct tl_script *script, size_t *bytes)
{
    lua_State *L = script->L;
    collect(script);
    *bytes = tl_script_bytes(script);
    lua_newtable(L);
    int seen = lua_gettop(L);
    lua_pushvalue(L, LUA_REGISTRYINDEX);
    uint64_t sum = reach(L, seen);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_remove(L, -2);
    sum += reach(L, seen);
    lua_settop(L, seen - 1);
    return sum;
}

/* ---- the collection ---- */

/* What an attempt took; microseconds of CPU. A virtual machine whose core is lent to somebody else for a while counts
 * that as ours, so a time counts when it is like that three times. */
struct measured {
    int64_t took, longest; /* slice */
    size_t slices;
};

enum { TRIES = 3 };

/* Whether it took too long, which fails the test at the last try. */
static bool too_long(const struct attempt *a, const struct measured *m, bool sliced, int try)
{
    int64_t most = strcmp(a->end, "late") == 0 ? BUDGET_MS * 8000 : BUDGET_MS * 1500 + 2000;
    bool long_one = m->took > most * SLOW;
    bool in_slices = sliced && strcmp(a->end, "cpu") == 0 && SLOW == 1;
    bool long_slice = in_slices && (m->slices < SLICES_LEAST || m->longest > SLICE_MOST_MS * 1000);
    if ((long_one || long_slice) && try == TRIES)
        fail_msg("%s\n  took %lld us of %d ms, in %zu slices, the longest %lld us", a->body, (long long)m->took,
                 BUDGET_MS, m->slices, (long long)m->longest);
    return long_one || long_slice;
}

static struct measured run_attempt(struct case_run *c, size_t i)
{
    struct tl_run_event in = event();
    struct tl_run *run;
    int64_t start = cpu_us();
    const struct tl_run_outcome *o = tl_run_start(c->script, i + 1, &in, &run);
    struct measured m = {.took = cpu_us() - start, .slices = 1};
    ended_as_it_must(&attempts[i], (int)i + 2, o);
    tl_run_free(run);
    all_is_well(c->script, attempts[i].body);
    return m;
}

static void attempt(struct case_run *c, size_t i)
{
    for (int try = 1; try <= TRIES; try++) {
        struct measured m = run_attempt(c, i);
        if (!too_long(&attempts[i], &m, false, try))
            return;
    }
}

static void each_attempt_ends_in_its_own_way(void **state)
{
    (void)state;
    struct case_run c;
    size_t before_bytes, bytes;
    assert_true(COUNT >= 60);
    open_case(&c, 0);
    for (size_t i = 0; i < COUNT; i++) /* so that tables have grown as large as they get */
        if (strcmp(attempts[i].end, "cpu") != 0 && strcmp(attempts[i].end, "solid") != 0)
            attempt(&c, i);
    uint64_t before = held(c.script, &before_bytes);
    for (size_t i = 0; i < COUNT; i++)
        attempt(&c, i);
    uint64_t after = held(c.script, &bytes);
    if (after != before || bytes > before_bytes + LEFT_MOST)
        fail_msg("the state holds %s: %zu bytes, before %zu", after == before ? "more" : "something else", bytes,
                 before_bytes);
    case_end(&c);
}

/* A run of the same state has its turn between any two slices. */
static struct measured with_neighbour(struct case_run *c, size_t i)
{
    struct tl_run_event in = event();
    struct tl_run *run;
    struct measured m = {.slices = 1};
    collect(c->script); /* the slice in which it is due is longer */
    int64_t start = cpu_us();
    const struct tl_run_outcome *o = tl_run_start(c->script, i + 1, &in, &run);
    m.took = m.longest = cpu_us() - start;
    for (; o->ending == TL_RUN_PREEMPTED; m.slices++) {
        all_is_well(c->script, attempts[i].body);
        start = cpu_us();
        o = tl_run_go_on(run);
        int64_t slice = cpu_us() - start;
        m.took += slice;
        m.longest = slice > m.longest ? slice : m.longest;
    }
    ended_as_it_must(&attempts[i], (int)i + 2, o);
    tl_run_free(run);
    return m;
}

static void neighbours_have_their_turn_between_slices(void **state)
{
    (void)state;
    struct case_run c;
    open_case(&c, SLICE_MS);
    for (size_t i = 0; i < COUNT; i++) {
        for (int try = 1; try <= TRIES; try++) {
            struct measured m = with_neighbour(&c, i);
            if (!too_long(&attempts[i], &m, true, try))
                break;
        }
    }
    all_is_well(c.script, "all of them");
    case_end(&c);
}

/* To set a hook, Lua walks over all calls under way: here that takes as long as a tick of the watchdog, which still
 * comes to an end. */
static void so_does_what_runs_below_very_many_calls(void **state)
{
    (void)state;
    static const char *const body = "local function f(n) if n == 0 then while true do end end return 1 + f(n - 1) end "
                                    "f(190000)";
    const int64_t budget_ms = 4 * BUDGET_MS * SLOW; /* as many calls take their time */
    for (int64_t slice_ms = 0; slice_ms <= SLICE_MS; slice_ms += SLICE_MS) {
        struct case_run c;
        case_start_limited(&c, "", body, "{}",
                           &(struct tl_script_limits){
                               .cpu_ms = budget_ms, .slice_ms = slice_ms, .memory = 200u << 20, .growth = 150u << 20});
        while (c.outcome->ending == TL_RUN_PREEMPTED)
            c.outcome = tl_run_go_on(c.run);
        assert_ending(&c, TL_RUN_ERROR);
        assert_string_equal(c.outcome->error.code.ptr, "cpu");
        case_end(&c);
    }
}

/* Each is closed by the one before with the calls of C counted from where it was resumed, which is where all were. */
static void so_do_coroutines_that_close_each_other(void **state)
{
    (void)state;
    static const char *const body =
        "local last for i = 1, 15000 do local before = last last = coroutine.create(function() local t <close> = "
        "setmetatable({}, { __close = function() if before then coroutine.close(before) end end }) coroutine.yield() "
        "end) "
        "coroutine.resume(last) end return { coroutine.close(last), coroutine.status(last) }";
    struct case_run c;
    case_start_limited(&c, "", body, "{}", &(struct tl_script_limits){.cpu_ms = 200 * SLOW});
    assert_ending(&c, TL_RUN_DONE);
    assert_string_equal(c.outcome->data.ptr, "[true,\"dead\"]");
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_attempt_ends_in_its_own_way),
        cmocka_unit_test(neighbours_have_their_turn_between_slices),
        cmocka_unit_test(so_does_what_runs_below_very_many_calls),
        cmocka_unit_test(so_do_coroutines_that_close_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
