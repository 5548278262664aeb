/* A run, as the files of this room see it. Thread: that of the state. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "script_state.h"

struct tl_run {
    struct tl_script *script; /* borrow */
    lua_State *thread;        /* in the registry under `reference` */
    int reference;
    size_t flow;
    struct tl_run_event event; /* slices in `arena`, payload borrowed */
    int64_t now_ms;
    uint64_t drawn; /* counter of random and uuid */
    bool did_read, did_effect, did_emit;
    bool refuse_wait; /* the wait under way cannot be: say so to the script */
    bool ended;
    const struct tl_run_result *result; /* while resuming */
    struct tl_run_outcome outcome;
    struct tl_arena arena;     /* of the whole run */
    struct tl_arena stretch;   /* of the outcome; emptied by the next resume */
    struct tl_buf text;        /* scratch for encoding */
    struct tl_run_emit *emits; /* own */
    size_t emit_cap;
    struct tl_run_log *logs; /* own */
    size_t log_cap;
    struct {
        char *name; /* arena: "system operation" */
        int count;
    } * asked; /* own */
    size_t asked_count;
    const char *stop_reason, *stop_data; /* stretch */
};

/* The running script's scratch buffer, empty; clear it after use. */
struct tl_buf *tl_scratch(lua_State *L);
/* The script's line that called the C function now running, or of the nearest Lua function below. */
struct tl_place tl_run_place(lua_State *L, struct tl_arena *arena);
/* print: a log line at INFO. Ignored while no run is going on. */
void tl_run_note(lua_State *L, const char *text);
/* Makes the pending wait raise "no waiting here" when its coroutine is resumed. */
void tl_run_refuse_wait(struct tl_script *script);
/* Is L the coroutine of the run itself? */
bool tl_run_is_outermost(lua_State *L);
/* Key of an event type for the value at `index`, which `json` is as text: pushes the key, or raises. */
void tl_event_key_push(lua_State *L, const struct tl_event_type *type, int index, tl_str json);

/* Pushes a member of an event's or flow's declaration. */
void tl_declared_push(lua_State *L, const char *kind, const char *name, const char *member);
/* A run that has not begun; begin makes its coroutine (of the order's function when `order`); false: out of memory, the
 * outcome says so. drive goes on with `args` values on its stack. */
struct tl_run *tl_run_new(struct tl_script *script, size_t flow, const struct tl_run_event *event);
bool tl_run_begin(struct tl_run *run, bool order);
const struct tl_run_outcome *tl_run_drive(struct tl_run *run, int args);

/* The functions of ctx (lib_ctx.c): pushes ctx, built for this state's systems and kinds. */
void tl_ctx_open(lua_State *L);
/* Pushes the map that writes the entity to a system (its own or its kind's) or kind; false: none, nothing pushed. */
bool tl_put_map_push(lua_State *L, const char *target, const char *entity);
int tl_json_encode_lua(lua_State *L);
int tl_json_decode_lua(lua_State *L);
