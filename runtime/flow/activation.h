/* What a flow takes, and which units had begun when a revision became live, as the state keeps it (rules 4 and 6). A
 * start and a switch both write it in the commit that makes a revision live. Thread: the one that starts the engine,
 * unless said otherwise. */
#pragma once
#include "base/error.h"
#include "base/map.h"
#include "journal/batch.h"
#include "plan.h"

struct tl_engine;
struct tl_unit;

/* Row: key = flow; value = {"types":{type: from}}: commits from that one on; or {type: [from, until, from, until,
 * from]} when it took it before, or takes it no longer. */
#define TL_TABLE_FLOW "flow"
/* Row: key = "<event id>/<flow>"; value = the revision that this unit goes on with after a crash. */
#define TL_TABLE_BEGUN "begun"
#define TL_BEGUN_KEY 320

/* Recovery. */
TL_MUST_CHECK tl_code tl_activation_read_flow(struct tl_engine *engine, tl_str flow, tl_str value,
                                              struct tl_error *err);
void tl_activation_read_begun(struct tl_engine *engine, tl_str key, tl_str revision);
/* TL_EDIFFERS: flows that are not declared have pending units. */
TL_MUST_CHECK tl_code tl_activation_check(struct tl_engine *engine, struct tl_error *err);
/* New flows and types begin with the next commit. `floor`: the journal is read from there after a crash. */
void tl_activation_start(struct tl_engine *engine, uint64_t floor, struct tl_batch *batch);

/* The revision that a unit had begun under before this start; NULL: it had not, or is over. [any] */
const char *tl_activation_revision(const struct tl_unit *unit);

/* Forgets what no flow will be asked for any more: intervals that have ended, of which nothing is unfinished. */
void tl_activation_prune(struct tl_engine *engine, struct tl_map *types, uint64_t floor);
/* The row of a flow: what `types` says of its number; no row when that is nothing. */
void tl_activation_put_flow(const struct tl_map *types, uint32_t number, const char *name, struct tl_batch *batch);
/* State table "engine": "live", or "live@<integration>" = its revision. */
void tl_activation_put_revisions(const struct tl_plan *plan, struct tl_batch *batch);
/* Units that have begun and go on with an earlier revision: these have rows from now on, in `listed`; what was in it
 * before and has ended goes. Takes `units` (key → revision, own). */
void tl_activation_put_begun(struct tl_engine *engine, struct tl_map *units, struct tl_batch *batch);
/* The batch is durable. */
void tl_activation_listed(struct tl_engine *engine, struct tl_map *units);
void tl_activation_units_free(struct tl_map *units);
void tl_begun_key(tl_position event, const char *flow, char key[TL_BEGUN_KEY]);
