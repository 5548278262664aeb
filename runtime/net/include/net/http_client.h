/* HTTP client on one loop: libcurl's multi interface; connections are kept and reused. HTTP/1.1, and HTTP/2 over TLS
 * where the server offers it. One client per loop. All functions and callbacks: [loop].
 *
 * What matters most is what is known about the *effect* when something goes wrong:
 *   TL_SENT_NOT      nothing of the request can have reached the server's application: sending it again is harmless
 *   TL_SENT_UNKNOWN  (part of) the request went out and no complete answer came: it may or may not have been carried
 * out TL_SENT_ANSWERED a complete answer is here, whatever its status The client never sends a request twice by itself,
 * except GET, HEAD and OPTIONS when a kept connection turned out dead. */
#pragma once
#include "base/error.h"
#include "loop/loop.h"
#include "net/http.h"

struct tl_http_client;
struct tl_transfer;

enum tl_sent { TL_SENT_NOT, TL_SENT_UNKNOWN, TL_SENT_ANSWERED };

/* Why a transfer did not end with an answer. name, word for logs */
#define TL_TRANSFER_REASONS(X)                                                                                         \
    X(TL_TRANSFER_OK, "ok")                                                                                            \
    X(TL_TRANSFER_BAD_URL, "bad-url")           /* not an absolute http(s) URL, or a bad method or header */           \
    X(TL_TRANSFER_HOST_REFUSED, "host-refused") /* the host check said no */                                           \
    X(TL_TRANSFER_RESOLVE, "resolve")           /* host name unknown */                                                \
    X(TL_TRANSFER_CONNECT, "connect")           /* nobody listens, unreachable, proxy refuses */                       \
    X(TL_TRANSFER_TLS, "tls")                   /* handshake or certificate */                                         \
    X(TL_TRANSFER_TIMEOUT, "timeout")           /* one of the deadlines */                                             \
    X(TL_TRANSFER_LOST, "lost")                 /* connection broken */                                                \
    X(TL_TRANSFER_PROTOCOL, "protocol")         /* not HTTP, or bad framing, or a bad content coding */                \
    X(TL_TRANSFER_CANCELLED, "cancelled")       /* tl_transfer_cancel, or the client was stopped */

enum tl_transfer_reason {
#define X(name, word) name,
    TL_TRANSFER_REASONS(X)
#undef X
        TL_TRANSFER_REASON_COUNT
};
const char *tl_transfer_reason_word(enum tl_transfer_reason reason);

struct tl_http_client_config {
    const char *user_agent; /* NULL: "tidelock/<version>" */
    const char *ca_file;    /* PEM; NULL: the system's */
    unsigned at_once;       /* transfers running at a time, more wait in order; 0: 256 (the most) */
    unsigned per_host;      /* connections to one host; 0: no limit of its own */
};

/* `config` (NULL: defaults) is copied. TL_ECONFIG when the CA file cannot be read. */
TL_MUST_CHECK tl_code tl_http_client_new(struct tl_loop *loop, const struct tl_http_client_config *config,
                                         struct tl_http_client **out, struct tl_error *err);
/* Cancels every transfer (each gets its `done`), closes all connections, then calls `stopped` once, in a later
 * callback, and frees the client. `stopped` may be NULL. */
void tl_http_client_stop(struct tl_http_client *client, void (*stopped)(void *ctx), void *ctx);
/* Transfers running, and waiting for their turn. */
unsigned tl_http_client_running(const struct tl_http_client *client);
unsigned tl_http_client_waiting(const struct tl_http_client *client);

/* Everything is copied by tl_transfer_start, so that the caller's memory is free at once, except `body` when
 * `body_borrowed` is set: then it must stay until `done`. 0 means the default in brackets. */
struct tl_transfer_request {
    tl_str method;                        /* [GET, or POST with a body] */
    tl_str url;                           /* absolute, http or https */
    const struct tl_http_header *headers; /* Host, Content-Length, Transfer-Encoding, Expect are the client's */
    size_t header_count;
    tl_str body;
    bool body_borrowed;
    int64_t total_ms;      /* [60,000] from start to complete answer; waiting for a turn counts */
    int64_t connect_ms;    /* [10,000] name, connection and TLS */
    int64_t stall_ms;      /* [30,000, at most total_ms] with less than 1 byte a second; counted in whole seconds */
    size_t response_max;   /* [4 MiB] of body after decoding; more is cut off and `truncated` set */
    size_t head_max;       /* [256 KiB] of response headers */
    unsigned redirects;    /* [0: a 3xx is the answer] GET and HEAD only. To another origin none of `headers` goes along
                              but Accept */
    bool decompress;       /* offer gzip, deflate, br, zstd as far as built in, and decode */
    const char *proxy;     /* [none; the environment is not looked at] "http://host:port" */
    const char *ca_file;   /* [the client's] */
    const char *cert_file; /* [none] PEM client certificate and key */
    const char *key_file;
    const char *socket_path; /* [none] connect to this Unix socket whatever the host */
    /* NULL, or asked for the host (lower case, IPv6 in brackets) before connecting, and again for each redirect. */
    bool (*host_allowed)(void *ctx, tl_str host, uint16_t port);
    void *host_ctx;
};

/* Borrowed by `done`: valid until it returns. */
struct tl_transfer_result {
    enum tl_sent sent;
    enum tl_transfer_reason reason;
    int status; /* 0 when no status line came. With TL_SENT_UNKNOWN it may be set: the answer began and broke off */
    const struct tl_http_header *headers; /* of the last response; case as sent; repeated fields stay apart */
    size_t header_count;
    tl_str body;
    bool truncated;    /* sent is TL_SENT_ANSWERED, the body is its first response_max bytes */
    const char *error; /* a sentence: what failed and where; "" when ANSWERED */
    const char *url;   /* where the answer came from, after redirects */
    bool is_http2;
    bool reused;           /* on a kept connection */
    int64_t waited_ms;     /* for a turn */
    int64_t first_byte_ms; /* from start to the first byte of the answer; 0 when none came */
    int64_t total_ms;
    size_t sent_bytes; /* of the request, about; 0 when nothing was sent */
};

typedef void tl_transfer_done(void *ctx, const struct tl_transfer_result *result);

/* `done` is called exactly once, in a later callback, for every ending; it may start further transfers. The handle is
 * good for tl_transfer_cancel until then. Never NULL. */
struct tl_transfer *tl_transfer_start(struct tl_http_client *client, const struct tl_transfer_request *request,
                                      tl_transfer_done *done, void *ctx);
/* Ends it with TL_TRANSFER_CANCELLED, in a later callback: TL_SENT_NOT if nothing had been sent, else TL_SENT_UNKNOWN.
 * Cancelling one that has ended but not yet been reported changes nothing. */
void tl_transfer_cancel(struct tl_transfer *transfer);

/* The value of a header of the answer; empty when there is none. */
tl_str tl_transfer_header(const struct tl_transfer_result *result, const char *name);
