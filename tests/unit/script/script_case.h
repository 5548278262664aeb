/* A small integration in memory, with one file or one flow of the test's own. */
#pragma once
#include "../cmocka_room.h"
#include "base/buf.h"
#include "script/run.h"

/* Errors (or warnings too) of the integration with this file added or replaced: "file:line text\n" each;
 * static. */
const char *case_errors(const char *path, const char *text);
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
void case_end(struct case_run *c);
/* Runs `body` to its end and gives the texts it logged, joined by '|'; or "error: class: message"; static. */
const char *case_says(const char *body, const char *payload);
const char *case_says_with(const char *head, const char *body, const char *payload);
#define assert_says(body, expected) assert_string_equal(case_says(body, "{}"), expected)
