/* Where a capture of one model stands. As JSON: {"t": the newest change of the last scan, "floor": up to which nothing
 * is wanted; and while a scan is going on "id": the last record it has read, "last": the newest change it has seen,
 * "began": Tryton's clock when it began, "more": true}. */
#ifndef TRYTON_CURSOR_H
#define TRYTON_CURSOR_H

#include "tryton.h"

struct tr_cursor {
    tlc_slice t, floor, id, last, began;
    int more;
};

/* 0 when the text is none of ours. */
int tr_cursor_read(tlc_call *c, tlc_slice text, struct tr_cursor *out);
tlc_slice tr_cursor_write(tlc_call *c, const struct tr_cursor *cursor);
/* The domain (JSON) of the records that come next, with `filter` (a domain, or absent) beside it. */
tlc_slice tr_cursor_domain(tlc_call *c, const struct tr_cursor *cursor, tlc_slice filter, int64_t overlap_ms);
/* The scan has come to its end: the next one begins where this one has seen everything. */
void tr_cursor_end(struct tr_cursor *cursor);
/* Times as this connector writes them compare as texts. */
int tr_cursor_compare(tlc_slice a, tlc_slice b);

#endif
