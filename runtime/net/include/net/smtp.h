/* Sending a mail over SMTP, with the same client that makes the HTTP transfers. All functions: [loop] of the client. */
#pragma once
#include "net/http_client.h"

enum tl_smtp_tls {
    TL_SMTP_TLS_OFFERED, /* STARTTLS where the server offers it */
    TL_SMTP_TLS_REQUIRED,
    TL_SMTP_TLS_NEVER
};

struct tl_smtp_request {
    tl_str url; /* smtp://host[:port] or smtps://host[:port] */
    enum tl_smtp_tls
        tls; /* of smtp://. With a password or token the connection must be encrypted, whatever this says */
    tl_str user, password; /* empty: none */
    tl_str token;          /* an OAuth token of `user` instead of a password (XOAUTH2, OAUTHBEARER); empty: none */
    tl_str from;           /* an address, fit for tl_letter_address */
    const tl_str *to;      /* likewise; all of them are taken by the server, or nobody gets it */
    size_t to_count;
    tl_str letter;    /* head and body, lines end with CRLF; empty: a NOOP instead, which shows that the way is open */
    int64_t total_ms; /* 0: 60,000 */
};

/* Everything is copied. `done` as for tl_transfer_start. TL_SENT_ANSWERED: the server has spoken; `status` is its code
 * (2xx: it has taken the letter; 4xx, 5xx: it has not), `body` its last words. May be cancelled with
 * tl_transfer_cancel. */
struct tl_transfer *tl_smtp_send(struct tl_http_client *client, const struct tl_smtp_request *request,
                                 tl_transfer_done *done, void *ctx);
