/* Signals as calls on a loop. */
#include "loop/signals.h"
#include "base/alloc.h"
#include "loop/uv.h"
#include <signal.h>

enum { SIGNALS = 3 };
static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

struct tl_signals {
    uv_signal_t handles[SIGNALS];
    struct tl_handles closing;
    struct tl_signals_to to;
    int stops; /* SIGINT and SIGTERM seen so far */
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct tl_signals *signals = handle->data;
    if (number == SIGHUP) {
        if (signals->to.on_reread != NULL)
            signals->to.on_reread(signals->to.ctx);
        return;
    }
    signals->to.on_stop(signals->to.ctx, number, ++signals->stops);
}

static void release(void *owner)
{
    tl_free(owner);
}

tl_code tl_signals_start(struct tl_loop *loop, const struct tl_signals_to *to, struct tl_signals **out,
                         struct tl_error *err)
{
    struct tl_signals *signals = TL_NEW(struct tl_signals);
    signals->to = *to;
    tl_handles_init(&signals->closing, release, signals);
    int failed = 0;
    for (int i = 0; i < SIGNALS; i++) {
        tl_must(uv_signal_init(tl_loop_uv(loop), &signals->handles[i]) == 0);
        signals->handles[i].data = signals;
        if (failed == 0)
            failed = uv_signal_start(&signals->handles[i], on_signal, numbers[i]);
    }
    if (failed != 0) {
        tl_signals_stop(signals);
        return tl_fail(err, TL_EFAILED, "could not listen for signals: %s", uv_strerror(failed));
    }
    *out = signals;
    return TL_OK;
}

void tl_signals_stop(struct tl_signals *signals)
{
    if (signals == NULL)
        return;
    for (int i = 0; i < SIGNALS; i++)
        tl_handles_close(&signals->closing, (uv_handle_t *)&signals->handles[i]);
    tl_handles_end(&signals->closing);
}
