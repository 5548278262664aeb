#include "decision.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "flow/runs.h"
#include "journal/state.h"
#include "reply.h"
#include <stdio.h>

#define ID_MAX 40

static void id_of(const struct tl_run_row *run, uint32_t number, char out[ID_MAX])
{
    snprintf(out, ID_MAX, "%s-%u", run->id, number);
}

/* ---- rows ---- */

static int64_t due_of(const struct tl_drive *drive, const struct tl_run_ask *ask, int64_t now)
{
    const struct tl_plan *plan = &drive->lane->engine->plan;
    const struct tl_steward *steward = tl_plan_steward(plan, plan->flows[drive->unit->flow]->steward);
    int64_t within = ask->within_ms > 0 ? ask->within_ms : steward != NULL ? steward->due_ms : 0;
    return within > 0 ? now + within : 0;
}

static void write_row(struct tl_step *step, const char *id, int64_t now, int64_t due, struct tl_buf *out)
{
    struct tl_drive *drive = step->drive;
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[drive->unit->flow];
    const struct tl_run_ask *ask = step->ask;
    struct tl_json_writer w;
    char text[40];
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "id", id);
    tl_json_put_z(&w, "run", drive->unit->run->id);
    tl_json_put_lossy(&w, "step", ask->id);
    tl_json_put_z(&w, "flow", flow->name);
    tl_json_put_z(&w, "event", drive->id);
    tl_json_put_lossy(&w, "key", drive->event.key);
    tl_json_key(&w, "options");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < ask->type_count; i++)
        tl_json_lossy(&w, ask->types[i]);
    tl_json_end_array(&w);
    tl_json_put_lossy(&w, "about", ask->reason);
    tl_json_put_raw(&w, "show", ask->data.len > 0 ? ask->data : TL_STR("null"));
    tl_json_put_z(&w, "steward", flow->steward);
    tl_json_put_string(&w, "since", tl_time_text(now, text));
    if (due > 0)
        tl_json_put_string(&w, "due", tl_time_text(due, text));
    else
        tl_json_put_z(&w, "due", NULL);
    tl_json_put_lossy(&w, "place", tl_place_text(drive, &ask->place));
    tl_json_end_object(&w);
}

void tl_decision_put(struct tl_step *step, struct tl_batch *batch)
{
    struct tl_drive *drive = step->drive;
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[drive->unit->flow];
    char id[ID_MAX], due_text[24] = "";
    int64_t now = tl_wall_ms(), due = due_of(drive, step->ask, now);
    struct tl_buf row;
    tl_buf_init(&row, TL_PAYLOAD_MAX);
    id_of(drive->unit->run, step->number, id);
    write_row(step, id, now, due, &row);
    if (due > 0)
        snprintf(due_text, sizeof due_text, "%013lld", (long long)due);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_DECISION),
        .key = tl_str_z(id),
        .value = tl_buf_str(&row),
        .attr = {tl_str_z(flow->name), tl_str_z(flow->steward), drive->event.key, tl_str_z(due_text)}};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
    tl_buf_free(&row);
}

void tl_decision_del(const struct tl_run_row *run, uint32_t number, struct tl_batch *batch)
{
    char id[ID_MAX];
    id_of(run, number, id);
    tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_DECISION), tl_str_z(id), NULL) == TL_OK);
}

tl_code tl_decisions_list(struct tl_engine *engine, const struct tl_decisions_query *query, struct tl_buf *out,
                          struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_page page;
    tl_arena_init(&arena);
    struct tl_state_query scan = {.table = TL_STR(TL_TABLE_DECISION),
                                  .where = {query->flow, query->steward, query->key},
                                  .after = query->after,
                                  .limit = query->limit};
    tl_code code = tl_state_scan(engine->journal, &scan, &arena, &page, err);
    if (code == TL_OK) {
        struct tl_json_writer w;
        tl_json_writer_init(&w, out);
        tl_json_begin_object(&w);
        tl_json_key(&w, "decisions");
        tl_json_begin_array(&w);
        for (size_t i = 0; i < page.count; i++)
            tl_json_raw_value(&w, page.rows[i].value);
        tl_json_end_array(&w);
        tl_json_put_or_null(&w, "next", page.next);
        tl_json_end_object(&w);
        code = tl_json_writer_done(&w, err);
    }
    tl_arena_free(&arena);
    return code;
}

/* ---- an answer ---- */

struct answer {
    struct tl_mail mail;
    struct tl_then then;
    struct tl_engine *engine;
    struct tl_lane *lane;
    char *id, *run, *answer, *who, *why; /* own */
    uint32_t number;
    struct tl_reply *reply;
};

static void finish(struct answer *answer, tl_code code, const char *text)
{
    tl_reply_send(answer->reply, code, text);
    tl_free(answer->id);
    tl_free(answer->run);
    tl_free(answer->answer);
    tl_free(answer->who);
    tl_free(answer->why);
    tl_free(answer);
}

static void written(struct tl_then *then, uint64_t commit)
{
    struct answer *answer = TL_CONTAINER_OF(then, struct answer, then);
    if (commit != 0)
        finish(answer, TL_OK, "the decision is made; the run goes on");
    else
        finish(answer, TL_ECANCELLED, "the server is stopping");
}

static tl_str document(struct answer *answer, struct tl_arena *arena)
{
    struct tl_buf text;
    struct tl_json_writer w;
    char at[40];
    tl_buf_init(&text, 1 << 20);
    tl_json_writer_init(&w, &text);
    tl_json_begin_object(&w);
    tl_json_put_lossy(&w, "answer", tl_str_z(answer->answer));
    tl_json_put_string(&w, "at", tl_time_text(tl_wall_ms(), at));
    tl_json_put_lossy(&w, "by", tl_str_z(answer->who));
    tl_json_put_lossy(&w, "why", tl_str_z(answer->why));
    tl_json_end_object(&w);
    tl_str copy = tl_arena_str(arena, tl_buf_str(&text));
    tl_buf_free(&text);
    return copy;
}

static void on_lane(struct tl_mail *mail)
{
    struct answer *answer = TL_CONTAINER_OF(mail, struct answer, mail);
    struct tl_lane *lane = answer->lane;
    struct tl_run_row *run = lane->phase == TL_LANE_RUNNING ? tl_run_get(lane, tl_str_z(answer->run)) : NULL;
    struct tl_run_wait *wait = run != NULL ? tl_run_row_wait(run, answer->number) : NULL;
    if (wait == NULL || wait->kind != TL_ASK_DECIDE) {
        finish(answer, lane->phase == TL_LANE_RUNNING ? TL_ENOTFOUND : TL_ECANCELLED,
               lane->phase == TL_LANE_RUNNING ? "this decision is not open any more" : "the server is stopping");
        return;
    }
    struct tl_arena arena;
    tl_arena_init(&arena);
    int64_t now = tl_wall_ms();
    struct tl_step_row row = {.state = TL_STEP_DONE, .at_ms = now, .now_ms = now, .document = document(answer, &arena)};
    tl_audit(answer->engine, tl_lane_batch(lane), "decide", tl_str_z(answer->id), tl_str_z(answer->who),
             tl_str_z(answer->why), tl_str_z(answer->answer));
    answer->then.durable = written;
    tl_run_wake(lane, run, answer->number, &row, &answer->then);
    tl_arena_free(&arena);
}

/* The row says which answers there are. */
static tl_code check(struct tl_engine *engine, tl_str id, tl_str answer, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_row row;
    struct tl_json_doc *doc;
    tl_arena_init(&arena);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_DECISION), id, &arena, &row, err);
    if (code != TL_OK) {
        tl_arena_free(&arena);
        return tl_fail(err, TL_ENOTFOUND, "there is no open decision %.*s; 'tidelock decisions' lists them",
                       TL_STR_ARGS(id));
    }
    code = tl_json_parse_borrowed(row.value, NULL, &doc, err);
    if (code == TL_OK) {
        struct tl_buf offered;
        bool known = false;
        tl_buf_init(&offered, 4096);
        struct tl_json_iter i = tl_json_iter(tl_json_get(tl_json_root(doc), "options"));
        while (tl_json_next(&i)) {
            known |= tl_str_eq(tl_json_text(i.value), answer);
            tl_buf_addf(&offered, "%s\"%.*s\"", offered.len > 0 ? ", " : "", TL_STR_ARGS(tl_json_text(i.value)));
        }
        if (!known)
            code = tl_fail(err, TL_EINPUT, "\"%.*s\" is no answer to decision %.*s; it takes %.*s", TL_STR_ARGS(answer),
                           TL_STR_ARGS(id), TL_STR_ARGS(tl_buf_str(&offered)));
        tl_buf_free(&offered);
        tl_json_free(doc);
    }
    tl_arena_free(&arena);
    return code;
}

void tl_decision_answer(struct tl_engine *engine, tl_str id, tl_str answer, tl_str who, tl_str why,
                        struct tl_loop *loop, void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_reply *reply = tl_reply_new(loop, done, ctx);
    struct tl_error err;
    tl_str rest = id, run;
    uint64_t number = 0;
    struct tl_lane *lane = NULL;
    tl_code code = check(engine, id, answer, &err);
    if (code == TL_OK && (!tl_str_cut(&rest, '-', &run) || !tl_str_u64(rest, &number)))
        code = tl_fail(&err, TL_EINPUT, "\"%.*s\" is no decision's id", TL_STR_ARGS(id));
    if (code == TL_OK)
        code = tl_run_lane(engine, run, &lane, &err);
    if (code != TL_OK) {
        tl_reply_send(reply, code, err.text);
        return;
    }
    struct answer *a = TL_NEW(struct answer);
    *a = (struct answer){.engine = engine,
                         .lane = lane,
                         .id = tl_str_dup(id),
                         .run = tl_str_dup(run),
                         .answer = tl_str_dup(answer),
                         .who = tl_str_dup(who),
                         .why = tl_str_dup(why),
                         .number = (uint32_t)number,
                         .reply = reply};
    tl_mail_init(&a->mail, on_lane);
    tl_loop_post(lane->loop, &a->mail);
}
