/* URIs (RFC 3986): percent-encoding, splitting, query strings. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum tl_uri_set {                    /* what stays as it is; everything else becomes %XX of its bytes */
                  TL_URI_UNRESERVED, /* A-Z a-z 0-9 - . _ ~ : one path segment or one query name or value */
                  TL_URI_RESERVED,   /* and : / ? # [ ] @ ! $ & ' ( ) * + , ; = and existing %XX: whole URIs, RFC 6570's
                                        {+x} */
                  TL_URI_PATH,       /* unreserved and / ! $ & ' ( ) * + , ; = : @ : a whole path */
                  TL_URI_FORM        /* application/x-www-form-urlencoded: A-Z a-z 0-9 * - . _ stay, blank becomes + */
};
/* Appends; false when the buffer is full. */
bool tl_uri_encode(struct tl_buf *out, tl_str s, enum tl_uri_set keep);
/* Appends the decoded bytes (any bytes; check UTF-8 where text is wanted). `plus` reads + as a blank, as queries and
 * forms do. TL_EINPUT for a % without two hex digits; nothing is appended then. */
tl_code tl_uri_decode(struct tl_buf *out, tl_str s, bool plus, struct tl_error *err);

/* The parts of an absolute URI, borrowed from it and still encoded. */
struct tl_uri {
    tl_str scheme;   /* "https" */
    tl_str userinfo; /* empty when absent */
    tl_str host;     /* a name, an IPv4 address, or an IPv6 address without its brackets */
    uint16_t port;   /* as written, or 80/443 by scheme, or 0 */
    tl_str path;     /* begins with / or is empty */
    tl_str query;    /* without ? */
    tl_str fragment; /* without # */
    bool has_query, has_fragment, has_port;
};
/* Needs "scheme://host"; refuses blanks, control characters and bad percent-encoding. TL_EINPUT. */
tl_code tl_uri_split(tl_str text, struct tl_uri *out, struct tl_error *err);

/* Walks "a=1&b=2": cuts the next pair off `*rest`, still encoded; false at the end. A name without = has an empty
 * value. Empty pairs are skipped. Decode both with tl_uri_decode(…, plus = true). */
bool tl_query_next(tl_str *rest, tl_str *name, tl_str *value);
/* The decoded value of the first pair of that name, appended to `out`. TL_ENOTFOUND, TL_EINPUT, TL_EFULL. */
tl_code tl_query_get(tl_str query, const char *name, struct tl_buf *out, struct tl_error *err);
/* Appends name=value, encoded, with & before it unless `out` is empty or ends with ? or &. */
bool tl_query_add(struct tl_buf *out, tl_str name, tl_str value);
