/* One renewal, from its request to the new session being durable. The job is an activity of the lane that began it. */
#include "login.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_writer.h"
#include "driver.h"
#include "oauth.h"
#include "request.h"
#include <stdio.h>
#include <string.h>

#define LOGIN_MS 30000
#define REPLY_MAX (1u << 20)

struct login {
    struct tl_activity activity;
    struct tl_system_lane *lane; /* borrow */
    enum tl_need need;
    struct tl_arena arena;
    struct tl_vars vars;
    struct tl_exchange exchange;
    struct tl_exchange_request request;
    struct tl_driver driver; /* the login role; else not initialised */
    bool uses_driver;
    struct tl_session *before; /* own ref */
    char *value;               /* own; the session it made */
    size_t value_len;
    bool saved;
    struct tl_mail mail;
};

/* ---- ends ---- */

static void free_login(struct login *login)
{
    struct tl_system_lane *lane = login->lane;
    if (login->uses_driver)
        tl_driver_deinit(&login->driver);
    tl_exchange_deinit(&login->exchange);
    tl_session_unref(login->before);
    tl_arena_free(&login->arena);
    tl_free(login->value);
    tl_activity_end(lane, &login->activity);
    tl_free(login);
}

static void give_up(struct login *login, enum tl_failure failure, int64_t wait_ms, const char *fmt, ...)
    TL_PRINTF(4, 5);
static void give_up(struct login *login, enum tl_failure failure, int64_t wait_ms, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tl_session_not_renewed(login->lane->system, login->need, failure, wait_ms, tl_str_z(text));
    free_login(login);
}

static void publish(struct tl_mail *mail)
{
    struct login *login = TL_CONTAINER_OF(mail, struct login, mail);
    if (!login->saved) {
        give_up(login, TL_FAIL_RETRY, 0, "the new session could not be stored");
        return;
    }
    tl_session_renewed(login->lane->system, login->need, (tl_str){login->value, login->value_len});
    free_login(login);
}

static void saved(void *ctx, bool ok)
{
    struct login *login = ctx;
    login->saved = ok;
    tl_mail_init(&login->mail, publish);
    tl_loop_post(login->lane->loop, &login->mail);
}

/* `members` go into the session; stored first where somebody stores. */
static void succeed(struct login *login, tl_str members)
{
    struct tl_system *system = login->lane->system;
    login->value = tl_session_merge(system, login->need, members, &login->value_len);
    if (login->value_len == 0)
        give_up(login, TL_FAIL_BUG, 0, "the login gave a session that is no JSON object");
    else if (system->hooks.save_session && login->need == TL_NEED_LOGIN)
        system->hooks.save_session(system->hooks.ctx, system, (tl_str){login->value, login->value_len}, saved, login);
    else
        saved(login, true);
}

/* ---- what the answer holds ---- */

static void put_place(struct login *login, struct tl_answer *answer, struct tl_json_writer *writer, const char *member,
                      const char *usual, const char *key)
{
    tl_str text;
    const struct tl_json_value *place = tl_json_get(login->lane->system->auth_scheme, key);
    const struct tl_json_value *json = tl_answer_json(answer);
    bool found = place ? tl_place_read(place, answer, &login->vars, &login->arena, &text)
                       : (text = tl_json_get_text(json, usual)).len > 0;
    if (found)
        tl_json_put_string(writer, member, text);
}

static void put_expiry(struct login *login, struct tl_answer *answer, struct tl_json_writer *writer)
{
    tl_str text;
    uint64_t seconds;
    const struct tl_json_value *place = tl_json_get(login->lane->system->auth_scheme, "expires_in");
    bool found = place ? tl_place_read(place, answer, &login->vars, &login->arena, &text)
                       : (text = tl_json_get_text(tl_answer_json(answer), "expires_in")).len > 0;
    if (found && tl_str_u64(text, &seconds) && seconds > 0 && seconds < 400u * 86400)
        tl_json_put_int(writer, "expires_at_ms", tl_wall_ms() + (int64_t)seconds * 1000);
}

/* The members the scheme's "session" names. */
static void put_members(struct login *login, struct tl_answer *answer, struct tl_json_writer *writer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(login->lane->system->auth_scheme, "session"));
    tl_str text;
    while (tl_json_next(&i)) {
        if (!tl_place_read(i.value, answer, &login->vars, &login->arena, &text))
            continue;
        tl_json_key_str(writer, i.key);
        tl_json_string(writer, text);
    }
}

static void put_cookies(struct login *login, struct tl_answer *answer, struct tl_json_writer *writer,
                        const struct tl_json_value *had)
{
    tl_str cookies = tl_cookies_merge(answer, had, &login->arena);
    if (cookies.len)
        tl_json_put_raw(writer, "cookies", cookies);
}

static void finish_members(struct login *login, struct tl_json_writer *writer, struct tl_buf *text)
{
    tl_json_end_object(writer);
    tl_str members =
        tl_json_writer_done(writer, NULL) == TL_OK ? tl_arena_str(&login->arena, tl_buf_str(text)) : TL_STR_NONE;
    tl_buf_free(text);
    succeed(login, members);
}

/* OAuth's own error object (RFC 6749 section 5.2), or whatever came. */
static void refuse(struct login *login, struct tl_answer *answer)
{
    static const struct tl_verdict_rules none = {0};
    const struct tl_json_value *json = tl_answer_json(answer);
    tl_str word = tl_json_get_text(json, "error"), text = tl_json_get_text(json, "error_description");
    struct tl_verdict verdict = tl_answer_judge(answer, &none, &login->arena, tl_wall_ms());
    bool refused = answer->outcome == TL_ANSWER_THERE && answer->status / 100 == 4 && answer->status != 429 &&
                   answer->status != 408;
    if (word.len)
        give_up(login, refused ? TL_FAIL_AUTH : verdict.failure, verdict.wait_ms, "login refused: %.*s%s%.*s",
                TL_STR_ARGS(word), text.len ? ": " : "", TL_STR_ARGS(text));
    else
        give_up(login, refused ? TL_FAIL_AUTH : TL_FAIL_RETRY, verdict.wait_ms, "login: %.*s",
                TL_STR_ARGS(verdict.message));
}

static void got_token(struct login *login, struct tl_answer *answer)
{
    struct tl_buf text;
    struct tl_json_writer writer;
    bool oauth = tl_str_starts(login->lane->system->auth_kind, TL_STR("oauth2"));
    if (answer->outcome != TL_ANSWER_THERE || answer->status / 100 != 2) {
        refuse(login, answer);
        return;
    }
    tl_buf_init(&text, REPLY_MAX);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    if (oauth) {
        put_place(login, answer, &writer, "token", "access_token", "token");
        put_place(login, answer, &writer, "refresh_token", "refresh_token", "refresh_token");
    }
    put_expiry(login, answer, &writer);
    put_members(login, answer, &writer);
    put_cookies(login, answer, &writer, NULL);
    if (oauth && !tl_str_has(tl_buf_str(&text), TL_STR("\"token\":"))) {
        tl_buf_free(&text);
        give_up(login, TL_FAIL_AUTH, 0, "login: the answer holds no token");
        return;
    }
    finish_members(login, &writer, &text);
}

/* ---- CSRF ---- */

static tl_code build_csrf_request(struct login *login, struct tl_error *err)
{
    const struct tl_json_value *csrf = tl_json_get(login->lane->system->manifest, "csrf"),
                               *fetch = tl_json_get(csrf, "fetch"), *send = tl_json_get(csrf, "send");
    struct tl_http_header *header = tl_arena_alloc(&login->arena, sizeof *header);
    *header = (struct tl_http_header){tl_json_get_text(csrf, "header"), send ? tl_json_text(send) : TL_STR("Fetch")};
    tl_str url = TL_STR_NONE, method = tl_json_get_text(fetch, "method");
    tl_code code = tl_vars_path(&login->vars, tl_json_get_text(fetch, "path"), &url, err);
    login->request = (struct tl_exchange_request){.method = method.len ? method : TL_STR("GET"),
                                                  .url = url,
                                                  .headers = header,
                                                  .header_count = 1,
                                                  .no_csrf = true,
                                                  .cookies = true};
    return code;
}

/* The token may come with any status: SAP gives it with a 404 of the service's root too. */
static void got_csrf(struct login *login, struct tl_answer *answer)
{
    const struct tl_json_value *csrf = tl_json_get(login->lane->system->manifest, "csrf");
    char *name = tl_arena_copy(&login->arena, tl_json_get_text(csrf, "header"));
    tl_str token = tl_http_header_value(answer->headers, answer->header_count, name);
    /* A good answer without a token: this server wants none. "lost" finds out when it changes its mind. */
    if (answer->outcome == TL_ANSWER_THERE && answer->status / 100 == 2 && token.len == 0)
        token = TL_STR(TL_CSRF_NONE);
    if (answer->outcome != TL_ANSWER_THERE || token.len == 0 || tl_str_ieq(token, TL_STR("Required"))) {
        static const struct tl_verdict_rules none = {0};
        struct tl_verdict verdict = tl_answer_judge(answer, &none, &login->arena, tl_wall_ms());
        bool endpoint = tl_failure_is_endpoint(verdict.failure) && answer->status / 100 != 2;
        give_up(login, endpoint ? verdict.failure : TL_FAIL_AUTH, verdict.wait_ms, "no CSRF token was given (%.*s)",
                TL_STR_ARGS(verdict.message));
        return;
    }
    struct tl_buf text;
    struct tl_json_writer writer;
    const struct tl_json_value *had = tl_json_get(tl_json_root(login->before->value), "cookies");
    tl_buf_init(&text, REPLY_MAX);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    tl_json_put_string(&writer, "csrf", token);
    put_cookies(login, answer, &writer, had);
    finish_members(login, &writer, &text);
}

/* ---- the connector's login role ---- */

static void login_ended(struct tl_driver *driver, const struct tl_driver_end *end)
{
    struct login *login = TL_CONTAINER_OF(driver, struct login, driver);
    if (!end->done) {
        enum tl_failure failure = end->verdict.failure;
        bool ours = tl_failure_is_endpoint(failure) || failure == TL_FAIL_BUG;
        give_up(login, ours ? failure : TL_FAIL_AUTH, end->verdict.wait_ms, "login: %.*s",
                TL_STR_ARGS(end->verdict.message));
        return;
    }
    struct tl_json_doc *doc = NULL;
    struct tl_buf text;
    struct tl_json_writer writer;
    tl_str session = tl_str_of(end->done->session);
    if (tl_json_parse(session, NULL, &doc, NULL) != TL_OK || tl_json_type(tl_json_root(doc)) != TL_JSON_IS_OBJECT) {
        tl_json_free(doc);
        give_up(login, TL_FAIL_BUG, 0, "login: the connector's session is no JSON object");
        return;
    }
    tl_buf_init(&text, REPLY_MAX);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i)) {
        tl_json_key_str(&writer, i.key);
        tl_json_value(&writer, i.value);
    }
    if (end->done->session_ttl_ms > 0)
        tl_json_put_int(&writer, "expires_at_ms", tl_wall_ms() + end->done->session_ttl_ms);
    tl_json_free(doc);
    finish_members(login, &writer, &text);
}

static void start_role(struct login *login)
{
    tl_driver_init(&login->driver, login->lane);
    login->uses_driver = true;
    login->driver.scope.may_read_secrets = true;
    login->driver.request.role = TLC_ROLE_LOGIN;
    login->driver.deadline_mono_ms = tl_mono_ms() + LOGIN_MS;
    login->driver.rules.first = tl_json_get(login->lane->system->manifest, "errors");
    login->driver.rules.message = tl_json_get(login->lane->system->manifest, "error_message");
    login->driver.rules.code = tl_json_get(login->lane->system->manifest, "error_code");
    login->driver.ended = login_ended;
    login->driver.plain_only = true;
    tl_driver_start(&login->driver);
}

/* ---- start ---- */

static void answered(struct tl_exchange *x, struct tl_answer *answer)
{
    struct login *login = TL_CONTAINER_OF(x, struct login, exchange);
    if (!answer)
        give_up(login, x->failure, x->wait_ms, "%s", x->why);
    else if (login->need == TL_NEED_CSRF)
        got_csrf(login, answer);
    else
        got_token(login, answer);
}

static tl_code build(struct login *login, struct tl_error *err)
{
    const struct tl_system *system = login->lane->system;
    if (login->need == TL_NEED_CSRF)
        return build_csrf_request(login, err);
    if (tl_str_starts(system->auth_kind, TL_STR("oauth2")))
        return tl_oauth_request(system, &login->vars, &login->request, err);
    login->request.plain = true;
    return tl_request_build(tl_json_get(system->auth_scheme, "login"), &login->vars, &login->request, err);
}

static void cancel(struct tl_activity *activity)
{
    struct login *login = TL_CONTAINER_OF(activity, struct login, activity);
    if (login->uses_driver)
        tl_driver_cancel(&login->driver, "cancelled");
    else
        tl_exchange_cancel(&login->exchange);
}

/* In a later callback: session.c must have returned before a failure is reported. */
static void begin(struct tl_mail *mail)
{
    struct login *login = TL_CONTAINER_OF(mail, struct login, mail);
    struct tl_error err = {0};
    const struct tl_json_value *scheme = login->lane->system->auth_scheme;
    if (login->need == TL_NEED_LOGIN && tl_json_get_bool(scheme, "code", false)) {
        start_role(login);
        return;
    }
    tl_code code = build(login, &err);
    if (code != TL_OK) {
        give_up(login, TL_FAIL_CONFIG, 0, "login: %s", err.text);
        return;
    }
    login->request.deadline_mono_ms = tl_mono_ms() + LOGIN_MS;
    login->request.response_max = REPLY_MAX;
    tl_exchange_start(&login->exchange, &login->request);
}

void tl_login_start(struct tl_system_lane *lane, enum tl_need need)
{
    struct login *login = TL_NEW(struct login);
    login->lane = lane;
    login->need = need;
    tl_arena_init(&login->arena);
    tl_system_vars(lane->system, &login->arena, &login->vars);
    login->before = tl_session_now(lane->system);
    login->vars.session = tl_json_root(login->before->value);
    tl_exchange_init(&login->exchange, lane, &login->arena, &login->vars, answered);
    tl_activity_begin(lane, &login->activity, cancel);
    tl_mail_init(&login->mail, begin);
    tl_loop_next(lane->loop, &login->mail);
}
