/* session.c, login.c: one login for all lanes; sessions are stored before they are used. */
#include "../crypto/keys.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/uri.h"
#include "loop/thread.h"
#include "rig.h"
#include <pthread.h>
#include <stdatomic.h>

enum { LANES = 4, CALLS = 25 };

/* ---- a server on its own thread that counts logins ---- */

struct token_server {
    struct tl_loop *loop;
    struct tl_http_server *server;
    atomic_int tokens, calls, refused;
    atomic_int valid; /* the number of the token that is accepted */
};

static void serve(void *ctx, struct tl_http_request *request)
{
    struct token_server *s = ctx;
    char text[100];
    struct tl_http_answer answer = {.status = 200, .type = "application/json"};
    if (tl_str_is(request->path, "/token")) {
        int n = atomic_fetch_add(&s->tokens, 1) + 1;
        atomic_store(&s->valid, n);
        snprintf(text, sizeof text, "{\"access_token\":\"t%d\"}", n);
        answer.body = tl_str_z(text);
    } else {
        snprintf(text, sizeof text, "Bearer t%d", atomic_load(&s->valid));
        bool good = tl_str_is(tl_http_request_header(request, "Authorization"), text);
        atomic_fetch_add(good ? &s->calls : &s->refused, 1);
        answer.status = good ? 200 : 401;
        answer.body = TL_STR("{\"item\":1}");
    }
    tl_http_reply(request, &answer);
}

static void stop_loop(void *ctx)
{
    tl_loop_stop(ctx);
}

static void stop_server(struct tl_mail *mail);
static struct {
    struct tl_mail mail;
    struct token_server *server;
} stop_mail;

static void stop_server(struct tl_mail *mail)
{
    (void)mail;
    tl_http_server_stop(stop_mail.server->server, 0, stop_loop, stop_mail.server->loop);
}

static void run_loop(void *ctx)
{
    tl_loop_run(ctx);
}

/* ---- lanes ---- */

struct lane {
    struct tl_system *system;
    struct tl_loop *loop;
    struct tl_http_client *client;
    struct tl_system_lane *lane;
    struct tl_thread *thread;
    int done, good;
};

static void lane_finished(void *ctx)
{
    struct lane *l = ctx;
    tl_http_client_stop(l->client, stop_loop, l->loop);
}

static void called(void *ctx, const struct tl_call_result *result)
{
    struct lane *l = ctx;
    l->good += result->failure == TL_FAIL_NONE;
    if (++l->done == CALLS)
        tl_system_lane_stop(l->lane, lane_finished, l);
}

static void run_lane(void *ctx)
{
    struct lane *l = ctx;
    struct tl_call_request request = {
        .operation = TL_STR("get"), .args = TL_STR("{\"id\":\"x\"}"), .timeout_ms = 20000};
    for (int i = 0; i < CALLS; i++)
        tl_call_start(l->lane, &request, called, l);
    tl_loop_run(l->loop);
}

static void run_lanes(struct tl_system *system, int wanted_good)
{
    struct lane lanes[LANES];
    for (int i = 0; i < LANES; i++) {
        struct lane *l = &lanes[i];
        *l = (struct lane){.system = system, .loop = tl_loop_new("lane")};
        assert_int_equal(tl_http_client_new(l->loop, NULL, &l->client, NULL), TL_OK);
        assert_int_equal(tl_system_attach(system, l->loop, l->client, &l->lane, NULL), TL_OK);
    }
    for (int i = 0; i < LANES; i++)
        assert_int_equal(tl_thread_start("lane", run_lane, &lanes[i], &lanes[i].thread, NULL), TL_OK);
    int good = 0;
    for (int i = 0; i < LANES; i++) {
        tl_thread_join(lanes[i].thread);
        tl_loop_free(lanes[i].loop);
        good += lanes[i].good;
    }
    assert_int_equal(good, wanted_good);
}

static void logs_in_once_for_all_lanes(void **state)
{
    (void)state;
    struct token_server server = {.loop = tl_loop_new("server")};
    struct tl_http_handler handler = {.on_request = serve, .ctx = &server};
    struct tl_thread *thread;
    assert_int_equal(tl_http_server_start(server.loop, &(struct tl_http_config){.host = "127.0.0.1"}, &handler,
                                          &server.server, NULL),
                     TL_OK);
    char settings[300];
    snprintf(settings, sizeof settings,
             "{\"url\":\"http://127.0.0.1:%u\",\"auth\":{\"kind\":\"oauth2_client_credentials\",\"client_id\":\"c\","
             "\"client_secret\":\"s\"}}",
             tl_http_server_port(server.server));
    assert_int_equal(tl_thread_start("server", run_loop, server.loop, &thread, NULL), TL_OK);
    struct tl_library *library = tl_library_new(RIG_CONNECTORS);
    struct tl_system *system;
    struct tl_system_config config = {
        .name = TL_STR("sut"), .connector = TL_STR("rest_t@1"), .settings = tl_str_z(settings)};
    assert_int_equal(tl_system_new(library, &config, NULL, &system, NULL), TL_OK);

    run_lanes(system, LANES * CALLS);
    assert_int_equal(atomic_load(&server.tokens), 1);
    assert_int_equal(tl_system_logins(system), 1);
    assert_int_equal(atomic_load(&server.calls), LANES * CALLS);

    atomic_store(&server.valid, -1); /* the platform ends the session: one renewal, every call replayed */
    run_lanes(system, LANES * CALLS);
    assert_int_equal(atomic_load(&server.tokens), 2);
    assert_int_equal(tl_system_logins(system), 2);

    tl_system_session_drop(system);
    run_lanes(system, LANES * CALLS);
    assert_int_equal(tl_system_logins(system), 3);

    tl_system_free(system);
    tl_library_free(library);
    stop_mail.server = &server;
    tl_mail_init(&stop_mail.mail, stop_server);
    tl_loop_post(server.loop, &stop_mail.mail);
    tl_thread_join(thread);
    tl_loop_free(server.loop);
}

/* ---- storing ---- */

struct store {
    char text[500];
    int count;
    bool ok;
    tl_system_saved *saved;
    void *saved_ctx;
};

static void save(void *ctx, const struct tl_system *system, tl_str session, tl_system_saved *saved, void *saved_ctx)
{
    struct store *store = ctx;
    (void)system;
    snprintf(store->text, sizeof store->text, "%.*s", TL_STR_ARGS(session));
    store->count++;
    store->saved = saved;
    store->saved_ctx = saved_ctx;
}

static void open_stored(struct rig *rig, struct store *store, const char *session)
{
    tl_system_free(rig->system);
    struct tl_system_hooks hooks = {.save_session = save, .ctx = store};
    char settings[300];
    snprintf(settings, sizeof settings,
             "{\"url\":\"%s\",\"auth\":{\"kind\":\"oauth2_refresh\",\"client_id\":\"c\",\"refresh_token\":\"r0\"}}",
             rig->url);
    struct tl_system_config config = {.name = TL_STR("sut"),
                                      .connector = TL_STR("rest_t@1"),
                                      .settings = tl_str_z(settings),
                                      .session = tl_str_z(session)};
    assert_int_equal(tl_system_new(rig->library, &config, &hooks, &rig->system, NULL), TL_OK);
    assert_int_equal(tl_system_attach(rig->system, rig->loop, rig->client, &rig->lane, NULL), TL_OK);
}

static void detached(void *ctx)
{
    *(int *)ctx = 1;
}

static void detach(struct rig *rig)
{
    int gone = 0;
    tl_system_lane_stop(rig->lane, detached, &gone);
    rig_until(rig, &gone);
    rig->lane = NULL;
}

static void stores_a_new_refresh_token_before_it_is_used(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"POST /token", 200, NULL, "{\"access_token\":\"a1\",\"refresh_token\":\"r1\"}"},
        {"GET /api/items/x", 200, NULL, "{\"item\":1}"},
        {"GET /api/items/x", 401, NULL, NULL}, /* after a restart: the stored session is used, then renewed */
        {"POST /token", 200, NULL, "{\"access_token\":\"a2\"}"},
        {"GET /api/items/x", 200, NULL, "{\"item\":2}"},
        {"GET /api/items/x", 401, NULL, NULL},
        {"POST /token", 200, NULL, "{\"access_token\":\"a3\",\"refresh_token\":\"r3\"}"},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct store store = {.count = 0};
    struct tl_call_request get = {.operation = TL_STR("get"), .args = TL_STR("{\"id\":\"x\"}")};
    rig_open(&rig, "rest_t@1", "", script);
    detach(&rig);
    open_stored(&rig, &store, "");
    tl_call_start(rig.lane, &get, rig_take, &rig);
    rig_until(&rig, &store.count);
    assert_string_equal(rig.seen[0].body, "grant_type=refresh_token&refresh_token=r0&client_id=c");
    for (int i = 0; i < 20; i++)
        tl_loop_wait(rig.loop, 1);
    assert_int_equal(rig.seen_count, 1); /* nothing is sent with a token that is not stored */
    assert_non_null(strstr(store.text, "\"refresh_token\":\"r1\""));
    store.saved(store.saved_ctx, true);
    rig_until(&rig, &rig.result.count);
    assert_string_equal(rig.seen[1].authorization, "Bearer a1");

    detach(&rig);
    char stored[500];
    snprintf(stored, sizeof stored, "%s", store.text);
    open_stored(&rig, &store, stored);
    rig.result.count = store.count = 0;
    tl_call_start(rig.lane, &get, rig_take, &rig);
    rig_until(&rig, &store.count);
    assert_string_equal(rig.seen[2].authorization, "Bearer a1");
    assert_string_equal(rig.seen[3].body, "grant_type=refresh_token&refresh_token=r1&client_id=c");
    assert_non_null(strstr(store.text, "\"refresh_token\":\"r1\"")); /* kept when none came */
    store.saved(store.saved_ctx, true);
    rig_until(&rig, &rig.result.count);
    assert_string_equal(rig.result.document, "2");

    rig.result.count = store.count = 0; /* it cannot be stored: it is not used */
    tl_call_start(rig.lane, &get, rig_take, &rig);
    rig_until(&rig, &store.count);
    store.saved(store.saved_ctx, false);
    rig_until(&rig, &rig.result.count);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_RETRY);
    assert_non_null(strstr(rig.result.message, "could not be stored"));
    rig_close(&rig);
}

/* ---- JWT bearer ---- */

static void signs_an_assertion(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"POST /token", 200, NULL, "{\"access_token\":\"j1\"}"},
                                               {"GET /api/items/x", 200, NULL, "{\"item\":1}"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct tl_buf settings, assertion, claims;
    tl_buf_init(&settings, 2000);
    tl_buf_init(&assertion, 2000);
    tl_buf_init(&claims, 2000);
    tl_buf_add_z(&settings,
                 "\"auth\":{\"kind\":\"oauth2_jwt\",\"client_id\":\"app\",\"user\":\"u@example.com\",\"key\":");
    tl_json_quote(&settings, TL_STR(P256_PRIVATE));
    tl_buf_add_char(&settings, '}');
    rig_open(&rig, "rest_t@1", settings.ptr, script);
    const struct rig_result *r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_string_equal(r->message, "");
    assert_string_equal(rig.seen[1].authorization, "Bearer j1");
    assert_true(tl_str_starts(tl_str_z(rig.seen[0].body),
                              TL_STR("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")));
    assert_int_equal(tl_query_get(tl_str_z(rig.seen[0].body), "assertion", &assertion, NULL), TL_OK);
    tl_str rest = tl_buf_str(&assertion), head, middle;
    assert_true(tl_str_cut(&rest, '.', &head));
    assert_true(tl_str_cut(&rest, '.', &middle));
    assert_int_equal(rest.len, 86);
    assert_int_equal(tl_base64url_decode(&claims, middle, NULL), TL_OK);
    assert_non_null(strstr(claims.ptr, "\"iss\":\"app\""));
    assert_non_null(strstr(claims.ptr, "\"sub\":\"u@example.com\""));
    assert_non_null(strstr(claims.ptr, "\"aud\":\"https://login.example.com\""));
    rig_close(&rig);
    tl_buf_free(&settings);
    tl_buf_free(&assertion);
    tl_buf_free(&claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_in_once_for_all_lanes),
        cmocka_unit_test(signs_an_assertion),
        cmocka_unit_test(stores_a_new_refresh_token_before_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
