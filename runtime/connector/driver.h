/* Drives one call of a connector's code: inputs in, actions done, until it ends. A field of whoever needs code run:
 * calls, captures, webhooks, logins, probes. [loop] */
#pragma once
#include "exchange.h"
#include "host.h"
#include "loop/timer.h"

struct tl_driver_end {
    const tlc_done *done; /* NULL: failed */
    struct tl_verdict verdict;
    int http_reply; /* webhooks: what to refuse with; 0: by class */
};

struct tl_driver {
    struct tl_system_lane *lane; /* borrow */
    struct tlc_scope scope;      /* own; results live there until tl_driver_deinit */
    struct tl_vars vars;
    struct tl_exchange exchange;
    struct tl_exchange_request sending;
    tlc_request request;
    struct tl_verdict_rules rules;
    int64_t deadline_mono_ms;
    const struct tl_trace *trace; /* borrow */
    size_t response_max;
    tlc_call *call; /* the connector's; NULL before begin and after end */
    struct tl_timer wait, deadline;
    struct tl_mail mail;
    const char *stop_why;          /* cancelled, or out of time: then why */
    bool told, last_transfer_used; /* CANCEL was given; its one transfer was made */
    bool lost;                     /* the stop broke off a transfer that may have been carried out */
    bool plain_only;               /* a login: its requests carry no credentials of ours */
    bool any_status, streams;      /* of the transfer under way */
    bool storing;                  /* EMIT or SAVE waits for tl_driver_stored */
    int last_status;               /* of the latest answer; 0 none */
    bool missing_page;             /* it was 404 in a page of HTML */
    struct tl_answer last;         /* copied: what FAIL with class 0 judges */
    tl_str pending;                /* streamed body not yet given; in the scope */
    bool has_pending;
    tlc_header *headers; /* own; of the last input */
    struct tl_driver_end end;
    void *owner; /* for whoever it is not a field of */
    void (*emit)(struct tl_driver *driver, const tlc_event *events, uint32_t count, tlc_slice cursor);
    /* NULL unless it is a batch. The next rows as input; false: they have all been given. */
    bool (*rows)(struct tl_driver *driver, tlc_input *input);
    /* What is wrong with them, or NULL. */
    const char *(*outcomes)(struct tl_driver *driver, const tlc_row_outcome *outcomes, uint32_t count);
    /* Answered by tl_driver_stored. */
    void (*save)(struct tl_driver *driver, tlc_slice state);
    tl_str saved; /* borrow; not empty: the call begins with RESUME */
    void (*ended)(struct tl_driver *driver, const struct tl_driver_end *end);
};

/* Zeroes and prepares; then the caller fills `request`, `deadline_mono_ms`, `rules`, `emit`, `ended` … and starts. */
void tl_driver_init(struct tl_driver *driver, struct tl_system_lane *lane);
/* `ended` comes exactly once, in a later callback. */
void tl_driver_start(struct tl_driver *driver);
/* `why` is static: "cancelled". The connector is told and may make one more transfer within 5 s. */
void tl_driver_cancel(struct tl_driver *driver, const char *why);
/* The answer to `emit` and `save`. */
void tl_driver_stored(struct tl_driver *driver, bool ok);
/* After `ended`. Not inside it unless it is the last thing done there. */
void tl_driver_deinit(struct tl_driver *driver);
