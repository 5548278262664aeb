/* The start: what the state and the end of the journal say is unfinished, parked, paused. Afterwards progress knows
 * every unit that has not ended; lanes read them from the first such commit on (lane.c), in order, like any other
 * backlog. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "exception_int.h"
#include "activation.h"
#include "flow/exception.h"
#include "flow/runs.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "pause_int.h"
#include "progress_row.h"
#include "expected.h"
#include "run.h"
#include <stdio.h>

#define PAGE 5000

static tl_code scan(struct tl_engine *engine, const char *table, tl_state_see *see, struct tl_error *err)
{
    struct tl_state_query query = {.table = tl_str_z(table), .limit = PAGE};
    return tl_state_each(engine->journal, &query, see, engine, err);
}

/* ---- rows ---- */

static tl_code read_exception(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    (void)err;
    tl_exception_restore(engine, row->key, row->value);
    return TL_OK;
}

static tl_code read_progress(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    if (!tl_progress_row_read(&engine->progress, &engine->plan, row->key, row->value))
        return tl_fail(err, TL_ECORRUPT, "state table \"progress\", row \"%.*s\" is damaged", TL_STR_ARGS(row->key));
    return TL_OK;
}

static tl_code read_flow(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    return tl_activation_read_flow(engine, row->key, row->value, err);
}

static tl_code read_begun(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    (void)err;
    tl_activation_read_begun(engine, row->key, row->value);
    return TL_OK;
}

static tl_code read_mark(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    (void)err;
    uint64_t count = 0;
    if (tl_str_u64(row->value, &count) && count > 0)
        tl_map_put(&engine->poison.marks, row->key, (void *)(uintptr_t)count);
    return TL_OK;
}

static tl_code read_pause(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    (void)err;
    tl_pause_restore(engine, row->key, row->value);
    return TL_OK;
}

static void index_waits(struct tl_engine *engine, const struct tl_run_row *run)
{
    for (size_t i = 0; i < run->wait_count; i++) {
        struct tl_await entry = tl_run_wait_entry(run, &run->waits[i]);
        if (entry.key_hash != 0)
            tl_await_index_add(&engine->awaits, &entry);
    }
}

/* It was being tried again: its exception is open still, and a person tries it again. */
static bool is_parked(struct tl_lane *lane, const struct tl_run_row *run)
{
    struct tl_keyline *line = tl_keyline_find(&lane->lines, run->line);
    struct tl_link *link = line != NULL ? tl_list_first(&line->open) : NULL;
    for (; link != NULL; link = tl_list_after(&line->open, link)) {
        if (TL_LIST_ITEM(link, struct tl_open_exception, link)->number == (run->number | 1))
            return true;
    }
    return false;
}

/* One that was at work goes on: as the unit that progress knows, or, when it had waited before, as one that has woken.
 */
static tl_code read_run(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_engine *engine = ctx;
    struct tl_run_row *run;
    tl_code code = tl_run_row_read(row->key, row->value, &run, err);
    if (code != TL_OK)
        return code;
    struct tl_lane *lane = engine->lanes[tl_dispatch_lane(engine, run->line)];
    if (tl_plan_flow(&engine->plan, tl_str_z(run->flow)) < 0)
        (void)tl_plan_add_gone(&engine->plan, tl_str_z(run->flow));
    run->commit = row->commit;
    index_waits(engine, run);
    if (run->phase != TL_PHASE_ACTIVE || is_parked(lane, run)) {
        tl_expected_restore(lane, run);
        tl_run_row_free(run);
        return TL_OK;
    }
    if (!run->waited) { /* its unit finds it, on whichever lane that is now */
        tl_map_put(&engine->begun_runs, row->key, engine);
        tl_run_row_free(run);
        return TL_OK;
    }
    tl_run_keep(lane, run);
    struct tl_unit *unit = tl_run_load(lane, run);
    if (run->begun) /* no other run of its key is in the middle of something */
        tl_keyline_retry(lane, unit->line, unit);
    else
        tl_run_enter(lane, unit);
    return TL_OK;
}

uint64_t tl_engine_value(struct tl_engine *engine, const char *key, uint64_t otherwise)
{
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_state_row row;
    uint64_t value = otherwise;
    if (tl_state_get(engine->journal, TL_STR("engine"), tl_str_z(key), &arena, &row, NULL) == TL_OK &&
        !tl_str_u64(row.value, &value))
        value = 0;
    tl_arena_free(&arena);
    return value;
}

/* ---- the journal from the floor on ---- */

struct reading {
    struct tl_engine *engine;
    struct tl_progress_unit *units; /* own; of the commit at hand */
    size_t count, cap;
    uint64_t commit;
    int64_t time_ms;
    uint32_t events;
};

static void commit_read(struct reading *reading)
{
    tl_progress_add(&reading->engine->progress, reading->commit, reading->time_ms, reading->events, reading->units,
                    reading->count);
    reading->count = 0;
    reading->events = 0;
}

static void read_event(struct reading *reading, const struct tl_entry *entry)
{
    uint32_t flows[TL_FLOWS_OF_EVENT], index = tl_position_index(entry->position);
    size_t count = tl_dispatch_flows(&reading->engine->plan, entry, flows, TL_COUNT_OF(flows));
    for (size_t f = 0; f < count; f++) {
        if (reading->count == reading->cap) {
            reading->cap = reading->cap == 0 ? 1024 : reading->cap * 2;
            reading->units = tl_realloc(reading->units, reading->cap * sizeof *reading->units);
        }
        reading->units[reading->count++] = (struct tl_progress_unit){flows[f], index};
    }
    reading->events = index + 1;
    reading->time_ms = entry->time_ms;
}

static tl_code read_journal(struct tl_engine *engine, uint64_t from, struct tl_error *err)
{
    struct reading reading = {.engine = engine};
    struct tl_cursor *cursor =
        tl_cursor_new(engine->journal, from, TL_RECORD_BIT(TL_RECORD_EVENT) | TL_RECORD_BIT(TL_RECORD_OUTCOME));
    struct tl_record record;
    tl_code code;
    while ((code = tl_cursor_next(cursor, &record, err)) == TL_OK) {
        if (record.commit != reading.commit) {
            commit_read(&reading);
            reading.commit = record.commit;
        }
        if (record.kind == TL_RECORD_EVENT)
            read_event(&reading, &record.entry);
        else {
            if (reading.count > 0)
                commit_read(&reading);
            int flow = tl_plan_flow(&engine->plan, record.outcome.flow);
            if (flow >= 0)
                tl_progress_end(&engine->progress, record.outcome.event, (uint32_t)flow);
        }
    }
    commit_read(&reading);
    tl_cursor_free(cursor);
    tl_free(reading.units);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* ---- the whole ---- */

static void behind_from(struct tl_engine *engine, uint64_t last)
{
    uint64_t first;
    if (!tl_progress_next(&engine->progress, 0, &first))
        first = last + 1;
    for (unsigned i = 0; i < engine->lane_count; i++) {
        engine->lanes[i]->behind = true;
        engine->lanes[i]->behind_from = first;
        engine->lanes[i]->done_commit = first - 1;
    }
    engine->dispatch.dispatched = last;
    tl_progress_upto(&engine->progress, last);
    engine->checkpoint.floor = last;
}

static void put_start(struct tl_batch *batch, uint64_t unclean)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)unclean + 1);
    struct tl_state_put put = {.table = TL_STR("engine"), .key = TL_STR("start"), .value = tl_str_z(text)};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
}

void tl_recovery_note_start(struct tl_lane *lane)
{
    put_start(tl_lane_batch(lane), 0);
    tl_lane_wake(lane);
}

static void note_start(struct tl_engine *engine, struct tl_batch *batch, uint64_t unclean)
{
    put_start(batch, unclean);
    engine->poison.upto = tl_journal_last(engine->journal);
    engine->poison.since_ms = tl_wall_ms();
    if (unclean == 0)
        return;
    unsigned times = unclean > 16 ? 16 : (unsigned)unclean;
    engine->poison.candidates = (size_t)64 << (times - 1);
    for (unsigned i = 0; i < engine->lane_count; i++)
        engine->lanes[i]->alone_left = engine->poison.candidates;
    tl_log(TL_WARN, "flow.recovery",
           "the last stop was not clean: units that may have been in flight start alone first",
           TL_FINT("unclean_starts", unclean), TL_FINT("unfinished", tl_progress_total(&engine->progress)));
}

tl_code tl_recover(struct tl_engine *engine, struct tl_error *err)
{
    struct tl_journal *journal = engine->journal;
    tl_journal_wait_applied(journal, tl_journal_last(journal));
    uint64_t first = tl_journal_first(journal), floor = tl_engine_value(engine, "floor", 1);
    atomic_store(&engine->kept_upto, first > 0 ? first - 1 : 0);
    tl_code code = scan(engine, TL_TABLE_FLOW, read_flow, err);
    if (code == TL_OK)
        code = scan(engine, TL_TABLE_EXCEPTION, read_exception, err);
    tl_plan_hash(&engine->plan, journal);
    if (code == TL_OK)
        code = scan(engine, TL_TABLE_RUN, read_run, err);
    tl_progress_flows(&engine->progress, engine->plan.flow_count);
    engine->progress_ready = true;
    if (code == TL_OK)
        code = scan(engine, TL_TABLE_PROGRESS, read_progress, err);
    if (code == TL_OK)
        code = read_journal(engine, floor, err);
    if (code == TL_OK)
        code = scan(engine, TL_TABLE_BEGUN, read_begun, err);
    if (code == TL_OK)
        code = scan(engine, "mark", read_mark, err);
    if (code == TL_OK)
        code = scan(engine, TL_TABLE_PAUSE, read_pause, err);
    struct tl_batch *batch = tl_batch_new(journal);
    if (code == TL_OK && !engine->config.park_removed)
        code = tl_activation_check(engine, err);
    if (code == TL_OK) {
        note_start(engine, batch, tl_engine_value(engine, "start", 0));
        tl_activation_start(engine, floor, batch);
        code = tl_journal_submit_wait(journal, batch, TL_DURABLE, err);
    }
    tl_batch_free(batch);
    if (code == TL_OK)
        behind_from(engine, tl_journal_last(journal));
    return code;
}
