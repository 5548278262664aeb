/* One mail as text (RFC 5322): plain text in UTF-8, nothing that mail servers could read in two ways. Pure. Thread:
 * any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include <stdint.h>

#define TL_LETTER_TEXT_MAX (256 * 1024)

struct tl_letter {
    tl_str from, to; /* addresses: name@host, ASCII */
    tl_str subject;  /* UTF-8; cut after 120 characters, control characters become blanks */
    tl_str text;     /* UTF-8, lines end with \n; at most TL_LETTER_TEXT_MAX */
    tl_str id;       /* letters, digits, '-', '.': sent again, the same letter keeps it */
    int64_t time_ms; /* Unix time */
};

/* name@host of letters, digits and what is usual in names; no quotes, no comments, no list. */
bool tl_letter_address(tl_str address);
/* Appends head and body with CRLF. TL_EINPUT: an address, the id or the size is not fit. */
TL_MUST_CHECK tl_code tl_letter_write(const struct tl_letter *letter, struct tl_buf *out, struct tl_error *err);
