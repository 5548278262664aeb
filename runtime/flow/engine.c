/* Building, starting and stopping the whole. */
#include "flow/engine.h"
#include "base/alloc.h"
#include "base/counter.h"
#include "base/log.h"
#include "activation.h"
#include "awaitable.h"
#include "capture_int.h"
#include "engine_int.h"
#include "kept.h"
#include "once.h"
#include "pause_int.h"
#include "ports.h"
#include "run.h"
#include "state_thread.h"
#include "use.h"
#include <stdio.h>

#define QUEUE_POSITIONS 10000
#define PINNED_BYTES ((size_t)64 << 20)
#define CALL_TIMEOUT_MS 60000

static void defaults(struct tl_engine *engine, const struct tl_engine_config *config)
{
    engine->config = *config;
    if (engine->config.lanes == 0)
        engine->config.lanes = (unsigned)tl_thread_cores();
    if (engine->config.queue_positions == 0)
        engine->config.queue_positions = QUEUE_POSITIONS;
    if (engine->config.pinned_bytes == 0)
        engine->config.pinned_bytes = PINNED_BYTES;
    if (engine->config.call_timeout_ms == 0)
        engine->config.call_timeout_ms = CALL_TIMEOUT_MS;
    engine->script_port = tl_run_port_script(&engine->config);
    engine->runs = config->runs != NULL ? config->runs : &engine->script_port;
    engine->calls = config->calls != NULL ? config->calls : &tl_call_port_connector;
}

static void figures(struct tl_figures *figures)
{
    for (int i = 0; i < TL_ENDING_COUNT; i++) {
        char *labels = tl_printf("ending=\"%s\"", tl_ending_name((enum tl_ending)i));
        figures->endings[i] = tl_counter_get("tidelock_units_total", labels, "Units of work, by how they ended.");
        tl_free(labels);
    }
    figures->unstarted = tl_counter_get("tidelock_units_unstarted_total", NULL,
                                        "Units that met a closed gate and went back to their queue.");
    figures->seconds =
        tl_histogram_get("tidelock_unit_seconds", NULL, "From accepting an event to the end of its unit.");
}

tl_code tl_engine_new(const struct tl_engine_config *config, struct tl_engine **out, struct tl_error *err)
{
    struct tl_engine *engine = TL_NEW(struct tl_engine);
    defaults(engine, config);
    tl_exception_index_init(&engine->exceptions);
    tl_await_index_init(&engine->awaits);
    tl_map_init(&engine->begun_runs);
    tl_map_init(&engine->begun);
    tl_map_init(&engine->listed);
    tl_must(pthread_mutex_init(&engine->use_lock, NULL) == 0 && pthread_mutex_init(&engine->states.lock, NULL) == 0 &&
            pthread_mutex_init(&engine->plan_lock, NULL) == 0 && pthread_cond_init(&engine->states.more, NULL) == 0);
    engine->onces = TL_NEW(struct tl_onces);
    tl_onces_init(engine->onces);
    tl_map_init(&engine->poison.marks);
    tl_map_init(&engine->pauses);
    tl_must(pthread_mutex_init(&engine->pause_lock, NULL) == 0);
    tl_must(pthread_mutex_init(&engine->ticks_lock, NULL) == 0);
    figures(&engine->figures);
    tl_dispatch_init(&engine->dispatch, engine->config.lanes);
    tl_code code = tl_plan_init(&engine->plan, &engine->config, err);
    engine->plan.awaits = &engine->awaits;
    if (code == TL_OK) {
        tl_plan_open(&engine->plan);
        tl_plan_use(&engine->plan, engine);
        tl_plan_live(&engine->plan);
    }
    tl_progress_init(&engine->progress, engine->plan.flow_count);
    if (code != TL_OK) {
        tl_engine_free(engine);
        return code;
    }
    engine->lanes = tl_zalloc(engine->config.lanes, sizeof(void *));
    for (; engine->lane_count < engine->config.lanes; engine->lane_count++)
        engine->lanes[engine->lane_count] = tl_lane_new(engine, engine->lane_count);
    *out = engine;
    return TL_OK;
}

/* ---- start ---- */

static void lane_body(void *ctx)
{
    struct tl_lane *lane = ctx;
    tl_loop_run(lane->loop);
}

static tl_code start_lanes(struct tl_engine *engine, struct tl_error *err)
{
    tl_code code = TL_OK;
    for (unsigned i = 0; code == TL_OK && i < engine->lane_count; i++)
        code = tl_lane_open(engine->lanes[i], err);
    for (unsigned i = 0; code == TL_OK && i < engine->lane_count; i++)
        code = tl_lane_begin(engine->lanes[i], err);
    if (code != TL_OK)
        return code;
    if (!engine->config.by_hand)
        code = tl_state_thread_start(engine, err);
    if (code != TL_OK)
        return code;
    /* From here on commits are dispatched; nobody has accepted anything since recovery. */
    atomic_store(&engine->running, true);
    for (unsigned i = 0; code == TL_OK && i < engine->lane_count && !engine->config.by_hand; i++) {
        char name[32];
        snprintf(name, sizeof name, "lane %u", i);
        code = tl_thread_start(name, lane_body, engine->lanes[i], &engine->lanes[i]->thread, err);
    }
    return code;
}

static void end_lanes(struct tl_engine *engine, int64_t grace_ms);

tl_code tl_engine_start(struct tl_engine *engine, struct tl_journal *journal, struct tl_error *err)
{
    engine->journal = journal;
    tl_captures_plan(engine);
    tl_code code = tl_recover(engine, err);
    if (code == TL_OK)
        code = tl_awaitable_recover(engine, err);
    if (code != TL_OK)
        return code;
    engine->opened = true;
    code = start_lanes(engine, err);
    if (code != TL_OK)
        end_lanes(engine, 0);
    else
        tl_log(TL_INFO, "engine.started", "lanes run", TL_FINT("lanes", engine->lane_count),
               TL_FINT("unfinished", tl_progress_total(&engine->progress)),
               TL_FINT("exceptions", tl_exception_index_count(&engine->exceptions)));
    return code;
}

/* ---- stop ---- */

static bool all_stopped(const struct tl_engine *engine)
{
    for (unsigned i = 0; i < engine->lane_count; i++) {
        if (!atomic_load(&engine->lanes[i]->stopped))
            return false;
    }
    return true;
}

/* A lane without a thread of its own is turned here until it has stopped. */
static void turn_lanes(struct tl_engine *engine)
{
    while (!all_stopped(engine)) {
        for (unsigned i = 0; i < engine->lane_count; i++) {
            if (engine->lanes[i]->thread == NULL && !atomic_load(&engine->lanes[i]->stopped))
                tl_loop_wait(engine->lanes[i]->loop, 5);
        }
    }
}

static void end_lanes(struct tl_engine *engine, int64_t grace_ms)
{
    bool by_hand = false;
    for (unsigned i = 0; i < engine->lane_count; i++) {
        engine->lanes[i]->grace_ms = grace_ms;
        by_hand |= engine->lanes[i]->thread == NULL;
        tl_loop_post(engine->lanes[i]->loop, &engine->lanes[i]->stop);
    }
    if (by_hand)
        turn_lanes(engine);
    for (unsigned i = 0; i < engine->lane_count; i++) {
        tl_thread_join(engine->lanes[i]->thread);
        engine->lanes[i]->thread = NULL;
    }
    tl_state_thread_end(engine);
    atomic_store(&engine->running, false);
    engine->opened = false;
}

void tl_engine_stop(struct tl_engine *engine, int64_t grace_ms)
{
    if (!engine->opened)
        return;
    atomic_store(&engine->stopping, true);
    end_lanes(engine, grace_ms);
    tl_checkpoint_clean(engine);
    tl_log(TL_INFO, "engine.stopped", "lanes have ended", TL_FINT("unfinished", tl_progress_total(&engine->progress)));
}

void tl_engine_free(struct tl_engine *engine)
{
    if (engine == NULL)
        return;
    atomic_store(&engine->running, false);
    for (unsigned i = 0; i < engine->lane_count; i++)
        tl_lane_free(engine->lanes[i]);
    tl_free(engine->lanes);
    tl_dispatch_free(&engine->dispatch);
    tl_progress_free(&engine->progress);
    tl_exception_index_free(&engine->exceptions);
    tl_await_index_free(&engine->awaits);
    tl_map_free(&engine->begun_runs);
    tl_onces_free(engine->onces);
    tl_free(engine->onces);
    tl_map_free(&engine->poison.marks);
    tl_pauses_free(engine);
    pthread_mutex_destroy(&engine->pause_lock);
    tl_captures_free(engine);
    pthread_mutex_destroy(&engine->ticks_lock);
    tl_plan_free(&engine->plan);
    tl_activation_units_free(&engine->begun);
    tl_activation_units_free(&engine->listed);
    tl_uses_end(engine);
    pthread_mutex_destroy(&engine->use_lock);
    pthread_mutex_destroy(&engine->states.lock);
    pthread_mutex_destroy(&engine->plan_lock);
    pthread_cond_destroy(&engine->states.more);
    tl_free(engine);
}

/* What is unfinished, or may still be awaited, is copied, so that it does not pin the segment; not while lanes are
 * still reading it. */
bool tl_engine_before_drop(void *ctx, uint64_t first_commit, uint64_t last_commit)
{
    struct tl_engine *engine = ctx;
    if (!engine->progress_ready || !tl_engine_running(engine) || !tl_engine_caught_up(engine))
        return false;
    return tl_kept_copy(engine, first_commit, last_commit) && tl_awaitable_copy(engine, first_commit, last_commit);
}

/* ---- asked by others ---- */

unsigned tl_engine_lane_count(const struct tl_engine *engine)
{
    return engine->lane_count;
}

struct tl_lane *tl_engine_lane(struct tl_engine *engine, unsigned i)
{
    return engine->lanes[i];
}

struct tl_journal *tl_engine_journal(struct tl_engine *engine)
{
    return engine->journal;
}

bool tl_engine_running(const struct tl_engine *engine)
{
    return atomic_load(&engine->running) && !atomic_load(&engine->stopping);
}

bool tl_engine_caught_up(const struct tl_engine *engine)
{
    for (unsigned i = 0; i < engine->lane_count; i++) {
        if (!atomic_load(&engine->lanes[i]->caught_up))
            return false;
    }
    return true;
}

uint64_t tl_engine_unfinished(struct tl_engine *engine)
{
    return tl_progress_total(&engine->progress);
}

struct tl_gate *tl_engine_gate(struct tl_engine *engine, tl_str system)
{
    int i = tl_plan_system(&engine->plan, system);
    return i < 0 ? NULL : engine->plan.systems[i]->gate;
}
