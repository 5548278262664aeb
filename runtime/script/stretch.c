/* One stretch of a run: a protected call that resumes branch after branch until all wait or the run has ended, within
 * the CPU and memory budget, and the outcome of it. Invariant: whatever a script does, the outcome is one of run.h's
 * endings. Thread: that of the state. */
#include "base/alloc.h"
#include "bundle_private.h"
#include "libs.h"
#include "run_private.h"

/* 2: what the flow's function returned */
static int encode_result(lua_State *L)
{
    struct tl_run *run = lua_touserdata(L, 1);
    run->outcome.data = tl_ctx_json(L, 2, &run->stretch);
    return 0;
}

static void finish(lua_State *L, struct tl_run *run, struct tl_branch *branch, int results)
{
    lua_State *thread = branch->thread;
    run->ended = true;
    run->outcome.ending = run->dropped ? TL_RUN_DROPPED : TL_RUN_DONE;
    if (run->dropped)
        run->outcome.place = tl_run_event_type(run)->when_place;
    if (run->dropped || run->order || results == 0 || lua_isnil(thread, -results))
        return;
    lua_settop(thread, lua_gettop(thread) - results + 1);
    lua_pushcfunction(L, encode_result);
    lua_pushlightuserdata(L, run);
    lua_xmove(thread, L, 1);
    int status = lua_pcall(L, 2, 0, 0);
    if (status == LUA_OK)
        return;
    const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
    lua_pushfstring(L, "what the flow returned cannot be its result: %s", why);
    lua_xmove(L, thread, 1);
    run->outcome.data = TL_STR_NONE;
    tl_run_fail(L, run, thread, status);
}

/* The branch gave up control: what it waits for is outstanding from here on. */
static void take_pending(lua_State *L, struct tl_run *run, struct tl_branch *branch)
{
    struct tl_asked *asked = run->pending_ask;
    struct tl_group *group = run->pending_group;
    run->pending_ask = NULL;
    run->pending_group = NULL;
    branch->state = TL_BRANCH_WAITING;
    if (asked) {
        asked->branch = branch;
        branch->asked = asked;
        tl_asked_add(run, asked);
    } else if (group) {
        tl_group_begin(L, run, group, branch);
    }
}

static void step(lua_State *L, struct tl_run *run, struct tl_branch *branch)
{
    struct tl_script *script = run->script;
    int results = 0, args = branch->args;
    branch->args = 0;
    branch->state = TL_BRANCH_WAITING;
    run->branch = branch;
    script->asking = script->preempting = false;
    int status = tl_script_resume(L, branch->thread, args, &results);
    run->branch = NULL;
    if (script->stop == TL_STOP_FAIL) {
        tl_undo_begin(L, run, false);
    } else if (script->stop == TL_STOP_CONTINUE) {
        run->ended = true;
        run->outcome.ending = TL_RUN_CONTINUED;
    } else if (script->stop != TL_STOP_NONE || status == LUA_ERRMEM) {
        tl_run_fail(L, run, branch->thread, status);
    } else if (status == LUA_YIELD && script->preempting) {
        tl_branch_ready(run, branch);
    } else if (status == LUA_YIELD) {
        lua_pop(branch->thread, results);
        take_pending(L, run, branch);
    } else if (branch->group) {
        tl_group_take(L, run, branch, status);
    } else if (status != LUA_OK) {
        tl_run_fail(L, run, branch->thread, status);
    } else if (run->undoing) {
        tl_branch_withdraw(run, branch);
        tl_undo_next(L, run);
    } else {
        finish(L, run, branch, results);
    }
}

struct stretch {
    struct tl_run *run;
    bool cancel;
};

static int loop(lua_State *L)
{
    struct stretch *s = lua_touserdata(L, 1);
    struct tl_run *run = s->run;
    struct tl_script *script = run->script;
    if (s->cancel)
        tl_undo_begin(L, run, true);
    /* The first step takes the result that the stretch was begun with, so it comes before the slice can be over: the
     * thread may have lost its core meanwhile. */
    for (bool first = true; run->ready && !run->ended && (first || !script->due); first = false) {
        struct tl_branch *branch = run->ready;
        run->ready = branch->under;
        step(L, run, branch);
        lua_settop(L, 1);
    }
    return 0;
}

void tl_stretch_broken(struct tl_run *run, int status)
{
    struct tl_run_error *error = &run->outcome.error;
    if (status == LUA_ERRMEM || run->script->stop != TL_STOP_NONE) {
        tl_run_no_memory(run);
        return;
    }
    run->ended = true;
    run->outcome.ending = TL_RUN_ERROR;
    error->cls = error->cls.len ? error->cls : TL_STR("script");
    error->message = error->message.len ? error->message : TL_STR("an error without text");
    if (!error->place.line)
        error->place = run->script->bundle->flows.items[run->flow].place;
}

void tl_stretch_begin(struct tl_run *run)
{
    size_t emits = run->outcome.emit_count;
    tl_arena_free(&run->stretch);
    run->outcome = (struct tl_run_outcome){.ending = TL_RUN_WAIT,
                                           .asks = run->asks,
                                           .withdrawn = run->withdrawn,
                                           .place = {"", 0},
                                           .error = {.place = {"", 0}},
                                           .emits = run->emits,
                                           .emit_count = emits,
                                           .logs = run->logs};
}

static void give_asks(struct tl_run *run)
{
    struct tl_run_outcome *outcome = &run->outcome;
    for (struct tl_asked *asked = run->asked; asked; asked = asked->next) {
        if (asked->given)
            continue;
        asked->given = true;
        if (outcome->ask_count == run->ask_cap) {
            run->ask_cap = run->ask_cap ? run->ask_cap * 2 : 4;
            run->asks = tl_realloc(run->asks, run->ask_cap * sizeof(*run->asks));
            outcome->asks = run->asks;
        }
        run->asks[outcome->ask_count++] = &asked->ask;
    }
}

void tl_stretch_end(struct tl_run *run)
{
    struct tl_run_outcome *outcome = &run->outcome;
    outcome->undoing = run->undoing;
    if (outcome->ending == TL_RUN_WAIT)
        give_asks(run);
    if (run->undoing)
        outcome->reason = run->reason;
    if (outcome->ending == TL_RUN_FAILED || outcome->ending == TL_RUN_CONTINUED)
        outcome->data = run->data;
    if (outcome->ending == TL_RUN_FAILED)
        outcome->place = run->place;
}

/* What earlier runs left is collected before it stands in the way of this one: buffers of C functions are refused
 * without Lua's own attempt to collect. Not again for what is still held. */
static void make_room(struct tl_script *script)
{
    struct tl_quota *quota = &script->quota;
    size_t growth = script->limits.growth;
    if (quota->used + growth <= quota->hard || quota->used < script->collected + growth / 4)
        return;
    lua_gc(script->L, LUA_GCCOLLECT);
    script->collected = quota->used;
}

/* What the stretch may still add, on top of what there is. One that has given way leaves a quarter of the state to
 * those that have their turn meanwhile. */
static void set_limit(const struct tl_run *run)
{
    struct tl_quota *quota = &run->script->quota;
    size_t growth = run->script->limits.growth, hard = run->preempted ? quota->hard / 4 * 3 : quota->hard;
    size_t limit = quota->used + (run->grown < growth ? growth - run->grown : 0);
    quota->limit = limit < hard ? limit : hard;
    quota->beside = tl_run_beside(run);
}

/* Runs until the stretch ends or its slice is over. */
static int run_slice(struct tl_run *run, struct stretch *s)
{
    struct tl_script *script = run->script;
    lua_State *L = script->L;
    make_room(script);
    size_t before = script->quota.used;
    set_limit(run);
    long slice = run->order ? 0 : (long)script->limits.slice_ms * 1000;
    tl_watchdog_enter(script, (long)script->limits.cpu_ms * 1000 - run->used_us, slice, run->preempted);
    lua_pushcfunction(L, loop);
    lua_pushlightuserdata(L, s);
    int status = lua_pcall(L, 1, 0, 0);
    run->preempted = status == LUA_OK && run->ready && !run->ended;
    if (run->preempted) {
        run->used_us += tl_watchdog_used();
        size_t held = run->grown + script->quota.used;
        run->grown = held > before ? held - before : 0; /* what it collected may have been of others */
    }
    tl_watchdog_leave(script);
    tl_script_calm(L);
    script->quota.limit = script->quota.hard;
    script->quota.beside = 0;
    return status;
}

static const struct tl_run_outcome *slice(struct tl_run *run, bool cancel)
{
    struct tl_script *script = run->script;
    struct stretch s = {run, cancel};
    lua_State *L = script->L;
    script->run = run;
    script->stop = TL_STOP_NONE;
    script->stop_place = (struct tl_place){"", 0};
    script->asking = script->preempting = false;
    script->current = L;
    int status = run_slice(run, &s);
    if (status != LUA_OK) {
        lua_pop(L, 1);
        tl_stretch_broken(run, status);
    }
    run->branch = NULL;
    run->result = NULL;
    script->run = NULL;
    script->asking = script->preempting = false;
    if (run->preempted)
        run->outcome.ending = TL_RUN_PREEMPTED;
    else
        tl_stretch_end(run);
    return &run->outcome;
}

const struct tl_run_outcome *tl_stretch(struct tl_run *run, bool cancel)
{
    run->used_us = 0;
    run->grown = 0;
    run->kept = tl_run_held(run);
    return slice(run, cancel);
}

const struct tl_run_outcome *tl_run_go_on(struct tl_run *run)
{
    tl_must(run->preempted && !run->script->run);
    run->outcome.ending = TL_RUN_WAIT;
    return slice(run, false);
}
