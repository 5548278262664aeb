/* Which lines of the integration the tests ran. */
#pragma once
#include "script/lines.h"

/* Prints a line a file, with the lines that never ran, and the total. */
void tl_cover_print(const struct tl_lines *lines);
