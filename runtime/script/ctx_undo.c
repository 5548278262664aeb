/* ctx:fail, ctx:keep, ctx:continue, and undoing: when a run fails or is cancelled, the undo functions of its effects
 * run one after the other, last effect first, each in a branch "undo/<id of the effect>/". An effect of which is not
 * known whether it took place is waited for after ctx:fail, and left alone by a cancel. Thread: that of the state. */
#include "run_private.h"

static bool all_settled(const struct tl_run *run)
{
    for (const struct tl_undo *undo = run->undos; undo; undo = undo->next)
        if (!undo->done)
            return false;
    return true;
}

static void forget_unsettled(struct tl_run *run)
{
    struct tl_undo *next;
    for (struct tl_undo *undo = run->undos; undo; undo = next) {
        next = undo->next;
        if (!undo->done)
            tl_undo_forget(run, undo);
    }
}

void tl_undo_begin(lua_State *L, struct tl_run *run, bool settled)
{
    run->undoing = true;
    run->script->stop = TL_STOP_NONE;
    run->script->stop_place = (struct tl_place){"", 0};
    run->refuse_wait = false;
    tl_pending_drop(run);
    while (run->asked) {
        struct tl_asked *asked = run->asked;
        if (asked->branch)
            asked->branch->asked = NULL;
        else
            asked->group->timer = NULL;
        tl_asked_drop(run, asked, true);
    }
    while (run->branches)
        tl_branch_withdraw(run, run->branches);
    if (settled)
        forget_unsettled(run);
    run->unsettled = !all_settled(run);
    if (!run->unsettled)
        tl_undo_next(L, run);
}

void tl_undo_next(lua_State *L, struct tl_run *run)
{
    struct tl_undo *undo = run->undo = run->undos;
    if (!undo) {
        run->ended = true;
        run->outcome.ending = TL_RUN_FAILED;
        return;
    }
    run->undos = undo->next;
    lua_rawgeti(L, LUA_REGISTRYINDEX, undo->reference);
    luaL_unref(L, LUA_REGISTRYINDEX, undo->reference);
    undo->reference = LUA_NOREF;
    tl_str path = tl_str_z(tl_arena_printf(&run->arena, "undo/%.*s/", TL_STR_ARGS(undo->id)));
    tl_branch_ready(run, tl_branch_open(L, run, path, 0));
}

/* ---- ctx ---- */

/* ctx:fail(reason [, data]): never returns, and cannot be caught. */
static int ctx_fail(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "fail");
    lua_settop(L, 3);
    if (run->undoing)
        return luaL_error(L, "ctx:fail in an undo function: the run fails already; raise an error when the undo fails");
    run->reason = tl_ctx_text(L, 2, &run->arena);
    run->data = lua_isnil(L, 3) ? TL_STR_NONE : tl_ctx_json_floats(L, 3, &run->arena);
    run->place = tl_run_place(L, &run->arena);
    lua_pushnil(L);
    return tl_script_stop(L, TL_STOP_FAIL);
}

/* ctx:keep(): nothing that was done up to here is undone any more. */
static int ctx_keep(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "keep");
    if (run->undoing)
        return luaL_error(L, "ctx:keep in an undo function: the run fails already");
    tl_undo_forget_all(run);
    return 0;
}

/* ctx:continue([state]): ends this run and begins it afresh; never returns, and cannot be caught. */
static int ctx_continue(lua_State *L)
{
    struct tl_run *run = tl_ctx_run(L, "continue");
    lua_settop(L, 2);
    if (run->undoing)
        return luaL_error(L, "ctx:continue in an undo function: the run fails already");
    if (run->branch != run->root)
        return luaL_error(L, "ctx:continue inside a parallel branch: continue when all of them have ended");
    if (run->undos)
        return luaL_error(L,
                          "ctx:continue while %s could still be undone: the run that goes on would not know how; call "
                          "ctx:keep() first, or undo it",
                          run->undos->id.ptr);
    run->data = lua_isnil(L, 2) ? TL_STR_NONE : tl_ctx_json(L, 2, &run->arena);
    run->place = tl_run_place(L, &run->arena);
    lua_pushnil(L);
    return tl_script_stop(L, TL_STOP_CONTINUE);
}

void tl_ctx_undo_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"fail", ctx_fail}, {"keep", ctx_keep}, {"continue", ctx_continue}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
