/* Our string and table functions give what Lua's own give, also when they give way at every look at the clock. */
#include "script_case.h"
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

/* Runs in both: appends to `out`, an error as "error". No text in it needs an escape in JSON. */
static const char *const helpers =
    "local out = {}\n"
    "local function add(ok, ...)\n"
    "  local n, t = select('#', ...), { ... }\n"
    "  for i = 1, n do t[i] = tostring(t[i]) end\n"
    "  out[#out + 1] = ok and table.concat(t, ',') or 'error'\n"
    "end\n"
    "local function all(s, p) local t = {} for a, b in s:gmatch(p) do t[#t + 1] = a .. '/' .. tostring(b) end return "
    "table.concat(t, ';') end\n"
    "local function marks() local n = 0 return function(a) n = n + 1 if n % 3 > 0 then return a .. '!' end end end\n"
    "local function search(s, p)\n"
    "  add(pcall(string.find, s, p)) add(pcall(string.find, s, p, 3)) add(pcall(string.match, s, p)) add(pcall(all, s, "
    "p))\n"
    "  add(pcall(string.gsub, s, p, '<%0>')) add(pcall(string.gsub, s, p, '%1', 2))\n"
    "  add(pcall(string.gsub, s, p, { a = 'A', ab = 7, ['1'] = false })) add(pcall(string.gsub, s, p, marks()))\n"
    "end\n"
    "local function numbers(n, seed) local t = {} for i = 1, n do seed = (seed * 7919 + 13) % 10007 t[i] = seed end "
    "return t end\n"
    "local function move(n, ...) return table.concat(table.move(numbers(n, n), ...), ' ') end\n"
    "local function tables(n, at)\n"
    "  local t = numbers(n, at)\n"
    "  add(pcall(table.insert, t, at, -1)) add(true, table.concat(t, ' '))\n"
    "  add(pcall(table.insert, t, -2)) add(pcall(table.remove, t, at)) add(pcall(table.remove, t)) add(true, "
    "table.concat(t, ' '))\n"
    "  add(pcall(table.concat, t, ', ', at)) add(pcall(table.concat, t, '', 2, at)) add(pcall(table.concat, { {} }))\n"
    "  add(pcall(move, n, 1, n, at)) add(pcall(move, n, at, n, 1)) add(pcall(move, n, 2, at, 3, {}))\n"
    "  add(pcall(table.sort, t)) add(true, table.concat(t, ' '))\n"
    "  add(pcall(table.sort, t, function(a, b) return a % 1000 * 20 + a // 1000 > b % 1000 * 20 + b // 1000 end)) "
    "add(true, table.concat(t, ' '))\n"
    "  local own = setmetatable({}, { __tostring = function() return 'n' .. n end })\n"
    "  add(true, tostring(own)) add(pcall(string.format, '%5d|%-9s|%s|%%|%x', n, own, own, n))\n"
    "  add(pcall(string.format, '%s%d', own, own))\n"
    "end\n";

static unsigned long long chance;

static unsigned any(unsigned below)
{
    chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(chance >> 33) % below;
}

/* A pattern, right or wrong; how many repetitions it has. */
static int pattern(char *text)
{
    static const char *const items[] = {"a",  "b",    ".",      "%a",   "%d",   "%s",   "[ab]", "[^a]",
                                        "%w", "x",    "%(",     "[%d]", "(a)",  "()",   "(",    ")",
                                        "%1", "%b()", "%f[%w]", "(b*)", "(.-)", "[a-x]"};
    static const char *const repeats[] = {"", "", "", "", "", "?", "*", "+", "-"};
    int count = 0;
    strcpy(text, any(6) == 0 ? "^" : "");
    for (unsigned n = 1 + any(5); n > 0; n--) {
        const char *item = items[any(TL_COUNT_OF(items))], *repeat = repeats[any(TL_COUNT_OF(repeats))];
        strcat(strcat(text, item), repeat);
        count += *repeat || strpbrk(item, "*-") != NULL;
    }
    strcat(text, any(8) == 0 ? "$" : "");
    return count;
}

/* As long as so many repetitions allow. */
static void subject(char *text, int repetitions)
{
    static const char letters[] = "aabb1 x()";
    static const unsigned most[] = {1500, 400, 60, 25, 12, 8};
    unsigned len = any(most[repetitions < 5 ? repetitions : 5]);
    bool uniform = any(3) == 0;
    for (unsigned i = 0; i < len; i++)
        text[i] = uniform ? 'a' : letters[any(sizeof letters - 1)];
    text[len] = '\0';
}

static const char *program(unsigned long long seed)
{
    static char text[60000];
    char p[100], s[1600];
    chance = seed;
    size_t len = (size_t)snprintf(text, sizeof text, "%s", helpers);
    for (int i = 0; i < 12; i++) {
        subject(s, pattern(p));
        len += (size_t)snprintf(text + len, sizeof text - len, "search('%s', '%s')\n", s, p);
    }
    unsigned n = 1 + any(700);
    len +=
        (size_t)snprintf(text + len, sizeof text - len, "tables(%u, %u)\nreturn table.concat(out, '|')", n, 1 + any(n));
    assert_true(len < sizeof text);
    return text;
}

static size_t run_here(struct case_run *c, const char *text, int slice_count)
{
    size_t slices = 1;
    case_start_limited(c, "", text, "{}", &(struct tl_script_limits){.slice_count = slice_count, .cpu_ms = 20000});
    for (; c->outcome->ending == TL_RUN_PREEMPTED; slices++)
        c->outcome = tl_run_go_on(c->run);
    return slices;
}

/* `here` is a JSON text. */
static void agree(tl_str here, const char *lua, const char *text)
{
    size_t same = 0;
    while (lua[same] && same + 1 < here.len && here.ptr[same + 1] == lua[same])
        same++;
    if (!lua[same] && same + 2 == here.len)
        return;
    size_t from = same > 40 ? same - 40 : 0, left = here.len - 1 - from;
    fail_msg("…%.*s\n  in Lua …%.80s\n  by %s", (int)(left < 80 ? left : 80), here.ptr + 1 + from, lua + from,
             text + strlen(helpers));
}

static void the_same_as_lua_gives(int slice_count, unsigned long long programs, size_t slices_least)
{
    size_t slices = 0;
    for (unsigned long long seed = 1; seed <= programs; seed++) {
        const char *text = program(seed);
        lua_State *L = luaL_newstate();
        luaL_openlibs(L);
        if (luaL_dostring(L, text) != LUA_OK)
            fail_msg("%s", lua_tostring(L, -1));
        struct case_run c;
        slices += run_here(&c, text, slice_count);
        assert_ending(&c, TL_RUN_DONE);
        agree(c.outcome->data, lua_tostring(L, -1), text);
        case_end(&c);
        lua_close(L);
    }
    if (slices < slices_least)
        fail_msg("only %zu slices", slices);
}

static void functions_give_what_those_of_lua_give(void **state)
{
    (void)state;
    the_same_as_lua_gives(0, 300, 300);
}

/* 1: at every instruction; the other only in C functions, which look at the clock whatever the number is. */
static void also_when_they_give_way(void **state)
{
    (void)state;
    the_same_as_lua_gives(1, 20, 10000);
    the_same_as_lua_gives(1 << 30, 150, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_give_what_those_of_lua_give),
        cmocka_unit_test(also_when_they_give_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
