/* An HTTP answer as manifests look at it: conditions, places, and what class of failure it is. Pure. Thread: one at a
 * time. */
#pragma once
#include "base/arena.h"
#include "codec/json.h"
#include "guard/failure.h"
#include "net/http.h"
#include "vars.h"

enum tl_answer_outcome { TL_ANSWER_THERE, TL_ANSWER_NOT_SENT, TL_ANSWER_UNKNOWN, TL_ANSWER_TOO_LARGE };

struct tl_answer {
    enum tl_answer_outcome outcome;
    int status;
    const struct tl_http_header *headers; /* borrow */
    size_t header_count;
    tl_str body;
    struct tl_json_doc *doc; /* own; by tl_answer_json */
    bool parsed;
    const char *error; /* why there is no answer */
};

/* The body as JSON, parsed once; NULL when it is empty or none. */
const struct tl_json_value *tl_answer_json(struct tl_answer *answer);
/* "No content", as some platforms answer for a list without items. */
bool tl_answer_is_empty(const struct tl_answer *answer);
/* Is the body a document of HTML? A word is none, whatever type it is said to have. */
bool tl_answer_is_page(const struct tl_answer *answer);
void tl_answer_deinit(struct tl_answer *answer);

/* Reads a place: a pointer, {"header": …}, a template or a list of them. False when it is nowhere there. A pointer at
 * an object or array gives its JSON. `vars` may be NULL where no templates are meant. */
bool tl_place_read(const struct tl_json_value *place, struct tl_answer *answer, const struct tl_vars *vars,
                   struct tl_arena *arena, tl_str *text);
/* Pointers inside `in`, headers of `answer`: one message of several in a body. */
bool tl_place_read_both(const struct tl_json_value *place, const struct tl_json_value *in, struct tl_answer *answer,
                        const struct tl_vars *vars, struct tl_arena *arena, tl_str *text);
/* The same inside one value of the answer (a list's item); headers are not looked at. */
bool tl_place_read_in(const struct tl_json_value *place, const struct tl_json_value *in, const struct tl_vars *vars,
                      struct tl_arena *arena, tl_str *text);
/* A number, a list, or "4xx". */
bool tl_status_matches(const struct tl_json_value *wanted, int status);
/* Does a row of conditions (status, pointer, header, equals, in, contains, starts) match? */
bool tl_row_matches(const struct tl_json_value *row, struct tl_answer *answer, struct tl_arena *arena);
/* Its pointer condition against one value (webhook messages, list items). */
bool tl_row_matches_in(const struct tl_json_value *row, const struct tl_json_value *in, struct tl_arena *arena);
/* Does any row of the list match? */
bool tl_rows_match(const struct tl_json_value *rows, struct tl_answer *answer, struct tl_arena *arena);

struct tl_verdict {
    enum tl_failure failure;
    int64_t wait_ms;
    bool unknown;         /* the effect may have happened */
    tl_str code, message; /* in the arena, or static */
};

struct tl_verdict_rules {
    const struct tl_json_value *first, *second, *third; /* lists of error rows, tried in this order; NULL: none */
    const struct tl_json_value *message, *code;         /* places */
    bool is_capture;                                    /* 410 is a gap */
};

/* What an answer that is no success means. TL_FAIL_NONE when a row says it is success after all. */
struct tl_verdict tl_answer_judge(struct tl_answer *answer, const struct tl_verdict_rules *rules,
                                  struct tl_arena *arena, int64_t wall_ms);
/* Some platforms say in a 200 that it failed. Rows that name the status are asked of a good answer too; one without a
 * status means what is no success anyway. TL_FAIL_NONE: it is good. */
struct tl_verdict tl_answer_judge_good(struct tl_answer *answer, const struct tl_verdict_rules *rules,
                                       struct tl_arena *arena, int64_t wall_ms);
/* "120" or an HTTP-date to ms from now, at most a day; 0 when unreadable or past. */
int64_t tl_retry_after_ms(tl_str value, int64_t wall_ms);
