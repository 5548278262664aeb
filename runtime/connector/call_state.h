/* A call from the inside. call.c begins and ends it; call_operation.c interprets an operation of the manifest. [loop]
 */
#pragma once
#include "connector/call.h"
#include "driver.h"
#include "notes.h"
#include "paging.h"

struct tl_call {
    struct tl_activity activity;
    struct tl_system_lane *lane; /* borrow */
    struct tl_arena arena;
    struct tl_call_request request; /* copies in the arena */
    struct tl_trace trace;
    struct tl_json_doc *args;              /* own */
    struct tl_json_doc *own_operation;     /* own; a probe without an operation; NULL */
    const struct tl_json_value *operation; /* borrow: the manifest's; NULL for a probe by code */
    const struct tl_json_value *lookup;    /* borrow: lookup_by, when this is a lookup */
    uint32_t role;                         /* TLC_ROLE_* */
    enum tl_effect_class effect;
    struct tl_vars vars;
    struct tl_exchange exchange;
    struct tl_exchange_request sending;
    struct tl_driver *driver; /* own; operations with code */
    struct tl_notes notes;
    struct tl_timer deadline;
    struct tl_mail mail;
    int64_t started_mono_ms, deadline_mono_ms;
    const char *stop_why;    /* cancelled, or out of time */
    struct tl_error refused; /* found out in tl_call_start: told later */
    enum tl_failure refused_as;
    struct tl_buf items; /* paging: the items so far, with commas */
    struct tl_pages pages;
    struct tl_call_result result;
    tl_call_done *done;
    void *ctx;
};

/* call.c */
void tl_call_end(struct tl_call *call);
void tl_call_fail(struct tl_call *call, enum tl_failure failure, tl_str message);
/* 404 came in a page of HTML: a server whose application is being started says so, and not of the record. */
void tl_call_fail_missing_page(struct tl_call *call);
void tl_call_fail_verdict(struct tl_call *call, const struct tl_verdict *verdict);
struct tl_verdict_rules tl_call_rules(const struct tl_call *call);
/* A call of any role; `operation` may be NULL with role PROBE. */
struct tl_call *tl_call_new(struct tl_system_lane *lane, const struct tl_call_request *request, uint32_t role,
                            tl_call_done *done, void *ctx);
/* call_operation.c */
void tl_call_operation_begin(struct tl_call *call);
void tl_call_operation_answered(struct tl_exchange *exchange, struct tl_answer *answer);
/* Args for another operation out of templates; empty templates give {}. In `arena`. */
TL_MUST_CHECK tl_code tl_args_from(const struct tl_json_value *templates, const struct tl_vars *vars,
                                   struct tl_arena *arena, tl_str *args, struct tl_error *err);
