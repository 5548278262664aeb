/* Where a capture of one set stands. As JSON: {"t": the modified-at of the last entity read, "k": the literal
 * of its key (of single keys), "floor" and "floor_k": below which nothing is wanted, "more": true while pages
 * of a backlog are to come}. */
#ifndef ODATA_CURSOR_H
#define ODATA_CURSOR_H

#include "odata.h"

struct od_cursor {
    tlc_slice t, k, floor, floor_k;
    int more;
};

/* 0 when the text is none of ours. */
int od_cursor_read(tlc_call *c, tlc_slice text, struct od_cursor *out);
tlc_slice od_cursor_write(tlc_call *c, const struct od_cursor *cursor);
/* The $filter for what comes next, or absent. `key` is the single key property, or absent when there are
 * several. */
tlc_slice od_cursor_filter(tlc_call *c, const struct od_cursor *cursor, tlc_slice modified, tlc_slice key,
                           int64_t overlap_ms);

#endif
