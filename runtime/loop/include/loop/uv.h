/* libuv for the net room only. Handles live inside their owner; the owner may be freed only after libuv has called back
 * for every handle it closed. `struct tl_handles` counts that: the owner embeds one, closes handles through it, and is
 * told once when the last is gone. All functions: [loop]. */
#pragma once
#include "loop/loop.h"
#include <uv.h>

uv_loop_t *tl_loop_uv(struct tl_loop *loop);

struct tl_handles {
    unsigned closing;          /* close callbacks still to come */
    bool done;                 /* the owner wants to be told */
    void (*gone)(void *owner); /* called once, when `done` and nothing is closing; may free the owner */
    void *owner;               /* borrow */
};

void tl_handles_init(struct tl_handles *handles, void (*gone)(void *owner), void *owner);
/* Closes an initialised handle; closing it twice does nothing. The handle's `data` is the counter's from here on. */
void tl_handles_close(struct tl_handles *handles, uv_handle_t *handle);
/* No more handles will be closed: call `gone` when the last has been, at the earliest in a later callback if any is
 * pending, at once otherwise. */
void tl_handles_end(struct tl_handles *handles);
