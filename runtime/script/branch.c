/* Branches of a run and the groups they form. Every branch is a coroutine that the loop of stretch.c resumes from the
 * state's main thread, so a branch that waits for a group is a coroutine that waits, not one that is in the way.
 * Invariants: a branch waits for one ask or one group; a group is closed when its parent goes on or is withdrawn; what
 * runs next depends on the script and on the order of the results alone. Thread: that of the state. */
#include "run_private.h"

void tl_branch_ready(struct tl_run *run, struct tl_branch *branch)
{
    branch->state = TL_BRANCH_READY;
    branch->under = run->ready;
    run->ready = branch;
}

struct tl_branch *tl_branch_open(lua_State *L, struct tl_run *run, tl_str path, int args)
{
    struct tl_branch *branch = TL_ARENA_NEW(&run->arena, struct tl_branch);
    lua_State *thread = lua_newthread(L);
    branch->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    branch->thread = thread;
    branch->path = path;
    branch->args = args;
    branch->next = run->branches;
    if (branch->next)
        branch->next->prev = branch;
    run->branches = branch;
    lua_xmove(L, thread, args + 1);
    return branch;
}

static void end(struct tl_run *run, struct tl_branch *branch)
{
    *(branch->prev ? &branch->prev->next : &run->branches) = branch->next;
    if (branch->next)
        branch->next->prev = branch->prev;
    branch->state = TL_BRANCH_ENDED;
    branch->thread = NULL;
    luaL_unref(run->script->L, LUA_REGISTRYINDEX, branch->reference);
    branch->reference = LUA_NOREF;
}

static void withdraw_parts(struct tl_run *run, struct tl_group *group)
{
    for (size_t i = 0; i < group->started; i++)
        if (group->branches[i]->state != TL_BRANCH_ENDED) {
            tl_branch_withdraw(run, group->branches[i]);
            group->open--;
        }
    if (group->timer)
        tl_asked_drop(run, group->timer, true);
    group->timer = NULL;
}

void tl_branch_withdraw(struct tl_run *run, struct tl_branch *branch)
{
    if (branch->asked)
        tl_asked_drop(run, branch->asked, true);
    branch->asked = NULL;
    if (branch->joins) {
        struct tl_group *group = branch->joins;
        branch->joins = NULL;
        withdraw_parts(run, group);
        tl_group_close(run, group);
    }
    if (branch->state == TL_BRANCH_READY) {
        struct tl_branch **at = &run->ready;
        while (*at && *at != branch)
            at = &(*at)->under;
        if (*at)
            *at = branch->under;
    }
    end(run, branch);
}

void tl_group_close(struct tl_run *run, struct tl_group *group)
{
    struct tl_group **at = &run->groups;
    while (*at && *at != group)
        at = &(*at)->next;
    if (*at)
        *at = group->next;
    luaL_unref(run->script->L, LUA_REGISTRYINDEX, group->reference);
    group->reference = LUA_NOREF;
}

/* ---- a group ---- */

static tl_str part_path(struct tl_run *run, const struct tl_group *group, size_t index)
{
    char *path = group->names ? tl_arena_printf(&run->arena, "%.*s%.*s/", TL_STR_ARGS(group->path),
                                                TL_STR_ARGS(group->names[index]))
                              : tl_arena_printf(&run->arena, "%.*s%zu/", TL_STR_ARGS(group->path), index + 1);
    return tl_str_z(path);
}

static struct tl_branch *open_part(lua_State *L, struct tl_run *run, struct tl_group *group)
{
    size_t index = group->started;
    luaL_checkstack(L, 10, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, group->reference);
    int args = tl_group_work(L, group, index);
    struct tl_branch *branch = tl_branch_open(L, run, part_path(run, group, index), args);
    lua_pop(L, 1);
    branch->group = group;
    branch->index = index;
    group->branches[index] = branch;
    group->started++;
    group->open++;
    return branch;
}

/* The first branch runs first: a stack is filled from behind. */
static void ready_parts(struct tl_run *run, struct tl_group *group, size_t from)
{
    for (size_t i = group->started; i > from; i--)
        tl_branch_ready(run, group->branches[i - 1]);
}

static void complete(struct tl_run *run, struct tl_group *group)
{
    withdraw_parts(run, group);
    tl_branch_ready(run, group->parent);
}

void tl_group_begin(lua_State *L, struct tl_run *run, struct tl_group *group, struct tl_branch *parent)
{
    group->parent = parent;
    parent->joins = group;
    group->next = run->groups;
    run->groups = group;
    size_t most = group->kind == TL_GROUP_EACH && group->at_most < group->count ? group->at_most : group->count;
    if (group->timer)
        tl_asked_add(run, group->timer);
    while (group->started < most)
        open_part(L, run, group);
    ready_parts(run, group, 0);
    if (group->count == 0)
        complete(run, group);
}

void tl_group_late(struct tl_run *run, struct tl_group *group)
{
    group->timer = NULL;
    for (size_t i = 0; i < group->started; i++)
        if (group->branches[i]->state != TL_BRANCH_ENDED)
            group->parts[i] = TL_PART_LATE;
    complete(run, group);
}

/* The result, or the error, of an ended branch goes to the group's table (on the top of L). */
static void keep(lua_State *L, struct tl_run *run, struct tl_group *group, struct tl_branch *branch, int status)
{
    lua_State *thread = branch->thread;
    size_t index = branch->index;
    group->parts[index] = status == LUA_OK ? TL_PART_DONE : TL_PART_FAILED;
    if (status == LUA_OK) {
        lua_settop(thread, 1);
    } else {
        group->failed = true;
        if (group->kind != TL_GROUP_GATHER) /* which raises none */
            group->failures[index] = tl_failure_read(L, run, thread);
        if (!group->failures[index].place.line)
            group->failures[index].place = group->place;
    }
    lua_rawgeti(L, -1, status == LUA_OK ? TL_GROUP_VALUES : TL_GROUP_ERRORS);
    lua_xmove(thread, L, 1);
    lua_rawseti(L, -2, (lua_Integer)index + 1);
    lua_pop(L, 1);
}

void tl_group_take(lua_State *L, struct tl_run *run, struct tl_branch *branch, int status)
{
    struct tl_group *group = branch->group;
    lua_rawgeti(L, LUA_REGISTRYINDEX, group->reference);
    keep(L, run, group, branch, status);
    lua_pop(L, 1);
    end(run, branch);
    group->open--;
    if (group->kind == TL_GROUP_FIRST && status == LUA_OK) {
        group->winner = branch->index;
        complete(run, group);
        return;
    }
    if (group->kind == TL_GROUP_EACH && group->started < group->count && !group->failed) {
        open_part(L, run, group);
        ready_parts(run, group, group->started - 1);
    } else if (group->open == 0) {
        complete(run, group);
    }
}
