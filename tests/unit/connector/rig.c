/* The rig: see rig.h. */
#include "rig.h"
#include "base/log.h"

static void copy(char *out, size_t size, tl_str s)
{
    size_t n = s.len < size - 1 ? s.len : size - 1;
    if (n)
        memcpy(out, s.ptr, n);
    out[n] = 0;
}

#define COPY(field, s) copy(field, sizeof field, s)

static void see(struct rig *rig, const struct tl_http_request *request)
{
    tl_must(rig->seen_count < RIG_SEEN_MAX);
    struct rig_seen *seen = &rig->seen[rig->seen_count++];
    snprintf(seen->request, sizeof seen->request, "%.*s %.*s", TL_STR_ARGS(request->method),
             TL_STR_ARGS(request->target));
    COPY(seen->body, request->body);
    COPY(seen->authorization, tl_http_request_header(request, "Authorization"));
    COPY(seen->cookie, tl_http_request_header(request, "Cookie"));
    COPY(seen->traceparent, tl_http_request_header(request, "traceparent"));
    snprintf(seen->other, sizeof seen->other, "mode=%.*s match=%.*s key=%.*s csrf=%.*s type=%.*s accept=%.*s",
             TL_STR_ARGS(tl_http_request_header(request, "X-Mode")),
             TL_STR_ARGS(tl_http_request_header(request, "If-Match")),
             TL_STR_ARGS(tl_http_request_header(request, "Idempotency-Key")),
             TL_STR_ARGS(tl_http_request_header(request, "X-CSRF-Token")),
             TL_STR_ARGS(tl_http_request_header(request, "Content-Type")),
             TL_STR_ARGS(tl_http_request_header(request, "Accept")));
}

static void reply(struct tl_http_request *request, const struct rig_answer *answer)
{
    struct tl_http_header headers[8];
    size_t count = 0;
    tl_str rest = tl_str_z(answer->headers), line, name;
    while (count < 8 && tl_str_cut(&rest, '\n', &line)) {
        if (!tl_str_cut(&line, ':', &name))
            continue;
        headers[count++] = (struct tl_http_header){name, tl_str_trim(line)};
    }
    struct tl_http_answer out = {.status = answer->status,
                                 .type = answer->body && answer->body[0] ? "application/json" : NULL,
                                 .headers = headers,
                                 .header_count = count,
                                 .body = tl_str_z(answer->body)};
    tl_http_reply(request, &out);
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    struct rig *rig = ctx;
    see(rig, request);
    const struct rig_answer *answer = rig->script ? &rig->script[rig->at] : NULL;
    const char *got = rig->seen[rig->seen_count - 1].request;
    if (!answer || !answer->request || strcmp(answer->request, got) != 0) {
        snprintf(rig->mismatch, sizeof rig->mismatch, "request %zu was %s, the script has %s", rig->at, got,
                 answer && answer->request ? answer->request : "no more");
        tl_http_refuse(request, 599, NULL, "%s", "not in the script");
        return;
    }
    rig->at++;
    if (answer->status == 0)
        rig->held[rig->held_count++] = request;
    else
        reply(request, answer);
}

void rig_script(struct rig *rig, const struct rig_answer *script)
{
    if (rig->script)
        assert_null(rig->script[rig->at].request);
    rig->script = script;
    rig->at = 0;
    rig->seen_count = 0;
}

void rig_open(struct rig *rig, const char *connector, const char *settings, const struct rig_answer *script)
{
    rig_open_in(rig, RIG_CONNECTORS, connector, settings, script);
}

void rig_open_in(struct rig *rig, const char *folder, const char *connector, const char *settings,
                 const struct rig_answer *script)
{
    struct tl_error err = {0};
    memset(rig, 0, sizeof *rig);
    tl_log_setup(TL_WARN, TL_LOG_TEXT);
    rig->script = script;
    rig->loop = tl_loop_new("rig");
    struct tl_http_config config = {.host = "127.0.0.1"};
    struct tl_http_handler handler = {.on_request = on_request, .ctx = rig};
    if (tl_http_server_start(rig->loop, &config, &handler, &rig->server, &err) != TL_OK ||
        tl_http_client_new(rig->loop, NULL, &rig->client, &err) != TL_OK)
        fail_msg("%s", err.text);
    snprintf(rig->url, sizeof rig->url, "http://127.0.0.1:%u", tl_http_server_port(rig->server));
    rig->library = tl_library_new(folder);
    char *text = tl_printf("{\"url\":\"%s\"%s%s}", rig->url, settings[0] ? "," : "", settings);
    struct tl_system_config system = {
        .name = TL_STR("sut"), .connector = tl_str_z(connector), .settings = tl_str_z(text)};
    if (tl_system_new(rig->library, &system, NULL, &rig->system, &err) != TL_OK ||
        tl_system_attach(rig->system, rig->loop, rig->client, &rig->lane, &err) != TL_OK)
        fail_msg("%s", err.text);
    tl_free(text);
}

void rig_until(struct rig *rig, const int *flag)
{
    for (int i = 0; i < RIG_TURNS && !*flag; i++)
        tl_loop_wait(rig->loop, 1);
    if (!*flag)
        fail_msg("nothing happened; %s", rig->mismatch);
}

static void stopped(void *ctx)
{
    ((struct rig *)ctx)->stops++;
}

static void wait_stop(struct rig *rig, int stops)
{
    for (int i = 0; i < RIG_TURNS && rig->stops < stops; i++)
        tl_loop_wait(rig->loop, 1);
    assert_int_equal(rig->stops, stops);
}

void rig_close(struct rig *rig)
{
    if (rig->lane) {
        tl_system_lane_stop(rig->lane, stopped, rig);
        wait_stop(rig, 1);
    } else {
        rig->stops = 1;
    }
    tl_http_client_stop(rig->client, stopped, rig);
    wait_stop(rig, 2);
    for (size_t i = 0; i < rig->held_count; i++)
        tl_http_refuse(rig->held[i], 500, NULL, "%s", "too late");
    tl_http_server_stop(rig->server, 0, stopped, rig);
    wait_stop(rig, 3);
    tl_system_free(rig->system);
    tl_library_free(rig->library);
    tl_loop_free(rig->loop);
    if (rig->mismatch[0])
        fail_msg("%s", rig->mismatch);
    if (rig->script && rig->script[rig->at].request)
        fail_msg("%s was never asked", rig->script[rig->at].request);
}

void rig_take(void *ctx, const struct tl_call_result *result)
{
    struct rig *rig = ctx;
    struct rig_result *r = &rig->result;
    r->count++;
    r->raw = *result;
    COPY(r->code, result->code);
    COPY(r->message, result->message);
    COPY(r->document, result->document);
    COPY(r->id, result->id);
    COPY(r->version, result->version);
    COPY(r->url, result->url);
    COPY(r->warning, result->warning_count ? result->warnings[0] : TL_STR_NONE);
    if (result->quota_count)
        r->quota = result->quotas[0];
}

const struct rig_result *rig_call(struct rig *rig, const struct tl_call_request *request)
{
    memset(&rig->result, 0, sizeof rig->result);
    tl_call_start(rig->lane, request, rig_take, rig);
    assert_int_equal(rig->result.count, 0); /* never inside the start */
    rig_until(rig, &rig->result.count);
    for (int i = 0; i < 3; i++)
        tl_loop_turn(rig->loop);
    assert_int_equal(rig->result.count, 1);
    return &rig->result;
}

const struct rig_result *rig_run(struct rig *rig, const char *operation, const char *args)
{
    struct tl_call_request request = {.operation = tl_str_z(operation), .args = tl_str_z(args), .timeout_ms = 2000};
    return rig_call(rig, &request);
}
