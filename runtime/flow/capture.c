/* One capture: asks the gate before each round, stores what comes with its cursor in one commit, and says when to go
 * on. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "capture_int.h"
#include "captured.h"
#include "codec/json_writer.h"
#include "gap.h"
#include "journal/state.h"
#include <stdio.h>

#define ASK_AGAIN_MS 1000
#define BAD_RECORD_MS 60000

static struct tl_gate *gate_of(const struct tl_capture_job *job)
{
    return job->engine->plan.systems[job->system]->gate;
}

static void set_state(struct tl_capture_job *job, enum tl_capture_state state, const char *error)
{
    pthread_mutex_lock(&job->lock);
    job->state = state;
    snprintf(job->error, sizeof job->error, "%.*s", (int)sizeof job->error - 1, error != NULL ? error : "");
    if (error == NULL && state == TL_CAPTURE_IDLE)
        job->success_ms = tl_wall_ms();
    pthread_mutex_unlock(&job->lock);
}

/* ---- the connector asks ---- */

static int64_t ready(void *ctx)
{
    struct tl_capture_job *job = ctx;
    struct tl_gate_closed closed;
    if (atomic_load(&job->paused) || job->lane->phase != TL_LANE_RUNNING ||
        tl_journal_room(job->engine->journal) >= TL_ROOM_BEHIND) {
        set_state(job, TL_CAPTURE_HELD, atomic_load(&job->paused) ? "paused" : "the journal is behind");
        return ASK_AGAIN_MS;
    }
    if (job->ticket.serial == 0 &&
        !tl_gate_enter_seldom(gate_of(job), tl_now(), TL_NORMAL, job, &job->ticket, &closed)) {
        set_state(job, TL_CAPTURE_HELD, tl_gate_reason_word(closed.why));
        int64_t wait = closed.until_ms == TL_NEVER ? ASK_AGAIN_MS : closed.until_ms - tl_mono_ms();
        return wait < 1 ? 1 : wait > BAD_RECORD_MS ? BAD_RECORD_MS : wait;
    }
    pthread_mutex_lock(&job->lock);
    job->state = TL_CAPTURE_RUNNING;
    pthread_mutex_unlock(&job->lock);
    return 0;
}

static void follow(struct tl_capture_job *job);

static void stored(struct tl_batch *batch, void *ctx)
{
    struct tl_capture_job *job = ctx;
    struct tl_error err;
    bool ok = tl_batch_code(batch, &err) == TL_OK;
    job->lane->batches_out--;
    job->storing = false;
    if (!ok) {
        set_state(job, TL_CAPTURE_FAILING, err.text);
        tl_free(job->cursor);
        job->cursor = NULL;
    }
    if (job->capture != NULL)
        tl_capture_stored(job->capture, ok);
    tl_batch_free(batch);
    follow(job);
    tl_lane_stop_step(job->lane);
}

static tl_code fill(struct tl_capture_job *job, const struct tl_captured *events, size_t count, tl_str cursor,
                    struct tl_batch *batch, struct tl_error *err)
{
    struct tl_arena arena;
    tl_arena_init(&arena);
    tl_code code = TL_OK;
    for (size_t i = 0; i < count && code == TL_OK; i++) {
        struct tl_event_in in;
        if (events[i].gap) {
            code = tl_gap_put(job, events[i].payload, tl_wall_ms(), batch, err);
            continue;
        }
        tl_captured_event(&job->engine->plan, job->system, &events[i], NULL, &arena, &in);
        code = tl_batch_event(batch, &in, NULL, err);
        if (events[i].changed_ms > job->changed_ms) {
            pthread_mutex_lock(&job->lock);
            job->changed_ms = events[i].changed_ms;
            pthread_mutex_unlock(&job->lock);
        }
    }
    tl_arena_free(&arena);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_CURSOR),
                               .key = tl_str_from(tl_str_z(job->name), sizeof "capture/" - 1),
                               .value = cursor};
    return code == TL_OK ? tl_batch_put(batch, &put, err) : code;
}

static void store(void *ctx, struct tl_capture *capture, const struct tl_captured *events, size_t count, tl_str cursor)
{
    struct tl_capture_job *job = ctx;
    struct tl_batch *batch = tl_batch_new(job->engine->journal);
    struct tl_error err;
    if (fill(job, events, count, cursor, batch, &err) != TL_OK) {
        tl_log(TL_ERROR, "capture.store", err.text, TL_FSTR("capture", job->name));
        set_state(job, TL_CAPTURE_FAILING, err.text);
        tl_batch_free(batch);
        tl_capture_stored(capture, false);
        return;
    }
    job->lane->batches_out++;
    job->storing = true;
    tl_free(job->cursor);
    job->cursor = tl_str_dup(cursor);
    tl_journal_submit(job->engine->journal, batch, TL_DURABLE, job->lane->loop, stored, job);
}

static void leave(struct tl_capture_job *job, enum tl_failure failure, int64_t wait_ms)
{
    if (job->ticket.serial == 0)
        return;
    tl_gate_leave(gate_of(job), job->ticket, failure, wait_ms, tl_now());
    job->ticket = (struct tl_gate_ticket){0};
}

static void told(struct tl_batch *batch, void *ctx)
{
    struct tl_capture_job *job = ctx;
    job->lane->batches_out--;
    tl_batch_free(batch);
    tl_lane_stop_step(job->lane);
}

/* The capture stops, and what changes from here on nobody sees: that is told once. */
static void tell_stop(struct tl_capture_job *job, const char *why)
{
    struct tl_batch *batch = tl_batch_new(job->engine->journal);
    struct tl_error err;
    struct tl_buf said;
    struct tl_json_writer w;
    job->gap_told = true;
    tl_buf_init(&said, 4096);
    tl_json_writer_init(&w, &said);
    tl_json_begin_object(&w);
    tl_json_key(&w, "why");
    tl_json_lossy(&w, tl_str_z(why));
    tl_json_end_object(&w);
    if (tl_gap_put(job, tl_buf_str(&said), 0, batch, &err) == TL_OK) {
        job->lane->batches_out++;
        tl_journal_submit(job->engine->journal, batch, TL_DURABLE, job->lane->loop, told, job);
    } else {
        tl_log(TL_ERROR, "capture.gap", err.text, TL_FSTR("capture", job->name));
        tl_batch_free(batch);
    }
    tl_buf_free(&said);
}

static int64_t failed(void *ctx, const struct tl_call_result *result)
{
    struct tl_capture_job *job = ctx;
    char *message = tl_str_dup(result->message);
    tl_plan_note_failure(job->engine->plan.systems[job->system], result->failure, result->message);
    leave(job, result->failure, result->wait_ms);
    tl_log(TL_WARN, "capture.failed", message, TL_FSTR("capture", job->name),
           TL_FSTR("class", tl_failure_name(result->failure)), TL_FINT("status", result->status));
    set_state(job, result->failure == TL_FAIL_GAP ? TL_CAPTURE_STOPPED : TL_CAPTURE_FAILING, message);
    if (result->failure == TL_FAIL_GAP && !job->gap_told)
        tell_stop(job, message);
    tl_free(message);
    if (result->failure == TL_FAIL_GAP)
        return -1; /* a person decides from where to go on */
    int64_t wait = tl_retry_backoff(&job->engine->plan.systems[job->system]->retry, job->retry.row++, tl_random_u64());
    if (!tl_failure_is_endpoint(result->failure))
        wait = BAD_RECORD_MS;
    return wait > result->wait_ms ? wait : result->wait_ms;
}

static void caught_up(void *ctx)
{
    struct tl_capture_job *job = ctx;
    leave(job, TL_FAIL_NONE, 0);
    job->retry = (struct tl_retry){0};
    job->known_ms = tl_wall_ms();
    job->gap_told = false;
    set_state(job, TL_CAPTURE_IDLE, NULL);
}

/* ---- life ---- */

static void poke(struct tl_mail *mail)
{
    struct tl_capture_job *job = TL_CONTAINER_OF(mail, struct tl_capture_job, poke);
    atomic_store(&job->poked, false);
    if (job->capture != NULL && job->lane->phase == TL_LANE_RUNNING)
        tl_capture_poke(job->capture);
}

static void set_text(char **text, const char *to)
{
    tl_free(*text);
    *text = tl_copy_z(to != NULL ? to : "");
}

static struct tl_capture_job *job_of(struct tl_engine *engine, int system, const struct tl_capture_decl *decl)
{
    char *name = tl_printf("capture/%s/%s", engine->plan.systems[system]->name, decl->object);
    struct tl_capture_job *job = tl_capture_job(engine, tl_str_z(name));
    if (job != NULL) {
        tl_free(name);
        return job;
    }
    job = TL_NEW(struct tl_capture_job);
    job->engine = engine;
    job->system = system;
    job->name = name;
    job->lane = engine->lanes[tl_dispatch_lane(engine, tl_journal_key_hash(engine->journal, tl_str_z(name)))];
    set_text(&job->object, decl->object);
    set_text(&job->options, decl->config);
    tl_must(pthread_mutex_init(&job->lock, NULL) == 0);
    tl_mail_init(&job->poke, poke);
    engine->captures = tl_realloc(engine->captures, (engine->capture_count + 1) * sizeof *engine->captures);
    engine->captures[engine->capture_count++] = job;
    return job;
}

void tl_captures_plan(struct tl_engine *engine)
{
    const struct tl_plan *plan = &engine->plan;
    for (size_t i = 0; i < engine->capture_count; i++)
        engine->captures[i]->wanted = false;
    for (size_t s = 0; s < plan->system_count; s++) {
        const struct tl_system_decl *decl = plan->systems[s]->decl;
        for (size_t i = 0; decl != NULL && i < decl->capture_count; i++) {
            if (decl->captures[i].poll_ms <= 0)
                continue;
            struct tl_capture_job *job = job_of(engine, (int)s, &decl->captures[i]);
            job->wanted = true;
            if (!tl_str_is(tl_str_z(job->options), decl->captures[i].config != NULL ? decl->captures[i].config : "")) {
                set_text(&job->options, decl->captures[i].config);
                job->changed = true;
            }
        }
    }
}

void tl_captures_free(struct tl_engine *engine)
{
    for (size_t i = 0; i < engine->capture_count; i++) {
        struct tl_capture_job *job = engine->captures[i];
        tl_free(job->name);
        tl_free(job->object);
        tl_free(job->options);
        tl_free(job->cursor);
        tl_free(job->gap);
        pthread_mutex_destroy(&job->lock);
        tl_free(job);
    }
    tl_free(engine->captures);
}

struct tl_capture_job *tl_capture_job(struct tl_engine *engine, tl_str name)
{
    for (size_t i = 0; i < engine->capture_count; i++) {
        if (tl_str_is(name, engine->captures[i]->name))
            return engine->captures[i];
    }
    return NULL;
}

/* From where it goes on: what was stored may be on its way to the state. */
static tl_code cursor_of(struct tl_capture_job *job, struct tl_arena *arena, tl_str *cursor, struct tl_error *err)
{
    struct tl_state_row row = {0};
    tl_str key = tl_str_from(tl_str_z(job->name), sizeof "capture/" - 1);
    *cursor = tl_str_z(job->cursor);
    if (job->cursor != NULL)
        return TL_OK;
    tl_code code = tl_state_get(job->engine->journal, TL_STR(TL_TABLE_CURSOR), key, arena, &row, err);
    *cursor = code == TL_OK ? row.value : TL_STR_NONE;
    if (code == TL_OK)
        job->known_ms = row.time_ms;
    return code == TL_ENOTFOUND ? TL_OK : code;
}

static tl_code begin(struct tl_capture_job *job, struct tl_error *err)
{
    static const struct tl_capture_owner functions = {ready, store, failed, caught_up, NULL};
    struct tl_system_lane *attached = job->lane->systems[job->system]->attached;
    struct tl_capture_owner owner = functions;
    struct tl_arena arena;
    tl_str cursor;
    owner.ctx = job;
    tl_arena_init(&arena);
    tl_code code = cursor_of(job, &arena, &cursor, err);
    if (code == TL_OK) {
        tl_gap_load(job);
        struct tl_capture_config config = {
            .object = tl_str_z(job->object), .options = tl_str_z(job->options), .cursor = cursor};
        job->system_of = tl_system_lane_system(attached);
        job->changed = false;
        code = tl_capture_start(attached, &config, &owner, &job->capture, err);
    }
    if (code != TL_OK)
        tl_error_prefix(err, "%s", job->name);
    tl_arena_free(&arena);
    return code;
}

tl_code tl_captures_begin(struct tl_lane *lane, struct tl_error *err)
{
    struct tl_engine *engine = lane->engine;
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && i < engine->capture_count; i++) {
        struct tl_capture_job *job = engine->captures[i];
        if (job->lane == lane && job->wanted && lane->systems[job->system]->attached != NULL)
            code = begin(job, err);
    }
    return code;
}

static void ended(void *ctx)
{
    struct tl_capture_job *job = ctx;
    leave(job, TL_FAIL_NONE, 0);
    job->capture = NULL;
    job->ending = false;
    follow(job);
    tl_lane_stop_step(job->lane);
}

static void end(struct tl_capture_job *job)
{
    if (job->capture == NULL || job->ending)
        return;
    job->ending = true;
    tl_capture_stop(job->capture, ended, job);
}

/* It runs with what is live, or does not run. */
static void follow(struct tl_capture_job *job)
{
    struct tl_system_lane *attached = job->lane->systems[job->system]->attached;
    bool wanted = job->wanted && attached != NULL && job->lane->phase == TL_LANE_RUNNING;
    bool current = wanted && !job->changed && job->system_of == tl_system_lane_system(attached);
    struct tl_error err;
    if (job->capture != NULL && !current)
        end(job);
    else if (job->capture == NULL && wanted && !job->storing && begin(job, &err) != TL_OK) {
        tl_log(TL_ERROR, "capture.start", err.text, TL_FSTR("capture", job->name));
        set_state(job, TL_CAPTURE_STOPPED, err.text);
    }
}

void tl_captures_follow(struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->engine->capture_count; i++) {
        if (lane->engine->captures[i]->lane == lane)
            follow(lane->engine->captures[i]);
    }
}

void tl_captures_end(struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->engine->capture_count; i++) {
        struct tl_capture_job *job = lane->engine->captures[i];
        if (job->lane == lane)
            end(job);
    }
}

bool tl_captures_ended(const struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->engine->capture_count; i++) {
        const struct tl_capture_job *job = lane->engine->captures[i];
        if (job->lane == lane && job->capture != NULL)
            return false;
    }
    return true;
}

tl_code tl_engine_capture_now(struct tl_engine *engine, tl_str system, tl_str object, struct tl_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < engine->capture_count; i++) {
        struct tl_capture_job *job = engine->captures[i];
        if (!job->wanted || !tl_str_is(system, engine->plan.systems[job->system]->name) ||
            (object.len > 0 && !tl_str_is(object, job->object)))
            continue;
        found++;
        if (atomic_load(&engine->running) && !atomic_exchange(&job->poked, true))
            tl_loop_post(job->lane->loop, &job->poke);
    }
    return found > 0 ? TL_OK
                     : tl_fail(err, TL_ENOTFOUND, "no object \"%.*s\" of system \"%.*s\" is captured",
                               TL_STR_ARGS(object), TL_STR_ARGS(system));
}
