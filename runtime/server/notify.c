/* How messages about what is overdue leave: by webhook and by mail, over a client on the main loop, as the settings are
 * at that moment:
 *   setting escalation.webhook   URL; the body is JSON, signed (Standard Webhooks) when secret escalation.secret is set
 *   setting mail.url, mail.from  smtp://host or smtps://host, and the sender; secrets mail.user, mail.password when the
 *                                server asks for them */
#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/webhook.h"
#include "flow/escalate.h"
#include "net/letter.h"
#include "net/smtp.h"
#include "server.h"
#include <stdio.h>

enum { SEND_MS = 30000 };

struct sending {
    struct tl_mail mail; /* when it ends before it was sent */
    tl_escalation_sent *done;
    void *done_ctx;
    char *why; /* own */
};

static tl_str value_of(struct tl_server *server, bool secret, const char *name, struct tl_arena *arena)
{
    tl_str value = TL_STR_NONE;
    (void)tl_settings_get(server->settings, secret, tl_str_z(name), arena, &value);
    return value;
}

static bool has(void *ctx, enum tl_escalation_channel channel)
{
    struct tl_arena arena;
    tl_arena_init(&arena);
    bool yes = channel == TL_BY_WEBHOOK ? value_of(ctx, false, "escalation.webhook", &arena).len > 0
                                        : value_of(ctx, false, "mail.url", &arena).len > 0 &&
                                              value_of(ctx, false, "mail.from", &arena).len > 0;
    tl_arena_free(&arena);
    return yes;
}

/* ---- the settings ---- */

bool tl_notify_uses(bool secret, tl_str name)
{
    static const char *const names[2][3] = {{"escalation.webhook", "mail.url", "mail.from"},
                                            {"escalation.secret", "mail.user", "mail.password"}};
    for (size_t i = 0; i < TL_COUNT_OF(names[0]); i++) {
        if (tl_str_is(name, names[secret][i]))
            return true;
    }
    return false;
}

static bool has_scheme(tl_str url, const char *scheme)
{
    return tl_str_starts(url, tl_str_z(scheme)) && url.len > tl_str_z(scheme).len;
}

tl_code tl_notify_check(bool secret, tl_str name, tl_str value, struct tl_error *err)
{
    char signature[TL_WEBHOOK_SIGNATURE_SIZE];
    if (value.len == 0)
        return TL_OK; /* turns it off */
    if (secret && tl_str_is(name, "escalation.secret"))
        return tl_webhook_sign(value, TL_STR("id"), 0, TL_STR_NONE, signature, err);
    if (!secret && tl_str_is(name, "mail.from") && !tl_letter_address(value))
        return tl_fail(err, TL_EINPUT, "mail.from is one address, as tidelock@acme.example, not '%.*s'",
                       TL_STR_ARGS(value));
    if (!secret && tl_str_is(name, "mail.url") && !has_scheme(value, "smtp://") && !has_scheme(value, "smtps://"))
        return tl_fail(err, TL_EINPUT, "mail.url is smtp://host:port or smtps://host:port, not '%.*s'",
                       TL_STR_ARGS(value));
    if (!secret && tl_str_is(name, "escalation.webhook") && !has_scheme(value, "http://") &&
        !has_scheme(value, "https://"))
        return tl_fail(err, TL_EINPUT, "escalation.webhook is an http or https URL, not '%.*s'", TL_STR_ARGS(value));
    return TL_OK;
}

/* ---- endings ---- */

static void finish(struct sending *sending, bool sent, const char *why)
{
    sending->done(sending->done_ctx, sent, why);
    tl_free(sending->why);
    tl_free(sending);
}

static void on_unsent(struct tl_mail *mail)
{
    struct sending *sending = TL_CONTAINER_OF(mail, struct sending, mail);
    finish(sending, false, sending->why);
}

/* It cannot even be begun. */
static void give_back(struct tl_server *server, struct sending *sending, const struct tl_error *err)
{
    sending->why = tl_copy_z(err->text);
    tl_mail_init(&sending->mail, on_unsent);
    tl_loop_post(server->loop, &sending->mail);
}

static void on_posted(void *ctx, const struct tl_transfer_result *result)
{
    char why[64];
    bool answered = result->sent == TL_SENT_ANSWERED;
    snprintf(why, sizeof why, "the answer's status is %d", result->status);
    finish(ctx, answered && result->status >= 200 && result->status < 300, answered ? why : result->error);
}

static void on_mailed(void *ctx, const struct tl_transfer_result *result)
{
    char why[300];
    bool answered = result->sent == TL_SENT_ANSWERED;
    tl_str said = tl_str_trim(result->body);
    snprintf(why, sizeof why, "the mail server refuses it: %.*s", said.len > 200 ? 200 : (int)said.len, said.ptr);
    finish(ctx, answered && result->status / 100 == 2, answered ? why : result->error);
}

/* ---- ways ---- */

static void post(struct tl_server *server, const struct tl_escalation_message *message, struct sending *sending,
                 struct tl_arena *arena)
{
    char time[24], signature[TL_WEBHOOK_SIGNATURE_SIZE];
    int64_t now_s = tl_wall_ms() / 1000;
    struct tl_error err;
    tl_str secret = value_of(server, true, "escalation.secret", arena);
    snprintf(time, sizeof time, "%lld", (long long)now_s);
    struct tl_http_header headers[] = {{TL_STR("Content-Type"), TL_STR("application/json")},
                                       {TL_STR("webhook-id"), message->id},
                                       {TL_STR("webhook-timestamp"), tl_str_z(time)},
                                       {TL_STR("webhook-signature"), TL_STR_NONE}};
    bool signs = secret.len > 0;
    if (signs && tl_webhook_sign(secret, message->id, now_s, message->body, signature, &err) != TL_OK) {
        give_back(server, sending, &err);
        return;
    }
    headers[3].value = tl_str_z(signs ? signature : "");
    struct tl_transfer_request request = {.method = TL_STR("POST"),
                                          .url = value_of(server, false, "escalation.webhook", arena),
                                          .headers = headers,
                                          .header_count = signs ? 4 : 3,
                                          .body = message->body,
                                          .response_max = 64 * 1024,
                                          .total_ms = SEND_MS};
    tl_transfer_start(server->client, &request, on_posted, sending);
}

static void mail(struct tl_server *server, const struct tl_escalation_message *message, struct sending *sending,
                 struct tl_arena *arena)
{
    struct tl_buf text;
    struct tl_error err;
    struct tl_letter letter = {.from = value_of(server, false, "mail.from", arena),
                               .to = message->mail,
                               .subject = message->subject,
                               .text = message->body,
                               .id = message->id,
                               .time_ms = message->created_ms};
    tl_buf_init(&text, 8 * TL_LETTER_TEXT_MAX);
    if (tl_letter_write(&letter, &text, &err) == TL_OK) {
        struct tl_smtp_request request = {.url = value_of(server, false, "mail.url", arena),
                                          .user = value_of(server, true, "mail.user", arena),
                                          .password = value_of(server, true, "mail.password", arena),
                                          .from = letter.from,
                                          .to = &letter.to,
                                          .to_count = 1,
                                          .letter = tl_buf_str(&text),
                                          .total_ms = SEND_MS};
        tl_smtp_send(server->client, &request, on_mailed, sending);
    } else
        give_back(server, sending, &err);
    tl_buf_free(&text);
}

static void send_message(void *ctx, const struct tl_escalation_message *message, tl_escalation_sent *done,
                         void *done_ctx)
{
    struct tl_arena arena;
    struct sending *sending = TL_NEW(struct sending);
    *sending = (struct sending){.done = done, .done_ctx = done_ctx};
    tl_arena_init(&arena);
    if (message->channel == TL_BY_WEBHOOK)
        post(ctx, message, sending, &arena);
    else
        mail(ctx, message, sending, &arena);
    tl_arena_free(&arena);
}

/* ---- life ---- */

tl_code tl_notify_start(struct tl_server *server, struct tl_error *err)
{
    struct tl_escalation_port port = {has, send_message, server};
    tl_code code = server->client != NULL ? TL_OK : tl_http_client_new(server->loop, NULL, &server->client, err);
    if (code == TL_OK)
        code = tl_escalator_new(server->engine, server->loop, &port, tl_live_name(&server->live, 0), &server->escalator,
                                err);
    return code;
}

void tl_notify_stop(struct tl_server *server)
{
    tl_escalator_free(server->escalator);
    server->escalator = NULL;
}
