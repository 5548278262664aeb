/* Private to the room: one deploy, rollback, plan, retirement or renewal: what is asked, what is done for it on the
 * loader's thread, and what it came to. */
#pragma once
#include "candidate.h"
#include "control.h"
#include "loop/thread.h"

enum tl_job_kind { TL_JOB_DEPLOY, TL_JOB_ROLLBACK, TL_JOB_PLAN, TL_JOB_RETIRE, TL_JOB_RENEW };

struct tl_job {
    struct tl_link link; /* in the line */
    struct tl_mail mail; /* back to the main loop */
    struct tl_thread *thread;
    struct tl_server *server; /* borrow */
    enum tl_job_kind kind;
    struct tl_control_request *request;                      /* until it is answered; NULL: a renewal */
    void (*done)(void *ctx, tl_code code, const char *text); /* of a renewal */
    void *ctx;

    /* what is asked */
    bool dry_run, park_removed, skip_tests;
    char *reason, *to; /* own; NULL: not given */
    char *of;          /* own; the integration that was named; NULL: none was */
    bool read;         /* the request was understood: its failure is part of the history */

    /* what it came to */
    struct tl_confined confined;
    struct tl_candidate candidate;
    struct tl_server_next *next;   /* own; ready to be switched to */
    char before[65], revision[65]; /* of its integration: live when its turn came; what was to be live. "": none */
    char *integration;             /* own; its name; "" until it is known */
    bool unchanged;                /* it is live already */
    struct tl_buf report;          /* JSON object: what tl_candidate_put says; empty: nothing was loaded */
    struct tl_buf told;            /* JSON object: changes, missing, staying; empty: not compared */
    struct tl_buf awaited;         /* events that runs wait for and nobody would declare; empty: none */
    int64_t begun_ms, load_ms, switch_ms; /* monotonic; how long */
    double pause_ms;                      /* lanes stood still */
    tl_code code;
    struct tl_error err;
};

/* "deploy", "rollback", "plan", "retire", "settings" */
const char *tl_job_kind_name(enum tl_job_kind kind);
struct tl_job *tl_job_new(struct tl_server *server, enum tl_job_kind kind);
void tl_job_free(struct tl_job *job);
/* Loads, checks and tries what is asked. Fills code and err. [a loader's thread; settings and systems may change
 * meanwhile, the live integration does not] */
void tl_job_try(struct tl_job *job);
bool tl_job_wants_switch(const struct tl_job *job);
/* Builds what is to be live. [a loader's thread; nothing of what is live changes meanwhile] */
void tl_job_prepare(struct tl_job *job);
/* The switch, when all went well so far, and the row of the history. */
void tl_job_finish(struct tl_job *job);
/* Answers whoever asked. */
void tl_job_answer(struct tl_job *job);
