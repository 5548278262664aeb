/* The schedules of a lane: read when it starts, changed with the revision, shown. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/timestamp.h"
#include "guard/schedule.h"
#include "journal/state.h"
#include "run.h"
#include "ticks.h"

/* ---- the list ---- */

void tl_tick_job_free(struct tl_tick_job *job)
{
    tl_schedule_free(job->schedule);
    tl_free(job->name);
    tl_free(job->expression);
    tl_free(job);
}

static struct tl_tick_job *job_of(struct tl_link *link)
{
    return link != NULL ? TL_LIST_ITEM(link, struct tl_tick_job, link) : NULL;
}

struct tl_tick_job *tl_tick_job_first(const struct tl_lane *lane)
{
    return job_of(tl_list_first(&lane->tick_jobs));
}

struct tl_tick_job *tl_tick_job_next(const struct tl_lane *lane, const struct tl_tick_job *job)
{
    return job_of(tl_list_after(&lane->tick_jobs, &job->link));
}

void tl_ticks_init(struct tl_lane *lane)
{
    tl_timer_init(&lane->ticks, tl_ticks_look);
    tl_list_init(&lane->tick_jobs);
}

void tl_ticks_free(struct tl_lane *lane)
{
    struct tl_link *link;
    while ((link = tl_list_pop(&lane->tick_jobs)) != NULL)
        tl_tick_job_free(TL_LIST_ITEM(link, struct tl_tick_job, link));
}

static bool is_mine(const struct tl_lane *lane, const struct tl_every *decl)
{
    struct tl_engine *engine = lane->engine;
    return tl_dispatch_lane(engine, tl_journal_key_hash(engine->journal, tl_str_z(decl->name))) == lane->index;
}

/* What may change without beginning anew. */
static void set_policy(struct tl_tick_job *job, const struct tl_plan *plan, const struct tl_every *decl)
{
    int flow = tl_plan_flow(plan, tl_str_z(decl->name));
    job->missed = decl->missed;
    job->max_late_ms = decl->max_late_ms;
    job->priority = flow >= 0 ? plan->flows[flow]->place.priority : TL_NORMAL;
}

static void begin_at(struct tl_tick_job *job, int64_t upto)
{
    atomic_store(&job->upto_ms, upto);
    job->coming_ms = tl_schedule_next(job->schedule, upto);
}

/* A job that begins now, in the lane's list. */
static tl_code add_job(struct tl_lane *lane, const struct tl_every *decl, struct tl_tick_job **out,
                       struct tl_error *err)
{
    struct tl_schedule *schedule;
    tl_code code = tl_schedule_parse(tl_str_z(decl->expression), NULL, &schedule, err);
    if (code != TL_OK)
        return code;
    struct tl_tick_job *job = *out = TL_NEW(struct tl_tick_job);
    job->name = tl_copy_z(decl->name);
    job->expression = tl_copy_z(decl->expression);
    job->schedule = schedule;
    job->dirty = true;
    set_policy(job, &lane->engine->plan, decl);
    begin_at(job, tl_wall_ms());
    pthread_mutex_lock(&lane->engine->ticks_lock);
    tl_list_push(&lane->tick_jobs, &job->link);
    pthread_mutex_unlock(&lane->engine->ticks_lock);
    return TL_OK;
}

static int64_t time_of(const struct tl_json_value *row, const char *name)
{
    struct tl_timestamp at;
    return tl_timestamp_parse(tl_json_get_text(row, name), TL_TIME_RFC3339, &at, NULL) == TL_OK ? at.ms : 0;
}

/* Goes on where the row says, unless it is of another expression. */
static void restore(struct tl_tick_job *job, tl_str text)
{
    struct tl_json_doc *doc;
    if (tl_json_parse_borrowed(text, NULL, &doc, NULL) != TL_OK)
        return;
    const struct tl_json_value *row = tl_json_root(doc);
    bool same = tl_json_is(tl_json_get(row, "expression"), job->expression);
    int64_t upto = time_of(row, "upto");
    job->dirty = !same;
    if (same || upto > atomic_load(&job->upto_ms)) /* no instant twice, also when the clock went back */
        begin_at(job, upto);
    atomic_store(&job->previous_ms, time_of(row, "previous"));
    atomic_store(&job->ticks, (unsigned long long)tl_json_get_i64(row, "ticks", 0));
    atomic_store(&job->skipped, (unsigned long long)tl_json_get_i64(row, "skipped", 0));
    tl_json_free(doc);
}

static tl_code begin(struct tl_lane *lane, const struct tl_every *decl, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_row row;
    struct tl_tick_job *job;
    tl_code code = add_job(lane, decl, &job, err);
    if (code != TL_OK)
        return code;
    tl_arena_init(&arena);
    code = tl_state_get(lane->engine->journal, TL_STR(TL_TABLE_SCHEDULE), tl_str_z(job->name), &arena, &row, err);
    if (code == TL_OK)
        restore(job, row.value);
    tl_arena_free(&arena);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

static const struct tl_every *find_decl(const struct tl_engine *engine, tl_str name)
{
    for (size_t i = 0; i < engine->plan.every_count; i++) {
        if (tl_str_is(name, engine->plan.everys[i].name))
            return &engine->plan.everys[i];
    }
    return NULL;
}

/* Rows of schedules that are gone: one that comes back begins anew. */
static tl_code forget_gone(struct tl_engine *engine, struct tl_error *err)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_SCHEDULE), .limit = 10000};
    struct tl_state_page page;
    struct tl_arena arena;
    struct tl_batch *batch = tl_batch_new(engine->journal);
    size_t gone = 0;
    tl_arena_init(&arena);
    tl_code code = tl_state_scan(engine->journal, &query, &arena, &page, err);
    for (size_t i = 0; code == TL_OK && i < page.count; i++) {
        if (find_decl(engine, page.rows[i].key) != NULL)
            continue;
        gone++;
        code = tl_batch_del(batch, query.table, page.rows[i].key, err);
    }
    if (code == TL_OK && gone > 0)
        code = tl_journal_submit_wait(engine->journal, batch, TL_DURABLE, err);
    tl_batch_free(batch);
    tl_arena_free(&arena);
    return code;
}

static void look_now(struct tl_lane *lane)
{
    if (!tl_list_empty(&lane->tick_jobs))
        tl_timer_start(lane->loop, &lane->ticks, 0);
}

tl_code tl_ticks_begin(struct tl_lane *lane, struct tl_error *err)
{
    struct tl_engine *engine = lane->engine;
    tl_code code = lane->index == 0 ? forget_gone(engine, err) : TL_OK;
    for (size_t i = 0; code == TL_OK && i < engine->plan.every_count; i++) {
        if (is_mine(lane, &engine->plan.everys[i]))
            code = begin(lane, &engine->plan.everys[i], err);
    }
    if (code == TL_OK)
        look_now(lane);
    return code;
}

/* ---- another revision ---- */

/* Its row goes with the lane's next batch. */
static void drop_job(struct tl_lane *lane, struct tl_tick_job *job)
{
    pthread_mutex_lock(&lane->engine->ticks_lock);
    tl_list_remove(&job->link);
    pthread_mutex_unlock(&lane->engine->ticks_lock);
    tl_must(tl_batch_del(tl_lane_batch(lane), TL_STR(TL_TABLE_SCHEDULE), tl_str_z(job->name), NULL) == TL_OK);
    tl_lane_wake(lane);
    job->gone = true;
    if (!job->under_way)
        tl_tick_job_free(job);
}

static struct tl_tick_job *find_job(struct tl_lane *lane, const char *name)
{
    struct tl_tick_job *job;
    for (job = tl_tick_job_first(lane); job != NULL; job = tl_tick_job_next(lane, job)) {
        if (tl_str_is(tl_str_z(name), job->name))
            return job;
    }
    return NULL;
}

/* It stays, or begins anew with its other expression. */
static tl_code revise(struct tl_lane *lane, struct tl_tick_job *job, const struct tl_every *decl, struct tl_error *err)
{
    struct tl_schedule *schedule;
    pthread_mutex_lock(&lane->engine->ticks_lock);
    set_policy(job, &lane->engine->plan, decl);
    pthread_mutex_unlock(&lane->engine->ticks_lock);
    if (tl_str_is(tl_str_z(decl->expression), job->expression))
        return TL_OK;
    tl_code code = tl_schedule_parse(tl_str_z(decl->expression), NULL, &schedule, err);
    if (code != TL_OK)
        return code;
    int64_t upto = atomic_load(&job->upto_ms), now = tl_wall_ms();
    pthread_mutex_lock(&lane->engine->ticks_lock);
    tl_schedule_free(job->schedule);
    tl_free(job->expression);
    job->schedule = schedule;
    job->expression = tl_copy_z(decl->expression);
    pthread_mutex_unlock(&lane->engine->ticks_lock);
    job->dirty = true;
    begin_at(job, upto > now ? upto : now);
    return TL_OK;
}

void tl_ticks_revise(struct tl_lane *lane)
{
    const struct tl_engine *engine = lane->engine;
    struct tl_tick_job *job, *next;
    for (job = tl_tick_job_first(lane); job != NULL; job = next) {
        next = tl_tick_job_next(lane, job);
        if (find_decl(engine, tl_str_z(job->name)) == NULL)
            drop_job(lane, job);
    }
    for (size_t i = 0; i < engine->plan.every_count; i++) {
        const struct tl_every *decl = &engine->plan.everys[i];
        struct tl_error err;
        if (!is_mine(lane, decl))
            continue;
        job = find_job(lane, decl->name);
        tl_code code = job != NULL ? revise(lane, job, decl, &err) : add_job(lane, decl, &job, &err);
        if (code != TL_OK) /* the bundle was checked: the machine has no such zone any more */
            tl_log(TL_ERROR, "schedule", err.text, TL_FSTR("name", decl->name));
    }
    look_now(lane);
}

/* ---- asked by others ---- */

int64_t tl_ticks_due_ms(const struct tl_lane *lane)
{
    int64_t due = INT64_MAX;
    const struct tl_tick_job *job;
    for (job = tl_tick_job_first(lane); job != NULL; job = tl_tick_job_next(lane, job)) {
        int64_t at = job->coming_ms == TL_NEVER ? INT64_MAX : tl_mono_ms() + (job->coming_ms - tl_wall_ms());
        due = at < due ? at : due;
    }
    return due;
}

static void put_job(struct tl_tick_job *job, struct tl_json_writer *w)
{
    static const char *const missed[] = {"once", "all", "skip"};
    int64_t next = tl_schedule_next(job->schedule, atomic_load(&job->upto_ms));
    tl_json_begin_object(w);
    tl_json_put_z(w, "name", job->name);
    tl_json_put_z(w, "expression", job->expression);
    tl_json_put_z(w, "missed", missed[job->missed]);
    tl_tick_put_instant(w, "next", next == TL_NEVER ? 0 : next);
    tl_tick_put_instant(w, "previous", atomic_load(&job->previous_ms));
    tl_json_put_uint(w, "ticks", atomic_load(&job->ticks));
    tl_json_put_uint(w, "skipped", atomic_load(&job->skipped));
    tl_json_end_object(w);
}

void tl_ticks_status(struct tl_engine *engine, struct tl_json_writer *w)
{
    struct tl_tick_job *job;
    tl_json_key(w, "schedules");
    tl_json_begin_array(w);
    pthread_mutex_lock(&engine->ticks_lock);
    for (unsigned i = 0; i < engine->lane_count; i++) {
        for (job = tl_tick_job_first(engine->lanes[i]); job != NULL; job = tl_tick_job_next(engine->lanes[i], job))
            put_job(job, w);
    }
    pthread_mutex_unlock(&engine->ticks_lock);
    tl_json_end_array(w);
}
