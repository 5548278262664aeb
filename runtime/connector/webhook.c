/* Inbound messages: content type, signature, then events by the manifest or by the connector's code. */
#include "connector/webhook.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_pointer.h"
#include "driver.h"
#include "event.h"
#include "webhook_verify.h"

#define EVENTS_MAX 10000
#define CODE_MS 10000

struct webhook {
    struct tl_activity activity;
    struct tl_system_lane *lane; /* borrow */
    const struct tl_json_value *spec;
    struct tl_arena arena;
    struct tl_vars vars;
    struct tl_answer message; /* the request, looked at like an answer: places read headers and body alike */
    struct tl_webhook_request request;
    struct tl_trace trace;
    struct tl_driver *driver; /* own; NULL: by manifest */
    struct tl_webhook_result result;
    struct tl_captured *events;
    bool cancelled;
    struct tl_mail mail;
    tl_webhook_done *done;
    void *ctx;
};

/* ---- ends ---- */

static void finish(struct webhook *w)
{
    w->result.events = w->events;
    w->done(w->ctx, &w->result);
    if (w->driver) {
        tl_driver_deinit(w->driver);
        tl_free(w->driver);
    }
    tl_answer_deinit(&w->message);
    tl_arena_free(&w->arena);
    tl_activity_end(w->lane, &w->activity);
    tl_free(w);
}

static void refuse(struct webhook *w, int status, const char *why)
{
    w->result = (struct tl_webhook_result){.refused = true, .status = status, .why = tl_str_z(why)};
    w->events = NULL;
    finish(w);
}

static void unreadable(struct webhook *w, const char *why)
{
    w->result = (struct tl_webhook_result){.unreadable = true, .status = 202, .why = tl_str_z(why)};
    w->events = NULL;
    finish(w);
}

/* ---- by the manifest ---- */

/* A text that may name a setting: "{config.split}". False: there is none. */
static bool setting(struct webhook *w, const char *key, tl_str *text)
{
    bool is_there = false;
    const struct tl_json_value *value = tl_json_get(w->spec, key);
    return value && tl_vars_text(&w->vars, tl_json_text(value), &is_there, text, NULL) == TL_OK && is_there;
}

static bool place(struct webhook *w, const char *key, const struct tl_json_value *message, tl_str *text)
{
    const struct tl_json_value *at = tl_json_get(w->spec, key);
    *text = TL_STR_NONE;
    if (!at)
        return false;
    return tl_place_read_both(at, message, &w->message, &w->vars, &w->arena, text) && text->len > 0;
}

static bool is_ignored(struct webhook *w, const struct tl_json_value *message)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(w->spec, "ignore"));
    while (tl_json_next(&i)) {
        if (tl_json_get(i.value, "pointer") ? tl_row_matches_in(i.value, message, &w->arena)
                                            : tl_row_matches(i.value, &w->message, &w->arena))
            return true;
    }
    return false;
}

static const char *read_event(struct webhook *w, const struct tl_json_value *message, struct tl_captured *out)
{
    tl_str pointer = TL_STR_NONE;
    *out = (struct tl_captured){.hint = tl_json_get_bool(w->spec, "hint", false)};
    if (!place(w, "object", message, &out->object)) /* an object's name is a template without names, or a place */
        out->object = tl_json_get_text(w->spec, "object");
    if (out->object.len == 0 || out->object.ptr[0] == '/')
        return "the message does not say what it is about";
    if (!place(w, "key", message, &out->key))
        return "the message has no record key where one is expected";
    place(w, "version", message, &out->version);
    place(w, "dedupe", message, &out->dedupe);
    setting(w, "payload", &pointer);
    const struct tl_json_value *payload = tl_json_at(message, pointer), *deleted = tl_json_get(w->spec, "deleted");
    out->payload = payload ? tl_json_raw(payload) : TL_STR("null");
    out->deleted = deleted && tl_row_matches_in(deleted, message, &w->arena);
    tl_event_name(out, TL_STR_NONE, &w->arena);
    return NULL;
}

static void put_reply(struct webhook *w)
{
    const struct tl_json_value *reply = tl_json_get(w->spec, "reply"), *headers = tl_json_get(reply, "headers");
    struct tl_http_header *out = tl_arena_alloc(&w->arena, (tl_json_count(headers) + 1) * sizeof *out);
    size_t count = 0;
    struct tl_json_iter i = tl_json_iter(headers);
    while (tl_json_next(&i)) {
        bool is_there = false;
        tl_str value;
        if (tl_vars_text(&w->vars, tl_json_text(i.value), &is_there, &value, NULL) == TL_OK && is_there)
            out[count++] = (struct tl_http_header){i.key, value};
    }
    w->result.status = (int)tl_json_get_i64(reply, "status", 202);
    w->result.headers = out;
    w->result.header_count = count;
    w->result.body = tl_json_get_text(reply, "body");
}

static void split(struct webhook *w)
{
    const struct tl_json_value *root = tl_answer_json(&w->message), *list = NULL;
    tl_str pointer;
    if (!root) {
        unreadable(w, "the body is not JSON");
        return;
    }
    bool splits = setting(w, "split", &pointer);
    if (splits && tl_json_type(list = tl_json_at(root, pointer)) != TL_JSON_IS_ARRAY) {
        unreadable(w, "the body has no list of messages where one is expected");
        return;
    }
    size_t all = splits ? tl_json_count(list) : 1;
    if (all > EVENTS_MAX) {
        unreadable(w, "the body holds more than 10000 messages");
        return;
    }
    w->events = tl_arena_alloc(&w->arena, (all + 1) * sizeof *w->events);
    struct tl_json_iter i = tl_json_iter(list);
    for (size_t n = 0; n < all; n++) {
        const struct tl_json_value *message = splits && tl_json_next(&i) ? i.value : root;
        if (is_ignored(w, message))
            continue;
        const char *why = read_event(w, message, &w->events[w->result.event_count]);
        if (why) {
            unreadable(w, why);
            return;
        }
        w->result.event_count++;
    }
    put_reply(w);
    finish(w);
}

/* ---- by code ---- */

static void take_done(struct webhook *w, const tlc_done *done)
{
    struct tl_http_header *headers = tl_arena_alloc(&w->arena, (done->reply_header_count + 1) * sizeof *headers);
    for (uint32_t i = 0; i < done->reply_header_count; i++)
        headers[i] =
            (struct tl_http_header){tl_str_of(done->reply_headers[i].name), tl_str_of(done->reply_headers[i].value)};
    w->events = tl_arena_alloc(&w->arena, (done->event_count + 1) * sizeof *w->events);
    for (uint32_t i = 0; i < done->event_count; i++)
        tl_event_from_code(&done->events[i], TL_STR_NONE, &w->arena, &w->events[i]);
    w->result = (struct tl_webhook_result){.status = done->reply_status ? (int)done->reply_status : 202,
                                           .event_count = done->event_count,
                                           .headers = headers,
                                           .header_count = done->reply_header_count,
                                           .body = tl_str_of(done->reply_body)};
    finish(w);
}

static void code_ended(struct tl_driver *driver, const struct tl_driver_end *end)
{
    struct webhook *w = driver->owner;
    if (end->done) {
        take_done(w, end->done);
        return;
    }
    enum tl_failure failure = end->verdict.failure;
    const char *why = tl_arena_copy(&w->arena, end->verdict.message);
    if (end->http_reply)
        refuse(w, end->http_reply, why);
    else if (failure == TL_FAIL_AUTH)
        refuse(w, 401, why);
    else if (failure == TL_FAIL_UNSUPPORTED)
        refuse(w, 415, why);
    else if (failure == TL_FAIL_DATA && driver->request.verified)
        unreadable(w, why); /* who sent it is known: kept, and parked for a person */
    else
        refuse(w, failure == TL_FAIL_DATA ? 400 : 503, why);
}

static void begin_code(struct webhook *w, bool verified)
{
    struct tl_driver *driver = TL_NEW(struct tl_driver);
    const struct tl_webhook_request *request = &w->request;
    tl_driver_init(driver, w->lane);
    w->driver = driver;
    driver->owner = w;
    tlc_header *headers = tl_arena_alloc(&w->arena, (request->header_count + 1) * sizeof *headers);
    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = (tlc_header){tl_slice_of(request->headers[i].name), tl_slice_of(request->headers[i].value)};
    driver->request.role = TLC_ROLE_WEBHOOK;
    driver->request.method = tl_slice_of(request->method);
    driver->request.target = tl_slice_of(request->target);
    driver->request.body = tl_slice_of(request->body);
    driver->request.headers = headers;
    driver->request.header_count = (uint32_t)request->header_count;
    driver->request.verified = verified;
    driver->deadline_mono_ms = tl_mono_ms() + CODE_MS;
    driver->trace = &w->trace;
    driver->rules.first = tl_json_get(w->lane->system->manifest, "errors");
    driver->ended = code_ended;
    tl_driver_start(driver);
}

/* ---- the way in ---- */

/* Without a list: JSON, unless the connector's code reads the body itself. */
static bool type_is_accepted(const struct webhook *w, bool code)
{
    const struct tl_json_value *types = tl_json_get(w->spec, "content_types");
    tl_str given = tl_http_header_value(w->request.headers, w->request.header_count, "Content-Type"), media;
    if (!types && code)
        return true;
    if (!tl_str_cut(&given, ';', &media))
        return false;
    media = tl_str_trim(media);
    if (!types)
        return tl_str_ieq(media, TL_STR("application/json")) || tl_str_ends(media, TL_STR("+json"));
    struct tl_json_iter i = tl_json_iter(types);
    while (tl_json_next(&i))
        if (tl_str_ieq(tl_json_text(i.value), tl_str_trim(media)))
            return true;
    return false;
}

static void begin(struct tl_mail *mail)
{
    struct webhook *w = TL_CONTAINER_OF(mail, struct webhook, mail);
    bool code = tl_json_get_bool(w->spec, "code", false), verified = false;
    char why[200];
    if (w->cancelled) {
        refuse(w, 503, "shutting down");
        return;
    }
    if (!w->spec) {
        refuse(w, 404, "this system takes no webhooks");
        return;
    }
    if (!code && !tl_str_is(w->request.method, "POST") && !tl_str_is(w->request.method, "PUT")) {
        refuse(w, 405, "a webhook is a POST");
        return;
    }
    int status = tl_webhook_check(w->lane->system, w->spec, &w->vars, &w->request, &verified, why, sizeof why);
    if (status != 0)
        refuse(w, status, why);
    else if (!type_is_accepted(w, code))
        refuse(w, 415, "this content type is not understood here");
    else if (code)
        begin_code(w, verified);
    else
        split(w);
}

static void cancel(struct tl_activity *activity)
{
    struct webhook *w = TL_CONTAINER_OF(activity, struct webhook, activity);
    w->cancelled = true;
    if (w->driver)
        tl_driver_cancel(w->driver, "shutting down");
}

void tl_webhook_receive(struct tl_system_lane *lane, const struct tl_webhook_request *request, tl_webhook_done *done,
                        void *ctx)
{
    struct webhook *w = TL_NEW(struct webhook);
    w->lane = lane;
    w->spec = tl_json_get(lane->system->manifest, "webhook");
    w->request = *request;
    w->done = done;
    w->ctx = ctx;
    if (request->trace)
        w->trace = *request->trace;
    tl_arena_init(&w->arena);
    tl_system_vars(lane->system, &w->arena, &w->vars);
    w->message =
        (struct tl_answer){.headers = request->headers, .header_count = request->header_count, .body = request->body};
    tl_activity_begin(lane, &w->activity, cancel);
    w->cancelled = lane->stopping;
    tl_mail_init(&w->mail, begin);
    tl_loop_next(lane->loop, &w->mail);
}
