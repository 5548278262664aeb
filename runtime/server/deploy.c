/* Two lines. In the first stand deploys, rollbacks and plans: each is loaded, checked and tried, which may take
 * minutes, and what is checked against the live revision is checked when the turn has come, so of two who deploy at
 * once each is told what is live in the end. In the second stands what is to be built and switched to, which is quick:
 * also changed settings, which so do not wait for the tests of a deploy. */
#include "deploy.h"
#include "base/alloc.h"
#include "base/list.h"
#include "job.h"

struct tl_deploys {
    struct tl_server *server;  /* borrow */
    struct tl_list line;       /* of struct tl_job, own */
    struct tl_list loading;    /* the same; the second line */
    struct tl_job *now;        /* own; of the first line: on its way until it is answered */
    struct tl_job *being_made; /* own; of the second line; may be `now` */
    bool stopping;
};

struct tl_deploys *tl_deploys_new(struct tl_server *server)
{
    struct tl_deploys *deploys = TL_NEW(struct tl_deploys);
    deploys->server = server;
    tl_list_init(&deploys->line);
    tl_list_init(&deploys->loading);
    return deploys;
}

static void begin_next(struct tl_deploys *deploys);

/* ---- a loader's thread ---- */

static void try_body(void *ctx)
{
    struct tl_job *job = ctx;
    tl_job_try(job);
    tl_loop_post(job->server->loop, &job->mail);
}

static void prepare_body(void *ctx)
{
    struct tl_job *job = ctx;
    tl_job_prepare(job);
    tl_loop_post(job->server->loop, &job->mail);
}

static void start(struct tl_job *job, void (*body)(void *ctx), void (*ended)(struct tl_mail *mail))
{
    struct tl_error err;
    tl_mail_init(&job->mail, ended);
    tl_code code = tl_thread_start("loader", body, job, &job->thread, &err); /* from here on the job is the thread's */
    if (code == TL_OK)
        return;
    job->thread = NULL;
    job->code = code;
    job->err = err;
    tl_loop_next(job->server->loop, &job->mail);
}

/* ---- the ends ---- */

static void give_up(struct tl_job *job)
{
    job->code = tl_fail(&job->err, TL_ECANCELLED, "the server is stopping; nothing was changed");
    tl_job_answer(job);
    tl_job_free(job);
}

/* It is out of the lines. */
static void end(struct tl_job *job)
{
    struct tl_deploys *deploys = job->server->deploys;
    if (deploys->now == job)
        deploys->now = NULL;
    if (deploys->being_made == job)
        deploys->being_made = NULL;
    if (deploys->stopping) {
        give_up(job);
        return;
    }
    tl_job_finish(job);
    tl_job_answer(job);
    tl_job_free(job);
    begin_next(deploys);
}

static void on_prepared(struct tl_mail *mail)
{
    struct tl_job *job = TL_CONTAINER_OF(mail, struct tl_job, mail);
    tl_thread_join(job->thread);
    end(job);
}

static void on_tried(struct tl_mail *mail)
{
    struct tl_job *job = TL_CONTAINER_OF(mail, struct tl_job, mail);
    struct tl_deploys *deploys = job->server->deploys;
    tl_thread_join(job->thread);
    if (deploys->stopping || !tl_job_wants_switch(job)) {
        end(job);
        return;
    }
    tl_list_push(&deploys->loading, &job->link);
    begin_next(deploys);
}

/* ---- the lines ---- */

static void begin_next(struct tl_deploys *deploys)
{
    struct tl_link *first = deploys->now == NULL ? tl_list_pop(&deploys->line) : NULL;
    if (first != NULL) {
        deploys->now = TL_LIST_ITEM(first, struct tl_job, link);
        start(deploys->now, try_body, on_tried);
    }
    first = deploys->being_made == NULL ? tl_list_pop(&deploys->loading) : NULL;
    if (first != NULL) {
        deploys->being_made = TL_LIST_ITEM(first, struct tl_job, link);
        start(deploys->being_made, prepare_body, on_prepared);
    }
}

static void join_line(struct tl_list *line, struct tl_job *job)
{
    struct tl_deploys *deploys = job->server->deploys;
    if (deploys->stopping) {
        give_up(job);
        return;
    }
    tl_list_push(line, &job->link);
    begin_next(deploys);
}

static void take(struct tl_control_request *request, enum tl_job_kind kind)
{
    struct tl_job *job = tl_job_new(request->server, kind);
    job->request = request;
    join_line(&request->server->deploys->line, job);
}

void tl_deploys_deploy(struct tl_control_request *request)
{
    take(request, TL_JOB_DEPLOY);
}

void tl_deploys_plan(struct tl_control_request *request)
{
    take(request, TL_JOB_PLAN);
}

void tl_deploys_rollback(struct tl_control_request *request)
{
    take(request, TL_JOB_ROLLBACK);
}

void tl_deploys_retire(struct tl_control_request *request)
{
    take(request, TL_JOB_RETIRE);
}

void tl_deploys_renew(struct tl_server *server, void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_job *job = tl_job_new(server, TL_JOB_RENEW);
    job->done = done;
    job->ctx = ctx;
    join_line(&server->deploys->loading, job);
}

/* ---- seeing ---- */

const char *tl_deploys_doing(const struct tl_deploys *deploys)
{
    const struct tl_job *job = deploys->now != NULL ? deploys->now : deploys->being_made;
    return job != NULL ? tl_job_kind_name(job->kind) : NULL;
}

size_t tl_deploys_waiting(const struct tl_deploys *deploys)
{
    size_t count = 0;
    for (struct tl_link *at = tl_list_first(&deploys->line); at != NULL; at = tl_list_after(&deploys->line, at))
        count++;
    return count;
}

/* ---- the end ---- */

static void give_up_all(struct tl_deploys *deploys, struct tl_list *line)
{
    struct tl_link *link;
    while ((link = tl_list_pop(line)) != NULL) {
        struct tl_job *job = TL_LIST_ITEM(link, struct tl_job, link);
        if (deploys->now == job)
            deploys->now = NULL;
        give_up(job);
    }
}

void tl_deploys_stop(struct tl_deploys *deploys)
{
    deploys->stopping = true;
    if (deploys->now != NULL)
        tl_confined_cancel(&deploys->now->confined);
    give_up_all(deploys, &deploys->loading);
    give_up_all(deploys, &deploys->line);
    while (deploys->now != NULL || deploys->being_made != NULL)
        tl_loop_wait(deploys->server->loop, 100);
}

void tl_deploys_free(struct tl_deploys *deploys)
{
    tl_free(deploys);
}
