/* The server over real sockets, with a raw client that says whatever it likes. */
#include "../cmocka_room.h"
#include "../loop/driven_clock.h"
#include "base/alloc.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/problem.h"
#include "net/socket_seam.h"
#include "talk.h"
#include <stdlib.h>
#include <sys/stat.h>

enum { MANY = 64 };

/* What the handler does and has seen. */
static struct {
    bool defers;     /* keep the request, reply later */
    int refuse_head; /* status to answer from on_head; 0: none */
    size_t body_max; /* set from on_head; 0: leave */
    int requests, heads, gone;
    struct tl_http_request *kept[MANY];
    char last_path[64];
    size_t last_body;
    int64_t last_uid;
} seen;

static struct tl_loop *loop;
static struct tl_http_server *server;
static struct talk talk;
static bool is_stopped;

static void on_head(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    seen.heads++;
    if (seen.body_max > 0)
        request->body_max = seen.body_max;
    if (seen.refuse_head > 0)
        tl_http_refuse(request, seen.refuse_head, "no", "not %s", "today");
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    snprintf(seen.last_path, sizeof seen.last_path, "%.*s", TL_STR_ARGS(request->path));
    seen.last_body = request->body.len;
    seen.last_uid = request->peer->uid;
    seen.kept[seen.requests++ % MANY] = request;
    if (!seen.defers)
        tl_http_reply(request, &(struct tl_http_answer){.status = 200, .type = "text/plain", .body = request->body});
}

static void on_gone(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    (void)request;
    seen.gone++;
}

static const struct tl_http_handler handler = {on_head, on_request, on_gone, NULL};

static void on_stopped(void *ctx)
{
    (void)ctx;
    is_stopped = true;
}

static void open_server(const struct tl_http_config *config)
{
    struct tl_error err;
    memset(&seen, 0, sizeof seen);
    loop = tl_loop_new("server");
    is_stopped = false;
    if (tl_http_server_start(loop, config, &handler, &server, &err) != TL_OK)
        fail_msg("%s", err.text);
    talk.fd = -1;
}

static void open_and_dial(const struct tl_http_config *config)
{
    open_server(config);
    talk_start(&talk, loop, tl_http_server_port(server));
}

static void shut(void)
{
    talk_end(&talk);
    if (!is_stopped)
        tl_http_server_stop(server, 0, on_stopped, NULL);
    for (int i = 0; i < TALK_TURNS && !is_stopped; i++)
        tl_loop_wait(loop, 1);
    assert_true(is_stopped);
    tl_loop_free(loop); /* would abort if a handle were left */
}

static void reply_text(struct tl_http_request *request, const char *text)
{
    tl_http_reply(request, &(struct tl_http_answer){.status = 200, .body = tl_str_z(text)});
}

#define CONFIG(...) (&(struct tl_http_config){__VA_ARGS__})

/* ---- requests and replies ---- */

static void answers_pipelined_requests_in_order_on_one_connection(void **state)
{
    (void)state;
    open_and_dial(CONFIG(.name = "t"));
    talk_say(&talk, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                    "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n"
                    "GET /3 HTTP/1.1\r\nHost: a\r\n\r\nPOST /4 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfo");
    assert_true(talk_until(&talk, "two"));
    talk_settle(&talk);
    assert_int_equal(seen.requests, 3);
    talk_say(&talk, "ur");
    assert_true(talk_until(&talk, "four"));
    assert_int_equal(count_of(talk.heard, "HTTP/1.1 200 OK\r\n"), 4);
    assert_int_equal(count_of(talk.heard, "Server: t\r\n"), 4);
    assert_int_equal(count_of(talk.heard, "Date: "), 4);
    assert_true(strstr(talk.heard, "one") < strstr(talk.heard, "two"));
    assert_false(talk.is_closed);
    assert_string_equal(seen.last_path, "/4");
    shut();
}

static void keeps_the_request_until_the_reply_when_it_is_answered_later(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "POST /a HTTP/1.1\r\nHost: a\r\nX-K: v\r\nContent-Length: 3\r\n\r\none"
                    "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo");
    talk_settle(&talk);
    assert_int_equal(seen.requests, 1); /* the second waits for its turn */
    assert_false(tl_loop_is_idle(loop));
    struct tl_http_request *first = seen.kept[0];
    static char filler[20000];
    memset(filler, 'x', sizeof filler);
    talk_say_bytes(&talk, filler, sizeof filler);
    talk_settle(&talk);
    assert_true(tl_str_is(first->body, "one"));
    assert_true(tl_str_is(tl_http_request_header(first, "x-k"), "v"));
    reply_text(first, "first");
    assert_true(talk_until(&talk, "first"));
    assert_int_equal(seen.requests, 2);
    assert_true(tl_str_is(seen.kept[1]->body, "two"));
    reply_text(seen.kept[1], "second");
    assert_true(talk_until(&talk, "second"));
    shut();
}

static void delivers_large_bodies_whole_in_both_framings(void **state)
{
    (void)state;
    enum { LEN = 300000 };
    open_and_dial(CONFIG(0));
    char *body = tl_alloc(LEN);
    for (int i = 0; i < LEN; i++)
        body[i] = (char)('a' + i % 23);
    talk_say(&talk, "POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
    assert_int_equal(talk_say_bytes(&talk, body, LEN), LEN);
    talk_say(&talk, "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int at = 0; at < LEN; at += 1000) {
        talk_say(&talk, "3e8\r\n");
        assert_int_equal(talk_say_bytes(&talk, body + at, 1000), 1000);
        talk_say(&talk, "\r\n");
        talk_hear(&talk);
    }
    talk_say(&talk, "0\r\n\r\nGET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(talk_until_closed(&talk));
    assert_int_equal(count_of(talk.heard, "Content-Length: 300000\r\n"), 2);
    for (const char *at = talk.heard; (at = strstr(at, "Content-Length: 300000\r\n\r\n")) != NULL; at++)
        assert_memory_equal(at + 26, body, LEN);
    assert_string_equal(seen.last_path, "/end");
    tl_free(body);
    shut();
}

static void sends_no_body_when_it_is_head_or_204(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    talk_settle(&talk);
    reply_text(seen.kept[0], "secret");
    talk_settle(&talk);
    assert_non_null(strstr(talk.heard, "Content-Length: 6\r\n\r\n"));
    assert_null(strstr(talk.heard, "secret"));
    talk_forget(&talk);
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    talk_settle(&talk);
    tl_http_reply(seen.kept[1], &(struct tl_http_answer){.status = 204, .body = TL_STR("secret")});
    assert_true(talk_until(&talk, "\r\n\r\n"));
    assert_null(strstr(talk.heard, "Content-Length"));
    assert_null(strstr(talk.heard, "secret"));
    shut();
}

static void closes_after_the_answer_when_the_client_says_so(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    talk_say(&talk, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(talk_until(&talk, "Connection: keep-alive\r\n"));
    talk_say(&talk, "GET / HTTP/1.0\r\n\r\n");
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "Connection: close\r\n"));
    talk_end(&talk);
    talk_start(&talk, loop, tl_http_server_port(server));
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "Connection: close\r\n"));
    assert_non_null(strstr(talk.heard, "hi"));
    shut();
}

static void answers_when_the_client_has_only_shut_its_sending_end(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    shutdown(talk.fd, SHUT_WR);
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "hi"));
    shut();
}

static void replaces_an_answer_that_cannot_be_sent(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    talk_settle(&talk);
    struct tl_http_header bad = {TL_STR("X"), TL_STR("a\r\nSet-Cookie: b")};
    tl_log_setup(TL_ERROR, TL_LOG_TEXT);
    tl_http_reply(seen.kept[0], &(struct tl_http_answer){.status = 200, .headers = &bad, .header_count = 1});
    tl_log_setup(TL_INFO, TL_LOG_TEXT);
    assert_true(talk_until(&talk, "HTTP/1.1 500 "));
    assert_null(strstr(talk.heard, "Set-Cookie"));
    shut();
}

/* ---- refusals ---- */

static void refuses_broken_framing_and_what_follows_it(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
        "GET / HTTP/1.1\nHost: a\n\n",
    };
    open_server(CONFIG(0));
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        talk_start(&talk, loop, tl_http_server_port(server));
        talk_say(&talk, bad[i]);
        (void)talk_say_bytes(&talk, "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", 36);
        assert_true(talk_until_closed(&talk));
        assert_int_equal(count_of(talk.heard, "HTTP/1.1 "), 1);
        assert_non_null(strstr(talk.heard, "HTTP/1.1 400 Bad Request\r\n"));
        assert_non_null(strstr(talk.heard, "application/problem+json"));
        assert_non_null(strstr(talk.heard, "Connection: close"));
        assert_int_equal(seen.requests, 0);
        talk_end(&talk);
    }
    shut();
}

static void refuses_bodies_that_are_too_large(void **state)
{
    (void)state;
    open_server(CONFIG(.limits = {.body_bytes = 10}));
    static const char *const large[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsixsix\r\n5\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
    };
    for (size_t i = 0; i < TL_COUNT_OF(large); i++) {
        talk_start(&talk, loop, tl_http_server_port(server));
        talk_say(&talk, large[i]);
        assert_true(talk_until_closed(&talk));
        assert_non_null(strstr(talk.heard, "HTTP/1.1 413 "));
        assert_null(strstr(talk.heard, "100 Continue"));
        talk_end(&talk);
    }
    assert_int_equal(seen.gone, 3); /* the handler had seen the heads */
    seen.body_max = 2;              /* a route may ask for less */
    talk_start(&talk, loop, tl_http_server_port(server));
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "HTTP/1.1 413 "));
    assert_int_equal(seen.requests, 0);
    shut();
}

static void keeps_the_connection_when_the_head_is_refused_and_the_body_is_small(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.refuse_head = 401;
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_true(talk_until(&talk, "401 Unauthorized"));
    talk_say(&talk, "llo");
    talk_settle(&talk);
    seen.refuse_head = 0;
    talk_say(&talk, "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfine");
    assert_true(talk_until(&talk, "fine"));
    assert_int_equal(seen.requests, 1);
    seen.refuse_head = 401;
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\nhe");
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "Connection: close"));
    assert_non_null(strstr(talk.heard, "\"detail\":\"not today\""));
    shut();
}

static void asks_for_the_body_when_the_client_waits_for_that(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_true(talk_until(&talk, "HTTP/1.1 100 Continue\r\n\r\n"));
    talk_say(&talk, "hi");
    assert_true(talk_until(&talk, "hi"));
    talk_forget(&talk);
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(talk_until(&talk, "200 OK"));
    assert_null(strstr(talk.heard, "100 Continue")); /* the body was here already */
    seen.refuse_head = 403;
    talk_forget(&talk);
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "HTTP/1.1 403 "));
    assert_null(strstr(talk.heard, "100 Continue"));
    shut();
}

static void answers_503_beyond_the_connection_cap(void **state)
{
    (void)state;
    static struct talk other;
    open_and_dial(CONFIG(.limits = {.connections = 1}));
    talk_settle(&talk);
    assert_int_equal(tl_http_server_connections(server), 1);
    talk_start(&other, loop, tl_http_server_port(server));
    assert_true(talk_until_closed(&other));
    assert_non_null(strstr(other.heard, "HTTP/1.1 503 "));
    assert_non_null(strstr(other.heard, "Retry-After: 1\r\n"));
    talk_end(&other);
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(talk_until(&talk, "200 OK"));
    shut();
}

/* ---- deadlines ---- */

static void pass(int64_t ms)
{
    talk_settle(&talk);
    driven_advance_ms(ms);
    tl_loop_clock_moved(loop);
    talk_settle(&talk);
}

static void answers_408_when_the_head_comes_too_slowly(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    talk_say(&talk, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 9; i++) {
        pass(1000);
        talk_say(&talk, "X: y\r\n"); /* trickling does not help */
    }
    assert_int_equal(talk.len, 0);
    pass(1001);
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "HTTP/1.1 408 "));
    shut();
}

static void answers_408_when_the_body_makes_too_little_progress(void **state)
{
    (void)state;
    open_and_dial(CONFIG(.limits = {.body_per_s = 100}));
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    char piece[200];
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 30; i++) { /* 200 bytes a second is enough, for long */
        assert_int_equal(talk_say_bytes(&talk, piece, sizeof piece), sizeof piece);
        pass(1000);
    }
    assert_int_equal(talk.len, 0);
    for (int i = 0; i < 60 && talk.len == 0; i++) {
        (void)talk_say_bytes(&talk, "x", 1);
        pass(1000);
    }
    assert_non_null(strstr(talk.heard, "HTTP/1.1 408 "));
    assert_int_equal(seen.gone, 1);
    assert_int_equal(seen.requests, 0);
    shut();
}

static void closes_idle_connections_silently(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(talk_until(&talk, "200 OK"));
    talk_forget(&talk);
    pass(59000);
    assert_false(talk.is_closed);
    pass(1001);
    assert_true(talk_until_closed(&talk));
    assert_int_equal(talk.len, 0);
    shut();
}

static void lets_a_handler_take_its_time(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pass(3600 * 1000);
    reply_text(seen.kept[0], "at last");
    assert_true(talk_until(&talk, "at last"));
    shut();
}

static void cuts_a_client_that_takes_no_answers(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 10; i++)
        tl_loop_wait(loop, 1);
    char *huge = tl_zalloc(1, 16 << 20);
    tl_http_reply(seen.kept[0], &(struct tl_http_answer){.status = 200, .body = {huge, 16 << 20}});
    tl_free(huge);
    for (int i = 0; i < 40 && tl_http_server_connections(server) > 0; i++) {
        driven_advance_ms(10000);
        tl_loop_clock_moved(loop);
        tl_loop_wait(loop, 1);
    }
    assert_int_equal(tl_http_server_connections(server), 0);
    shut();
}

/* ---- ends ---- */

static void tells_the_handler_when_the_client_has_gone(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    talk_settle(&talk);
    struct linger reset = {1, 0};
    setsockopt(talk.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    talk_end(&talk);
    for (int i = 0; i < TALK_TURNS && seen.gone == 0; i++)
        tl_loop_wait(loop, 1);
    assert_int_equal(seen.gone, 1);
    assert_true(tl_str_is(seen.kept[0]->body, "hi")); /* still valid */
    assert_int_equal(tl_http_server_connections(server), 1);
    reply_text(seen.kept[0], "nobody hears this");
    assert_int_equal(tl_http_server_connections(server), 0);
    shut();
}

static void finishes_what_is_in_hand_when_it_is_stopped(void **state)
{
    (void)state;
    static struct talk idle;
    open_and_dial(CONFIG(0));
    talk_start(&idle, loop, tl_http_server_port(server));
    seen.defers = true;
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    talk_settle(&talk);
    tl_http_server_stop(server, 60000, on_stopped, NULL);
    assert_true(talk_until_closed(&idle));
    talk_settle(&talk);
    assert_false(is_stopped);
    reply_text(seen.kept[0], "done");
    assert_true(talk_until_closed(&talk));
    assert_non_null(strstr(talk.heard, "Connection: close\r\n"));
    assert_non_null(strstr(talk.heard, "done"));
    talk_end(&talk); /* the server waits for that, or for its deadline */
    for (int i = 0; i < TALK_TURNS && !is_stopped; i++)
        tl_loop_wait(loop, 1);
    assert_true(is_stopped);
    talk_end(&idle);
    shut();
}

static void reads_no_further_when_answers_are_not_taken(void **state)
{
    (void)state;
    enum { REQUESTS = 100000 };
    open_and_dial(CONFIG(.limits = {.write_bytes = 4096}));
    static const char request[] =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "56789012345678";
    int said = 0;
    while (said < REQUESTS && send(talk.fd, request, sizeof request - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
        said++;
        if (said % 100 == 0)
            tl_loop_turn(loop);
    }
    for (int i = 0; i < 50; i++)
        tl_loop_turn(loop);
    assert_true(said < REQUESTS); /* the socket filled up: the server had stopped reading */
    assert_true(seen.requests < said);
    shut();
}

static void streams_an_answer_in_pieces(void **state)
{
    (void)state;
    open_and_dial(CONFIG(0));
    seen.defers = true;
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    talk_settle(&talk);
    tl_http_stream_start(seen.kept[0], &(struct tl_http_answer){.status = 200, .type = "text/plain"});
    assert_true(talk_until(&talk, "Transfer-Encoding: chunked\r\n\r\n"));
    assert_true(tl_http_stream_write(seen.kept[0], TL_STR("line one\n")));
    assert_true(talk_until(&talk, "9\r\nline one\n\r\n"));
    assert_true(tl_http_stream_write(seen.kept[0], TL_STR("line two\n")));
    tl_http_stream_end(seen.kept[0]);
    assert_true(talk_until(&talk, "0\r\n\r\n"));
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    talk_settle(&talk);
    tl_http_stream_start(seen.kept[1], &(struct tl_http_answer){.status = 200, .body = TL_STR("x")});
    talk_end(&talk);
    for (int i = 0; i < TALK_TURNS && seen.gone == 0; i++)
        tl_loop_wait(loop, 1);
    assert_true(tl_http_stream_is_gone(seen.kept[1]));
    assert_false(tl_http_stream_write(seen.kept[1], TL_STR("y")));
    tl_http_stream_end(seen.kept[1]);
    shut();
}

/* ---- sockets ---- */

static struct {
    int listen, accept, read;
    ptrdiff_t most;
} faults;
static int fault_listen(void *ctx)
{
    (void)ctx;
    return faults.listen;
}
static int fault_accept(void *ctx)
{
    (void)ctx;
    return faults.accept;
}
static int fault_read(void *ctx, size_t arrived)
{
    (void)ctx;
    (void)arrived;
    return faults.read;
}
static ptrdiff_t fault_write(void *ctx, size_t wanted)
{
    (void)ctx;
    return faults.most < (ptrdiff_t)wanted ? faults.most : (ptrdiff_t)wanted;
}
static const struct tl_socket_seam seam = {fault_listen, fault_accept, fault_read, fault_write, NULL};

static void survives_faults_of_the_sockets(void **state)
{
    (void)state;
    memset(&faults, 0, sizeof faults);
    faults.most = 5; /* every write is short */
    open_and_dial(CONFIG(.seam = &seam));
    talk_say(&talk, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none");
    assert_true(talk_until(&talk, "one"));
    faults.most = 0; /* never writable at once */
    talk_say(&talk, "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo");
    assert_true(talk_until(&talk, "two"));
    faults.most = -EPIPE;
    talk_say(&talk, "POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nthree");
    assert_true(talk_until_closed(&talk));
    assert_null(strstr(talk.heard, "three"));
    talk_end(&talk);
    faults.most = 1000;
    faults.read = -ECONNRESET;
    talk_start(&talk, loop, tl_http_server_port(server));
    talk_say(&talk, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(talk_until_closed(&talk));
    talk_end(&talk);
    faults.accept = -EMFILE;
    talk_start(&talk, loop, tl_http_server_port(server));
    assert_true(talk_until_closed(&talk));
    assert_int_equal(tl_http_server_connections(server), 0);
    faults.listen = -EADDRINUSE;
    struct tl_http_server *second;
    struct tl_error err;
    assert_int_equal(tl_http_server_start(loop, CONFIG(.seam = &seam), &handler, &second, &err), TL_EIO);
    shut();
}

static void shares_a_port_only_when_asked_to(void **state)
{
    (void)state;
    open_server(CONFIG(.share_port = true));
    struct tl_http_server *second;
    struct tl_error err;
    uint16_t port = tl_http_server_port(server);
    assert_int_equal(tl_http_server_start(loop, CONFIG(.port = port), &handler, &second, &err), TL_EIO);
    assert_non_null(strstr(err.text, "another process has it"));
    assert_int_equal(tl_http_server_start(loop, CONFIG(.port = port, .share_port = true), &handler, &second, &err),
                     TL_OK);
    tl_http_server_stop(second, 0, NULL, NULL);
    assert_int_equal(tl_http_server_start(loop, CONFIG(.host = "localhost"), &handler, &second, &err), TL_ECONFIG);
    assert_int_equal(tl_http_server_start(loop, CONFIG(.cert_file = "/nowhere"), &handler, &second, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "/nowhere"));
    shut();
}

static void guards_its_unix_socket(void **state)
{
    (void)state;
    char dir[] = "/tmp/tidelock-XXXXXX", path[64], plain[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(plain, sizeof plain, "%s/f", dir);
    /* a stale file: bound, never listening any more */
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, path);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&to, sizeof to), 0);
    close(stale);
    open_server(CONFIG(.socket_path = path));
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    struct tl_http_server *second;
    struct tl_error err;
    assert_int_equal(tl_http_server_start(loop, CONFIG(.socket_path = path), &handler, &second, &err), TL_EIO);
    assert_non_null(strstr(err.text, "answers there"));
    fclose(fopen(plain, "w"));
    assert_int_equal(tl_http_server_start(loop, CONFIG(.socket_path = plain), &handler, &second, &err), TL_EIO);
    talk.loop = loop;
    talk.len = 0;
    talk.is_closed = false;
    talk.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(talk.fd, (struct sockaddr *)&to, sizeof to), 0);
    talk_say(&talk, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(talk_until(&talk, "hi"));
    assert_int_equal(seen.last_uid, (int64_t)getuid());
    shut();
    assert_int_equal(access(path, F_OK), -1);
    unlink(plain);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_pipelined_requests_in_order_on_one_connection),
        cmocka_unit_test(keeps_the_request_until_the_reply_when_it_is_answered_later),
        cmocka_unit_test(delivers_large_bodies_whole_in_both_framings),
        cmocka_unit_test(sends_no_body_when_it_is_head_or_204),
        cmocka_unit_test(closes_after_the_answer_when_the_client_says_so),
        cmocka_unit_test(answers_when_the_client_has_only_shut_its_sending_end),
        cmocka_unit_test(replaces_an_answer_that_cannot_be_sent),
        cmocka_unit_test(refuses_broken_framing_and_what_follows_it),
        cmocka_unit_test(refuses_bodies_that_are_too_large),
        cmocka_unit_test(keeps_the_connection_when_the_head_is_refused_and_the_body_is_small),
        cmocka_unit_test(asks_for_the_body_when_the_client_waits_for_that),
        cmocka_unit_test(answers_503_beyond_the_connection_cap),
        cmocka_unit_test(answers_408_when_the_head_comes_too_slowly),
        cmocka_unit_test(answers_408_when_the_body_makes_too_little_progress),
        cmocka_unit_test(closes_idle_connections_silently),
        cmocka_unit_test(lets_a_handler_take_its_time),
        cmocka_unit_test(cuts_a_client_that_takes_no_answers),
        cmocka_unit_test(tells_the_handler_when_the_client_has_gone),
        cmocka_unit_test(finishes_what_is_in_hand_when_it_is_stopped),
        cmocka_unit_test(reads_no_further_when_answers_are_not_taken),
        cmocka_unit_test(streams_an_answer_in_pieces),
        cmocka_unit_test(survives_faults_of_the_sockets),
        cmocka_unit_test(shares_a_port_only_when_asked_to),
        cmocka_unit_test(guards_its_unix_socket),
    };
    tl_clock_set(&driven_clock); /* a machine that stalls for seconds changes nothing */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
