/* What HTTP server and client share: a header field, and looking one up. Thread: any. */
#pragma once
#include "base/str.h"

struct tl_http_header {
    tl_str name;  /* borrow */
    tl_str value; /* borrow; without surrounding blanks */
};

/* The first field of that name (case ignored); NULL when there is none. */
const struct tl_http_header *tl_http_header_find(const struct tl_http_header *headers, size_t count, const char *name);
/* Its value; the empty slice when there is none. */
tl_str tl_http_header_value(const struct tl_http_header *headers, size_t count, const char *name);
/* The next one of the same name after `previous`; NULL at the end. */
const struct tl_http_header *tl_http_header_next(const struct tl_http_header *headers, size_t count,
                                                 const struct tl_http_header *previous);
/* "Not Found"; "Unknown" for a status without a standard phrase. */
const char *tl_http_status_text(int status);
