/* Rows and their lines, between the files of the batcher. */
#pragma once
#include "batcher.h"
#include "run.h"

#define TL_TABLE_BATCH "batch"

/* One write. It travels: from the lane of its step to its home, and back with its outcome. Whoever has the mail has it.
 */
struct tl_row {
    struct tl_mail mail;
    struct tl_link link; /* in line->waiting */
    struct tl_step
        *step; /* of the origin, which waits for it: what is borrowed from it stays; NULL: of an earlier process */
    struct tl_lane *origin, *home;
    struct tl_arena arena;
    char *name; /* arena; "<system>/<operation>/<object>": of its line */
    int system;
    tl_str operation, object, key, args; /* borrow of the step, or arena; key: JSON */
    tl_str *parents; /* arena; JSON of what else the write locks; NULL: its operation says nothing of it */
    size_t parent_count;
    enum tl_priority priority;
    uint8_t hash[16];          /* tl_call_hash */
    struct tl_many_facts many; /* of the lists nothing is kept: a switch may free them while the row waits */
    int64_t timeout_ms;
    unsigned part; /* 0: goes with any; else only with those of its part: a refused call is halved */
    /* the outcome, texts in the arena */
    bool told, closed;
    int64_t until_ms; /* closed: when the gate may open */
    struct tl_call_result result;
};

/* What becomes of all rows of one object by one operation. Its home's only. */
struct tl_line {
    struct tl_batcher *batcher;
    char *name; /* own */
    int system;
    struct tl_list waiting;
    struct tl_row **out; /* own; those of the call that is out */
    size_t out_count;
    struct tl_many *many; /* borrow; NULL: none is out, or a single call */
    unsigned sent;        /* calls begun */
    void *single;         /* borrow; the call of a row that went alone */
    struct tl_gate_ticket ticket;
    struct tl_mail flush;
    bool flush_posted;
    struct tl_timer again; /* the gate lets nobody through for a moment */
    unsigned parts;
    char *saved;         /* own; key of the row of the state that the call which is out has; or NULL */
    struct tl_map known; /* record key → struct tl_row, own: outcomes of an earlier process that nobody has asked for */
};

struct tl_batcher {
    struct tl_lane *lane; /* borrow */
    struct tl_map lines;  /* name → struct tl_line, own */
    struct tl_mail check; /* may the lane's stop go on? */
    atomic_bool check_posted;
};

/* batcher.c */
/* Back to their origins with their outcomes: those of one lane in one mail, so that it writes them in one commit.
 * [home] */
void tl_rows_return(struct tl_row **rows, size_t count);
void tl_row_free(struct tl_row *row);
/* Copies into the row's arena what the result says. */
void tl_row_set(struct tl_row *row, const struct tl_call_result *result, bool told);
struct tl_lane *tl_row_home(struct tl_engine *engine, const char *name);
/* Of a line's name what stands before the object. */
tl_str tl_line_operation(const char *name);

/* batcher_locks.c */
/* Would the row wait for what a call of another line locks? [home] */
bool tl_line_is_locked(const struct tl_line *line, const struct tl_row *row);
/* Those who may have waited for what this line's call had locked look again. [home] */
void tl_line_unlocked(const struct tl_line *line);
/* Rows of one parent stand beside one another; otherwise their order stays. */
void tl_rows_group(struct tl_row **rows, size_t count);

/* batcher_line.c */
struct tl_line *tl_line_of(struct tl_batcher *batcher, const char *name, int system);
void tl_line_free(struct tl_line *line);
void tl_line_add(struct tl_line *line, struct tl_row *row);
/* Sends what waits, at the end of this turn. */
void tl_line_wake(struct tl_line *line);
void tl_line_return_waiting(struct tl_line *line);
/* Makes `rows` (taken over) a call; `saved` not empty: the one that had this state. */
void tl_line_send_many(struct tl_line *line, struct tl_row **rows, size_t count, tl_str saved);

/* batcher_saved.c */
void tl_line_save(struct tl_line *line, struct tl_many *many, tl_str state);
/* The call has ended: its row goes, unless it only ended because we stop. */
void tl_line_forget(struct tl_line *line, bool ended);
/* The outcome an earlier process's batch had for this row, if it is the latest thing said of its record. True: the row
 * has it and has been returned. */
bool tl_line_knows(struct tl_line *line, struct tl_row *row);
/* Keeps the outcome of a row of an earlier process for the unit that will ask. False: it is none, or there is nothing
 * to keep. */
bool tl_line_keep(struct tl_line *line, struct tl_row *row);
