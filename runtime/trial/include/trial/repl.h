/* Trying the maps and lenses of an integration line by line: `tidelock repl`. A line is a command (":use …"), a piece
 * of a JSON document, or an expression of Lua. Thread: one. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

struct tl_repl;

struct tl_repl_options {
    const char *dir;               /* the integration */
    const char *library, *plugins; /* as for tl_integration_load */
    const char *words;             /* folder of the words of tests */
};

/* Everything in `options` outlives it. TL_EINPUT: the integration has errors, the first one in `err`. */
TL_MUST_CHECK tl_code tl_repl_open(const struct tl_repl_options *options, struct tl_repl **out, struct tl_error *err);
/* NULL is allowed. */
void tl_repl_close(struct tl_repl *repl);
/* Appends what it answers to a line (without its end), ending with a line feed unless there is nothing to say. False:
 * the answer says that something is wrong. */
bool tl_repl_line(struct tl_repl *repl, tl_str line, struct tl_buf *out);
/* A document has begun and not ended. */
bool tl_repl_waits(const struct tl_repl *repl);
/* The last line was ":quit". */
bool tl_repl_ended(const struct tl_repl *repl);
