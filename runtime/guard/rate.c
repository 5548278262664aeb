/* Token bucket and day budget: see guard/rate.h. Whole numbers only, so that no drift adds up. Thread: one at
 * a time. */
#include "guard/rate.h"

#include <string.h>

#define CALL_U 1000000 /* one call in millionths */
#define SLOT_MS (15 * 60 * 1000)
#define GROW_MS 10000

static int64_t full_rate(const struct tl_rate_config *config)
{
    return (int64_t)config->per_second * CALL_U;
}

void tl_rate_init(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms)
{
    memset(rate, 0, sizeof(*rate));
    rate->per_second_u = full_rate(config);
    rate->tokens_u = rate->per_second_u;
    rate->filled_ms = rate->grown_ms = now_ms;
    rate->slot = now_ms / SLOT_MS;
}

/* ---- per second ---- */

static void grow(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms)
{
    int64_t full = full_rate(config);

    while (rate->per_second_u < full && now_ms - rate->grown_ms >= GROW_MS) {
        rate->per_second_u += full / 10;
        rate->grown_ms += GROW_MS;
    }
    if (rate->per_second_u >= full) /* also when the configured rate was lowered */
        rate->per_second_u = full;
}

static void fill(struct tl_rate *rate, int64_t now_ms)
{
    int64_t passed = now_ms - rate->filled_ms;
    int64_t most = rate->per_second_u > CALL_U ? rate->per_second_u : CALL_U; /* one second's worth may be saved */

    if (passed <= 0)
        return;
    if (passed > 1000000)
        passed = 1000000;
    rate->tokens_u += passed * rate->per_second_u / 1000;
    if (rate->tokens_u > most)
        rate->tokens_u = most;
    rate->filled_ms = now_ms;
}

/* ---- per day ---- */

static void turn(struct tl_rate *rate, int64_t now_ms)
{
    int64_t slot = now_ms / SLOT_MS;

    if (slot - rate->slot >= TL_RATE_SLOTS) {
        memset(rate->used, 0, sizeof(rate->used));
        rate->used_sum = 0;
        rate->slot = slot;
    }
    while (rate->slot < slot) {
        rate->slot++;
        rate->used_sum -= rate->used[rate->slot % TL_RATE_SLOTS];
        rate->used[rate->slot % TL_RATE_SLOTS] = 0;
    }
}

/* When enough slots will have left the window for one call more. */
static int64_t day_opens(const struct tl_rate *rate, uint64_t limit)
{
    uint64_t sum = rate->used_sum;
    int64_t slot = rate->slot - TL_RATE_SLOTS + 1;

    for (; slot <= rate->slot && sum >= limit; slot++)
        if (slot >= 0)
            sum -= rate->used[slot % TL_RATE_SLOTS];
    return (slot - 1 + TL_RATE_SLOTS) * SLOT_MS;
}

enum tl_rate_why tl_rate_take(struct tl_rate *rate, const struct tl_rate_config *config, enum tl_priority priority,
                              int64_t now_ms, int64_t *until_ms)
{
    *until_ms = now_ms;
    turn(rate, now_ms);
    if (config->per_day) {
        uint32_t kept = config->keep_for_live_pc > 100 ? 100 : config->keep_for_live_pc;
        uint64_t limit = priority == TL_BULK
                             ? config->per_day / 100 * (100 - kept) + config->per_day % 100 * (100 - kept) / 100
                             : config->per_day;
        if (rate->used_sum >= limit) {
            *until_ms = limit ? day_opens(rate, limit) : TL_NEVER;
            return TL_RATE_DAY;
        }
    }
    if (config->per_second) {
        grow(rate, config, now_ms);
        fill(rate, now_ms);
        if (rate->tokens_u < CALL_U) {
            int64_t missing = (CALL_U - rate->tokens_u) * 1000;
            *until_ms = now_ms + (missing + rate->per_second_u - 1) / rate->per_second_u;
            return TL_RATE_SECOND;
        }
        rate->tokens_u -= CALL_U;
    }
    rate->used[rate->slot % TL_RATE_SLOTS]++;
    rate->used_sum++;
    return TL_RATE_OPEN;
}

void tl_rate_give_back(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms)
{
    turn(rate, now_ms);
    uint32_t *used = &rate->used[rate->slot % TL_RATE_SLOTS];
    if (*used > 0) { /* taken in an earlier slot otherwise: a call too many is counted, never one too few */
        (*used)--;
        rate->used_sum--;
    }
    if (config->per_second)
        rate->tokens_u += CALL_U;
}

void tl_rate_shrink(struct tl_rate *rate, const struct tl_rate_config *config, int64_t now_ms)
{
    int64_t least = full_rate(config) / 50 > CALL_U / 10 ? full_rate(config) / 50 : CALL_U / 10;

    if (!config->per_second)
        return;
    /* Many calls are in flight when the first 429 arrives; together they halve the rate once a second. */
    if (now_ms - rate->grown_ms < 1000 && rate->per_second_u < full_rate(config))
        return;
    fill(rate, now_ms);
    rate->per_second_u = rate->per_second_u / 2 > least ? rate->per_second_u / 2 : least;
    if (rate->per_second_u > full_rate(config))
        rate->per_second_u = full_rate(config);
    if (rate->tokens_u > 0)
        rate->tokens_u = 0;
    rate->grown_ms = now_ms;
}

uint64_t tl_rate_used_today(struct tl_rate *rate, int64_t now_ms)
{
    turn(rate, now_ms);
    return rate->used_sum;
}
