/* How many calls: a token bucket per second, and a budget over rolling 24 hours of which a share is kept for
 * live work (urgent and normal), so that a bulk load cannot use up the day. A platform that says "too many"
 * (429) halves the rate; it grows back by a tenth of the configured rate every 10 s. Pure. Thread: one at a
 * time. */
#pragma once
#include "base/priority.h"
#include "guard/instant.h"
#include <stdbool.h>

struct tl_rate_config {
    uint32_t per_second;       /* 0: no limit */
    uint64_t per_day;          /* 0: no limit */
    uint32_t keep_for_live_pc; /* percent of per_day that bulk may not touch */
};

#define TL_RATE_SLOTS 96 /* quarters of an hour */

struct tl_rate {
    int64_t tokens_u;     /* millionths of a call */
    int64_t filled_ms;    /* when tokens were last added */
    int64_t per_second_u; /* current rate, millionths a second; below the configured one after a 429 */
    int64_t grown_ms;     /* when it last grew or shrank */
    uint32_t used[TL_RATE_SLOTS];
    uint64_t used_sum;
    int64_t slot; /* number of the newest slot */
};

enum tl_rate_why { TL_RATE_OPEN, TL_RATE_SECOND, TL_RATE_DAY };

void tl_rate_init(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms);
/* Takes one call, or says which limit stands against it and when to ask again. */
enum tl_rate_why tl_rate_take(struct tl_rate *rate, const struct tl_rate_config *config, enum tl_priority priority,
                              int64_t now_ms, int64_t *until_ms);
/* The call was not sent after all. */
void tl_rate_give_back(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms);
/* The platform said "too many". */
void tl_rate_shrink(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms);
uint64_t tl_rate_used_today(struct tl_rate *rate, int64_t now_ms);
