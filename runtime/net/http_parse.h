/* Reading HTTP/1.1 requests (RFC 9112): pure, incremental, without I/O and without copies. The same bytes give the same
 * result however they are cut. What could be read in two ways by two programs in a row is refused, never repaired.
 *
 * The head is read from one buffer that only grows between calls; results are spans (offset, length) in it, so that it
 * may move. The body is then decoded piece by piece, in place. Thread: one at a time. */
#pragma once
#include "base/str.h"

struct tl_http_span {
    uint32_t at, len;
};

struct tl_http_field {
    struct tl_http_span name, value;
};

struct tl_http_head_limits {
    uint32_t head_bytes;   /* request line and fields with their line ends */
    uint32_t target_bytes; /* at most head_bytes */
    uint32_t fields;
};

enum tl_http_read { TL_HTTP_MORE, TL_HTTP_DONE, TL_HTTP_BAD };

struct tl_http_head {
    struct tl_http_head_limits limits;

    /* The result, when DONE. */
    uint32_t size; /* bytes of the head; the body begins there */
    struct tl_http_span method, target, path, query, host;
    struct tl_http_field *fields; /* own */
    uint32_t count;
    uint32_t minor;  /* HTTP/1.minor: 0 or 1 */
    uint64_t length; /* Content-Length; 0 without one */
    bool has_length, is_chunked;
    bool keeps_alive;      /* the client would use the connection again */
    bool expects_continue; /* "100-continue" */

    /* The reason, when BAD. */
    int status;         /* 400, 414, 417, 431, 501, 505 */
    const char *reason; /* a sentence */

    /* How far it has come. */
    uint32_t cap;
    uint32_t start; /* of the request line */
    uint32_t line;  /* start of the line being read */
    uint32_t seen;  /* no line end before here */
    bool has_host, wants_close, wants_keep, has_coding, has_authority, has_expect;
};

void tl_http_head_init(struct tl_http_head *head, const struct tl_http_head_limits *limits);
void tl_http_head_free(struct tl_http_head *head);
/* Forgets the last request. */
void tl_http_head_begin(struct tl_http_head *head);
/* `bytes` is everything received of this request so far, from its first byte. Not called again after DONE or BAD. */
enum tl_http_read tl_http_head_read(struct tl_http_head *head, const char *bytes, size_t len);

struct tl_http_body {
    int step;
    int digits;         /* of the chunk size being read */
    uint32_t odd_bytes; /* chunk extensions and trailers so far */
    uint64_t left;      /* bytes still to come: of the body, or of this chunk */
    uint64_t total;     /* decoded so far */
    uint64_t max;       /* most it may decode to */

    int status; /* when BAD: 400 or 413 */
    const char *reason;
};

/* The body that `head` announces, of at most `max` bytes; BAD (413) when a Content-Length says more at once. */
enum tl_http_read tl_http_body_begin(struct tl_http_body *body, const struct tl_http_head *head, uint64_t max);
/* Decodes raw[0..len) to `to`, which is `raw` or before it in the same buffer. `*used`: raw bytes taken, all of them
 * unless DONE or BAD; `*made`: decoded bytes written. What follows a DONE is the next request. */
enum tl_http_read tl_http_body_read(struct tl_http_body *body, char *to, const char *raw, size_t len, size_t *used,
                                    size_t *made);
