/* The session value and its renewals. One renewal of a kind runs at a time, whichever lane began it; whoever needs it
 * waits and is told by mail on its own lane. A failure is remembered for a second, so that a hundred calls of a closed
 * system do not become a hundred logins. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json_writer.h"
#include "login.h"
#include "system_state.h"
#include <stdio.h>
#include <string.h>

#define SESSION_MAX (1u << 20)
#define EARLY_MS 30000 /* a token that ends this soon is renewed first */
#define REMEMBER_MS 1000

/* ---- values ---- */

static void look(struct tl_session *session)
{
    const struct tl_json_value *root = tl_json_root(session->value);
    session->has[TL_NEED_CSRF] = tl_json_get_text(root, "csrf").len > 0;
    session->has[TL_NEED_LOGIN] = tl_json_get_bool(root, "logged_in", false);
    session->expires_wall_ms = tl_json_get_i64(root, "expires_at_ms", 0);
}

struct tl_session *tl_session_new(tl_str value)
{
    struct tl_session *session = TL_NEW(struct tl_session);
    atomic_init(&session->refs, 1);
    if (value.len == 0 || tl_json_parse(value, NULL, &session->value, NULL) != TL_OK ||
        tl_json_type(tl_json_root(session->value)) != TL_JSON_IS_OBJECT) {
        tl_json_free(session->value);
        tl_must(tl_json_parse(TL_STR("{}"), NULL, &session->value, NULL) == TL_OK);
    }
    look(session);
    return session;
}

struct tl_session *tl_session_now(struct tl_system *system)
{
    pthread_mutex_lock(&system->lock);
    struct tl_session *session = system->session;
    atomic_fetch_add(&session->refs, 1);
    pthread_mutex_unlock(&system->lock);
    return session;
}

void tl_session_unref(struct tl_session *session)
{
    if (!session || atomic_fetch_sub(&session->refs, 1) != 1)
        return;
    tl_json_free(session->value);
    tl_free(session);
}

static bool member_is(const struct tl_json_value *object, tl_str key)
{
    return tl_json_get_str(object, key) != NULL;
}

/* A new login begins anew, but a refresh token stays until it is replaced: a platform need not send it again. */
static bool survives(enum tl_need need, tl_str key)
{
    return need == TL_NEED_CSRF || tl_str_is(key, "refresh_token");
}

static void write_merged(struct tl_json_writer *writer, const struct tl_json_value *old,
                         const struct tl_json_value *new, enum tl_need need)
{
    tl_json_begin_object(writer);
    struct tl_json_iter i = tl_json_iter(old);
    while (tl_json_next(&i)) {
        if (member_is(new, i.key) || !survives(need, i.key))
            continue;
        tl_json_key_str(writer, i.key);
        tl_json_value(writer, i.value);
    }
    i = tl_json_iter(new);
    while (tl_json_next(&i)) {
        tl_json_key_str(writer, i.key);
        tl_json_value(writer, i.value);
    }
    if (need == TL_NEED_LOGIN && !tl_json_get(new, "logged_in"))
        tl_json_put_bool(writer, "logged_in", true);
    tl_json_end_object(writer);
}

char *tl_session_merge(struct tl_system *system, enum tl_need need, tl_str members, size_t *len)
{
    struct tl_session *old = tl_session_now(system);
    struct tl_json_doc *doc = NULL;
    struct tl_buf text;
    struct tl_json_writer writer;
    tl_buf_init(&text, SESSION_MAX);
    tl_json_writer_init(&writer, &text);
    if (tl_json_parse(members, NULL, &doc, NULL) == TL_OK) {
        write_merged(&writer, tl_json_root(old->value), tl_json_root(doc), need);
        if (tl_json_writer_done(&writer, NULL) != TL_OK)
            tl_buf_clear(&text);
    }
    tl_json_free(doc);
    tl_session_unref(old);
    char *out = tl_copy(text.ptr, text.len);
    *len = text.len;
    tl_buf_free(&text);
    return out;
}

/* The lock is held. */
static void publish(struct tl_system *system, struct tl_session *next)
{
    struct tl_session *old = system->session;
    next->version = old->version + 1;
    memcpy(next->serial, old->serial, sizeof next->serial);
    system->session = next;
    tl_session_unref(old);
}

bool tl_session_swap(struct tl_system *system, uint64_t expected, tl_str value)
{
    struct tl_session *next = tl_session_new(value);
    pthread_mutex_lock(&system->lock);
    bool same = system->session->version == expected;
    if (same)
        publish(system, next);
    pthread_mutex_unlock(&system->lock);
    if (!same)
        tl_session_unref(next);
    return same;
}

void tl_system_session_drop(struct tl_system *system)
{
    struct tl_session *next = tl_session_new(TL_STR_NONE);
    pthread_mutex_lock(&system->lock);
    publish(system, next);
    pthread_mutex_unlock(&system->lock);
}

/* ---- waiting ---- */

static void deliver(struct tl_mail *mail)
{
    struct tl_session_wait *wait = TL_CONTAINER_OF(mail, struct tl_session_wait, mail);
    wait->done(wait);
}

static bool is_good(const struct tl_session *session, enum tl_need need)
{
    if (!session->has[need])
        return false;
    return need == TL_NEED_CSRF || session->expires_wall_ms == 0 || session->expires_wall_ms - EARLY_MS > tl_wall_ms();
}

static void take_failure(struct tl_session_wait *wait, const struct tl_flight *flight)
{
    wait->failure = flight->failure;
    wait->wait_ms = flight->wait_ms;
    memcpy(wait->message, flight->message, sizeof wait->message);
}

void tl_session_need(struct tl_system_lane *lane, enum tl_need need, uint64_t seen, struct tl_session_wait *wait)
{
    struct tl_system *system = lane->system;
    struct tl_flight *flight = &system->flights[need];
    bool now = false, start = false;
    wait->lane = lane;
    wait->failure = TL_FAIL_NONE;
    wait->wait_ms = 0;
    wait->message[0] = 0;
    tl_mail_init(&wait->mail, deliver);
    pthread_mutex_lock(&system->lock);
    if (system->session->serial[need] != seen && is_good(system->session, need)) {
        now = true;
    } else if (!flight->running && flight->failed_mono_ms && tl_mono_ms() - flight->failed_mono_ms < REMEMBER_MS) {
        take_failure(wait, flight);
        now = true;
    } else {
        start = !flight->running;
        flight->running = true;
        tl_list_push(&flight->waiters, &wait->link);
    }
    pthread_mutex_unlock(&system->lock);
    if (now)
        tl_loop_next(lane->loop, &wait->mail);
    if (start) {
        atomic_fetch_add(&system->logins, 1);
        tl_login_start(lane, need);
    }
}

bool tl_session_unwait(struct tl_session_wait *wait, enum tl_need need)
{
    struct tl_system *system = wait->lane->system;
    (void)need;
    pthread_mutex_lock(&system->lock);
    bool waiting = wait->link.next != NULL;
    tl_list_remove(&wait->link);
    pthread_mutex_unlock(&system->lock);
    return waiting;
}

/* The lock is held: a wait may be freed as soon as its mail is delivered, so nothing is touched after the post. */
static void tell_all(struct tl_flight *flight)
{
    struct tl_link *link;
    while ((link = tl_list_pop(&flight->waiters))) {
        struct tl_session_wait *wait = TL_LIST_ITEM(link, struct tl_session_wait, link);
        take_failure(wait, flight);
        tl_loop_post(wait->lane->loop, &wait->mail);
    }
}

void tl_session_renewed(struct tl_system *system, enum tl_need need, tl_str value)
{
    struct tl_session *next = tl_session_new(value);
    struct tl_flight *flight = &system->flights[need];
    pthread_mutex_lock(&system->lock);
    publish(system, next);
    next->serial[need]++;
    flight->running = false;
    flight->failed_mono_ms = 0;
    flight->failure = TL_FAIL_NONE;
    flight->wait_ms = 0;
    flight->message[0] = 0;
    tell_all(flight);
    pthread_mutex_unlock(&system->lock);
    tl_log(TL_DEBUG, "system.session", "session renewed", TL_FSTR("system", system->name),
           TL_FSTR("what", need == TL_NEED_LOGIN ? "login" : "csrf"));
}

void tl_session_not_renewed(struct tl_system *system, enum tl_need need, enum tl_failure failure, int64_t wait_ms,
                            tl_str message)
{
    struct tl_flight *flight = &system->flights[need];
    pthread_mutex_lock(&system->lock);
    flight->running = false;
    flight->failed_mono_ms = tl_mono_ms();
    flight->failure = failure;
    flight->wait_ms = wait_ms;
    snprintf(flight->message, sizeof flight->message, "%.*s", TL_STR_ARGS(message));
    tell_all(flight);
    pthread_mutex_unlock(&system->lock);
    tl_log(TL_WARN, "system.login", "login failed", TL_FSTR("system", system->name),
           TL_FSTR("class", tl_failure_name(failure)), TL_FSLICE("why", message));
}
