/* The engine of one target: turns accepted events into units of work (event, flow), runs them in order per key on its
 * lanes, and writes down how each one ended (rules.md 3 to 6, 9, 16, 17, 25).
 *
 * Life, all on one thread (the main one) unless said otherwise:
 *     tl_engine_new(config) · tl_journal_open(options{on_commit = tl_engine_on_commit, before_drop =
 * tl_engine_before_drop, ctx = engine}) · tl_engine_start · … · tl_engine_stop · tl_engine_free · tl_journal_close
 *
 * Lanes share the journal, the gates of the systems and nothing else. Calls tagged [any] may come from every thread. */
#pragma once
#include "base/error.h"
#include "flow/port.h"
#include "guard/gate.h"
#include "guard/retry.h"
#include "journal/journal.h"
#include "script/bundle.h"

struct tl_engine;
struct tl_lane;
struct tl_loop;

/* One system of the integration, as the engine calls it. */
struct tl_engine_system {
    const struct tl_system_decl *decl; /* borrow */
    struct tl_system *system;          /* borrow; NULL only with a call port of one's own */
};

/* One integration. The names of the first stand as they are; what another one declares is known to the engine, to its
 * rows and to people as "<name>@<integration>": flows, schedules, systems, stewards. Its scripts use their own names,
 * and see no other integration's; events are shared by type.
 * tl_engine_integration_bundle fills all but the systems from a bundle. Declarations are borrowed until
 * tl_engine_free. */
struct tl_engine_integration {
    const char *name;               /* not asked of the first */
    const struct tl_bundle *bundle; /* NULL only with a run port of one's own */
    const struct tl_flow *flows;
    size_t flow_count;
    const struct tl_every *everys;
    size_t every_count;
    const struct tl_route *routes;
    size_t route_count;
    const struct tl_steward *stewards;
    size_t steward_count;
    const char *steward;                    /* of what names none */
    const char *revision;                   /* hash of the bundle; written with every outcome */
    const struct tl_engine_system *systems; /* `decl` of its bundle; the array is not kept */
    size_t system_count;
};

struct tl_engine_config {
    struct tl_engine_integration first;
    const struct tl_engine_integration *others; /* beside it, each with a name of its own; the array is not kept */
    size_t other_count;

    unsigned lanes;          /* 0: one per core */
    bool by_hand;            /* no threads: the owner turns the lanes' loops himself (tests) */
    bool park_removed;       /* pending units of flows that are gone are parked instead of refusing the start */
    size_t queue_positions;  /* most loaded units of a queue; 0: 10,000 (rule 9) */
    size_t pinned_bytes;     /* most payload bytes kept in memory for units that wait; 0: 64 MB */
    int64_t call_timeout_ms; /* of calls of systems that state none; 0: 60 s */
    struct tl_script_limits script;

    /* Called for each lane by tl_engine_start, before its loop runs (so [loop] functions may be used), and on the lane
     * when it stops, before its attachments are given up: the gateway opens and closes its listeners here. NULL
     * allowed. `lane_stop` calls tl_lane_released exactly once, then or later. */
    tl_code (*lane_start)(void *ctx, struct tl_lane *lane, struct tl_error *err);
    void (*lane_stop)(void *ctx, struct tl_lane *lane);
    /* The bundle of an earlier revision, which runs that began under it go on with: borrowed until tl_engine_free, also
     * one that was reported released before.
     * Called on a lane or beside it; may read files. TL_ENOTFOUND: it is not kept. NULL: none is. */
    tl_code (*revision_bundle)(void *ctx, const char *revision, const struct tl_bundle **out, struct tl_error *err);
    /* After a switch (switch.h): a bundle or a system that was live before is not used by the engine any more and may
     * be freed, or passed to another switch. Called on `loop`, in a callback of its own, once for each. NULL: the owner
     * keeps them until tl_engine_free; what was not told by then is not told any more. */
    struct tl_loop *loop; /* borrow; the owner's, turned by the thread that calls tl_engine_switch */
    void (*bundle_released)(void *ctx, const struct tl_bundle *bundle);
    void (*system_released)(void *ctx, struct tl_system *system);
    void *ctx;

    /* Seams for tests; NULL: the script room and the connector room. */
    const struct tl_run_port *runs;
    const struct tl_call_port *calls;
};

/* Fills name, flows, schedules, routes, stewards, steward and revision from a bundle without errors. */
void tl_engine_integration_bundle(struct tl_engine_integration *integration, const struct tl_bundle *bundle);

/* TL_ECONFIG: a declaration the engine cannot carry out (text says which and why). Takes no thread and no disk. */
TL_MUST_CHECK tl_code tl_engine_new(const struct tl_engine_config *config, struct tl_engine **out,
                                    struct tl_error *err);

/* For tl_journal_options; ctx is the engine. */
void tl_engine_on_commit(void *ctx, struct tl_commit *commit);
bool tl_engine_before_drop(void *ctx, uint64_t first_commit, uint64_t last_commit);

/* Reads what is unfinished, activates new flows, starts the lanes. TL_EDIFFERS: a flow that is gone has pending units
 * and park_removed is not set (the text names the flows and the counts). The journal is borrowed until tl_engine_free.
 */
TL_MUST_CHECK tl_code tl_engine_start(struct tl_engine *engine, struct tl_journal *journal, struct tl_error *err);
/* Starts nothing more, waits at most `grace_ms` for calls in flight (the others are left to recovery), writes down what
 * is unfinished, ends the lanes. Returns when all has ended. Fine on an engine that did not start. */
void tl_engine_stop(struct tl_engine *engine, int64_t grace_ms);
/* Stopped, or never started. NULL is allowed. */
void tl_engine_free(struct tl_engine *engine);

unsigned tl_engine_lane_count(const struct tl_engine *engine);
struct tl_lane *tl_engine_lane(struct tl_engine *engine, unsigned i);
struct tl_journal *tl_engine_journal(struct tl_engine *engine);
/* [any] True from the moment the lanes run until a stop begins. */
bool tl_engine_running(const struct tl_engine *engine);
/* [any] True when everything that was unfinished at the start has been given to queues again. */
bool tl_engine_caught_up(const struct tl_engine *engine);
/* [any] Units begun and not ended, over all flows. */
uint64_t tl_engine_unfinished(struct tl_engine *engine);
/* [any] NULL: no such system. */
struct tl_gate *tl_engine_gate(struct tl_engine *engine, tl_str system);
