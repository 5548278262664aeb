/* A strict HTTP/1.1 server on one loop: TCP (optionally TLS) or a Unix socket. Several lanes listen on one port, each
 * with a server of its own (`share_port`).
 *
 * The life of a request: the head is read (`on_head` may lower the body limit or answer already), the body is read,
 * `on_request` is called, and somebody calls tl_http_reply exactly once, then or later. Until then the request and
 * every slice in it stay valid, even when the client has gone (the reply then goes nowhere). Requests of one connection
 * are handled one after the other. All functions and callbacks: [loop].
 *
 * What the server answers by itself, as problem+json (RFC 9457): 400 broken framing, 408 too slow, 413 body, 414
 * target, 417 expectation, 431 head, 501 method or coding, 503 too many connections, 505 version. */
#pragma once
#include "base/error.h"
#include "loop/loop.h"
#include "net/http.h"

struct tl_http_server;

struct tl_http_peer {
    char address[64]; /* "192.0.2.7", "2001:db8::1", or "unix" */
    uint16_t port;    /* 0 for a Unix socket */
    int64_t uid;      /* of the process at the other end of a Unix socket; -1 for TCP */
    bool is_tls;
};

struct tl_http_request {
    tl_str method; /* "GET"; any token */
    tl_str target; /* as received */
    tl_str path;   /* percent-encoded, starts with '/', or "*" */
    tl_str query;  /* after the '?', percent-encoded; empty when there is none */
    tl_str host;   /* authority of the target, else the Host field; empty only for HTTP/1.0 */
    const struct tl_http_header *headers;
    size_t header_count;
    tl_str body;              /* empty in on_head */
    size_t body_max;          /* bytes; on_head may change it for this request */
    int64_t received_mono_ms; /* when the head was complete */
    const struct tl_http_peer *peer;
    void *user; /* the handler's own; NULL at first */
};

struct tl_http_handler {
    /* NULL, or called when the head is complete. It may set `body_max` and `user`, or reply (401, 404, 413…): then
     * on_request is not called. Slices seen here move before on_request: keep none. */
    void (*on_head)(void *ctx, struct tl_http_request *request);
    /* The request is complete. */
    void (*on_request)(void *ctx, struct tl_http_request *request);
    /* NULL, or called at most once when the request ends without a reply: the client has gone, or was too slow, or its
     * body was refused. After on_request the reply is still owed; before, this is the end of the request. */
    void (*on_gone)(void *ctx, struct tl_http_request *request);
    void *ctx;
};

/* 0 means the default in brackets. */
struct tl_http_limits {
    size_t head_bytes;    /* [16 KiB] request line and headers */
    size_t target_bytes;  /* [8 KiB] */
    unsigned headers;     /* [100] */
    size_t body_bytes;    /* [1 MiB] */
    unsigned connections; /* [10,000] more are answered 503 and closed */
    int64_t head_ms;      /* [10,000] from the first byte to the end of the head */
    int64_t body_ms;      /* [10,000] for the body, plus one second per body_per_s bytes received */
    size_t body_per_s;    /* [1,024] least progress */
    int64_t idle_ms;      /* [60,000] between requests */
    int64_t write_ms;     /* [30,000] without the client taking a byte */
    size_t write_bytes;   /* [256 KiB] unsent answers after which no further pipelined request is read */
};

struct tl_socket_seam; /* net/socket_seam.h */

struct tl_http_config {
    const char *host; /* address to listen on, "127.0.0.1" or "::"; NULL: 127.0.0.1 */
    uint16_t port;    /* 0: any free one, see tl_http_server_port */
    bool share_port;  /* SO_REUSEPORT: the kernel spreads connections over the servers of one port */
    const char
        *socket_path;      /* a Unix socket instead (mode 0600); a stale file is removed only if nobody answers there */
    const char *cert_file; /* PEM chain; with key_file: TLS 1.2 or later */
    const char *key_file;  /* PEM */
    const char *name;      /* value of the Server field; NULL: none is sent */
    struct tl_http_limits limits;
    const struct tl_socket_seam *seam; /* borrow; NULL: the machine's sockets. For tests */
};

/* Listens at once. `config` and `handler` are copied. TL_ECONFIG (address, certificate), TL_EIO (bind: the text says
 * who has it, as far as known). */
TL_MUST_CHECK tl_code tl_http_server_start(struct tl_loop *loop, const struct tl_http_config *config,
                                           const struct tl_http_handler *handler, struct tl_http_server **out,
                                           struct tl_error *err);
/* Stops accepting, closes idle connections, lets requests in hand be answered (with "Connection: close") for up to
 * `grace_ms`, then cuts. Calls `stopped` once, in a later callback, when every connection is closed and every request
 * has had its reply; the server is freed right after. Calling it again only shortens the grace. */
void tl_http_server_stop(struct tl_http_server *server, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx);
/* The port it listens on; 0 for a Unix socket. */
uint16_t tl_http_server_port(const struct tl_http_server *server);
unsigned tl_http_server_connections(const struct tl_http_server *server);

struct tl_http_answer {
    int status;                           /* 200…599 */
    const char *type;                     /* Content-Type; NULL: none */
    const struct tl_http_header *headers; /* further fields; Content-Length, Date and Connection are the server's */
    size_t header_count;
    tl_str body; /* not sent for HEAD, 204 and 304 */
    bool close;  /* end the connection afterwards */
};

/* Ends the request; it must not be used afterwards. Everything is copied before the call returns. A header name or
 * value that is not fit to be sent (line breaks…) makes the answer a 500 and is logged. */
void tl_http_reply(struct tl_http_request *request, const struct tl_http_answer *answer);

/* ---- answers in pieces (log tails, large results) ---- */

/* Sends the head (chunked; until close for HTTP/1.0). Pieces follow, then tl_http_stream_end; `answer->body` is the
 * first piece. */
void tl_http_stream_start(struct tl_http_request *request, const struct tl_http_answer *answer);
/* False: nothing was taken; the client has gone or has more than `write_bytes` still to take. Ask again later, or end.
 */
TL_MUST_CHECK bool tl_http_stream_write(struct tl_http_request *request, tl_str piece);
bool tl_http_stream_is_gone(const struct tl_http_request *request);
/* Ends the request; it must not be used afterwards. */
void tl_http_stream_end(struct tl_http_request *request);

/* The value of a header of the request; empty when there is none. */
tl_str tl_http_request_header(const struct tl_http_request *request, const char *name);
