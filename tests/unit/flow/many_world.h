/* A platform behind the call port that takes many rows in one call, for tests of batches. It watches that no record,
 * and no parent, is out twice. Args are what the flow's event carries: {"object","key":{"no":…},"parent":…,"n":…}. */
#pragma once
#include "flow_world.h"

#define MANY_ROWS 8

/* What a call does with its rows; the same for one that goes alone. */
struct many_plan {
    bool hold;                                  /* calls wait for many_answer */
    enum tl_failure (*row)(const char *args);   /* NULL: every row is done */
    enum tl_failure (*whole)(const char *rows); /* of all rows' args; not NONE: refused, without a word of any row */
    int lose;                                   /* of the next calls the answer is lost after they took effect */
    bool jobs;                                  /* calls are saved and go on without the caller */
};
extern struct many_plan many_plan;

/* After world_new, before world_start: `w` gets the platform; its systems must say `batch`. */
void many_world(struct world *w);
/* A step that writes the event's payload to "erp" with operation "put". */
void step_write(struct world *w, struct tl_run *run, const struct tl_run_result *result);
/* An event of type won@1 whose payload is such a row; `parent` is JSON, "" for none. */
void many_event(struct world *w, const char *object, const char *no, const char *parent, int n);
/* `count` of them, N-<from>…, at once. */
void many_flood(struct world *w, int from, int count, enum tl_priority priority);
/* Calls that are out; those that were begun; rows of the n-th of these, and their args. */
size_t many_out(void);
size_t many_calls(void);
size_t many_rows_of(size_t call);
const char *many_args_of(size_t call);
/* Ends the call that has been out longest. */
void many_answer(struct world *w);
void many_answer_all(struct world *w);
/* Turns lanes until that many rows wait at their homes. */
void many_until_waiting(struct world *w, size_t rows);
/* Turns lanes until that many calls are out. */
void many_until_out(struct world *w, size_t calls);
/* How often a record's row was carried out. */
size_t many_done(struct world *w, const char *no);
/* Jobs that were begun. */
size_t many_jobs(void);
/* As world_crash: what was out is forgotten; jobs are not. */
void many_crash(struct world *w);
/* How often a record or a parent was out twice. */
size_t many_collisions(void);
void many_free(void);
