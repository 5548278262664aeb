/* Private to the room: every revision that was started, kept below DATA/revisions (script/bundle_store.h), and the
 * bundles of earlier ones that runs go on with. Thread: the main one, except where [any] stands. */
#pragma once
#include "codec/json_writer.h"
#include "journal/journal.h"
#include "script/bundle.h"

struct tl_revisions;

/* What the runs of earlier revisions ask, from any thread: the class of an operation of a system that `bundle`
 * declares, as tl_bundle_options.effect_class gives it. */
typedef enum tl_effect_class tl_revisions_effect(void *ctx, const struct tl_bundle *bundle,
                                                 const struct tl_system_decl *system, tl_str operation,
                                                 const char **nearest);
/* `effect` and `ctx` must outlive what is loaded. */
struct tl_revisions *tl_revisions_new(const char *data, tl_revisions_effect *effect, void *ctx);
/* Also frees what is loaded. NULL is fine. */
void tl_revisions_free(struct tl_revisions *revisions);
/* Keeps the live one, or one that is to be; durable when it returns, so before anything runs under it. [any one] */
TL_MUST_CHECK tl_code tl_revisions_keep(struct tl_revisions *revisions, const struct tl_bundle *live,
                                        struct tl_error *err);
/* The live one is still live: its age counts from now on. */
void tl_revisions_touch(struct tl_revisions *revisions, const char *live);
/* Removes what is not one of `keep` (what is live, what a rollback would go to, what declared a contract last; "" is
 * none), has been live for the last time 30 days before `now_ms` (wall), and has no open run. Waits for the journal's
 * state, so never on a lane; before lanes run. What cannot be removed is logged and stays. */
void tl_revisions_tidy(struct tl_revisions *revisions, struct tl_journal *journal, const char *const *keep,
                       size_t count, int64_t now_ms);

/* The bundle of an earlier revision, read at its first use; borrowed until tl_revisions_forget. TL_ENOTFOUND: it is not
 * kept; TL_ECORRUPT: the copy is damaged; the text says what to do. [any] */
TL_MUST_CHECK tl_code tl_revisions_bundle(struct tl_revisions *revisions, const char *revision,
                                          const struct tl_bundle **out, struct tl_error *err);
/* Is there a copy, whole or damaged? [any] */
bool tl_revisions_has(const struct tl_revisions *revisions, tl_str revision);
/* Writes how many open runs are on it, or null when the state does not tell in time. */
void tl_revisions_runs(struct tl_journal *journal, tl_str revision, struct tl_json_writer *w);
/* Frees what was read. No engine may be left that uses it. */
void tl_revisions_forget(struct tl_revisions *revisions);

/* How many open runs are not on a live one, as a JSON object:
 *   {"runs", "revisions":[{"revision","runs"}… at most 20], "not_kept": runs on none that is kept or listed}
 * or null when the state does not tell in time. */
void tl_revisions_report(struct tl_revisions *revisions, struct tl_journal *journal, const char *const *live,
                         size_t count, struct tl_json_writer *w);
