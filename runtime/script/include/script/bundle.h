/* A bundle: one integration folder, read, checked and turned into declarations that C reads without Lua.
 *
 * Loading reads every file once (integration.lua, entities, maps, lenses, events, flows, lib, contracts, systems and
 * the standard library), inspects the compiled chunks, runs the files once in a throw-away state, and collects
 * everything that is wrong, not only the first thing. A bundle is immutable afterwards: every pointer it hands out is
 * borrowed and lives until tl_bundle_free. A bundle with errors can be read and printed, but no state can be built from
 * it. Thread: load and free on any one thread; reading from any number of threads. */
#pragma once
#include "base/effect.h"
#include "base/error.h"
#include "base/priority.h"
#include "base/str.h"
#include <stdint.h>

struct tl_bundle;
struct tl_schema; /* contract/schema.h */

struct tl_place {
    const char *file; /* relative to the integration folder ("flows/x.lua"); "" when there is none */
    int line;         /* from 1; 0 when the whole file is meant */
};

enum tl_severity { TL_FINDING_ERROR, TL_FINDING_WARNING };

struct tl_finding {
    enum tl_severity severity;
    struct tl_place place;
    const char *text;  /* one sentence or two: what is wrong, the nearest word, what to do */
    const char *chain; /* call chain, one "file:line: in name" a line; "" when the place says all */
};

/* A value of a declaration that is written out, or named as a setting or a secret and resolved by the server. */
enum tl_ref_kind { TL_REF_NONE, TL_REF_TEXT, TL_REF_SETTING, TL_REF_SECRET };
struct tl_ref {
    enum tl_ref_kind kind;
    const char *text; /* the text itself, or the name of the setting or secret; "" for TL_REF_NONE */
};

struct tl_steward {
    const char *name;
    const char *mail;     /* "" when not given */
    int64_t due_ms;       /* 0: none */
    const char *escalate; /* steward's name or "" */
    struct tl_place place;
};

/* A setting or secret that some declaration names. */
struct tl_need {
    const char *name;
    bool secret;
    struct tl_place place; /* the first use */
};

/* Capture of one object of a system: `changes = { Opportunity = { poll = "30s", … } }`. */
struct tl_capture_decl {
    const char *object;
    int64_t poll_ms;    /* 0: not polled */
    const char *config; /* JSON of the whole entry, keys sorted */
};

struct tl_system_decl {
    const char *name;
    const char *kind;       /* equals `name` when not given */
    const char *connector;  /* "salesforce" */
    int connector_major;    /* 1 of "salesforce@1" */
    struct tl_ref url;      /* TL_REF_NONE: the connector needs none */
    const char *auth;       /* JSON; references are {"$setting":"n"} and {"$secret":"n"}; "" when not given */
    const char *operations; /* contents of the JSON file of added operations, "" when not given */
    const char *operations_file;
    int64_t timeout_ms;    /* of one call; 0: default */
    int64_t redelivers_ms; /* default 7 days */
    bool batch;            /* what waits goes out in one call, where the operation can (rule 19) */
    struct {
        int64_t concurrent; /* 0 in each: no limit of its own */
        int64_t per_second;
        int64_t per_day;
        int keep_for_live; /* per cent of the day's budget kept from bulk work */
    } limits;
    struct {
        int64_t first_ms, cap_ms; /* 0: default */
        int64_t attempts;         /* 0: default */
    } retry;
    struct {
        int64_t failures; /* 0: default */
        int64_t within_ms, probe_after_ms;
    } breaker;
    const char *const *maintenance; /* "Sun 02:00-06:00 Europe/Berlin" */
    size_t maintenance_count;
    const struct tl_capture_decl *captures; /* sorted by object; also objects that only an event's `from` names */
    size_t capture_count;
    const char *config; /* JSON of the whole declaration, keys sorted, references as in auth; what is not the runtime's
                           is the connector's configuration */
    struct tl_place place;
};

/* Which system of a kind: read from the event's payload by a JSON pointer. */
struct tl_route_to {
    const char *value;  /* as text: numbers by their digits */
    const char *system; /* a declared system */
};
struct tl_route {
    const char *kind;
    const char *by; /* JSON pointer, "/company_code" */
    const struct tl_route_to *to;
    size_t to_count;
    const char *otherwise; /* a system, or NULL: park */
    struct tl_place place;
};

struct tl_entity {
    const char *name; /* "order@1" */
    const char *contract;
    const struct tl_schema *schema; /* the contract, compiled; NULL when it has a finding */
    const char *steward;
    const char *const *key; /* field names; one or more */
    size_t key_count;
    const char *owner;  /* system or kind */
    const char *config; /* JSON of the declaration; functions appear as {"$function":"file:line"} */
    struct tl_place place;
};

/* A key or order: a JSON pointer that C reads natively, or a Lua function (tl_script_key, tl_script_order_key). */
struct tl_keyed {
    const char *pointer; /* NULL when it is a function, or not given */
    bool function;
};

struct tl_event_type {
    const char *name; /* "order.won@1" */
    const char *contract;
    const struct tl_schema *schema; /* as in tl_entity */
    const char *steward;
    struct tl_keyed key;
    const char *from;      /* "salesforce.Opportunity", "" when flows emit it */
    const char *map;       /* "order@1 <- salesforce.Opportunity", "" when the payload goes on as it is */
    const char *entity;    /* entity of `map`, "" */
    const char *key_field; /* field of the source's record that the key is read from, "" when that cannot be told */
    bool when;             /* has a filter */
    struct tl_place place, when_place;
    int flow; /* index of its internal flow, -1 without `from` */
};

enum tl_after_failure { TL_AFTER_HOLD, TL_AFTER_SUPERSEDE, TL_AFTER_PASS };
enum tl_on_failure { TL_FAILURE_PARK, TL_FAILURE_COMPENSATE };
/* A second event for an open run of a flow with `one_per`. */
enum tl_again { TL_AGAIN_IGNORE, TL_AGAIN_DELIVER, TL_AGAIN_RESTART };

/* What a flow is made from. */
enum tl_flow_origin {
    TL_FLOW_DECLARED, /* flow "name" { … } */
    TL_FLOW_EVENT,    /* an event with `from`: the internal pure flow "event:<name>" */
    TL_FLOW_EVERY,    /* every "02:00 …" { name = "name", … }: on "tick:<name>" */
    TL_FLOW_EXPECT    /* expect "title" { … }: the internal flow TL_EXPECT_FLOW "<title>" on what it comes after */
};

/* Names of flows that begin with this are expectations'. */
#define TL_EXPECT_FLOW "expect:"

/* A call that a flow's own text makes; those of helper functions in lib/ are not seen. */
struct tl_flow_call {
    const char *target, *operation;
};

/* The index of a flow in the bundle is what script/run.h takes. */
struct tl_flow {
    const char *name;
    const char *const *on; /* event types; of an event's flow "<system>.<Object>" of each system of `from` */
    size_t on_count;
    enum tl_flow_origin origin;
    bool internal;         /* no code of its own, nobody starts it: made from an event or an expectation */
    const char *scope;     /* of the order; the flow's own name unless declared */
    struct tl_keyed order; /* neither: the event's key */
    enum tl_after_failure after_failure;
    enum tl_on_failure on_failure;
    const char *one_per; /* JSON pointer: at most one open run per value, and the flow's order key; NULL: no such rule
                          */
    enum tl_again again;
    enum tl_priority priority;
    int64_t deadline_ms; /* 0: none */
    bool latest;
    const char *steward;
    const char *const *targets; /* systems and kinds that its text names as ctx.<target>, sorted */
    size_t target_count;
    const struct tl_flow_call *calls; /* ctx.<target>:<operation>, each once, in the order of the text; without put */
    size_t call_count;
    struct tl_place place;
};

/* Planned instants that passed while nothing ran. */
enum tl_missed {
    TL_MISSED_ONCE, /* the newest of them, for all */
    TL_MISSED_ALL,  /* each, in order */
    TL_MISSED_SKIP  /* none of them */
};

/* A schedule: at each planned instant an event of type "tick:<name>", for the flow of that name. */
struct tl_every {
    const char *name;
    const char *expression; /* guard/schedule.h */
    enum tl_missed missed;
    int64_t max_late_ms; /* an instant that is later than this when its turn comes is skipped; 0: never */
    size_t flow;         /* its index */
    struct tl_place place;
};

/* What has to follow an event. */
struct tl_expectation {
    const char *title;
    const char *after;         /* event type */
    const char *const *events; /* types; one of them has to follow, with the key, within the time */
    size_t event_count;
    const char *within;  /* as written */
    struct tl_keyed key; /* of `after`'s payload; neither: the event's own key */
    size_t flow;         /* index of its internal flow */
    struct tl_place place;
};

struct tl_bundle_options {
    const char *library; /* folder of the standard library (scripts/lib); required */
    /* Class of an operation of a system, asked while checking. TL_EFFECT_UNKNOWN: the system has no such operation
     * (an error; `nearest`, when set by the callee, is quoted; it must outlive the call). NULL: not checked at load,
     * and every operation counts as a read when running. "put" is never asked. Also asked while runs go on, from any
     * thread: it and `ctx` must outlive the bundle. */
    enum tl_effect_class (*effect_class)(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                         const char **nearest);
    /* Asked once for each declared system: is its connector installed, does its configuration fit? Another code than
     * TL_OK makes its sentence an error at the system's place. NULL: not checked. */
    tl_code (*check_system)(void *ctx, const struct tl_system_decl *system, struct tl_error *err);
    void *ctx;
};

/* One file handed over in memory (tests, fuzzing, a bundle read back from the journal). */
struct tl_bundle_file {
    const char *path; /* relative, with '/' */
    tl_str text;
};

/* Reads and checks a folder. TL_OK also when there are findings: ask tl_bundle_errors. TL_EINPUT when the folder has no
 * integration.lua, TL_EIO when it cannot be read. Limits: 2,000 files, 4 MB a file, 64 MB in all. */
TL_MUST_CHECK tl_code tl_bundle_load(const char *dir, const struct tl_bundle_options *options,
                                     struct tl_bundle **bundle, struct tl_error *err);
/* The same from memory; `files` are copied. The standard library is still read from options->library. */
TL_MUST_CHECK tl_code tl_bundle_load_files(const struct tl_bundle_file *files, size_t count,
                                           const struct tl_bundle_options *options, struct tl_bundle **bundle,
                                           struct tl_error *err);
/* NULL is allowed. Every state built from it must have been freed. */
void tl_bundle_free(struct tl_bundle *bundle);

const struct tl_finding *tl_bundle_findings(const struct tl_bundle *bundle, size_t *count); /* by file and line */
size_t tl_bundle_errors(const struct tl_bundle *bundle);

const char *tl_bundle_integration(const struct tl_bundle *bundle); /* "" when not declared */
const char *tl_bundle_steward(const struct tl_bundle *bundle);
/* sha256 over names and contents of every file a run can load, as 64 hex digits. */
const char *tl_bundle_hash(const struct tl_bundle *bundle);

/* Lists in the order of declaration. */
const struct tl_steward *tl_bundle_stewards(const struct tl_bundle *bundle, size_t *count);
const struct tl_need *tl_bundle_needs(const struct tl_bundle *bundle, size_t *count);
const struct tl_system_decl *tl_bundle_systems(const struct tl_bundle *bundle, size_t *count);
const struct tl_route *tl_bundle_routes(const struct tl_bundle *bundle, size_t *count);
const struct tl_entity *tl_bundle_entities(const struct tl_bundle *bundle, size_t *count);
const struct tl_event_type *tl_bundle_events(const struct tl_bundle *bundle, size_t *count);
/* Declared flows first, then the internal ones. */
const struct tl_flow *tl_bundle_flows(const struct tl_bundle *bundle, size_t *count);
const struct tl_every *tl_bundle_everys(const struct tl_bundle *bundle, size_t *count);
const struct tl_expectation *tl_bundle_expectations(const struct tl_bundle *bundle, size_t *count);
/* By name; NULL when absent. */
const struct tl_system_decl *tl_bundle_system(const struct tl_bundle *bundle, tl_str name);
const struct tl_route *tl_bundle_route(const struct tl_bundle *bundle, tl_str kind);
const struct tl_event_type *tl_bundle_event(const struct tl_bundle *bundle, tl_str name);
const struct tl_entity *tl_bundle_entity(const struct tl_bundle *bundle, tl_str name);
/* The text of a file of the bundle; ptr NULL when absent. */
tl_str tl_bundle_file(const struct tl_bundle *bundle, const char *path);
/* The files that it has of the integration's folder, samples included, in no order; `i` from 0, false past the end. */
bool tl_bundle_file_at(const struct tl_bundle *bundle, size_t i, struct tl_bundle_file *out);
/* Would a bundle read the file at this path, relative to the integration's folder? */
bool tl_bundle_takes(const char *path);

/* Does the text stand, whole and in quotes, in the integration's Lua or its contracts ("Closed Won" in an as.enum)?
 * Then it is a word of the integration and no value of a person. */
bool tl_bundle_names(const struct tl_bundle *bundle, tl_str text);

/* The system that `target` (a system or a kind) means for this payload, or NULL: *reason (static text or in `err`)
 * says why the unit must park. A kind with a single system needs no route. */
const struct tl_system_decl *tl_bundle_route_to(const struct tl_bundle *bundle, tl_str target, tl_str payload,
                                                struct tl_error *err);

/* Does `data` (JSON) keep the contract of the event or entity (name@version)? TL_EDIFFERS names pointer, rule and value
 * of the first violation; TL_EINPUT: not JSON; TL_ENOTFOUND: nothing of that name is declared. Thread: any. */
TL_MUST_CHECK tl_code tl_bundle_check_event(const struct tl_bundle *bundle, tl_str name, tl_str data,
                                            struct tl_error *err);
TL_MUST_CHECK tl_code tl_bundle_check_entity(const struct tl_bundle *bundle, tl_str name, tl_str data,
                                             struct tl_error *err);
/* Compares the contracts of entities and events with those of the version that is in use: a change under the same name
 * and version that breaks readers or writers is an error, a version that is gone a warning. Adds findings; call it
 * before the bundle is shared. */
void tl_bundle_check_against(struct tl_bundle *bundle, const struct tl_bundle *in_use);
/* Compares the contract of one of its events (or entities) with that of the revision that declared this name and
 * version last, when the one in use does not. `earlier` NULL: that revision cannot be read, `why` says why; then the
 * version cannot be judged and is refused. Adds findings; call it before the bundle is shared. */
void tl_bundle_check_again(struct tl_bundle *bundle, bool entity, const char *name, const char *revision,
                           const struct tl_bundle *earlier, const char *why);
/* Checks it against an integration that is live beside it: events and entities of one name and version must have
 * contracts that agree (an error that names both places); what both make or write is a warning. Adds findings; call it
 * before the bundle is shared. */
void tl_bundle_check_beside(struct tl_bundle *bundle, const struct tl_bundle *other);
/* Warns of files in its folder `dir` that look as if they were of the integration and that nobody reads: flow/a.lua,
 * flow.lua, tests/customertest.lua. Adds findings; call it before the bundle is shared. */
void tl_bundle_check_unread(struct tl_bundle *bundle, const char *dir);
/* Warns of flows with different orders that write the same fields of one object of one platform: two of its own
 * (`other` NULL), or one of its own and one of another integration's. Reads the lenses, so it takes a while. Adds
 * findings; call it before the bundle is shared. */
void tl_bundle_check_overlaps(struct tl_bundle *bundle, const struct tl_bundle *other);
