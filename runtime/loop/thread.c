/* Threads with names; the process's signals stay with the thread that started first. */
#include "loop/thread.h"
#include "base/alloc.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct tl_thread {
    pthread_t id;
    char name[16];
    void (*body)(void *ctx);
    void *ctx; /* borrow */
};

static void *run(void *arg)
{
    struct tl_thread *thread = arg;
    tl_thread_name_set(thread->name);
    thread->body(thread->ctx);
    return NULL;
}

tl_code tl_thread_start(const char *name, void (*body)(void *ctx), void *ctx, struct tl_thread **out,
                        struct tl_error *err)
{
    struct tl_thread *thread = TL_NEW(struct tl_thread);
    snprintf(thread->name, sizeof thread->name, "%s", name);
    thread->body = body;
    thread->ctx = ctx;
    sigset_t ours, before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ours, &before); /* the new thread inherits the mask */
    int failed = pthread_create(&thread->id, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        tl_free(thread);
        return tl_fail(err, TL_EFULL, "could not start the thread \"%s\": %s; raise the limit of processes (ulimit -u)",
                       name, strerror(failed));
    }
    *out = thread;
    return TL_OK;
}

void tl_thread_join(struct tl_thread *thread)
{
    if (thread == NULL)
        return;
    tl_must(pthread_join(thread->id, NULL) == 0);
    tl_free(thread);
}

void tl_thread_name_set(const char *name)
{
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(pthread_self(), cut);
}

long long tl_thread_cpu_ns(void)
{
    struct timespec used;
    tl_must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
    return (long long)used.tv_sec * 1000000000 + used.tv_nsec;
}

int tl_thread_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int cores = CPU_COUNT(&set);
    return cores > 0 ? cores : 1;
}
