/* The same path without journal and policies, for comparison: the same listener, the same connector verifies and splits
 * a webhook, and (mode deliver) the same Lua maps it and the same connector writes it. No commit, no order, no gate, no
 * retry. Mode batch: what comes while a call is out goes in one call, of at most as many rows as the connector takes
 * (200).
 *
 *     bench_bare accept|deliver|batch INTEGRATION LIBRARY PLUGINS SETTINGS [lanes]     prints: listening
 * http://127.0.0.1:PORT
 *
 * SETTINGS is a JSON object by system name: {"erp":{"url":"…"}}: the systems' settings as the connector takes them. */
#include "base/alloc.h"
#include "connector/call.h"
#include "connector/webhook.h"
#include "connector/write_many.h"
#include "gateway/gateway.h"
#include "loop/thread.h"
#include "net/problem.h"
#include "script/run.h"
#include "server/integration.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 200, SYSTEMS_MAX = 8, LANES_MAX = 16, NAME_MAX_BYTES = 64 };

struct bare {
    bool deliver, batch;
    struct tl_integration *integration;
    const struct tl_bundle *bundle;
    struct tl_system *systems[SYSTEMS_MAX];
    size_t system_count;
    _Atomic unsigned port, listening;
    _Atomic unsigned long long done;
};

struct lane {
    struct bare *bare;
    struct tl_thread *thread;
    struct tl_loop *loop;
    struct tl_http_client *client;
    struct tl_system_lane *systems[SYSTEMS_MAX];
    struct tl_script *script;
    struct tl_http_server *server;
    struct work *waiting, **waiting_end; /* mode batch */
    struct work *out[ROWS_MAX];
    size_t out_count;
};

static void die(const char *what, const struct tl_error *err)
{
    fprintf(stderr, "bench_bare: %s: %s\n", what, err->text);
    exit(1);
}

static struct tl_system_lane *lane_system(const struct lane *lane, tl_str name)
{
    for (size_t i = 0; i < lane->bare->system_count; i++) {
        if (tl_str_eq(tl_system_name(lane->bare->systems[i]), name))
            return lane->systems[i];
    }
    return NULL;
}

/* ---- deliver: event filter and map, then the flow, then its one call ---- */

struct work {
    struct lane *lane;
    struct tl_run *run;
    const struct tl_run_ask *ask; /* under way */
    char *payload;                /* own */
    struct work *next;            /* in lane->waiting */
};

static void work_free(struct work *work)
{
    tl_run_free(work->run);
    tl_free(work->payload);
    tl_free(work);
}

static void follow(struct work *work, const struct tl_run_outcome *outcome);

static void on_called(void *ctx, const struct tl_call_result *result)
{
    struct work *work = ctx;
    struct tl_run_result answer = {
        .id = work->ask->id, .ok = result->failure == TL_FAIL_NONE, .document = result->document};
    if (!answer.ok) {
        fprintf(stderr, "bench_bare: call failed: %.*s\n", TL_STR_ARGS(result->message));
        exit(1);
    }
    follow(work, tl_run_resume(work->run, &answer));
}

/* ---- batch: what waits, while the call before is out ---- */

static void send_batch(struct lane *lane);

static void on_row(void *ctx, size_t row, const struct tl_call_result *result, bool told)
{
    struct lane *lane = ctx;
    (void)told;
    on_called(lane->out[row], result);
}

static void on_batch(void *ctx, const struct tl_call_result *result)
{
    struct lane *lane = ctx;
    (void)result;
    lane->out_count = 0;
    send_batch(lane);
}

static void send_batch(struct lane *lane)
{
    tl_str rows[ROWS_MAX], object = TL_STR("Order__c");
    if (lane->out_count > 0 || lane->waiting == NULL)
        return;
    while (lane->waiting != NULL && lane->out_count < ROWS_MAX) {
        struct work *work = lane->waiting;
        lane->waiting = work->next;
        rows[lane->out_count] = work->ask->args;
        lane->out[lane->out_count++] = work;
    }
    if (lane->waiting == NULL)
        lane->waiting_end = &lane->waiting;
    const struct tl_run_ask *ask = lane->out[0]->ask;
    struct tl_many_request request = {
        .operation = ask->operation, .object = object, .rows = rows, .count = lane->out_count};
    tl_many_start(lane_system(lane, ask->target), &request, &(struct tl_many_owner){on_row, NULL, on_batch, lane});
}

static void wait_for_batch(struct lane *lane, struct work *work)
{
    if (lane->waiting == NULL)
        lane->waiting_end = &lane->waiting;
    work->next = NULL;
    *lane->waiting_end = work;
    lane->waiting_end = &work->next;
    send_batch(lane);
}

static void follow(struct work *work, const struct tl_run_outcome *outcome)
{
    if (outcome->ending == TL_RUN_WAIT && outcome->ask_count == 1 && outcome->asks[0]->kind == TL_ASK_CALL) {
        const struct tl_run_ask *ask = work->ask = outcome->asks[0];
        if (work->lane->bare->batch) {
            wait_for_batch(work->lane, work);
            return;
        }
        struct tl_call_request request = {.operation = ask->operation, .args = ask->args};
        tl_call_start(lane_system(work->lane, ask->target), &request, on_called, work);
        return;
    }
    if (outcome->ending != TL_RUN_DONE) {
        fprintf(stderr, "bench_bare: a run ended with %d: %.*s\n", (int)outcome->ending,
                TL_STR_ARGS(outcome->error.message));
        exit(1);
    }
    atomic_fetch_add_explicit(&work->lane->bare->done, 1, memory_order_relaxed);
    work_free(work);
}

/* Starts every flow that takes `type`. */
static void start_flows(struct lane *lane, tl_str type, tl_str source, tl_str key, tl_str payload)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(lane->bare->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        if (!tl_str_is(type, flows[i].on[0]))
            continue;
        struct work *work = TL_NEW(struct work);
        work->lane = lane;
        work->payload = tl_str_dup(payload);
        struct tl_run_event event = {.id = TL_STR("0"),
                                     .type = type,
                                     .key = key,
                                     .source = source,
                                     .payload = tl_str_n(work->payload, payload.len)};
        const struct tl_run_outcome *outcome = tl_run_start(lane->script, i, &event, &work->run);
        if (flows[i].internal && outcome->ending == TL_RUN_DONE && outcome->emit_count == 1) {
            const struct tl_run_emit *emit = &outcome->emits[0];
            start_flows(lane, emit->type, TL_STR_NONE, emit->key, emit->data);
            work_free(work);
        } else {
            follow(work, outcome);
        }
    }
}

/* ---- accept ---- */

struct intake {
    struct lane *lane;
    struct tl_http_request *request;
    tl_str system;
};

static void on_verified(void *ctx, const struct tl_webhook_result *result)
{
    struct intake *intake = ctx;
    if (result->refused) {
        fprintf(stderr, "bench_bare: refused: %.*s\n", TL_STR_ARGS(result->why));
        exit(1);
    }
    tl_http_reply(intake->request,
                  &(struct tl_http_answer){.status = 202,
                                           .type = "application/json",
                                           .body = TL_STR("{\"id\":\"0000000000000\",\"duplicate\":false}")});
    for (size_t i = 0; intake->lane->bare->deliver && i < result->event_count; i++) {
        char type[2 * NAME_MAX_BYTES];
        int len = snprintf(type, sizeof type, "%.*s.%.*s", TL_STR_ARGS(intake->system),
                           TL_STR_ARGS(result->events[i].object));
        start_flows(intake->lane, tl_str_n(type, (size_t)len), intake->system, result->events[i].key,
                    result->events[i].payload);
    }
    tl_free((void *)(uintptr_t)intake->system.ptr);
    tl_free(intake);
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    struct lane *lane = ctx;
    if (tl_str_is(request->path, "/count")) {
        char text[64];
        int len = snprintf(text, sizeof text, "{\"count\":%llu}", atomic_load(&lane->bare->done));
        tl_http_reply(request, &(struct tl_http_answer){
                                   .status = 200, .type = "application/json", .body = tl_str_n(text, (size_t)len)});
        return;
    }
    struct intake *intake = TL_NEW(struct intake);
    tl_str name = tl_str_from(request->path, strlen("/in/"));
    *intake = (struct intake){lane, request, {tl_str_dup(name), name.len}};
    struct tl_webhook_request webhook = {.method = request->method,
                                         .target = request->target,
                                         .headers = request->headers,
                                         .header_count = request->header_count,
                                         .body = request->body,
                                         .loopback = true};
    tl_webhook_receive(lane_system(lane, intake->system), &webhook, on_verified, intake);
}

static void lane_body(void *ctx)
{
    struct lane *lane = ctx;
    struct bare *bare = lane->bare;
    struct tl_error err;
    struct tl_http_config config = {
        .port = (uint16_t)atomic_load(&bare->port), .share_port = true, .limits = {.body_bytes = 8 << 20}};
    struct tl_http_handler handler = {.on_request = on_request, .ctx = lane};
    if (tl_http_client_new(lane->loop, NULL, &lane->client, &err) != TL_OK)
        die("client", &err);
    for (size_t i = 0; i < bare->system_count; i++) {
        if (tl_system_attach(bare->systems[i], lane->loop, lane->client, &lane->systems[i], &err) != TL_OK)
            die("attach", &err);
    }
    if (tl_script_new(bare->bundle, &(struct tl_script_limits){0}, &lane->script, &err) != TL_OK)
        die("script", &err);
    if (tl_http_server_start(lane->loop, &config, &handler, &lane->server, &err) != TL_OK)
        die("listen", &err);
    atomic_store(&bare->port, tl_http_server_port(lane->server));
    atomic_fetch_add(&bare->listening, 1);
    tl_loop_run(lane->loop);
}

static void make_systems(struct bare *bare, const char *settings_text)
{
    struct tl_error err;
    struct tl_json_doc *doc = NULL;
    size_t count;
    const struct tl_system_decl *decls = tl_bundle_systems(bare->bundle, &count);
    if (tl_json_parse(tl_str_z(settings_text), NULL, &doc, &err) != TL_OK)
        die("settings", &err);
    for (size_t i = 0; i < count && i < SYSTEMS_MAX; i++) {
        char *connector = tl_printf("%s@%d", decls[i].connector, decls[i].connector_major);
        struct tl_system_config config = {.name = tl_str_z(decls[i].name),
                                          .connector = tl_str_z(connector),
                                          .settings = tl_json_raw(tl_json_get(tl_json_root(doc), decls[i].name)),
                                          .operations = tl_str_z(decls[i].operations)};
        if (tl_system_new(tl_integration_connectors(bare->integration), &config, NULL, &bare->systems[i], &err) !=
            TL_OK)
            die(decls[i].name, &err);
        bare->system_count++;
        tl_free(connector);
    }
    tl_json_free(doc);
}

int main(int argc, char **argv)
{
    static struct bare bare;
    static struct lane lanes[LANES_MAX];
    struct tl_error err;
    if (argc < 6) {
        fprintf(stderr, "usage: bench_bare accept|deliver|batch INTEGRATION LIBRARY PLUGINS SETTINGS [lanes]\n");
        return 64;
    }
    unsigned count = argc > 6 ? (unsigned)atoi(argv[6]) : (unsigned)tl_thread_cores();
    bare.batch = strcmp(argv[1], "batch") == 0;
    bare.deliver = bare.batch || strcmp(argv[1], "deliver") == 0;
    if (tl_integration_load(argv[2], argv[3], argv[4], &bare.integration, &err) != TL_OK)
        die(argv[2], &err);
    bare.bundle = tl_integration_bundle(bare.integration);
    make_systems(&bare, argv[5]);
    for (unsigned i = 0; i < count && i < LANES_MAX; i++) {
        lanes[i].bare = &bare;
        lanes[i].loop = tl_loop_new("bare");
        if (tl_thread_start("bare", lane_body, &lanes[i], &lanes[i].thread, &err) != TL_OK)
            die("thread", &err);
        while (atomic_load(&bare.listening) <= i) /* the first one finds the port for the others */
            continue;
    }
    printf("listening http://127.0.0.1:%u\n", atomic_load(&bare.port));
    fflush(stdout);
    for (unsigned i = 0; i < count && i < LANES_MAX; i++)
        tl_thread_join(lanes[i].thread);
    return 0;
}
