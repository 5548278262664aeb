/* One connection of the server, from accept to close. tl_connection_process moves it as far as it can go: head, body,
 * handler, reply, next request. Everything that happens (bytes, a reply, a write done) ends in a call of it.
 *
 * While a request is being handled its bytes do not move: reading goes on only as long as there is room behind it. */
#include "http_connection.h"
#include "base/alloc.h"
#include "base/clock.h"
#include <string.h>

enum {
    FIRST_BYTES = 4096,        /* input buffer of a new connection */
    KEPT_BYTES = 64 * 1024,    /* a larger input buffer shrinks again after its request */
    AHEAD_BYTES = 256 * 1024,  /* most that is set aside for an announced body before it comes */
    LEAST_ROOM = 1024,         /* a read should have at least this much */
    DISCARD_BYTES = 64 * 1024, /* a body this long is read and thrown away to keep the connection */
    LINGER_MS = 2000           /* for the client to take the last answer and close */
};

static void watch(struct tl_connection *c);
static void keep_reading(struct tl_connection *c);

/* ---- the request as the handler sees it ---- */

static tl_str slice(const struct tl_connection *c, struct tl_http_span span)
{
    return tl_str_n(c->in + c->start + span.at, span.len);
}

static void fill_request(struct tl_connection *c)
{
    struct tl_http_request *request = &c->request;
    const struct tl_http_head *head = &c->head;
    if (c->headers_cap < head->count) {
        c->headers_cap = head->count + 8;
        c->headers = tl_realloc(c->headers, c->headers_cap * sizeof(struct tl_http_header));
    }
    for (size_t i = 0; i < head->count; i++) {
        c->headers[i].name = slice(c, head->fields[i].name);
        c->headers[i].value = slice(c, head->fields[i].value);
    }
    request->method = slice(c, head->method);
    request->target = slice(c, head->target);
    request->path = slice(c, head->path);
    request->query = slice(c, head->query);
    request->host = slice(c, head->host);
    request->headers = c->headers;
    request->header_count = head->count;
    size_t body = c->start + head->size;
    request->body = tl_str_n(c->in + body, c->step == TL_HANDLING ? c->body_end - body : 0);
}

/* ---- input buffer ---- */

/* Moves the present request to the front. */
static void move_to_front(struct tl_connection *c)
{
    if (c->start == 0)
        return;
    memmove(c->in, c->in + c->start, c->in_len - c->start);
    c->in_len -= c->start;
    c->raw -= c->raw > c->start ? c->start : c->raw;
    c->body_end -= c->body_end > c->start ? c->start : c->body_end;
    c->start = 0;
}

static bool is_backed_up(const struct tl_connection *c)
{
    return tl_connection_unsent(c) > c->server->limits.write_bytes;
}

/* Room for another read; the buffer grows only for a request that is still being read. */
static bool make_room(struct tl_connection *c)
{
    bool may_move = c->step == TL_READ_BODY || (c->step == TL_READ_HEAD && !is_backed_up(c));
    if (!may_move || c->in_cap - c->in_len >= LEAST_ROOM)
        return c->in_cap > c->in_len;
    move_to_front(c);
    size_t wanted = c->in_len + LEAST_ROOM;
    if (c->step == TL_READ_BODY && !c->head.is_chunked)
        wanted = c->in_len + (c->body.left < AHEAD_BYTES ? (size_t)c->body.left : AHEAD_BYTES);
    if (wanted > c->in_cap) {
        c->in_cap = wanted > 2 * c->in_cap ? wanted : 2 * c->in_cap;
        c->in = tl_realloc(c->in, c->in_cap);
    }
    return c->in_cap > c->in_len;
}

/* Decrypts what has come; true when there is something new to look at. */
static bool pull(struct tl_connection *c)
{
    if (c->tls == NULL || !make_room(c))
        return false;
    size_t got;
    switch (tl_tls_read(c->tls, c->in + c->in_len, c->in_cap - c->in_len, &got)) {
    case TL_TLS_BYTES:
        c->in_len += got;
        return true;
    case TL_TLS_END:
        c->has_eof = true;
        return true;
    case TL_TLS_BROKEN:
        tl_connection_flush(c); /* the alert */
        tl_connection_cut(c);
        return false;
    default:
        return false;
    }
}

/* The present request needs more bytes; true when they are here already. */
static bool want_more(struct tl_connection *c)
{
    if (c->has_eof) {
        tl_connection_tell_gone(c);
        if (c->step != TL_CLOSED)
            c->step = TL_LINGER;
        return false;
    }
    return pull(c);
}

/* ---- one request after the other ---- */

static void next_request(struct tl_connection *c)
{
    c->start = c->raw;
    if (c->start == c->in_len) {
        c->start = c->in_len = c->raw = 0;
        if (c->in_cap > KEPT_BYTES) {
            c->in_cap = FIRST_BYTES;
            tl_free(c->in);
            c->in = tl_alloc(c->in_cap);
        }
    }
    tl_http_head_begin(&c->head);
    c->is_begun = c->is_answered = c->is_streaming = false;
    c->since_ms = tl_mono_ms();
    c->step = c->is_last ? TL_LINGER : TL_READ_HEAD;
}

static void hand_over(struct tl_connection *c)
{
    c->step = TL_HANDLING;
    fill_request(c);
    c->is_owed = true;
    tl_loop_op_begin(c->server->loop);
    c->server->handler.on_request(c->server->handler.ctx, &c->request);
}

static void body_done(struct tl_connection *c)
{
    if (c->is_answered)
        next_request(c);
    else
        hand_over(c);
}

static void begin_body(struct tl_connection *c)
{
    size_t body = c->start + c->head.size;
    c->raw = c->body_end = body;
    uint64_t max = c->is_answered ? DISCARD_BYTES : c->request.body_max;
    enum tl_http_read result = tl_http_body_begin(&c->body, &c->head, max);
    if (c->is_answered && c->is_last)
        c->step = TL_LINGER;
    else if (result == TL_HTTP_BAD)
        tl_connection_refuse(c, c->body.status, c->body.reason);
    else if (result == TL_HTTP_DONE)
        body_done(c);
    else if (c->head.expects_continue && c->in_len == body && !c->is_answered)
        tl_buf_add_z(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void head_done(struct tl_connection *c)
{
    const struct tl_http_handler *handler = &c->server->handler;
    c->step = TL_READ_BODY;
    c->since_ms = tl_mono_ms();
    c->is_last = !c->head.keeps_alive || c->server->stopping;
    c->is_told = true;
    c->request.user = NULL;
    c->request.body_max = c->server->limits.body_bytes;
    c->request.received_mono_ms = c->since_ms;
    if (handler->on_head != NULL) {
        fill_request(c);
        handler->on_head(handler->ctx, &c->request);
    }
    if (c->step == TL_READ_BODY)
        begin_body(c);
}

static bool read_head(struct tl_connection *c)
{
    c->is_held = is_backed_up(c);
    if (c->is_held)
        return false;
    if (c->start == c->in_len)
        return want_more(c);
    if (!c->is_begun) {
        c->is_begun = true;
        c->since_ms = tl_mono_ms();
    }
    switch (tl_http_head_read(&c->head, c->in + c->start, c->in_len - c->start)) {
    case TL_HTTP_MORE:
        return want_more(c);
    case TL_HTTP_BAD:
        tl_connection_refuse(c, c->head.status, c->head.reason);
        return true;
    default:
        head_done(c);
        return true;
    }
}

static bool read_body(struct tl_connection *c)
{
    if (c->raw == c->in_len)
        return want_more(c);
    size_t used, made;
    enum tl_http_read result =
        tl_http_body_read(&c->body, c->in + c->body_end, c->in + c->raw, c->in_len - c->raw, &used, &made);
    c->raw += used;
    c->body_end += c->is_answered ? 0 : made;
    if (result == TL_HTTP_BAD) {
        if (c->is_answered)
            c->step = TL_LINGER;
        else
            tl_connection_refuse(c, c->body.status, c->body.reason);
    } else if (result == TL_HTTP_DONE) {
        body_done(c);
    } else {
        c->in_len = c->raw = c->body_end; /* all raw bytes are used: the next ones go right behind the decoded ones */
    }
    return true;
}

/* One step of the story; false when nothing more can be done now. */
static bool advance(struct tl_connection *c)
{
    switch (c->step) {
    case TL_READ_HEAD:
        return read_head(c);
    case TL_READ_BODY:
        return read_body(c);
    case TL_HANDLING:
        if (!c->is_answered)
            return pull(c);
        next_request(c);
        return true;
    case TL_LINGER:
        c->start = c->raw = c->in_len = 0;
        return false;
    default:
        return false;
    }
}

void tl_connection_process(struct tl_connection *c)
{
    if (c->is_processing || c->step == TL_CLOSED)
        return;
    do {
        c->is_held = false;
        c->is_processing = true;
        while (advance(c))
            ;
        c->is_processing = false;
        tl_connection_flush(c);
    } while (c->is_held && c->step == TL_READ_HEAD && !is_backed_up(c)); /* the socket took it all at once */
    keep_reading(c);
    watch(c);
}

/* ---- the socket ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct tl_connection *c = TL_CONTAINER_OF(handle, struct tl_connection, socket.handle);
    bool is_scratch = c->tls != NULL || c->step == TL_LINGER;
    buf->base = is_scratch ? c->server->scratch : c->in + c->in_len;
    buf->len = is_scratch ? TL_SCRATCH_BYTES : c->in_cap - c->in_len;
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct tl_connection *c = TL_CONTAINER_OF(stream, struct tl_connection, socket.stream);
    if (got == 0)
        return;
    if (got > 0 && c->server->seam.read != NULL) {
        int failed = c->server->seam.read(c->server->seam.ctx, (size_t)got);
        got = failed != 0 ? failed : got;
    }
    if (got == UV_EOF && !c->is_streaming) {
        c->has_eof = true; /* it may still be reading: answers are sent */
    } else if (got < 0) {
        tl_connection_cut(c);
        return;
    } else if (c->step == TL_LINGER) {
        return;
    } else if (c->tls != NULL) {
        tl_tls_feed(c->tls, buf->base, (size_t)got);
    } else {
        c->in_len += (size_t)got;
    }
    tl_connection_process(c);
}

static void keep_reading(struct tl_connection *c)
{
    if (c->step == TL_CLOSED)
        return;
    bool wanted = !c->has_eof && (c->step == TL_LINGER || make_room(c));
    if (wanted && !c->is_reading && uv_read_start(&c->socket.stream, on_alloc, on_read) != 0) {
        tl_connection_cut(c);
        return;
    }
    if (!wanted && c->is_reading)
        uv_read_stop(&c->socket.stream);
    c->is_reading = wanted;
}

static void on_gone(void *owner)
{
    struct tl_connection *c = owner;
    tl_http_server_left(c->server, c);
    tl_tls_free(c->tls);
    tl_http_head_free(&c->head);
    tl_free(c->in);
    tl_free(c->headers);
    tl_buf_free(&c->out);
    tl_buf_free(&c->wire);
    tl_buf_free(&c->sending);
    tl_free(c);
}

void tl_connection_release(struct tl_connection *c)
{
    if (c->is_owed || c->is_released)
        return;
    c->is_released = true;
    tl_handles_end(&c->handles);
}

void tl_connection_tell_gone(struct tl_connection *c)
{
    const struct tl_http_handler *handler = &c->server->handler;
    if (!c->is_told)
        return;
    c->is_told = false;
    if (handler->on_gone != NULL)
        handler->on_gone(handler->ctx, &c->request);
}

void tl_connection_cut(struct tl_connection *c)
{
    if (c->step == TL_CLOSED)
        return;
    c->step = TL_CLOSED;
    tl_timer_stop(&c->timer);
    tl_handles_close(&c->handles, &c->socket.handle);
    tl_connection_tell_gone(c);
    tl_connection_release(c);
}

void tl_connection_retire(struct tl_connection *c)
{
    c->is_last = true;
    if (c->step == TL_READ_HEAD && c->in_len == c->start && tl_connection_unsent(c) == 0)
        tl_connection_cut(c);
}

/* ---- deadlines ---- */

static int64_t due_ms(const struct tl_connection *c)
{
    const struct tl_http_limits *limits = &c->server->limits;
    if (c->is_writing)
        return c->write_due_ms;
    switch (c->step) {
    case TL_READ_HEAD:
        return c->since_ms + (c->is_begun ? limits->head_ms : limits->idle_ms);
    case TL_READ_BODY:
        return c->since_ms + limits->body_ms + (int64_t)(c->body.total / limits->body_per_s) * 1000;
    case TL_LINGER:
        return c->since_ms + LINGER_MS;
    default:
        return INT64_MAX;
    }
}

/* The timer is only ever moved forward in time when it fires: a busy connection costs no timer work. */
static void watch(struct tl_connection *c)
{
    if (c->step == TL_CLOSED)
        return;
    int64_t due = due_ms(c);
    if (due != INT64_MAX && (!tl_timer_is_set(&c->timer) || c->timer.due_ms > due))
        tl_timer_start_at(c->server->loop, &c->timer, due);
}

static void expire(struct tl_connection *c)
{
    size_t unsent = uv_stream_get_write_queue_size(&c->socket.stream);
    if (c->is_writing && unsent < c->unsent_before) {
        c->unsent_before = unsent;
        c->write_due_ms = tl_mono_ms() + c->server->limits.write_ms;
        watch(c);
    } else if (!c->is_writing && (c->step == TL_READ_BODY || (c->step == TL_READ_HEAD && c->in_len > c->start))) {
        tl_connection_refuse(c, 408, "The request did not arrive in time.");
        tl_connection_process(c);
    } else {
        tl_connection_cut(c);
    }
}

static void on_timer(struct tl_timer *timer)
{
    struct tl_connection *c = TL_CONTAINER_OF(timer, struct tl_connection, timer);
    if (tl_mono_ms() >= due_ms(c))
        expire(c);
    else
        watch(c);
}

/* ---- a new connection ---- */

struct tl_connection *tl_connection_new(struct tl_http_server *server)
{
    struct tl_connection *c = TL_NEW(struct tl_connection);
    const struct tl_http_limits *limits = &server->limits;
    c->server = server;
    c->request.peer = &c->peer;
    c->in_cap = FIRST_BYTES;
    c->in = tl_alloc(c->in_cap);
    c->is_begun = true;
    c->since_ms = tl_mono_ms();
    tl_http_head_init(&c->head, &(struct tl_http_head_limits){(uint32_t)limits->head_bytes,
                                                              (uint32_t)limits->target_bytes, limits->headers});
    tl_buf_init(&c->out, SIZE_MAX / 4);
    tl_buf_init(&c->wire, SIZE_MAX / 4);
    tl_buf_init(&c->sending, SIZE_MAX / 4);
    tl_timer_init(&c->timer, on_timer);
    tl_handles_init(&c->handles, on_gone, c);
    tl_list_push(&server->connections, &c->link);
    server->count++;
    return c;
}
