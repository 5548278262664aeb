/* One execution of a flow for one event, as a coroutine that the flow room drives:
 *
 *     tl_run_start ─▶ ASK ─(call the system)─▶ tl_run_resume ─▶ ASK | DONE | DROPPED | PARKED | FAILED | ERROR
 *
 * Each start or resume is one stretch: it runs on the caller's thread until the script waits or ends, within the CPU
 * and memory budget of the state. A run in memory is a suspended coroutine (about 4 KB with a decoded order); freeing
 * it at any moment is how a unit is unstarted, cancelled or shut down. A script cannot catch that. Several runs of one
 * state may be suspended at once; none may be entered while another is running. Thread: that of the state. */
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
    int64_t time_ms; /* when it was accepted: what ctx:now() says in the first stretch */
    uint64_t unit;   /* identifies (event, flow): random and uuid derive from it and a counter */
};

enum tl_run_ending {
    TL_RUN_ASK,     /* wants a call; give the result to tl_run_resume */
    TL_RUN_DONE,    /* finished; `emits` are to be committed with the outcome */
    TL_RUN_DROPPED, /* the filter of an event said no: `place` is the filter's line */
    TL_RUN_PARKED,  /* ctx:park: reason, data */
    TL_RUN_FAILED,  /* ctx:fail: reason, data */
    TL_RUN_ERROR    /* an error nobody caught: error */
};

/* An effect or a read. All slices live until the next resume or free. */
struct tl_run_ask {
    tl_str target;               /* system or kind, as the script named it: tl_bundle_route_to */
    tl_str operation;            /* "put" or the connector's operation */
    tl_str args;                 /* operation: the JSON object given; put: {"key":{…},"object":…,"record":{…}} */
    tl_str entity;               /* put only: "order@1" */
    tl_str object;               /* put only: the platform's object */
    tl_str key;                  /* put only: JSON object of the external key fields, from the record */
    tl_str record;               /* put only: JSON of the mapped record, key fields included */
    enum tl_effect_class effect; /* put: idempotent; else what the bundle's effect_class said, READ when unknown */
    int nth;                     /* n-th ask with this (operation, target) in this run, from 1 */
    struct tl_place place;       /* the script's line */
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

/* Why a run ended with TL_RUN_ERROR. Classes: those of rule 17 when a call's error was not caught (data, missing,
 * conflict, unsupported, …), "script" for a mistake in the script, "budget" for CPU or memory, "steps" for what the
 * durable-runs package will allow (a second effect, …), "route" when a target could not be told. */
struct tl_run_error {
    tl_str cls;
    tl_str code, message, system, operation; /* "" when unknown */
    int status;                              /* of the platform's answer, 0 */
    struct tl_place place;
    tl_str traceback; /* "file:line: in …" a line */
    bool retryable;   /* repeating the run may help: budget only */
};

struct tl_run_outcome {
    enum tl_run_ending ending;
    struct tl_run_ask ask;           /* ASK */
    struct tl_place place;           /* DROPPED, PARKED, FAILED: where */
    tl_str reason;                   /* PARKED, FAILED */
    tl_str data;                     /* PARKED, FAILED: JSON or "" */
    struct tl_run_error error;       /* ERROR */
    const struct tl_run_emit *emits; /* DONE */
    size_t emit_count;
    const struct tl_run_log *logs; /* of this stretch, any ending */
    size_t log_count;
};

/* What a call gave. Only record classes (data, missing, conflict, unsupported) reach a script; the caller handles the
 * others (rule 17). */
struct tl_run_result {
    bool ok;
    tl_str document;                              /* ok: JSON, "" means no value */
    tl_str cls, code, message, system, operation; /* not ok */
    int status;
    int64_t now_ms; /* time of the record that woke the run: what ctx:now() says from here on; 0: unchanged */
};

/* Starts a run of flow `flow` (index in the bundle) and gives the first outcome. Never fails: what is wrong is an
 * outcome. *run must be freed with tl_run_free also when it has ended. */
const struct tl_run_outcome *tl_run_start(struct tl_script *script, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **run);
/* Only after TL_RUN_ASK. */
const struct tl_run_outcome *tl_run_resume(struct tl_run *run, const struct tl_run_result *result);
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
