/* "Did you mean …": the nearest of some words. Thread: any. */
#pragma once
#include "base/str.h"

/* The nearest of `count` NUL-terminated words within a third of the length (at least 2 edits), or NULL. */
const char *tl_nearest(tl_str word, const char *const *words, size_t count);
/* The one of the words that it is when it was mistyped: in other case, or one letter too many, missing, another or
 * swapped with the next; of words from nine letters on, two of these. NULL: none, or it is one of the words. */
const char *tl_slip(tl_str word, const char *const *words, size_t count);
