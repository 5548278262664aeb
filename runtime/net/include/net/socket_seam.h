/* Where tests put faults into the server's sockets. Every member may be NULL. Thread: the server's loop. */
#pragma once
#include <stddef.h>

struct tl_socket_seam {
    /* Before listening and after accepting: 0, or a negative errno to fail with. */
    int (*listen)(void *ctx);
    int (*accept)(void *ctx);
    /* `arrived` bytes were read: 0, or a negative errno that takes their place. */
    int (*read)(void *ctx, size_t arrived);
    /* Before writing `wanted` bytes at once: how many the socket takes now (0: none, the rest is written when it is
     * writable), or a negative errno. */
    ptrdiff_t (*write)(void *ctx, size_t wanted);
    void *ctx;
};
