/* The blocking call against a server on another thread. */
#include "../cmocka_room.h"
#include "loop/thread.h"
#include "net/http_ask.h"
#include "net/http_server.h"
#include "net/problem.h"
#include <stdlib.h>
#include <unistd.h>

static struct tl_loop *loop;
static struct tl_http_server *server;
static char path[64];

static void on_request(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    if (tl_str_is(request->path, "/lines")) {
        tl_http_stream_start(request, &(struct tl_http_answer){.status = 200, .body = TL_STR("one\ntw")});
        assert_true(tl_http_stream_write(request, TL_STR("o\nthree")));
        tl_http_stream_end(request);
    } else if (tl_str_is(request->path, "/missing")) {
        tl_http_refuse(request, 404, "no-such-thing", "there is no \"%s\"", "thing");
    } else {
        tl_http_reply(request, &(struct tl_http_answer){.status = 200, .type = "text/plain", .body = request->body});
    }
}

static void on_stopped(void *ctx)
{
    (void)ctx;
    tl_loop_stop(loop);
}

static void stop_server(struct tl_mail *mail)
{
    (void)mail;
    tl_http_server_stop(server, 100, on_stopped, NULL);
}

static void run(void *ctx)
{
    (void)ctx;
    tl_loop_run(loop);
}

static struct tl_thread *thread;
static char dir[32];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/tidelock-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/control", dir);
    loop = tl_loop_new("ask");
    static const struct tl_http_handler handler = {NULL, on_request, NULL, NULL};
    assert_int_equal(tl_http_server_start(loop, &(struct tl_http_config){.socket_path = path}, &handler, &server, NULL),
                     TL_OK);
    assert_int_equal(tl_thread_start("ask", run, NULL, &thread, NULL), TL_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct tl_mail stop;
    tl_mail_init(&stop, stop_server);
    tl_loop_post(loop, &stop);
    tl_thread_join(thread);
    tl_loop_free(loop);
    rmdir(dir);
    return 0;
}

static void gives_the_answer_whatever_its_status(void **state)
{
    (void)state;
    struct tl_ask_answer answer;
    struct tl_error err;
    assert_int_equal(
        tl_http_ask(&(struct tl_ask){.socket_path = path, .path = "/echo", .body = TL_STR("{}")}, &answer, &err),
        TL_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "text/plain");
    assert_true(tl_str_is(tl_buf_str(&answer.body), "{}"));
    tl_ask_answer_free(&answer);
    assert_int_equal(tl_http_ask(&(struct tl_ask){.socket_path = path, .path = "/missing"}, &answer, &err), TL_OK);
    assert_int_equal(answer.status, 404);
    assert_string_equal(answer.type, TL_PROBLEM_TYPE);
    assert_string_equal(answer.body.ptr, "{\"type\":\"urn:tidelock:problem:no-such-thing\",\"title\":\"Not Found\","
                                         "\"status\":404,\"detail\":\"there is no \\\"thing\\\"\"}");
    tl_ask_answer_free(&answer);
}

static char lines[64];
static bool on_line(void *ctx, tl_str line)
{
    size_t used = strlen(lines);
    snprintf(lines + used, sizeof lines - used, "[%.*s]", TL_STR_ARGS(line));
    return ctx == NULL || strstr(lines, ctx) == NULL;
}

static void gives_out_lines_as_they_come(void **state)
{
    (void)state;
    struct tl_ask_answer answer;
    struct tl_error err;
    struct tl_ask ask = {.socket_path = path, .path = "/lines", .on_line = on_line};
    lines[0] = 0;
    assert_int_equal(tl_http_ask(&ask, &answer, &err), TL_OK);
    assert_string_equal(lines, "[one][two][three]");
    tl_ask_answer_free(&answer);
    lines[0] = 0;
    ask.ctx = "one";
    assert_int_equal(tl_http_ask(&ask, &answer, &err), TL_ECANCELLED);
    tl_ask_answer_free(&answer);
    lines[0] = 0;
    ask.path = "/missing"; /* an error is no stream */
    assert_int_equal(tl_http_ask(&ask, &answer, &err), TL_OK);
    assert_string_equal(lines, "");
    assert_true(answer.body.len > 0);
    tl_ask_answer_free(&answer);
}

static void says_that_nobody_answers(void **state)
{
    (void)state;
    struct tl_ask_answer answer;
    struct tl_error err;
    char nowhere[80];
    snprintf(nowhere, sizeof nowhere, "%s/none", dir);
    assert_int_equal(tl_http_ask(&(struct tl_ask){.socket_path = nowhere, .path = "/"}, &answer, &err), TL_ENOSERVER);
    assert_non_null(strstr(err.text, "tidelock serve"));
    tl_ask_answer_free(&answer);
    assert_int_equal(tl_http_ask(&(struct tl_ask){.base_url = "http://127.0.0.1:1", .path = "/"}, &answer, &err),
                     TL_ENOSERVER);
    tl_ask_answer_free(&answer);
    assert_int_equal(
        tl_http_ask(&(struct tl_ask){.socket_path = path, .path = "/echo", .body = TL_STR("12345"), .response_max = 4},
                    &answer, &err),
        TL_EFULL);
    tl_ask_answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_the_answer_whatever_its_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_out_lines_as_they_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_nobody_answers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
