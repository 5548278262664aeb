/* A queue of states and a thread that empties it. */
#include "closer.h"
#include "base/alloc.h"
#include "engine_int.h"
#include "use.h"

struct tl_closing {
    struct tl_closing *next; /* own */
    void *host;              /* own */
    struct tl_use *use;      /* counted */
};

static void close_host(struct tl_engine *engine, void *host, struct tl_use *use)
{
    engine->runs->close(engine->runs->ctx, host);
    tl_use_drop(use);
}

static void body(void *ctx)
{
    struct tl_engine *engine = ctx;
    struct tl_closer *closer = &engine->closer;
    pthread_mutex_lock(&closer->lock);
    while (closer->first != NULL || !closer->ending) {
        struct tl_closing *closing = closer->first;
        if (closing == NULL) {
            pthread_cond_wait(&closer->more, &closer->lock);
            continue;
        }
        closer->first = closing->next;
        pthread_mutex_unlock(&closer->lock);
        close_host(engine, closing->host, closing->use);
        tl_free(closing);
        pthread_mutex_lock(&closer->lock);
    }
    pthread_mutex_unlock(&closer->lock);
}

tl_code tl_closer_start(struct tl_engine *engine, struct tl_error *err)
{
    engine->closer.ending = false;
    return tl_thread_start("closer", body, engine, &engine->closer.thread, err);
}

void tl_closer_take(struct tl_engine *engine, void *host, struct tl_use *use)
{
    struct tl_closer *closer = &engine->closer;
    if (closer->thread == NULL) {
        close_host(engine, host, use);
        return;
    }
    struct tl_closing *closing = TL_NEW(struct tl_closing);
    pthread_mutex_lock(&closer->lock);
    *closing = (struct tl_closing){closer->first, host, use};
    closer->first = closing;
    pthread_cond_signal(&closer->more);
    pthread_mutex_unlock(&closer->lock);
}

void tl_closer_end(struct tl_engine *engine)
{
    struct tl_closer *closer = &engine->closer;
    pthread_mutex_lock(&closer->lock);
    closer->ending = true;
    pthread_cond_signal(&closer->more);
    pthread_mutex_unlock(&closer->lock);
    tl_thread_join(closer->thread);
    closer->thread = NULL;
}
