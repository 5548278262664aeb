/* Durable timers: rows by due time, of which each lane looks at the first ones; nothing of them is in memory but the
 * moment of the next look. State table "timer": key = "<due ms, 13 digits>/<run id>/<number>", value = the run's
 * partition. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/runs.h"
#include "journal/state.h"
#include "await.h"
#include <stdio.h>

#define TABLE_TIMER "timer"
#define PAGE 256
#define TIMER_KEY 48
#define LOOK_MS 30000 /* at the latest: the wall clock may have been set */
#define ON_THE_WAY_MAX 4096

static void key_of(const struct tl_run_row *row, const struct tl_run_wait *wait, char out[TIMER_KEY])
{
    snprintf(out, TIMER_KEY, "%013lld/%s/%u", (long long)(wait->due_ms < 0 ? 0 : wait->due_ms), row->id, wait->number);
}

void tl_timers_put(const struct tl_run_row *row, const struct tl_run_wait *wait, struct tl_batch *batch)
{
    char key[TIMER_KEY], partition[8];
    key_of(row, wait, key);
    snprintf(partition, sizeof partition, "%u", (unsigned)(row->line % TL_PARTITIONS));
    struct tl_state_put put = {.table = TL_STR(TABLE_TIMER), .key = tl_str_z(key), .value = tl_str_z(partition)};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
}

void tl_timers_del(const struct tl_run_row *row, const struct tl_run_wait *wait, struct tl_batch *batch)
{
    char key[TIMER_KEY];
    key_of(row, wait, key);
    tl_must(tl_batch_del(batch, TL_STR(TABLE_TIMER), tl_str_z(key), NULL) == TL_OK);
}

static void look_at(struct tl_lane *lane, int64_t due_ms)
{
    int64_t wait = due_ms - tl_wall_ms();
    int64_t at = tl_mono_ms() + (wait < 0 ? 0 : wait > LOOK_MS ? LOOK_MS : wait);
    if (!tl_timer_is_set(&lane->timers) || lane->timers.due_ms > at)
        tl_timer_start_at(lane->loop, &lane->timers, at);
}

/* The state has the rows that were recorded before. */
static void recorded(struct tl_batch *batch, void *ctx)
{
    struct tl_lane *lane = ctx;
    int64_t due = lane->timers_due;
    lane->batches_out--;
    lane->timers_asked = false;
    tl_batch_free(batch);
    if (lane->phase == TL_LANE_RUNNING)
        look_at(lane, due);
    tl_lane_stop_step(lane);
}

void tl_timers_set(struct tl_lane *lane, int64_t due_ms)
{
    struct tl_journal *journal = lane->engine->journal;
    if (!lane->timers_asked || due_ms < lane->timers_due)
        lane->timers_due = due_ms;
    if (lane->timers_asked && tl_journal_last(journal) <= lane->timers_upto)
        return;
    lane->timers_asked = true;
    lane->timers_upto = tl_journal_last(journal);
    lane->batches_out++;
    tl_journal_submit(journal, tl_batch_new(journal), TL_APPLIED, lane->loop, recorded, lane);
}

/* ---- due ---- */

struct timer {
    int64_t due_ms;
    tl_str run;
    uint32_t number;
};

static bool read_timer(tl_str key, struct timer *out)
{
    tl_str due, run;
    uint64_t ms, number;
    if (!tl_str_cut(&key, '/', &due) || !tl_str_cut(&key, '/', &run) || !tl_str_u64(due, &ms) ||
        !tl_str_u64(key, &number))
        return false;
    *out = (struct timer){(int64_t)ms, run, (uint32_t)number};
    return true;
}

static void timed_out(struct tl_lane *lane, struct tl_run_row *run, const struct tl_run_wait *wait)
{
    struct tl_step_row row = {.state = TL_STEP_DONE, .at_ms = tl_wall_ms(), .now_ms = tl_wall_ms()};
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    tl_str key = tl_str_z(wait->key != NULL ? wait->key : run->key);
    if (wait->kind == TL_ASK_AWAIT && tl_await_came(lane, wait, key, &arena, &event))
        row = tl_await_row(&arena, &event); /* it came in time, and is just being told */
    tl_run_wake(lane, run, wait->number, &row, NULL);
    tl_arena_free(&arena);
}

/* True: it was this lane's, and something happened. */
static bool fire(struct tl_lane *lane, const struct timer *timer)
{
    struct tl_run_row *run = tl_run_get(lane, timer->run);
    struct tl_run_wait *wait = run != NULL ? tl_run_row_wait(run, timer->number) : NULL;
    if (wait == NULL || wait->due_ms != timer->due_ms)
        return false; /* it is over; its row goes or has gone */
    if (timer->number == 0)
        tl_run_expire(lane, run);
    else
        timed_out(lane, run, wait);
    return true;
}

/* Fires what is due on this page. False: nothing later is due, `*next` says when something is. */
static bool fire_page(struct tl_lane *lane, const struct tl_state_page *page, int64_t now, int64_t *next)
{
    for (size_t i = 0; i < page->count; i++) {
        struct timer timer;
        uint64_t partition;
        if (!read_timer(page->rows[i].key, &timer) || !tl_str_u64(page->rows[i].value, &partition))
            continue;
        if (timer.due_ms > now) {
            *next = timer.due_ms;
            return false;
        }
        if (partition % lane->engine->lane_count == lane->index)
            fire(lane, &timer);
    }
    return page->next.len > 0;
}

static void look(struct tl_timer *timer)
{
    struct tl_lane *lane = TL_CONTAINER_OF(timer, struct tl_lane, timers);
    struct tl_arena arena;
    struct tl_error err;
    if (lane->phase != TL_LANE_RUNNING)
        return;
    tl_arena_init(&arena);
    int64_t now = tl_wall_ms(), next = now + LOOK_MS;
    struct tl_state_query query = {.table = TL_STR(TABLE_TIMER), .limit = PAGE};
    struct tl_state_page page;
    bool more = true;
    size_t before = lane->written_count;
    while (more && lane->written_count - before < ON_THE_WAY_MAX) {
        tl_code code = tl_state_scan(lane->engine->journal, &query, &arena, &page, &err);
        if (code != TL_OK) {
            tl_log(TL_ERROR, "lane.timers", err.text);
            next = now + 1000;
            more = false;
            break;
        }
        more = fire_page(lane, &page, now, &next);
        query.after = page.next;
    }
    tl_arena_free(&arena);
    look_at(lane, next);
    if (more) /* the rest, when these are written */
        tl_timers_set(lane, now);
}

void tl_timers_init(struct tl_lane *lane)
{
    tl_timer_init(&lane->timers, look);
}
