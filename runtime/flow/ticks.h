/* Schedules as the engine holds them: each is planned by one lane, which writes its ticks. Thread: that lane's; a
 * lane's list, for the status, under engine->ticks_lock. */
#pragma once
#include "base/buf.h"
#include "codec/json_writer.h"
#include "engine_int.h"
#include "flow/schedule.h"

struct tl_schedule;

struct tl_tick_job {
    struct tl_link link;          /* in its lane's list */
    char *name, *expression;      /* own */
    struct tl_schedule *schedule; /* own */
    enum tl_missed missed;
    int64_t max_late_ms;
    enum tl_priority priority;
    bool dirty;               /* its row is not written yet */
    bool under_way;           /* ticks are on the way to the disk */
    bool gone;                /* not declared any more; freed when nothing of it is under way */
    int64_t coming_ms;        /* wall; the first instant after `upto_ms`, TL_NEVER: none */
    atomic_llong upto_ms;     /* wall; everything up to then has been dealt with */
    atomic_llong previous_ms; /* the newest instant that had a tick; 0: none yet */
    atomic_ullong ticks, skipped;
};

/* tick_jobs.c */
void tl_ticks_init(struct tl_lane *lane);
void tl_ticks_free(struct tl_lane *lane);
/* Reads the rows of the lane's schedules and begins to plan; before its loop runs. */
TL_MUST_CHECK tl_code tl_ticks_begin(struct tl_lane *lane, struct tl_error *err);
/* The schedules of the plan are others now. One that stays goes on where it is, by its new policy; one that is
 * new or has another expression begins now; the row of one that is gone goes. Nothing is borrowed from the plan. */
void tl_ticks_revise(struct tl_lane *lane);
/* NULL: there is none, or no other. */
struct tl_tick_job *tl_tick_job_first(const struct tl_lane *lane);
struct tl_tick_job *tl_tick_job_next(const struct tl_lane *lane, const struct tl_tick_job *job);
/* In no list any more. */
void tl_tick_job_free(struct tl_tick_job *job);
/* Mono time of the lane's next instant; INT64_MAX: none. */
int64_t tl_ticks_due_ms(const struct tl_lane *lane);
/* [any] "schedules":[{name, expression, missed, next, previous (RFC 3339 or null), ticks, skipped}…] */
void tl_ticks_status(struct tl_engine *engine, struct tl_json_writer *w);

/* ticks.c: writes what is due, and looks again at the next instant. */
void tl_ticks_look(struct tl_timer *timer);
/* RFC 3339, UTC; null for 0. */
void tl_tick_put_instant(struct tl_json_writer *w, const char *name, int64_t ms);
