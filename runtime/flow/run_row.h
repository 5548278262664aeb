/* The row of a durable run: what must be known of it while it is not in memory. Its steps have rows of their own
 * (step_row.h). State table "run" (flow/runs.h): value = JSON object
 *   flow, event (id), key, line (hex: the order key's hash), revision, since (ms), phase (active, waiting, parked),
 *   next (number of the next step row), order (results given so far), emitted (events emitted so far), effects (how
 *   many it has done or may have done), round (how often it continued afresh), state (JSON of ctx:continue, or absent),
 *   waited (bool: its unit has an outcome), begun (bool: since it woke it has sent something, or was about to), one_per
 * ("<flow>/<value>", or absent), routed {kind: system} or absent, kept (bool: its event has a row), cancel {reason,
 * after (order)} or absent, waits [{number, step, kind, due (ms), key (hex), after (id), types, filtered}] Thread: that
 * of its lane. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "journal/position.h"
#include "routed.h"
#include "script/run.h"

enum tl_run_phase { TL_PHASE_ACTIVE, TL_PHASE_WAITING, TL_PHASE_PARKED };
const char *tl_run_phase_name(enum tl_run_phase phase);

/* Something the run waits for, out of memory. */
struct tl_run_wait {
    uint32_t number; /* of its step row */
    char *step;      /* own; the ask's id */
    enum tl_ask_kind kind;
    int64_t due_ms;    /* wall; 0: none */
    uint64_t key_hash; /* AWAIT, CHILD: of the key; 0: none */
    char *key;         /* own; AWAIT: it waits for another key than the run's own; or NULL */
    tl_position after; /* AWAIT: only events after this one */
    char **types;      /* own */
    size_t type_count;
    bool filtered;
};

struct tl_unit;
struct tl_lane;

struct tl_run_row {
    struct tl_link recent; /* in the lane's list: not loaded, kept until the state has it */
    char id[TL_POSITION_TEXT];
    uint64_t number;
    tl_position event;
    char *flow, *key, *revision; /* own */
    uint64_t line;
    int64_t since_ms;
    enum tl_run_phase phase;
    uint32_t next, order, emitted, effects, round;
    char *state; /* own; or NULL */
    bool waited;
    bool kept;     /* its event has a row */
    bool begun;    /* since it woke it has sent something, or was about to: after a crash it has its turn first */
    char *one_per; /* own; or NULL */
    char *cancel;  /* own; why it was cancelled, or NULL */
    uint32_t cancel_after; /* results given before that */
    struct tl_routed routed;
    struct tl_run_wait *waits; /* own */
    size_t wait_count;
    /* in memory only */
    bool stored;          /* a row stands in the journal */
    bool written;         /* the batch of this turn says something of it */
    unsigned on_the_way;  /* batches that do */
    bool over;            /* it has ended: its rows go, and nothing wakes it */
    uint64_t commit;      /* the last one that wrote of it */
    struct tl_unit *unit; /* borrow; loaded, or NULL */
};

struct tl_run_row *tl_run_row_new(uint64_t number, tl_position event);
/* NULL is allowed. */
void tl_run_row_free(struct tl_run_row *row);
void tl_run_row_write(const struct tl_run_row *row, struct tl_buf *out);
/* TL_ECORRUPT names the row. */
TL_MUST_CHECK tl_code tl_run_row_read(tl_str id, tl_str value, struct tl_run_row **out, struct tl_error *err);

/* "waits": [{step, kind, for, until}], for people. */
struct tl_json_writer;
void tl_runs_write_waits(struct tl_json_writer *w, const struct tl_run_row *run);

/* A wait, to be filled; good until the next add or drop. */
struct tl_run_wait *tl_run_row_wait_add(struct tl_run_row *row, uint32_t number, tl_str step, enum tl_ask_kind kind);
/* NULL: it does not wait for that. */
struct tl_run_wait *tl_run_row_wait(struct tl_run_row *row, uint32_t number);
void tl_run_row_wait_drop(struct tl_run_row *row, uint32_t number);
