/* The mail connector: what its files share. Everything lives in the scope of its call or instance. */
#ifndef MAIL_H
#define MAIL_H

#include "paper.h"
#include <tidelock/call.h>

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice from, from_name, tls;
};

/* A mail being written. */
struct ml_letter {
    struct ml_paper paper;
    tlc_slice id;      /* the Message-ID without its brackets */
    const char *wrong; /* the first field that is not fit, and why; NULL: none */
    tlc_slice field;
    tlc_header *envelope; /* what the host is given: from, tls, a `to` for each receiver */
    uint32_t envelope_count, envelope_cap;
};

/* ---- refusals (refusal.c) */

/* The letter is not sent; the first refusal is the one that is told. */
void ml_refuse(struct ml_letter *letter, tlc_slice field, const char *why);

/* ---- addresses (address.c) */

/* name@host in ASCII: letters, digits and what is usual in names; no quotes, no comments. */
int ml_is_address(tlc_slice text);
/* Writes the header `name` with the receivers in `list` ("a@b", {name, address}, or a list of them), unless it is NULL,
 * and puts them into the envelope when `into_envelope`. */
void ml_receivers(tlc_call *c, struct ml_letter *letter, const char *field, const char *name, int into_envelope);
/* name <address>. */
void ml_person(tlc_call *c, struct ml_letter *letter, tlc_slice name, tlc_slice address);

/* ---- the head (head.c) */

/* Text as a header's value: as it is when that is safe, else in encoded words (RFC 2047). `used`: characters that stand
 * on the line already. Control characters are refused. */
void ml_head_text(tlc_call *c, struct ml_letter *letter, tlc_slice field, tlc_slice text, uint64_t used);
/* The headers of the arguments: those that a mail may be given from outside. */
void ml_head_more(tlc_call *c, struct ml_letter *letter);
/* Date: … */
void ml_head_date(struct ml_letter *letter, int64_t wall_ms);

/* ---- boundaries (boundary.c) */

/* before, boundary, after. */
void ml_put_boundary(struct ml_paper *paper, const char *before, tlc_slice boundary, const char *after);

/* ---- the body (body.c) */

/* Content headers, the empty line and the text, with an HTML form beside it and attachments behind it where there are.
 */
void ml_body(tlc_call *c, struct ml_letter *letter, tlc_slice boundary);

/* ---- attachments (attachment.c) */

/* The parts of a JSON array of {name, type, content, encoding}, each behind its boundary ("=_m" and `boundary`); the
 * closing one is the caller's. What is not fit refuses the letter. */
void ml_attachments(tlc_call *c, struct ml_letter *letter, tlc_slice list, tlc_slice boundary);

#endif
