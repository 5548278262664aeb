/* From page to page of a list, as a manifest says it: by a link, by a word the platform gives, by counting. Pure.
 * Thread: one at a time. */
#pragma once
#include "answer.h"
#include "exchange.h"

/* What has been read of a list. */
struct tl_pages {
    uint64_t count; /* pages, this one too */
    uint64_t items; /* in all of them */
    uint64_t last;  /* on this one */
    bool cut;       /* it ends with fewer items than the platform says it has */
};

/* What to say when it is. */
extern const char tl_pages_cut[];

/* `paging`: an object with `next`, and perhaps `size` and `total`. Points `sending` at the page behind the one
 * that was answered; false when that was the last. */
bool tl_paging_next(const struct tl_json_value *paging, struct tl_answer *answer, const struct tl_vars *vars,
                    struct tl_arena *arena, struct tl_pages *pages, struct tl_exchange_request *sending);
