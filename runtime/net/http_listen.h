/* Listening sockets, made by hand so that they can be shared by lanes (SO_REUSEPORT) or private (Unix, mode 0600). */
#pragma once
#include "net/http_server.h"

/* A bound TCP socket, not yet listening; `*port` is the one it got. */
TL_MUST_CHECK tl_code tl_listen_tcp(const char *host, uint16_t port, bool share_port, int *fd, uint16_t *bound_port,
                                    struct tl_error *err);
/* A bound Unix socket. A socket file that nobody listens on is replaced; any other file is left alone (TL_EIO). */
TL_MUST_CHECK tl_code tl_listen_unix(const char *path, int *fd, struct tl_error *err);
