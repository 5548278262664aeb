/* The server: listening, stopping, and the list of connections. */
#include "net/http_server.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "http_connection.h"
#include "http_listen.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static void release(void *owner)
{
    struct tl_http_server *server = owner;
    tl_tls_context_free(server->tls);
    tl_free(server->name);
    tl_free(server->socket_path);
    tl_free(server->scratch);
    tl_free(server);
}

static void report_stopped(struct tl_mail *mail)
{
    struct tl_http_server *server = TL_CONTAINER_OF(mail, struct tl_http_server, stopped_mail);
    if (server->stopped != NULL)
        server->stopped(server->stopped_ctx);
    release(server);
}

static void on_all_closed(void *owner)
{
    struct tl_http_server *server = owner;
    tl_timer_stop(&server->grace);
    tl_loop_next(server->loop, &server->stopped_mail);
}

static void on_grace_over(struct tl_timer *timer)
{
    struct tl_http_server *server = TL_CONTAINER_OF(timer, struct tl_http_server, grace);
    struct tl_link *link = tl_list_first(&server->connections);
    while (link != NULL) {
        struct tl_link *after = tl_list_after(&server->connections, link);
        tl_connection_cut(TL_LIST_ITEM(link, struct tl_connection, link));
        link = after;
    }
}

#define OR_DEFAULT(field, value)                                                                                       \
    if (limits->field == 0)                                                                                            \
    limits->field = (value)

static void fill_limits(struct tl_http_limits *limits)
{
    OR_DEFAULT(head_bytes, 16 * 1024);
    OR_DEFAULT(target_bytes, 8 * 1024);
    OR_DEFAULT(headers, 100);
    OR_DEFAULT(body_bytes, 1024 * 1024);
    OR_DEFAULT(connections, 10000);
    OR_DEFAULT(head_ms, 10000);
    OR_DEFAULT(body_ms, 10000);
    OR_DEFAULT(body_per_s, 1024);
    OR_DEFAULT(idle_ms, 60000);
    OR_DEFAULT(write_ms, 30000);
    OR_DEFAULT(write_bytes, 256 * 1024);
}

static struct tl_http_server *server_new(struct tl_loop *loop, const struct tl_http_config *config,
                                         const struct tl_http_handler *handler)
{
    struct tl_http_server *server = TL_NEW(struct tl_http_server);
    server->loop = loop;
    server->handler = *handler;
    server->limits = config->limits;
    fill_limits(&server->limits);
    if (config->seam != NULL)
        server->seam = *config->seam;
    server->name = tl_copy_z(config->name);
    server->socket_path = tl_copy_z(config->socket_path);
    server->scratch = tl_alloc(TL_SCRATCH_BYTES);
    server->date_s = -1;
    tl_list_init(&server->connections);
    tl_handles_init(&server->handles, on_all_closed, server);
    tl_timer_init(&server->grace, on_grace_over);
    tl_mail_init(&server->stopped_mail, report_stopped);
    return server;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct tl_http_server *server = TL_CONTAINER_OF(listener, struct tl_http_server, listener.stream);
    if (status < 0) {
        tl_log(TL_WARN, "http.accept", "could not accept a connection", TL_FSTR("reason", uv_strerror(status)));
        return;
    }
    tl_connection_accept(server);
}

/* Hands the bound socket to libuv and listens. On failure the listener is closed again. */
static tl_code listen_on(struct tl_http_server *server, int fd, struct tl_error *err)
{
    uv_loop_t *uv = tl_loop_uv(server->loop);
    int failed;
    if (server->socket_path != NULL) {
        tl_must(uv_pipe_init(uv, &server->listener.pipe, 0) == 0);
        failed = uv_pipe_open(&server->listener.pipe, fd);
    } else {
        tl_must(uv_tcp_init(uv, &server->listener.tcp) == 0);
        failed = uv_tcp_open(&server->listener.tcp, fd);
    }
    if (failed != 0)
        close(fd);
    if (failed == 0 && server->seam.listen != NULL)
        failed = server->seam.listen(server->seam.ctx);
    if (failed == 0)
        failed = uv_listen(&server->listener.stream, BACKLOG, on_connection);
    if (failed == 0)
        return TL_OK;
    if (server->socket_path != NULL)
        return tl_fail(err, TL_EIO, "cannot listen on %s: %s", server->socket_path, uv_strerror(failed));
    return tl_fail(err, TL_EIO, "cannot listen on port %u: %s%s", server->port, uv_strerror(failed),
                   failed == UV_EADDRINUSE ? "; another process has it: find it with \"ss -ltnp\"" : "");
}

tl_code tl_http_server_start(struct tl_loop *loop, const struct tl_http_config *config,
                             const struct tl_http_handler *handler, struct tl_http_server **out, struct tl_error *err)
{
    struct tl_http_server *server = server_new(loop, config, handler);
    const char *host = config->host != NULL ? config->host : "127.0.0.1";
    tl_code code = TL_OK;
    int fd = -1;
    if (config->cert_file != NULL)
        code = tl_tls_context_new(config->cert_file, config->key_file != NULL ? config->key_file : config->cert_file,
                                  &server->tls, err);
    if (code == TL_OK)
        code = config->socket_path != NULL
                   ? tl_listen_unix(config->socket_path, &fd, err)
                   : tl_listen_tcp(host, config->port, config->share_port, &fd, &server->port, err);
    if (code != TL_OK) {
        release(server);
        return code;
    }
    code = listen_on(server, fd, err);
    if (code != TL_OK) {
        tl_http_server_stop(server, 0, NULL, NULL);
        return code;
    }
    *out = server;
    return TL_OK;
}

void tl_http_server_stop(struct tl_http_server *server, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx)
{
    if (server->stopping) {
        if (tl_timer_is_set(&server->grace))
            tl_timer_start(server->loop, &server->grace, grace_ms);
        return;
    }
    server->stopping = true;
    server->stopped = stopped;
    server->stopped_ctx = ctx;
    if (server->socket_path != NULL)
        unlink(server->socket_path); /* while we still listen, nobody else can have replaced it */
    tl_handles_close(&server->handles, &server->listener.handle);
    struct tl_link *link = tl_list_first(&server->connections);
    while (link != NULL) {
        struct tl_link *after = tl_list_after(&server->connections, link);
        tl_connection_retire(TL_LIST_ITEM(link, struct tl_connection, link));
        link = after;
    }
    tl_timer_start(server->loop, &server->grace, grace_ms);
    if (server->count == 0)
        tl_handles_end(&server->handles);
}

void tl_http_server_left(struct tl_http_server *server, struct tl_connection *connection)
{
    tl_list_remove(&connection->link);
    if (--server->count == 0 && server->stopping)
        tl_handles_end(&server->handles);
}

uint16_t tl_http_server_port(const struct tl_http_server *server)
{
    return server->port;
}

unsigned tl_http_server_connections(const struct tl_http_server *server)
{
    return server->count;
}

const char *tl_http_server_date(struct tl_http_server *server)
{
    int64_t now_s = tl_wall_ms() / 1000;
    if (now_s != server->date_s) {
        time_t now = (time_t)now_s;
        struct tm parts;
        gmtime_r(&now, &parts);
        strftime(server->date, sizeof server->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        server->date_s = now_s;
    }
    return server->date;
}
