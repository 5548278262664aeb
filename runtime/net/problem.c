/* problem+json bodies. */
#include "net/problem.h"
#include "codec/json_writer.h"
#include <stdio.h>
#include <string.h>

enum { PROBLEM_MAX = 64 * 1024 };

static void put_type(struct tl_json_writer *w, const char *type)
{
    char urn[160];
    if (type == NULL)
        tl_json_put_z(w, "type", "about:blank");
    else if (strchr(type, ':') != NULL)
        tl_json_put_z(w, "type", type);
    else if (snprintf(urn, sizeof urn, "urn:tidelock:problem:%s", type) > 0)
        tl_json_put_z(w, "type", urn);
}

void tl_problem_print(const struct tl_problem *problem, struct tl_buf *out)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    put_type(&w, problem->type);
    tl_json_put_z(&w, "title", problem->title != NULL ? problem->title : tl_http_status_text(problem->status));
    tl_json_put_int(&w, "status", problem->status);
    if (problem->detail != NULL) {
        tl_json_key(&w, "detail");
        tl_json_lossy(&w, tl_str_z(problem->detail));
    }
    if (problem->instance != NULL) {
        tl_json_key(&w, "instance");
        tl_json_lossy(&w, tl_str_z(problem->instance));
    }
    tl_json_end_object(&w);
    if (problem->members.len > 0 && out->len > 0 && !out->overflow) {
        out->len--; /* the closing brace */
        tl_buf_add_char(out, ',');
        tl_buf_add_str(out, problem->members);
        tl_buf_add_char(out, '}');
    }
}

void tl_http_problem(struct tl_http_request *request, const struct tl_problem *problem)
{
    struct tl_buf body;
    tl_buf_init(&body, PROBLEM_MAX);
    tl_problem_print(problem, &body);
    tl_http_reply(request, &(struct tl_http_answer){
                               .status = problem->status, .type = TL_PROBLEM_TYPE, .body = tl_buf_str(&body)});
    tl_buf_free(&body);
}

void tl_http_refuse(struct tl_http_request *request, int status, const char *type, const char *fmt, ...)
{
    struct tl_buf detail;
    tl_buf_init(&detail, PROBLEM_MAX / 8);
    va_list ap;
    va_start(ap, fmt);
    tl_buf_vaddf(&detail, fmt, ap);
    va_end(ap);
    tl_http_problem(request, &(struct tl_problem){.status = status, .type = type, .detail = detail.ptr});
    tl_buf_free(&detail);
}
