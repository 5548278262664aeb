/* Which lines of the integration the tests ran, and which fields of its maps and lenses a value went through. */
#pragma once
#include "script/lines.h"

/* Prints a line a file with the lines that never ran, a line for each direction of a map or lens with the fields that
 * no value went through, and the totals. */
void tl_cover_print(const struct tl_lines *lines);
/* The same as JSON in a file:
 * {"lines":[{"file","lines","ran","not_run":[line…]}],
 *  "fields":[{"map","direction":"map"|"get"|"put","fields","passed","no_value":[name…]}]}. TL_EIO. */
TL_MUST_CHECK tl_code tl_cover_write(const struct tl_lines *lines, const char *path, struct tl_error *err);
