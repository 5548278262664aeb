/* Opens and closes Lua states of earlier revisions on a thread of its own: building 20 MB, or giving it back, takes
 * longer than a lane may stand still. An engine turned by hand has no such thread: states close at once there, and are
 * opened by whoever needs them. */
#pragma once
#include "base/error.h"
#include "base/list.h"
#include "loop/mail.h"
#include <pthread.h>

struct tl_engine;
struct tl_lane;
struct tl_use;

struct tl_state_job {
    struct tl_state_job *next; /* borrow; the thread's */
    void (*work)(struct tl_engine *engine, struct tl_state_job *job);
};

/* A state that a lane waits for. */
struct tl_opening {
    struct tl_state_job job;
    struct tl_link link;   /* in lane->openings */
    struct tl_lane *lane;  /* borrow */
    char *revision;        /* own */
    void *host;            /* own; NULL: it could not be opened */
    struct tl_list units;  /* that begin then */
    struct tl_mail opened; /* to the lane, which set what it delivers */
};

struct tl_state_thread {
    struct tl_thread *thread; /* NULL: there is none */
    pthread_mutex_t lock;     /* what follows */
    pthread_cond_t more;
    struct tl_state_job *first, *last;
    bool ending;
};

TL_MUST_CHECK tl_code tl_state_thread_start(struct tl_engine *engine, struct tl_error *err);
/* Opens it, then posts `opened` to its lane. The thread runs. [lane] */
void tl_state_open(struct tl_engine *engine, struct tl_opening *opening);
/* Takes the state, and the use of its bundle. [any] */
void tl_state_close(struct tl_engine *engine, void *host, struct tl_use *use);
/* What is left is done first; nothing is taken any more. */
void tl_state_thread_end(struct tl_engine *engine);
