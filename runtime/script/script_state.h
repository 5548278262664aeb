/* What the files of this room share about one Lua state. Private to the room. Thread: that of the state. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "quota.h"
#include "script/run.h"
#include "watchdog.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>

/* Why a stretch was stopped; a stop cannot be caught. */
enum tl_stop { TL_STOP_NONE, TL_STOP_FAIL, TL_STOP_CONTINUE, TL_STOP_CPU, TL_STOP_MEMORY };

struct tl_run;
struct tl_loading;

struct tl_script {
    lua_State *L;                   /* own */
    const struct tl_bundle *bundle; /* borrow; NULL in a bare state and while a bundle is being loaded */
    struct tl_quota quota;
    struct tl_script_limits limits;
    lua_State *volatile current;   /* the coroutine that runs */
    volatile sig_atomic_t expired; /* the CPU budget is used up */
    volatile sig_atomic_t due;     /* the slice is over: the stretch gives way as soon as it can */
    bool preempting;               /* the yield under way is for that */
    struct tl_watch outer;         /* what was counted before on this thread */
    uintptr_t stack;               /* where the thread's stack stood when the state was entered */
    enum tl_stop stop;             /* of the stretch */
    size_t collected;              /* bytes held when make_room (stretch.c) had collected */
    bool asking;                   /* the yield under way is the runtime's, not the script's */
    struct tl_run *run;            /* running or NULL; borrow */
    struct tl_loading *loading;    /* while files load; borrow */
    int decimal_meta, array_meta, nulls_meta, error_meta; /* registry references of metatables */
    int declarations;                                     /* registry reference: list of declarations in order */
    int globals;                                          /* registry reference: _ENV of scripts */
    int modules;                                          /* registry reference: name → value of require */
    int ctx;                                              /* registry reference: the ctx object */
    int suspended;                   /* registry reference: coroutines of scripts that ctx holds, as weak keys */
    int cjson, host, mapping;        /* registry references: modules of our own */
    int puts;                        /* registry reference: "target order@1" → map object */
    int maps;                        /* registry reference: map name → map object */
    struct tl_buf scratch, scratch2; /* for encoding while a script runs */
    struct tl_place stop_place;      /* where the stretch was stopped; file in the state's arena */
    struct tl_arena stop_arena;
    struct tl_zones *zones; /* own: time zones read so far */
};

static inline struct tl_script *tl_script_of(lua_State *L)
{
    return *(struct tl_script **)lua_getextraspace(L);
}

/* From the signal handler: makes the running coroutine stop, or give way, at its next instruction. */
void tl_script_interrupt(struct tl_script *script);
/* Takes back what tl_script_interrupt did. */
void tl_script_calm(lua_State *L);
/* The coroutine L cannot give way now, because of a call of C below it: it does when that has returned. */
void tl_script_later(lua_State *L);
/* lua_resume from L, with the watchdog following the coroutine that runs. */
int tl_script_resume(lua_State *L, lua_State *co, int args, int *results);
/* lua_resetthread of co from L, with the watchdog following what its variables run as they are closed. Raises when that
 * is below too many calls of C. */
int tl_script_close(lua_State *L, lua_State *co);
/* In long C loops: raises the stop when the budget is used up. */
void tl_script_check_budget(lua_State *L);
/* In long C loops that can go on later: as tl_script_check_budget, and true when the slice is over and L can give way.
 * Then the function keeps what it has on L's stack and returns tl_script_give_way, after which `go_on` is called with
 * `context` in its place. */
bool tl_script_is_due(lua_State *L);
int tl_script_give_way(lua_State *L, lua_KContext context, lua_KFunction go_on);
/* Stops the stretch: never returns. `text` is on the top of the stack or NULL. */
int tl_script_stop(lua_State *L, enum tl_stop stop);
/* Calls a C function with `job` as its one argument, in a coroutine, under the CPU budget. TL_EINPUT with its
 * error. */
tl_code tl_script_protected(struct tl_script *script, lua_CFunction function, void *job, int64_t cpu_ms,
                            struct tl_error *err);
/* In everything that catches: true when what was caught (status) must be raised again. */
bool tl_script_stopped(lua_State *L, int status);
