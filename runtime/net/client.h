/* The client's inside. Thread: the client's loop. */
#pragma once
#include "base/buf.h"
#include "base/list.h"
#include "loop/timer.h"
#include "loop/uv.h"
#include "net/http_client.h"
#include <curl/curl.h>

struct tl_http_client {
    struct tl_loop *loop; /* borrow */
    CURLM *multi;         /* own */
    char *user_agent;     /* own */
    char *ca_file;        /* own; NULL: the system's */
    unsigned at_once;
    uv_timer_t alarm;          /* curl's timeouts: machine time, whatever the clock seam says */
    struct tl_watch **watches; /* own (array and items); by descriptor */
    size_t watch_count;
    struct tl_handles handles;
    struct tl_list running;
    struct tl_list waiting;
    struct tl_list finished; /* not yet reported */
    struct tl_list spare;    /* ended transfers with their curl handles */
    unsigned running_count, waiting_count, spare_count;
    struct tl_mail report; /* reports what is finished */
    bool is_report_due;
    struct tl_http_header *headers; /* own; of the result being reported */
    size_t headers_cap;
    bool is_stopping;
    void (*stopped)(void *ctx);
    void *stopped_ctx; /* borrow */
};

enum tl_transfer_state { TL_TRANSFER_WAITING, TL_TRANSFER_RUNNING, TL_TRANSFER_FINISHED };

struct tl_transfer {
    struct tl_http_client *client; /* borrow */
    struct tl_link link;           /* in one of the client's lists */
    CURL *easy;                    /* own */
    enum tl_transfer_state state;
    tl_transfer_done *done;
    void *ctx; /* borrow */
    struct tl_timer deadline;
    int64_t started_ms; /* mono */
    int64_t waited_ms;
    struct curl_slist *list; /* own; request headers for curl */
    struct tl_buf url;       /* own; of the request, then of the last redirect */
    struct tl_buf body;      /* own; of the request, unless borrowed */
    bool is_letter;          /* over SMTP; its curl handle is not used again */
    size_t read_bytes;       /* of a letter's body */
    bool is_reply_whole;     /* the last line of a mail server's answer has come: the next begins another one */
    bool is_safe;            /* GET, HEAD, OPTIONS: may be sent again on a dead connection */
    bool may_redirect;       /* GET, HEAD */
    unsigned redirects;      /* still allowed */
    bool (*host_allowed)(void *ctx, tl_str host, uint16_t port);
    void *host_ctx; /* borrow */

    unsigned attempts;      /* times the request was about to be written */
    bool is_repeat_refused; /* curl wanted to send an unsafe request again */
    size_t response_max, head_max;
    struct tl_buf head;     /* own; header lines of the last response */
    struct tl_buf response; /* own; body */
    bool is_truncated;
    bool is_head_too_large;
    bool is_head_whole; /* its empty line has come */
    struct tl_transfer_result result;
    char error[CURL_ERROR_SIZE + 256];
};

/* client_sockets.c: connects curl's sockets and timer to the loop. */
void tl_client_sockets_init(struct tl_http_client *client);
/* Closes the alarm; the watches close as curl closes its sockets. */
void tl_client_sockets_end(struct tl_http_client *client);
/* For each curl handle: its sockets are watched in the cheap way. */
void tl_client_sockets_use(struct tl_http_client *client, CURL *easy);

/* http_client.c */
/* The first and the last step of starting: in line with the others, then on its way, or, not `ready`, reported with
 * what its result says. */
struct tl_transfer *tl_client_begin(struct tl_http_client *client, struct tl_transfer *transfer, tl_transfer_done *done,
                                    void *ctx);
void tl_client_go(struct tl_transfer *transfer, bool ready, int64_t total_ms);
/* The transfer has left curl, its result has sent, reason and error: report it in a later callback. */
void tl_client_finish(struct tl_transfer *transfer);
/* Curl has done something: look for transfers that ended, report them, start waiting ones. */
void tl_client_look(struct tl_http_client *client);
/* Gives the transfer to curl. */
void tl_client_launch(struct tl_transfer *transfer);

/* transfer.c */
struct tl_transfer *tl_transfer_new(struct tl_http_client *client);
void tl_transfer_free(struct tl_transfer *transfer);
/* False: it cannot be sent; the result says why. */
bool tl_transfer_prepare(struct tl_transfer *transfer, const struct tl_transfer_request *request);
/* Back to the state of a new one, keeping curl handle and buffers. */
void tl_transfer_reset(struct tl_transfer *transfer);

/* transfer_result.c */
/* Fills sent, reason and error from how curl ended it. */
void tl_transfer_judge(struct tl_transfer *transfer, CURLcode ended);
/* The ending that was decided here: deadline or cancel. */
void tl_transfer_break_off(struct tl_transfer *transfer, enum tl_transfer_reason reason, const char *text);
/* Fills the rest of the result, borrowing from the transfer and from `headers`. */
void tl_transfer_describe(struct tl_transfer *transfer);

/* redirect.c */
/* True: the answer is a redirect to be followed, and the transfer is ready to be launched again. */
bool tl_transfer_follow(struct tl_transfer *transfer);
/* Asks the host check about the transfer's URL; true without a check. False: refused, or no URL. */
bool tl_transfer_host_allowed(const struct tl_transfer *transfer);
