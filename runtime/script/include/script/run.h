/* One execution of a flow for one event, as a coroutine that the flow room drives:
 *
 *     tl_run_start ─▶ WAIT ─(carry out the asks)─▶ tl_run_resume, one result at a time ─▶ WAIT | DONE | DROPPED |
 *                                                                             FAILED | CONTINUED | ERROR
 *                 any of them ─▶ PREEMPTED ─▶ tl_run_go_on ─▶ …
 *
 * Each start or resume is one stretch: it runs on the caller's thread until every branch of the script waits or has
 * ended, within the CPU and memory budget of the state. In a state with `slice_ms` a stretch gives way every so often:
 * the caller does other things, and goes on with it; the outcome, and everything a repeat depends on, is the same. What
 * cannot give way goes on until it can: callbacks of sort, gsub and tostring, functions of C (patterns, sort, concat,
 * the codec), the `when` of an await and the key of an event. An order's function never gives way. Everything a script
 * waits for is an ask: a call of a system, a time, an event, a person, another run. An ask has an id that does not
 * depend on when it was asked but on where it stands (branch, operation, n-th time, or the name given to it), so that a
 * run can be repeated from what was recorded: start it again, and give the recorded results in the order in which they
 * were given before.
 *
 * A run in memory is a suspended coroutine (about 4 KB with a decoded order); freeing it at any moment is how a run is
 * unstarted, put to rest or shut down. A script cannot catch that. Several runs of one state may be suspended at once;
 * none may be entered while another is running. Thread: that of the state. */
#pragma once
#include "script/state.h"

struct tl_run;

/* The event a run is for. Borrowed during tl_run_start only, except payload: until tl_run_free. */
struct tl_run_event {
    tl_str id;       /* printable position */
    tl_str type;     /* "order.won@1" or "salesforce.Opportunity" */
    tl_str key;      /* business key */
    tl_str source;   /* system it came from, or "" for an emit */
    tl_str payload;  /* JSON; decoded only when the script touches e.data */
    tl_str state;    /* JSON given to ctx:continue by the run before; the function's third argument; "" for none */
    int64_t time_ms; /* when it was accepted: what ctx:now() says in the first stretch */
    uint64_t unit;   /* identifies (event, flow): random and uuid derive from it and a counter */
};

enum tl_run_ending {
    TL_RUN_WAIT,      /* something is outstanding: `asks` are what came up in this stretch */
    TL_RUN_PREEMPTED, /* its slice of CPU time is over, the stretch is not: nothing else of the outcome counts yet */
    TL_RUN_DONE,      /* finished; `emits` are to be committed with the outcome */
    TL_RUN_DROPPED,   /* the filter of an event said no: `place` is the filter's line */
    TL_RUN_FAILED,    /* ctx:fail or tl_run_cancel, after everything to be undone was undone: reason, data */
    TL_RUN_CONTINUED, /* ctx:continue: begin afresh with `data` as the state */
    TL_RUN_ERROR      /* an error nobody caught: error */
};

enum tl_ask_kind {
    TL_ASK_CALL,   /* put, or an operation of a connector */
    TL_ASK_SLEEP,  /* ctx:sleep: until `within_ms` from now have passed */
    TL_ASK_AWAIT,  /* ctx:await: an event of `types` with `key` */
    TL_ASK_DECIDE, /* ctx:decide: a person's answer, one of `types` */
    TL_ASK_CHILD,  /* ctx:start: the result of a run of `flow` with `data` */
    TL_ASK_PARK    /* ctx:park: a person has repaired what `reason` says */
};

/* One thing a run waits for. All slices live until tl_run_free. */
struct tl_run_ask {
    tl_str id; /* within the run; at most 1,000 bytes. "erp:credit_status#1", "all#1/crm/salesforce:put#2", "await#1",
                  "undo/erp:put#1/erp:cancel_order#1", or "=<name>" (with the branch's path before it) when named */
    enum tl_ask_kind kind;
    struct tl_place place; /* the script's line */
    /* CALL */
    tl_str target;               /* system or kind, as the script named it: tl_bundle_route_to */
    tl_str operation;            /* "put" or the connector's operation */
    tl_str args;                 /* operation: the JSON object given; put: {"key":{…},"object":…,"record":{…}} */
    tl_str entity;               /* put only: "order@1" */
    tl_str object;               /* put only: the platform's object */
    tl_str key;                  /* put: JSON object of the external key fields, from the record. AWAIT: the key to wait
                                    for; empty: the run's own */
    tl_str record;               /* put only: JSON of the mapped record, key fields included */
    enum tl_effect_class effect; /* put: idempotent; else what the bundle's effect_class said, READ when unknown */
    tl_str once;                 /* option `once`: the effect's business name; empty: none */
    bool undo;                   /* option `undo`: it is undone when the run fails or is cancelled */
    /* SLEEP: how long. AWAIT: `within`, 0: for ever. DECIDE: `due`, 0: the steward's. */
    int64_t within_ms;
    /* AWAIT: event types. DECIDE: the answers offered. */
    const tl_str *types;
    size_t type_count;
    /* AWAIT with `when`: the event given as the result is a candidate; the script may refuse it and ask again with the
     * same id and `after`, the id of the refused event. */
    bool filtered;
    tl_str after;
    tl_str flow;   /* CHILD */
    tl_str reason; /* PARK: why. DECIDE: `about` */
    tl_str data;   /* PARK, DECIDE (`show`), CHILD (the input): JSON; empty: none */
};

struct tl_run_emit {
    tl_str type; /* a declared event */
    tl_str key;
    tl_str data; /* JSON, keys sorted */
    struct tl_place place;
};

struct tl_run_log {
    int level; /* enum tl_log_level */
    tl_str message;
    tl_str fields; /* JSON object, or "" */
    struct tl_place place;
};

/* Why a run ended with TL_RUN_ERROR. Classes: those of rule 17 when an ask's error was not caught (data, missing,
 * conflict, unsupported, …), "failed" when a child run failed, "script" for a mistake in the script, "budget" for CPU
 * or memory. */
struct tl_run_error {
    tl_str cls;
    tl_str code, message, system, operation; /* "" when unknown */
    int status;                              /* of the platform's answer, 0 */
    struct tl_place place;
    tl_str traceback; /* "file:line: in …" a line */
    tl_str step;      /* id of the ask whose error it is; "" when it is none's */
    bool retryable;   /* repeating the run may help: budget only */
};

/* Lives until the next start, resume, cancel or free of this run. */
struct tl_run_outcome {
    enum tl_run_ending ending;
    const struct tl_run_ask *const *asks; /* WAIT: those that are new since the last outcome, in the order asked */
    size_t ask_count;
    const tl_str *withdrawn; /* ids of outstanding asks that nobody waits for any more (losers of ctx:first): what was
                                not sent need not be; what was sent is told by tl_run_settle when it is known */
    size_t withdrawn_count;
    /* The run fails or was cancelled: the asks are those of its undo functions. With WAIT and no ask outstanding, the
     * run has to hear what became of withdrawn effects that can be undone: tl_run_settle each (what was not sent did
     * not take place), then tl_run_cancel goes on. */
    bool undoing;
    struct tl_place place;           /* DROPPED, FAILED: where */
    tl_str reason;                   /* FAILED; also from the moment `undoing` begins */
    tl_str data;                     /* FAILED: JSON or "". CONTINUED: the state. DONE: what the function returned */
    struct tl_run_error error;       /* ERROR */
    const struct tl_run_emit *emits; /* any ending: all since the start, those given before included */
    size_t emit_count;
    const struct tl_run_log *logs; /* of this stretch, any ending */
    size_t log_count;
};

/* What an ask gave. Only record classes (data, missing, conflict, unsupported), and "failed" of a child run, reach a
 * script; the caller handles the others (rule 17). */
struct tl_run_result {
    tl_str id; /* of the ask it answers */
    bool ok;
    /* ok: JSON, "" means no value.
     * AWAIT: {"data":…,"id":…,"key":…,"source":…,"time":…,"type":…}, "" for a timeout
     * DECIDE: {"answer":…,"at":…,"by":…,"why":…} · CHILD: what its function returned · PARK, SLEEP: "" */
    tl_str document;
    tl_str cls, code, message, system, operation; /* not ok */
    int status;
    int64_t now_ms; /* time of the record that woke the run: what ctx:now() says from here on; 0: unchanged */
};

/* Starts a run of flow `flow` (index in the bundle) and gives the first outcome. Never fails: what is wrong is an
 * outcome. *run must be freed with tl_run_free also when it has ended. */
const struct tl_run_outcome *tl_run_start(struct tl_script *script, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **run);
/* Only after TL_RUN_WAIT, with the id of an ask that is outstanding: asked, not answered, not withdrawn. */
const struct tl_run_outcome *tl_run_resume(struct tl_run *run, const struct tl_run_result *result);
/* Only after TL_RUN_PREEMPTED, when nothing else but tl_run_settle and tl_run_free is allowed: the stretch goes on. The
 * budgets count for all of it. */
const struct tl_run_outcome *tl_run_go_on(struct tl_run *run);
/* True when an ask with this id is outstanding. */
bool tl_run_asks(const struct tl_run *run, tl_str id);
/* After TL_RUN_WAIT, or TL_RUN_ERROR of a run that is to be compensated: nothing of the script goes on; every ask is
 * given up, and what was registered to be undone is undone, last first. Fails in the end with `reason`. An effect that
 * was asked and not answered is undone only if tl_run_settle said that it took place. A run that is undoing already
 * keeps its reason: it goes on when it waits to hear of withdrawn effects, and with the rest when an undo function
 * failed (TL_RUN_ERROR); else nothing changes. Like results, calls of settle and cancel are part of what a repeat has
 * to give in the same place. */
const struct tl_run_outcome *tl_run_cancel(struct tl_run *run, tl_str reason);
/* Before tl_run_cancel, or for a withdrawn ask: the effect of this ask, whose answer the script never gets, took place
 * (or did not: its undo is forgotten). */
void tl_run_settle(struct tl_run *run, tl_str id, bool took_place);
/* Something would be undone if the run failed now. */
bool tl_run_has_undo(const struct tl_run *run);
void tl_run_free(struct tl_run *run);

/* Key of a flow's order function, or of an event's key function, for a payload. Appends text to `out`.
 * TL_EINPUT when the function fails or gives no text or integer. */
struct tl_buf;
TL_MUST_CHECK tl_code tl_script_order_key(struct tl_script *script, size_t flow, const struct tl_run_event *event,
                                          struct tl_buf *out, struct tl_error *err);
/* Key of an event type for a payload: by pointer or function. */
TL_MUST_CHECK tl_code tl_script_event_key(struct tl_script *script, const struct tl_event_type *type, tl_str payload,
                                          struct tl_buf *out, struct tl_error *err);

/* `tidelock tool json`: one document through Lua values and back, sorted keys. TL_EINPUT with line:column. */
TL_MUST_CHECK tl_code tl_script_roundtrip(struct tl_script *script, tl_str json, struct tl_buf *out,
                                          struct tl_error *err);
/* A state with the libraries and no integration, for tools. */
TL_MUST_CHECK tl_code tl_script_new_bare(const char *library, const struct tl_script_limits *limits,
                                         struct tl_script **script, struct tl_error *err);
