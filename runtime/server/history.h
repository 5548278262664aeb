/* Private to the room: what was made live on this server, and what was refused. A row of the state (table "deploy") per
 * attempt; the newest one whose outcome is "live" says which revision is live, so the two cannot differ, and a start
 * finds it. Each integration has its own rows; the first one that ever was live gives its names as they are
 * (flow/engine.h). Every row goes with a record in "audit", in one commit. Thread: any. */
#pragma once
#include "base/arena.h"
#include "codec/json_writer.h"
#include "journal/journal.h"
#include "script/bundle.h"

/* Row: key = number of the attempt, 16 hex digits, growing; value = JSON object number, act, outcome, revision,
 * integration, before, who, reason, stage, why, ms; a1 = "live" (also of one that was taken away, whose outcome is
 * "retired") or "refused", a2 = revision, a3 = integration. */
#define TL_TABLE_DEPLOY "deploy"

struct tl_attempt {
    const char *act;         /* "deploy", "rollback", "start", "retire" */
    const char *revision;    /* "": what came could not be read */
    const char *integration; /* "" */
    const char *before;      /* live when it began; "": none */
    const char *who, *reason;
    const char *stage, *why; /* where it was refused; NULL: it is live */
    int64_t ms;
    const struct tl_bundle
        *bundle; /* what is live with it, whose contracts are kept in mind (declared.h); NULL: none */
};

/* Adds the row, its audit record and the contracts to a batch. Waits for the state, so never on a lane; nobody else
 * adds one meanwhile. */
TL_MUST_CHECK tl_code tl_history_put(struct tl_journal *journal, const struct tl_attempt *attempt,
                                     struct tl_batch *batch, struct tl_error *err);
/* A commit of its own; durable and visible when it returns. */
TL_MUST_CHECK tl_code tl_history_add(struct tl_journal *journal, const struct tl_attempt *attempt,
                                     struct tl_error *err);
/* What is live: the first integration, then the others in the order in which they came. In the arena; none: a count of
 * 0. */
struct tl_history_lived {
    const char *integration, *revision;
};
TL_MUST_CHECK tl_code tl_history_all_live(struct tl_journal *journal, struct tl_arena *arena,
                                          struct tl_history_lived **out, size_t *count, struct tl_error *err);
/* The live revision of an integration; TL_ENOTFOUND: none is. */
TL_MUST_CHECK tl_code tl_history_live(struct tl_journal *journal, const char *integration, char revision[65],
                                      struct tl_error *err);
/* What a rollback goes to: what was live before the live one was deployed. Rollbacks do not count, so that the next one
 * goes back further. TL_ENOTFOUND: the live one is the first. */
TL_MUST_CHECK tl_code tl_history_earlier(struct tl_journal *journal, const char *integration, char revision[65],
                                         struct tl_error *err);
/* Calls `each` with the rows of an integration (NULL: of all), newest first, at most `limit`; `row` is its JSON,
 * `time_ms` when it was written. */
TL_MUST_CHECK tl_code tl_history_each(struct tl_journal *journal, const char *integration, size_t limit,
                                      void (*each)(void *ctx, const struct tl_json_value *row, int64_t time_ms),
                                      void *ctx, struct tl_error *err);
