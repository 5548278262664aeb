/* Which lines of an integration's Lua have run. For tests: a state notes them when its limits name a tl_lines
 * (script/state.h), by a hook that production states do not have. Thread: one at a time; the states that note here are
 * entered by that thread. */
#pragma once
#include "script/bundle.h"

struct tl_lines;

enum tl_line { TL_LINE_NONE, TL_LINE_MISSED, TL_LINE_RAN };

/* Knows the lines of every file of the bundle that a run can load, the standard library's excepted. The bundle is
 * borrowed for the call. */
struct tl_lines *tl_lines_new(const struct tl_bundle *bundle);
/* Every state that notes here must have been freed. NULL is allowed. */
void tl_lines_free(struct tl_lines *lines);

struct tl_lines_file {
    const char *path;     /* borrow; as in the bundle */
    const uint8_t *state; /* borrow; enum tl_line of line i + 1 */
    int count;            /* of lines */
    int executable, ran;
};
/* i from 0, sorted by path; false past the end. */
bool tl_lines_file(const struct tl_lines *lines, size_t i, struct tl_lines_file *out);
