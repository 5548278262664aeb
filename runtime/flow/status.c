#include "flow/status.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counter.h"
#include "capture_int.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "pause_int.h"
#include "ticks.h"
#include <string.h>

static void put_time(struct tl_json_writer *w, const char *name, int64_t ms)
{
    char text[40];
    if (ms <= 0 || ms == TL_NEVER)
        tl_json_put_z(w, name, NULL);
    else
        tl_json_put_string(w, name, tl_time_text(ms, text));
}

static void put_pause(struct tl_json_writer *w, struct tl_engine *engine, const char *kind, const char *name)
{
    struct tl_buf row;
    tl_buf_init(&row, 65536);
    char *what = tl_printf("%s%s", kind, name);
    tl_json_key(w, "paused");
    if (tl_pause_show(engine, tl_str_z(what), &row))
        tl_json_raw_value(w, tl_buf_str(&row));
    else
        tl_json_null(w);
    tl_free(what);
    tl_buf_free(&row);
}

static void put_lanes(struct tl_json_writer *w, struct tl_engine *engine)
{
    tl_json_key(w, "lanes");
    tl_json_begin_array(w);
    for (unsigned i = 0; i < engine->lane_count; i++) {
        const struct tl_lane *lane = engine->lanes[i];
        tl_json_begin_object(w);
        tl_json_put_uint(w, "lane", i);
        tl_json_put_uint(w, "queued", atomic_load(&lane->seen_ready));
        tl_json_put_uint(w, "spilled", atomic_load(&lane->seen_spilled));
        tl_json_put_uint(w, "started", atomic_load(&lane->seen_started));
        tl_json_put_uint(w, "held", atomic_load(&lane->seen_aside));
        tl_json_put_uint(w, "turns", atomic_load(&lane->seen_turns));
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

static const char *breaker_word(enum tl_breaker_state state)
{
    return state == TL_BREAKER_CLOSED ? "closed" : state == TL_BREAKER_OPEN ? "open" : "half-open";
}

/* While calls are held back because of the endpoint: what it said last. */
static void put_cause(struct tl_json_writer *w, struct tl_plan_system *system, const struct tl_gate_status *gate)
{
    char cause[sizeof system->cause];
    pthread_mutex_lock(&system->cause_lock);
    memcpy(cause, system->cause, sizeof cause);
    pthread_mutex_unlock(&system->cause_lock);
    tl_json_key(w, "cause");
    if (cause[0] != 0 && (gate->breaker != TL_BREAKER_CLOSED || gate->why == TL_GATE_WAIT || gate->why == TL_GATE_DAY))
        tl_json_lossy(w, tl_str_z(cause));
    else
        tl_json_null(w);
}

static void put_system(struct tl_json_writer *w, struct tl_engine *engine, struct tl_plan_system *system)
{
    struct tl_gate_status gate;
    tl_gate_status(system->gate, tl_now(), &gate);
    tl_json_begin_object(w);
    tl_json_put_z(w, "name", system->name);
    tl_json_put_z(w, "kind", system->kind);
    tl_json_put_z(w, "gate", tl_gate_reason_word(gate.why));
    put_time(w, "until", gate.why == TL_GATE_OPEN ? 0 : gate.until_wall_ms);
    tl_json_put_z(w, "breaker", breaker_word(gate.breaker));
    put_cause(w, system, &gate);
    put_pause(w, engine, "system/", system->name);
    tl_json_put_z(w, "window", gate.window[0] != 0 ? gate.window : NULL);
    put_time(w, "next_window", gate.next_window_wall_ms);
    tl_json_put_uint(w, "in_flight", gate.in_flight);
    tl_json_put_uint(w, "concurrent", gate.concurrent);
    tl_json_key(w, "per_second");
    tl_json_double(w, gate.per_second);
    tl_json_put_uint(w, "used_today", gate.used_today);
    tl_json_put_uint(w, "per_day", gate.per_day);
    tl_json_end_object(w);
}

static void put_flows(struct tl_json_writer *w, struct tl_engine *engine)
{
    tl_json_key(w, "flows");
    tl_json_begin_array(w);
    for (uint32_t f = 0; f < engine->plan.flow_count; f++) {
        const struct tl_plan_flow *flow = engine->plan.flows[f];
        if (flow->kind == TL_PLAN_GONE && tl_progress_of_flow(&engine->progress, f) == 0)
            continue;
        tl_json_begin_object(w);
        tl_json_put_z(w, "name", flow->name);
        tl_json_put_uint(w, "unfinished", tl_progress_of_flow(&engine->progress, f));
        put_time(w, "oldest", tl_progress_oldest(&engine->progress, f));
        put_pause(w, engine, "flow/", flow->name);
        tl_json_put_uint(w, "done", atomic_load(&flow->done));
        tl_json_put_uint(w, "parked", atomic_load(&flow->parked));
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

static void put_capture(struct tl_json_writer *w, struct tl_engine *engine, struct tl_capture_job *job)
{
    static const char *const words[] = {"idle", "running", "held", "failing", "stopped"};
    tl_json_begin_object(w);
    tl_json_put_z(w, "system", engine->plan.systems[job->system]->name);
    tl_json_put_z(w, "object", job->object);
    pthread_mutex_lock(&job->lock);
    tl_json_put_z(w, "state", words[job->state]);
    put_time(w, "last_success", job->success_ms);
    int64_t lag = job->success_ms > 0 ? tl_wall_ms() - job->success_ms : -1;
    tl_json_key(w, "lag_ms");
    if (lag >= 0)
        tl_json_int(w, lag);
    else
        tl_json_null(w);
    put_time(w, "newest_change", job->changed_ms);
    tl_json_key(w, "error");
    if (job->error[0] != 0)
        tl_json_lossy(w, tl_str_z(job->error));
    else
        tl_json_null(w);
    tl_json_key(w, "gap");
    if (job->gap != NULL)
        tl_json_raw_value(w, tl_str_z(job->gap));
    else
        tl_json_null(w);
    pthread_mutex_unlock(&job->lock);
    put_pause(w, engine, "", job->name);
    tl_json_end_object(w);
}

static void put_journal(struct tl_json_writer *w, struct tl_journal *journal)
{
    static const char *const rooms[] = {"ok", "behind", "full", "reserve"};
    struct tl_journal_stats stats;
    tl_journal_stats(journal, &stats);
    tl_json_key(w, "journal");
    tl_json_begin_object(w);
    tl_json_put_uint(w, "last", tl_journal_last(journal));
    tl_json_put_uint(w, "applied", tl_journal_applied(journal));
    tl_json_put_z(w, "room", rooms[tl_journal_room(journal)]);
    tl_json_put_uint(w, "segments", stats.segments);
    tl_json_put_uint(w, "events", stats.events);
    tl_json_put_uint(w, "duplicates", stats.duplicates);
    tl_json_put_uint(w, "conflicts", stats.conflicts);
    tl_json_put_uint(w, "refused", stats.refused);
    tl_json_put_bool(w, "clock_trusted", tl_journal_clock_trusted(journal));
    tl_json_end_object(w);
}

/* Integrations beside the first. */
static void put_others(struct tl_json_writer *w, const struct tl_plan *plan)
{
    tl_json_key(w, "integrations");
    tl_json_begin_array(w);
    for (size_t i = 1; i < plan->part_count; i++) {
        if (plan->parts[i]->revision[0] == 0)
            continue;
        tl_json_begin_object(w);
        tl_json_put_z(w, "name", plan->parts[i]->name);
        tl_json_put_z(w, "revision", plan->parts[i]->revision);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

tl_code tl_engine_status(struct tl_engine *engine, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_bool(&w, "ready", tl_engine_running(engine));
    tl_json_put_bool(&w, "caught_up", tl_engine_caught_up(engine));
    tl_json_put_z(&w, "revision", engine->plan.parts[0]->revision);
    put_others(&w, &engine->plan);
    put_lanes(&w, engine);
    tl_json_key(&w, "systems");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < engine->plan.system_count; i++) {
        if (!engine->plan.systems[i]->gone)
            put_system(&w, engine, engine->plan.systems[i]);
    }
    tl_json_end_array(&w);
    put_flows(&w, engine);
    tl_json_put_uint(&w, "exceptions", tl_exception_index_count(&engine->exceptions));
    tl_json_key(&w, "captures");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < engine->capture_count; i++) {
        if (engine->captures[i]->wanted)
            put_capture(&w, engine, engine->captures[i]);
    }
    tl_json_end_array(&w);
    tl_ticks_status(engine, &w);
    put_journal(&w, engine->journal);
    tl_json_end_object(&w);
    return tl_json_writer_done(&w, err);
}

static void set_gauge(const char *name, const char *label, const char *value, const char *help, int64_t number)
{
    char *labels = label != NULL ? tl_printf("%s=\"%s\"", label, value) : NULL;
    tl_gauge_set(tl_gauge_get(name, labels, help), number);
    tl_free(labels);
}

void tl_engine_gauges(struct tl_engine *engine)
{
    for (uint32_t f = 0; f < engine->plan.flow_count; f++)
        set_gauge("tidelock_units_unfinished", "flow", engine->plan.flows[f]->name, "Units begun and not ended.",
                  (int64_t)tl_progress_of_flow(&engine->progress, f));
    set_gauge("tidelock_exceptions_open", NULL, NULL, "Exceptions that wait for a person.",
              (int64_t)tl_exception_index_count(&engine->exceptions));
    for (size_t i = 0; i < engine->plan.system_count; i++) {
        struct tl_gate_status gate;
        tl_gate_status(engine->plan.systems[i]->gate, tl_now(), &gate);
        set_gauge("tidelock_gate_open", "system", engine->plan.systems[i]->name, "1 when calls may go.",
                  !tl_gate_reason_is_long(gate.why));
    }
    for (size_t i = 0; i < engine->capture_count; i++) {
        struct tl_capture_job *job = engine->captures[i];
        pthread_mutex_lock(&job->lock);
        int64_t success = job->success_ms;
        pthread_mutex_unlock(&job->lock);
        if (success > 0)
            set_gauge("tidelock_capture_lag_seconds", "capture", job->name + sizeof "capture/" - 1,
                      "Since a capture last had everything.", (tl_wall_ms() - success) / 1000);
    }
}
