/* ctx:all, gather, first, each: a group of parallel branches begins, and what they gave is read when it is complete.
 * Thread: that of the state. */
#include "bundle_private.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <stdlib.h>
#include <string.h>

enum { BRANCHES_MAX = 10000, AT_MOST_MAX = 1000, AT_MOST = 10 };

/* ---- beginning ---- */

static struct tl_group *new_group(lua_State *L, struct tl_run *run, enum tl_group_kind kind, const char *word,
                                  size_t count)
{
    struct tl_group *group = TL_ARENA_NEW(&run->arena, struct tl_group);
    group->kind = kind;
    group->reference = LUA_NOREF;
    group->count = group->winner = count;
    group->branches = tl_arena_alloc(&run->arena, count * sizeof(struct tl_branch *));
    group->parts = tl_arena_alloc(&run->arena, count);
    group->failures = tl_arena_alloc(&run->arena, count * sizeof(struct tl_failure));
    group->place = tl_run_place(L, &run->arena);
    tl_str id = tl_step_id(L, run, word, TL_STR_NONE);
    group->path = tl_str_z(tl_arena_printf(&run->arena, "%.*s/", TL_STR_ARGS(id)));
    return group;
}

static int by_text(const void *a, const void *b)
{
    return tl_str_cmp(*(const tl_str *)a, *(const tl_str *)b);
}

/* The names in the table at `table`, sorted. */
static const tl_str *read_names(lua_State *L, struct tl_run *run, int table, const char *method, size_t *count)
{
    *count = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s: every branch has a name: %s{ crm = function() … end, desk = function() … end }", method,
                       method);
        ++*count;
    }
    if (*count > BRANCHES_MAX)
        luaL_error(L, "%s: more than %d branches", method, BRANCHES_MAX);
    tl_str *names = tl_arena_alloc(&run->arena, *count * sizeof(tl_str));
    size_t n = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        names[n] = tl_ctx_text(L, -1, &run->arena);
        tl_step_word(L, names[n++], "the name of a branch");
    }
    qsort(names, n, sizeof *names, by_text);
    return names;
}

/* Pushes the group's table for the named works in the table at `table`. */
static void push_named(lua_State *L, const struct tl_group *group, int table, const char *method)
{
    lua_createtable(L, 3, 0);
    lua_createtable(L, (int)group->count, 0);
    for (size_t i = 0; i < group->count; i++) {
        lua_pushlstring(L, group->names[i].ptr, group->names[i].len);
        lua_rawget(L, table);
        if (lua_istable(L, -1)) {
            tl_real_table(L, lua_gettop(L));
            lua_remove(L, -2);
        }
        tl_group_work_check(L, method, group->names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_rawseti(L, -2, TL_GROUP_WORKS);
    for (int k = TL_GROUP_VALUES; k <= TL_GROUP_ERRORS; k++) {
        lua_newtable(L);
        lua_rawseti(L, -2, k);
    }
}

/* Pushes the group's table for branches named in the table at 2. */
static struct tl_group *open_named(lua_State *L, struct tl_run *run, enum tl_group_kind kind, const char *word)
{
    const char *method = tl_arena_printf(&run->arena, "ctx:%s", word);
    luaL_checktype(L, 2, LUA_TTABLE);
    tl_real_table(L, 2);
    int table = lua_gettop(L);
    size_t count;
    const tl_str *names = read_names(L, run, table, method, &count);
    struct tl_group *group = new_group(L, run, kind, word, count);
    group->names = names;
    push_named(L, group, table, method);
    lua_remove(L, table);
    return group;
}

/* ---- ending ---- */

/* In the parent, when its group is complete: pushes the group's table. */
static struct tl_group *close_group(lua_State *L, lua_KContext context)
{
    tl_wait_check(L);
    struct tl_group *group = (struct tl_group *)context;
    struct tl_run *run = tl_script_of(L)->run;
    lua_rawgeti(L, LUA_REGISTRYINDEX, group->reference);
    run->branch->joins = NULL;
    tl_group_close(run, group);
    return group;
}

/* Pushes the value or the error of a branch; the group's table is at `table`. */
static void push_part(lua_State *L, int table, int which, size_t index)
{
    lua_rawgeti(L, table, which);
    lua_rawgeti(L, -1, (lua_Integer)index + 1);
    lua_remove(L, -2);
}

/* Raises the first error in the order of the names. */
static int raise_first(lua_State *L, const struct tl_group *group, int table)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->parts[i] == TL_PART_FAILED) {
            push_part(L, table, TL_GROUP_ERRORS, i);
            return tl_failure_raise(L, tl_script_of(L)->run, &group->failures[i]);
        }
    return 0;
}

static void set_named(lua_State *L, int result, tl_str name)
{
    lua_pushlstring(L, name.ptr, name.len);
    lua_insert(L, -2);
    lua_rawset(L, result);
}

static int all_joined(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    const struct tl_group *group = close_group(L, context);
    int table = lua_gettop(L);
    if (group->failed)
        return raise_first(L, group, table);
    lua_createtable(L, 0, (int)group->count);
    for (size_t i = 0; i < group->count; i++) {
        push_part(L, table, TL_GROUP_VALUES, i);
        set_named(L, table + 1, group->names[i]);
    }
    return 1;
}

/* ctx:all{ name = work, … } → results by name; raises the first failure when all have ended. */
static int ctx_all(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "all");
    struct tl_group *group = open_named(L, run, TL_GROUP_ALL, "all");
    return tl_join(L, run, group, "ctx:all", all_joined);
}

static void push_late(lua_State *L, const struct tl_group *group)
{
    char text[100];
    snprintf(text, sizeof text, "not finished within %lld ms", (long long)group->within_ms);
    struct tl_run_result late = {.cls = TL_STR("timeout"), .code = TL_STR("timeout"), .message = tl_str_z(text)};
    tl_error_push(L, &late);
}

static int gather_joined(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    const struct tl_group *group = close_group(L, context);
    int table = lua_gettop(L), got = table + 1, failed = table + 2;
    lua_newtable(L);
    lua_newtable(L);
    for (size_t i = 0; i < group->count; i++) {
        if (group->parts[i] == TL_PART_DONE) {
            push_part(L, table, TL_GROUP_VALUES, i);
            set_named(L, got, group->names[i]);
            continue;
        }
        if (group->parts[i] == TL_PART_LATE) {
            push_late(L, group);
        } else {
            push_part(L, table, TL_GROUP_ERRORS, i);
            tl_error_wrap(L);
        }
        set_named(L, failed, group->names[i]);
    }
    return 2;
}

/* ctx:gather({ name = work, … } [, { within }]) → results, errors; both by name. */
static int ctx_gather(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "gather");
    lua_settop(L, 3);
    struct tl_options options;
    tl_options_read(L, 3, TL_OPTION_WITHIN, "ctx:gather", &options);
    struct tl_group *group = open_named(L, run, TL_GROUP_GATHER, "gather");
    group->within_ms = options.within_ms;
    if (options.within_ms && group->count) {
        struct tl_asked *timer = group->timer = TL_ARENA_NEW(&run->arena, struct tl_asked);
        timer->group = group;
        timer->ask.kind = TL_ASK_SLEEP;
        timer->ask.id = tl_str_z(tl_arena_printf(&run->arena, "%.*ssleep#1", TL_STR_ARGS(group->path)));
        timer->ask.place = group->place;
        timer->ask.within_ms = options.within_ms;
    }
    return tl_join(L, run, group, "ctx:gather", gather_joined);
}

static int first_joined(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    const struct tl_group *group = close_group(L, context);
    int table = lua_gettop(L);
    if (group->winner == group->count)
        return raise_first(L, group, table);
    lua_pushlstring(L, group->names[group->winner].ptr, group->names[group->winner].len);
    push_part(L, table, TL_GROUP_VALUES, group->winner);
    return 2;
}

/* ctx:first{ name = work, … } → name and result of the first that ends well; the others are withdrawn. */
static int ctx_first(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "first");
    struct tl_group *group = open_named(L, run, TL_GROUP_FIRST, "first");
    if (group->count == 0)
        return luaL_error(L, "ctx:first: there is nothing to wait for");
    return tl_join(L, run, group, "ctx:first", first_joined);
}

static int each_joined(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    const struct tl_group *group = close_group(L, context);
    int table = lua_gettop(L), list = table + 1;
    if (group->failed)
        return raise_first(L, group, table);
    lua_createtable(L, (int)group->count, 0);
    for (size_t i = 0; i < group->count; i++) {
        push_part(L, table, TL_GROUP_VALUES, i);
        if (!lua_isnil(L, -1)) {
            lua_rawseti(L, list, (lua_Integer)i + 1);
            continue;
        }
        lua_pop(L, 1);
        lua_pushinteger(L, (lua_Integer)i + 1);
        tl_null_set(L, list);
    }
    tl_array_mark(L, list);
    return 1;
}

static size_t read_at_most(lua_State *L, int index)
{
    static const char *const words[] = {"at_most"};
    if (lua_isnoneornil(L, index))
        return AT_MOST;
    luaL_checktype(L, index, LUA_TTABLE);
    tl_fields_check(L, index, words, TL_COUNT_OF(words), false, "ctx:each");
    lua_Integer most = AT_MOST;
    if (lua_getfield(L, index, "at_most") != LUA_TNIL) {
        most = lua_tointeger(L, -1);
        if (!lua_isinteger(L, -1) || most < 1 || most > AT_MOST_MAX)
            luaL_error(L, "ctx:each: 'at_most' must be an integer from 1 to %d", AT_MOST_MAX);
    }
    lua_pop(L, 1);
    return (size_t)most;
}

/* ctx:each(list [, { at_most = 10 }], fn) → list of what fn(item, index) returned; after a failure no further one
 * begins, and it is raised when those under way have ended. */
static int ctx_each(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "each");
    luaL_checktype(L, 2, LUA_TTABLE);
    if (lua_isfunction(L, 3)) {
        lua_settop(L, 3);
        lua_pushnil(L);
        lua_insert(L, 3);
    }
    lua_settop(L, 4);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    size_t most = read_at_most(L, 3);
    lua_Integer count = tl_value_length(L, 2);
    if (count > BRANCHES_MAX)
        return luaL_error(L, "ctx:each: more than %d items", BRANCHES_MAX);
    struct tl_group *group = new_group(L, run, TL_GROUP_EACH, "each", (size_t)count);
    group->at_most = most;
    lua_createtable(L, 4, 0);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 2, i);
        lua_rawseti(L, -2, i);
    }
    lua_rawseti(L, -2, TL_GROUP_WORKS);
    for (int k = TL_GROUP_VALUES; k <= TL_GROUP_ERRORS; k++) {
        lua_newtable(L);
        lua_rawseti(L, -2, k);
    }
    lua_pushvalue(L, 4);
    lua_rawseti(L, -2, TL_GROUP_FUNCTION);
    return tl_join(L, run, group, "ctx:each", each_joined);
}

void tl_ctx_branch_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"all", ctx_all}, {"gather", ctx_gather}, {"first", ctx_first}, {"each", ctx_each}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
