/* A run, as the files of this room see it: branches (coroutines) that wait for asks or for groups of further branches.
 * Everything but Lua values lives in the run's arena; Lua values are registry references, released with the branch, the
 * group or the undo they belong to, at the latest by tl_run_free. Thread: that of the state. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "script_state.h"

/* How often a name was used in one path; the n of "erp:put#n". */
struct tl_tally {
    struct tl_tally *next;
    uint64_t hash;
    tl_str name;
    int count;
};

/* An ask that waits for its result. */
struct tl_asked {
    struct tl_run_ask ask;
    struct tl_asked *next, *prev; /* outstanding, in the order asked */
    struct tl_branch *branch;     /* waits for it; NULL: the time limit of `group` */
    struct tl_group *group;
    struct tl_undo *undo; /* registered with it, or NULL */
    bool given;           /* the caller has seen it in an outcome */
};

enum tl_branch_state { TL_BRANCH_READY, TL_BRANCH_WAITING, TL_BRANCH_ENDED };

/* A coroutine of the run: its function, a function of a group, or an undo function. */
struct tl_branch {
    struct tl_branch *next, *prev; /* of all that have not ended */
    struct tl_branch *under;       /* of those that are ready, the next to run first */
    enum tl_branch_state state;
    lua_State *thread; /* in the registry under `reference` */
    int reference;
    int args;               /* values on its stack when it begins */
    struct tl_group *group; /* it is one of; NULL: the run's function or an undo function */
    size_t index;           /* in its group, from 0 */
    tl_str path;            /* before the ids of its asks: "", "all#1/crm/" */
    struct tl_tally *tallies;
    struct tl_asked *asked; /* waits for it, or NULL */
    struct tl_group *joins; /* waits for its branches, or NULL */
};

enum tl_group_kind { TL_GROUP_ALL, TL_GROUP_GATHER, TL_GROUP_FIRST, TL_GROUP_EACH };
enum tl_part { TL_PART_OUT, TL_PART_DONE, TL_PART_FAILED, TL_PART_LATE };

/* Where and how an error arose. */
struct tl_failure {
    struct tl_place place;
    tl_str traceback;
};

/* Branches that one branch waits for. */
struct tl_group {
    struct tl_group *next; /* of all that somebody waits for */
    enum tl_group_kind kind;
    struct tl_branch *parent;
    tl_str path;           /* "all#1/" */
    struct tl_place place; /* the call that made it */
    int reference;         /* registry: its table, see TL_GROUP_WORKS */
    size_t count, started, open;
    size_t at_most;      /* TL_GROUP_EACH: branches at a time */
    const tl_str *names; /* sorted; NULL: the index is the name */
    struct tl_branch **branches;
    unsigned char *parts;        /* enum tl_part of each */
    struct tl_failure *failures; /* of those that failed */
    bool failed;                 /* one of them */
    size_t winner;               /* TL_GROUP_FIRST; count: none yet */
    int64_t within_ms;           /* TL_GROUP_GATHER; 0: for ever */
    struct tl_asked *timer;
};

/* What is called when the run fails. */
struct tl_undo {
    struct tl_undo *next; /* registered before */
    tl_str id;            /* of the effect's ask */
    int reference;
    bool done; /* the effect took place; else: not known yet */
};

struct tl_run {
    struct tl_script *script; /* borrow */
    size_t flow;
    struct tl_run_event event; /* slices in `arena`, payload borrowed */
    int64_t now_ms;
    uint64_t drawn;   /* counter of random and uuid */
    bool order;       /* of the function of the flow's order: its result stays on the stack */
    bool refuse_wait; /* the wait under way cannot be: say so to the script */
    bool ended;
    bool dropped; /* the filter said no */
    bool undoing;
    bool unsettled; /* undoing has to wait until it is told of withdrawn effects */
    bool preempted; /* in the middle of a stretch */
    long used_us;   /* CPU time of the stretch's slices before this one */
    size_t grown;   /* memory they added */
    size_t kept;    /* tl_run_held when the stretch began */
    struct tl_branch *root;
    struct tl_branch *branches;          /* not ended */
    struct tl_branch *ready;             /* stack */
    struct tl_branch *branch;            /* runs, or NULL */
    struct tl_group *groups;             /* somebody waits for them */
    struct tl_asked *asked, *asked_last; /* outstanding, in the order asked */
    struct tl_asked *pending_ask;        /* of the yield under way */
    struct tl_group *pending_group;
    struct tl_undo *undos;              /* last registered first */
    struct tl_undo *undo;               /* its function runs */
    const struct tl_run_result *result; /* while resuming */
    tl_str reason, data;                /* of ctx:fail, ctx:continue or cancel; arena */
    struct tl_place place;              /* of ctx:fail */
    int raised;                         /* registry reference: the error a group raised last */
    struct tl_failure raised_failure;   /* and where it arose */
    struct tl_run_outcome outcome;
    struct tl_arena arena;     /* of the whole run */
    struct tl_arena stretch;   /* of the outcome; emptied by the next resume */
    struct tl_run_emit *emits; /* own */
    size_t emit_cap;
    struct tl_run_log *logs; /* own */
    size_t log_cap;
    const struct tl_run_ask **asks; /* own; of the outcome */
    size_t ask_cap;
    tl_str *withdrawn; /* own; of the outcome */
    size_t withdrawn_cap;
};

/* ---- state.c ---- */
/* The running script's scratch buffer, empty; clear it after use. */
struct tl_buf *tl_scratch(lua_State *L);

/* ---- place.c ---- */
/* The script's line that called the C function now running, or of the nearest Lua function below. */
struct tl_place tl_run_place(lua_State *L, struct tl_arena *arena);

/* ---- pure.c ---- */
/* pure(function, …): calls it so that it may give way, and cannot wait. A lua_CFunction; callers that have more to do
 * use lua_callk. */
int tl_pure(lua_State *L);
/* Is the function of C that runs in L inside such a call? */
bool tl_is_pure(lua_State *L);
/* Is L the coroutine of a branch itself, and not one of the script's own? */
bool tl_run_is_outermost(lua_State *L);
/* Makes the pending wait raise "no waiting here" when its coroutine is resumed. */
void tl_run_refuse_wait(struct tl_script *script);

/* ---- run_log.c ---- */
/* Adds a line; `message` is copied, `fields` (JSON) are in the stretch's arena. Lines past the first 1,024 are dropped.
 */
void tl_run_log(lua_State *L, struct tl_run *run, int level, tl_str message, tl_str fields);
/* print: a line at INFO. Ignored while no run is going on. */
void tl_run_note(lua_State *L, const char *text);

/* ---- run.c ---- */
/* A run that has not begun; begin makes its coroutine (of the order's function when `order`); false: the outcome says
 * why not. */
struct tl_run *tl_run_new(struct tl_script *script, size_t flow, const struct tl_run_event *event);
bool tl_run_begin(struct tl_run *run, bool order);

/* ---- stretch.c ---- */
/* A fresh outcome. */
void tl_stretch_begin(struct tl_run *run);
/* Goes on with what is ready, for a slice; with `cancel` by undoing what is known to have taken place. */
const struct tl_run_outcome *tl_stretch(struct tl_run *run, bool cancel);
/* The outcome is filled in. */
void tl_stretch_end(struct tl_run *run);
/* The protected call was broken off: no memory, no time, or an error while an error was described. */
void tl_stretch_broken(struct tl_run *run, int status);

/* ---- held.c ---- */
/* Bytes outside of Lua, and those that were made in this stretch. */
size_t tl_run_held(const struct tl_run *run);
size_t tl_run_beside(const struct tl_run *run);
/* Stops the run when it has too much with them. */
void tl_run_check_memory(lua_State *L, const struct tl_run *run);

/* ---- run_event.c ---- */
/* Pushes a member of an event's or flow's declaration. */
void tl_declared_push(lua_State *L, const char *kind, const char *name, const char *member);
/* Pushes the event as a script sees it. */
void tl_run_event_push(lua_State *L, const struct tl_run *run);
/* The function of the internal flow of an event with `from`. */
int tl_run_event_unit(lua_State *L);
/* The event type whose internal flow it is. */
const struct tl_event_type *tl_run_event_type(const struct tl_run *run);

/* ---- run_expect.c ---- */
/* Pushes the function of an expectation's internal flow and its three arguments. Raises. */
void tl_run_expect_push(lua_State *L, const struct tl_run *run);

/* ---- run_error.c: inside the protected loop ---- */
/* Ends the run with the error on the top of `thread`, or with a stop. */
void tl_run_fail(lua_State *L, struct tl_run *run, lua_State *thread, int status);
/* Ends the run for want of memory; allocates nothing from the state. */
void tl_run_no_memory(struct tl_run *run);
/* Where the error on the top of the dead `thread` arose. */
struct tl_failure tl_failure_read(lua_State *L, struct tl_run *run, lua_State *thread);
/* Raises the error on the top, and remembers where it arose. */
int tl_failure_raise(lua_State *L, struct tl_run *run, const struct tl_failure *failure);

/* ---- branch.c: inside the protected loop ---- */
/* A branch with its function and `args` values, which are taken from the top of L. It is ready. */
struct tl_branch *tl_branch_open(lua_State *L, struct tl_run *run, tl_str path, int args);
/* Next to run. */
void tl_branch_ready(struct tl_run *run, struct tl_branch *branch);
/* Forgets a branch and everything it waits for. */
void tl_branch_withdraw(struct tl_run *run, struct tl_branch *branch);
/* A branch of a group has ended; its result or error is on its stack. */
void tl_group_take(lua_State *L, struct tl_run *run, struct tl_branch *branch, int status);
/* Starts the first branches of a group that `parent` waits for. */
void tl_group_begin(lua_State *L, struct tl_run *run, struct tl_group *group, struct tl_branch *parent);
/* The time limit of a group has come. */
void tl_group_late(struct tl_run *run, struct tl_group *group);
/* Nobody needs it any more. */
void tl_group_close(struct tl_run *run, struct tl_group *group);

/* ---- ctx_work.c ---- */
/* What of a group belongs to Lua is in a table: the work of each branch (for each: the items), values, errors, and the
 * function of each. */
enum { TL_GROUP_WORKS = 1, TL_GROUP_VALUES, TL_GROUP_ERRORS, TL_GROUP_FUNCTION };
/* Raises unless the value on the top is a function, or a call as data. */
void tl_group_work_check(lua_State *L, const char *method, tl_str name);
/* From the group's table on the top: pushes the function of one branch and its arguments, gives how many. */
int tl_group_work(lua_State *L, const struct tl_group *group, size_t index);

/* ---- asked.c ---- */
/* Adds an outstanding ask. */
void tl_asked_add(struct tl_run *run, struct tl_asked *asked);
/* It is answered, or nobody waits for it any more (withdrawn: the caller is told if it has seen it). */
void tl_asked_drop(struct tl_run *run, struct tl_asked *asked, bool withdrawn);
struct tl_asked *tl_asked_find(const struct tl_run *run, tl_str id);
/* The wait under way is given up. */
void tl_pending_drop(struct tl_run *run);
/* The effect did not take place: its undo is forgotten. NULL is allowed. */
void tl_undo_forget(struct tl_run *run, struct tl_undo *undo);
/* Nothing is undone any more. */
void tl_undo_forget_all(struct tl_run *run);

/* ---- ctx_ask.c ---- */
/* The run that is going on; raises when there is none, when ctx is not the first argument, or when it was stopped. */
struct tl_run *tl_ctx_run(lua_State *L, const char *method);
/* The value at `index` as JSON, in the run's arena. */
tl_str tl_ctx_json(lua_State *L, int index, struct tl_arena *arena);
/* The same with floats: for what people read. */
tl_str tl_ctx_json_floats(lua_State *L, int index, struct tl_arena *arena);
/* Copies of texts at `index`; raises when it is none. */
tl_str tl_ctx_text(lua_State *L, int index, struct tl_arena *arena);
/* The texts one after the other, in the arena. */
tl_str tl_ctx_join(struct tl_arena *arena, const tl_str *parts, size_t count);
/* An id in the path of the branch that runs: "<path><what>#n", or "<path>=<name>" when a name was given. `what` is a
 * literal or lives as long as the run. */
tl_str tl_step_id(lua_State *L, struct tl_run *run, const char *what, tl_str name);
/* A word that ids are made of. Raises when it is not fit. */
void tl_step_word(lua_State *L, tl_str word, const char *what);
/* What stands in a table of options; `index` may be none or nil. Unknown keys are errors with the nearest word. Pushes
 * the undo function, or nil. */
enum { TL_OPTION_NAME = 1, TL_OPTION_UNDO = 2, TL_OPTION_ONCE = 4, TL_OPTION_WITHIN = 8 };
struct tl_options {
    tl_str name, once; /* arena */
    int undo;          /* index of the function, or 0 */
    int64_t within_ms;
};
void tl_options_read(lua_State *L, int index, unsigned allowed, const char *what, struct tl_options *options);
/* Every key of the table at `index` is one of these words; `list`: or a position. */
void tl_fields_check(lua_State *L, int index, const char *const *words, size_t count, bool list, const char *what);
/* A duration, or 0 for none or nil. */
int64_t tl_duration_at(lua_State *L, int index, const char *what);
/* Waits for `request` (its id and place are set here, unless it has an id). When the result is there, `answered` is
 * called with the ask as its context. */
int tl_ask(lua_State *L, struct tl_run *run, const struct tl_run_ask *request, const char *what,
           const struct tl_options *options, lua_KFunction answered);
/* Waits for a group, whose table is on the top: `joined` is called with it as its context. */
int tl_join(lua_State *L, struct tl_run *run, struct tl_group *group, const char *what, lua_KFunction joined);
/* In a continuation: raises when the wait could not be. */
void tl_wait_check(lua_State *L);
/* In the continuation of an ask: its result. Raises it when it is an error. */
const struct tl_run_result *tl_answer(lua_State *L, const struct tl_asked *asked);
/* A continuation that returns the document of the result. */
int tl_answer_document(lua_State *L, int status, lua_KContext asked);

/* ---- ctx_undo.c ---- */
/* The run fails with `reason`, `data`, `place` as they stand: every branch is withdrawn and undoing begins, or waits to
 * be told what took place. */
void tl_undo_begin(lua_State *L, struct tl_run *run, bool settled);
/* The next undo function, or the end of the run. */
void tl_undo_next(lua_State *L, struct tl_run *run);

/* ---- keys.c ---- */
/* Key of an event type for the value at `index`, which `json` is as text: pushes the key, or raises. */
void tl_event_key_push(lua_State *L, const struct tl_event_type *type, int index, tl_str json);

/* ---- ctx_object.c ---- */
/* The table of members on the top is replaced by an empty, read-only table that shows them. */
void tl_ctx_protect(lua_State *L);
/* What the table on the top lacks is answered by a function with the `upvalues` values above the table. */
void tl_ctx_answer_by(lua_State *L, lua_CFunction index, int upvalues);

/* ---- ctx: pushes it, built for this state's systems and kinds; each adds to the functions on the top ---- */
void tl_ctx_open(lua_State *L);
void tl_ctx_wait_open(lua_State *L);
void tl_ctx_branch_open(lua_State *L);
void tl_ctx_undo_open(lua_State *L);
/* Pushes the object of a system or kind: ctx.<name>. */
void tl_ctx_target_push(lua_State *L, const char *name);
/* Pushes the map that writes the entity to a system (its own or its kind's) or kind; false: none, nothing pushed. */
bool tl_put_map_push(lua_State *L, const char *target, const char *entity);
/* json.encode; cjson.encode, which takes floats. */
int tl_json_encode_lua(lua_State *L);
int tl_json_encode_floats(lua_State *L);
int tl_json_decode_lua(lua_State *L);
