/* What recovery needs: a row for each commit that is still unfinished after ten seconds, and the floor.
 *
 * The floor is a commit: what is unfinished of the commits before it is told by rows alone, and those rows include all
 * outcomes before it. So recovery reads rows, and directories from the floor on; outcomes are applied twice without
 * harm. The floor moves when enough was accepted since, and at a clean stop.
 *
 * State table "engine": "floor" = decimal commit; "start" = how many starts in a row found an unclean stop before them,
 * or "clean". */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine_int.h"
#include "progress_row.h"
#include <stdio.h>

#define EVERY_MS 10000
#define OLD_MS 10000
#define ROWS_A_BATCH 2048
#define FLOOR_COMMITS 20000
#define FLOOR_EVENTS 250000

static void put_row(struct tl_engine *engine, struct tl_batch *batch, struct tl_progress_entry *entry,
                    struct tl_buf *value)
{
    char key[24];
    snprintf(key, sizeof key, "%020llu", (unsigned long long)entry->commit);
    tl_buf_clear(value);
    tl_progress_row_write(entry, &engine->plan, value);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_PROGRESS), .key = tl_str_z(key), .value = tl_buf_str(value)};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
    entry->row = true;
    entry->dirty = false;
}

/* Rows from `*from` on into the batch; false when there are no more. `floor`: also those that have an old row. */
static bool add_rows(struct tl_engine *engine, struct tl_batch *batch, uint64_t *from_commit, int64_t before_ms,
                     bool floor, size_t *records)
{
    struct tl_progress *progress = &engine->progress;
    struct tl_buf value;
    tl_buf_init(&value, TL_PAYLOAD_MAX);
    size_t rows = 0;
    bool more = false;
    pthread_mutex_lock(&progress->lock);
    for (size_t i = progress->first; i < progress->count; i++) {
        struct tl_progress_entry *entry = progress->entries[i];
        if (entry == NULL || entry->commit < *from_commit || entry->commit > progress->upto)
            continue;
        if (entry->time_ms > before_ms && !floor)
            break;
        if (rows == ROWS_A_BATCH) {
            *from_commit = entry->commit;
            more = true;
            break;
        }
        if (!entry->row || (floor && entry->dirty)) {
            put_row(engine, batch, entry, &value);
            rows++;
        }
    }
    pthread_mutex_unlock(&progress->lock);
    tl_buf_free(&value);
    *records += rows;
    return more;
}

static size_t delete_rows(struct tl_engine *engine, struct tl_batch *batch)
{
    size_t rows = 0;
    struct tl_progress *progress = &engine->progress;
    pthread_mutex_lock(&progress->lock);
    for (; rows < ROWS_A_BATCH && progress->ended_count > 0; rows++) {
        char key[24];
        snprintf(key, sizeof key, "%020llu", (unsigned long long)progress->ended[--progress->ended_count]);
        tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_PROGRESS), tl_str_z(key), NULL) == TL_OK);
    }
    pthread_mutex_unlock(&progress->lock);
    return rows;
}

static void put_engine(struct tl_batch *batch, const char *key, const char *value)
{
    struct tl_state_put put = {.table = TL_STR("engine"), .key = tl_str_z(key), .value = tl_str_z(value)};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
}

static void written(struct tl_batch *batch, void *ctx)
{
    struct tl_lane *lane = ctx;
    lane->batches_out--;
    tl_batch_free(batch);
    tl_lane_stop_step(lane);
}

static void submit(struct tl_engine *engine, struct tl_batch *batch, bool wait)
{
    if (!wait) {
        struct tl_lane *lane = engine->lanes[0];
        lane->batches_out++;
        tl_journal_submit(engine->journal, batch, TL_DURABLE, lane->loop, written, lane);
        return;
    }
    struct tl_error err;
    if (tl_journal_submit_wait(engine->journal, batch, TL_DURABLE, &err) != TL_OK)
        tl_log(TL_ERROR, "flow.checkpoint", err.text);
    tl_batch_free(batch);
}

static void run(struct tl_engine *engine, bool floor, bool clean)
{
    pthread_mutex_lock(&engine->progress.lock);
    uint64_t upto = engine->progress.upto;
    pthread_mutex_unlock(&engine->progress.lock);
    uint64_t from = 0;
    int64_t before_ms = tl_wall_ms() - OLD_MS;
    for (bool more = true; more;) {
        struct tl_batch *batch = tl_batch_new(engine->journal);
        size_t records = 0;
        more = add_rows(engine, batch, &from, before_ms, floor, &records);
        records += delete_rows(engine, batch);
        if (!more && floor) {
            records++;
            char text[24];
            snprintf(text, sizeof text, "%llu", (unsigned long long)upto + 1);
            put_engine(batch, "floor", text);
            if (clean)
                put_engine(batch, "start", "clean");
        }
        if (records > 0)
            submit(engine, batch, clean);
        else
            tl_batch_free(batch);
    }
}

/* True when so much was accepted that recovery would read too long. */
static bool floor_due(struct tl_engine *engine)
{
    struct tl_checkpoint *last = &engine->checkpoint;
    struct tl_journal_stats stats;
    tl_journal_stats(engine->journal, &stats);
    uint64_t commit = tl_journal_last(engine->journal);
    if (commit - last->floor < FLOOR_COMMITS && stats.events - last->events < FLOOR_EVENTS)
        return false;
    last->floor = commit;
    last->events = stats.events;
    return true;
}

void tl_checkpoint(struct tl_engine *engine, bool all)
{
    int64_t now = tl_mono_ms();
    if (!all && now < engine->checkpoint.next_ms)
        return;
    engine->checkpoint.next_ms = now + EVERY_MS;
    tl_dispatch_prepare(engine, engine->lanes[0]);
    run(engine, all || floor_due(engine), false);
}

void tl_checkpoint_clean(struct tl_engine *engine)
{
    run(engine, true, true);
}
