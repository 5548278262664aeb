/* Private to the room: the last known contract of every event and entity, also of one that is no longer declared. Its
 * events are in the journal, and who awaits, replays or redelivers one still holds it to that contract, so a version
 * that comes back may not say something else. A row of the state (table "contract") names the revision that declared
 * it last; those revisions are kept. Thread: any. */
#pragma once
#include "candidate.h"

/* Row: key = "event NAME@VERSION" or "entity NAME@VERSION", value = a1 = the revision. */
#define TL_TABLE_CONTRACT "contract"

/* Adds a row for each event and entity of a bundle that goes live with this batch. */
TL_MUST_CHECK tl_code tl_declared_put(struct tl_batch *batch, const struct tl_bundle *bundle, struct tl_error *err);
/* Compares each event and entity that the live revision does not declare (NULL: none is live) with what was declared
 * under that name and version last. A difference that breaks somebody, or a contract that cannot be read any more, is a
 * finding. TL_E…: the state cannot be read. */
TL_MUST_CHECK tl_code tl_declared_check(struct tl_candidate *candidate, const struct tl_bundle *live,
                                        struct tl_error *err);
/* The revisions that are named, each once or more; in the arena. */
TL_MUST_CHECK tl_code tl_declared_revisions(struct tl_journal *journal, struct tl_arena *arena, const char ***out,
                                            size_t *count, struct tl_error *err);
