/* One HTTP request that waits for its answer: how the command line talks to a server. No loop needed.
 * Thread: any; it blocks. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "net/http.h"

struct tl_ask {
    const char *socket_path; /* a Unix socket, or NULL: `base_url` */
    const char *base_url;    /* "https://host:port", without path; certificates are verified */
    const char *ca_file;     /* NULL: the system's */
    const char *method;      /* NULL: GET, or POST with a body */
    const char *path;        /* "/v1/status?x=1", percent-encoded */
    const struct tl_http_header *headers;
    size_t header_count;
    tl_str body;         /* sent as application/json unless `headers` say otherwise */
    int64_t total_ms;    /* 0: 30,000; -1: as long as it takes (tails) */
    size_t response_max; /* 0: 64 MiB */
    /* NULL, or given each line of a 2xx answer as it arrives, without its newline; false ends the call with
     * TL_ECANCELLED. The body is then not collected. */
    bool (*on_line)(void *ctx, tl_str line);
    void *ctx;
};

struct tl_ask_answer {
    int status;
    char type[80];      /* Content-Type, cut to fit */
    struct tl_buf body; /* own */
};

/* Any HTTP status is TL_OK. TL_ENOSERVER: nobody listens there (nothing was sent). TL_EACCESS: the socket file belongs
 * to somebody else. TL_ETIMEOUT; TL_EFULL: more than response_max; TL_EIO: broken off, the request may have been
 * carried out. `answer` is initialised in every case and released with tl_ask_answer_free. */
TL_MUST_CHECK tl_code tl_http_ask(const struct tl_ask *ask, struct tl_ask_answer *answer, struct tl_error *err);
void tl_ask_answer_free(struct tl_ask_answer *answer);
