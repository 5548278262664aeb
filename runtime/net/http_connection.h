/* The server's inside: a server and its connections. Thread: the server's loop. */
#pragma once
#include "base/buf.h"
#include "base/list.h"
#include "http_parse.h"
#include "loop/timer.h"
#include "loop/uv.h"
#include "net/http_server.h"
#include "net/socket_seam.h"
#include "tls.h"

enum { TL_SCRATCH_BYTES = 64 * 1024 };

struct tl_http_server {
    struct tl_loop *loop; /* borrow */
    struct tl_http_handler handler;
    struct tl_http_limits limits; /* without zeros */
    struct tl_socket_seam seam;   /* members may be NULL */
    struct tl_tls_context *tls;   /* own; NULL: plain */
    char *name;                   /* own; Server field or NULL */
    char *socket_path;            /* own; NULL for TCP */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } listener;
    uint16_t port;
    struct tl_list connections;
    unsigned count;
    struct tl_handles handles;
    bool stopping;
    struct tl_timer grace;
    struct tl_mail stopped_mail;
    void (*stopped)(void *ctx);
    void *stopped_ctx; /* borrow */
    int64_t date_s;    /* Unix time of `date` */
    char date[40];     /* "Date: …\r\n" */
    char *scratch;     /* own; TL_SCRATCH_BYTES, for bytes that are decrypted or thrown away */
};

enum tl_connection_step {
    TL_READ_HEAD, /* of the next request; idle while nothing of it has come */
    TL_READ_BODY,
    TL_HANDLING, /* on_request was called, the reply is owed */
    TL_LINGER,   /* the last answer is out or on its way; what still comes is thrown away */
    TL_CLOSED    /* the socket is closed; waits for close callbacks and an owed reply */
};

struct tl_connection {
    struct tl_http_request request;
    struct tl_http_server *server; /* borrow */
    struct tl_link link;           /* in server->connections */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    struct tl_handles handles;
    struct tl_http_peer peer;
    struct tl_tls *tls; /* own; NULL: plain */
    enum tl_connection_step step;

    /* what was received: in[start..len) is the present request and what follows it */
    char *in; /* own */
    size_t in_cap, in_len, start;
    struct tl_http_head head;
    struct tl_http_body body;
    size_t raw;                     /* in `in`: next byte of the body not decoded yet */
    size_t body_end;                /* in `in`: end of the decoded body, which begins at start + head.size */
    struct tl_http_header *headers; /* own */
    size_t headers_cap;

    /* what is to be sent */
    struct tl_buf out;     /* own; answers, plain */
    struct tl_buf wire;    /* own; encrypted answers; unused without TLS */
    struct tl_buf sending; /* own; what `write` is working on */
    uv_write_t write;
    uv_shutdown_t shutdown;
    size_t unsent_before; /* of `sending`, when the write deadline was last moved */

    bool is_reading;
    bool is_writing;
    bool has_eof;       /* the client sends no more */
    bool is_processing; /* tl_connection_process is on the stack */
    bool is_held;       /* the next request waits until more of the answers has been taken */
    bool is_told;       /* the handler has seen the head and not been told of an end */
    bool is_answered;   /* the present request has its reply */
    bool is_streaming;
    bool is_chunked_out;
    bool is_owed; /* on_request was called and the reply has not come */
    bool is_last; /* close after the present answer */
    bool is_shut; /* our end has been shut down */

    struct tl_timer timer; /* set at or before the present deadline */
    int64_t since_ms;      /* mono: when the present step (or wait) began */
    int64_t write_due_ms;  /* mono; only while writing */
    bool is_begun;         /* bytes of a head have come, or the connection is new: head_ms counts, not idle_ms */
    bool is_released;      /* memory goes with the last close callback */
};

/* http_accept.c */

/* Takes over the connection that waits on the server's listener. */
void tl_connection_accept(struct tl_http_server *server);

/* http_connection.c */

/* In the server's list, without a socket yet. */
struct tl_connection *tl_connection_new(struct tl_http_server *server);
/* Does whatever can be done now. Safe to call at any time, also from the handler (then it does nothing). */
void tl_connection_process(struct tl_connection *connection);
/* Closes the socket without ceremony. */
void tl_connection_cut(struct tl_connection *connection);
/* The server is stopping: idle ones close, the others after their answer. */
void tl_connection_retire(struct tl_connection *connection);
/* Lets go of the memory of a closed connection, unless a reply is still owed. */
void tl_connection_release(struct tl_connection *connection);
/* Tells the handler, if it knows the request, that it ends without a reply. */
void tl_connection_tell_gone(struct tl_connection *connection);

/* http_write.c */

/* Sends what is in `out`. */
void tl_connection_flush(struct tl_connection *connection);
/* Says that we send no more. */
void tl_connection_shut(struct tl_connection *connection);
size_t tl_connection_unsent(const struct tl_connection *connection);

/* http_reply.c */

/* An answer by the server itself; the connection ends after it. `reason` is a sentence. */
void tl_connection_refuse(struct tl_connection *connection, int status, const char *reason);

/* http_server.c */
void tl_http_server_left(struct tl_http_server *server, struct tl_connection *connection);
const char *tl_http_server_date(struct tl_http_server *server);
