/* A queue of jobs and a thread that empties it. */
#include "state_thread.h"
#include "base/alloc.h"
#include "base/log.h"
#include "engine_int.h"
#include "use.h"

struct closing {
    struct tl_state_job job;
    void *host;         /* own */
    struct tl_use *use; /* counted */
};

static void close_host(struct tl_engine *engine, void *host, struct tl_use *use)
{
    engine->runs->close(engine->runs->ctx, host);
    tl_use_drop(use);
}

static void work_closing(struct tl_engine *engine, struct tl_state_job *job)
{
    struct closing *closing = TL_CONTAINER_OF(job, struct closing, job);
    close_host(engine, closing->host, closing->use);
    tl_free(closing);
}

static void work_opening(struct tl_engine *engine, struct tl_state_job *job)
{
    struct tl_opening *opening = TL_CONTAINER_OF(job, struct tl_opening, job);
    struct tl_error err;
    if (engine->runs->open(engine->runs->ctx, NULL, opening->revision, &opening->host, &err) != TL_OK) {
        tl_log(TL_WARN, "lane.state", err.text, TL_FSTR("revision", opening->revision));
        opening->host = NULL;
    }
    tl_loop_post(opening->lane->loop, &opening->opened);
}

static void body(void *ctx)
{
    struct tl_engine *engine = ctx;
    struct tl_state_thread *states = &engine->states;
    pthread_mutex_lock(&states->lock);
    while (states->first != NULL || !states->ending) {
        struct tl_state_job *job = states->first;
        if (job == NULL) {
            pthread_cond_wait(&states->more, &states->lock);
            continue;
        }
        states->first = job->next;
        pthread_mutex_unlock(&states->lock);
        job->work(engine, job);
        pthread_mutex_lock(&states->lock);
    }
    pthread_mutex_unlock(&states->lock);
}

static void take(struct tl_engine *engine, struct tl_state_job *job,
                 void (*work)(struct tl_engine *, struct tl_state_job *))
{
    struct tl_state_thread *states = &engine->states;
    *job = (struct tl_state_job){.work = work};
    pthread_mutex_lock(&states->lock);
    if (states->first == NULL)
        states->first = job;
    else
        states->last->next = job;
    states->last = job;
    pthread_cond_signal(&states->more);
    pthread_mutex_unlock(&states->lock);
}

tl_code tl_state_thread_start(struct tl_engine *engine, struct tl_error *err)
{
    engine->states.ending = false;
    return tl_thread_start("states", body, engine, &engine->states.thread, err);
}

void tl_state_open(struct tl_engine *engine, struct tl_opening *opening)
{
    take(engine, &opening->job, work_opening);
}

void tl_state_close(struct tl_engine *engine, void *host, struct tl_use *use)
{
    if (engine->states.thread == NULL) {
        close_host(engine, host, use);
        return;
    }
    struct closing *closing = TL_NEW(struct closing);
    closing->host = host;
    closing->use = use;
    take(engine, &closing->job, work_closing);
}

void tl_state_thread_end(struct tl_engine *engine)
{
    struct tl_state_thread *states = &engine->states;
    pthread_mutex_lock(&states->lock);
    states->ending = true;
    pthread_cond_signal(&states->more);
    pthread_mutex_unlock(&states->lock);
    tl_thread_join(states->thread);
    states->thread = NULL;
}
