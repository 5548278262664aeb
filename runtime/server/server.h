/* Private to the room: the server and what its parts ask of each other. All of it belongs to the main thread, except
 * where a lane is named. */
#pragma once
#include "crypto/box.h"
#include "flow/engine.h"
#include "gateway/gateway.h"
#include "loop/loop.h"
#include "loop/signals.h"
#include "loop/timer.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "observe/ops.h"
#include "live.h"
#include "revisions.h"
#include "server/integration.h"
#include "server/server.h"
#include "server/settings.h"
#include <pthread.h>

struct tl_attempt;
struct tl_engine_switched; /* flow/switch.h */
struct tl_deploys;
struct tl_escalator;
struct tl_server_next;
struct tl_server_retired;

enum { TL_LANES_MAX = 64 };

enum tl_server_state {
    TL_SERVER_STARTING,
    TL_SERVER_WAITING, /* for settings or secrets that are not set */
    TL_SERVER_RUNNING,
    TL_SERVER_STOPPING
};

struct tl_server_systems {
    struct tl_engine_system *list;        /* own; those of an integration stand together */
    char **names;                         /* own; of each, as the engine and people know it */
    size_t from[TL_INTEGRATIONS_MAX + 1]; /* of each integration its first in the list; then their count */
    uint8_t (*prints)[32];                /* own; of each: a hash of all that it was made of, its secrets too */
    size_t count;
    struct tl_buf missing; /* sentence: what must be set first; empty when nothing is */
};

/* Where the webhooks come in; the port is found by the first lane and shared by the others. */
struct tl_server_listen {
    pthread_mutex_t lock;
    char host[256];
    uint16_t port; /* 0 until the first lane has found one */
    struct tl_gateway *gateways[TL_LANES_MAX];
};

struct tl_server {
    const struct tl_server_config *config; /* borrow */
    enum tl_server_state state;
    int64_t started_ms;
    char *run_as; /* own; integrations and revisions, for log lines */

    struct tl_loop *loop; /* own; the main thread's */
    struct tl_signals *signals;
    struct tl_timer retain;
    struct tl_box *box;
    struct tl_journal *journal;
    struct tl_settings *settings;
    struct tl_library *connectors; /* own; of all integrations that are live at once or one after another */
    struct tl_live live;           /* own; changes with the systems, and only in switch.c */
    struct tl_integration *folder; /* borrow; of the folder named at the start, until it has started; or NULL */
    struct tl_revisions *revisions;
    struct tl_server_systems systems;
    pthread_rwlock_t systems_lock;     /* guards `systems` for the lanes */
    struct tl_server_retired *retired; /* own; what was live and the engine may still use */
    struct tl_server_listen listen;
    struct tl_engine *engine;     /* NULL while settings are missing */
    pthread_rwlock_t engine_lock; /* guards `engine` for the journal's threads */
    struct tl_ops *ops;
    struct tl_http_server *control;
    struct tl_http_client *client;  /* own; of the main thread */
    struct tl_escalator *escalator; /* own; while the engine runs */
    struct tl_deploys *deploys;     /* own */
};

/* ---- engine.c */
/* Starts the engine with the integration and the systems that are there, or waits for what is missing. */
TL_MUST_CHECK tl_code tl_server_start_engine(struct tl_server *server, bool park_removed, struct tl_error *err);
/* Afterwards the systems and the integration can be freed. */
void tl_server_stop_engine(struct tl_server *server);
/* Appends why the server is not ready; false when it is. */
bool tl_server_unready(struct tl_server *server, struct tl_buf *why);

/* ---- notify.c: what is overdue is told to others. Between the engine's start and its stop. */
TL_MUST_CHECK tl_code tl_notify_start(struct tl_server *server, struct tl_error *err);
void tl_notify_stop(struct tl_server *server);
/* Is this setting or secret one of its own? */
bool tl_notify_uses(bool secret, tl_str name);
/* TL_EINPUT: it is, and the value cannot be. */
TL_MUST_CHECK tl_code tl_notify_check(bool secret, tl_str name, tl_str value, struct tl_error *err);

/* ---- switch.c: other integrations, or other systems, in a server that works on */
struct tl_server_change {
    struct tl_integration *integration; /* taken over: the one of its name goes, or it joins; NULL: none comes */
    const char *retire;                 /* name of the one that goes; NULL: none does */
    bool park_removed;
};
/* What is live, changed; nothing changed: the same with the values that settings have now. Builds what takes long,
 * beside the lanes. Not while another one is prepared or switched. [a loader's thread] */
TL_MUST_CHECK tl_code tl_server_prepare(struct tl_server *server, const struct tl_server_change *change,
                                        struct tl_server_next **out, struct tl_error *err);
/* Makes it live, or waits for settings that are missing, or nothing has changed and `err` says why. Consumes it.
 * `attempt` (NULL: none) goes into the history with it, in one commit where an engine runs. `out`: what was done in the
 * engine; zeros where none ran. TL_EDIFFERS: flows or systems that go are in use (the text names them). */
TL_MUST_CHECK tl_code tl_server_switch(struct tl_server *server, struct tl_server_next *next,
                                       const struct tl_attempt *attempt, struct tl_engine_switched *out,
                                       struct tl_error *err);
/* One that will not be used. NULL is fine. */
void tl_server_next_free(struct tl_server *server, struct tl_server_next *next);
/* "acme@1f2e3d… support@…", for log lines. */
void tl_server_name_live(struct tl_server *server);

/* ---- retired.c: what was live before */
/* Takes over one of the two; the other is NULL. */
void tl_server_retire(struct tl_server *server, struct tl_integration *integration, struct tl_system *system);
/* For tl_engine_config; ctx is the server. */
void tl_server_bundle_released(void *ctx, const struct tl_bundle *bundle);
void tl_server_system_released(void *ctx, struct tl_system *system);
/* Frees all; no engine may be left that uses it. */
void tl_server_forget_retired(struct tl_server *server);

/* ---- systems.c */
/* The systems of all integrations. One that would be made of the same as the live one of its name is that one. [any] */
TL_MUST_CHECK tl_code tl_server_systems_build(struct tl_server *server, const struct tl_live *live,
                                              struct tl_server_systems *out, struct tl_error *err);
bool tl_server_systems_have(const struct tl_server_systems *systems, const struct tl_system *system);
/* Frees all, those that `but` (NULL allowed) has too excepted. */
void tl_server_systems_free(struct tl_server_systems *systems, const struct tl_server_systems *but);
/* For tl_revisions_new; ctx is the server: what the operation is today. A system that is gone counts as the others of
 * its kind in its integration. [any] */
enum tl_effect_class tl_server_effect_class(void *ctx, const struct tl_bundle *bundle,
                                            const struct tl_system_decl *decl, tl_str operation, const char **nearest);

/* ---- lanes.c: for tl_engine_config; ctx is the server; on the lane's thread */
tl_code tl_server_lane_start(void *ctx, struct tl_lane *lane, struct tl_error *err);
void tl_server_lane_stop(void *ctx, struct tl_lane *lane);

/* ---- addresses.c */
/* "HOST:PORT" or "[V6]:PORT" into its parts. TL_EUSAGE. */
TL_MUST_CHECK tl_code tl_address_parse(const char *text, char host[256], uint16_t *port, struct tl_error *err);
/* Writes DATA/server.json whole or not at all. */
TL_MUST_CHECK tl_code tl_addresses_write(const struct tl_server *server, struct tl_error *err);
void tl_addresses_remove(const struct tl_server *server);

/* ---- control.c */
TL_MUST_CHECK tl_code tl_control_start(struct tl_server *server, struct tl_error *err);
void tl_control_stop(struct tl_server *server, void (*stopped)(void *ctx), void *ctx);
