/* Sending a mail over SMTP, with the same client that makes the HTTP transfers. All functions: [loop] of the client. */
#pragma once
#include "net/http_client.h"

struct tl_smtp_request {
    tl_str url;            /* smtp://host[:port], with STARTTLS where the server offers it, or smtps://host[:port] */
    tl_str user, password; /* empty: none. With a password the connection must be encrypted, or nothing is sent */
    tl_str from, to;       /* addresses, fit for tl_letter_address */
    tl_str letter;         /* head and body, of tl_letter_write */
    int64_t total_ms;      /* 0: 60,000 */
};

/* Everything is copied. `done` as for tl_transfer_start: TL_SENT_ANSWERED when the server has taken the letter; else
 * `error` says what failed, the server's own words included. May be cancelled with tl_transfer_cancel. */
struct tl_transfer *tl_smtp_send(struct tl_http_client *client, const struct tl_smtp_request *request,
                                 tl_transfer_done *done, void *ctx);
