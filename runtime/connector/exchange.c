/* A request goes out in these steps: a good session (renewed if need be), a CSRF token where one is wanted, the URL and
 * headers, the transfer. An answer that means "expired" or "token lost" goes back to the first step once each. */
#include "exchange.h"
#include "base/clock.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "exchange_letter.h"
#include "login.h"
#include "origin.h"

#define HEADERS_MAX 64
#define EARLY_MS 30000

static void go(struct tl_exchange *x);

/* ---- ends without a transfer ---- */

static void release_session(struct tl_exchange *x)
{
    if (x->vars->session)
        x->vars->session = NULL;
    tl_session_unref(x->session);
    x->session = NULL;
}

static void ended(struct tl_mail *mail)
{
    struct tl_exchange *x = TL_CONTAINER_OF(mail, struct tl_exchange, mail);
    x->state = TL_EXCHANGE_IDLE;
    release_session(x);
    x->done(x, NULL);
}

static void end_with(struct tl_exchange *x, enum tl_failure failure, int64_t wait_ms, const char *why)
{
    x->failure = failure;
    x->wait_ms = wait_ms;
    x->why = tl_arena_printf(x->arena, "%s", why);
    x->state = TL_EXCHANGE_ENDING;
    tl_mail_init(&x->mail, ended);
    tl_loop_next(x->lane->loop, &x->mail);
}

/* ---- session ---- */

static bool wants_login(const struct tl_exchange *x)
{
    return x->lane->system->renewable && !x->request->plain;
}

static bool wants_csrf(const struct tl_exchange *x)
{
    const struct tl_json_value *csrf = tl_json_get(x->lane->system->manifest, "csrf");
    if (!csrf || x->request->plain || x->request->no_csrf)
        return false;
    const struct tl_json_value *methods = tl_json_get(csrf, "methods");
    if (!methods)
        return !tl_str_is(x->request->method, "GET") && !tl_str_is(x->request->method, "HEAD") &&
               !tl_str_is(x->request->method, "OPTIONS");
    struct tl_json_iter i = tl_json_iter(methods);
    while (tl_json_next(&i))
        if (tl_str_eq(tl_json_text(i.value), x->request->method))
            return true;
    return false;
}

static void renewed(struct tl_session_wait *wait)
{
    struct tl_exchange *x = TL_CONTAINER_OF(wait, struct tl_exchange, wait);
    x->state = TL_EXCHANGE_IDLE;
    if (x->cancelled)
        end_with(x, TL_FAIL_RETRY, 0, "cancelled");
    else if (wait->failure != TL_FAIL_NONE)
        end_with(x, wait->failure, wait->wait_ms, wait->message);
    else
        go(x);
}

static void renew(struct tl_exchange *x, enum tl_need need)
{
    if (x->lane->stopping) { /* no new login on a lane that ends */
        end_with(x, TL_FAIL_RETRY, 0, "cancelled");
        return;
    }
    uint64_t seen = x->session->serial[need];
    release_session(x);
    x->state = TL_EXCHANGE_WAITING;
    x->waiting_for = need;
    x->wait.done = renewed;
    tl_session_need(x->lane, need, seen, &x->wait);
}

static bool login_is_good(const struct tl_session *session)
{
    return session->has[TL_NEED_LOGIN] &&
           (session->expires_wall_ms == 0 || session->expires_wall_ms - EARLY_MS > tl_wall_ms());
}

/* ---- the request ---- */

struct head {
    struct tl_http_header fields[HEADERS_MAX];
    size_t count;
    bool full;
};

static bool has_header(const struct head *head, tl_str name)
{
    for (size_t i = 0; i < head->count; i++)
        if (tl_str_ieq(head->fields[i].name, name))
            return true;
    return false;
}

static void put_header(struct head *head, tl_str name, tl_str value)
{
    if (has_header(head, name))
        return;
    if (head->count == HEADERS_MAX)
        head->full = true;
    else
        head->fields[head->count++] = (struct tl_http_header){name, value};
}

static tl_code put_template(struct tl_exchange *x, struct head *head, tl_str name, tl_str text, struct tl_error *err)
{
    bool is_there = false;
    tl_str value;
    tl_code code = tl_vars_text(x->vars, text, &is_there, &value, err);
    if (code == TL_OK && is_there)
        put_header(head, name, value);
    return code;
}

static tl_str text_or(const struct tl_json_value *object, const char *key, const char *otherwise)
{
    const struct tl_json_value *value = tl_json_get(object, key);
    return value ? tl_json_text(value) : tl_str_z(otherwise);
}

static tl_code put_basic(struct tl_exchange *x, struct head *head, const struct tl_json_value *scheme,
                         struct tl_error *err)
{
    tl_str user = TL_STR_NONE, password = TL_STR_NONE;
    bool has_user = false, has_password = false;
    tl_code code = tl_vars_text(x->vars, text_or(scheme, "user", "{auth.user}"), &has_user, &user, err);
    if (code == TL_OK)
        code = tl_vars_text(x->vars, text_or(scheme, "password", "{auth.password}"), &has_password, &password, err);
    if (code != TL_OK)
        return code;
    struct tl_buf text;
    tl_buf_init(&text, 1 << 16);
    tl_buf_add_z(&text, "Basic ");
    char *pair = tl_arena_printf(x->arena, "%.*s:%.*s", TL_STR_ARGS(user), TL_STR_ARGS(password));
    tl_base64_encode(&text, tl_str_z(pair));
    put_header(head, TL_STR("Authorization"), tl_arena_str(x->arena, tl_buf_str(&text)));
    tl_buf_free(&text);
    return TL_OK;
}

static tl_code put_credentials(struct tl_exchange *x, struct head *head, tl_str *query, struct tl_error *err)
{
    const struct tl_system *system = x->lane->system;
    const struct tl_json_value *scheme = system->auth_scheme;
    if (x->request->plain || tl_str_is(system->auth_kind, "none"))
        return TL_OK;
    if (tl_str_is(system->auth_kind, "basic"))
        return put_basic(x, head, scheme, err);
    bool is_token = tl_str_is(system->auth_kind, "token"), is_there = false;
    const struct tl_json_value *parameter = tl_json_get(scheme, "query");
    tl_str value;
    if (tl_str_is(system->auth_kind, "session") && !tl_json_get(scheme, "value"))
        return TL_OK; /* cookies only */
    const char *usual = is_token ? (parameter ? "{auth.token}" : "Bearer {auth.token}") : "Bearer {session.token}";
    tl_code code = tl_vars_text(x->vars, text_or(scheme, "value", usual), &is_there, &value, err);
    if (code != TL_OK || !is_there)
        return code;
    if (!parameter) {
        put_header(head, text_or(scheme, "header", "Authorization"), value);
        return TL_OK;
    }
    struct tl_buf text;
    tl_buf_init(&text, 1 << 16);
    tl_buf_add_str(&text, *query);
    tl_query_add(&text, tl_json_text(parameter), value);
    *query = tl_arena_str(x->arena, tl_buf_str(&text));
    tl_buf_free(&text);
    return TL_OK;
}

static void put_cookies(struct tl_exchange *x, struct head *head)
{
    const struct tl_system *system = x->lane->system;
    bool wanted = x->request->cookies || tl_json_get_bool(system->auth_scheme, "cookies", false) ||
                  (tl_json_get(system->manifest, "csrf") && !x->request->plain);
    const struct tl_json_value *cookies = tl_json_get(tl_json_root(x->session->value), "cookies");
    if (!wanted || tl_json_count(cookies) == 0)
        return;
    struct tl_buf text;
    tl_buf_init(&text, 16384);
    struct tl_json_iter i = tl_json_iter(cookies);
    while (tl_json_next(&i))
        tl_buf_addf(&text, "%s%.*s=%.*s", text.len ? "; " : "", TL_STR_ARGS(i.key), TL_STR_ARGS(tl_json_text(i.value)));
    put_header(head, TL_STR("Cookie"), tl_arena_str(x->arena, tl_buf_str(&text)));
    tl_buf_free(&text);
}

static void put_trace(struct tl_exchange *x, struct head *head)
{
    if (!x->request->trace || !tl_trace_is_set(x->request->trace))
        return;
    struct tl_trace child;
    char text[56];
    tl_trace_child(x->request->trace, &child);
    tl_trace_print(&child, text);
    put_header(head, TL_STR("traceparent"), tl_arena_str(x->arena, tl_str_z(text)));
    if (child.state[0])
        put_header(head, TL_STR("tracestate"), tl_arena_str(x->arena, tl_str_z(child.state)));
}

static void read_accept(struct tl_exchange *x, const struct head *head)
{
    tl_str accept = tl_http_header_value(head->fields, head->count, "Accept");
    x->wants_json = tl_str_has(accept, TL_STR("json")) && !tl_str_has(accept, TL_STR(","));
    x->wants_page =
        tl_str_has(accept, TL_STR("html")) || tl_str_has(accept, TL_STR("text/*")) || tl_str_has(accept, TL_STR("*/*"));
}

/* The request's own headers win over the manifest's standing ones; credentials and traces over both: nobody may set an
 * Authorization of his own. */
static tl_code build_head(struct tl_exchange *x, struct head *head, tl_str *query, struct tl_error *err)
{
    const struct tl_json_value *manifest = x->lane->system->manifest;
    tl_code code = put_credentials(x, head, query, err);
    put_trace(x, head);
    put_cookies(x, head);
    if (code == TL_OK && wants_csrf(x) &&
        !tl_str_is(tl_json_get_text(tl_json_root(x->session->value), "csrf"), TL_CSRF_NONE))
        put_header(head, tl_json_get_text(tl_json_get(manifest, "csrf"), "header"),
                   tl_json_get_text(tl_json_root(x->session->value), "csrf"));
    for (size_t i = 0; i < x->request->header_count; i++)
        put_header(head, x->request->headers[i].name, x->request->headers[i].value);
    struct tl_json_iter i = tl_json_iter(tl_json_get(manifest, "headers"));
    while (code == TL_OK && tl_json_next(&i))
        code = put_template(x, head, i.key, tl_json_text(i.value), err);
    put_header(head, TL_STR("Accept"), TL_STR("application/json"));
    read_accept(x, head);
    if (code == TL_OK && head->full)
        code = tl_fail(err, TL_EFULL, "more than %d headers", HEADERS_MAX);
    return code;
}

/* ---- the answer ---- */

static bool means_expired(struct tl_exchange *x, struct tl_answer *answer)
{
    if (!wants_login(x) || x->replayed_login || answer->outcome != TL_ANSWER_THERE)
        return false;
    const struct tl_json_value *rows = tl_json_get(x->lane->system->auth_scheme, "expired");
    return rows ? tl_rows_match(rows, answer, x->arena) : answer->status == 401;
}

static bool means_csrf_lost(struct tl_exchange *x, struct tl_answer *answer)
{
    if (!wants_csrf(x) || x->replayed_csrf || answer->outcome != TL_ANSWER_THERE)
        return false;
    const struct tl_json_value *csrf = tl_json_get(x->lane->system->manifest, "csrf"),
                               *rows = tl_json_get(csrf, "lost");
    if (rows)
        return tl_rows_match(rows, answer, x->arena);
    char *name = tl_arena_copy(x->arena, tl_json_get_text(csrf, "header"));
    return answer->status == 403 &&
           tl_str_ieq(tl_http_header_value(answer->headers, answer->header_count, name), TL_STR("Required"));
}

/* Why it cannot be the platform's answer: a proxy or a login in between gave it. NULL: it can. */
static const char *foreign(const struct tl_exchange *x, const struct tl_answer *answer)
{
    if (answer->outcome != TL_ANSWER_THERE || answer->status / 100 != 2)
        return NULL;
    if (!x->wants_page && tl_answer_is_page(answer))
        return "the answer is a page of HTML: a proxy or a login page in between?";
    bool says_no_json = x->request->json && x->wants_json && tl_str_trim(answer->body).len != 0 &&
                        tl_json_check(answer->body, NULL, NULL) != TL_OK;
    return says_no_json ? "the answer is no JSON, and nothing else is accepted: a proxy in between?" : NULL;
}

bool tl_exchange_is_missing_page(const struct tl_exchange *x, const struct tl_answer *answer)
{
    return answer->outcome == TL_ANSWER_THERE && answer->status == 404 && !x->wants_page && tl_answer_is_page(answer);
}

static void transferred(void *ctx, const struct tl_transfer_result *result)
{
    struct tl_exchange *x = ctx;
    struct tl_answer answer = {.status = result->status,
                               .headers = result->headers,
                               .header_count = result->header_count,
                               .body = result->body,
                               .error = result->error};
    x->transfer = NULL;
    answer.outcome = result->sent == TL_SENT_NOT       ? TL_ANSWER_NOT_SENT
                     : result->sent == TL_SENT_UNKNOWN ? TL_ANSWER_UNKNOWN
                     : result->truncated               ? TL_ANSWER_TOO_LARGE
                                                       : TL_ANSWER_THERE;
    if (answer.outcome != TL_ANSWER_THERE && answer.outcome != TL_ANSWER_TOO_LARGE)
        answer.status = 0;
    x->touched |= result->sent != TL_SENT_NOT;
    if (x->notes)
        tl_notes_take(x->notes, x->lane->system->manifest, &answer, x->arena);
    bool expired = !x->cancelled && means_expired(x, &answer);
    bool lost = !x->cancelled && !expired && means_csrf_lost(x, &answer);
    x->replayed_login |= expired;
    x->replayed_csrf |= lost;
    if (expired || lost) {
        tl_answer_deinit(&answer);
        renew(x, expired ? TL_NEED_LOGIN : TL_NEED_CSRF);
        return;
    }
    const char *why = foreign(x, &answer);
    if (why) { /* what became of the request is not known */
        tl_answer_deinit(&answer);
        answer = (struct tl_answer){.outcome = TL_ANSWER_UNKNOWN, .error = why};
    }
    x->state = TL_EXCHANGE_IDLE;
    x->done(x, &answer);
    tl_answer_deinit(&answer);
}

static void send_request(struct tl_exchange *x, tl_str url, const struct head *head, int64_t left_ms)
{
    struct tl_transfer_request transfer = {
        .method = x->request->method,
        .url = url,
        .headers = head->fields,
        .header_count = head->count,
        .body = x->request->body,
        .total_ms = left_ms,
        .connect_ms = left_ms < 10000 ? left_ms : 10000,
        .response_max = x->request->response_max,
        .decompress = true,
    };
    x->state = TL_EXCHANGE_SENDING;
    x->transfers++;
    x->transfer = tl_transfer_start(x->lane->client, &transfer, transferred, x);
}

static void send_letter(struct tl_exchange *x, tl_str url, int64_t left_ms)
{
    struct tl_error err = {0};
    x->transfer = tl_exchange_letter(x, url, left_ms, transferred, &err);
    if (!x->transfer) {
        end_with(x, TL_FAIL_CONFIG, 0, err.text);
        return;
    }
    x->wants_json = false; /* mail servers answer in words */
    x->state = TL_EXCHANGE_SENDING;
    x->transfers++;
}

static void go(struct tl_exchange *x)
{
    struct tl_error err = {0};
    int64_t left_ms = x->request->deadline_mono_ms - tl_mono_ms();
    if (left_ms <= 0) {
        end_with(x, TL_FAIL_RETRY, 0, "the deadline has passed");
        return;
    }
    x->session = tl_session_now(x->lane->system);
    bool needs_login = wants_login(x) && !login_is_good(x->session);
    bool needs_csrf = wants_csrf(x) && !x->session->has[TL_NEED_CSRF];
    if (needs_login || needs_csrf) {
        renew(x, needs_login ? TL_NEED_LOGIN : TL_NEED_CSRF);
        return;
    }
    x->vars->session = tl_json_root(x->session->value);
    struct head head = {.count = 0};
    tl_str url, query = x->request->query;
    tl_code code = build_head(x, &head, &query, &err);
    if (code == TL_OK)
        code = tl_origin_url(x->lane->system, x->vars, x->request->url, query, x->request->rebase, &url, &err);
    if (code != TL_OK)
        end_with(x, code == TL_EACCESS ? TL_FAIL_BUG : TL_FAIL_CONFIG, 0, err.text);
    else if (tl_url_is_mail(url))
        send_letter(x, url, left_ms);
    else
        send_request(x, url, &head, left_ms);
}

/* ---- life ---- */

void tl_exchange_init(struct tl_exchange *x, struct tl_system_lane *lane, struct tl_arena *arena, struct tl_vars *vars,
                      void (*done)(struct tl_exchange *exchange, struct tl_answer *answer))
{
    *x = (struct tl_exchange){.lane = lane, .arena = arena, .vars = vars, .done = done};
}

static void begin(struct tl_mail *mail)
{
    struct tl_exchange *x = TL_CONTAINER_OF(mail, struct tl_exchange, mail);
    if (x->cancelled)
        end_with(x, TL_FAIL_RETRY, 0, "cancelled");
    else
        go(x);
}

void tl_exchange_start(struct tl_exchange *x, const struct tl_exchange_request *request)
{
    tl_must(x->state == TL_EXCHANGE_IDLE);
    release_session(x);
    x->request = request;
    x->cancelled = x->replayed_login = x->replayed_csrf = false;
    x->failure = TL_FAIL_NONE;
    x->state = TL_EXCHANGE_ENDING;
    tl_mail_init(&x->mail, begin);
    tl_loop_next(x->lane->loop, &x->mail);
}

void tl_exchange_cancel(struct tl_exchange *x)
{
    if (x->state == TL_EXCHANGE_IDLE || x->cancelled)
        return;
    x->cancelled = true;
    if (x->state == TL_EXCHANGE_SENDING && x->transfer)
        tl_transfer_cancel(x->transfer);
    else if (x->state == TL_EXCHANGE_WAITING && tl_session_unwait(&x->wait, x->waiting_for))
        end_with(x, TL_FAIL_RETRY, 0, "cancelled");
}

void tl_exchange_deinit(struct tl_exchange *x)
{
    tl_must(x->state == TL_EXCHANGE_IDLE);
    release_session(x);
}

/* ---- cookies ---- */

/* Names and values only: one platform, one origin, and the session ends them all. */
tl_str tl_cookies_merge(const struct tl_answer *answer, const struct tl_json_value *had, struct tl_arena *arena)
{
    struct tl_buf text;
    struct tl_json_writer writer;
    const struct tl_http_header *field = NULL;
    size_t count = 0;
    tl_buf_init(&text, 65536);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    struct tl_json_iter i = tl_json_iter(had);
    while (tl_json_next(&i)) {
        tl_json_key_str(&writer, i.key);
        tl_json_value(&writer, i.value);
        count++;
    }
    while ((field = field ? tl_http_header_next(answer->headers, answer->header_count, field)
                          : tl_http_header_find(answer->headers, answer->header_count, "Set-Cookie"))) {
        tl_str rest = field->value, pair, name;
        if (!tl_str_cut(&rest, ';', &pair) || !tl_str_cut(&pair, '=', &name) || name.len == 0)
            continue;
        tl_json_key_str(&writer, tl_str_trim(name)); /* of equal keys the last one counts */
        tl_json_string(&writer, tl_str_trim(pair));
        count++;
    }
    tl_json_end_object(&writer);
    bool good = tl_json_writer_done(&writer, NULL) == TL_OK;
    tl_str out = good && count ? tl_arena_str(arena, tl_buf_str(&text)) : TL_STR_NONE;
    tl_buf_free(&text);
    return out;
}
