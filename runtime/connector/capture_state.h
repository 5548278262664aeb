/* A capture from the inside: capture.c is its life and the rounds by code, capture_poll.c the rounds by manifest.
 * [loop] */
#pragma once
#include "connector/capture.h"
#include "driver.h"
#include "event.h"
#include "paging.h"

enum tl_capture_state {
    TL_CAPTURE_RESTING, /* the timer of the next round is set */
    TL_CAPTURE_RUNNING,
    TL_CAPTURE_HALTED /* until poked */
};

struct tl_capture {
    struct tl_activity activity;
    struct tl_system_lane *lane; /* borrow */
    struct tl_capture_owner owner;
    const struct tl_json_value *spec; /* borrow: changes.<object> */
    char *object;                     /* own */
    struct tl_json_doc *options;      /* own; with defaults */
    char *options_text;               /* own */
    char *cursor;                     /* own; as last stored, "" at first */
    int64_t poll_ms, timeout_ms;
    enum tl_capture_state state;
    bool storing; /* the owner has events of ours */
    bool stopping;
    bool leaving; /* the end is on its way */
    struct tl_timer timer;
    struct tl_mail mail; /* the end of a stop */
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    /* of the round */
    struct tl_arena arena;    /* events of one store */
    char *next_cursor;        /* own; what the store carries */
    struct tl_driver *driver; /* own; NULL: a round by manifest */
    struct tl_arena round_arena;
    struct tl_vars vars;
    struct tl_exchange exchange;
    struct tl_exchange_request sending;
    bool more;             /* by manifest: the next round at once */
    bool page_follows;     /* by manifest: `sending` is the next page of this sweep */
    struct tl_pages pages; /* of the sweep */
    tl_str reached;        /* in the round's arena: the greatest version of the sweep so far */
    const char *stop_why;
};

/* A round is over. `again_ms` 0: the poll interval. */
void tl_capture_round_done(struct tl_capture *capture, int64_t again_ms);
void tl_capture_round_failed(struct tl_capture *capture, const struct tl_verdict *verdict, int status);
/* Hands over what lies in the capture's arena; the cursor is copied. */
void tl_capture_hand_over(struct tl_capture *capture, const struct tl_captured *events, size_t count, tl_str cursor);
/* capture_poll.c */
void tl_capture_poll_begin(struct tl_capture *capture);
void tl_capture_poll_stored(struct tl_capture *capture);
void tl_capture_poll_answered(struct tl_exchange *exchange, struct tl_answer *answer);
