/* A world for the engine's tests: flows written in C behind the run port, platforms behind the call port, lanes turned
 * by hand or on threads, and a clock that stands still until it is moved. One journal folder per world; the engine may
 * be stopped, abandoned (a crash as far as the engine is concerned) and started again on it. */
#pragma once
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "flow/capture.h"
#include "flow/engine.h"
#include "flow/exception.h"
#include "flow/intake.h"
#include "flow/lane.h"
#include "flow/pause.h"
#include "flow/status.h"
#include "flow/timeline.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "loop/loop.h"
#include <pthread.h>
#include <stdatomic.h>

struct world;
struct tl_run;

/* What a flow written in C does at start; the same again after each result (`result` NULL at the start). */
struct scripted {
    const char *flow;
    void (*step)(struct world *w, struct tl_run *run, const struct tl_run_result *result);
};

struct tl_run {
    struct world *w;
    size_t flow;
    struct tl_run_event event;
    char key[64], id[32], type[64];
    char *payload; /* own */
    struct tl_run_outcome outcome;
    struct tl_run_emit emits[2];
    struct tl_run_ask ask;
    const struct tl_run_ask *asked;
    char step[80], text[256];
    int asks;
};

/* A call that reached a platform. */
struct applied {
    char system[32], operation[32];
    char *args; /* own */
};

enum answer { ANSWER_DONE, ANSWER_LATER, ANSWER_RETRY, ANSWER_AUTH, ANSWER_DATA, ANSWER_CONFLICT, ANSWER_BUG };

struct pending_call {
    struct tl_mail mail;
    struct world *w;
    tl_call_done *done;
    void *ctx;
    struct tl_call_result result;
    struct tl_loop *loop;
};

struct world {
    char dir[64];
    struct tl_journal *journal;
    struct tl_engine *engine;
    struct tl_engine_config config;
    struct tl_run_port runs;
    struct tl_call_port calls;
    struct tl_flow *flows;
    const struct scripted *scripts;
    size_t script_count;
    pthread_mutex_t lock;
    struct applied *log; /* own; what platforms saw, in order */
    size_t log_count, log_cap;
    enum answer (*answer)(struct world *w, const char *system, const char *operation, const char *args);
    struct pending_call *later[64]; /* calls told to wait */
    size_t later_count;
    atomic_int runs_open, started;
    size_t replies;
    tl_code reply_code;
    char reply_text[512];
    tl_position last_position;
    uint32_t segment_events; /* of the journal; 0: its default */
    void *ctx;               /* the test's */
    /* After the engine was told, on the journal's writer; NULL: nothing. */
    void (*on_commit)(struct world *w, struct tl_commit *commit);
};

/* Declarations: arrays of these are handed to world_new; they must live as long as the world. */
void world_new(struct world *w, const struct tl_flow *flows, const struct scripted *scripts, size_t flow_count,
               const struct tl_system_decl *systems, size_t system_count);
/* Fields of config may be changed before. Expects TL_OK. */
void world_start(struct world *w);
tl_code world_try_start(struct world *w, struct tl_error *err);
void world_stop(struct world *w);
/* As after a crash of the process: nothing is written down. */
void world_crash(struct world *w);
void world_free(struct world *w);

/* One event through tl_engine_accept; waits for the answer. */
tl_position world_accept(struct world *w, const char *type, const char *key, const char *payload);
/* Many at once, straight into the journal, `n` events in batches of 500: key "<prefix><i % keys>", payload {"n":i}. */
void world_flood(struct world *w, const char *type, const char *prefix, size_t n, size_t keys,
                 enum tl_priority priority);
/* Turns loops until `until` is true; fails the test after 20 s. */
void world_until(struct world *w, bool (*until)(struct world *w));
/* Until nothing moves any more. */
void world_settle(struct world *w);
/* Moves the clock and lets what is due happen. */
void world_advance(struct world *w, int64_t ms);
/* Moves the clock while nothing runs, after world_stop or world_crash; also back. */
void world_pass(struct world *w, int64_t ms);
/* Ends a call that was told to wait. */
void world_answer(struct world *w, size_t i, enum tl_failure failure);
/* Notes a call as carried out. */
void world_apply(struct world *w, tl_str system, const struct tl_call_request *request);
size_t world_applied(struct world *w, const char *system);
/* Endings of an event's units for one flow, joined by ' '. */
const char *world_endings(struct world *w, tl_position event, const char *flow);
void world_desk(struct world *w, enum tl_desk_act act, const char *id, const char *payload, bool although_later);
void world_desk_do(struct world *w, const struct tl_desk_request *request);
void world_pause(struct world *w, const char *what, bool pause);
/* Id of the first open exception; "" when there is none. */
const char *world_exception(struct world *w);
size_t world_rows(struct world *w, const char *table);

/* Steps for scripts. */
void step_done(struct world *w, struct tl_run *run, const struct tl_run_result *result); /* ends at once */
void step_put(struct world *w, struct tl_run *run, const struct tl_run_result *result);  /* one put to kind "erp" */
void run_ask(struct tl_run *run, const char *target, const char *operation);
void run_end(struct tl_run *run, enum tl_run_ending ending, const char *reason);
void run_emit(struct tl_run *run, const char *type);
