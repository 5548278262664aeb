/* The parts of escalation. Thread: the escalator's loop. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "exception_int.h"
#include "flow/escalate.h"
#include "loop/timer.h"

#define TL_SUBJECT_KEY 96 /* room for "decision/<id>" and its NUL */

/* An exception or a decision whose next step is due. */
struct tl_overdue {
    char key[TL_SUBJECT_KEY]; /* "exception/<id>" */
    bool decision;
    struct tl_exception_brief brief; /* of an exception */
    tl_str row;                      /* of a decision: JSON */
    const char *steward;             /* whose it is */
    const char *to;                  /* who is told */
    int64_t due_ms;
    unsigned level;
};

/* The last step taken for a subject. */
struct tl_told {
    unsigned level;
    int64_t due_ms;
    const char *steward; /* a name of the exceptions' index */
};

/* A steward that was told something just now hears nothing more until then. */
struct tl_quiet {
    int64_t until_ms;
};

/* A message that is not delivered yet. */
struct tl_posting {
    struct tl_link link;
    struct tl_escalator *escalator; /* NULL: it has ended meanwhile */
    enum tl_escalation_channel channel;
    char *id, *to, *mail, *subject, *body; /* own */
    int64_t created_ms, next_ms;
    unsigned failures;
    bool under_way;
};

struct tl_escalator {
    struct tl_engine *engine; /* borrow */
    struct tl_loop *loop;     /* borrow */
    struct tl_escalation_port port;
    char *integration; /* own */
    struct tl_timer tick;
    struct tl_map told;      /* subject → struct tl_told, own */
    struct tl_map quiet;     /* steward → struct tl_quiet, own */
    struct tl_list postings; /* of struct tl_posting, own */
    unsigned ticks;
    uint64_t serial;
};

/* escalate_chain.c: the next step for a subject of `steward`, due at `due_ms`, when `told` steps were taken: at which
 * level, to whom, from when on. False: there is none. Pure. */
struct tl_step_up {
    unsigned level;
    const char *to; /* borrow; the plan's, or `steward` */
    int64_t from_ms;
};
bool tl_step_up(const struct tl_plan *plan, const char *steward, int64_t due_ms, unsigned told, struct tl_step_up *out);

/* escalate_find.c: everything whose next step is due, in no order (tl_free); rows of decisions in `arena`. */
struct tl_overdue *tl_overdue_find(struct tl_escalator *escalator, int64_t now_ms, struct tl_arena *arena,
                                   size_t *count);
/* Forgets what was told of subjects that have ended. */
void tl_told_clean(struct tl_escalator *escalator);
/* The last step of a subject of that steward and due time; 0: none. */
unsigned tl_told_level(const struct tl_escalator *escalator, const char *key, const char *steward, int64_t due_ms);

/* escalate_digest.c: the message about `count` subjects that are told to one steward. Appends the webhook's body, the
 * mail's subject and text. */
void tl_digest_write(struct tl_escalator *escalator, const struct tl_overdue *list, size_t count, int64_t now_ms,
                     struct tl_buf *json, struct tl_buf *subject, struct tl_buf *text);

/* escalate_post.c */
/* Messages about `list` through every way that is set up: rows into the batch, and into `out` what is to be kept once
 * that is durable. */
void tl_postings_add(struct tl_escalator *escalator, const struct tl_overdue *list, size_t count, int64_t now_ms,
                     struct tl_batch *batch, struct tl_list *out);
TL_MUST_CHECK tl_code tl_postings_read(struct tl_escalator *escalator, struct tl_error *err);
/* Sends what is due. */
void tl_postings_send(struct tl_escalator *escalator, int64_t now_ms);
void tl_posting_free(struct tl_posting *posting);
