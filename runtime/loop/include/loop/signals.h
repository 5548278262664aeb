/* SIGINT, SIGTERM (stop) and SIGHUP (reread) as calls on a loop, usually the main one. One at a time per process. */
#pragma once
#include "base/error.h"
#include "loop/loop.h"

struct tl_signals;

struct tl_signals_to {
    /* SIGINT or SIGTERM. The second one in a row arrives here too: hurry. */
    void (*on_stop)(void *ctx, int signal_number, int times);
    void (*on_reread)(void *ctx); /* SIGHUP; NULL ignores it */
    void *ctx;
};

/* `to` is copied. [loop] */
TL_MUST_CHECK tl_code tl_signals_start(struct tl_loop *loop, const struct tl_signals_to *to, struct tl_signals **out,
                                       struct tl_error *err);
/* Restores the default handling; NULL is fine. [loop] */
void tl_signals_stop(struct tl_signals *signals);
