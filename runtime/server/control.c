/* The control socket: HTTP with JSON on DATA/control.sock, for the command line. Who may open the socket may do all
 * (mode 0600); who it was is taken from the socket and goes into the audit record. */
#include "control.h"
#include "base/alloc.h"
#include "codec/uri.h"
#include "codec/utf8.h"
#include "deploy.h"
#include "server/parcel.h"
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BODY_MAX = TL_PARCEL_JSON_MAX };

static const struct {
    const char *method;
    const char *path; /* a segment "*" goes into `rest` */
    void (*handle)(struct tl_control_request *request);
    bool unread; /* its body may be big: the handler reads it, elsewhere */
} routes[] = {
    {"GET", "/v1/status", tl_control_status, false},
    {"GET", "/v1/trace", tl_control_trace, false},
    {"GET", "/v1/events/*", tl_control_event, false},
    {"GET", "/v1/exceptions", tl_control_exceptions, false},
    {"GET", "/v1/exceptions/*", tl_control_exception, false},
    {"POST", "/v1/exceptions/*/*", tl_control_desk, false},
    {"GET", "/v1/exception-groups", tl_control_groups, false},
    {"POST", "/v1/exception-groups/*/*", tl_control_group, false},
    {"GET", "/v1/runs", tl_control_runs, false},
    {"GET", "/v1/runs/*", tl_control_run, false},
    {"POST", "/v1/runs/*/*", tl_control_run_act, false},
    {"GET", "/v1/decisions", tl_control_decisions, false},
    {"POST", "/v1/decisions/*", tl_control_decision, false},
    {"POST", "/v1/replay", tl_control_replay, false},
    {"GET", "/v1/recording", tl_control_recording, false},
    {"POST", "/v1/pause", tl_control_pause, false},
    {"POST", "/v1/resume", tl_control_resume, false},
    {"GET", "/v1/settings", tl_control_settings, false},
    {"POST", "/v1/settings", tl_control_settings_set, false},
    {"GET", "/v1/secrets", tl_control_secrets, false},
    {"GET", "/v1/settings/history", tl_control_settings_history, false},
    {"GET", "/v1/secrets/history", tl_control_secrets_history, false},
    {"POST", "/v1/secrets", tl_control_secrets_set, false},
    {"GET", "/v1/doctor", tl_control_doctor, false},
    {"GET", "/v1/revisions", tl_control_revisions, false},
    {"POST", "/v1/deploy", tl_deploys_deploy, true},
    {"POST", "/v1/plan", tl_deploys_plan, true},
    {"POST", "/v1/rollback", tl_deploys_rollback, true},
    {"POST", "/v1/retire", tl_deploys_retire, true},
};

static void request_free(struct tl_control_request *request)
{
    tl_json_free(request->body);
    tl_free(request);
}

void tl_control_answer(struct tl_control_request *request, const struct tl_buf *json)
{
    struct tl_http_answer answer = {.status = 200, .type = "application/json", .body = tl_buf_str(json)};
    tl_http_reply(request->http, &answer);
    request_free(request);
}

static int status_of(tl_code code)
{
    switch (code) {
    case TL_ENOTFOUND:
        return 404;
    case TL_EACCESS:
        return 403;
    case TL_EDIFFERS:
        return 409;
    case TL_EINPUT:
    case TL_EUSAGE:
    case TL_ECONFIG:
        return 422;
    case TL_EFULL:
        return 503;
    default:
        return 500;
    }
}

void tl_control_fail(struct tl_control_request *request, const struct tl_error *err)
{
    tl_http_refuse(request->http, status_of(err->code), tl_code_name(err->code), "%s", err->text);
    request_free(request);
}

void tl_control_refuse(struct tl_control_request *request, const struct tl_error *err, tl_str members)
{
    struct tl_problem problem = {
        .status = status_of(err->code), .type = tl_code_name(err->code), .detail = err->text, .members = members};
    struct tl_buf body;
    tl_buf_init(&body, TL_CONTROL_ANSWER_MAX);
    tl_problem_print(&problem, &body);
    tl_http_reply(request->http, &(struct tl_http_answer){
                                     .status = problem.status, .type = TL_PROBLEM_TYPE, .body = tl_buf_str(&body)});
    tl_buf_free(&body);
    request_free(request);
}

void tl_control_written(struct tl_control_request *request, tl_code code, struct tl_buf *out,
                        const struct tl_error *err)
{
    if (code == TL_OK)
        tl_control_answer(request, out);
    else
        tl_control_fail(request, err);
    tl_buf_free(out);
}

void tl_control_say(struct tl_control_request *request, const char *fmt, ...)
{
    struct tl_buf text, out;
    struct tl_json_writer w;
    va_list ap;
    tl_buf_init(&text, 64 * 1024);
    tl_buf_init(&out, 512 * 1024);
    va_start(ap, fmt);
    tl_buf_vaddf(&text, fmt, ap);
    va_end(ap);
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "message");
    tl_json_lossy(&w, tl_buf_str(&text));
    tl_json_end_object(&w);
    tl_control_answer(request, &out);
    tl_buf_free(&text);
    tl_buf_free(&out);
}

void tl_control_acted(void *ctx, tl_code code, const char *text)
{
    struct tl_control_request *request = ctx;
    struct tl_error err;
    if (code == TL_OK) {
        tl_control_say(request, "%s", text != NULL && text[0] != '\0' ? text : "done");
        return;
    }
    tl_fail(&err, code, "%s", text);
    tl_control_fail(request, &err);
}

bool tl_control_engine(struct tl_control_request *request)
{
    struct tl_server *server = request->server;
    if (server->state == TL_SERVER_RUNNING)
        return true;
    struct tl_error err;
    tl_fail(&err, TL_EFULL, "no work is done now: %s",
            server->systems.missing.len != 0 ? server->systems.missing.ptr : "starting or stopping");
    tl_control_fail(request, &err);
    return false;
}

bool tl_control_query(const struct tl_control_request *request, const char *name, struct tl_buf *out)
{
    return tl_query_get(request->http->query, name, out, NULL) == TL_OK;
}

void tl_control_words(const struct tl_control_request *request, struct tl_control_words *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tl_buf_init(&words[i].text, 8192);
        (void)tl_control_query(request, words[i].name, &words[i].text);
    }
}

void tl_control_words_free(struct tl_control_words *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tl_buf_free(&words[i].text);
}

void tl_control_list(struct tl_control_request *request, struct tl_control_words *words, size_t count,
                     tl_control_write *write)
{
    struct tl_buf out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_words(request, words, count);
    tl_code code = write(request, words, &out, &err);
    tl_control_written(request, code, &out, &err); /* frees the request; the words are ours */
    tl_control_words_free(words, count);
}

uint64_t tl_control_query_number(const struct tl_control_request *request, const char *name, uint64_t otherwise)
{
    struct tl_buf text;
    uint64_t number;
    tl_buf_init(&text, 32);
    if (!tl_control_query(request, name, &text) || !tl_str_u64(tl_buf_str(&text), &number))
        number = otherwise;
    tl_buf_free(&text);
    return number;
}

tl_code tl_control_position(tl_str text, tl_position *out, struct tl_error *err)
{
    if (tl_position_parse(text, out))
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "'%.*s' is no event id: 13 letters and digits, as in 0000000g00003",
                   TL_STR_ARGS(text));
}

static bool path_matches(const char *pattern, tl_str path, struct tl_control_request *request)
{
    tl_str want = tl_str_z(pattern), want_part, part;
    request->rest_count = 0;
    while (tl_str_cut(&want, '/', &want_part)) {
        if (!tl_str_cut(&path, '/', &part))
            return false;
        if (tl_str_is(want_part, "*")) {
            if (part.len == 0)
                return false;
            request->rest[request->rest_count++] = part;
        } else if (!tl_str_eq(part, want_part)) {
            return false;
        }
    }
    return path.ptr == NULL;
}

static void name_caller(const struct tl_http_peer *peer, char who[128])
{
    struct passwd entry, *found = NULL;
    char room[4096];
    if (peer->uid >= 0)
        getpwuid_r((uid_t)peer->uid, &entry, room, sizeof room, &found);
    if (found != NULL)
        snprintf(who, 128, "%.64s (uid %lld)", entry.pw_name, (long long)peer->uid);
    else
        snprintf(who, 128, "uid %lld", (long long)peer->uid);
}

tl_code tl_control_check_reason(const struct tl_json_value *root, struct tl_error *err)
{
    tl_str reason = tl_json_get_text(root, "reason");
    size_t at = 0;
    uint32_t code;
    while (tl_utf8_next(reason, &at, &code)) {
        if (tl_utf8_steers(code))
            return tl_fail(err, TL_EINPUT,
                           "the reason holds a control character (U+%04X): it is one line of text, for the history",
                           (unsigned)code);
    }
    return TL_OK;
}

static tl_code parse_body(struct tl_control_request *request, struct tl_error *err)
{
    if (request->http->body.len == 0)
        return TL_OK;
    tl_code code = tl_json_parse(request->http->body, NULL, &request->body, err);
    request->root = code == TL_OK ? tl_json_root(request->body) : NULL;
    return code == TL_OK ? tl_control_check_reason(request->root, err) : code;
}

static void on_request(void *ctx, struct tl_http_request *http)
{
    struct tl_control_request *request = TL_NEW(struct tl_control_request);
    struct tl_error err;
    request->server = ctx;
    request->http = http;
    name_caller(http->peer, request->who);
    for (size_t i = 0; i < TL_COUNT_OF(routes); i++) {
        if (!tl_str_is(http->method, routes[i].method) || !path_matches(routes[i].path, http->path, request))
            continue;
        if (routes[i].unread || parse_body(request, &err) == TL_OK)
            routes[i].handle(request);
        else
            tl_control_fail(request, &err);
        return;
    }
    tl_fail(&err, TL_ENOTFOUND, "this server knows no %.*s %.*s: is the command newer than the server?",
            TL_STR_ARGS(http->method), TL_STR_ARGS(http->path));
    tl_control_fail(request, &err);
}

tl_code tl_control_start(struct tl_server *server, struct tl_error *err)
{
    char *path = tl_printf("%s/control.sock", server->config->data);
    struct tl_http_config config = {.socket_path = path, .limits = {.body_bytes = BODY_MAX, .write_ms = 60000}};
    struct tl_http_handler handler = {.on_request = on_request, .ctx = server};
    tl_code code = tl_http_server_start(server->loop, &config, &handler, &server->control, err);
    tl_free(path);
    return code;
}

void tl_control_stop(struct tl_server *server, void (*stopped)(void *ctx), void *ctx)
{
    tl_http_server_stop(server->control, 500, stopped, ctx);
    server->control = NULL;
}
