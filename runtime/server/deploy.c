/* The line. What is checked against the live revision is checked when the turn has come, so of two who deploy at once
 * each is told what is live in the end. */
#include "deploy.h"
#include "base/alloc.h"
#include "base/list.h"
#include "job.h"

struct tl_deploys {
    struct tl_server *server; /* borrow */
    struct tl_list line;      /* of struct tl_job, own */
    struct tl_job *now;       /* own; on its way */
    bool stopping;
};

struct tl_deploys *tl_deploys_new(struct tl_server *server)
{
    struct tl_deploys *deploys = TL_NEW(struct tl_deploys);
    deploys->server = server;
    tl_list_init(&deploys->line);
    return deploys;
}

static void begin_next(struct tl_deploys *deploys);

static void give_up(struct tl_job *job)
{
    job->code = tl_fail(&job->err, TL_ECANCELLED, "the server is stopping; nothing was changed");
    tl_job_answer(job);
    tl_job_free(job);
}

static void on_worked(struct tl_mail *mail)
{
    struct tl_job *job = TL_CONTAINER_OF(mail, struct tl_job, mail);
    struct tl_deploys *deploys = job->server->deploys;
    tl_thread_join(job->thread);
    deploys->now = NULL;
    if (deploys->stopping) {
        give_up(job);
        return;
    }
    tl_job_finish(job);
    tl_job_answer(job);
    tl_job_free(job);
    begin_next(deploys);
}

static void body(void *ctx)
{
    struct tl_job *job = ctx;
    tl_job_work(job);
    tl_loop_post(job->server->loop, &job->mail);
}

static void begin_next(struct tl_deploys *deploys)
{
    struct tl_link *first = deploys->now == NULL ? tl_list_pop(&deploys->line) : NULL;
    struct tl_error err;
    if (first == NULL)
        return;
    struct tl_job *job = TL_LIST_ITEM(first, struct tl_job, link);
    deploys->now = job;
    tl_mail_init(&job->mail, on_worked);
    tl_code code = tl_thread_start("loader", body, job, &job->thread, &err); /* from here on the job is the thread's */
    if (code == TL_OK)
        return;
    job->code = code;
    job->err = err;
    tl_loop_next(deploys->server->loop, &job->mail);
}

static void join_line(struct tl_job *job)
{
    struct tl_deploys *deploys = job->server->deploys;
    if (deploys->stopping) {
        give_up(job);
        return;
    }
    tl_list_push(&deploys->line, &job->link);
    begin_next(deploys);
}

static void take(struct tl_control_request *request, enum tl_job_kind kind)
{
    struct tl_job *job = tl_job_new(request->server, kind);
    job->request = request;
    join_line(job);
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

void tl_deploys_renew(struct tl_server *server, void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_job *job = tl_job_new(server, TL_JOB_RENEW);
    job->done = done;
    job->ctx = ctx;
    join_line(job);
}

const char *tl_deploys_doing(const struct tl_deploys *deploys)
{
    static const char *const words[] = {"deploy", "rollback", "plan", "settings"};
    return deploys->now != NULL ? words[deploys->now->kind] : NULL;
}

size_t tl_deploys_waiting(const struct tl_deploys *deploys)
{
    size_t count = 0;
    for (struct tl_link *at = tl_list_first(&deploys->line); at != NULL; at = tl_list_after(&deploys->line, at))
        count++;
    return count;
}

void tl_deploys_stop(struct tl_deploys *deploys)
{
    struct tl_link *link;
    deploys->stopping = true;
    if (deploys->now != NULL)
        tl_confined_cancel(&deploys->now->confined);
    while (deploys->now != NULL)
        tl_loop_wait(deploys->server->loop, 100);
    while ((link = tl_list_pop(&deploys->line)) != NULL)
        give_up(TL_LIST_ITEM(link, struct tl_job, link));
}

void tl_deploys_free(struct tl_deploys *deploys)
{
    tl_free(deploys);
}
