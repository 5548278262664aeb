/* One capture: asks the gate before each round, stores what comes with its cursor in one commit, and says when to go
 * on. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "capture_int.h"
#include "captured.h"
#include "journal/state.h"
#include <stdio.h>

#define ASK_AGAIN_MS 1000
#define BAD_RECORD_MS 60000

static struct tl_gate *gate_of(const struct tl_capture_job *job)
{
    return job->engine->plan.systems[job->system].gate;
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

/* ---- the connector asks --------------------------------------------------------------------------------------------
 */

static int64_t ready(void *ctx)
{
    struct tl_capture_job *job = ctx;
    struct tl_gate_closed closed;
    if (atomic_load(&job->paused) || job->lane->phase != TL_LANE_RUNNING ||
        tl_journal_room(job->engine->journal) >= TL_ROOM_BEHIND) {
        set_state(job, TL_CAPTURE_HELD, atomic_load(&job->paused) ? "paused" : "the journal is behind");
        return ASK_AGAIN_MS;
    }
    if (job->ticket.serial == 0 && !tl_gate_enter(gate_of(job), tl_now(), TL_NORMAL, NULL, &job->ticket, &closed)) {
        set_state(job, TL_CAPTURE_HELD, tl_gate_reason_word(closed.why));
        int64_t wait = closed.until_ms == TL_NEVER ? ASK_AGAIN_MS : closed.until_ms - tl_mono_ms();
        return wait < 1 ? 1 : wait > BAD_RECORD_MS ? BAD_RECORD_MS : wait;
    }
    pthread_mutex_lock(&job->lock);
    job->state = TL_CAPTURE_RUNNING;
    pthread_mutex_unlock(&job->lock);
    return 0;
}

static void stored(struct tl_batch *batch, void *ctx)
{
    struct tl_capture_job *job = ctx;
    struct tl_error err;
    bool ok = tl_batch_code(batch, &err) == TL_OK;
    job->lane->batches_out--;
    if (!ok)
        set_state(job, TL_CAPTURE_FAILING, err.text);
    if (job->capture != NULL)
        tl_capture_stored(job->capture, ok);
    tl_batch_free(batch);
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
    tl_journal_submit(job->engine->journal, batch, TL_DURABLE, job->lane->loop, stored, job);
}

static void leave(struct tl_capture_job *job, enum tl_failure failure, int64_t wait_ms)
{
    if (job->ticket.serial == 0)
        return;
    tl_gate_leave(gate_of(job), job->ticket, failure, wait_ms, tl_now());
    job->ticket = (struct tl_gate_ticket){0};
}

static int64_t failed(void *ctx, const struct tl_call_result *result)
{
    struct tl_capture_job *job = ctx;
    char *message = tl_str_dup(result->message);
    tl_plan_note_failure(&job->engine->plan.systems[job->system], result->failure, result->message);
    leave(job, result->failure, result->wait_ms);
    tl_log(TL_WARN, "capture.failed", message, TL_FSTR("capture", job->name),
           TL_FSTR("class", tl_failure_name(result->failure)), TL_FINT("status", result->status));
    set_state(job, result->failure == TL_FAIL_GAP ? TL_CAPTURE_STOPPED : TL_CAPTURE_FAILING, message);
    tl_free(message);
    if (result->failure == TL_FAIL_GAP)
        return -1; /* a person decides from where to go on */
    int64_t wait = tl_retry_backoff(&job->engine->plan.systems[job->system].retry, job->retry.row++, tl_random_u64());
    if (!tl_failure_is_endpoint(result->failure))
        wait = BAD_RECORD_MS;
    return wait > result->wait_ms ? wait : result->wait_ms;
}

static void caught_up(void *ctx)
{
    struct tl_capture_job *job = ctx;
    leave(job, TL_FAIL_NONE, 0);
    job->retry = (struct tl_retry){0};
    set_state(job, TL_CAPTURE_IDLE, NULL);
}

/* ---- life ----------------------------------------------------------------------------------------------------------
 */

static void poke(struct tl_mail *mail)
{
    struct tl_capture_job *job = TL_CONTAINER_OF(mail, struct tl_capture_job, poke);
    atomic_store(&job->poked, false);
    if (job->capture != NULL && job->lane->phase == TL_LANE_RUNNING)
        tl_capture_poke(job->capture);
}

static void add(struct tl_engine *engine, int system, const struct tl_capture_decl *decl)
{
    struct tl_capture_job *job = &engine->captures[engine->capture_count++];
    *job = (struct tl_capture_job){.engine = engine, .system = system, .object = decl->object, .options = decl->config};
    job->name = tl_printf("capture/%s/%s", engine->plan.systems[system].name, decl->object);
    tl_must(pthread_mutex_init(&job->lock, NULL) == 0);
    tl_mail_init(&job->poke, poke);
}

tl_code tl_captures_init(struct tl_engine *engine, struct tl_error *err)
{
    const struct tl_plan *plan = &engine->plan;
    size_t most = 0;
    (void)err;
    for (size_t s = 0; s < plan->system_count; s++)
        most += plan->systems[s].decl->capture_count;
    engine->captures = tl_zalloc(most + 1, sizeof *engine->captures);
    for (size_t s = 0; s < plan->system_count; s++) {
        for (size_t i = 0; i < plan->systems[s].decl->capture_count; i++) {
            const struct tl_capture_decl *decl = &plan->systems[s].decl->captures[i];
            if (decl->poll_ms > 0)
                add(engine, (int)s, decl);
        }
    }
    return TL_OK;
}

void tl_captures_free(struct tl_engine *engine)
{
    for (size_t i = 0; i < engine->capture_count; i++) {
        tl_free(engine->captures[i].name);
        pthread_mutex_destroy(&engine->captures[i].lock);
    }
    tl_free(engine->captures);
}

struct tl_capture_job *tl_capture_job(struct tl_engine *engine, tl_str name)
{
    for (size_t i = 0; i < engine->capture_count; i++) {
        if (tl_str_is(name, engine->captures[i].name))
            return &engine->captures[i];
    }
    return NULL;
}

static tl_code begin(struct tl_capture_job *job, struct tl_error *err)
{
    static const struct tl_capture_owner functions = {ready, store, failed, caught_up, NULL};
    struct tl_capture_owner owner = functions;
    struct tl_arena arena;
    struct tl_state_row row = {0};
    tl_str key = tl_str_from(tl_str_z(job->name), sizeof "capture/" - 1);
    owner.ctx = job;
    tl_arena_init(&arena);
    tl_code code = tl_state_get(job->engine->journal, TL_STR(TL_TABLE_CURSOR), key, &arena, &row, err);
    if (code == TL_OK || code == TL_ENOTFOUND) {
        struct tl_capture_config config = {.object = tl_str_z(job->object),
                                           .options = tl_str_z(job->options),
                                           .cursor = code == TL_OK ? row.value : TL_STR_NONE};
        code = tl_capture_start(job->lane->systems[job->system].attached, &config, &owner, &job->capture, err);
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
        struct tl_capture_job *job = &engine->captures[i];
        uint64_t hash = tl_journal_key_hash(engine->journal, tl_str_z(job->name));
        job->lane = engine->lanes[tl_dispatch_lane(engine, hash)];
        if (job->lane == lane && lane->systems[job->system].attached != NULL)
            code = begin(job, err);
    }
    return code;
}

static void ended(void *ctx)
{
    struct tl_capture_job *job = ctx;
    leave(job, TL_FAIL_NONE, 0);
    job->capture = NULL;
    tl_lane_stop_step(job->lane);
}

void tl_captures_end(struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->engine->capture_count; i++) {
        struct tl_capture_job *job = &lane->engine->captures[i];
        if (job->lane == lane && job->capture != NULL)
            tl_capture_stop(job->capture, ended, job);
    }
}

bool tl_captures_ended(const struct tl_lane *lane)
{
    for (size_t i = 0; i < lane->engine->capture_count; i++) {
        const struct tl_capture_job *job = &lane->engine->captures[i];
        if (job->lane == lane && job->capture != NULL)
            return false;
    }
    return true;
}

tl_code tl_engine_capture_now(struct tl_engine *engine, tl_str system, tl_str object, struct tl_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < engine->capture_count; i++) {
        struct tl_capture_job *job = &engine->captures[i];
        if (!tl_str_is(system, engine->plan.systems[job->system].name) ||
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
