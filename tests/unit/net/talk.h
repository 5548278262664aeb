/* A raw client beside a server on one thread: bytes are sent, the loop turns, bytes are read. */
#pragma once
#include "loop/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TALK_TURNS = 20000 /* of at most a millisecond */ };

struct talk {
    struct tl_loop *loop;
    int fd;
    bool is_closed; /* the server has closed */
    size_t len;
    char heard[1 << 20];
};

static inline void talk_start(struct talk *talk, struct tl_loop *loop, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    talk->loop = loop;
    talk->len = 0;
    talk->heard[0] = 0;
    talk->is_closed = false;
    talk->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(talk->fd, (struct sockaddr *)&to, sizeof to), 0);
}

static inline void talk_forget(struct talk *talk)
{
    talk->len = 0;
    talk->heard[0] = 0;
}

static inline void talk_hear(struct talk *talk)
{
    ssize_t got = recv(talk->fd, talk->heard + talk->len, sizeof talk->heard - 1 - talk->len, MSG_DONTWAIT);
    if (got > 0)
        talk->len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        talk->is_closed = true;
    talk->heard[talk->len] = 0;
}

/* Sends, turning the loop while the server does not take it; gives up when it never does. */
static inline size_t talk_say_bytes(struct talk *talk, const char *bytes, size_t len)
{
    size_t sent = 0;
    for (int i = 0; i < TALK_TURNS && sent < len && !talk->is_closed; i++) {
        ssize_t took = send(talk->fd, bytes + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (took > 0)
            sent += (size_t)took;
        else if (took < 0 && errno != EAGAIN)
            break;
        tl_loop_turn(talk->loop);
    }
    return sent;
}

static inline void talk_say(struct talk *talk, const char *text)
{
    assert_int_equal(talk_say_bytes(talk, text, strlen(text)), strlen(text));
}

static inline bool talk_until(struct talk *talk, const char *text)
{
    for (int i = 0; i < TALK_TURNS && strstr(talk->heard, text) == NULL && !talk->is_closed; i++) {
        tl_loop_wait(talk->loop, 1);
        talk_hear(talk);
    }
    return strstr(talk->heard, text) != NULL;
}

static inline bool talk_until_closed(struct talk *talk)
{
    for (int i = 0; i < TALK_TURNS && !talk->is_closed; i++) {
        tl_loop_wait(talk->loop, 1);
        talk_hear(talk);
    }
    return talk->is_closed;
}

/* Lets everything under way happen: on the loopback what was sent has arrived. */
static inline void talk_settle(struct talk *talk)
{
    for (int i = 0; i < 10; i++) {
        tl_loop_turn(talk->loop);
        if (!talk->is_closed)
            talk_hear(talk);
    }
}

static inline void talk_end(struct talk *talk)
{
    if (talk->fd >= 0)
        close(talk->fd);
    talk->fd = -1;
}

static inline int count_of(const char *text, const char *word)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
        count++;
    return count;
}
