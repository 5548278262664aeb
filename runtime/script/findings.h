/* Everything wrong with a bundle, collected. Texts live in the list's arena. Thread: one at a time. */
#pragma once
#include "base/arena.h"
#include "base/attr.h"
#include "script/bundle.h"

struct tl_findings {
    struct tl_arena *arena;   /* borrow: owns all texts */
    struct tl_finding *items; /* own */
    size_t count, cap;
    size_t errors;
};

void tl_findings_init(struct tl_findings *findings, struct tl_arena *arena);
void tl_findings_free(struct tl_findings *findings);
/* Adds one; the same sentence for the same place is added once. At most 1,000 are kept (errors are still
 * counted). */
void tl_findings_add(struct tl_findings *findings, enum tl_severity severity, struct tl_place place, const char *fmt,
                     ...) TL_PRINTF(4, 5);
/* Gives the newest finding its call chain. */
void tl_findings_chain(struct tl_findings *findings, const char *chain);
/* By file and line; errors before warnings of one line. */
void tl_findings_sort(struct tl_findings *findings);
