/* The start: what the state and the end of the journal say is unfinished, parked, paused. Afterwards progress knows
 * every unit that has not ended; lanes read them from the first such commit on (lane.c), in order, like any other
 * backlog.
 *
 * State table "flow": key = flow, value = {"types": {"<event type>": first commit, …}}: which intervals of the journal
 * are the flow's (rule 4). */
#include "base/alloc.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "flow/exception.h"
#include "flow/runs.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "pause_int.h"
#include "progress_row.h"
#include "run.h"
#include <stdio.h>

#define PAGE 5000
#define TABLE_FLOW "flow"

/* Calls `each` for every row of a table; stops when it returns something else than TL_OK. */
static tl_code scan(struct tl_engine *engine, const char *table,
                    tl_code (*each)(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err),
                    struct tl_error *err)
{
    struct tl_arena arena;
    tl_arena_init(&arena);
    char *after = tl_copy_z("");
    tl_code code = TL_OK;
    for (bool more = true; more && code == TL_OK;) {
        struct tl_state_query query = {.table = tl_str_z(table), .after = tl_str_z(after), .limit = PAGE};
        struct tl_state_page page;
        code = tl_state_scan(engine->journal, &query, &arena, &page, err);
        for (size_t i = 0; code == TL_OK && i < page.count; i++)
            code = each(engine, &page.rows[i], err);
        more = code == TL_OK && page.next.len > 0;
        tl_free(after);
        after = more ? tl_str_dup(page.next) : NULL;
        tl_arena_free(&arena);
    }
    tl_free(after);
    return code;
}

/* ---- flows ---------------------------------------------------------------------------------------------------------
 */

static bool takes_type(const struct tl_plan_flow *flow, tl_str type)
{
    for (size_t i = 0; flow->decl != NULL && i < flow->decl->on_count; i++) {
        if (tl_str_is(type, flow->decl->on[i]))
            return true;
    }
    return false;
}

/* What a flow took until now. A type it takes no longer ends here; a flow that is not declared any more is remembered.
 */
static tl_code read_flow(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_json_doc *doc;
    tl_code code = tl_json_parse_borrowed(row->value, NULL, &doc, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "state table \"flow\", row \"%.*s\"", TL_STR_ARGS(row->key));
        return code;
    }
    uint64_t last = tl_journal_last(engine->journal);
    int flow = tl_plan_flow(&engine->plan, row->key);
    if (flow < 0)
        flow = (int)tl_plan_add_gone(&engine->plan, row->key);
    struct tl_json_iter i = tl_json_iter(tl_json_get(tl_json_root(doc), "types"));
    while (tl_json_next(&i)) {
        uint64_t from = 1;
        (void)tl_json_u64(i.value, &from);
        bool still = takes_type(&engine->plan.flows[flow], i.key);
        tl_plan_subscribe(&engine->plan, i.key, (uint32_t)flow, from, still ? TL_COMMIT_NEVER : last + 1);
    }
    tl_json_free(doc);
    return TL_OK;
}

static bool subscribed(const struct tl_plan *plan, tl_str type, uint32_t flow, uint64_t *from)
{
    const struct tl_plan_type *of = tl_plan_type(plan, type);
    for (size_t i = 0; of != NULL && i < of->count; i++) {
        if (of->subs[i].flow == flow && of->subs[i].until == TL_COMMIT_NEVER) {
            *from = of->subs[i].from;
            return true;
        }
    }
    return false;
}

/* New flows and types begin with the next commit. */
static void activate(struct tl_engine *engine, struct tl_batch *batch)
{
    uint64_t next = tl_journal_last(engine->journal) + 1;
    struct tl_buf value;
    tl_buf_init(&value, 1 << 20);
    for (uint32_t f = 0; f < engine->plan.flow_count; f++) {
        const struct tl_plan_flow *flow = &engine->plan.flows[f];
        if (flow->kind != TL_PLAN_SCRIPT)
            continue;
        struct tl_json_writer w;
        tl_buf_clear(&value);
        tl_json_writer_init(&w, &value);
        tl_json_begin_object(&w);
        tl_json_key(&w, "types");
        tl_json_begin_object(&w);
        for (size_t i = 0; i < flow->decl->on_count; i++) {
            tl_str type = tl_str_z(flow->decl->on[i]);
            uint64_t from = next;
            if (!subscribed(&engine->plan, type, f, &from))
                tl_plan_subscribe(&engine->plan, type, f, next, TL_COMMIT_NEVER);
            tl_json_key_str(&w, type);
            tl_json_uint(&w, from);
        }
        tl_json_end_object(&w);
        tl_json_end_object(&w);
        struct tl_state_put put = {
            .table = TL_STR(TABLE_FLOW), .key = tl_str_z(flow->name), .value = tl_buf_str(&value)};
        tl_must(tl_json_writer_done(&w, NULL) == TL_OK && tl_batch_put(batch, &put, NULL) == TL_OK);
    }
    tl_buf_free(&value);
}

/* Flows that are not declared any more: refused, or parked, or forgotten when nothing of them is left. */
static tl_code check_gone(struct tl_engine *engine, struct tl_batch *batch, struct tl_error *err)
{
    struct tl_buf names;
    tl_buf_init(&names, 700);
    for (uint32_t f = 0; f < engine->plan.flow_count; f++) {
        const struct tl_plan_flow *flow = &engine->plan.flows[f];
        if (flow->kind != TL_PLAN_GONE)
            continue;
        uint64_t left = tl_progress_of_flow(&engine->progress, f);
        if (left > 0)
            tl_buf_addf(&names, "%s\"%s\" (%llu)", names.len > 0 ? ", " : "", flow->name, (unsigned long long)left);
        else
            tl_must(tl_batch_del(batch, TL_STR(TABLE_FLOW), tl_str_z(flow->name), NULL) == TL_OK);
    }
    tl_code code = TL_OK;
    if (names.len > 0 && !engine->config.park_removed)
        code = tl_fail(err, TL_EDIFFERS,
                       "flows were removed that have pending units: %s. Start the earlier revision until they have "
                       "ended, or start with --park-removed to park them",
                       names.ptr);
    tl_buf_free(&names);
    return code;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */

static tl_code read_exception(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err)
{
    (void)err;
    tl_exception_restore(engine, row->key, row->value);
    return TL_OK;
}

static tl_code read_progress(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err)
{
    if (!tl_progress_row_read(&engine->progress, &engine->plan, row->key, row->value))
        return tl_fail(err, TL_ECORRUPT, "state table \"progress\", row \"%.*s\" is damaged", TL_STR_ARGS(row->key));
    return TL_OK;
}

static tl_code read_mark(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err)
{
    (void)err;
    uint64_t count = 0;
    if (tl_str_u64(row->value, &count) && count > 0)
        tl_map_put(&engine->poison.marks, row->key, (void *)(uintptr_t)count);
    return TL_OK;
}

static tl_code read_pause(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err)
{
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
static tl_code read_run(struct tl_engine *engine, const struct tl_state_row *row, struct tl_error *err)
{
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

/* The value of a row of the table "engine", or `otherwise`; "clean" is 0. */
static uint64_t engine_value(struct tl_engine *engine, const char *key, uint64_t otherwise)
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

/* ---- the journal from the floor on
 * ----------------------------------------------------------------------------------- */

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

/* ---- the whole -----------------------------------------------------------------------------------------------------
 */

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
    uint64_t first = tl_journal_first(journal);
    atomic_store(&engine->kept_upto, first > 0 ? first - 1 : 0);
    tl_code code = scan(engine, TABLE_FLOW, read_flow, err);
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
        code = read_journal(engine, engine_value(engine, "floor", 1), err);
    if (code == TL_OK)
        code = scan(engine, "mark", read_mark, err);
    if (code == TL_OK)
        code = scan(engine, TL_TABLE_PAUSE, read_pause, err);
    struct tl_batch *batch = tl_batch_new(journal);
    if (code == TL_OK)
        code = check_gone(engine, batch, err);
    if (code == TL_OK) {
        note_start(engine, batch, engine_value(engine, "start", 0));
        activate(engine, batch);
        code = tl_journal_submit_wait(journal, batch, TL_DURABLE, err);
    }
    tl_batch_free(batch);
    if (code == TL_OK)
        behind_from(engine, tl_journal_last(journal));
    return code;
}
