/* One call of one operation: a single attempt, plus at most one replay after a new token and one after a new CSRF
 * token. Whether, when and how often to try again is the caller's (guard). What a call may do is bounded: declared
 * hosts only, its deadline, the largest answer. All functions: [loop] of the lane. */
#pragma once
#include "base/trace.h"
#include "connector/system.h"

struct tl_call;

/* Everything is copied by tl_call_start. Absent texts are empty. */
struct tl_call_request {
    tl_str operation;
    tl_str args; /* JSON object; empty: {} */
    tl_str key;  /* record id on the platform, where known */
    tl_str version;
    tl_str once_key;
    tl_str idempotency_key;
    tl_str marker;
    tl_str entity;                /* put: what is written, for those who look on; no part of the request */
    int64_t timeout_ms;           /* 0: 60,000 */
    size_t response_max;          /* 0: 16 MiB */
    const struct tl_trace *trace; /* NULL or unset: no trace headers; else a child span of it goes out */
};

enum tl_created { TL_CREATED_UNKNOWN, TL_CREATED_YES, TL_CREATED_NO };

/* What the platform said about an allowance; -1: not said. */
struct tl_quota_hint {
    tl_str name;
    int64_t window_ms;
    int64_t used, limit, remaining;
    int64_t reset_ms; /* from now */
};

/* Borrowed by `done` until it returns. */
struct tl_call_result {
    enum tl_failure failure; /* TL_FAIL_NONE or why not */
    int64_t wait_ms;         /* asked for by the platform; 0: nothing was said */
    bool sent;               /* something that could change the platform was sent */
    bool unknown;            /* and whether it took effect is not known (never for read operations) */
    int status;              /* of the last answer; 0 none */
    tl_str code;             /* the platform's word, or empty */
    tl_str message;          /* for people; empty when done */
    tl_str document;         /* JSON, or empty */
    bool absent;             /* there is no document because the platform says that there is nothing */
    tl_str id, version, url; /* empty when not given */
    enum tl_created created;
    uint32_t matches; /* lookups: records found */
    const tl_str *warnings;
    size_t warning_count;
    const struct tl_quota_hint *quotas;
    size_t quota_count;
    uint8_t request_hash[16]; /* tl_call_hash of the request */
    int64_t duration_ms;
    uint32_t transfers; /* requests made, logins not counted */
};

typedef void tl_call_done(void *ctx, const struct tl_call_result *result);

/* `done` is called exactly once, in a later callback, whatever happens; the handle is good until then. Never NULL. */
struct tl_call *tl_call_start(struct tl_system_lane *lane, const struct tl_call_request *request, tl_call_done *done,
                              void *ctx);
/* Asks it to end soon: a connector's code may make one more transfer within 5 s. The result is `retry` with "cancelled"
 * in the message, `unknown` as it is. */
void tl_call_cancel(struct tl_call *call);

/* Settles an unknown outcome (rule 12): runs the operation's lookup with the request that was sent (marker, keys,
 * args). Result: done with `matches`, and id and version of the first; `unsupported` when the operation has none. */
struct tl_call *tl_call_lookup(struct tl_system_lane *lane, const struct tl_call_request *request, tl_call_done *done,
                               void *ctx);

/* What makes two requests the same for rule 15: operation, args, key, version; not credentials, trace or time. */
void tl_call_hash(const struct tl_call_request *request, uint8_t out[16]);
const char *tl_created_name(enum tl_created created);
