/* Where a time lies in the journal. Thread: any. */
#pragma once
#include "journal/reader.h"

/* Accept time of the first event from `commit` on; INT64_MAX: there is none. */
int64_t tl_moment_from(struct tl_journal *journal, uint64_t commit);
/* The first commit with no event before `since_ms` behind it. */
uint64_t tl_moment_commit(struct tl_journal *journal, int64_t since_ms);
