/* A system with one lane against a scripted HTTP server, all on one loop. */
#pragma once
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "connector/call.h"
#include "net/http_server.h"
#include "net/problem.h"

enum { RIG_SEEN_MAX = 64, RIG_TURNS = 3000 /* of at most a millisecond each */ };

/* What the server is asked, and what it says. The script ends with a NULL request. */
struct rig_answer {
    const char *request; /* "GET /api/items/1?x=2" */
    int status;          /* 0: no answer (the client gives up) */
    const char *headers; /* "ETag: 1\nX-Warn: w", or NULL */
    const char *body;    /* NULL: empty */
};

struct rig_seen {
    char request[300], body[600], authorization[600], cookie[200], traceparent[80], other[400];
};

/* The result of a call, copied. */
struct rig_result {
    int count;                 /* how often `done` was called */
    struct tl_call_result raw; /* slices are dead */
    char code[100], message[600], document[4000], id[100], version[100], url[200], warning[200];
    struct tl_quota_hint quota;
};

struct rig {
    struct tl_library *library;
    struct tl_loop *loop;
    struct tl_http_server *server;
    struct tl_http_client *client;
    struct tl_system *system;
    struct tl_system_lane *lane;
    char url[64];
    const struct rig_answer *script;
    size_t at;
    struct rig_seen seen[RIG_SEEN_MAX];
    size_t seen_count;
    char mismatch[900]; /* a request that the script did not expect */
    struct rig_result result;
    struct tl_http_request *held[8]; /* status 0: the reply is owed until the end */
    size_t held_count;
    int stops;
};

#define RIG_CONNECTORS TIDELOCK_BUILD "/tests/connectors"  /* made for tests */
#define RIG_SHIPPED TIDELOCK_BUILD "/lib/tidelock/plugins" /* ours */

/* `settings`: members besides url, e.g. "\"auth\":{…}"; "" for none. `script` may be NULL and set later. */
void rig_open(struct rig *rig, const char *connector, const char *settings, const struct rig_answer *script);
/* The same with the connectors of another folder. */
void rig_open_in(struct rig *rig, const char *folder, const char *connector, const char *settings,
                 const struct rig_answer *script);
/* The script must have been used up. */
void rig_close(struct rig *rig);
/* Turns the loop until *flag is not 0; fails the test when it stays. */
void rig_until(struct rig *rig, const int *flag);
/* One call to its end; `request` may be {operation, args}. */
const struct rig_result *rig_call(struct rig *rig, const struct tl_call_request *request);
/* The same by name and args. */
const struct rig_result *rig_run(struct rig *rig, const char *operation, const char *args);
/* A tl_call_done for rig->result. */
void rig_take(void *ctx, const struct tl_call_result *result);
/* From here on another script. */
void rig_script(struct rig *rig, const struct rig_answer *script);
