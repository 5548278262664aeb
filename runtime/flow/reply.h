/* An answer on its way to another loop. */
#pragma once
#include "base/error.h"
#include "loop/loop.h"

struct tl_reply {
    struct tl_mail mail;
    struct tl_loop *loop; /* borrow */
    void (*done)(void *ctx, tl_code code, const char *text);
    void *ctx;
    tl_code code;
    char *text; /* own */
};

struct tl_reply *tl_reply_new(struct tl_loop *loop, void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
/* Sends it off, in a later callback, and frees it then. `text` is copied; NULL: "". [any] */
void tl_reply_send(struct tl_reply *reply, tl_code code, const char *text);
