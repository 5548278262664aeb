/* Planned instants become events. A lane looks at its schedules when the next instant is due; what is due, and the row
 * that says so, are one commit. What was missed, because nothing ran or the clock was set, is dealt with at the first
 * look after it, by the schedule's policy. */
#include "ticks.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/timestamp.h"
#include "codec/zone.h"
#include "exception_int.h"
#include "guard/schedule.h"
#include "journal/state.h"
#include "run.h"

#define LOOK_MS 30000      /* at the latest: the wall clock may have been set */
#define AGAIN_MS 1000      /* the journal is full, or the clock not trusted */
#define SKIP_LATE_MS 60000 /* `skip`: later than this an instant was missed */
#define COUNT_MAX 1000     /* instants that are counted, or have ticks in one commit */
#define LONG_MS 3600000    /* an instant that waited longer than this needs a clock that is trusted (rule 24) */
#define PAYLOAD_SIZE 2048

/* ---- texts ---- */

void tl_tick_put_instant(struct tl_json_writer *w, const char *name, int64_t ms)
{
    char text[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(ms);
    at.digits = ms % 1000 != 0 ? 3 : 0;
    if (ms != 0)
        tl_json_put_string(w, name, tl_timestamp_print(&at, TL_TIME_RFC3339, text));
    else
        tl_json_put_z(w, name, NULL);
}

/* As the zone's clocks show it, with their offset. */
static void put_local(struct tl_json_writer *w, const struct tl_schedule *schedule, int64_t ms)
{
    char text[TL_TIMESTAMP_SIZE];
    struct tl_zone_offset offset = {0};
    if (tl_schedule_zone(schedule) != NULL)
        tl_zone_at(tl_schedule_zone(schedule), ms / 1000, &offset);
    struct tl_timestamp at = tl_timestamp_from_ms(ms);
    at.digits = 0;
    at.offset = (int16_t)(offset.seconds / 60);
    tl_json_put_string(w, "local", tl_timestamp_print(&at, TL_TIME_RFC3339, text));
}

static void put_row(struct tl_tick_job *job, struct tl_batch *batch)
{
    struct tl_buf value;
    struct tl_json_writer w;
    tl_buf_init(&value, PAYLOAD_SIZE);
    tl_json_writer_init(&w, &value);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "expression", job->expression);
    tl_tick_put_instant(&w, "upto", atomic_load(&job->upto_ms));
    tl_tick_put_instant(&w, "previous", atomic_load(&job->previous_ms));
    tl_json_put_uint(&w, "ticks", atomic_load(&job->ticks));
    tl_json_put_uint(&w, "skipped", atomic_load(&job->skipped));
    tl_json_end_object(&w);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_SCHEDULE), .key = tl_str_z(job->name), .value = tl_buf_str(&value)};
    tl_must(tl_json_writer_done(&w, NULL) == TL_OK && tl_batch_put(batch, &put, NULL) == TL_OK);
    tl_buf_free(&value);
}

/* ---- what is due ---- */

static void add_tick(struct tl_tick_job *job, int64_t planned_ms, unsigned missed, struct tl_batch *batch)
{
    char planned[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(planned_ms);
    struct tl_trace trace;
    struct tl_buf payload;
    struct tl_json_writer w;
    at.digits = 0;
    tl_timestamp_print(&at, TL_TIME_RFC3339, planned);
    tl_trace_start(&trace);
    tl_buf_init(&payload, PAYLOAD_SIZE);
    tl_json_writer_init(&w, &payload);
    tl_json_begin_object(&w);
    put_local(&w, job->schedule, planned_ms);
    tl_json_put_uint(&w, "missed", missed);
    tl_json_put_z(&w, "name", job->name);
    tl_json_put_z(&w, "planned", planned);
    tl_tick_put_instant(&w, "previous", atomic_load(&job->previous_ms));
    tl_json_end_object(&w);
    char *type = tl_printf(TL_TYPE_TICK "%s", job->name), *dedupe = tl_printf("%s/%s", job->name, planned);
    struct tl_event_in in = {.type = tl_str_z(type),
                             .source = TL_STR(TL_SOURCE_SCHEDULE),
                             .key = tl_str_z(job->name),
                             .dedupe = tl_str_z(dedupe),
                             .payload = tl_buf_str(&payload),
                             .priority = job->priority,
                             .trace = &trace};
    tl_must(tl_json_writer_done(&w, NULL) == TL_OK && tl_batch_event(batch, &in, NULL, NULL) == TL_OK);
    atomic_store(&job->previous_ms, planned_ms);
    atomic_store(&job->upto_ms, planned_ms);
    atomic_fetch_add(&job->ticks, 1);
    tl_buf_free(&payload);
    tl_free(type);
    tl_free(dedupe);
}

/* Instants after `from` and before `until`; COUNT_MAX: that or more. */
static unsigned count_instants(const struct tl_tick_job *job, int64_t from, int64_t until)
{
    unsigned count = 0;
    for (int64_t at = tl_schedule_next(job->schedule, from); at < until && count < COUNT_MAX; count++)
        at = tl_schedule_next(job->schedule, at);
    return count;
}

/* How late a tick may be; TL_NEVER: however late. */
static int64_t most_late(const struct tl_tick_job *job)
{
    if (job->max_late_ms > 0)
        return job->max_late_ms;
    return job->missed == TL_MISSED_SKIP ? SKIP_LATE_MS : TL_NEVER;
}

/* Everything up to `upto` passes without a tick. */
static void skip(struct tl_tick_job *job, int64_t upto)
{
    unsigned count = count_instants(job, atomic_load(&job->upto_ms), upto + 1);
    if (count == 0)
        return;
    atomic_fetch_add(&job->skipped, count);
    atomic_store(&job->upto_ms, upto);
    job->dirty = true;
    tl_log(TL_WARN, "schedule.skipped", "planned instants passed too long ago for a tick", TL_FSTR("name", job->name),
           TL_FINT("skipped", count));
}

static void add_each(struct tl_tick_job *job, int64_t now, struct tl_batch *batch)
{
    for (int i = 0; i < COUNT_MAX; i++) {
        int64_t at = tl_schedule_next(job->schedule, atomic_load(&job->upto_ms));
        if (at > now)
            return;
        add_tick(job, at, 0, batch);
    }
}

/* The newest one stands for all. */
static void add_newest(struct tl_tick_job *job, int64_t now, struct tl_batch *batch)
{
    int64_t upto = atomic_load(&job->upto_ms), newest = tl_schedule_newest(job->schedule, upto, now);
    if (newest == TL_NEVER)
        return;
    unsigned missed = count_instants(job, upto, newest);
    atomic_fetch_add(&job->skipped, missed);
    add_tick(job, newest, missed, batch);
}

static void plan(struct tl_tick_job *job, int64_t now, struct tl_batch *batch)
{
    int64_t late = most_late(job);
    if (late != TL_NEVER)
        skip(job, now - late - 1);
    if (job->missed == TL_MISSED_ALL)
        add_each(job, now, batch);
    else
        add_newest(job, now, batch);
    job->coming_ms = tl_schedule_next(job->schedule, atomic_load(&job->upto_ms));
}

/* ---- a look ---- */

static int64_t mono_of(int64_t wall_ms)
{
    int64_t wait = wall_ms == TL_NEVER ? LOOK_MS : wall_ms - tl_wall_ms();
    return tl_mono_ms() + (wait < 0 ? 0 : wait > LOOK_MS ? LOOK_MS : wait);
}

static void look_at(struct tl_lane *lane, int64_t mono_ms)
{
    if (!tl_timer_is_set(&lane->ticks) || lane->ticks.due_ms > mono_ms)
        tl_timer_start_at(lane->loop, &lane->ticks, mono_ms);
}

struct written {
    struct tl_lane *lane;
    struct tl_tick_job *job;
};

static void durable(struct tl_batch *batch, void *ctx)
{
    struct written *written = ctx;
    struct tl_lane *lane = written->lane;
    struct tl_tick_job *job = written->job;
    struct tl_error err;
    lane->batches_out--;
    if (tl_batch_code(batch, &err) == TL_EFULL) { /* the same again, a little later; nothing is planned meanwhile */
        tl_log(TL_ERROR, "schedule.full", err.text, TL_FSTR("name", job->name));
        lane->batches_out++;
        tl_journal_submit(lane->engine->journal, batch, TL_DURABLE, lane->loop, durable, written);
        return;
    }
    job->under_way = false;
    tl_batch_free(batch);
    tl_free(written);
    if (job->gone)
        tl_tick_job_free(job);
    else if (lane->phase == TL_LANE_RUNNING)
        look_at(lane, mono_of(job->coming_ms));
    tl_lane_stop_step(lane);
}

static void write_due(struct tl_lane *lane, struct tl_tick_job *job, int64_t now)
{
    struct tl_batch *batch = tl_batch_new(lane->engine->journal);
    struct written *written = TL_NEW(struct written);
    *written = (struct written){lane, job};
    plan(job, now, batch);
    put_row(job, batch);
    job->dirty = false;
    job->under_way = true;
    lane->batches_out++;
    tl_batch_insist(batch);
    tl_journal_submit(lane->engine->journal, batch, TL_DURABLE, lane->loop, durable, written);
}

/* May it be planned now? A clock that may be wrong plans nothing that is far off. */
static bool may_plan(const struct tl_lane *lane, const struct tl_tick_job *job)
{
    bool far_off = job->coming_ms - atomic_load(&job->upto_ms) > LONG_MS;
    return !far_off || tl_journal_clock_trusted(lane->engine->journal);
}

void tl_ticks_look(struct tl_timer *timer)
{
    struct tl_lane *lane = TL_CONTAINER_OF(timer, struct tl_lane, ticks);
    struct tl_tick_job *job;
    int64_t now = tl_wall_ms(), next = tl_mono_ms() + LOOK_MS, soon = tl_mono_ms() + AGAIN_MS;
    if (lane->phase != TL_LANE_RUNNING)
        return;
    bool full = tl_journal_room(lane->engine->journal) >= TL_ROOM_FULL;
    for (job = tl_tick_job_first(lane); job != NULL; job = tl_tick_job_next(lane, job)) {
        int64_t at = mono_of(job->coming_ms);
        if (job->under_way)
            continue;
        if (!job->dirty && job->coming_ms > now)
            next = at < next ? at : next;
        else if (full || !may_plan(lane, job))
            next = soon < next ? soon : next;
        else
            write_due(lane, job, now);
    }
    look_at(lane, next);
}
