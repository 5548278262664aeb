/* Curl's sockets on the loop.
 *
 * Curl says "remove" after every request and "add" before the next one on the same connection; doing so costs two
 * epoll_ctl calls a request. So the watch of a connection stays as it is on "remove" and is only marked as parked; it
 * is stopped if the idle connection stirs, and closed when curl closes the socket. That needs to know when: curl tells
 * for sockets which it opened through our callback. Others (the resolver's wake-up pair) are watched the plain way. */
#include "client.h"
#include "base/alloc.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tl_watch {
    uv_poll_t poll;
    struct tl_http_client *client; /* borrow */
    struct tl_handles handles;
    curl_socket_t fd;
    bool is_connection; /* curl tells us before it closes it */
    bool is_open;       /* `poll` is initialised */
    bool is_parked;     /* curl has no interest in it at present */
    int events;         /* what `poll` is active for; 0: not active */
};

static void release(void *owner)
{
    tl_free(owner);
}

static struct tl_watch *find(struct tl_http_client *client, curl_socket_t fd)
{
    return (size_t)fd < client->watch_count ? client->watches[fd] : NULL;
}

static struct tl_watch *add(struct tl_http_client *client, curl_socket_t fd, bool is_connection)
{
    if ((size_t)fd >= client->watch_count) {
        size_t count = (size_t)fd + 64;
        client->watches = tl_realloc(client->watches, count * sizeof(struct tl_watch *));
        memset(client->watches + client->watch_count, 0, (count - client->watch_count) * sizeof(struct tl_watch *));
        client->watch_count = count;
    }
    tl_must(client->watches[fd] == NULL);
    struct tl_watch *watch = TL_NEW(struct tl_watch);
    watch->client = client;
    watch->fd = fd;
    watch->is_connection = is_connection;
    tl_handles_init(&watch->handles, release, watch);
    client->watches[fd] = watch;
    return watch;
}

static void drop(struct tl_watch *watch)
{
    watch->client->watches[watch->fd] = NULL;
    if (watch->is_open)
        tl_handles_close(&watch->handles, (uv_handle_t *)&watch->poll);
    tl_handles_end(&watch->handles);
}

static void act(struct tl_http_client *client, curl_socket_t fd, int flags)
{
    int running;
    curl_multi_socket_action(client->multi, fd, flags, &running);
    tl_client_look(client);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct tl_watch *watch = TL_CONTAINER_OF(poll, struct tl_watch, poll);
    if (watch->is_parked) { /* closed by the server, most likely: curl finds out when it wants to use it */
        uv_poll_stop(poll);
        watch->events = 0;
        return;
    }
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    act(watch->client, watch->fd, flags);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    (void)easy;
    (void)unused;
    struct tl_http_client *client = ctx;
    struct tl_watch *watch = find(client, fd);
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL && watch->is_connection)
            watch->is_parked = true;
        else if (watch != NULL)
            drop(watch);
        return 0;
    }
    if (watch == NULL)
        watch = add(client, fd, false);
    if (!watch->is_open) {
        if (uv_poll_init_socket(tl_loop_uv(client->loop), &watch->poll, fd) != 0)
            return -1;
        watch->is_open = true;
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    watch->is_parked = false;
    if (events != watch->events && uv_poll_start(&watch->poll, events, on_event) == 0)
        watch->events = events;
    return 0;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct tl_http_client *client = ctx;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    add(client, fd, true);
    return fd;
}

static int on_close(void *ctx, curl_socket_t fd)
{
    struct tl_http_client *client = ctx;
    struct tl_watch *watch = find(client, fd);
    if (watch != NULL)
        drop(watch);
    return close(fd);
}

static void on_alarm(uv_timer_t *alarm)
{
    act(TL_CONTAINER_OF(alarm, struct tl_http_client, alarm), CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct tl_http_client *client = ctx;
    if (timeout_ms < 0)
        uv_timer_stop(&client->alarm);
    else if (!uv_is_closing((uv_handle_t *)&client->alarm))
        uv_timer_start(&client->alarm, on_alarm, (uint64_t)timeout_ms, 0);
    return 0;
}

void tl_client_sockets_init(struct tl_http_client *client)
{
    tl_must(uv_timer_init(tl_loop_uv(client->loop), &client->alarm) == 0);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

void tl_client_sockets_end(struct tl_http_client *client)
{
    for (size_t fd = 0; fd < client->watch_count; fd++)
        if (client->watches[fd] != NULL)
            drop(client->watches[fd]);
    tl_free(client->watches);
    client->watches = NULL;
    client->watch_count = 0;
    tl_handles_close(&client->handles, (uv_handle_t *)&client->alarm);
}

void tl_client_sockets_use(struct tl_http_client *client, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, client);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, client);
}
