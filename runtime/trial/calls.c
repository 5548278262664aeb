/* The call port: what a run asks of a system goes to the platforms of the test, which are Lua (scripts/trial). The
 * connector's manifest still says what an operation is and whether its arguments fit. */
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_writer.h"
#include "flow/lane.h"
#include "loop/loop.h"
#include "world.h"
#include <stdio.h>

#define ANSWER_MAX ((size_t)64 << 20)

/* A call that has not been answered. */
struct tl_held {
    struct tl_link link; /* of the world's calls */
    struct tl_mail mail;
    struct tl_world *w;
    tl_call_done *done; /* NULL: nobody waits for it any more */
    void *ctx;
    int64_t due_ms; /* wall time; 0: it is on its way */
    struct tl_call_result result;
    struct tl_buf text;      /* own; the answer as JSON */
    struct tl_json_doc *doc; /* own; what the result's slices point into */
    char message[1024];      /* of a refusal that no platform made */
};

/* ---- the answer ---- */

static void held_free(struct tl_held *held)
{
    tl_json_free(held->doc);
    tl_buf_free(&held->text);
    tl_free(held);
}

static void deliver(struct tl_mail *mail)
{
    struct tl_held *held = TL_CONTAINER_OF(mail, struct tl_held, mail);
    if (held->done != NULL) {
        tl_list_remove(&held->link);
        held->done(held->ctx, &held->result);
    }
    held_free(held);
}

static void refuse(struct tl_held *held, enum tl_failure failure, const char *message)
{
    snprintf(held->message, sizeof held->message, "%s", message);
    held->result = (struct tl_call_result){.failure = failure, .message = tl_str_z(held->message)};
}

static void read_answer(struct tl_held *held)
{
    struct tl_error err;
    struct tl_call_result *result = &held->result;
    if (tl_json_parse_borrowed(tl_buf_str(&held->text), NULL, &held->doc, &err) != TL_OK) {
        refuse(held, TL_FAIL_BUG, err.text);
        return;
    }
    const struct tl_json_value *answer = tl_json_root(held->doc), *document = tl_json_get(answer, "document");
    tl_str failure = tl_json_get_text(answer, "failure");
    if (failure.len > 0 && !tl_failure_parse(failure, &result->failure))
        result->failure = TL_FAIL_BUG;
    result->document = document != NULL ? tl_json_raw(document) : TL_STR_NONE;
    result->id = tl_json_get_text(answer, "id");
    result->code = tl_json_get_text(answer, "code");
    result->message = tl_json_get_text(answer, "message");
    result->status = (int)tl_json_get_i64(answer, "status", result->failure == TL_FAIL_NONE ? 200 : 0);
    result->wait_ms = tl_json_get_i64(answer, "wait_ms", 0);
    result->sent = tl_json_get_bool(answer, "sent", result->failure == TL_FAIL_NONE);
    result->unknown = tl_json_get_bool(answer, "unknown", false);
    result->matches = (uint32_t)tl_json_get_i64(answer, "matches", 0);
    int64_t after_ms = tl_json_get_i64(answer, "after_ms", 0);
    if (after_ms > 0) {
        held->due_ms = tl_wall_ms() + after_ms;
        result->duration_ms = after_ms;
    }
}

static const struct tl_trial_system *system_of(const struct tl_world *w, tl_str name)
{
    for (size_t i = 0; i < w->system_count; i++) {
        if (tl_str_is(name, w->systems[i].decl->name))
            return &w->systems[i];
    }
    return NULL;
}

static const char *effect_name(enum tl_effect_class effect)
{
    switch (effect) {
    case TL_EFFECT_IDEMPOTENT:
        return "idempotent";
    case TL_EFFECT_KEYED:
        return "keyed";
    case TL_EFFECT_UNSAFE:
        return "unsafe";
    default:
        return "read";
    }
}

static void ask_platform(struct tl_held *held, tl_str system, const struct tl_call_request *request, bool lookup,
                         const char *effect)
{
    struct tl_buf ask;
    struct tl_json_writer w;
    struct tl_error err;
    tl_buf_init(&ask, ANSWER_MAX);
    tl_json_writer_init(&w, &ask);
    tl_json_begin_object(&w);
    tl_json_put_string(&w, "system", system);
    tl_json_put_string(&w, "operation", request->operation);
    if (request->entity.len > 0)
        tl_json_put_string(&w, "entity", request->entity);
    if (request->args.len > 0)
        tl_json_put_raw(&w, "args", request->args);
    tl_json_put_string(&w, "marker", request->marker);
    tl_json_put_string(&w, "idempotency_key", request->idempotency_key);
    tl_json_put_string(&w, "once", request->once_key);
    tl_json_put_z(&w, "effect", effect);
    tl_json_put_bool(&w, "lookup", lookup);
    tl_json_end_object(&w);
    if (tl_tester_call(held->w->tester, "answer", tl_buf_str(&ask), 1000, &held->text, &err) == TL_OK)
        read_answer(held);
    else
        refuse(held, TL_FAIL_BUG, err.text);
    tl_buf_free(&ask);
}

static struct tl_held *begin(struct tl_world *w, tl_call_done *done, void *ctx)
{
    struct tl_held *held = TL_NEW(struct tl_held);
    held->w = w;
    held->done = done;
    held->ctx = ctx;
    tl_mail_init(&held->mail, deliver);
    tl_buf_init(&held->text, ANSWER_MAX);
    tl_list_push(&w->calls, &held->link);
    return held;
}

static void *end(struct tl_held *held, struct tl_lane *lane)
{
    if (held->due_ms != 0)
        held->w->held++;
    else
        tl_loop_post(tl_lane_loop(lane), &held->mail);
    return held;
}

/* ---- the port ---- */

static void *start(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                   tl_call_done *done, void *done_ctx)
{
    struct tl_world *w = ctx;
    struct tl_held *held = begin(w, done, done_ctx);
    const struct tl_trial_system *of = system_of(w, system);
    struct tl_operation_facts facts = {0};
    struct tl_error err;
    bool known = of != NULL && of->draft != NULL && tl_system_operation(of->draft, request->operation, &facts);
    tl_str args = request->args.len > 0 ? request->args : TL_STR("{}");
    if (known && tl_system_check_args(of->draft, request->operation, args, &err) != TL_OK)
        refuse(held, TL_FAIL_DATA, err.text); /* as the connector would */
    else
        ask_platform(held, system, request, false, effect_name(known ? facts.effect : TL_EFFECT_READ));
    tl_call_hash(request, held->result.request_hash);
    return end(held, lane);
}

static void *lookup(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                    tl_call_done *done, void *done_ctx)
{
    struct tl_held *held = begin(ctx, done, done_ctx);
    ask_platform(held, system, request, true, "read");
    return end(held, lane);
}

static void cancel(void *ctx, void *call)
{
    struct tl_world *w = ctx;
    struct tl_held *held = call;
    if (held->due_ms == 0)
        return;
    bool unknown = held->result.sent;
    held->due_ms = 0;
    w->held--;
    refuse(held, TL_FAIL_RETRY, "cancelled");
    held->result.sent = held->result.unknown = unknown;
    tl_loop_post(tl_world_loop(w), &held->mail);
}

struct reading {
    struct tl_mail mail;
    tl_hint_done *done;
    void *ctx;
};

static void no_record(struct tl_mail *mail)
{
    struct reading *reading = TL_CONTAINER_OF(mail, struct reading, mail);
    struct tl_call_result result = {.failure = TL_FAIL_UNSUPPORTED,
                                    .message = TL_STR("tests deliver the record itself, not a hint to look for it")};
    reading->done(reading->ctx, NULL, &result);
    tl_free(reading);
}

static void read_record(void *ctx, struct tl_lane *lane, tl_str system, tl_str object, tl_str key,
                        const struct tl_trace *trace, tl_hint_done *done, void *done_ctx)
{
    (void)ctx, (void)system, (void)object, (void)key, (void)trace;
    struct reading *reading = TL_NEW(struct reading);
    *reading = (struct reading){.done = done, .ctx = done_ctx};
    tl_mail_init(&reading->mail, no_record);
    tl_loop_post(tl_lane_loop(lane), &reading->mail);
}

static void facts_of(void *ctx, struct tl_lane *lane, tl_str system, tl_str operation, struct tl_call_facts *out)
{
    (void)lane;
    const struct tl_trial_system *of = system_of(ctx, system);
    struct tl_operation_facts facts;
    if (of != NULL && of->draft != NULL && tl_system_operation(of->draft, operation, &facts))
        *out = (struct tl_call_facts){.key_ttl_ms = facts.key_ttl_ms,
                                      .settle_ms = facts.settle_ms,
                                      .has_lookup = facts.has_lookup,
                                      .reads = facts.effect == TL_EFFECT_READ};
}

void tl_world_calls_init(struct tl_world *w)
{
    w->port = (struct tl_call_port){start, lookup, cancel, read_record, facts_of, w, NULL}; /* each row is a call */
}

/* ---- those that are kept back ---- */

int64_t tl_world_calls_due(const struct tl_world *w)
{
    int64_t due = INT64_MAX;
    for (struct tl_link *link = tl_list_first(&w->calls); link != NULL; link = tl_list_after(&w->calls, link)) {
        const struct tl_held *held = TL_LIST_ITEM(link, struct tl_held, link);
        if (held->due_ms != 0 && held->due_ms < due)
            due = held->due_ms;
    }
    return due;
}

bool tl_world_calls_answer(struct tl_world *w)
{
    bool any = false;
    for (struct tl_link *link = tl_list_first(&w->calls); link != NULL; link = tl_list_after(&w->calls, link)) {
        struct tl_held *held = TL_LIST_ITEM(link, struct tl_held, link);
        if (held->due_ms == 0 || held->due_ms > tl_wall_ms())
            continue;
        held->due_ms = 0;
        w->held--;
        tl_loop_post(tl_world_loop(w), &held->mail);
        any = true;
    }
    return any;
}

void tl_world_calls_drop(struct tl_world *w)
{
    struct tl_link *link;
    while ((link = tl_list_pop(&w->calls)) != NULL) {
        struct tl_held *held = TL_LIST_ITEM(link, struct tl_held, link);
        held->done = NULL;
        if (held->due_ms != 0) /* the others are in the loop's box, which frees them */
            held_free(held);
    }
    w->held = 0;
}
