/* Texts from outside (reasons, names, keys, payloads, messages of platforms) on a terminal. What would steer it, or
 * begin a line of its own, is shown as it is written in JSON: \\n, \\u001b. Thread: the main one. */
#pragma once
#include "base/str.h"

/* On one line. The text itself when nothing is to be shown, else one that lives until the command ends. */
tl_str tl_shown(tl_str text);
/* The same for texts that are lines: newlines and tabs stay. */
tl_str tl_shown_lines(tl_str text);
