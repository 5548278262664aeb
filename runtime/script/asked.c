/* The asks of a run that wait for their results, each with the undo that was registered with it. Thread: that of the
 * state. */
#include "base/alloc.h"
#include "run_private.h"

void tl_undo_forget(struct tl_run *run, struct tl_undo *undo)
{
    struct tl_undo **at = &run->undos;
    if (!undo)
        return;
    while (*at && *at != undo)
        at = &(*at)->next;
    if (*at)
        *at = undo->next;
    luaL_unref(run->script->L, LUA_REGISTRYINDEX, undo->reference);
    undo->reference = LUA_NOREF;
}

void tl_undo_forget_all(struct tl_run *run)
{
    for (struct tl_asked *asked = run->asked; asked; asked = asked->next)
        asked->undo = NULL;
    while (run->undos)
        tl_undo_forget(run, run->undos);
}

void tl_asked_add(struct tl_run *run, struct tl_asked *asked)
{
    asked->prev = run->asked_last;
    if (asked->prev)
        asked->prev->next = asked;
    else
        run->asked = asked;
    run->asked_last = asked;
    if (asked->undo) {
        asked->undo->next = run->undos;
        run->undos = asked->undo;
    }
}

static void tell_withdrawn(struct tl_run *run, tl_str id)
{
    if (run->outcome.withdrawn_count == run->withdrawn_cap) {
        run->withdrawn_cap = run->withdrawn_cap ? run->withdrawn_cap * 2 : 8;
        run->withdrawn = tl_realloc(run->withdrawn, run->withdrawn_cap * sizeof(*run->withdrawn));
        run->outcome.withdrawn = run->withdrawn;
    }
    run->withdrawn[run->outcome.withdrawn_count++] = id;
}

void tl_asked_drop(struct tl_run *run, struct tl_asked *asked, bool withdrawn)
{
    *(asked->prev ? &asked->prev->next : &run->asked) = asked->next;
    *(asked->next ? &asked->next->prev : &run->asked_last) = asked->prev;
    asked->next = asked->prev = NULL;
    if (withdrawn && asked->given)
        tell_withdrawn(run, asked->ask.id);
    else if (withdrawn) /* nobody ever saw it */
        tl_undo_forget(run, asked->undo);
}

struct tl_asked *tl_asked_find(const struct tl_run *run, tl_str id)
{
    struct tl_asked *asked = run->asked;
    while (asked && !tl_str_eq(asked->ask.id, id))
        asked = asked->next;
    return asked;
}

void tl_pending_drop(struct tl_run *run)
{
    lua_State *L = run->script->L;
    if (run->pending_ask && run->pending_ask->undo)
        luaL_unref(L, LUA_REGISTRYINDEX, run->pending_ask->undo->reference);
    if (run->pending_group)
        luaL_unref(L, LUA_REGISTRYINDEX, run->pending_group->reference);
    run->pending_ask = NULL;
    run->pending_group = NULL;
}
