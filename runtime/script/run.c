/* The life of a run: start, resume, settle, cancel, free. Invariants: at most one run of a state is running; a run that
 * has ended is never resumed. Thread: that of the state. */
#include "base/alloc.h"
#include "bundle_private.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"

/* Protected: makes the coroutine with its function, ctx, e and the state on it. */
static int prepare(lua_State *L)
{
    struct tl_run *run = lua_touserdata(L, 1);
    struct tl_script *script = run->script;
    const struct tl_flow *flow = &script->bundle->flows.items[run->flow];
    struct tl_error err;
    int base = lua_gettop(L);
    const char *kind = flow->origin == TL_FLOW_EVERY ? "every" : "flow";
    if (flow->origin == TL_FLOW_EXPECT) {
        tl_run_expect_push(L, run);
    } else if (flow->internal) {
        lua_pushcfunction(L, tl_run_event_unit);
        tl_run_event_push(L, run);
    } else if (run->order) {
        tl_declared_push(L, kind, flow->name, "order");
        lua_geti(L, -1, 2);
        lua_remove(L, -2);
        tl_run_event_push(L, run);
    } else {
        tl_declared_push(L, kind, flow->name, "run");
        lua_rawgeti(L, LUA_REGISTRYINDEX, script->ctx);
        tl_run_event_push(L, run);
    }
    if (!flow->internal && !run->order && run->event.state.len && !tl_value_decode(L, run->event.state, &err))
        return luaL_error(L, "the state given to ctx:continue is not JSON: %s", err.text);
    run->root = tl_branch_open(L, run, TL_STR_NONE, lua_gettop(L) - base - 1);
    tl_branch_ready(run, run->root);
    return 0;
}

struct tl_run *tl_run_new(struct tl_script *script, size_t flow, const struct tl_run_event *event)
{
    struct tl_run *run = TL_NEW(struct tl_run);
    run->script = script;
    run->flow = flow;
    run->raised = LUA_NOREF;
    tl_arena_init(&run->arena);
    tl_arena_init(&run->stretch);
    run->event = *event;
    run->event.id = tl_arena_str(&run->arena, event->id);
    run->event.type = tl_arena_str(&run->arena, event->type);
    run->event.key = tl_arena_str(&run->arena, event->key);
    run->event.source = tl_arena_str(&run->arena, event->source);
    run->now_ms = event->time_ms;
    tl_stretch_begin(run);
    return run;
}

bool tl_run_begin(struct tl_run *run, bool order)
{
    lua_State *L = run->script->L;
    run->order = order;
    lua_pushcfunction(L, prepare);
    lua_pushlightuserdata(L, run);
    int status = lua_pcall(L, 1, 0, 0);
    if (status == LUA_OK)
        return true;
    if (status == LUA_ERRMEM) {
        tl_run_no_memory(run);
        run->outcome.error.message = TL_STR("the state is out of memory");
        run->script->quota.spent = true;
    } else {
        run->outcome.error.cls = TL_STR("data");
        run->outcome.error.message = tl_arena_str(&run->stretch, tl_str_z(lua_tostring(L, -1)));
        tl_stretch_broken(run, status);
    }
    lua_pop(L, 1);
    return false;
}

const struct tl_run_outcome *tl_run_start(struct tl_script *script, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **out)
{
    tl_must(script->bundle && flow < script->bundle->flows.count && !script->run);
    struct tl_run *run = tl_run_new(script, flow, event);
    *out = run;
    script->stop_place = (struct tl_place){"", 0};
    script->stop = TL_STOP_NONE;
    if (!tl_run_begin(run, false))
        return &run->outcome;
    return tl_stretch(run, false);
}

const struct tl_run_outcome *tl_run_resume(struct tl_run *run, const struct tl_run_result *result)
{
    tl_must(!run->ended && !run->preempted && !run->script->run);
    struct tl_asked *asked = tl_asked_find(run, result->id);
    tl_must(asked);
    tl_stretch_begin(run);
    tl_asked_drop(run, asked, false);
    if (asked->undo && result->ok)
        asked->undo->done = true;
    else
        tl_undo_forget(run, asked->undo);
    if (result->now_ms)
        run->now_ms = result->now_ms;
    run->result = result;
    if (asked->branch) {
        asked->branch->asked = NULL;
        tl_branch_ready(run, asked->branch);
    } else {
        tl_group_late(run, asked->group);
    }
    return tl_stretch(run, false);
}

bool tl_run_asks(const struct tl_run *run, tl_str id)
{
    return !run->ended && tl_asked_find(run, id) != NULL;
}

const struct tl_run_outcome *tl_run_cancel(struct tl_run *run, tl_str reason)
{
    tl_must(!run->script->run && !run->preempted && (!run->ended || run->outcome.ending == TL_RUN_ERROR));
    bool under_way = run->undoing && !run->ended && !run->unsettled;
    tl_stretch_begin(run);
    if (under_way) {
        tl_stretch_end(run);
        return &run->outcome;
    }
    if (!run->undoing) {
        run->reason = tl_arena_str(&run->arena, reason);
        run->data = TL_STR_NONE;
        run->place = (struct tl_place){"", 0};
    }
    run->ended = false;
    return tl_stretch(run, true);
}

void tl_run_settle(struct tl_run *run, tl_str id, bool took_place)
{
    struct tl_undo *undo = run->undos;
    while (undo && (undo->done || !tl_str_eq(undo->id, id)))
        undo = undo->next;
    if (undo && took_place)
        undo->done = true;
    else
        tl_undo_forget(run, undo);
}

bool tl_run_has_undo(const struct tl_run *run)
{
    return run->undos || run->undo;
}

void tl_run_free(struct tl_run *run)
{
    if (!run)
        return;
    lua_State *L = run->script->L;
    tl_pending_drop(run);
    for (struct tl_branch *branch = run->branches; branch; branch = branch->next)
        luaL_unref(L, LUA_REGISTRYINDEX, branch->reference);
    for (struct tl_group *group = run->groups; group; group = group->next)
        luaL_unref(L, LUA_REGISTRYINDEX, group->reference);
    for (struct tl_undo *undo = run->undos; undo; undo = undo->next)
        luaL_unref(L, LUA_REGISTRYINDEX, undo->reference);
    luaL_unref(L, LUA_REGISTRYINDEX, run->raised);
    tl_arena_free(&run->arena);
    tl_arena_free(&run->stretch);
    tl_free(run->emits);
    tl_free(run->logs);
    tl_free(run->asks);
    tl_free(run->withdrawn);
    tl_free(run);
}
