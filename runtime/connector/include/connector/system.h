/* One system: a connector plus address, credentials and session; one object per system name, shared by all lanes. Each
 * lane attaches to it and calls through its attachment.
 *
 * The session is one JSON object with a version, changed by compare-and-set: token, instance URL, CSRF token, cookies,
 * whatever a login gave. Getting a new one (OAuth, login role, CSRF) runs single-flight: one lane does it, calls of all
 * lanes that need it wait and go on with the result.
 *
 * Life: tl_system_new · tl_system_attach per lane (on it) · calls, captures … · tl_system_lane_stop per lane, wait for
 * its callback · tl_system_free. */
#pragma once
#include "base/effect.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/json.h"
#include "connector/library.h"
#include "guard/failure.h"
#include "loop/loop.h"
#include "net/http_client.h"

struct tl_system;
struct tl_system_lane;

struct tl_system_config {
    tl_str name;      /* "erp_de" */
    tl_str connector; /* "odata@1" */
    /* The declaration's table as a JSON object, settings and secrets already put in:
     * {"url": "https://…", "auth": {"kind": "basic", "user": "…", "password": "…"}, …}. The runtime's own keys
     * (connector kind limits retry breaker maintenance redelivers_for operations isolation) are ignored; every other
     * one must be a config field of the manifest. */
    tl_str settings;
    tl_str operations;      /* text of the `operations` file, or empty */
    tl_str operations_file; /* its name, for messages; may be empty */
    tl_str session;         /* as last given to `save_session`, or empty */
};

/* Tells that the session is durable (or, with ok false, is not: the login then fails). Any thread. */
typedef void tl_system_saved(void *ctx, bool ok);

struct tl_system_hooks {
    /* NULL: sessions live in memory only. Called on a lane with the new session (a secret: encrypt it) before it is
     * used; `saved(saved_ctx, …)` must be called exactly once, then or later. */
    void (*save_session)(void *ctx, const struct tl_system *system, tl_str session, tl_system_saved *saved,
                         void *saved_ctx);
    void *ctx;
};

/* TL_ECONFIG: unknown, missing or mistyped field (with the nearest word and the help), unknown auth kind, or an
 * operations file that is refused; TL_ENOTFOUND and others from tl_library_get. [any] */
TL_MUST_CHECK tl_code tl_system_new(struct tl_library *library, const struct tl_system_config *config,
                                    const struct tl_system_hooks *hooks, struct tl_system **out, struct tl_error *err);
/* Every lane must have been stopped. NULL is fine. [any] */
void tl_system_free(struct tl_system *system);
/* For `tidelock check`: the same checks, but a field given as null (a setting or secret whose value is not known yet)
 * counts as present. The draft can be asked what it can do; it must not be attached. [any] */
TL_MUST_CHECK tl_code tl_system_draft(struct tl_library *library, const struct tl_system_config *config,
                                      struct tl_system **out, struct tl_error *err);

tl_str tl_system_name(const struct tl_system *system);
const struct tl_connector *tl_system_connector(const struct tl_system *system);

/* What one operation is; NULL when there is none of that name. Borrowed from the system. [any] */
struct tl_operation_facts {
    tl_str name, summary;
    enum tl_effect_class effect;
    int64_t key_ttl_ms; /* keyed; 0 none stated */
    int64_t settle_ms;  /* longest time until a sent write is visible to the lookup; 0 none stated */
    bool has_lookup;
    tl_str args_schema;   /* JSON, or empty */
    tl_str writes_object; /* template text, or empty */
    tl_str writes_record; /* pointer into args, or empty */
    struct tl_many_facts {
        size_t rows;        /* most of one call; 0: it cannot be done by the batch */
        size_t bytes;       /* most of their args; 0: no limit of its own */
        tl_str object, key; /* pointers into args: what stands in one batch, and what names a record of it */
        int64_t timeout_ms; /* of one call; 0: as any other */
        const struct tl_json_value *objects, *keys; /* lists; of these objects only, by these members of the key only;
                                                       NULL: of any */
        const struct tl_json_value *parents; /* list of pointers into args: what else is locked by the write; or NULL */
    } many;
};
bool tl_system_operation(const struct tl_system *system, tl_str name, struct tl_operation_facts *out);
/* The operation names, in the manifest's order; i from 0, false past the end. [any] */
bool tl_system_operation_at(const struct tl_system *system, size_t i, tl_str *name);
/* The nearest operation name, or NULL. */
const char *tl_system_nearest_operation(const struct tl_system *system, tl_str name);
/* Checks args against the operation's schema; TL_EINPUT with the place, TL_ENOTFOUND for the operation. [any] */
TL_MUST_CHECK tl_code tl_system_check_args(const struct tl_system *system, tl_str operation, tl_str args,
                                           struct tl_error *err);
/* Can this object's changes be captured, and do these options (JSON object, may be empty) fit? [any] */
TL_MUST_CHECK tl_code tl_system_check_changes(const struct tl_system *system, tl_str object, tl_str options,
                                              struct tl_error *err);
bool tl_system_has_webhook(const struct tl_system *system);

/* Attaches the calling lane. `loop` and `client` are borrowed until the lane is stopped. The client belongs to the
 * lane and may be shared by all its systems. [loop] */
TL_MUST_CHECK tl_code tl_system_attach(struct tl_system *system, struct tl_loop *loop, struct tl_http_client *client,
                                       struct tl_system_lane **out, struct tl_error *err);
/* Cancels the lane's calls and captures; `stopped` is called once, in a later callback, when all have ended and the
 * lane is freed. Stop the lane before its client. [loop] */
void tl_system_lane_stop(struct tl_system_lane *lane, void (*stopped)(void *ctx), void *ctx);
/* The same for a lane that calls through another attachment from now on, but nothing is cancelled: `stopped` is called
 * when everything that was begun has ended. Captures are the owner's to stop. A stop may follow, before `stopped` was
 * called: it replaces that. [loop] */
void tl_system_lane_retire(struct tl_system_lane *lane, void (*stopped)(void *ctx), void *ctx);
struct tl_system *tl_system_lane_system(const struct tl_system_lane *lane);

/* Forgets the session, so that the next call logs in again (`tidelock target login`, a rotated secret). [any] */
void tl_system_session_drop(struct tl_system *system);
/* How many logins, refreshes and CSRF fetches were made; for tests and figures. [any] */
uint64_t tl_system_logins(const struct tl_system *system);
