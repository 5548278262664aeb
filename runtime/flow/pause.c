/* A pause acts at once and is then written down; a start reads it back. */
#include "pause_int.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "capture_int.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "reply.h"

struct tl_pause_text {
    char *row; /* own */
};

/* ---- what is meant ---- */

struct target {
    int system, flow;
    struct tl_capture_job *capture;
    char *name; /* own; as the table has it */
};

static bool part(tl_str what, const char *kind, tl_str *name)
{
    tl_str prefix = tl_str_z(kind);
    if (!tl_str_starts(what, prefix))
        return false;
    *name = tl_str_from(what, prefix.len);
    return true;
}

static tl_code unknown(struct tl_engine *engine, tl_str what, struct tl_error *err)
{
    const struct tl_plan *plan = &engine->plan;
    const char **words = tl_zalloc(plan->system_count + plan->flow_count + 1, sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; i < plan->system_count; i++)
        words[count++] = plan->systems[i]->name;
    for (size_t i = TL_FLOW_HINT + 1; i < plan->flow_count; i++)
        words[count++] = plan->flows[i]->name;
    const char *near = tl_nearest(what, words, count);
    tl_code code =
        tl_fail(err, TL_ENOTFOUND, "there is no system, flow or capture \"%.*s\"%s%s%s", TL_STR_ARGS(what),
                near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    tl_free(words);
    return code;
}

static tl_code find(struct tl_engine *engine, tl_str what, struct target *out, struct tl_error *err)
{
    const struct tl_plan *plan = &engine->plan;
    tl_str name = what;
    *out = (struct target){.system = -1, .flow = -1};
    if (part(what, "capture/", &name))
        out->capture = tl_capture_job(engine, what);
    else if (part(what, "system/", &name))
        out->system = tl_plan_system(plan, name);
    else if (part(what, "flow/", &name))
        out->flow = tl_plan_flow(plan, name);
    else {
        out->system = tl_plan_system(plan, what);
        out->flow = out->system < 0 ? tl_plan_flow(plan, what) : -1;
    }
    if (out->capture != NULL)
        out->name = tl_copy_z(out->capture->name);
    else if (out->system >= 0)
        out->name = tl_printf("system/%s", plan->systems[out->system]->name);
    else if (out->flow >= 0)
        out->name = tl_printf("flow/%s", plan->flows[out->flow]->name);
    else
        return unknown(engine, name, err);
    return TL_OK;
}

/* ---- acting ---- */

static void look_at_queues(struct tl_engine *engine)
{
    for (unsigned i = 0; i < engine->lane_count; i++) {
        atomic_store(&engine->lanes[i]->look, true);
        if (atomic_load(&engine->running))
            tl_lane_nudge(engine->lanes[i]);
    }
}

static void poke(struct tl_engine *engine, struct tl_capture_job *job)
{
    if (atomic_load(&engine->running) && !atomic_exchange(&job->poked, true))
        tl_loop_post(job->lane->loop, &job->poke);
}

static void act_on_system(struct tl_engine *engine, int system, bool pause, tl_str who, tl_str why)
{
    struct tl_gate *gate = engine->plan.systems[system]->gate;
    if (pause) {
        tl_gate_pause(gate, who, why, tl_now());
        return;
    }
    tl_gate_resume(gate, tl_now());
    for (size_t i = 0; i < engine->capture_count; i++) {
        if (engine->captures[i]->system == system)
            poke(engine, engine->captures[i]);
    }
}

static void act(struct tl_engine *engine, const struct target *target, bool pause, tl_str who, tl_str why)
{
    if (target->system >= 0) {
        act_on_system(engine, target->system, pause, who, why);
    } else if (target->flow >= 0) {
        /* a flow that was removed only parks what is left of it: nothing to hold back */
        struct tl_plan_flow *flow = engine->plan.flows[target->flow];
        atomic_store(&flow->paused, pause && flow->kind != TL_PLAN_GONE);
    } else {
        atomic_store(&target->capture->paused, pause);
        if (!pause)
            poke(engine, target->capture);
    }
    if (!pause)
        look_at_queues(engine);
}

static void remember(struct tl_engine *engine, const char *name, const char *row)
{
    pthread_mutex_lock(&engine->pause_lock);
    struct tl_pause_text *before = tl_map_remove(&engine->pauses, tl_str_z(name));
    if (before != NULL) {
        tl_free(before->row);
        tl_free(before);
    }
    if (row != NULL) {
        struct tl_pause_text *text = TL_NEW(struct tl_pause_text);
        text->row = tl_copy_z(row);
        tl_map_put(&engine->pauses, tl_str_z(name), text);
    }
    pthread_mutex_unlock(&engine->pause_lock);
}

bool tl_pause_show(struct tl_engine *engine, tl_str what, struct tl_buf *out)
{
    pthread_mutex_lock(&engine->pause_lock);
    struct tl_pause_text *text = tl_map_get(&engine->pauses, what);
    if (text != NULL)
        tl_buf_add_z(out, text->row);
    pthread_mutex_unlock(&engine->pause_lock);
    return text != NULL;
}

void tl_pause_restore(struct tl_engine *engine, tl_str what, tl_str row)
{
    struct target target;
    struct tl_json_doc *doc;
    if (find(engine, what, &target, NULL) != TL_OK) { /* not declared now; it waits for its return */
        char *kept = tl_str_dup(row), *name = tl_str_dup(what);
        remember(engine, name, kept);
        tl_free(name);
        tl_free(kept);
        return;
    }
    if (tl_json_parse_borrowed(row, NULL, &doc, NULL) == TL_OK) {
        char *text = tl_str_dup(row);
        const struct tl_json_value *root = tl_json_root(doc);
        act(engine, &target, true, tl_json_get_text(root, "who"), tl_json_get_text(root, "why"));
        remember(engine, target.name, text);
        tl_free(text);
        tl_json_free(doc);
    }
    tl_free(target.name);
}

/* The names and rows of all pauses, in turn. */
static char **names_of(struct tl_engine *engine, size_t *count)
{
    size_t i = 0;
    tl_str name;
    void *value;
    pthread_mutex_lock(&engine->pause_lock);
    char **all = tl_zalloc(2 * engine->pauses.count + 1, sizeof *all);
    for (*count = 0; tl_map_next(&engine->pauses, &i, &name, &value); ++*count) {
        all[2 * *count] = tl_str_dup(name);
        all[2 * *count + 1] = tl_copy_z(((struct tl_pause_text *)value)->row);
    }
    pthread_mutex_unlock(&engine->pause_lock);
    return all;
}

void tl_pauses_apply(struct tl_engine *engine)
{
    size_t count;
    char **all = names_of(engine, &count);
    for (size_t i = 0; i < count; i++) {
        tl_pause_restore(engine, tl_str_z(all[2 * i]), tl_str_z(all[2 * i + 1]));
        tl_free(all[2 * i]);
        tl_free(all[2 * i + 1]);
    }
    tl_free(all);
}

static void written(struct tl_batch *batch, void *ctx)
{
    struct tl_error err = {0};
    tl_code code = tl_batch_code(batch, &err);
    tl_reply_send(ctx, code, err.text);
    tl_batch_free(batch);
}

static void write_row(struct tl_buf *row, tl_str who, tl_str why)
{
    char when[40];
    struct tl_json_writer w;
    tl_json_writer_init(&w, row);
    tl_json_begin_object(&w);
    tl_json_key(&w, "who");
    tl_json_lossy(&w, who);
    tl_json_key(&w, "why");
    tl_json_lossy(&w, why);
    tl_json_put_string(&w, "when", tl_time_text(tl_wall_ms(), when));
    tl_json_end_object(&w);
}

static void set(struct tl_engine *engine, tl_str what, bool pause, tl_str who, tl_str why, struct tl_reply *reply)
{
    struct target target;
    struct tl_error err;
    tl_code code = find(engine, what, &target, &err);
    if (code != TL_OK) {
        tl_reply_send(reply, code, err.text);
        return;
    }
    struct tl_buf row;
    tl_buf_init(&row, 65536);
    write_row(&row, who, why);
    struct tl_batch *batch = tl_batch_new(engine->journal);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_PAUSE), .key = tl_str_z(target.name), .value = tl_buf_str(&row)};
    code = pause ? tl_batch_put(batch, &put, &err)
                 : tl_batch_del(batch, TL_STR(TL_TABLE_PAUSE), tl_str_z(target.name), &err);
    if (code == TL_OK) {
        tl_audit(engine, batch, pause ? "pause" : "resume", tl_str_z(target.name), who, why, TL_STR_NONE);
        tl_batch_insist(batch);
        remember(engine, target.name, pause ? row.ptr : NULL);
        act(engine, &target, pause, who, why);
        tl_log(TL_INFO, pause ? "paused" : "resumed", "by a person", TL_FSTR("what", target.name),
               TL_FSLICE("who", who), TL_FSLICE("why", why));
        tl_journal_submit(engine->journal, batch, TL_DURABLE, NULL, written, reply);
    } else {
        tl_batch_free(batch);
        tl_reply_send(reply, code, err.text);
    }
    tl_buf_free(&row);
    tl_free(target.name);
}

void tl_engine_pause(struct tl_engine *engine, tl_str what, tl_str who, tl_str why, struct tl_loop *loop,
                     void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    set(engine, what, true, who, why, tl_reply_new(loop, done, ctx));
}

void tl_engine_resume(struct tl_engine *engine, tl_str what, tl_str who, tl_str why, struct tl_loop *loop,
                      void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    set(engine, what, false, who, why, tl_reply_new(loop, done, ctx));
}

void tl_pauses_free(struct tl_engine *engine)
{
    size_t i = 0;
    tl_str name;
    void *value;
    while (tl_map_next(&engine->pauses, &i, &name, &value)) {
        tl_free(((struct tl_pause_text *)value)->row);
        tl_free(value);
    }
    tl_map_free(&engine->pauses);
}
