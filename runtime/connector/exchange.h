/* One request to a system's platform and its answer: address, credentials, CSRF token, trace headers, declared hosts,
 * and the replay after a new token. A field of whoever makes requests; one at a time. [loop] */
#pragma once
#include "answer.h"
#include "base/trace.h"
#include "notes.h"
#include "system_state.h"

/* Everything must stay until `done`, unless said otherwise. */
struct tl_exchange_request {
    tl_str method;
    tl_str url;   /* absolute, or put behind the manifest's base; already expanded */
    tl_str query; /* encoded; put behind the url's own; may be empty */
    const struct tl_http_header *headers;
    size_t header_count;
    tl_str body;
    bool plain;   /* no credentials, no replay */
    bool no_csrf; /* the CSRF fetch itself */
    bool cookies; /* send the session's cookies; always so with CSRF or a cookie session */
    bool json;    /* an answer that is no JSON is not the platform's, where nothing else is accepted */
    bool rebase;  /* a link the platform gave: another origin is taken for ours */
    size_t response_max;
    int64_t deadline_mono_ms;
    const struct tl_trace *trace; /* NULL: none */
};

struct tl_exchange {
    struct tl_system_lane *lane;               /* borrow */
    const struct tl_exchange_request *request; /* borrow */
    struct tl_vars *vars;                      /* borrow; its session is set while a request is built */
    struct tl_arena *arena;                    /* borrow */
    struct tl_notes *notes;                    /* borrow; NULL: nobody listens */
    struct tl_session *session;                /* own ref; the one the request was sent with */
    struct tl_session_wait wait;
    struct tl_mail mail; /* an end that needs no transfer */
    struct tl_transfer *transfer;
    enum { TL_EXCHANGE_IDLE, TL_EXCHANGE_WAITING, TL_EXCHANGE_SENDING, TL_EXCHANGE_ENDING } state;
    enum tl_need waiting_for;
    bool cancelled, replayed_login, replayed_csrf;
    bool wants_json;         /* the request accepts nothing but JSON */
    bool wants_page;         /* it accepts HTML */
    enum tl_failure failure; /* ended without an answer of its own: why; else TL_FAIL_NONE */
    int64_t wait_ms;
    const char *why;    /* in the arena */
    unsigned transfers; /* made so far, over all exchanges of the owner */
    bool touched;       /* one of them was sent, or may have been */
    /* `failure` is not NONE: nothing was sent this time, `answer` is NULL; else the answer, borrowed until it returns.
     */
    void (*done)(struct tl_exchange *exchange, struct tl_answer *answer);
};

/* `done` comes in a later callback, exactly once. */
void tl_exchange_start(struct tl_exchange *exchange, const struct tl_exchange_request *request);
/* `done` still comes, soon. Nothing happens when it is idle. */
void tl_exchange_cancel(struct tl_exchange *exchange);
/* Is it 404 in a page of HTML that was not asked for? */
bool tl_exchange_is_missing_page(const struct tl_exchange *exchange, const struct tl_answer *answer);
/* Before first use. */
void tl_exchange_init(struct tl_exchange *exchange, struct tl_system_lane *lane, struct tl_arena *arena,
                      struct tl_vars *vars, void (*done)(struct tl_exchange *exchange, struct tl_answer *answer));
/* Idle only. */
void tl_exchange_deinit(struct tl_exchange *exchange);
/* "name=value; …" of an answer's Set-Cookie fields over those of the session, as the session keeps them: a JSON object
 * in the arena; empty when there are none. */
tl_str tl_cookies_merge(const struct tl_answer *answer, const struct tl_json_value *had, struct tl_arena *arena);
