/* What the files of the capture share: one round of one object. changes.c makes the round, updated.c knows the updated
 * list, log.c the delete log and the recycle bin; time.c reads the platform's times, refusal.c its refusals. Everything
 * lives in the scope of the round. */
#ifndef SALESFORCE_CHANGES_H
#define SALESFORCE_CHANGES_H

#include "children.h"
#include "cursor.h"

#define SF_STEP_MS 61000    /* both lists want start and end more than a minute apart */
#define SF_UPDATED_PAGES 16 /* a round's pages of what the updated list names */
#define SF_BIN_PAGES 16     /* a round's pages of the recycle bin */

struct changes {
    struct sf_cursor cursor;
    tlc_slice object, fields, where;
    int64_t overlap_ms, now_ms; /* now: the platform's clock, as far as it has been told */
    int want_deleted, by_updated, pages;
    int stored_more;    /* what the stored cursor says of cursor.more */
    tlc_slice next;     /* path of the next page, or absent */
    tlc_slice page;     /* the answer being worked on */
    tlc_slice *records; /* of it */
    uint32_t count;
    struct sf_child child;
    tlc_event *events;
    uint32_t event_count;

    /* The updated list. */
    tlc_slice *ids; /* in the order of their texts */
    uint32_t id_count, id_at, id_end;
    tlc_slice covered; /* where it goes on, when all ids are read */
    int listed;        /* it has been read in this round */
    int moved;         /* the position has, and nothing else is to be emitted with it */

    /* The delete log. */
    int64_t log_end_ms; /* of the stretch that is asked for */
    int log_looks, log_over;
    tlc_slice log; /* its answer, or absent */
    int log_halve;

    /* What is not told of: up to gap_ms (0: nothing), beginning where gap_from says. */
    int64_t gap_ms;
    tlc_slice gap_from;
    const char *gap_why, *gap_deletions;
    int lapsed; /* the updated list is what does not reach back */
    int bin_due, bin_pages;
};

/* The platform's clock; ours when the answer has no Date. */
int64_t sf_platform_now(tlc_call *c, const tlc_input *in);
tlc_slice sf_time_text(tlc_call *c, int64_t ms);
/* Milliseconds of a text of a cursor; 0 when it is none. */
int64_t sf_time_of(tlc_slice text);

/* The answer is a refusal with this code. */
int sf_refused_with(tlc_call *c, const tlc_input *in, const char *code);

/* Where a capture by the updated list begins. 0: the setting is neither now, all nor a time. */
int sf_updated_since(tlc_call *c, struct changes *s, tlc_slice since);
/* A look at the last minutes, for the platform's word on how far it is. sf_updated_begin: 0 when it has none. */
const tlc_transfer *sf_ask_updated_now(tlc_call *c, const struct changes *s);
int sf_updated_begin(tlc_call *c, struct changes *s, const tlc_input *in);
int sf_updated_is_due(const struct changes *s);
const tlc_transfer *sf_ask_updated(tlc_call *c, struct changes *s);
/* Ids, a shorter stretch to ask for, or a gap. 0: the platform's failure, for the manifest to class. */
int sf_updated_take(tlc_call *c, struct changes *s, const tlc_input *in);
/* The condition for the next records: a slice of the ids, or behind the last one of a read of everything. */
tlc_slice sf_updated_condition(tlc_call *c, struct changes *s);
int sf_updated_page_due(const struct changes *s);
/* Behind the page that is in `records`. */
void sf_updated_move(tlc_call *c, struct changes *s);

/* The log is due, or a gap is to be told. */
int sf_log_is_due(struct changes *s);
const tlc_transfer *sf_ask_log(tlc_call *c, struct changes *s);
/* Keeps the answer, and finds what it does not reach back to. 0: the platform's failure. */
int sf_log_read(tlc_call *c, struct changes *s, const tlc_input *in);
/* What was deleted in the gap, as far as the recycle bin has it; an object that cannot be asked is no failure. */
const tlc_transfer *sf_ask_bin(tlc_call *c, const struct changes *s);
int sf_bin_take(tlc_call *c, struct changes *s, const tlc_input *in);
/* Events of the gap and the log, and the cursor behind them. 0: nothing yet, a shorter stretch is to be asked for. */
int sf_log_take(tlc_call *c, struct changes *s);

#endif
