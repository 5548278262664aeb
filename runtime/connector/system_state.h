/* A system and its lanes from the inside. What is under `lock` is shared by all lanes; all else is immutable after
 * tl_system_new, or belongs to one lane. */
#pragma once
#include "base/arena.h"
#include "base/list.h"
#include "connector/system.h"
#include "loaded.h"
#include "loop/mail.h"
#include "vars.h"
#include <pthread.h>
#include <stdatomic.h>

/* ---- the session ---- */

/* One state of the session; immutable, counted. */
struct tl_session {
    atomic_uint refs;
    uint64_t version;          /* of the value: for compare-and-set */
    uint64_t serial[2];        /* by enum tl_need: how often it was renewed */
    bool has[2];               /* there is a login, a CSRF token */
    int64_t expires_wall_ms;   /* of the login; 0: until refused */
    struct tl_json_doc *value; /* own; an object */
};

enum tl_need { TL_NEED_LOGIN, TL_NEED_CSRF };

/* Somebody who waits for a renewal; a field of the one who waits. Exactly one `done`, on the lane, in a later callback.
 */
struct tl_session_wait {
    struct tl_link link;
    struct tl_mail mail;
    struct tl_system_lane *lane; /* borrow */
    void (*done)(struct tl_session_wait *wait);
    enum tl_failure failure; /* TL_FAIL_NONE: renewed */
    int64_t wait_ms;
    char message[400];
};

struct tl_flight {
    bool running;
    struct tl_list waiters; /* struct tl_session_wait */
    int64_t failed_mono_ms; /* when the last one failed; 0: it did not */
    enum tl_failure failure;
    int64_t wait_ms;
    char message[400];
};

struct tl_system {
    char *name;                              /* own */
    const struct tl_connector *connector;    /* borrow: the library's */
    const struct tl_json_value *manifest;    /* borrow: of connector, or of by_file */
    struct tl_manifest by_file;              /* own; when the file says it all; else root NULL */
    struct tl_manifest extra;                /* own; when the file adds operations; else root NULL */
    struct tl_json_doc *config;              /* own; every config field with its default, secrets too */
    struct tl_json_doc *open_config;         /* own; the same without secrets */
    struct tl_json_doc *auth;                /* own; the declaration's auth table */
    tl_str auth_kind;                        /* borrow: of auth, or "none" */
    const struct tl_json_value *auth_scheme; /* borrow: of the manifest; NULL: none is needed */
    bool renewable;                          /* the scheme has a login to make */
    struct tl_system_hooks hooks;
    pthread_mutex_t lock;
    struct tl_session *session;  /* own ref; under lock, never NULL */
    struct tl_flight flights[2]; /* under lock */
    atomic_uint_fast64_t logins;
    atomic_int lanes;
};

/* A reference to the present session; release with tl_session_unref. [any] */
struct tl_session *tl_session_now(struct tl_system *system);
void tl_session_unref(struct tl_session *session);
/* Asks for a renewal of what had this serial and was missing or refused. If it has been renewed since, `done` follows
 * at once (in a later callback); else the wait joins the one that runs, or starts one on this lane. [loop] */
void tl_session_need(struct tl_system_lane *lane, enum tl_need need, uint64_t seen, struct tl_session_wait *wait);
/* Withdraws. True: `done` will not come; false: it is on its way and will. [loop] */
bool tl_session_unwait(struct tl_session_wait *wait, enum tl_need need);
/* The end of a renewal: `members` (an object's JSON) goes into the session; a login replaces all of it. [any] */
void tl_session_renewed(struct tl_system *system, enum tl_need need, tl_str value);
void tl_session_not_renewed(struct tl_system *system, enum tl_need need, enum tl_failure failure, int64_t wait_ms,
                            tl_str message);
/* The session that `members` would make; *text is tl_free'd. [any] */
char *tl_session_merge(struct tl_system *system, enum tl_need need, tl_str members, size_t *len);
/* Compare-and-set of the whole value; false when the version is another or the value is no JSON object. [any] */
bool tl_session_swap(struct tl_system *system, uint64_t expected, tl_str value);
/* First session; `value` may be empty. */
struct tl_session *tl_session_new(tl_str value);

/* ---- lanes ---- */

struct tlc_scope; /* host.h */

struct tl_system_lane {
    struct tl_system *system;      /* borrow */
    struct tl_loop *loop;          /* borrow */
    struct tl_http_client *client; /* borrow */
    tlc_instance *instance;        /* the connector's; opened when first needed */
    struct tlc_scope *scope;       /* own; the instance's */
    struct tl_list activities;     /* struct tl_activity: calls, captures, webhooks, logins */
    struct tl_list hints;          /* struct hint of hints.c: waiting and running reads */
    bool stopping;
    bool retiring; /* nothing new is begun here; what was may end */
    struct tl_mail stopped_mail;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
};

/* Something that runs on a lane and must have ended before the lane goes. */
struct tl_activity {
    struct tl_link link;
    void (*cancel)(struct tl_activity *activity); /* end soon; called at most once, by tl_system_lane_stop */
};

void tl_activity_begin(struct tl_system_lane *lane, struct tl_activity *activity,
                       void (*cancel)(struct tl_activity *activity));
/* May be the last: then `stopped` follows in a later callback. */
void tl_activity_end(struct tl_system_lane *lane, struct tl_activity *activity);
/* The connector's instance; opened if need be. NULL: *failure and *why say why not. */
tlc_instance *tl_lane_instance(struct tl_system_lane *lane, enum tl_failure *failure, const char **why);

/* Config, auth; the rest of `vars` stays as it is. */
void tl_system_vars(const struct tl_system *system, struct tl_arena *arena, struct tl_vars *vars);
/* An operation's object: the operations file first; NULL when unknown. */
const struct tl_json_value *tl_operation_find(const struct tl_system *system, tl_str name);
enum tl_effect_class tl_operation_effect(const struct tl_json_value *operation);
/* changes.<object>, or changes.*; NULL. */
const struct tl_json_value *tl_changes_find(const struct tl_system *system, tl_str object);
/* The text of a named secret: a config field, or "auth.field". False when there is none. A list's first with `i` 0, …
 */
bool tl_system_secret(const struct tl_system *system, tl_str name, size_t i, tl_str *value);
