/* What a person does to an exception. An act is carried out by the lane that owns the key, so it meets the key's other
 * units in order; it is audited in the commit that carries it. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "flow/exception.h"
#include "journal/state.h"
#include "payload_change.h"
#include "reply.h"

struct desk {
    struct tl_mail mail;
    struct tl_engine *engine;
    struct tl_lane *lane;
    enum tl_desk_act act;
    bool although_later;
    char *id, *who, *why; /* own */
    char *payload;        /* own; NULL: none given */
    size_t payload_len;
    char *changes;       /* own; NULL: none */
    const char *steward; /* borrow; assign */
    uint64_t hash;
    struct tl_unit *unit; /* own until it has its turn */
    struct tl_reply *reply;
};

static void finish(struct desk *desk, tl_code code, const char *text)
{
    tl_reply_send(desk->reply, code, text);
    tl_free(desk->id);
    tl_free(desk->who);
    tl_free(desk->why);
    tl_free(desk->payload);
    tl_free(desk->changes);
    tl_free(desk);
}

/* ---- the row ---- */

static tl_code row_of(struct desk *desk, struct tl_arena *arena, struct tl_state_row *row, struct tl_error *err)
{
    struct tl_journal *journal = desk->engine->journal;
    tl_str table = TL_STR(TL_TABLE_EXCEPTION), id = tl_str_z(desk->id);
    tl_code code = tl_state_get(journal, table, id, arena, row, err);
    if (code != TL_ENOTFOUND)
        return code;
    tl_journal_wait_applied(journal, tl_journal_last(journal)); /* it is new */
    return tl_state_get(journal, table, id, arena, row, err);
}

/* The payload of the row with the changes. */
static tl_code apply_changes(struct desk *desk, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_json_doc *doc;
    tl_code code = tl_json_parse_borrowed(row->value, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    struct tl_buf out;
    tl_buf_init(&out, TL_PAYLOAD_MAX);
    code = tl_payload_change(tl_json_get_text(tl_json_root(doc), "payload"), tl_str_z(desk->changes), &out, err);
    if (code == TL_OK)
        desk->payload = tl_buf_take(&out, &desk->payload_len);
    tl_buf_free(&out);
    tl_json_free(doc);
    return code;
}

static void write_steward(struct tl_json_writer *w, const struct tl_open_exception *open)
{
    char due[40];
    tl_json_put_z(w, "steward", open->steward);
    tl_json_put_bool(w, "assigned", open->assigned);
    tl_json_key(w, "due");
    if (open->due_ms > 0)
        tl_json_string(w, tl_time_text(open->due_ms, due));
    else
        tl_json_null(w);
}

/* A member of the row as it will be. */
static void write_member(const struct desk *desk, const struct tl_open_exception *open, struct tl_json_writer *w,
                         tl_str key, const struct tl_json_value *value)
{
    if (tl_str_is(key, "steward")) {
        write_steward(w, open);
        return;
    }
    if (tl_str_is(key, "due") || tl_str_is(key, "assigned"))
        return; /* go with the steward */
    tl_json_key_str(w, key);
    if (tl_str_is(key, "payload") && desk->payload != NULL)
        tl_json_string(w, tl_str_n(desk->payload, desk->payload_len));
    else if (tl_str_is(key, "edited") && desk->payload != NULL)
        tl_json_write_bool(w, true);
    else
        tl_json_value(w, value);
}

/* The row as the act leaves it: another payload, or another steward. */
static tl_code put_row(struct desk *desk, const struct tl_state_row *row, const struct tl_open_exception *open,
                       struct tl_batch *batch, struct tl_error *err)
{
    struct tl_json_doc *doc;
    tl_code code = tl_json_parse_borrowed(row->value, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    struct tl_buf value;
    tl_buf_init(&value, TL_PAYLOAD_MAX);
    struct tl_json_writer w;
    tl_json_writer_init(&w, &value);
    tl_json_begin_object(&w);
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i))
        write_member(desk, open, &w, i.key, i.value);
    tl_json_end_object(&w);
    code = tl_json_writer_done(&w, err);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_EXCEPTION), .key = row->key, .value = tl_buf_str(&value)};
    for (size_t a = 0; a < TL_STATE_ATTRS; a++)
        put.attr[a] = row->attr[a];
    put.attr[2] = tl_str_z(open->steward);
    if (code == TL_OK)
        code = tl_batch_put(batch, &put, err);
    tl_buf_free(&value);
    tl_json_free(doc);
    return code;
}

static void assign(struct desk *desk, struct tl_open_exception *open)
{
    open->steward = desk->steward;
    open->assigned = true;
    open->due_ms = tl_exception_due(&desk->engine->plan, desk->steward, tl_wall_ms());
}

/* ---- retry ---- */

static tl_code may_retry(const struct desk *desk, const struct tl_open_exception *open, struct tl_error *err)
{
    const struct tl_plan_flow *flow = desk->engine->plan.flows[open->flow];
    char later[TL_POSITION_TEXT];
    tl_position_print(open->later, later);
    if (open->retrying)
        return tl_fail(err, TL_EFAILED, "exception %s is being tried again already", desk->id);
    if (flow->kind == TL_PLAN_GONE)
        return tl_fail(err, TL_EFAILED,
                       "flow \"%s\" is not in the integration any more: discard the exception, or bring "
                       "the flow back",
                       flow->name);
    if (open->later != TL_POSITION_NONE && !desk->although_later)
        return tl_fail(err, TL_EDIFFERS,
                       "event %s, a later one of the same key, was applied after this one: running it "
                       "again now may overwrite what is newer. Say so if that is wanted",
                       later);
    return TL_OK;
}

/* The unit as it would be loaded: its payload is the row's when a person edited it, or when the journal has dropped the
 * event. */
static struct tl_unit *unit_of(struct desk *desk, struct tl_open_exception *open, struct tl_keyline *line,
                               const struct tl_state_row *row)
{
    struct tl_lane *lane = desk->lane;
    const struct tl_plan_flow *flow = desk->engine->plan.flows[open->flow];
    struct tl_json_doc *doc = NULL;
    bool edited = desk->payload != NULL;
    char *payload = edited ? tl_copy(desk->payload, desk->payload_len) : NULL;
    size_t len = desk->payload_len;
    if (!edited && tl_json_parse_borrowed(row->value, NULL, &doc, NULL) == TL_OK) {
        tl_str text = tl_json_get_text(tl_json_root(doc), "payload");
        edited = tl_json_get_bool(tl_json_root(doc), "edited", false);
        payload = tl_str_dup(text);
        len = text.len;
    }
    int system =
        tl_plan_first_system(&desk->engine->plan, flow, &flow->place, tl_str_n(payload, payload != NULL ? len : 0));
    struct tl_unit *unit =
        tl_unit_new(lane, tl_queue_of(lane, open->flow, flow->place.priority, system), line, open->event, NULL);
    unit->exception = open;
    if (edited) {
        unit->payload = payload;
        unit->payload_len = len;
    } else
        tl_free(payload);
    tl_json_free(doc);
    return unit;
}

/* ---- on the lane ---- */

/* A later event of the key was applied while the act was on its way to the disk. */
static tl_code still_wanted(struct desk *desk, struct tl_error *err)
{
    struct tl_open_exception *open = desk->unit->exception;
    if (open->later == TL_POSITION_NONE || desk->although_later)
        return TL_OK;
    open->retrying = false;
    return may_retry(desk, open, err);
}

static void carried_out(struct tl_batch *batch, void *ctx)
{
    struct desk *desk = ctx;
    struct tl_lane *lane = desk->lane;
    struct tl_error err = {0};
    tl_code code = tl_batch_code(batch, &err);
    tl_batch_free(batch);
    lane->batches_out--;
    if (code == TL_OK && desk->unit != NULL)
        code = still_wanted(desk, &err);
    struct tl_keyline *line = tl_keyline_find(&lane->lines, desk->hash);
    if (desk->unit != NULL && (code != TL_OK || lane->phase != TL_LANE_RUNNING))
        tl_unit_free(desk->unit);
    else if (desk->unit != NULL)
        tl_keyline_retry(lane, desk->unit->line, desk->unit);
    else if (desk->act == TL_DESK_DISCARD && line != NULL && line->head == NULL && lane->phase == TL_LANE_RUNNING)
        tl_keyline_advance(lane, line);
    finish(desk, code, err.text);
    tl_lane_stop_step(lane);
}

static void discard(struct desk *desk, struct tl_open_exception *open, struct tl_keyline *line, struct tl_batch *batch)
{
    struct tl_plan *plan = &desk->engine->plan;
    char *note = tl_printf("by %.512s: %.2048s", desk->who, desk->why);
    struct tl_outcome outcome = {.event = open->event,
                                 .flow = tl_str_z(plan->flows[open->flow]->name),
                                 .revision = tl_str_z(tl_plan_revision(plan, open->flow)),
                                 .ending = TL_DISCARDED,
                                 .note = tl_str_z(note)};
    tl_must(tl_batch_outcome(batch, &outcome, NULL) == TL_OK);
    tl_run_forget(desk->lane, open->flow, open->event, tl_str_z(note), batch);
    tl_free(note);
    tl_exception_close(desk->lane, line, open, batch);
}

static tl_code fill(struct desk *desk, struct tl_open_exception *open, struct tl_keyline *line, struct tl_batch *batch,
                    struct tl_error *err)
{
    struct tl_arena *arena = &desk->lane->scratch;
    struct tl_state_row row;
    tl_code code = row_of(desk, arena, &row, err);
    if (code == TL_OK && desk->act != TL_DESK_ASSIGN && open->retrying)
        code = tl_fail(err, TL_EFAILED, "exception %s is being tried again already", desk->id);
    if (code == TL_OK && desk->act == TL_DESK_RETRY)
        code = may_retry(desk, open, err);
    if (code == TL_OK && desk->changes != NULL)
        code = apply_changes(desk, &row, err);
    if (code == TL_OK && desk->act == TL_DESK_ASSIGN)
        assign(desk, open);
    if (code == TL_OK && (desk->payload != NULL || desk->act == TL_DESK_ASSIGN))
        code = put_row(desk, &row, open, batch, err);
    if (code == TL_OK && desk->act == TL_DESK_DISCARD)
        discard(desk, open, line, batch);
    if (code == TL_OK && desk->act == TL_DESK_RETRY) {
        desk->unit = unit_of(desk, open, line, &row);
        open->retrying = true;
    }
    tl_arena_free(arena);
    return code;
}

static tl_str detail_of(const struct desk *desk)
{
    if (desk->act == TL_DESK_ASSIGN)
        return tl_str_z(desk->steward);
    if (desk->changes != NULL)
        return tl_str_z(desk->changes);
    return desk->payload != NULL ? TL_STR("payload edited") : TL_STR_NONE;
}

static void on_lane(struct tl_mail *mail)
{
    static const char *const acts[] = {"retry", "edit", "discard", "assign"};
    struct desk *desk = TL_CONTAINER_OF(mail, struct desk, mail);
    struct tl_lane *lane = desk->lane;
    struct tl_error err = {0};
    struct tl_open_exception *open = tl_exception_index_get(&desk->engine->exceptions, tl_str_z(desk->id));
    struct tl_keyline *line = tl_keyline_find(&lane->lines, desk->hash);
    if (lane->phase != TL_LANE_RUNNING) {
        finish(desk, TL_ECANCELLED, "the server is stopping");
        return;
    }
    if (open == NULL || line == NULL) {
        finish(desk, TL_ENOTFOUND, "there is no such exception any more");
        return;
    }
    struct tl_batch *batch = tl_batch_new(desk->engine->journal);
    tl_code code = fill(desk, open, line, batch, &err);
    if (code != TL_OK) {
        tl_batch_free(batch);
        finish(desk, code, err.text);
        return;
    }
    tl_audit(desk->engine, batch, acts[desk->act], tl_str_z(desk->id), tl_str_z(desk->who), tl_str_z(desk->why),
             detail_of(desk));
    tl_batch_insist(batch);
    lane->batches_out++;
    tl_journal_submit(desk->engine->journal, batch, TL_APPLIED, lane->loop, carried_out, desk);
}

/* ---- from anywhere ---- */

static tl_code check_payload(const struct tl_desk_request *request, struct tl_error *err)
{
    struct tl_json_doc *doc;
    if (request->payload.len > 0 && request->changes.len > 0)
        return tl_fail(err, TL_EINPUT, "give a whole payload or changes to the present one, not both");
    if (request->act == TL_DESK_EDIT && request->payload.len == 0 && request->changes.len == 0)
        return tl_fail(err, TL_EINPUT, "an edit needs the new payload, or changes to the present one");
    if (request->changes.len > 0)
        return tl_payload_change_check(request->changes, err);
    if (request->payload.len == 0)
        return TL_OK;
    tl_code code = tl_json_parse_borrowed(request->payload, NULL, &doc, err);
    if (code == TL_OK)
        tl_json_free(doc);
    else
        tl_error_prefix(err, "the new payload");
    return code;
}

static tl_code unknown_steward(const struct tl_plan *plan, tl_str name, struct tl_error *err)
{
    const char **names = tl_zalloc(plan->steward_count + 1, sizeof *names);
    for (size_t i = 0; i < plan->steward_count; i++)
        names[i] = plan->stewards[i].name;
    const char *near = tl_nearest(name, names, plan->steward_count);
    tl_code code =
        tl_fail(err, TL_EINPUT, "the integration declares no steward \"%.*s\"%s%s%s", TL_STR_ARGS(name),
                near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    tl_free(names);
    return code;
}

/* `steward` becomes a name of the exceptions' index. */
static tl_code check(struct tl_engine *engine, const struct tl_desk_request *request, const char **steward,
                     struct tl_error *err)
{
    const struct tl_plan *plan = &engine->plan;
    *steward = NULL;
    for (size_t i = 0; i < plan->steward_count && request->act == TL_DESK_ASSIGN; i++) {
        if (tl_str_is(request->steward, plan->stewards[i].name))
            *steward = tl_exception_index_name(&engine->exceptions, request->steward);
    }
    if (request->act == TL_DESK_ASSIGN && *steward == NULL)
        return unknown_steward(plan, request->steward, err);
    if (request->act == TL_DESK_DISCARD && tl_str_trim(request->why).len == 0)
        return tl_fail(err, TL_EINPUT, "a discard needs a reason");
    if (request->act == TL_DESK_EDIT || request->act == TL_DESK_RETRY)
        return check_payload(request, err);
    return TL_OK;
}

void tl_desk_do(struct tl_engine *engine, const struct tl_desk_request *request, struct tl_loop *loop,
                void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_reply *reply = tl_reply_new(loop, done, ctx);
    struct tl_error err;
    uint64_t hash;
    unsigned held;
    const char *steward;
    tl_code code = check(engine, request, &steward, &err);
    if (code == TL_OK && !tl_exception_index_place(&engine->exceptions, request->id, &hash, &held))
        code = tl_fail(&err, TL_ENOTFOUND, "there is no open exception %.*s", TL_STR_ARGS(request->id));
    if (code == TL_OK && !atomic_load(&engine->running))
        code = tl_fail(&err, TL_ECANCELLED, "the server is not running");
    if (code != TL_OK) {
        tl_reply_send(reply, code, err.text);
        return;
    }
    bool takes_payload = request->act == TL_DESK_EDIT || request->act == TL_DESK_RETRY;
    struct desk *desk = TL_NEW(struct desk);
    *desk = (struct desk){.engine = engine,
                          .lane = engine->lanes[tl_dispatch_lane(engine, hash)],
                          .act = request->act,
                          .although_later = request->although_later,
                          .id = tl_str_dup(request->id),
                          .who = tl_str_dup(request->who),
                          .why = tl_str_dup(request->why),
                          .payload = takes_payload && request->payload.len > 0 ? tl_str_dup(request->payload) : NULL,
                          .payload_len = request->payload.len,
                          .changes = takes_payload && request->changes.len > 0 ? tl_str_dup(request->changes) : NULL,
                          .steward = steward,
                          .hash = hash,
                          .reply = reply};
    tl_mail_init(&desk->mail, on_lane);
    tl_loop_post(desk->lane->loop, &desk->mail);
}
