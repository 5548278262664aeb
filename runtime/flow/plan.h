/* What the engine knows of the integration: flows, systems, routes, stewards, and which flows take which event types.
 * Also the runtime's own flows, which have no Lua: `nobody` (an event that no flow takes), `unreadable`, `hint`
 * (flow/intake.h), `await` (await.h) and `gap` (gap.h). After the start only the atomic fields change, and, while all
 * lanes stand still, what another revision says (merge.h). Numbers of flows and systems stay what they are. Thread: any
 * then. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "flow/engine.h"
#include <pthread.h>
#include <stdatomic.h>

struct tl_counter;
struct tl_histogram;
struct tl_await_index;
struct tl_use;

enum tl_plan_kind {
    TL_PLAN_NOBODY,
    TL_PLAN_UNREADABLE,
    TL_PLAN_HINT,
    TL_PLAN_AWAIT, /* an event that some run waits for */
    TL_PLAN_GAP,   /* what a capture could not see */
    TL_PLAN_SCRIPT,
    TL_PLAN_GONE /* of an earlier revision, with units pending */
};

#define TL_FLOW_NOBODY 0u
#define TL_FLOW_UNREADABLE 1u
#define TL_FLOW_HINT 2u
#define TL_FLOW_AWAIT 3u
#define TL_FLOW_GAP 4u

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

/* Where the units of a flow belong that were derived up to a commit. A switch leaves the old one behind, for units that
 * wait in the journal are placed again when they are read: it goes when they have ended. */
struct tl_placing {
    struct tl_placing *before; /* own; older, or NULL */
    uint64_t upto;             /* of events up to this commit; TL_COMMIT_NEVER: the present one */
    uint64_t seen;             /* nothing of the flow is unfinished before this commit */
    bool reordered;            /* what came later waits until these units have ended (rule 4) */
    atomic_bool left;          /* not all of them have ended */
    char *scope;               /* own */
    uint64_t scope_hash;       /* once the journal is there */
    char *pointer;             /* own; order by a JSON pointer, or NULL */
    char *revision;            /* own; whose order function; NULL: the live one */
    bool function;             /* order by a function */
    bool ordered;              /* false: its units have no order among them */
    enum tl_priority priority;
    int system;                   /* the one system it uses, -1: none or more than one is possible */
    const struct tl_route *route; /* borrow; the kind it uses is routed by this, or NULL */
    struct tl_use *use;           /* counted; whose route that is, for one that is not the present */
};

/* One integration as the engine has it. The first, number 0, has no name: what it declares stands as it is; names of
 * another one are "<name>@<integration>". */
struct tl_plan_part {
    char *name;                     /* own; "" the first */
    char *revision;                 /* own; "" when it has none, or is gone */
    char *steward;                  /* own, whole; of what names none */
    const struct tl_bundle *bundle; /* borrow; NULL: gone, or with a run port of one's own */
    struct tl_use *use;             /* counted */
    const struct tl_route *routes;  /* borrow */
    size_t route_count;
    bool scripts; /* lanes have a state of it */
};

struct tl_plan_flow {
    char *name; /* own */
    uint32_t part;
    char **on; /* own; the event types it takes, whole; NULL-terminated */
    enum tl_plan_kind kind;
    const struct tl_flow *decl; /* borrow; NULL unless TL_PLAN_SCRIPT */
    size_t script_index;
    uint64_t name_hash; /* once the journal is there */
    struct tl_placing place;
    enum tl_after_failure after;
    int64_t deadline_ms;
    bool internal, compensate; /* as the declaration says; of runs that outlive it too */
    char *steward;             /* own, whole */
    atomic_bool paused;
    atomic_ullong done, parked;
};

struct tl_plan_system {
    char *name, *kind; /* own; the name whole, the kind as its integration says it */
    uint32_t part;
    tl_str local;                      /* borrow; the name as its integration says it */
    const struct tl_system_decl *decl; /* borrow; NULL: gone */
    struct tl_system *system;          /* borrow; NULL: gone, or with a call port of one's own */
    struct tl_gate *gate;              /* own; once the plan is live */
    struct tl_gate_config limits;      /* own calendar, until the gate has it */
    bool gone;                         /* of an earlier revision: no call is made */
    struct tl_use *use;                /* counted; of the system */
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
    struct tl_plan_flow **flows; /* own */
    size_t flow_count;
    struct tl_plan_system **systems; /* own */
    size_t system_count;
    struct tl_plan_part **parts; /* own */
    size_t part_count;
    struct tl_steward *stewards; /* own, with names and escalations, whole */
    size_t steward_count;
    struct tl_every *everys; /* own, with names, whole */
    size_t every_count;
    struct tl_await_index *awaits; /* borrow */
    struct tl_map types;           /* name → struct tl_plan_type, own */
    struct tl_map names;           /* of flows → 1 + index, as a pointer */
    /* Of the revision that is about to be live: types that it takes are wanted already. */
    _Atomic(const struct tl_plan *) coming;
};

TL_MUST_CHECK tl_code tl_plan_init(struct tl_plan *plan, const struct tl_engine_config *config, struct tl_error *err);
void tl_plan_free(struct tl_plan *plan);
/* The systems' gates; before the plan is live. */
void tl_plan_open(struct tl_plan *plan);
void tl_plan_open_gate(struct tl_plan_system *system);
/* What it uses is live. */
void tl_plan_live(struct tl_plan *plan);
/* Counts bundles and systems as used, until the plan is freed. */
void tl_plan_use(struct tl_plan *plan, struct tl_engine *engine);
/* Fills what hangs on the journal's keys. */
void tl_plan_hash(struct tl_plan *plan, struct tl_journal *journal);
/* A flow that is not declared any more; returns its index. */
uint32_t tl_plan_add_gone(struct tl_plan *plan, tl_str name);
/* Keeps why an endpoint failed, for `status`; other results leave it. Any thread. */
void tl_plan_note_failure(struct tl_plan_system *system, enum tl_failure failure, tl_str message);
uint32_t tl_plan_add_flow(struct tl_plan *plan, tl_str name, enum tl_plan_kind kind);
/* `flow` takes `type` within [from, until) too. */
void tl_plan_subscribe(struct tl_map *types, tl_str type, uint32_t flow, uint64_t from, uint64_t until);
/* The subscription that has no end; NULL: none. */
struct tl_plan_sub *tl_plan_open_sub(const struct tl_map *types, tl_str type, uint32_t flow);
void tl_plan_types_free(struct tl_map *types);
/* Where the units of an event that was accepted in `commit` belong. */
const struct tl_placing *tl_plan_placing(const struct tl_plan_flow *flow, uint64_t commit);
void tl_placing_clear(struct tl_placing *placing);
/* NULL: nobody ever took it. */
const struct tl_plan_type *tl_plan_type(const struct tl_plan *plan, tl_str type);
/* Does any flow take events of this type from now on? What nobody takes says so in its own record
 * (tl_event_in.unwanted). */
bool tl_plan_wants(const struct tl_plan *plan, tl_str type);
/* -1: none. */
int tl_plan_flow(const struct tl_plan *plan, tl_str name);
/* One that is gone counts as none. */
int tl_plan_system(const struct tl_plan *plan, tl_str name);
/* The same, also of one that is gone. */
int tl_plan_number(const struct tl_plan *plan, tl_str name);
const struct tl_steward *tl_plan_steward(const struct tl_plan *plan, const char *name);

/* part.c: a name of the integration as the engine knows it, and the other way round (a slice of `name`; one that is not
 * its own stays as it is). Freed with tl_free. */
char *tl_plan_full(const struct tl_plan *plan, uint32_t part, tl_str name);
tl_str tl_plan_local(const struct tl_plan *plan, uint32_t part, tl_str name);
/* The type of a captured event, "<system>.<object>", in the arena; others stay as they are. */
char *tl_plan_full_type(const struct tl_plan *plan, uint32_t part, tl_str type);
tl_str tl_plan_local_type(const struct tl_plan *plan, uint32_t part, tl_str type, struct tl_arena *arena);
/* -1: none. */
int tl_plan_part(const struct tl_plan *plan, const char *name);
/* The revision that is live for a flow; "" when its integration is gone. */
const char *tl_plan_revision(const struct tl_plan *plan, uint32_t flow);
TL_MUST_CHECK tl_code tl_plan_add_part(struct tl_plan *plan, const struct tl_engine_integration *from,
                                       struct tl_error *err);
void tl_plan_part_free(struct tl_plan_part *part);
void tl_plan_stewards_free(struct tl_plan *plan);
void tl_plan_everys_free(struct tl_plan *plan);

/* route.c: the system that `target` (a system or a kind of the integration) means for this payload, read natively. -1:
 * the unit must park, `err` says why. */
int tl_plan_route(const struct tl_plan *plan, uint32_t part, tl_str target, tl_str payload, struct tl_error *err);
/* The system whose queue a unit of `flow` belongs to: known before it starts, or -1. */
int tl_plan_first_system(const struct tl_plan *plan, const struct tl_plan_flow *flow, const struct tl_placing *place,
                         tl_str payload);
