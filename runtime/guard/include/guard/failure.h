/* What a failed call is about (rules.md, rules 10 and 17). Every connector reports one of these, and
 * everything that decides "again, pause or park" reads them. The numbers are part of the connector ABI and of
 * the journal. Thread: any. */
#pragma once
#include "base/str.h"

#define TL_FAILURES(X)                                                                                                 \
    X(TL_FAIL_NONE, 0, "done")               /* no failure */                                                          \
    X(TL_FAIL_RETRY, 1, "retry")             /* endpoint: timeout, 5xx, connection */                                  \
    X(TL_FAIL_AUTH, 2, "auth")               /* endpoint: credentials refused */                                       \
    X(TL_FAIL_QUOTA, 3, "quota")             /* endpoint: too many calls */                                            \
    X(TL_FAIL_DATA, 4, "data")               /* record: refused for what it holds */                                   \
    X(TL_FAIL_MISSING, 5, "missing")         /* record: not there */                                                   \
    X(TL_FAIL_CONFLICT, 6, "conflict")       /* record: locked, or changed meanwhile */                                \
    X(TL_FAIL_GAP, 7, "gap")                 /* capture: the cursor is too old */                                      \
    X(TL_FAIL_CONFIG, 8, "config")           /* endpoint: our configuration cannot work */                             \
    X(TL_FAIL_UNSUPPORTED, 9, "unsupported") /* record: the platform cannot do it */                                   \
    X(TL_FAIL_BUG, 10, "bug")                /* the connector broke its contract */

enum tl_failure {
#define X(name, number, word) name = number,
    TL_FAILURES(X)
#undef X
        TL_FAILURE_COUNT
};

/* retry, auth, quota, config: the system pauses, the work is kept, no attempt is used up. */
bool tl_failure_is_endpoint(enum tl_failure failure);
/* data, missing, conflict, unsupported, bug: the one record. */
bool tl_failure_is_record(enum tl_failure failure);
const char *tl_failure_name(enum tl_failure failure);
bool tl_failure_parse(tl_str name, enum tl_failure *out);
