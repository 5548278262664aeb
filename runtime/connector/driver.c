/* The loop around step: each turn gives one input and does one action. A turn never happens inside a start or cancel of
 * the owner: those go through the loop's next tick. */
#include "driver.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include <string.h>

#define LAST_WISH_MS 5000
#define SLICE 65536
#define BODY_MAX (16u << 20)

static void step(struct tl_driver *d, tlc_input *input);

/* ---- ends ---- */

static void report(struct tl_mail *mail)
{
    struct tl_driver *d = TL_CONTAINER_OF(mail, struct tl_driver, mail);
    d->ended(d, &d->end);
}

static void finish(struct tl_driver *d)
{
    tl_timer_stop(&d->wait);
    tl_timer_stop(&d->deadline);
    tl_mail_init(&d->mail, report);
    tl_loop_next(d->lane->loop, &d->mail);
}

static void fail(struct tl_driver *d, enum tl_failure failure, int64_t wait_ms, const char *message)
{
    d->end.done = NULL;
    d->end.verdict = (struct tl_verdict){
        .failure = failure, .wait_ms = wait_ms, .message = tl_str_z(tl_arena_printf(&d->scope.arena, "%s", message))};
    finish(d);
}

static void fail_bug(struct tl_driver *d, const char *what)
{
    const struct tl_connector *connector = d->lane->system->connector;
    tl_log(TL_ERROR, "connector.misbehaving", what, TL_FSLICE("connector", tl_connector_id(connector)),
           TL_FSLICE("version", tl_connector_version(connector)), TL_FSTR("system", d->lane->system->name));
    const char *text =
        tl_arena_printf(&d->scope.arena, "connector %.*s %.*s: %s", TL_STR_ARGS(tl_connector_id(connector)),
                        TL_STR_ARGS(tl_connector_version(connector)), what);
    fail(d, TL_FAIL_BUG, 0, text);
}

static void fail_stopped(struct tl_driver *d)
{
    fail(d, TL_FAIL_RETRY, 0, d->stop_why);
    d->end.verdict.unknown = d->exchange.touched;
}

/* ---- transfers ---- */

static bool known_body(const tlc_transfer *t)
{
    return t->body_kind == TLC_BODY_NONE || t->body_kind == TLC_BODY_BYTES;
}

static void start_transfer(struct tl_driver *d, const tlc_transfer *t)
{
    if (!t || t->size < sizeof *t) {
        fail_bug(d, "TRANSFER without a transfer");
        return;
    }
    if (!known_body(t) || t->to_blob) {
        fail(d, TL_FAIL_UNSUPPORTED, 0, "this Tidelock sends no streamed bodies and keeps no blobs yet");
        return;
    }
    struct tl_http_header *headers = tl_arena_alloc(&d->scope.arena, (t->header_count + 1) * sizeof *headers);
    for (uint32_t i = 0; i < t->header_count; i++)
        headers[i] = (struct tl_http_header){tl_str_of(t->headers[i].name), tl_str_of(t->headers[i].value)};
    int64_t now = tl_mono_ms(), until = d->stop_why ? now + LAST_WISH_MS : d->deadline_mono_ms;
    if (t->timeout_ms > 0 && now + t->timeout_ms < until)
        until = now + t->timeout_ms;
    size_t limit = d->response_max ? d->response_max : BODY_MAX;
    d->sending = (struct tl_exchange_request){
        .method = tl_str_of(t->method),
        .url = tl_str_of(t->url),
        .headers = headers,
        .header_count = t->header_count,
        .body = t->body_kind == TLC_BODY_BYTES ? tl_str_of(t->body) : TL_STR_NONE,
        .plain = t->plain || d->plain_only,
        .cookies = t->cookies,
        .json = !t->stream,
        .rebase = true,
        .response_max = t->max_body && t->max_body < limit ? (size_t)t->max_body : limit,
        .deadline_mono_ms = until,
        .trace = d->trace,
    };
    d->any_status = t->any_status;
    d->streams = t->stream;
    d->has_pending = false;
    tl_exchange_start(&d->exchange, &d->sending);
}

static const tlc_header *headers_of(struct tl_driver *d, const struct tl_answer *answer)
{
    tl_free(d->headers);
    d->headers = tl_zalloc(answer->header_count + 1, sizeof *d->headers);
    for (size_t i = 0; i < answer->header_count; i++)
        d->headers[i] = (tlc_header){tl_slice_of(answer->headers[i].name), tl_slice_of(answer->headers[i].value)};
    return d->headers;
}

/* Copied for FAIL with class 0; successes with their large bodies are not what it is for. */
static void remember(struct tl_driver *d, struct tl_answer *answer)
{
    struct tl_arena *arena = &d->scope.arena;
    tl_answer_deinit(&d->last);
    d->last = (struct tl_answer){.outcome = answer->outcome, .status = answer->status};
    if (answer->error)
        d->last.error = tl_arena_printf(arena, "%s", answer->error);
    bool small = answer->body.len <= SLICE;
    struct tl_http_header *headers = tl_arena_alloc(arena, (answer->header_count + 1) * sizeof *headers);
    for (size_t i = 0; i < answer->header_count; i++)
        headers[i] = (struct tl_http_header){tl_arena_str(arena, answer->headers[i].name),
                                             tl_arena_str(arena, answer->headers[i].value)};
    d->last.headers = headers;
    d->last.header_count = answer->header_count;
    d->last.body = small ? tl_arena_str(arena, answer->body) : TL_STR_NONE;
}

static bool is_success(const struct tl_answer *answer)
{
    return answer->outcome == TL_ANSWER_THERE && (answer->status / 100 == 2 || answer->status == 304);
}

/* False: a row of the manifest says that this answer is well after all. */
static bool judged_as_failure(struct tl_driver *d, struct tl_answer *answer)
{
    struct tl_verdict verdict = tl_answer_judge(answer, &d->rules, &d->scope.arena, tl_wall_ms());
    if (verdict.failure == TL_FAIL_NONE)
        return false;
    d->end.done = NULL;
    d->end.verdict = verdict;
    finish(d);
    return true;
}

static void transferred(struct tl_exchange *x, struct tl_answer *answer)
{
    struct tl_driver *d = TL_CONTAINER_OF(x, struct tl_driver, exchange);
    if (d->stop_why && !d->told) {
        d->told = true;
        d->lost = answer && answer->outcome == TL_ANSWER_UNKNOWN;
        step(d, &(tlc_input){.kind = TLC_CANCEL});
        return;
    }
    if (!answer) {
        fail(d, x->failure, x->wait_ms, x->why);
        return;
    }
    d->last_status = answer->outcome == TL_ANSWER_THERE ? answer->status : 0;
    d->missing_page = tl_exchange_is_missing_page(x, answer);
    if (!is_success(answer) && !d->any_status) {
        if (d->stop_why) {
            fail_stopped(d);
            return;
        }
        if (judged_as_failure(d, answer))
            return;
    }
    if (!is_success(answer))
        remember(d, answer);
    tlc_input input = {.kind = d->streams ? TLC_HEAD : TLC_RESPONSE,
                       .status = answer->status,
                       .outcome = (uint32_t)answer->outcome,
                       .headers = headers_of(d, answer),
                       .header_count = (uint32_t)answer->header_count};
    if (d->streams) {
        d->pending = tl_arena_str(&d->scope.arena, answer->body);
        d->has_pending = true;
    } else {
        input.body = tl_slice_of(answer->body);
    }
    step(d, &input);
}

/* ---- actions ---- */

static void act_fail(struct tl_driver *d, const tlc_fail *f)
{
    if (!f || f->size < sizeof *f) {
        fail_bug(d, "FAIL without a reason");
        return;
    }
    if (f->fail_class == 0) {
        bool has_answer = d->last.headers || d->last.status;
        if (!has_answer || !judged_as_failure(d, &d->last))
            fail_bug(d, "FAIL by rules without a response that they call a failure");
        return;
    }
    if (f->fail_class < 0 || f->fail_class >= TL_FAILURE_COUNT) {
        fail_bug(d, "FAIL with an unknown class");
        return;
    }
    d->end.done = NULL;
    d->end.http_reply = (int)f->http_reply;
    d->end.verdict = (struct tl_verdict){.failure = (enum tl_failure)f->fail_class,
                                         .wait_ms = f->wait_ms > 0 ? f->wait_ms : 0,
                                         .unknown = f->unknown || d->lost,
                                         .code = tl_arena_str(&d->scope.arena, tl_str_of(f->code)),
                                         .message = tl_arena_str(&d->scope.arena, tl_str_of(f->message))};
    if (d->stop_why && tl_str_is(d->end.verdict.message, "cancelled")) /* the helpers' word: ours says more */
        d->end.verdict.message = tl_str_z(d->stop_why);
    finish(d);
}

static void act_done(struct tl_driver *d, const tlc_done *done)
{
    if (!done || done->size < sizeof *done) {
        fail_bug(d, "DONE without a result");
        return;
    }
    if (done->document.len && tl_json_check(tl_str_of(done->document), NULL, NULL) != TL_OK) {
        fail_bug(d, "the result's document is not JSON");
        return;
    }
    d->end = (struct tl_driver_end){.done = done};
    finish(d);
}

static void act_emit(struct tl_driver *d, const tlc_action *action)
{
    if (!d->emit) {
        fail_bug(d, "EMIT outside a capture");
        return;
    }
    for (uint32_t i = 0; i < action->event_count; i++) {
        const tlc_event *e = &action->events[i];
        if (e->size < sizeof *e || e->object.len == 0 || e->key.len == 0 ||
            (!e->hint && !e->deleted && !e->payload.len)) {
            fail_bug(d, "EMIT of an event without object, key or payload");
            return;
        }
        if (e->payload.len && tl_json_check(tl_str_of(e->payload), NULL, NULL) != TL_OK) {
            fail_bug(d, "EMIT of an event whose payload is not JSON");
            return;
        }
    }
    d->storing = true;
    d->emit(d, action->events, action->event_count, action->cursor);
}

static void act_save(struct tl_driver *d, tlc_slice state)
{
    if (!d->save) {
        fail(d, TL_FAIL_UNSUPPORTED, 0, "only batches can be saved");
        return;
    }
    if (state.len == 0) {
        fail_bug(d, "SAVE of nothing");
        return;
    }
    d->storing = true;
    d->save(d, state);
}

static void woke(struct tl_timer *timer)
{
    struct tl_driver *d = TL_CONTAINER_OF(timer, struct tl_driver, wait);
    step(d, &(tlc_input){.kind = TLC_WOKE});
}

/* The next slice of a streamed body, as the next input. False: nothing is pending. */
static bool next_slice(struct tl_driver *d, tlc_input *input)
{
    if (!d->has_pending)
        return false;
    size_t n = d->pending.len > SLICE ? SLICE : d->pending.len;
    *input = (tlc_input){.kind = TLC_BODY, .body = {d->pending.ptr, n}, .last = n == d->pending.len};
    d->pending = tl_str_from(d->pending, n);
    d->has_pending = !input->last;
    return true;
}

/* After CANCEL only an end or one transfer is done. */
static bool allowed_when_stopped(struct tl_driver *d, uint32_t kind)
{
    if (!d->told || kind == TLC_DONE || kind == TLC_FAIL || kind == TLC_OUTCOMES)
        return true;
    if (kind != TLC_TRANSFER || d->last_transfer_used)
        return false;
    d->last_transfer_used = true;
    return true;
}

static void act(struct tl_driver *d, const tlc_action *action)
{
    switch (action->kind) {
    case TLC_TRANSFER:
        start_transfer(d, action->transfer);
        break;
    case TLC_WAIT:
        tl_timer_start(d->lane->loop, &d->wait, action->wait_ms);
        break;
    case TLC_EMIT:
        act_emit(d, action);
        break;
    case TLC_DONE:
        act_done(d, action->done);
        break;
    case TLC_FAIL:
        act_fail(d, action->fail);
        break;
    case TLC_SAVE:
        act_save(d, action->state);
        break;
    default:
        fail_bug(d, "answered with an action that does not exist or does not fit here");
        break;
    }
}

static void step(struct tl_driver *d, tlc_input *input)
{
    const tlc_connector *table = d->lane->system->connector->table;
    tlc_input next = *input;
    for (;;) {
        tlc_action action = {.size = sizeof action};
        next.size = sizeof next;
        next.request = &d->request;
        table->step(d->call, &next, &action);
        if (!allowed_when_stopped(d, action.kind)) {
            fail_stopped(d);
            return;
        }
        if (action.kind == TLC_MORE && next_slice(d, &next))
            continue;
        if (action.kind == TLC_WANT_ROWS && d->rows && d->rows(d, &next))
            continue;
        if (action.kind == TLC_OUTCOMES && d->outcomes) {
            const char *wrong = d->outcomes(d, action.outcomes, action.outcome_count);
            if (!wrong) {
                next = (tlc_input){.kind = d->told ? TLC_CANCEL : TLC_STORED};
                continue;
            }
            fail_bug(d, wrong);
            return;
        }
        act(d, &action);
        return;
    }
}

/* ---- life ---- */

static void begin(struct tl_mail *mail)
{
    struct tl_driver *d = TL_CONTAINER_OF(mail, struct tl_driver, mail);
    enum tl_failure failure;
    const char *why;
    if (d->stop_why) {
        fail(d, TL_FAIL_RETRY, 0, d->stop_why);
        return;
    }
    tlc_instance *instance = tl_lane_instance(d->lane, &failure, &why);
    if (!instance) {
        fail(d, failure, 0, why);
        return;
    }
    d->mail.deliver = NULL;
    int32_t refused = d->lane->system->connector->table->begin(instance, &d->scope, &d->request, &d->call);
    if (refused != 0 || !d->call) {
        d->call = NULL;
        if (refused <= 0 || refused >= TL_FAILURE_COUNT)
            fail_bug(d, "begin gave neither a call nor a failure class");
        else
            fail(d, (enum tl_failure)refused, 0, "the connector refused the call");
        return;
    }
    tlc_input first = {.kind = d->saved.len ? TLC_RESUME : TLC_START, .saved = tl_slice_of(d->saved)};
    step(d, &first);
}

static void out_of_time(struct tl_timer *timer)
{
    struct tl_driver *d = TL_CONTAINER_OF(timer, struct tl_driver, deadline);
    tl_driver_cancel(d, "no end within the call's deadline");
}

void tl_driver_init(struct tl_driver *d, struct tl_system_lane *lane)
{
    memset(d, 0, sizeof *d);
    d->lane = lane;
    tl_scope_init(&d->scope, lane->system);
    tl_system_vars(lane->system, &d->scope.arena, &d->vars);
    tl_exchange_init(&d->exchange, lane, &d->scope.arena, &d->vars, transferred);
    tl_timer_init(&d->wait, woke);
    tl_timer_init(&d->deadline, out_of_time);
    d->request.size = sizeof d->request;
}

void tl_driver_start(struct tl_driver *d)
{
    d->request.deadline_ms = d->deadline_mono_ms - tl_mono_ms();
    tl_timer_start_at(d->lane->loop, &d->deadline, d->deadline_mono_ms);
    tl_mail_init(&d->mail, begin);
    tl_loop_next(d->lane->loop, &d->mail);
}

static void tell_cancelled(struct tl_mail *mail)
{
    struct tl_driver *d = TL_CONTAINER_OF(mail, struct tl_driver, mail);
    step(d, &(tlc_input){.kind = TLC_CANCEL});
}

/* Is its mail on the way: beginning, being told, or reporting? Then the stop is seen there, or comes too late. */
static bool mail_under_way(const struct tl_driver *d)
{
    return d->mail.deliver != NULL;
}

void tl_driver_cancel(struct tl_driver *d, const char *why)
{
    if (d->stop_why)
        return;
    d->stop_why = why;
    tl_timer_stop(&d->wait);
    if (d->exchange.state != TL_EXCHANGE_IDLE) {
        tl_exchange_cancel(&d->exchange); /* `transferred` tells the connector */
    } else if (!mail_under_way(d)) {
        d->storing = false;
        d->told = true;
        tl_mail_init(&d->mail, tell_cancelled);
        tl_loop_next(d->lane->loop, &d->mail);
    }
}

static void tell_stored(struct tl_mail *mail)
{
    struct tl_driver *d = TL_CONTAINER_OF(mail, struct tl_driver, mail);
    d->mail.deliver = NULL;
    if (d->stop_why) {
        d->told = true;
        step(d, &(tlc_input){.kind = TLC_CANCEL});
        return;
    }
    step(d, &(tlc_input){.kind = TLC_STORED});
}

void tl_driver_stored(struct tl_driver *d, bool ok)
{
    if (!d->storing)
        return;
    d->storing = false;
    if (!ok) {
        fail(d, TL_FAIL_RETRY, 0, "the events could not be stored");
        return;
    }
    tl_mail_init(&d->mail, tell_stored);
    tl_loop_next(d->lane->loop, &d->mail);
}

void tl_driver_deinit(struct tl_driver *d)
{
    if (d->call)
        d->lane->system->connector->table->end(d->call);
    d->call = NULL;
    tl_answer_deinit(&d->last);
    tl_exchange_deinit(&d->exchange);
    tl_free(d->headers);
    tl_scope_deinit(&d->scope);
}
