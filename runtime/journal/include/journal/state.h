/* The state: what the put and delete records of the journal add up to. Reads see every commit up to tl_journal_applied,
 * never hold up the writer, and end after 5 s with TL_ETIMEOUT. Values live in the caller's arena. Thread: any. */
#pragma once
#include "base/arena.h"
#include "journal/journal.h"

struct tl_state_row {
    tl_str key, value;
    tl_str attr[TL_STATE_ATTRS];
    uint64_t commit; /* that wrote it last */
    int64_t time_ms; /* of that commit */
};

/* TL_ENOTFOUND when there is none. */
TL_MUST_CHECK tl_code tl_state_get(struct tl_journal *journal, tl_str table, tl_str key, struct tl_arena *arena,
                                   struct tl_state_row *out, struct tl_error *err);

enum tl_state_order {
    TL_BY_KEY = 0, /* 1..4: by attribute a1..a4, then key; rows without that attribute are left out */
    TL_BY_A1 = 1,
    TL_BY_A2 = 2,
    TL_BY_A3 = 3,
    TL_BY_A4 = 4,
    TL_BY_CHANGE = 5 /* by the commit that wrote the row last, then key */
};

struct tl_state_query {
    tl_str table;
    tl_str prefix;                /* of the key; empty: all */
    tl_str where[TL_STATE_ATTRS]; /* rows whose attribute equals this; empty: any */
    enum tl_state_order order;
    bool newest_first; /* turns the order round */
    tl_str after;      /* `next` of the page before; empty: the first page */
    size_t limit;      /* rows a page; 0: 100, at most 10,000 */
};

struct tl_state_page {
    struct tl_state_row *rows; /* in the arena */
    size_t count;
    tl_str next; /* empty: there is no other page. Text, safe in URLs. */
};

/* TL_EINPUT: `after` is not from such a query. */
TL_MUST_CHECK tl_code tl_state_scan(struct tl_journal *journal, const struct tl_state_query *query,
                                    struct tl_arena *arena, struct tl_state_page *out, struct tl_error *err);
/* Sees a row, whose memory is given back with its page. TL_ECANCELLED: it has seen enough. */
typedef tl_code tl_state_see(void *ctx, const struct tl_state_row *row, struct tl_error *err);
/* All rows that tl_state_scan gives, page after page of `limit` rows. Ends at the first code of `see` that is not
 * TL_OK, and gives it back, unless that was enough. */
TL_MUST_CHECK tl_code tl_state_each(struct tl_journal *journal, const struct tl_state_query *query, tl_state_see *see,
                                    void *ctx, struct tl_error *err);
/* Rows that match prefix and where. */
TL_MUST_CHECK tl_code tl_state_count(struct tl_journal *journal, const struct tl_state_query *query, uint64_t *out,
                                     struct tl_error *err);
