/* Listening sockets. */
#include "http_listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static tl_code read_address(const char *host, uint16_t port, union address *out, socklen_t *len, struct tl_error *err)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *len = sizeof out->v4;
        return TL_OK;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *len = sizeof out->v6;
        return TL_OK;
    }
    return tl_fail(err, TL_ECONFIG,
                   "cannot listen on \"%s\": not an IP address; use 127.0.0.1 for this machine only, 0.0.0.0 or :: for "
                   "all interfaces",
                   host);
}

static tl_code give_up(int fd, struct tl_error *err, const char *host, uint16_t port)
{
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (reason == EADDRINUSE)
        return tl_fail(err, TL_EIO,
                       "cannot listen on %s port %u: another process has it; find it with \"ss -ltnp\" or choose "
                       "another port",
                       host, port);
    if (reason == EADDRNOTAVAIL)
        return tl_fail(err, TL_ECONFIG, "cannot listen on %s port %u: this machine has no such address", host, port);
    if (reason == EACCES)
        return tl_fail(err, TL_EACCESS, "cannot listen on %s port %u: ports below 1024 need a privilege", host, port);
    return tl_fail(err, TL_EIO, "cannot listen on %s port %u: %s", host, port, strerror(reason));
}

tl_code tl_listen_tcp(const char *host, uint16_t port, bool share_port, int *fd, uint16_t *bound_port,
                      struct tl_error *err)
{
    union address address;
    socklen_t len;
    tl_code code = read_address(host, port, &address, &len, err);
    if (code != TL_OK)
        return code;
    int on = 1, off = 0;
    int made = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0 || setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (share_port && setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0))
        return give_up(made, err, host, port);
    if (address.any.sa_family == AF_INET6)
        (void)setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off); /* "::" takes IPv4 as well */
    if (bind(made, &address.any, len) != 0 || getsockname(made, &address.any, &len) != 0)
        return give_up(made, err, host, port);
    *bound_port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    *fd = made;
    return TL_OK;
}

/* True when somebody accepts connections there. */
static bool is_answered(const union address *address, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true; /* not known: leave it alone */
    int failed = connect(fd, &address->any, len) != 0 ? errno : 0;
    close(fd);
    return failed != ECONNREFUSED;
}

static tl_code clear_path(const char *path, const union address *address, socklen_t len, struct tl_error *err)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return errno == ENOENT ? TL_OK : tl_fail(err, TL_EIO, "cannot look at %s: %s", path, strerror(errno));
    if (!S_ISSOCK(found.st_mode))
        return tl_fail(err, TL_EIO, "cannot make the socket %s: a file of that name is there, and it is no socket",
                       path);
    if (is_answered(address, len))
        return tl_fail(err, TL_EIO, "cannot make the socket %s: a running process answers there", path);
    if (unlink(path) != 0)
        return tl_fail(err, TL_EIO, "cannot remove the stale socket %s: %s", path, strerror(errno));
    return TL_OK;
}

tl_code tl_listen_unix(const char *path, int *fd, struct tl_error *err)
{
    union address address;
    memset(&address, 0, sizeof address);
    address.local.sun_family = AF_UNIX;
    socklen_t len = sizeof address.local;
    if (strlen(path) >= sizeof address.local.sun_path)
        return tl_fail(err, TL_ECONFIG, "the socket path %s is longer than the %zu bytes the system allows", path,
                       sizeof address.local.sun_path - 1);
    memcpy(address.local.sun_path, path, strlen(path));
    tl_code code = clear_path(path, &address, len, err);
    if (code != TL_OK)
        return code;
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Nobody can connect before listen(), so the mode is right by the time it matters. */
    if (made < 0 || bind(made, &address.any, len) != 0 || chmod(path, 0600) != 0) {
        int reason = errno;
        if (made >= 0)
            close(made);
        return tl_fail(err, TL_EIO, "cannot make the socket %s: %s", path, strerror(reason));
    }
    *fd = made;
    return TL_OK;
}
