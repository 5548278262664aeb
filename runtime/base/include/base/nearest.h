/* "Did you mean …": the nearest of some words. Thread: any. */
#pragma once
#include "base/str.h"

/* The nearest of `count` NUL-terminated words within a third of the length (at least 2 edits), or NULL. */
const char *tl_nearest(tl_str word, const char *const *words, size_t count);
