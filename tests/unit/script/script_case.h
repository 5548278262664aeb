/* A small integration in memory, with one file or one flow of the test's own. */
#pragma once
#include "../cmocka_room.h"
#include "base/buf.h"
#include "script/run.h"

/* Errors (or warnings too) of the integration with this file added or replaced: "file:line text\n" each;
 * static. */
const char *case_errors(const char *path, const char *text);
/* With two files added or replaced. */
const char *case_errors_beside(const char *other, const char *other_text, const char *path, const char *text);
const char *case_warnings(const char *path, const char *text);
/* Asserts that checking `text` as `path` finds exactly one error, at `line`, with `part` in its text. */
void case_refuses(const char *path, const char *text, int line, const char *part);
/* Asserts that it finds none. */
void case_accepts(const char *path, const char *text);

/* A run of `function(ctx, e) <body> end` for an event with this payload. */
struct case_run {
    struct tl_bundle *bundle;
    struct tl_script *script;
    struct tl_run *run;
    const struct tl_run_outcome *outcome;
};
/* `head` stands before the flow (file-level); "" for nothing. */
void case_start(struct case_run *c, const char *head, const char *body, const char *payload);
void case_start_limited(struct case_run *c, const char *head, const char *body, const char *payload,
                        const struct tl_script_limits *limits);
/* The same with a state given to ctx:continue. */
void case_start_state(struct case_run *c, const char *body, const char *state);
void case_end(struct case_run *c);
/* Ids of the asks of the last outcome, joined by ' '; static. */
const char *case_asks(const struct case_run *c);
const char *case_withdrawn(const struct case_run *c);
/* Texts logged in the last stretch, joined by '|'; static. */
const char *case_logs(const struct case_run *c);
const struct tl_run_ask *case_ask(const struct case_run *c, const char *id);
/* Gives the ask its result: a JSON document ("" for none), or an error of class `cls`. */
void case_answer(struct case_run *c, const char *id, const char *document);
void case_refuse(struct case_run *c, const char *id, const char *cls);
#define assert_asks(c, expected) assert_string_equal(case_asks(c), expected)
#define assert_logs(c, expected) assert_string_equal(case_logs(c), expected)
/* Fails with the error's text when the run has not that ending. */
void case_is(const struct case_run *c, enum tl_run_ending ending, const char *file, int line);
#define assert_ending(c, ending) case_is(c, ending, __FILE__, __LINE__)
/* Runs `body` to its end and gives the texts it logged, joined by '|'; or "error: class: message"; static. */
const char *case_says(const char *body, const char *payload);
const char *case_says_with(const char *head, const char *body, const char *payload);
#define assert_says(body, expected) assert_string_equal(case_says(body, "{}"), expected)
