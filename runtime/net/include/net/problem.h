/* Error bodies of HTTP APIs: application/problem+json, RFC 9457. Thread: any; replying: [loop]. */
#pragma once
#include "base/buf.h"
#include "net/http_server.h"

#define TL_PROBLEM_TYPE "application/problem+json"

struct tl_problem {
    int status;
    const char
        *type; /* a short word ("credit-unknown") printed as "urn:tidelock:problem:credit-unknown", or a URI (has a
                  ':'); NULL: "about:blank", the status alone says it */
    const char *title;    /* the same for every problem of the type; NULL: the status's phrase */
    const char *detail;   /* this case: what happened and what to do; NULL: none */
    const char *instance; /* URI of this case; NULL: none */
    tl_str members;       /* further members, raw JSON without braces: `"retry_after":5,"order":"4711"`; or empty */
};

/* Appends the JSON object. Text that is not UTF-8 has its bad bytes replaced. */
void tl_problem_print(const struct tl_problem *problem, struct tl_buf *out);
/* Replies with it. */
void tl_http_problem(struct tl_http_request *request, const struct tl_problem *problem);
/* The usual case: status, type word and a detail sentence. */
void tl_http_refuse(struct tl_http_request *request, int status, const char *type, const char *fmt, ...)
    TL_PRINTF(4, 5);
