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
