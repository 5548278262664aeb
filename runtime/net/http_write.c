/* Sending: what is in `out` goes to the socket at once as far as it takes it; the rest is left to libuv, one write at a
 * time, while further answers gather in `out`. */
#include "http_connection.h"
#include "base/clock.h"

enum { KEPT_BYTES = 256 * 1024 /* larger buffers are given back after use */ };

size_t tl_connection_unsent(const struct tl_connection *c)
{
    return c->out.len + c->wire.len + (c->is_writing ? uv_stream_get_write_queue_size(&c->socket.stream) : 0);
}

static void empty(struct tl_buf *buf)
{
    if (buf->cap > KEPT_BYTES)
        tl_buf_free(buf);
    else
        tl_buf_clear(buf);
}

static void on_written(uv_write_t *write, int status)
{
    struct tl_connection *c = TL_CONTAINER_OF(write, struct tl_connection, write);
    c->is_writing = false;
    empty(&c->sending);
    if (status < 0)
        tl_connection_cut(c);
    else
        tl_connection_process(c);
}

/* How many bytes the socket took now; negative: an error. */
static ptrdiff_t write_now(struct tl_connection *c, const struct tl_buf *buf)
{
    const struct tl_socket_seam *seam = &c->server->seam;
    ptrdiff_t most = seam->write != NULL ? seam->write(seam->ctx, buf->len) : (ptrdiff_t)buf->len;
    if (most <= 0)
        return most;
    uv_buf_t piece = uv_buf_init(buf->ptr, (unsigned)((size_t)most < buf->len ? (size_t)most : buf->len));
    int took = uv_try_write(&c->socket.stream, &piece, 1);
    return took == UV_EAGAIN ? 0 : took;
}

static void write_rest(struct tl_connection *c, struct tl_buf *buf, size_t took)
{
    struct tl_buf swapped = c->sending;
    c->sending = *buf;
    *buf = swapped;
    uv_buf_t piece = uv_buf_init(c->sending.ptr + took, (unsigned)(c->sending.len - took));
    c->is_writing = true;
    c->unsent_before = c->sending.len - took;
    c->write_due_ms = tl_mono_ms() + c->server->limits.write_ms;
    if (uv_write(&c->write, &c->socket.stream, &piece, 1, on_written) != 0) {
        c->is_writing = false;
        tl_connection_cut(c);
    }
}

void tl_connection_flush(struct tl_connection *c)
{
    if (c->step == TL_CLOSED || c->is_writing)
        return;
    struct tl_buf *buf = &c->out;
    if (c->tls != NULL) {
        if (!tl_tls_write(c->tls, c->out.ptr, c->out.len)) {
            tl_connection_cut(c);
            return;
        }
        empty(&c->out);
        tl_tls_take(c->tls, &c->wire);
        buf = &c->wire;
    }
    if (buf->len > 0) {
        ptrdiff_t took = write_now(c, buf);
        if (took < 0) {
            tl_connection_cut(c);
            return;
        }
        if ((size_t)took < buf->len) {
            write_rest(c, buf, (size_t)took);
            return;
        }
        empty(buf);
    }
    if (c->step == TL_LINGER)
        tl_connection_shut(c);
}

static void on_shut(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status; /* the client's end of file or the deadline closes the socket in any case */
}

void tl_connection_shut(struct tl_connection *c)
{
    if (c->has_eof) {
        tl_connection_cut(c);
        return;
    }
    if (c->is_shut)
        return;
    c->is_shut = true;
    c->since_ms = tl_mono_ms();
    if (c->tls != NULL) {
        tl_tls_end(c->tls);
        tl_tls_take(c->tls, &c->wire);
        if (c->wire.len > 0)
            (void)write_now(c, &c->wire); /* a goodbye that does not fit is not worth waiting for */
        empty(&c->wire);
    }
    if (uv_shutdown(&c->shutdown, &c->socket.stream, on_shut) != 0)
        tl_connection_cut(c);
}
