/* The life of a call: copied, begun in the next tick, ended once. */
#include "call_state.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "connector/probe.h"
#include "crypto/digest.h"
#include <string.h>

#define TIMEOUT_MS 60000
#define RESPONSE_MAX (16u << 20)
#define ARGS_MAX (64u << 20)

/* ---- hash ---- */

static void hash_part(struct tl_sha256 *sha, tl_str part)
{
    uint64_t len = part.len;
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(len >> (8 * i));
    tl_sha256_add(sha, tl_str_n(bytes, sizeof bytes));
    tl_sha256_add(sha, part);
}

void tl_call_hash(const struct tl_call_request *request, uint8_t out[16])
{
    struct tl_sha256 sha;
    uint8_t digest[TL_SHA256_SIZE];
    tl_sha256_init(&sha);
    hash_part(&sha, request->operation);
    hash_part(&sha, request->args);
    hash_part(&sha, request->key);
    hash_part(&sha, request->version);
    tl_sha256_end(&sha, digest);
    memcpy(out, digest, 16);
}

const char *tl_created_name(enum tl_created created)
{
    return created == TL_CREATED_YES ? "yes" : created == TL_CREATED_NO ? "no" : "unknown";
}

/* ---- ends ---- */

static void free_call(struct tl_call *call)
{
    if (call->driver) {
        tl_driver_deinit(call->driver);
        tl_free(call->driver);
    }
    tl_timer_stop(&call->deadline);
    tl_exchange_deinit(&call->exchange);
    tl_json_free(call->args);
    tl_json_free(call->own_operation);
    tl_buf_free(&call->items);
    tl_arena_free(&call->arena);
    tl_activity_end(call->lane, &call->activity);
    tl_free(call);
}

void tl_call_end(struct tl_call *call)
{
    struct tl_call_result *result = &call->result;
    const struct tl_exchange *x = call->driver ? &call->driver->exchange : &call->exchange;
    result->sent = call->effect != TL_EFFECT_READ && x->touched;
    result->unknown = result->unknown && result->sent && result->failure != TL_FAIL_NONE;
    result->transfers = x->transfers;
    result->duration_ms = tl_mono_ms() - call->started_mono_ms;
    result->warnings = call->notes.warnings;
    result->warning_count = call->notes.warning_count;
    result->quotas = call->notes.quotas;
    result->quota_count = call->notes.quota_count;
    tl_call_hash(&call->request, result->request_hash);
    call->done(call->ctx, result);
    free_call(call);
}

void tl_call_fail(struct tl_call *call, enum tl_failure failure, tl_str message)
{
    struct tl_verdict verdict = {.failure = failure, .message = message};
    tl_call_fail_verdict(call, &verdict);
}

void tl_call_fail_verdict(struct tl_call *call, const struct tl_verdict *verdict)
{
    call->result.failure = verdict->failure;
    call->result.wait_ms = verdict->wait_ms;
    call->result.unknown = verdict->unknown;
    call->result.code = verdict->code;
    call->result.message = call->stop_why ? tl_str_z(call->stop_why) : verdict->message;
    tl_call_end(call);
}

void tl_call_fail_missing_page(struct tl_call *call)
{
    tl_call_fail_verdict(call, &(struct tl_verdict){.failure = TL_FAIL_RETRY,
                                                    .unknown = true,
                                                    .message = TL_STR("404 in a page of HTML: is it the record that is "
                                                                      "not there, or the application?")});
}

/* ---- code ---- */

struct tl_verdict_rules tl_call_rules(const struct tl_call *call)
{
    const struct tl_system *system = call->lane->system;
    return (struct tl_verdict_rules){
        .first = tl_json_get(call->operation, "errors"),
        .second = tl_json_get(system->extra.root, "errors"),
        .third = tl_json_get(system->manifest, "errors"),
        .message = tl_json_get(system->manifest, "error_message"),
        .code = tl_json_get(system->manifest, "error_code"),
    };
}

static void code_ended(struct tl_driver *driver, const struct tl_driver_end *end)
{
    struct tl_call *call = driver->owner;
    call->result.status = driver->last_status;
    if (!end->done) {
        call->stop_why = NULL;
        tl_call_fail_verdict(call, &end->verdict);
        return;
    }
    if (driver->missing_page) {
        tl_call_fail_missing_page(call);
        return;
    }
    struct tl_call_result *result = &call->result;
    result->document = tl_str_of(end->done->document);
    result->absent = result->document.len == 0;
    result->id = tl_str_of(end->done->id);
    result->version = tl_str_of(end->done->version);
    result->url = tl_str_of(end->done->url);
    result->matches = end->done->matches;
    result->created = end->done->created == TLC_CREATED_YES  ? TL_CREATED_YES
                      : end->done->created == TLC_CREATED_NO ? TL_CREATED_NO
                                                             : TL_CREATED_UNKNOWN;
    tl_call_end(call);
}

static void begin_code(struct tl_call *call)
{
    struct tl_driver *driver = TL_NEW(struct tl_driver);
    const struct tl_call_request *request = &call->request;
    tl_driver_init(driver, call->lane);
    call->driver = driver;
    driver->owner = call;
    driver->exchange.notes = &call->notes;
    driver->request.role = call->role;
    driver->request.operation = tl_slice_of(request->operation);
    driver->request.args = tl_slice_of(request->args);
    driver->request.key = tl_slice_of(request->key);
    driver->request.version = tl_slice_of(request->version);
    driver->request.once_key = tl_slice_of(request->once_key);
    driver->request.idempotency_key = tl_slice_of(request->idempotency_key);
    driver->request.marker = tl_slice_of(request->marker);
    driver->deadline_mono_ms = call->deadline_mono_ms;
    driver->response_max = request->response_max;
    driver->trace = &call->trace;
    driver->rules = tl_call_rules(call);
    driver->vars.args = tl_json_root(call->args);
    driver->ended = code_ended;
    tl_timer_stop(&call->deadline); /* the driver has its own */
    tl_driver_start(driver);
}

/* ---- start ---- */

static void begin(struct tl_mail *mail)
{
    struct tl_call *call = TL_CONTAINER_OF(mail, struct tl_call, mail);
    if (call->refused_as != TL_FAIL_NONE)
        tl_call_fail(call, call->refused_as, tl_str_z(call->refused.text));
    else if (call->stop_why)
        tl_call_fail(call, TL_FAIL_RETRY, tl_str_z(call->stop_why));
    else if (!call->operation || tl_json_get_bool(call->operation, "code", false))
        begin_code(call);
    else
        tl_call_operation_begin(call);
}

static void refuse(struct tl_call *call, enum tl_failure failure, struct tl_error *why)
{
    if (call->refused_as != TL_FAIL_NONE)
        return;
    call->refused_as = failure;
    call->refused = *why;
}

static void stop(struct tl_call *call, const char *why)
{
    if (call->stop_why)
        return;
    call->stop_why = why;
    if (call->driver)
        tl_driver_cancel(call->driver, why);
    else
        tl_exchange_cancel(&call->exchange);
}

static void cancel_activity(struct tl_activity *activity)
{
    stop(TL_CONTAINER_OF(activity, struct tl_call, activity), "cancelled");
}

void tl_call_cancel(struct tl_call *call)
{
    stop(call, "cancelled");
}

static void out_of_time(struct tl_timer *timer)
{
    struct tl_call *call = TL_CONTAINER_OF(timer, struct tl_call, deadline);
    stop(call, tl_arena_printf(&call->arena, "no answer within %lld ms",
                               (long long)(call->deadline_mono_ms - call->started_mono_ms)));
}

static void copy_request(struct tl_call *call, const struct tl_call_request *from)
{
    struct tl_arena *arena = &call->arena;
    struct tl_call_request *to = &call->request;
    *to = *from;
    to->operation = tl_arena_str(arena, from->operation);
    to->args = from->args.len ? tl_arena_str(arena, from->args) : TL_STR("{}");
    to->key = tl_arena_str(arena, from->key);
    to->version = tl_arena_str(arena, from->version);
    to->once_key = tl_arena_str(arena, from->once_key);
    to->idempotency_key = tl_arena_str(arena, from->idempotency_key);
    to->marker = tl_arena_str(arena, from->marker);
    to->trace = NULL;
    if (from->trace)
        call->trace = *from->trace;
    if (to->timeout_ms <= 0)
        to->timeout_ms = TIMEOUT_MS;
    if (to->response_max == 0)
        to->response_max = RESPONSE_MAX;
}

static void fill_vars(struct tl_call *call)
{
    struct tl_vars *vars = &call->vars;
    tl_system_vars(call->lane->system, &call->arena, vars);
    vars->args = tl_json_root(call->args);
    vars->key = call->request.key;
    vars->version = call->request.version;
    vars->once_key = call->request.once_key;
    vars->idempotency_key = call->request.idempotency_key;
    vars->marker = call->request.marker;
}

struct tl_call *tl_call_new(struct tl_system_lane *lane, const struct tl_call_request *request, uint32_t role,
                            tl_call_done *done, void *ctx)
{
    struct tl_call *call = TL_NEW(struct tl_call);
    struct tl_error err = {0};
    call->lane = lane;
    call->role = role;
    call->done = done;
    call->ctx = ctx;
    tl_arena_init(&call->arena);
    tl_buf_init(&call->items, ARGS_MAX);
    copy_request(call, request);
    call->started_mono_ms = tl_mono_ms();
    call->deadline_mono_ms = call->started_mono_ms + call->request.timeout_ms;
    if (tl_json_parse_borrowed(call->request.args, NULL, &call->args, &err) != TL_OK) {
        tl_error_prefix(&err, "arguments");
        refuse(call, TL_FAIL_DATA, &err);
        tl_must(tl_json_parse_borrowed(TL_STR("{}"), NULL, &call->args, NULL) == TL_OK);
    }
    fill_vars(call);
    tl_exchange_init(&call->exchange, lane, &call->arena, &call->vars, tl_call_operation_answered);
    call->exchange.notes = &call->notes;
    tl_timer_init(&call->deadline, out_of_time);
    tl_timer_start_at(lane->loop, &call->deadline, call->deadline_mono_ms);
    tl_activity_begin(lane, &call->activity, cancel_activity);
    if (lane->stopping)
        call->stop_why = "cancelled";
    tl_mail_init(&call->mail, begin);
    tl_loop_next(lane->loop, &call->mail);
    return call;
}

static void set_operation(struct tl_call *call, tl_str name)
{
    struct tl_error err = {0};
    call->operation = tl_operation_find(call->lane->system, name);
    call->effect = tl_operation_effect(call->operation);
    tl_code code = tl_system_check_args(call->lane->system, name, call->request.args, &err);
    if (code != TL_OK)
        refuse(call, code == TL_ENOTFOUND ? TL_FAIL_UNSUPPORTED : TL_FAIL_DATA, &err);
}

struct tl_call *tl_call_start(struct tl_system_lane *lane, const struct tl_call_request *request, tl_call_done *done,
                              void *ctx)
{
    struct tl_call *call = tl_call_new(lane, request, TLC_ROLE_CALL, done, ctx);
    set_operation(call, call->request.operation);
    return call;
}

/* ---- lookup ---- */

struct tl_call *tl_call_lookup(struct tl_system_lane *lane, const struct tl_call_request *request, tl_call_done *done,
                               void *ctx)
{
    const struct tl_json_value *of = tl_operation_find(lane->system, request->operation);
    const struct tl_json_value *lookup = tl_json_get(of, "lookup_by");
    struct tl_call *call = tl_call_new(lane, request, TLC_ROLE_LOOKUP, done, ctx);
    struct tl_error err = {0};
    tl_str args = TL_STR("{}");
    call->effect = TL_EFFECT_READ;
    if (!lookup) {
        tl_fail(&err, TL_ENOTFOUND, "%.*s has no lookup: whether it happened cannot be found out",
                TL_STR_ARGS(request->operation));
        refuse(call, TL_FAIL_UNSUPPORTED, &err);
        return call;
    }
    call->lookup = lookup;
    if (tl_args_from(tl_json_get(lookup, "args"), &call->vars, &call->arena, &args, &err) != TL_OK) {
        refuse(call, TL_FAIL_DATA, &err);
        return call;
    }
    tl_json_free(call->args);
    call->request.operation = tl_json_get_text(lookup, "operation");
    call->request.args = args;
    tl_must(tl_json_parse_borrowed(args, NULL, &call->args, NULL) == TL_OK);
    call->vars.args = tl_json_root(call->args);
    set_operation(call, call->request.operation);
    call->effect = TL_EFFECT_READ;
    return call;
}

/* ---- probe ---- */

/* Whatever a server says to a plain GET of the base shows that it is there; credentials are judged as ever. */
static const char plain_probe[] = "{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"\",\"result\":{},"
                                  "\"ok\":[\"2xx\",\"3xx\",400,404,405,406,409,410,411,412,415,422,429]}";

struct tl_call *tl_probe_start(struct tl_system_lane *lane, int64_t timeout_ms, tl_call_done *done, void *ctx)
{
    const struct tl_json_value *probe = tl_json_get(lane->system->manifest, "probe");
    struct tl_call_request request = {.timeout_ms = timeout_ms};
    request.operation = tl_json_get_text(probe, "operation");
    request.args = tl_json_raw(tl_json_get(probe, "args"));
    struct tl_call *call = tl_call_new(lane, &request, TLC_ROLE_PROBE, done, ctx);
    call->effect = TL_EFFECT_READ;
    if (request.operation.len) {
        call->role = TLC_ROLE_CALL;
        set_operation(call, call->request.operation);
    } else if (!tl_json_get_bool(probe, "code", false)) {
        tl_must(tl_json_parse(tl_str_z(plain_probe), NULL, &call->own_operation, NULL) == TL_OK);
        call->operation = tl_json_root(call->own_operation);
    }
    return call;
}
