/* A webhook from its head to its answer: room in the journal? · the connector verifies and splits it · events and hints
 * are stored in one commit · the sender is answered. */
#include "base/alloc.h"
#include "base/counter.h"
#include "base/trace.h"
#include "codec/json_writer.h"
#include "connector/webhook.h"
#include "flow/intake.h"
#include "gateway.h"
#include "net/problem.h"
#include <stdio.h>

enum { HEADERS_MAX = 16 };

/* One webhook in hand. Freed with its answer. */
struct intake {
    struct tl_gateway *gateway;      /* borrow */
    struct tl_http_request *request; /* ours until the reply */
    tl_str system;                   /* borrow: in the request's path */
    struct tl_trace trace;
    /* The connector's answer, kept while the events are being stored. */
    int status;
    struct tl_buf body; /* own */
    struct tl_http_header headers[HEADERS_MAX];
    size_t header_count;
    struct tl_buf header_text; /* own: what `headers` point into */
};

static const char busy_text[] = "the journal cannot take more now; nothing was stored; send it again later";

bool tl_intake_path(tl_str path, tl_str *system)
{
    if (!tl_str_starts(path, TL_STR("/in/")))
        return false;
    *system = tl_str_from(path, 4);
    return system->len != 0 && tl_str_find(*system, '/') < 0;
}

/* tl_http_refuse, with a header beside the problem. */
static void refuse_with(struct tl_http_request *request, const struct tl_problem *problem, tl_str name, tl_str value)
{
    struct tl_buf out;
    struct tl_http_header header = {name, value};
    tl_buf_init(&out, 4096);
    tl_problem_print(problem, &out);
    struct tl_http_answer answer = {.status = problem->status,
                                    .type = TL_PROBLEM_TYPE,
                                    .headers = &header,
                                    .header_count = 1,
                                    .body = tl_buf_str(&out)};
    tl_http_reply(request, &answer);
    tl_buf_free(&out);
}

static void refuse_busy(struct tl_http_request *request, const char *text)
{
    struct tl_problem problem = {.status = 503, .type = "journal-busy", .title = "Come again later", .detail = text};
    refuse_with(request, &problem, TL_STR("Retry-After"), TL_STR("5"));
}

static void refuse_method(struct tl_http_request *request)
{
    struct tl_problem problem = {.status = 405, .title = "Method Not Allowed", .detail = "a webhook is a POST"};
    refuse_with(request, &problem, TL_STR("Allow"), TL_STR("POST, PUT"));
}

void tl_intake_head(struct tl_gateway *gateway, struct tl_http_request *request)
{
    tl_str name;
    (void)tl_intake_path(request->path, &name);
    struct tl_system_lane *system = tl_lane_system(gateway->lane, name);
    if (system == NULL)
        tl_http_refuse(request, 404, NULL, "there is no system '%.*s' here", TL_STR_ARGS(name));
    else if (!tl_system_has_webhook(tl_system_lane_system(system)))
        tl_http_refuse(request, 404, NULL, "system '%.*s' takes no webhooks", TL_STR_ARGS(name));
    else if (tl_engine_busy(tl_lane_engine(gateway->lane)))
        refuse_busy(request, busy_text);
}

static void intake_free(struct intake *intake)
{
    tl_buf_free(&intake->body);
    tl_buf_free(&intake->header_text);
    tl_free(intake);
}

static void count(const struct intake *intake, int status)
{
    char labels[160];
    snprintf(labels, sizeof labels, "system=\"%.*s\",status=\"%d\"", TL_STR_ARGS(intake->system), status);
    tl_counter_add(tl_counter_get("tidelock_webhooks_total", labels, "Webhooks answered."), 1);
}

/* {"id":first,"ids":[…] when several,"duplicate":all of them were known} */
static void accepted_text(const struct tl_accepted *accepted, struct tl_buf *out)
{
    char id[TL_POSITION_TEXT];
    bool duplicate = accepted->count != 0;
    for (size_t i = 0; i < accepted->count; i++)
        duplicate = duplicate && accepted->duplicates[i];
    tl_buf_add_z(out, "{\"id\":");
    for (size_t i = 0; i < accepted->count; i++) {
        tl_position_print(accepted->positions[i], id);
        tl_buf_addf(out, "%s\"%s\"", i == 0 ? "" : i == 1 ? ",\"ids\":[" : ",", id);
    }
    tl_buf_addf(out, "%s%s,\"duplicate\":%s}", accepted->count == 0 ? "null" : "", accepted->count > 1 ? "]" : "",
                duplicate ? "true" : "false");
}

static void answer(struct intake *intake, int status, const char *type, tl_str body)
{
    struct tl_http_answer reply = {
        .status = status, .type = type, .headers = intake->headers, .header_count = intake->header_count, .body = body};
    count(intake, status);
    tl_http_reply(intake->request, &reply);
    intake_free(intake);
}

static void on_accepted(void *ctx, const struct tl_accepted *accepted)
{
    struct intake *intake = ctx;
    if (accepted->code == TL_OK) {
        if (intake->body.len == 0 && intake->status == 202) {
            struct tl_buf text;
            tl_buf_init(&text, 1 << 20);
            accepted_text(accepted, &text);
            answer(intake, 202, "application/json", tl_buf_str(&text));
            tl_buf_free(&text);
        } else {
            answer(intake, intake->status, NULL, tl_buf_str(&intake->body));
        }
        return;
    }
    count(intake, 503);
    if (accepted->code == TL_EINPUT)
        tl_http_refuse(intake->request, 413, "event-too-large", "%s", accepted->error->text);
    else
        refuse_busy(intake->request, busy_text);
    intake_free(intake);
}

/* The result is borrowed only until we return; the answer goes out after the commit. */
static void keep_reply(struct intake *intake, const struct tl_webhook_result *result)
{
    intake->status = result->status != 0 ? result->status : 202;
    tl_buf_add_str(&intake->body, result->body);
    /* Slices are set when the text no longer moves. */
    for (size_t i = 0; i < result->header_count && i < HEADERS_MAX; i++) {
        tl_buf_add_str(&intake->header_text, result->headers[i].name);
        tl_buf_add_str(&intake->header_text, result->headers[i].value);
        intake->header_count++;
    }
    size_t at = 0;
    for (size_t i = 0; i < intake->header_count; i++) {
        size_t name = result->headers[i].name.len, value = result->headers[i].value.len;
        intake->headers[i] = (struct tl_http_header){tl_str_n(intake->header_text.ptr + at, name),
                                                     tl_str_n(intake->header_text.ptr + at + name, value)};
        at += name + value;
    }
}

static void on_verified(void *ctx, const struct tl_webhook_result *result)
{
    struct intake *intake = ctx;
    struct tl_engine *engine = tl_lane_engine(intake->gateway->lane);
    struct tl_loop *loop = tl_lane_loop(intake->gateway->lane);
    if (result->unreadable) {
        intake->status = 202;
        tl_engine_accept_raw(engine, intake->system, intake->request->body, result->why, &intake->trace, loop,
                             on_accepted, intake);
    } else if (result->refused) {
        count(intake, result->status);
        if (result->status == 405)
            refuse_method(intake->request);
        else
            tl_http_refuse(intake->request, result->status, NULL, "%.*s", TL_STR_ARGS(result->why));
        intake_free(intake);
    } else if (result->event_count == 0) {
        keep_reply(intake, result);
        answer(intake, intake->status, NULL, tl_buf_str(&intake->body));
    } else {
        keep_reply(intake, result);
        tl_engine_accept_captured(engine, intake->system, result->events, result->event_count, &intake->trace, loop,
                                  on_accepted, intake);
    }
}

/* The sender's trace goes on; a missing or broken one is replaced by one of ours. */
static void read_trace(const struct tl_http_request *request, struct tl_trace *trace)
{
    if (tl_trace_parse(tl_http_request_header(request, "traceparent"), trace, NULL) != TL_OK) {
        tl_trace_start(trace);
        return;
    }
    const struct tl_http_header *state = tl_http_header_find(request->headers, request->header_count, "tracestate");
    for (; state != NULL; state = tl_http_header_next(request->headers, request->header_count, state)) {
        if (tl_trace_add_state(trace, state->value, NULL) != TL_OK)
            return;
    }
}

static bool is_loopback(const struct tl_http_peer *peer)
{
    tl_str address = tl_str_z(peer->address);
    return tl_str_starts(address, TL_STR("127.")) || tl_str_is(address, "::1") || tl_str_is(address, "unix") ||
           tl_str_starts(address, TL_STR("::ffff:127."));
}

void tl_intake_request(struct tl_gateway *gateway, struct tl_http_request *request)
{
    tl_str name;
    (void)tl_intake_path(request->path, &name);
    struct tl_system_lane *system = tl_lane_system(gateway->lane, name);
    if (system == NULL) { /* it went while the body came in */
        tl_http_refuse(request, 404, NULL, "there is no system '%.*s' here", TL_STR_ARGS(name));
        return;
    }
    struct intake *intake = TL_NEW(struct intake);
    intake->gateway = gateway;
    intake->request = request;
    intake->system = name;
    tl_buf_init(&intake->body, 1 << 20);
    tl_buf_init(&intake->header_text, 64 * 1024);
    read_trace(request, &intake->trace);
    struct tl_webhook_request webhook = {.method = request->method,
                                         .target = request->target,
                                         .headers = request->headers,
                                         .header_count = request->header_count,
                                         .body = request->body,
                                         .loopback = is_loopback(request->peer),
                                         .trace = &intake->trace};
    tl_webhook_receive(system, &webhook, on_verified, intake);
}
