/* What the engine knows of the integration: flows, systems, routes, stewards, and which flows take which event types.
 * Also the runtime's own flows, which have no Lua: `nobody` (an event that no flow takes), `unreadable`, `hint`
 * (flow/intake.h) and `await` (await.h). Built once; after the start only the atomic fields change. Thread: any then.
 */
#pragma once
#include "base/map.h"
#include "flow/engine.h"
#include <pthread.h>
#include <stdatomic.h>

struct tl_counter;
struct tl_histogram;
struct tl_await_index;

enum tl_plan_kind {
    TL_PLAN_NOBODY,
    TL_PLAN_UNREADABLE,
    TL_PLAN_HINT,
    TL_PLAN_AWAIT, /* an event that some run waits for */
    TL_PLAN_SCRIPT,
    TL_PLAN_GONE /* of an earlier revision, with units pending */
};

#define TL_FLOW_NOBODY 0u
#define TL_FLOW_UNREADABLE 1u
#define TL_FLOW_HINT 2u
#define TL_FLOW_AWAIT 3u

#define TL_COMMIT_NEVER UINT64_MAX

/* A flow takes events of a type from commit `from` on, up to and without commit `until`. */
struct tl_plan_sub {
    uint32_t flow;
    uint64_t from, until;
};

struct tl_plan_type {
    char *name;               /* own */
    struct tl_plan_sub *subs; /* own; by flow */
    size_t count;
};

struct tl_plan_flow {
    char *name; /* own */
    enum tl_plan_kind kind;
    const struct tl_flow *decl; /* borrow; NULL unless TL_PLAN_SCRIPT */
    size_t script_index;
    char *scope;         /* own */
    uint64_t scope_hash; /* once the journal is there */
    uint64_t name_hash;
    char *pointer; /* own; order by a JSON pointer, or NULL */
    bool order_function;
    bool ordered; /* false: its units have no order among them */
    enum tl_after_failure after;
    enum tl_priority priority;
    int64_t deadline_ms;
    const char *steward;          /* borrow */
    int system;                   /* the one system it uses, -1: none or more than one is possible */
    const struct tl_route *route; /* borrow; the kind it uses is routed by this, or NULL */
    atomic_bool paused;
    atomic_ullong done, parked;
};

struct tl_plan_system {
    const char *name, *kind;           /* borrow */
    const struct tl_system_decl *decl; /* borrow */
    struct tl_system *system;          /* borrow */
    struct tl_gate *gate;              /* own */
    struct tl_retry_policy retry;
    int64_t timeout_ms;
    int64_t redelivers_ms;
    uint32_t cap; /* most started units of a lane */
    struct tl_counter *calls[TL_FAILURE_COUNT];
    struct tl_histogram *seconds;
    pthread_mutex_t cause_lock;
    char cause[240]; /* why a call last failed by the endpoint: "quota: …"; under cause_lock */
};

struct tl_plan {
    struct tl_plan_flow *flows; /* own */
    size_t flow_count;
    struct tl_plan_system *systems; /* own */
    size_t system_count;
    const struct tl_route *routes; /* borrow */
    size_t route_count;
    const struct tl_steward *stewards; /* borrow */
    size_t steward_count;
    const char *steward, *revision; /* own copies */
    struct tl_await_index *awaits;  /* borrow */
    struct tl_map types;            /* name → struct tl_plan_type, own */
    struct tl_map names;            /* of flows → 1 + index, as a pointer */
};

TL_MUST_CHECK tl_code tl_plan_init(struct tl_plan *plan, const struct tl_engine_config *config, struct tl_error *err);
void tl_plan_free(struct tl_plan *plan);
/* Fills what hangs on the journal's keys. */
void tl_plan_hash(struct tl_plan *plan, struct tl_journal *journal);
/* A flow that is not declared any more; returns its index. */
uint32_t tl_plan_add_gone(struct tl_plan *plan, tl_str name);
/* Keeps why an endpoint failed, for `status`; other results leave it. Any thread. */
void tl_plan_note_failure(struct tl_plan_system *system, enum tl_failure failure, tl_str message);
/* `flow` takes `type` within [from, until). Replaces what was said for the two before. */
void tl_plan_subscribe(struct tl_plan *plan, tl_str type, uint32_t flow, uint64_t from, uint64_t until);
/* NULL: nobody ever took it. */
const struct tl_plan_type *tl_plan_type(const struct tl_plan *plan, tl_str type);
/* Does any flow take events of this type from now on? What nobody takes says so in its own record
 * (tl_event_in.unwanted). */
bool tl_plan_wants(const struct tl_plan *plan, tl_str type);
/* -1: none. */
int tl_plan_flow(const struct tl_plan *plan, tl_str name);
int tl_plan_system(const struct tl_plan *plan, tl_str name);
const struct tl_steward *tl_plan_steward(const struct tl_plan *plan, const char *name);

/* route.c: the system that `target` (a system or a kind) means for this payload, read natively. -1: the unit must park,
 * `err` says why. */
int tl_plan_route(const struct tl_plan *plan, tl_str target, tl_str payload, struct tl_error *err);
/* The system whose queue a unit of `flow` belongs to: known before it starts, or -1. */
int tl_plan_first_system(const struct tl_plan *plan, const struct tl_plan_flow *flow, tl_str payload);
