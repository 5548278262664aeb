/* Answers: whole ones and ones in pieces. */
#include "base/clock.h"
#include "base/log.h"
#include "http_chars.h"
#include "http_connection.h"
#include "net/problem.h"
#include <stdio.h>
#include <string.h>

enum { DISCARD_BYTES = 64 * 1024 };

static struct tl_connection *connection_of(struct tl_http_request *request)
{
    return TL_CONTAINER_OF(request, struct tl_connection, request);
}

tl_str tl_http_request_header(const struct tl_http_request *request, const char *name)
{
    return tl_http_header_value(request->headers, request->header_count, name);
}

static bool has_body(int status)
{
    return status != 204 && status != 304;
}

static bool is_sendable(const struct tl_http_answer *answer)
{
    if (answer->status < 200 || answer->status > 599)
        return false;
    if (answer->type != NULL && !tl_chars_all_in(TL_VALUE_CHARS, answer->type, strlen(answer->type)))
        return false;
    for (size_t i = 0; i < answer->header_count; i++) {
        const struct tl_http_header *header = &answer->headers[i];
        if (!tl_chars_all_in(TL_TOKEN_CHARS, header->name.ptr, header->name.len) ||
            (header->value.len > 0 && !tl_chars_all_in(TL_VALUE_CHARS, header->value.ptr, header->value.len)))
            return false;
    }
    return true;
}

static void put_number(struct tl_buf *out, size_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    tl_buf_add(out, at, (size_t)(digits + sizeof digits - at));
}

static void put_field(struct tl_buf *out, const char *name_colon_blank, const char *value)
{
    tl_buf_add_z(out, name_colon_blank);
    tl_buf_add_z(out, value);
    tl_buf_add(out, "\r\n", 2);
}

/* Status line and fields, up to the framing. */
static void put_head(struct tl_connection *c, const struct tl_http_answer *answer)
{
    struct tl_buf *out = &c->out;
    tl_buf_add(out, "HTTP/1.1 ", 9);
    put_number(out, (size_t)answer->status);
    tl_buf_add_char(out, ' ');
    put_field(out, "", tl_http_status_text(answer->status));
    tl_buf_add_z(out, tl_http_server_date(c->server));
    if (c->server->name != NULL)
        put_field(out, "Server: ", c->server->name);
    if (answer->type != NULL)
        put_field(out, "Content-Type: ", answer->type);
    for (size_t i = 0; i < answer->header_count; i++) {
        tl_buf_add_str(out, answer->headers[i].name);
        tl_buf_add(out, ": ", 2);
        tl_buf_add_str(out, answer->headers[i].value);
        tl_buf_add(out, "\r\n", 2);
    }
    if (c->is_last)
        put_field(out, "Connection: ", "close");
    else if (c->head.minor == 0)
        put_field(out, "Connection: ", "keep-alive");
}

static void put_answer(struct tl_connection *c, const struct tl_http_answer *answer, bool is_head)
{
    put_head(c, answer);
    if (has_body(answer->status)) {
        tl_buf_add_z(&c->out, "Content-Length: ");
        put_number(&c->out, answer->body.len);
        tl_buf_add(&c->out, "\r\n", 2);
    }
    tl_buf_add(&c->out, "\r\n", 2);
    if (has_body(answer->status) && !is_head)
        tl_buf_add_str(&c->out, answer->body);
}

/* A body that has not been read and is not small enough to throw away ends the connection. */
static void note_last(struct tl_connection *c, const struct tl_http_answer *answer)
{
    bool is_unread = c->step == TL_READ_BODY;
    if (answer->close || c->server->stopping ||
        (is_unread && (c->head.expects_continue || c->head.is_chunked || c->head.length > DISCARD_BYTES)))
        c->is_last = true;
}

static void owes_nothing(struct tl_connection *c)
{
    c->is_told = false;
    c->is_answered = true;
    c->is_streaming = false;
    if (c->is_owed) {
        c->is_owed = false;
        tl_loop_op_end(c->server->loop);
    }
    if (c->step == TL_CLOSED)
        tl_connection_release(c);
    else
        tl_connection_process(c);
}

/* The answer itself, or a 500 in place of one that cannot be sent. */
static const struct tl_http_answer *checked(const struct tl_http_answer *answer)
{
    static const struct tl_http_answer instead = {
        .status = 500,
        .type = TL_PROBLEM_TYPE,
        .body = {"{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500}", 68}};
    if (is_sendable(answer))
        return answer;
    tl_log(TL_ERROR, "http.unsendable", "an answer with an impossible status or header was replaced by 500",
           TL_FINT("status", answer->status));
    return &instead;
}

void tl_http_reply(struct tl_http_request *request, const struct tl_http_answer *answer)
{
    struct tl_connection *c = connection_of(request);
    if (c->step != TL_CLOSED) {
        tl_must(!c->is_answered && !c->is_streaming);
        answer = checked(answer);
        note_last(c, answer);
        put_answer(c, answer, tl_str_is(request->method, "HEAD"));
    }
    owes_nothing(c);
}

void tl_connection_refuse(struct tl_connection *c, int status, const char *reason)
{
    tl_connection_tell_gone(c);
    if (c->step == TL_CLOSED)
        return;
    static const struct tl_http_header later = {{"Retry-After", 11}, {"1", 1}};
    struct tl_buf body;
    tl_buf_init(&body, 4096);
    tl_problem_print(&(struct tl_problem){.status = status, .detail = reason}, &body);
    c->is_last = true;
    put_answer(c,
               &(struct tl_http_answer){.status = status,
                                        .type = TL_PROBLEM_TYPE,
                                        .headers = &later,
                                        .header_count = status == 503 ? 1 : 0,
                                        .body = tl_buf_str(&body)},
               false);
    tl_buf_free(&body);
    c->is_answered = true;
    c->step = TL_LINGER;
    c->since_ms = tl_mono_ms();
}

/* ---- in pieces ---- */

static void put_piece(struct tl_connection *c, tl_str piece)
{
    if (piece.len == 0 || tl_str_is(c->request.method, "HEAD"))
        return;
    if (c->is_chunked_out)
        tl_buf_addf(&c->out, "%zx\r\n", piece.len);
    tl_buf_add_str(&c->out, piece);
    if (c->is_chunked_out)
        tl_buf_add(&c->out, "\r\n", 2);
}

void tl_http_stream_start(struct tl_http_request *request, const struct tl_http_answer *answer)
{
    struct tl_connection *c = connection_of(request);
    if (c->step == TL_CLOSED)
        return;
    tl_must(c->step == TL_HANDLING && !c->is_answered && !c->is_streaming);
    answer = checked(answer);
    c->is_streaming = true;
    c->is_chunked_out = c->head.minor == 1;
    if (!c->is_chunked_out)
        c->is_last = true;
    note_last(c, answer);
    put_head(c, answer);
    tl_buf_add_z(&c->out, c->is_chunked_out ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
    put_piece(c, answer->body);
    if (c->has_eof)
        tl_connection_cut(c);
    else
        tl_connection_process(c);
}

bool tl_http_stream_write(struct tl_http_request *request, tl_str piece)
{
    struct tl_connection *c = connection_of(request);
    if (c->step == TL_CLOSED || tl_connection_unsent(c) > c->server->limits.write_bytes)
        return false;
    put_piece(c, piece);
    tl_connection_process(c);
    return true;
}

bool tl_http_stream_is_gone(const struct tl_http_request *request)
{
    return TL_CONTAINER_OF(request, const struct tl_connection, request)->step == TL_CLOSED;
}

void tl_http_stream_end(struct tl_http_request *request)
{
    struct tl_connection *c = connection_of(request);
    if (c->step != TL_CLOSED && c->is_chunked_out && !tl_str_is(request->method, "HEAD"))
        tl_buf_add_z(&c->out, "0\r\n\r\n");
    owes_nothing(c);
}
