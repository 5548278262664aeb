/* How handlers of the control socket answer. Thread: the main one. */
#include "base/alloc.h"
#include "control.h"
#include <stdarg.h>

static void request_free(struct tl_control_request *request)
{
    tl_json_free(request->body);
    tl_free(request);
}

void tl_control_answer(struct tl_control_request *request, const struct tl_buf *json)
{
    struct tl_http_answer answer = {.status = 200, .type = "application/json", .body = tl_buf_str(json)};
    tl_http_reply(request->http, &answer);
    request_free(request);
}

static int status_of(tl_code code)
{
    switch (code) {
    case TL_ENOTFOUND:
        return 404;
    case TL_EACCESS:
        return 403;
    case TL_EDIFFERS:
        return 409;
    case TL_EINPUT:
    case TL_EUSAGE:
    case TL_ECONFIG:
        return 422;
    case TL_EFULL:
        return 503;
    default:
        return 500;
    }
}

void tl_control_fail(struct tl_control_request *request, const struct tl_error *err)
{
    tl_http_refuse(request->http, status_of(err->code), tl_code_name(err->code), "%s", err->text);
    request_free(request);
}

void tl_control_refuse(struct tl_control_request *request, const struct tl_error *err, tl_str members)
{
    struct tl_problem problem = {
        .status = status_of(err->code), .type = tl_code_name(err->code), .detail = err->text, .members = members};
    struct tl_buf body;
    tl_buf_init(&body, TL_CONTROL_ANSWER_MAX);
    tl_problem_print(&problem, &body);
    tl_http_reply(request->http, &(struct tl_http_answer){
                                     .status = problem.status, .type = TL_PROBLEM_TYPE, .body = tl_buf_str(&body)});
    tl_buf_free(&body);
    request_free(request);
}

void tl_control_written(struct tl_control_request *request, tl_code code, struct tl_buf *out,
                        const struct tl_error *err)
{
    if (code == TL_OK)
        tl_control_answer(request, out);
    else
        tl_control_fail(request, err);
    tl_buf_free(out);
}

void tl_control_say(struct tl_control_request *request, const char *fmt, ...)
{
    struct tl_buf text, out;
    struct tl_json_writer w;
    va_list ap;
    tl_buf_init(&text, 64 * 1024);
    tl_buf_init(&out, 512 * 1024);
    va_start(ap, fmt);
    tl_buf_vaddf(&text, fmt, ap);
    va_end(ap);
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "message");
    tl_json_lossy(&w, tl_buf_str(&text));
    tl_json_end_object(&w);
    tl_control_answer(request, &out);
    tl_buf_free(&text);
    tl_buf_free(&out);
}

void tl_control_acted(void *ctx, tl_code code, const char *text)
{
    struct tl_control_request *request = ctx;
    struct tl_error err;
    if (code == TL_OK) {
        tl_control_say(request, "%s", text != NULL && text[0] != '\0' ? text : "done");
        return;
    }
    tl_fail(&err, code, "%s", text);
    tl_control_fail(request, &err);
}

bool tl_control_engine(struct tl_control_request *request)
{
    struct tl_server *server = request->server;
    if (server->state == TL_SERVER_RUNNING)
        return true;
    struct tl_error err;
    tl_fail(&err, TL_EFULL, "no work is done now: %s",
            server->systems.missing.len != 0 ? server->systems.missing.ptr : "starting or stopping");
    tl_control_fail(request, &err);
    return false;
}

void tl_control_list(struct tl_control_request *request, struct tl_control_words *words, size_t count,
                     tl_control_write *write)
{
    struct tl_buf out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_words(request, words, count);
    tl_code code = write(request, words, &out, &err);
    tl_control_written(request, code, &out, &err); /* frees the request; the words are ours */
    tl_control_words_free(words, count);
}
