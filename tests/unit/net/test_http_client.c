/* The client against our own server, and against a peer that behaves as badly as wanted. */
#include "../cmocka_room.h"
#include "../loop/driven_clock.h"
#include "certificate.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "talk.h"
#include <stdlib.h>

static struct tl_loop *loop;
static struct tl_http_client *client;
static int is_down;

/* ---- our own server: answers "METHOD path auth=… body" ---- */

static struct tl_http_server *server, *other_server;
static uint16_t other_port;
static int served;

static void redirect(struct tl_http_request *request)
{
    char to[128];
    if (tl_str_is(request->path, "/there"))
        snprintf(to, sizeof to, "http://127.0.0.1:%u/echo", other_port);
    else
        snprintf(to, sizeof to, "/echo?moved");
    struct tl_http_header location = {TL_STR("Location"), tl_str_z(to)};
    tl_http_reply(request, &(struct tl_http_answer){.status = 302, .headers = &location, .header_count = 1});
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    served++;
    static const char zipped[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01\xe3"
                                 "\x51\x3d\x8d\x17\x00\x00\x00";
    struct tl_http_header more[] = {
        {TL_STR("X-One"), TL_STR("1")}, {TL_STR("x-one"), TL_STR("2")}, {TL_STR("Content-Encoding"), TL_STR("gzip")}};
    if (tl_str_is(request->path, "/here") || tl_str_is(request->path, "/there")) {
        redirect(request);
        return;
    }
    if (tl_str_is(request->path, "/zip")) {
        tl_http_reply(request,
                      &(struct tl_http_answer){
                          .status = 200, .headers = more, .header_count = 3, .body = {zipped, sizeof zipped - 1}});
        return;
    }
    struct tl_buf body;
    tl_buf_init(&body, 1 << 24);
    tl_str auth = tl_http_request_header(request, "authorization");
    tl_str type = tl_http_request_header(request, "content-type");
    tl_str length = tl_http_request_header(request, "content-length");
    tl_buf_addf(&body, "%.*s %.*s auth=%.*s type=%.*s length=%.*s ", TL_STR_ARGS(request->method),
                TL_STR_ARGS(request->target), TL_STR_ARGS(auth), TL_STR_ARGS(type), TL_STR_ARGS(length));
    tl_buf_add_str(&body, request->body);
    tl_http_reply(
        request,
        &(struct tl_http_answer){
            .status = 201, .type = "text/plain", .headers = more, .header_count = 2, .body = tl_buf_str(&body)});
    tl_buf_free(&body);
}

static const struct tl_http_handler handler = {NULL, on_request, NULL, NULL};

static struct tl_http_server *serve(const struct tl_http_config *config)
{
    struct tl_http_server *made;
    struct tl_error err;
    if (tl_http_server_start(loop, config, &handler, &made, &err) != TL_OK)
        fail_msg("%s", err.text);
    return made;
}

/* ---- what came back ---- */

struct got {
    int count;
    enum tl_sent sent;
    enum tl_transfer_reason reason;
    int status;
    bool truncated, reused;
    char body[4096], one[32], error[512], url[256];
    int ones;
};

static void on_done(void *ctx, const struct tl_transfer_result *result)
{
    struct got *got = ctx;
    got->count++;
    got->sent = result->sent;
    got->reason = result->reason;
    got->status = result->status;
    got->truncated = result->truncated;
    got->reused = result->reused;
    snprintf(got->body, sizeof got->body, "%.*s", TL_STR_ARGS(result->body));
    tl_str one = tl_transfer_header(result, "X-ONE");
    snprintf(got->one, sizeof got->one, "%.*s", TL_STR_ARGS(one));
    snprintf(got->error, sizeof got->error, "%s", result->error);
    snprintf(got->url, sizeof got->url, "%s", result->url);
    got->ones = 0;
    for (const struct tl_http_header *at = tl_http_header_find(result->headers, result->header_count, "x-one");
         at != NULL; at = tl_http_header_next(result->headers, result->header_count, at))
        got->ones++;
}

static char url_text[256];
static tl_str url_of(uint16_t port, const char *path)
{
    snprintf(url_text, sizeof url_text, "http://127.0.0.1:%u%s", port, path);
    return tl_str_z(url_text);
}
static tl_str url(const char *path)
{
    return url_of(tl_http_server_port(server), path);
}

static struct tl_transfer *start(struct got *got, const struct tl_transfer_request *request)
{
    memset(got, 0, sizeof *got);
    return tl_transfer_start(client, request, on_done, got);
}

static void wait_for(const struct got *got)
{
    for (int i = 0; i < TALK_TURNS && got->count == 0; i++)
        tl_loop_wait(loop, 1);
    assert_int_equal(got->count, 1);
}

static void fetch(struct got *got, const struct tl_transfer_request *request)
{
    start(got, request);
    assert_int_equal(got->count, 0); /* never inside the call */
    wait_for(got);
}

#define REQUEST(...) (&(struct tl_transfer_request){__VA_ARGS__})

static void count_down(void *ctx)
{
    (void)ctx;
    is_down++;
}

static int set_up(void **state)
{
    (void)state;
    loop = tl_loop_new("client");
    server = serve(&(struct tl_http_config){0});
    other_server = serve(&(struct tl_http_config){0});
    other_port = tl_http_server_port(other_server);
    assert_int_equal(tl_http_client_new(loop, NULL, &client, NULL), TL_OK);
    served = is_down = 0;
    return 0;
}

static void use_client(const struct tl_http_client_config *config)
{
    tl_http_client_stop(client, NULL, NULL);
    assert_int_equal(tl_http_client_new(loop, config, &client, NULL), TL_OK);
}

static int tear_down(void **state)
{
    (void)state;
    tl_http_client_stop(client, count_down, NULL);
    for (int i = 0; i < TALK_TURNS && is_down < 1; i++)
        tl_loop_wait(loop, 1);
    tl_http_server_stop(server, 0, count_down, NULL);
    tl_http_server_stop(other_server, 0, count_down, NULL);
    for (int i = 0; i < TALK_TURNS && is_down < 3; i++)
        tl_loop_wait(loop, 1);
    assert_int_equal(is_down, 3);
    tl_loop_free(loop);
    tl_clock_set(NULL);
    return 0;
}

/* ---- the bad peer ---- */

static struct {
    int listener, fd;
    int requests; /* complete heads seen, on all connections */
    int connections;
    const char *answer; /* to every request; NULL: none */
    int drop_at;        /* this request is not answered: the connection is closed; 0: never */
    bool closes;        /* after each answer */
    char heard[65536];
    size_t len;
} peer;

static uint16_t peer_open(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    memset(&peer, 0, sizeof peer);
    peer.fd = -1;
    peer.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(peer.listener, 16), 0);
    getsockname(peer.listener, (struct sockaddr *)&at, &len);
    return ntohs(at.sin_port);
}

static void peer_hang_up(void)
{
    if (peer.fd >= 0)
        close(peer.fd);
    peer.fd = -1;
    peer.len = 0;
}

static void peer_request(void)
{
    peer.requests++;
    if (peer.requests == peer.drop_at) {
        peer_hang_up();
        return;
    }
    if (peer.answer != NULL)
        send(peer.fd, peer.answer, strlen(peer.answer), MSG_NOSIGNAL);
    if (peer.closes)
        peer_hang_up();
}

/* Requests are told apart by their ends: the bodies of these tests end with "!". */
static void peer_step(void)
{
    if (peer.fd < 0) {
        peer.fd = accept4(peer.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        peer.connections += peer.fd >= 0;
        return;
    }
    ssize_t got = recv(peer.fd, peer.heard + peer.len, sizeof peer.heard - 1 - peer.len, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        peer_hang_up();
        return;
    }
    if (got < 0)
        return;
    peer.len += (size_t)got;
    peer.heard[peer.len] = 0;
    bool is_whole =
        strncmp(peer.heard, "GET", 3) == 0 ? strstr(peer.heard, "\r\n\r\n") != NULL : peer.heard[peer.len - 1] == '!';
    if (!is_whole)
        return;
    peer.len = 0;
    peer_request();
}

static void wait_with_peer(const struct got *got)
{
    for (int i = 0; i < TALK_TURNS && got->count == 0; i++) {
        tl_loop_wait(loop, 1);
        peer_step();
    }
    assert_int_equal(got->count, 1);
}

static void peer_end(void)
{
    peer_hang_up();
    close(peer.listener);
}

/* ---- answers ---- */

static void sends_what_is_asked_and_gives_the_answer(void **state)
{
    (void)state;
    struct got got;
    struct tl_http_header auth = {TL_STR("Authorization"), TL_STR("Bearer t")};
    fetch(&got, REQUEST(.url = url("/a?b=1"), .headers = &auth, .header_count = 1));
    assert_int_equal(got.sent, TL_SENT_ANSWERED);
    assert_int_equal(got.status, 201);
    assert_string_equal(got.body, "GET /a?b=1 auth=Bearer t type= length= ");
    assert_string_equal(got.one, "1");
    assert_int_equal(got.ones, 2);
    assert_string_equal(got.error, "");
    static const struct {
        const char *method, *body, *expected;
    } rows[] = {{"POST", "x!", "POST /m auth= type= length=2 x!"},
                {"PUT", "x!", "PUT /m auth= type= length=2 x!"},
                {"PATCH", "x!", "PATCH /m auth= type= length=2 x!"},
                {"DELETE", "", "DELETE /m auth= type= length= "},
                {"POST", "", "POST /m auth= type= length=0 "},
                {"PUT", "", "PUT /m auth= type= length=0 "},
                {"HEAD", "", ""},
                {"GET", "", "GET /m auth= type= length= "},
                {"DELETE", "x!", "DELETE /m auth= type= length=2 x!"},
                {"GET", "x!", "GET /m auth= type= length=2 x!"},
                {"QUERY", "", "QUERY /m auth= type= length= "},
                {"", "x!", "POST /m auth= type= length=2 x!"}};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        fetch(&got, REQUEST(.method = tl_str_z(rows[i].method), .url = url("/m"), .body = tl_str_z(rows[i].body)));
        assert_string_equal(got.body, rows[i].expected);
        assert_true(got.reused);
    }
}

static void sends_and_gets_large_bodies(void **state)
{
    (void)state;
    enum { LEN = 900000 };
    struct got got;
    char *body = tl_alloc(LEN);
    memset(body, 'b', LEN);
    fetch(&got, REQUEST(.method = TL_STR("POST"), .url = url("/"), .body = {body, LEN}, .body_borrowed = true));
    assert_int_equal(got.sent, TL_SENT_ANSWERED);
    assert_false(got.truncated);
    fetch(&got, REQUEST(.method = TL_STR("POST"), .url = url("/"), .body = {body, LEN}, .response_max = 50));
    assert_int_equal(got.sent, TL_SENT_ANSWERED);
    assert_int_equal(got.status, 201);
    assert_true(got.truncated);
    assert_int_equal(strlen(got.body), 50);
    tl_free(body);
}

static void undoes_compression_when_asked(void **state)
{
    (void)state;
    struct got got;
    fetch(&got, REQUEST(.url = url("/zip"), .decompress = true));
    assert_string_equal(got.body, "hello hello hello hello");
    fetch(&got, REQUEST(.url = url("/zip")));
    assert_true(got.body[0] == 0x1f);
}

static void ignores_the_proxies_of_the_environment(void **state)
{
    (void)state;
    struct got got;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    fetch(&got, REQUEST(.url = url("/")));
    assert_int_equal(got.status, 201);
    fetch(&got, REQUEST(.url = url("/"), .proxy = "http://127.0.0.1:1"));
    assert_int_equal(got.sent, TL_SENT_NOT);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static struct got many[200];
static void runs_many_at_a_time_but_not_more_than_allowed(void **state)
{
    (void)state;
    use_client(&(struct tl_http_client_config){.at_once = 32});
    for (size_t i = 0; i < TL_COUNT_OF(many); i++)
        start(&many[i], REQUEST(.method = TL_STR("POST"), .url = url("/many"), .body = TL_STR("x")));
    assert_int_equal(tl_http_client_running(client), 32);
    assert_int_equal(tl_http_client_waiting(client), TL_COUNT_OF(many) - 32);
    assert_false(tl_loop_is_idle(loop));
    for (size_t i = 0; i < TL_COUNT_OF(many); i++) {
        for (int k = 0; k < TALK_TURNS && many[i].count == 0; k++)
            tl_loop_wait(loop, 1);
        assert_int_equal(many[i].count, 1);
        assert_int_equal(many[i].status, 201);
    }
    assert_int_equal(served, TL_COUNT_OF(many));
    assert_true(tl_http_server_connections(server) <= 32);
    assert_int_equal(tl_http_client_running(client), 0);
}

/* ---- what is certain when it fails ---- */

static void knows_that_nothing_was_sent_when_nobody_listens(void **state)
{
    (void)state;
    struct got got;
    fetch(&got,
          REQUEST(.method = TL_STR("POST"), .url = TL_STR("http://127.0.0.1:1/x?key=secret"), .body = TL_STR("!")));
    assert_int_equal(got.sent, TL_SENT_NOT);
    assert_int_equal(got.reason, TL_TRANSFER_CONNECT);
    assert_non_null(strstr(got.error, "127.0.0.1:1/x"));
    assert_null(strstr(got.error, "secret"));
}

static void does_not_know_when_the_connection_breaks_before_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum tl_transfer_reason reason;
        int status;
    } rows[] = {{"", TL_TRANSFER_LOST, 0},
                {"HTTP/1.1 200 OK\r\nConte", TL_TRANSFER_LOST, 200},
                {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.", TL_TRANSFER_LOST, 200},
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", TL_TRANSFER_LOST, 200},
                {"SSH-2.0-x\r\n", TL_TRANSFER_PROTOCOL, 0}};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        struct got got;
        uint16_t port = peer_open();
        peer.answer = rows[i].answer;
        peer.closes = true;
        start(&got, REQUEST(.method = TL_STR("POST"), .url = url_of(port, "/"), .body = TL_STR("x!")));
        wait_with_peer(&got);
        assert_int_equal(got.sent, TL_SENT_UNKNOWN);
        if (got.reason != rows[i].reason)
            fail_msg("row %zu: %s, %s", i, tl_transfer_reason_word(got.reason), got.error);
        assert_int_equal(got.status, rows[i].status);
        assert_int_equal(peer.requests, 1);
        peer_end();
    }
}

static void repeats_only_safe_requests_on_a_dead_connection(void **state)
{
    (void)state;
    struct got got;
    for (int is_get = 0; is_get < 2; is_get++) {
        const char *method = is_get ? "GET" : "POST";
        tl_str body = is_get ? TL_STR_NONE : TL_STR("x!");
        uint16_t port = peer_open();
        peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        peer.drop_at = 2; /* carried out, but the answer is lost */
        start(&got, REQUEST(.method = tl_str_z(method), .url = url_of(port, "/"), .body = body));
        wait_with_peer(&got);
        assert_int_equal(got.sent, TL_SENT_ANSWERED);
        start(&got, REQUEST(.method = tl_str_z(method), .url = url_of(port, "/"), .body = body));
        wait_with_peer(&got);
        assert_int_equal(got.sent, is_get ? TL_SENT_ANSWERED : TL_SENT_UNKNOWN);
        assert_int_equal(peer.requests, is_get ? 3 : 2);
        peer_end();
    }
    assert_int_equal(got.status, 200);
}

static void pass(int64_t ms)
{
    driven_advance_ms(ms);
    tl_loop_clock_moved(loop);
    for (int i = 0; i < 5; i++) {
        tl_loop_wait(loop, 1);
        peer_step();
    }
}

static void ends_at_its_deadline_on_the_driven_clock(void **state)
{
    (void)state;
    struct got sent, waiting;
    tl_clock_set(&driven_clock);
    use_client(&(struct tl_http_client_config){.at_once = 1});
    uint16_t port = peer_open();
    start(&sent, REQUEST(.method = TL_STR("POST"), .url = url_of(port, "/"), .body = TL_STR("x!"), .total_ms = 5000));
    start(&waiting,
          REQUEST(.method = TL_STR("POST"), .url = url_of(port, "/"), .body = TL_STR("x!"), .total_ms = 4000));
    for (int i = 0; i < TALK_TURNS && peer.requests == 0; i++) {
        tl_loop_wait(loop, 1);
        peer_step();
    }
    pass(3999);
    assert_int_equal(waiting.count, 0);
    pass(1);
    assert_int_equal(waiting.count, 1);
    assert_int_equal(waiting.reason, TL_TRANSFER_TIMEOUT);
    assert_int_equal(waiting.sent, TL_SENT_NOT);
    pass(1000);
    assert_int_equal(sent.count, 1);
    assert_int_equal(sent.reason, TL_TRANSFER_TIMEOUT);
    assert_int_equal(sent.sent, TL_SENT_UNKNOWN);
    peer_end();
}

static struct tl_transfer *to_cancel;
static void cancel_other(void *ctx, const struct tl_transfer_result *result)
{
    on_done(ctx, result);
    tl_transfer_cancel(to_cancel);
}

static void reports_a_cancelled_transfer_once(void **state)
{
    (void)state;
    struct got running, waiting, first;
    uint16_t port = peer_open();
    use_client(&(struct tl_http_client_config){.at_once = 1});
    struct tl_transfer *a =
        start(&running, REQUEST(.method = TL_STR("POST"), .url = url_of(port, "/"), .body = TL_STR("x!")));
    struct tl_transfer *b = start(&waiting, REQUEST(.url = url("/")));
    for (int i = 0; i < TALK_TURNS && peer.requests == 0; i++) {
        tl_loop_wait(loop, 1);
        peer_step();
    }
    tl_transfer_cancel(b);
    tl_transfer_cancel(b);
    tl_transfer_cancel(a);
    assert_int_equal(running.count + waiting.count, 0);
    wait_for(&waiting);
    wait_for(&running);
    assert_true(waiting.sent == TL_SENT_NOT && waiting.reason == TL_TRANSFER_CANCELLED);
    assert_true(running.sent == TL_SENT_UNKNOWN && running.reason == TL_TRANSFER_CANCELLED);
    /* one transfer's end cancels another */
    memset(&first, 0, sizeof first);
    tl_transfer_start(client, REQUEST(.url = url("/")), cancel_other, &first);
    to_cancel = start(&waiting, REQUEST(.url = url("/")));
    wait_for(&first);
    wait_for(&waiting);
    assert_int_equal(waiting.reason, TL_TRANSFER_CANCELLED);
    peer_end();
}

static void cancels_everything_when_it_is_stopped(void **state)
{
    (void)state;
    struct got a, b;
    uint16_t port = peer_open();
    start(&a, REQUEST(.url = url_of(port, "/")));
    start(&b, REQUEST(.url = url_of(port, "/")));
    tl_http_client_stop(client, count_down, NULL);
    for (int i = 0; i < TALK_TURNS && is_down == 0; i++)
        tl_loop_wait(loop, 1);
    assert_int_equal(a.count, 1);
    assert_int_equal(b.reason, TL_TRANSFER_CANCELLED);
    is_down = 0;
    assert_int_equal(tl_http_client_new(loop, NULL, &client, NULL), TL_OK);
    peer_end();
}

/* ---- what may be called ---- */

static bool only_our_port(void *ctx, tl_str host, uint16_t port)
{
    (void)ctx;
    return tl_str_is(host, "127.0.0.1") && port == tl_http_server_port(server);
}

static void refuses_what_must_not_be_sent(void **state)
{
    (void)state;
    struct got got;
    static const char *const urls[] = {"ftp://a/",   "file:///etc/passwd",    "/path",      "", "http://",
                                       "gopher://a", "http://u:p@127.0.0.1/", "http://a b/"};
    for (size_t i = 0; i < TL_COUNT_OF(urls); i++) {
        fetch(&got, REQUEST(.url = tl_str_z(urls[i])));
        assert_int_equal(got.sent, TL_SENT_NOT);
        assert_int_equal(got.reason, TL_TRANSFER_BAD_URL);
    }
    struct tl_http_header bad[] = {{TL_STR("X"), TL_STR("a\r\nY: b")},
                                   {TL_STR("X Y"), TL_STR("a")},
                                   {TL_STR(""), TL_STR("a")},
                                   {TL_STR("Host"), TL_STR("a")},
                                   {TL_STR("content-length"), TL_STR("5")}};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        fetch(&got, REQUEST(.url = url("/"), .headers = &bad[i], .header_count = 1));
        assert_int_equal(got.reason, TL_TRANSFER_BAD_URL);
    }
    fetch(&got, REQUEST(.url = url("/"), .method = TL_STR("GET /x HTTP/1.1\r\nX:")));
    assert_int_equal(got.reason, TL_TRANSFER_BAD_URL);
    fetch(&got, REQUEST(.url = url_of(other_port, "/"), .host_allowed = only_our_port));
    assert_int_equal(got.reason, TL_TRANSFER_HOST_REFUSED);
    assert_int_equal(served, 0);
    fetch(&got, REQUEST(.url = url("/"), .host_allowed = only_our_port));
    assert_int_equal(got.status, 201);
}

static void follows_redirects_only_as_far_as_allowed(void **state)
{
    (void)state;
    struct got got;
    struct tl_http_header auth[] = {{TL_STR("Authorization"), TL_STR("Bearer t")}, {TL_STR("X-Api-Key"), TL_STR("k")}};
#define WITH_AUTH .headers = auth, .header_count = 2
    fetch(&got, REQUEST(.url = url("/here"), WITH_AUTH));
    assert_int_equal(got.status, 302);
    fetch(&got, REQUEST(.url = url("/here"), .redirects = 3, WITH_AUTH));
    assert_string_equal(got.body, "GET /echo?moved auth=Bearer t type= length= ");
    fetch(&got, REQUEST(.url = url("/there"), .redirects = 3, WITH_AUTH));
    assert_string_equal(got.body, "GET /echo auth= type= length= ");
    assert_non_null(strstr(got.url, "/echo"));
    fetch(&got, REQUEST(.url = url("/there"), .redirects = 3, .host_allowed = only_our_port));
    assert_int_equal(got.status, 302);
    fetch(&got, REQUEST(.method = TL_STR("POST"), .url = url("/here"), .redirects = 3, .body = TL_STR("x")));
    assert_int_equal(got.status, 302);
}

static void speaks_tls_only_with_whom_it_trusts(void **state)
{
    (void)state;
    char dir[] = "/tmp/tidelock-XXXXXX", cert[64], key[64], text[128];
    struct got got;
    struct tl_http_server *secure;
    assert_non_null(mkdtemp(dir));
    snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    snprintf(key, sizeof key, "%s/key.pem", dir);
    certificate_write(cert, key);
    secure = serve(&(struct tl_http_config){.cert_file = cert, .key_file = key});
    snprintf(text, sizeof text, "https://127.0.0.1:%u/tls", tl_http_server_port(secure));
    fetch(&got, REQUEST(.method = TL_STR("POST"), .url = tl_str_z(text), .body = TL_STR("x")));
    assert_int_equal(got.sent, TL_SENT_NOT);
    assert_int_equal(got.reason, TL_TRANSFER_TLS);
    assert_int_equal(served, 0);
    char *large = tl_alloc(200000);
    memset(large, 'l', 200000);
    for (int i = 0; i < 3; i++) {
        fetch(&got, REQUEST(.method = TL_STR("POST"), .url = tl_str_z(text), .body = {large, 200000}, .ca_file = cert));
        assert_int_equal(got.sent, TL_SENT_ANSWERED);
        assert_int_equal(got.status, 201);
        assert_memory_equal(got.body, "POST /tls auth= type= length=200000 lll", 39);
        assert_int_equal(got.reused, i > 0);
    }
    tl_free(large);
    /* plain HTTP to the TLS port, and TLS to the plain one */
    fetch(&got, REQUEST(.url = url_of(tl_http_server_port(secure), "/")));
    assert_int_equal(got.sent, TL_SENT_UNKNOWN);
    snprintf(text, sizeof text, "https://127.0.0.1:%u/", tl_http_server_port(server));
    fetch(&got, REQUEST(.url = tl_str_z(text), .ca_file = cert));
    assert_int_equal(got.sent, TL_SENT_NOT);
    tl_http_server_stop(secure, 0, NULL, NULL);
    unlink(cert);
    unlink(key);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sends_what_is_asked_and_gives_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_and_gets_large_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undoes_compression_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ignores_the_proxies_of_the_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(runs_many_at_a_time_but_not_more_than_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_that_nothing_was_sent_when_nobody_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_know_when_the_connection_breaks_before_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeats_only_safe_requests_on_a_dead_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_at_its_deadline_on_the_driven_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reports_a_cancelled_transfer_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancels_everything_when_it_is_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_must_not_be_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(follows_redirects_only_as_far_as_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(speaks_tls_only_with_whom_it_trusts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
