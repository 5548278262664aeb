/* Why did nothing come? When a key was never received, each system that an event comes from is asked for a record with
 * that key (operation "find" of its connector), and the event's filter is tried on what it answers: so the reply names
 * the missing record, or the filter line that would drop it, or says that it would be taken. Reads only. */
#include "base/alloc.h"
#include "connector/call.h"
#include "connector/webhook.h"
#include "control.h"
#include "flow/lane.h"
#include "script/run.h"
#include <string.h>

enum { ASK_MS = 15000 };

/* One question: an event declaration, at one system. */
struct question {
    struct ask *ask;
    struct tl_mail mail; /* to the lane, then back to the main loop */
    size_t flow;         /* of the event's filter, in the revision that the question was asked under */
    char revision[65];   /* live when it was asked; the flow is its */
    char *event, *system, *object, *field; /* own; `system` in whole */
    char *local;                           /* own; the system as its integration calls it */
    const char *verdict;                   /* static word */
    char *text;                            /* own; sentence */
};

struct ask {
    struct tl_control_request *request;
    struct tl_lane *lane;
    char *key;                  /* own */
    struct question *questions; /* own */
    size_t count, open;
};

/* {"key","entries":[],"asked":[{"system","object","event","verdict","text"}]} */
static void answer(struct ask *ask)
{
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "key");
    tl_json_lossy(&w, tl_str_z(ask->key));
    tl_json_key(&w, "entries");
    tl_json_begin_array(&w);
    tl_json_end_array(&w);
    tl_json_key(&w, "asked");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < ask->count; i++) {
        struct question *q = &ask->questions[i];
        tl_json_begin_object(&w);
        tl_json_put_z(&w, "system", q->system);
        tl_json_put_z(&w, "object", q->object);
        tl_json_put_z(&w, "event", q->event);
        tl_json_put_z(&w, "verdict", q->verdict);
        tl_json_key(&w, "text");
        tl_json_lossy(&w, tl_str_z(q->text));
        tl_json_end_object(&w);
        tl_free(q->event);
        tl_free(q->system);
        tl_free(q->local);
        tl_free(q->object);
        tl_free(q->field);
        tl_free(q->text);
    }
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    tl_control_answer(ask->request, &out);
    tl_buf_free(&out);
    tl_free(ask->questions);
    tl_free(ask->key);
    tl_free(ask);
}

static void back_on_main(struct tl_mail *mail)
{
    struct ask *ask = TL_CONTAINER_OF(mail, struct question, mail)->ask;
    if (--ask->open == 0)
        answer(ask);
}

static void settle(struct question *q, const char *verdict, char *text)
{
    q->verdict = verdict;
    q->text = text;
    tl_mail_init(&q->mail, back_on_main);
    tl_loop_post(q->ask->request->server->loop, &q->mail);
}

/* What the event's filter says of a record that is there. */
static void try_filter(struct question *q, tl_str record)
{
    struct tl_script *script = tl_lane_script(q->ask->lane, q->revision);
    if (script == NULL) {
        settle(q, "no-answer", tl_printf("the record is there; another revision became live meanwhile: ask again"));
        return;
    }
    char *type = tl_printf("%s.%s", q->local, q->object);
    struct tl_run_event event = {
        .type = tl_str_z(type), .key = tl_str_z(q->ask->key), .source = tl_str_z(q->local), .payload = record};
    struct tl_run *run = NULL;
    const struct tl_run_outcome *outcome = tl_run_start(script, q->flow, &event, &run);
    while (outcome->ending == TL_RUN_PREEMPTED)
        outcome = tl_run_go_on(run);
    if (outcome->ending == TL_RUN_DROPPED)
        settle(q, "filtered",
               tl_printf("the record is there; the filter at %s:%d does not want it as it is now", outcome->place.file,
                         outcome->place.line));
    else if (outcome->ending == TL_RUN_DONE)
        settle(q, "wanted",
               tl_printf("the record is there and would be taken, but no change of it has come: see the capture in "
                         "'tidelock status'"));
    else
        settle(q, "fails",
               tl_printf("the record is there; its mapping fails at %s:%d: %.*s", outcome->error.place.file,
                         outcome->error.place.line, TL_STR_ARGS(outcome->error.message)));
    tl_run_free(run);
    tl_free(type);
}

static void settle_failed(struct question *q, const struct tl_call_result *result)
{
    settle(q, result->failure == TL_FAIL_UNSUPPORTED ? "cannot-ask" : "no-answer",
           tl_printf("%s: %.*s", tl_failure_name(result->failure), TL_STR_ARGS(result->message)));
}

static void settle_gone(struct question *q)
{
    settle(q, "cannot-ask", tl_printf("it is gone since the question was asked"));
}

static void on_read(void *ctx, const struct tl_captured *event, const struct tl_call_result *result)
{
    struct question *q = ctx;
    if (event == NULL)
        settle_failed(q, result);
    else if (event->deleted)
        settle(q, "absent", tl_printf("its %s with %s '%s' was deleted", q->object, q->field, q->ask->key));
    else
        try_filter(q, event->payload);
}

/* What is found may be no more than an id: the filter wants the whole record, as a hint's. */
static void on_found(void *ctx, const struct tl_call_result *result)
{
    struct question *q = ctx;
    struct tl_system_lane *system = tl_lane_system(q->ask->lane, tl_str_z(q->system));
    if (system == NULL)
        settle_gone(q);
    else if (result->failure != TL_FAIL_NONE)
        settle_failed(q, result);
    else if (result->matches == 0 || result->id.len == 0)
        settle(q, "absent", tl_printf("it has no %s with %s '%s'", q->object, q->field, q->ask->key));
    else
        tl_hint_read(system, tl_str_z(q->object), result->id, NULL, on_read, q);
}

static void on_lane(struct tl_mail *mail)
{
    struct question *q = TL_CONTAINER_OF(mail, struct question, mail);
    struct tl_system_lane *system = tl_lane_system(q->ask->lane, tl_str_z(q->system));
    struct tl_operation_facts facts;
    if (system == NULL) {
        settle_gone(q);
        return;
    }
    if (!tl_system_operation(tl_system_lane_system(system), TL_STR("find"), &facts)) {
        settle(q, "cannot-ask", tl_printf("its connector has no operation 'find'"));
        return;
    }
    struct tl_buf args;
    struct tl_json_writer w;
    tl_buf_init(&args, 64 * 1024);
    tl_json_writer_init(&w, &args);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "object", q->object);
    tl_json_put_z(&w, "field", q->field);
    tl_json_key(&w, "value");
    tl_json_lossy(&w, tl_str_z(q->ask->key));
    tl_json_end_object(&w);
    struct tl_call_request request = {.operation = TL_STR("find"), .args = tl_buf_str(&args), .timeout_ms = ASK_MS};
    tl_call_start(system, &request, on_found, q);
    tl_buf_free(&args);
}

static void add_question(struct ask *ask, const struct tl_bundle *bundle, const char *owner,
                         const struct tl_event_type *event, const char *system, tl_str object)
{
    struct question *q = &ask->questions[ask->count++];
    q->ask = ask;
    q->flow = (size_t)event->flow;
    memcpy(q->revision, tl_bundle_hash(bundle), sizeof q->revision);
    q->event = tl_copy_z(event->name);
    q->system = tl_live_whole(owner, system);
    q->local = tl_copy_z(system);
    q->object = tl_str_dup(object);
    q->field = tl_copy_z(event->key_field);
}

/* "salesforce.Opportunity" or, of each system of a kind, "erp.SalesOrders". Nothing is asked when it cannot be told
 * which field of the record holds the key. */
static void add_questions(struct ask *ask, const struct tl_bundle *bundle, const char *owner,
                          const struct tl_event_type *event)
{
    size_t count;
    tl_str object = tl_str_z(event->from), target;
    const struct tl_system_decl *systems = tl_bundle_systems(bundle, &count);
    if (event->flow < 0 || event->key_field[0] == '\0' || !tl_str_cut(&object, '.', &target) || object.len == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (tl_str_is(target, systems[i].name) || tl_str_is(target, systems[i].kind))
            add_question(ask, bundle, owner, event, systems[i].name, object);
    }
}

/* Of one integration. */
static void add_all(struct ask *ask, const struct tl_bundle *bundle, const char *owner)
{
    size_t count, systems;
    const struct tl_event_type *events = tl_bundle_events(bundle, &count);
    (void)tl_bundle_systems(bundle, &systems);
    ask->questions = tl_realloc(ask->questions, (ask->count + count * systems + 1) * sizeof *ask->questions);
    memset(ask->questions + ask->count, 0, (count * systems + 1) * sizeof *ask->questions);
    for (size_t i = 0; i < count; i++)
        add_questions(ask, bundle, owner, &events[i]);
}

void tl_ask_systems(struct tl_control_request *request, tl_str key)
{
    struct tl_server *server = request->server;
    struct ask *ask = TL_NEW(struct ask);
    ptrdiff_t slash = tl_str_find(key, '/');
    ask->request = request;
    ask->lane = tl_engine_lane(server->engine, 0);
    ask->key = tl_str_dup(slash < 0 ? key : tl_str_from(key, (size_t)slash + 1));
    for (size_t i = 0; i < server->live.count; i++)
        add_all(ask, tl_live_bundle(&server->live, i), tl_live_owner_at(&server->live, i));
    ask->open = ask->count;
    if (ask->count == 0) {
        answer(ask);
        return;
    }
    for (size_t i = 0, n = ask->count; i < n; i++) {
        tl_mail_init(&ask->questions[i].mail, on_lane);
        tl_loop_post(tl_lane_loop(ask->lane), &ask->questions[i].mail);
    }
}
