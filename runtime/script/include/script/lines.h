/* Which lines of an integration's Lua have run, and which fields of its maps and lenses a value went through. For
 * tests: a state notes them when its limits name a tl_lines (script/state.h), by a hook that production states do not
 * have. Thread: one at a time; the states that note here are entered by that thread. */
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

/* A field in one direction. Known once a state was built that notes here; a map or lens by functions has none. */
struct tl_lines_field {
    const char *map;  /* borrow; title of the map or lens */
    const char *way;  /* borrow; "map", "get" or "put" */
    const char *name; /* borrow; "lines[].sku"; the second of two alternatives is "vat_id (2)" */
    bool passed;      /* a value, and not only null or nothing */
};
/* i from 0, by map as declared; false past the end. */
bool tl_lines_field(const struct tl_lines *lines, size_t i, struct tl_lines_field *out);
