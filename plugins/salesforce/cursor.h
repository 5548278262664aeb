/* Where a capture of one object stands. As JSON: {"t": SystemModstamp, "id": Id of the last record read,
 * "floor": the t below which nothing is wanted, "floor_id": its Id, "deleted": the end of the delete log
 * read, "more": true while pages of a backlog are still to come}. By the updated list: "updated": how far it has been
 * read, "until": the end of the stretch under way, "base": "1" while everything is read, with "id" as above for both.
 * While a gap is looked into: "bin", "bin_id": the row of the recycle bin told last. All times as Salesforce writes
 * them. */
#ifndef SALESFORCE_CURSOR_H
#define SALESFORCE_CURSOR_H

#include "salesforce.h"

struct sf_cursor {
    tlc_slice t, id;           /* absent: from the first record on */
    tlc_slice floor, floor_id; /* absent: none */
    tlc_slice deleted;         /* absent: the log has not been looked at */
    tlc_slice updated, until, base;
    tlc_slice bin, bin_id;
    int more;
};

/* 0 when the text is none of ours. */
int sf_cursor_read(tlc_call *c, tlc_slice text, struct sf_cursor *out);
tlc_slice sf_cursor_write(tlc_call *c, const struct sf_cursor *cursor);
/* The SOQL condition for what comes next, or an absent slice: with `more` strictly after (t, id), else from
 * `overlap_ms` before t on, never below the floor. */
tlc_slice sf_cursor_condition(tlc_call *c, const struct sf_cursor *cursor, int64_t overlap_ms);

#endif
