/* Replays as a person asks for them: the selection becomes one batch of events that stand for the old ones
 * (replayed.h), audited in the commit that carries them; or, dry, only a list. */
#include "flow/replay.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "journal/reader.h"
#include "replay_later.h"
#include "replay_facts.h"
#include "replay_record.h"
#include "replay_select.h"
#include "replayed.h"
#include "reply.h"

#define TEXT_MAX ((size_t)256 << 20)
#define BATCH_BYTES ((size_t)64 << 20)

struct replaying {
    struct tl_engine *engine;
    const struct tl_replay_request *request;
    struct tl_replay_selection selection;
    struct tl_batch *batch; /* own; NULL: dry */
    tl_str id;
    struct tl_buf text; /* the answer, up to its counts */
    struct tl_json_writer w;
    struct tl_map laters; /* by key: struct tl_replay_later, own */
    size_t runs, listed, effects, newer;
};

/* What is told when the batch is durable. */
struct answer {
    struct tl_reply *reply;
    char *text; /* own; the answer without its end */
};

static void put_position(struct tl_json_writer *w, const char *name, tl_position position)
{
    char text[TL_POSITION_TEXT];
    tl_position_print(position, text);
    tl_json_put_z(w, name, position != TL_POSITION_NONE ? text : NULL);
}

/* ---- one unit ---- */

static bool is_selected(void *ctx, tl_position event, tl_str flow)
{
    const struct replaying *r = ctx;
    return tl_replay_selection_has(r->engine, &r->selection, event, flow);
}

static struct tl_replay_later *later_of(struct replaying *r, const struct tl_event *event)
{
    struct tl_replay_scope scope = {.engine = r->engine, .key = event->key, .selected = is_selected, .ctx = r};
    struct tl_replay_later *later = tl_map_get(&r->laters, event->key);
    if (later == NULL) {
        later = tl_replay_later_new(&scope, event->position);
        tl_map_put(&r->laters, event->key, later);
    }
    return later;
}

static void put_effect(struct replaying *r, const struct tl_event *event, const struct tl_effect *effect)
{
    tl_position newer =
        r->batch == NULL ? tl_replay_touched(later_of(r, event), event->position, effect) : TL_POSITION_NONE;
    tl_json_begin_object(&r->w);
    tl_json_put_lossy(&r->w, "system", effect->system);
    tl_json_put_lossy(&r->w, "operation", effect->operation);
    tl_json_put_lossy(&r->w, "id", effect->remote_id);
    put_position(&r->w, "newer", newer);
    tl_json_end_object(&r->w);
    r->effects++;
    r->newer += newer != TL_POSITION_NONE;
}

/* What it did, as far as the platforms have it. */
static tl_code put_effects(struct replaying *r, const struct tl_event *event, tl_str flow, struct tl_arena *arena,
                           struct tl_error *err)
{
    struct tl_replay_past past;
    tl_code code = tl_replay_past(r->engine, event->position, flow, later_of(r, event), arena, &past, err);
    tl_json_key(&r->w, "effects");
    tl_json_begin_array(&r->w);
    for (size_t i = 0; code == TL_OK && past.end != NULL && i < past.end->effect_count; i++) {
        const struct tl_effect *effect = &past.end->effects[i];
        if (effect->class_ == TL_FAIL_NONE && !tl_replay_reads(r->engine, effect->system, effect->operation))
            put_effect(r, event, effect);
    }
    tl_json_end_array(&r->w);
    return code;
}

static tl_code put_unit(struct replaying *r, const struct tl_replay_unit *unit, const struct tl_event *event,
                        struct tl_arena *arena, struct tl_error *err)
{
    tl_str flow = tl_str_z(r->engine->plan.flows[unit->flow]->name);
    char time[40];
    tl_code code = TL_OK;
    tl_json_begin_object(&r->w);
    put_position(&r->w, "event", unit->event);
    tl_json_put_string(&r->w, "time", tl_time_text(event->time_ms, time));
    tl_json_put_lossy(&r->w, "type", event->type);
    tl_json_put_lossy(&r->w, "key", event->key);
    tl_json_put_lossy(&r->w, "flow", flow);
    tl_json_put_z(&r->w, "ending", tl_ending_name(unit->ending));
    tl_json_put_z(&r->w, "does", unit->why == NULL ? "runs" : "listed");
    tl_json_put_z(&r->w, "why", unit->why);
    if (unit->why == NULL)
        code = put_effects(r, event, flow, arena, err);
    tl_json_end_object(&r->w);
    return code;
}

static tl_code add_event(struct replaying *r, const struct tl_replay_unit *unit, const struct tl_event *event,
                         struct tl_arena *arena, struct tl_error *err)
{
    struct tl_replayed replayed = {.id = r->id,
                                   .event = unit->event,
                                   .time_ms = event->time_ms,
                                   .force = r->request->force,
                                   .flow = tl_str_z(r->engine->plan.flows[unit->flow]->name),
                                   .type = event->type};
    struct tl_event_in in = {.type = tl_replayed_type(arena, replayed.flow),
                             .source = event->source,
                             .key = event->key,
                             .dedupe = tl_replayed_dedupe(arena, &replayed),
                             .payload = event->payload,
                             .priority = TL_BULK, /* what is live goes first */
                             .trace = tl_trace_is_set(&event->trace) ? &event->trace : NULL,
                             .cause = unit->event,
                             .cause_flow = replayed.flow};
    return tl_batch_event(r->batch, &in, NULL, err);
}

static tl_code do_unit(struct replaying *r, const struct tl_replay_unit *unit, struct tl_arena *arena,
                       struct tl_error *err)
{
    struct tl_event event;
    tl_code code = tl_journal_event(r->engine->journal, unit->event, arena, &event, err);
    if (code == TL_ENOTFOUND) { /* dropped since it was selected */
        event = (struct tl_event){.position = unit->event};
        struct tl_replay_unit gone = *unit;
        gone.why = "past retention";
        r->listed++;
        return put_unit(r, &gone, &event, arena, err);
    }
    if (code == TL_OK)
        code = put_unit(r, unit, &event, arena, err);
    if (code == TL_OK && unit->why == NULL && r->batch != NULL)
        code = add_event(r, unit, &event, arena, err);
    r->runs += unit->why == NULL;
    r->listed += unit->why != NULL;
    return code;
}

/* A batch that has grown large ends the page after the event it stands at. */
static bool is_full(struct replaying *r, size_t i)
{
    const struct tl_replay_selection *s = &r->selection;
    if (r->batch == NULL || tl_batch_size(r->batch) < BATCH_BYTES || i == 0 ||
        s->units[i].event == s->units[i - 1].event)
        return false;
    r->selection.next = s->units[i - 1].event;
    return true;
}

static tl_code do_units(struct replaying *r, struct tl_error *err)
{
    struct tl_arena arena;
    tl_code code = TL_OK;
    tl_arena_init(&arena);
    tl_json_key(&r->w, "units");
    tl_json_begin_array(&r->w);
    for (size_t i = 0; code == TL_OK && i < r->selection.count && !is_full(r, i); i++) {
        code = do_unit(r, &r->selection.units[i], &arena, err);
        tl_arena_free(&arena);
    }
    tl_json_end_array(&r->w);
    return code;
}

/* ---- the answer ---- */

static void begin_answer(struct replaying *r)
{
    char held[40];
    const struct tl_replay_request *request = r->request;
    tl_buf_init(&r->text, TEXT_MAX);
    tl_json_writer_init(&r->w, &r->text);
    tl_json_begin_object(&r->w);
    tl_json_key(&r->w, "replay");
    if (r->batch != NULL)
        tl_json_string(&r->w, r->id);
    else
        tl_json_null(&r->w);
    tl_json_put_bool(&r->w, "dry_run", request->dry_run);
    tl_json_put_bool(&r->w, "force", request->force);
    int64_t oldest = r->selection.held_ms;
    bool dropped = tl_journal_first(r->engine->journal) > 1;
    tl_json_put_z(&r->w, "held_from", oldest > 0 ? tl_time_text(oldest, held).ptr : NULL);
    tl_json_put_bool(&r->w, "past_retention", dropped && (oldest == 0 || request->since_ms < oldest));
}

/* Without the figure that only the journal knows, and the end: end_answer. */
static tl_code close_answer(struct replaying *r, struct tl_error *err)
{
    struct tl_json_writer *w = &r->w;
    put_position(w, "next", r->selection.next);
    tl_json_key(w, "counts");
    tl_json_begin_object(w);
    tl_json_put_uint(w, "units", r->runs + r->listed);
    tl_json_put_uint(w, "runs", r->runs);
    tl_json_put_uint(w, "listed", r->listed);
    tl_json_put_uint(w, "effects", r->effects);
    tl_json_put_uint(w, "newer", r->newer);
    return r->text.overflow ? tl_fail(err, TL_EINPUT, "the answer is too long; select fewer units at a time") : TL_OK;
}

static void end_answer(struct tl_reply *reply, const char *text, size_t again)
{
    char *whole = tl_printf("%s,\"again\":%zu}}", text, again);
    tl_reply_send(reply, TL_OK, whole);
    tl_free(whole);
}

static void durable(struct tl_batch *batch, void *ctx)
{
    struct answer *answer = ctx;
    struct tl_error err;
    tl_code code = tl_batch_code(batch, &err);
    size_t again = 0;
    for (uint32_t i = 0; code == TL_OK && i < tl_batch_event_count(batch); i++)
        again += tl_batch_duplicate(batch, i);
    if (code == TL_OK)
        end_answer(answer->reply, answer->text, again);
    else
        tl_reply_send(answer->reply, code, err.text);
    tl_batch_free(batch);
    tl_free(answer->text);
    tl_free(answer);
}

/* ---- asking ---- */

static tl_code check(struct tl_engine *engine, const struct tl_replay_request *request, struct tl_error *err)
{
    if (!atomic_load(&engine->running))
        return tl_fail(err, TL_ECANCELLED, "the server is not running");
    if (!request->dry_run && tl_engine_busy(engine))
        return tl_fail(err, TL_EFULL, "the journal takes nothing now; try again later");
    if (!request->dry_run && tl_str_trim(request->why).len == 0)
        return tl_fail(err, TL_EINPUT, "a replay needs a reason");
    if (request->id.len > 0 && !tl_replayed_id_fits(request->id))
        return tl_fail(err, TL_EINPUT, "\"%.*s\" cannot be the id of a replay: 1 to 64 letters, digits, '-', '_', '.'",
                       TL_STR_ARGS(request->id));
    if (request->until_ms > 0 && request->until_ms <= request->since_ms)
        return tl_fail(err, TL_EINPUT, "the selection ends before it begins");
    if (request->limit > TL_BATCH_EVENTS_MAX)
        return tl_fail(err, TL_EINPUT, "a replay takes at most %d units at a time", TL_BATCH_EVENTS_MAX);
    if (request->since_ms <= 0 && request->key.len == 0 && request->after == TL_POSITION_NONE)
        return tl_fail(err, TL_EINPUT, "say since when, or which key: a replay of everything is never meant");
    if (request->flow.len > 0 && tl_plan_flow(&engine->plan, request->flow) < 0)
        return tl_fail(err, TL_ENOTFOUND, "there is no flow \"%.*s\"; 'tidelock status' lists them",
                       TL_STR_ARGS(request->flow));
    return TL_OK;
}

static void audit(struct replaying *r)
{
    const struct tl_replay_request *request = r->request;
    char since[40], until[40];
    char *detail =
        tl_printf("since %.*s until %.*s flow %.*s key %.*s type %.*s%s%s: %zu units",
                  TL_STR_ARGS(tl_time_text(request->since_ms, since)),
                  TL_STR_ARGS(tl_time_text(request->until_ms > 0 ? request->until_ms : tl_wall_ms(), until)),
                  TL_STR_ARGS(request->flow), TL_STR_ARGS(request->key), TL_STR_ARGS(request->type),
                  request->to_latest ? " to the latest" : "", request->force ? " with forced effects" : "", r->runs);
    tl_audit(r->engine, r->batch, "replay", r->id, request->who, request->why, tl_str_z(detail));
    tl_free(detail);
}

static tl_code carry_out(struct replaying *r, struct tl_error *err)
{
    tl_code code = tl_replay_select(r->engine, r->request, &r->selection, err);
    if (code != TL_OK)
        return code;
    if (r->selection.runs > TL_BATCH_EVENTS_MAX)
        return tl_fail(err, TL_EINPUT, "these are more than %d units; select fewer at a time", TL_BATCH_EVENTS_MAX);
    begin_answer(r);
    code = do_units(r, err);
    if (code == TL_OK)
        code = close_answer(r, err);
    if (code == TL_OK && r->batch != NULL)
        audit(r);
    return code;
}

static void free_laters(struct tl_map *laters)
{
    size_t i = 0;
    tl_str key;
    void *later;
    while (tl_map_next(laters, &i, &key, &later))
        tl_replay_later_free(later);
    tl_map_free(laters);
}

void tl_engine_replay(struct tl_engine *engine, const struct tl_replay_request *request, struct tl_loop *loop,
                      void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_reply *reply = tl_reply_new(loop, done, ctx);
    struct replaying r = {.engine = engine, .request = request};
    tl_map_init(&r.laters);
    char made[TL_POSITION_TEXT];
    struct tl_error err;
    tl_position_print(tl_random_u64() | 1, made);
    r.id = request->id.len > 0 ? request->id : tl_str_z(made);
    tl_code code = check(engine, request, &err);
    if (code == TL_OK && !request->dry_run)
        r.batch = tl_batch_new(engine->journal);
    if (code == TL_OK)
        code = carry_out(&r, &err);
    if (code == TL_OK && r.batch != NULL && r.runs > 0) {
        struct answer *answer = TL_NEW(struct answer);
        *answer = (struct answer){.reply = reply, .text = tl_str_dup(tl_buf_str(&r.text))};
        tl_journal_submit(engine->journal, r.batch, TL_DURABLE, loop, durable, answer);
    } else {
        if (code == TL_OK)
            end_answer(reply, r.text.ptr, 0);
        else
            tl_reply_send(reply, code, err.text);
        tl_batch_free(r.batch);
    }
    tl_buf_free(&r.text);
    free_laters(&r.laters);
    tl_replay_selection_free(&r.selection);
}
