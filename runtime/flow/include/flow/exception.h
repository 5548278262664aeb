/* Exceptions: units that failed for good and wait for a person (rules 3, 17). Each is one row of the state table
 * "exception" with everything that is needed to show, repair and run it again, its payload included. Every act is
 * audited in the table "audit". Thread: any. */
#pragma once
#include "base/buf.h"
#include "flow/engine.h"
#include "loop/loop.h"

/* Row: key = id; value = JSON object
 *   id, flow, event (position), type, source, key, scope, class, code, message, place ("file:line"), cause (16 hex
 * digits: equal for equal causes), system, operation, status, steward, assigned (bool: by a person, not by the flow's
 * declaration), due (RFC 3339 or null), since, attempts, payload (text), edited (bool), order (hex: the order key's
 * hash), data (JSON or null), trace
 * attributes: a1 = flow, a2 = cause, a3 = steward, a4 = event's key. */
#define TL_TABLE_EXCEPTION "exception"
/* Row: key = <time ms, 13 digits>-<serial>; value = {who, when, why, act, what, detail}; a1 = what it was done to. */
#define TL_TABLE_AUDIT "audit"

struct tl_exception_query {
    tl_str flow, cause, steward, key; /* empty: any; the first that is set is the index used */
    tl_str after;                     /* `next` of the page before */
    size_t limit;                     /* 0: 100 */
};
/* Writes {"exceptions":[…without payload, with "held": units waiting behind, "retrying" (bool)…],"next":…} */
TL_MUST_CHECK tl_code tl_exceptions_list(struct tl_engine *engine, const struct tl_exception_query *query,
                                         struct tl_buf *out, struct tl_error *err);
/* Writes the whole row with "held". TL_ENOTFOUND. */
TL_MUST_CHECK tl_code tl_exception_show(struct tl_engine *engine, tl_str id, struct tl_buf *out, struct tl_error *err);
/* Open exceptions now. */
uint64_t tl_exceptions_open(struct tl_engine *engine);

struct tl_group_query {
    tl_str flow, steward; /* empty: any */
    size_t limit;         /* groups; 0: 100 */
};
/* The open exceptions by cause, the largest group first. Writes {"groups":[{cause, count, flow, class, code, message
 * (what changes from one to the next replaced), place, system, operation, steward (null: several), first, last, due
 * (the earliest, or null), held (units waiting behind all of them), retrying, example (an id)}…], "exceptions": all
 * that match, "groups_left": those beyond the limit}. Reads one row a group. */
TL_MUST_CHECK tl_code tl_exceptions_groups(struct tl_engine *engine, const struct tl_group_query *query,
                                           struct tl_buf *out, struct tl_error *err);

enum tl_desk_act { TL_DESK_RETRY, TL_DESK_EDIT, TL_DESK_DISCARD, TL_DESK_ASSIGN };

struct tl_desk_request {
    enum tl_desk_act act;
    tl_str id;
    tl_str who, why;     /* why is required for discard */
    tl_str payload;      /* edit: this or `changes`; retry: empty keeps the present one */
    tl_str changes;      /* JSON object {"/pointer": value}: these places of the present payload, the rest stays */
    tl_str steward;      /* assign: the new one; its due time begins now */
    bool although_later; /* retry: although a later event of the key was applied */
};
/* Everything is copied. `done` is called once, in a later callback on `loop`, when the act is durable (a retry: when
 * the unit has its turn again; how it ends is seen in the outcome). TL_ENOTFOUND; TL_EDIFFERS: a later event of the key
 * was applied, the text names it; TL_EINPUT: payload is not JSON, a change leads nowhere, reason missing, no such
 * steward; TL_EFAILED: it is being retried. */
void tl_desk_do(struct tl_engine *engine, const struct tl_desk_request *request, struct tl_loop *loop,
                void (*done)(void *ctx, tl_code code, const char *text), void *ctx);

/* An act on all exceptions of one cause. It is carried out as single acts, each audited and durable by itself: stopped
 * in the middle, the same again finishes the rest. */
struct tl_desk_group {
    enum tl_desk_act act; /* retry or discard */
    tl_str cause;         /* 16 hex digits; required */
    tl_str flow, steward; /* empty: any */
    tl_str changes;       /* retry: as above, to each payload */
    bool although_later;
    size_t limit; /* the oldest so many; 0: 10,000, which is also the most */
};
struct tl_desk_picked {
    char (*ids)[TL_POSITION_TEXT]; /* own (tl_free): to be acted on, oldest first, at most `limit` */
    size_t count;
    size_t all; /* in the group */
    size_t later, retrying,
        gone; /* left out: a later event was applied, under way, the flow is not declared any more */
};
/* TL_EINPUT: no cause; TL_ENOTFOUND: the group is empty. */
TL_MUST_CHECK tl_code tl_desk_group_pick(struct tl_engine *engine, const struct tl_desk_group *group,
                                         struct tl_desk_picked *out, struct tl_error *err);
/* What it would do: {"preview":true, "act", "cause", "count": acted on, "all", "left_out":{"later","retrying","gone"},
 * "flow", "class", "message", "place", "steward", "oldest", "newest", "held", "example":{"id","key","before","after"}}.
 * TL_EINPUT also when the changes do not fit the example. */
TL_MUST_CHECK tl_code tl_desk_group_preview(struct tl_engine *engine, const struct tl_desk_group *group,
                                            struct tl_buf *out, struct tl_error *err);
/* The group act's own row in the audit, before its single acts. Durable when it returns: never on a lane. */
TL_MUST_CHECK tl_code tl_desk_group_note(struct tl_engine *engine, const struct tl_desk_group *group, size_t count,
                                         tl_str who, tl_str why, struct tl_error *err);
/* Writes {"id","key","before","after"}: the payload as it is and with `changes`. TL_ENOTFOUND; TL_EINPUT. */
TL_MUST_CHECK tl_code tl_desk_compare(struct tl_engine *engine, tl_str id, tl_str changes, struct tl_buf *out,
                                      struct tl_error *err);
