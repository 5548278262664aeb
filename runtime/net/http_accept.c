/* A new connection: whose it is, and whether there is room for it. */
#include "http_connection.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

enum { OVER_CAP = 64 /* connections beyond the cap that still get an answer */ };

static void note_peer(struct tl_connection *c)
{
    struct tl_http_peer *peer = &c->peer;
    peer->uid = -1;
    peer->is_tls = c->server->tls != NULL;
    if (c->server->socket_path != NULL) {
        strcpy(peer->address, "unix");
        struct ucred who;
        socklen_t who_len = sizeof who;
        uv_os_fd_t fd;
        if (uv_fileno(&c->socket.handle, &fd) == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_len) == 0)
            peer->uid = (int64_t)who.uid;
        return;
    }
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } from;
    int len = sizeof from;
    memset(&from, 0, sizeof from);
    if (uv_tcp_getpeername(&c->socket.tcp, &from.any, &len) != 0)
        return;
    if (from.any.sa_family == AF_INET) {
        uv_ip4_name(&from.v4, peer->address, sizeof peer->address);
        peer->port = ntohs(from.v4.sin_port);
    } else {
        uv_ip6_name(&from.v6, peer->address, sizeof peer->address);
        peer->port = ntohs(from.v6.sin6_port);
        if (strncmp(peer->address, "::ffff:", 7) == 0 && strchr(peer->address, '.') != NULL)
            memmove(peer->address, peer->address + 7, strlen(peer->address + 7) + 1); /* IPv4 on a "::" listener */
    }
}

static int take_socket(struct tl_connection *c)
{
    struct tl_http_server *server = c->server;
    uv_loop_t *uv = tl_loop_uv(server->loop);
    if (server->socket_path != NULL)
        tl_must(uv_pipe_init(uv, &c->socket.pipe, 0) == 0);
    else
        tl_must(uv_tcp_init(uv, &c->socket.tcp) == 0);
    int failed = uv_accept(&server->listener.stream, &c->socket.stream);
    if (failed == 0 && server->seam.accept != NULL)
        failed = server->seam.accept(server->seam.ctx);
    if (failed == 0 && server->socket_path == NULL)
        uv_tcp_nodelay(&c->socket.tcp, 1);
    return failed;
}

void tl_connection_accept(struct tl_http_server *server)
{
    struct tl_connection *c = tl_connection_new(server);
    unsigned cap = server->limits.connections;
    bool is_over = server->count > cap;
    int failed = take_socket(c);
    if (failed != 0 || (is_over && (server->tls != NULL || server->count > cap + OVER_CAP))) {
        tl_connection_cut(c);
        return;
    }
    note_peer(c);
    if (server->tls != NULL)
        c->tls = tl_tls_new(server->tls);
    if (is_over)
        tl_connection_refuse(c, 503, "This server has as many connections as it can serve. Try again in a moment.");
    tl_connection_process(c);
}
