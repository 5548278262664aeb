/* What a person does to an open run. An act is carried out by the lane that owns the run, and audited in the commit
 * that carries it. */
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json.h"
#include "desk_unit.h"
#include "exception_int.h"
#include "flow/runs.h"
#include "fit.h"
#include "reply.h"
#include "undo.h"

struct repair {
    struct tl_mail mail;
    struct tl_then then;
    struct tl_engine *engine;
    struct tl_lane *lane;
    enum tl_run_act act;
    char *id, *step, *result, *who, *why; /* own */
    bool dry_run;
    char *text; /* own; what was done */
    struct tl_reply *reply;
};

static void finish(struct repair *repair, tl_code code, const char *text)
{
    tl_reply_send(repair->reply, code, text);
    tl_free(repair->id);
    tl_free(repair->step);
    tl_free(repair->result);
    tl_free(repair->who);
    tl_free(repair->why);
    tl_free(repair->text);
    tl_free(repair);
}

static void written(struct tl_then *then, uint64_t commit)
{
    struct repair *repair = TL_CONTAINER_OF(then, struct repair, then);
    if (commit != 0)
        finish(repair, TL_OK, repair->text);
    else
        finish(repair, TL_ECANCELLED, "the server is stopping");
}

/* ---- steps ---- */

struct steps {
    struct tl_step_row *rows; /* arena */
    size_t count;
};

static tl_code read_steps(struct repair *repair, struct tl_run_row *run, struct tl_arena *arena, struct steps *out,
                          struct tl_error *err)
{
    struct tl_journal *journal = repair->engine->journal;
    tl_journal_wait_applied(journal, tl_journal_last(journal));
    return tl_run_steps(repair->lane, run, arena, &out->rows, &out->count, err);
}

static struct tl_step_row *find_step(const struct steps *steps, const char *id)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (tl_str_is(steps->rows[i].id, id))
            return &steps->rows[i];
    }
    return NULL;
}

static tl_code no_step(const struct repair *repair, struct tl_error *err)
{
    return tl_fail(err, TL_ENOTFOUND, "run %s has recorded no step \"%s\"; 'tidelock runs show %s' lists them",
                   repair->id, repair->step, repair->id);
}

/* Its turn, whatever it does now. */
static void go_on(struct tl_lane *lane, struct tl_run_row *run)
{
    if (run->unit != NULL)
        return; /* it has it, or will */
    if (run->phase == TL_PHASE_PARKED) {
        tl_desk_retry_run(lane, run);
        return;
    }
    tl_run_enter_then(lane, tl_run_load(lane, run), false);
}

/* ---- the acts ---- */

static tl_code is_idle(const struct tl_run_row *run, struct tl_error *err)
{
    if (run->unit == NULL)
        return TL_OK;
    return tl_fail(err, TL_EFAILED, "run %s is at work just now; try again when it waits or is parked", run->id);
}

/* It may go on: nothing newer of its key was applied that it would overwrite. */
static tl_code may_go_on(const struct repair *repair, const struct tl_run_row *run, struct tl_error *err)
{
    tl_code code = is_idle(run, err);
    if (code != TL_OK || run->phase != TL_PHASE_PARKED)
        return code;
    const struct tl_open_exception *open = tl_desk_exception(repair->lane, run);
    if (open == NULL || open->later == TL_POSITION_NONE)
        return TL_OK;
    char later[TL_POSITION_TEXT];
    tl_position_print(open->later, later);
    return tl_fail(err, TL_EDIFFERS,
                   "event %s, a later one of the same key, was applied after run %s was parked: going on may overwrite "
                   "what is newer. Cancel the run, or 'tidelock exceptions retry' it with --although-later",
                   later, run->id);
}

static tl_code cancel(struct repair *repair, struct tl_run_row *run, struct tl_error *err)
{
    if (run->cancel != NULL)
        return tl_fail(err, TL_EFAILED, "run %s is cancelled already: %s", run->id, run->cancel);
    repair->text = tl_printf("run %s %s; what it did is undone, last first", run->id,
                             repair->dry_run ? "would be cancelled" : "is cancelled");
    if (repair->dry_run)
        return TL_OK;
    char *reason = tl_printf("cancelled by %s: %s", repair->who, repair->why);
    tl_run_abort(repair->lane, run, reason, false);
    tl_free(reason);
    return TL_OK;
}

static tl_code restep(struct repair *repair, struct tl_run_row *run, struct tl_arena *arena, struct tl_error *err)
{
    struct steps steps;
    tl_code code = may_go_on(repair, run, err);
    if (code == TL_OK)
        code = read_steps(repair, run, arena, &steps, err);
    if (code != TL_OK)
        return code;
    const struct tl_step_row *from = repair->step[0] != 0 ? find_step(&steps, repair->step) : NULL;
    if (repair->step[0] != 0 && from == NULL)
        return no_step(repair, err);
    uint32_t order = from == NULL ? 1 : from->order > 0 ? from->order : run->order + 1;
    size_t forgotten = 0, effects = 0;
    struct tl_batch *batch = repair->dry_run ? NULL : tl_lane_batch(repair->lane);
    for (size_t i = 0; i < steps.count; i++) {
        struct tl_step_row *row = &steps.rows[i];
        bool open = row->order == 0 && (row == from || from == NULL || order <= run->order);
        if (row->order < order && !open)
            continue;
        forgotten++;
        effects += row->kind == TL_ASK_CALL && row->state == TL_STEP_DONE;
        if (batch == NULL)
            continue;
        tl_wait_forget(repair->lane, run, row->number, batch);
        row->state = TL_STEP_DROPPED;
        row->order = 0;
        tl_step_put(run, row, batch);
    }
    repair->text = tl_printf("%zu step%s of run %s %s forgotten (%zu done call%s, which may be made again)", forgotten,
                             forgotten == 1 ? "" : "s", run->id, repair->dry_run ? "would be" : "are", effects,
                             effects == 1 ? "" : "s");
    if (batch == NULL)
        return TL_OK;
    run->order = order - 1;
    tl_run_put(repair->lane, run, batch);
    go_on(repair->lane, run);
    return TL_OK;
}

static tl_code skip(struct repair *repair, struct tl_run_row *run, struct tl_arena *arena, struct tl_error *err)
{
    struct steps steps;
    tl_code code = may_go_on(repair, run, err);
    if (code == TL_OK)
        code = read_steps(repair, run, arena, &steps, err);
    if (code != TL_OK)
        return code;
    struct tl_step_row *row = find_step(&steps, repair->step);
    struct tl_step_row fresh = {.number = run->next, .id = tl_str_z(repair->step), .kind = TL_ASK_CALL};
    if (row == NULL && run->phase != TL_PHASE_PARKED)
        return no_step(repair, err);
    if (row == NULL) /* its failure was not recorded */
        row = &fresh;
    if (tl_step_is_result(row))
        return tl_fail(err, TL_EFAILED, "step \"%s\" of run %s has its result already", repair->step, run->id);
    repair->text =
        tl_printf("step \"%s\" of run %s %s skipped", repair->step, run->id, repair->dry_run ? "would be" : "is");
    if (repair->dry_run)
        return TL_OK;
    struct tl_batch *batch = tl_lane_batch(repair->lane);
    tl_wait_forget(repair->lane, run, row->number, batch);
    row->state = TL_STEP_SKIPPED;
    row->document = tl_str_z(repair->result);
    row->cls = row->code = row->message = TL_STR_NONE;
    row->at_ms = tl_wall_ms();
    row->order = ++run->order;
    if (row == &fresh)
        run->next++;
    tl_step_put(run, row, batch);
    tl_run_put(repair->lane, run, batch);
    go_on(repair->lane, run);
    return TL_OK;
}

static tl_code move(struct repair *repair, struct tl_run_row *run, struct tl_error *err)
{
    int flow = tl_plan_flow(&repair->engine->plan, tl_str_z(run->flow));
    const char *live = flow >= 0 ? tl_plan_revision(&repair->engine->plan, (uint32_t)flow) : "";
    tl_code code = is_idle(run, err);
    if (code == TL_OK && tl_str_is(tl_str_z(live), run->revision))
        code = tl_fail(err, TL_EFAILED, "run %s is on the live revision %.12s already", run->id, live);
    if (code == TL_OK)
        code = tl_run_fits(repair->lane, run, err);
    if (code != TL_OK)
        return code;
    repair->text = tl_printf("run %s %s from revision %.12s to %.12s; its journal fits so far", run->id,
                             repair->dry_run ? "would move" : "moves", run->revision, live);
    if (repair->dry_run)
        return TL_OK;
    tl_free(run->revision);
    run->revision = tl_copy_z(live);
    tl_run_put(repair->lane, run, tl_lane_batch(repair->lane));
    return TL_OK;
}

static tl_code act(struct repair *repair, struct tl_run_row *run, struct tl_error *err)
{
    struct tl_arena arena;
    tl_code code = TL_EINPUT;
    tl_arena_init(&arena);
    switch (repair->act) {
    case TL_RUN_CANCEL:
        code = cancel(repair, run, err);
        break;
    case TL_RUN_RESTEP:
        code = restep(repair, run, &arena, err);
        break;
    case TL_RUN_SKIP:
        code = skip(repair, run, &arena, err);
        break;
    case TL_RUN_MOVE:
        code = move(repair, run, err);
        break;
    }
    tl_arena_free(&arena);
    return code;
}

static void on_lane(struct tl_mail *mail)
{
    static const char *const acts[] = {"cancel run", "retry run", "skip step", "move run"};
    struct repair *repair = TL_CONTAINER_OF(mail, struct repair, mail);
    struct tl_lane *lane = repair->lane;
    struct tl_error err;
    if (lane->phase != TL_LANE_RUNNING) {
        finish(repair, TL_ECANCELLED, "the server is stopping");
        return;
    }
    struct tl_run_row *run = tl_run_get(lane, tl_str_z(repair->id));
    tl_code code = run != NULL ? act(repair, run, &err)
                               : tl_fail(&err, TL_ENOTFOUND, "there is no open run %s any more", repair->id);
    if (code != TL_OK || repair->dry_run) {
        finish(repair, code, code == TL_OK ? repair->text : err.text);
        return;
    }
    tl_audit(repair->engine, tl_lane_batch(lane), acts[repair->act], tl_str_z(repair->id), tl_str_z(repair->who),
             tl_str_z(repair->why), tl_str_z(repair->step));
    repair->then.durable = written;
    tl_lane_then(lane, &repair->then);
}

/* ---- from anywhere ---- */

static tl_code check(const struct tl_run_request *request, struct tl_error *err)
{
    struct tl_json_doc *doc;
    bool needs_reason = !request->dry_run;
    if (needs_reason && tl_str_trim(request->why).len == 0)
        return tl_fail(err, TL_EINPUT, "say why: --reason \"…\"");
    if (request->act == TL_RUN_SKIP && request->step.len == 0)
        return tl_fail(err, TL_EINPUT, "say which step: 'tidelock runs show %.*s' lists them",
                       TL_STR_ARGS(request->id));
    if (request->result.len == 0)
        return TL_OK;
    tl_code code = tl_json_parse_borrowed(request->result, NULL, &doc, err);
    if (code == TL_OK)
        tl_json_free(doc);
    else
        tl_error_prefix(err, "the result");
    return code;
}

void tl_run_do(struct tl_engine *engine, const struct tl_run_request *request, struct tl_loop *loop,
               void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_reply *reply = tl_reply_new(loop, done, ctx);
    struct tl_lane *lane = NULL;
    struct tl_error err;
    tl_code code = check(request, &err);
    if (code == TL_OK && !tl_engine_running(engine))
        code = tl_fail(&err, TL_ECANCELLED, "the server is not running");
    if (code == TL_OK)
        code = tl_run_lane(engine, request->id, &lane, &err);
    if (code != TL_OK) {
        tl_reply_send(reply, code, err.text);
        return;
    }
    struct repair *repair = TL_NEW(struct repair);
    *repair = (struct repair){.engine = engine,
                              .lane = lane,
                              .act = request->act,
                              .id = tl_str_dup(request->id),
                              .step = tl_str_dup(request->step),
                              .result = tl_str_dup(request->result),
                              .who = tl_str_dup(request->who),
                              .why = tl_str_dup(request->why),
                              .dry_run = request->dry_run,
                              .reply = reply};
    tl_mail_init(&repair->mail, on_lane);
    tl_loop_post(lane->loop, &repair->mail);
}
