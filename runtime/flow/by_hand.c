/* Turning lanes by hand. */
#include "flow/by_hand.h"
#include "base/arena.h"
#include "base/clock.h"
#include "engine_int.h"
#include "journal/state.h"
#include "ticks.h"

static bool is_quiet(const struct tl_engine *engine, size_t held)
{
    size_t calls = 0;
    uint64_t last = tl_journal_last(engine->journal);
    bool quiet = engine->dispatch.dispatched == last || atomic_load(&engine->dispatch.unseen) == last;
    for (unsigned i = 0; i < engine->lane_count; i++) {
        const struct tl_lane *lane = engine->lanes[i];
        quiet = quiet && !lane->work_posted && !atomic_load(&lane->woken) && lane->batches_out == 0 && !lane->behind &&
                lane->batch == NULL && (lane->alone == NULL || lane->calls > 0);
        calls += lane->calls;
    }
    return quiet && calls == held;
}

bool tl_engine_turn(struct tl_engine *engine, size_t held, int max_ms)
{
    tl_dispatch_prepare(engine, engine->lanes[0]);
    if (engine->lanes[0]->inbox != NULL)
        tl_lane_nudge(engine->lanes[0]);
    bool quiet = is_quiet(engine, held);
    for (unsigned i = 0; i < engine->lane_count; i++) {
        if (quiet)
            tl_loop_turn(engine->lanes[i]->loop);
        else
            tl_loop_wait(engine->lanes[i]->loop, max_ms);
    }
    return quiet && is_quiet(engine, held);
}

/* ---- what waits for time ---- */

/* The loop's earliest timer beside those that only make rounds. */
static int64_t loop_due(struct tl_lane *lane)
{
    struct tl_timer *rounds[] = {&lane->tick, &lane->timers, &lane->ticks};
    int64_t due[TL_COUNT_OF(rounds)];
    for (size_t i = 0; i < TL_COUNT_OF(rounds); i++) {
        due[i] = tl_timer_is_set(rounds[i]) ? rounds[i]->due_ms : INT64_MAX;
        tl_timer_stop(rounds[i]);
    }
    int64_t first = tl_loop_due_ms(lane->loop);
    for (size_t i = 0; i < TL_COUNT_OF(rounds); i++) {
        if (due[i] != INT64_MAX)
            tl_timer_start_at(lane->loop, rounds[i], due[i]);
    }
    return first;
}

/* Of the durable timers; their rows begin with the moment. */
static int64_t row_due(struct tl_engine *engine)
{
    struct tl_arena arena;
    struct tl_state_page page;
    struct tl_state_query query = {.table = TL_STR("timer"), .limit = 1};
    int64_t due = INT64_MAX;
    uint64_t wall_ms;
    tl_str key, part;
    tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal));
    tl_arena_init(&arena);
    if (tl_state_scan(engine->journal, &query, &arena, &page, NULL) == TL_OK && page.count > 0) {
        key = page.rows[0].key;
        if (tl_str_cut(&key, '/', &part) && tl_str_u64(part, &wall_ms))
            due = tl_mono_ms() + ((int64_t)wall_ms - tl_wall_ms());
    }
    tl_arena_free(&arena);
    return due;
}

int64_t tl_engine_due_ms(struct tl_engine *engine)
{
    int64_t due = row_due(engine);
    for (unsigned i = 0; i < engine->lane_count; i++) {
        int64_t of = loop_due(engine->lanes[i]), tick = tl_ticks_due_ms(engine->lanes[i]);
        due = of < due ? of : due;
        due = tick < due ? tick : due;
    }
    return due;
}

void tl_engine_clock_moved(struct tl_engine *engine)
{
    for (unsigned i = 0; i < engine->lane_count; i++)
        tl_loop_clock_moved(engine->lanes[i]->loop);
}
