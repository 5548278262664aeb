/* Writes that go out together (rule 19). What writes records of one object by one operation meets on one lane, its
 * home, whichever lane it runs on: there it waits while the call before is out, and then goes in one call, as many as
 * the operation takes. No timer: a row that comes alone goes alone, as a call of its own. Never two rows of one record
 * are out.
 *
 * A row passes no gate; its batch does, once. Each row has its own outcome, which is given to its step as that of any
 * call. A call that is refused as a whole, by a platform that does not say because of which row, is halved until the
 * row is found.
 *
 * A batch that the connector saves (a job that goes on without us) is a row of the state table "batch" until it has
 * ended; the next start asks for it, and the units that it was for find what became of their writes.
 *
 * Files: batcher.c is a lane's side, batcher_line.c what happens at home, batcher_locks.c which of its lines keep out
 * of one another's way, batcher_saved.c what outlives a process. */
#pragma once
#include "engine_int.h"

struct tl_step;

/* [any] */
struct tl_batcher *tl_batcher_new(struct tl_lane *lane);
/* Lanes have ended. */
void tl_batcher_free(struct tl_batcher *batcher);
/* Asks for what an earlier process had saved. Before the lane's thread runs, or on it. */
TL_MUST_CHECK tl_code tl_batcher_begin(struct tl_lane *lane, struct tl_error *err);
/* Takes the step over, which is then AT_CALL. False: it goes its usual way. [lane] */
bool tl_batcher_take(struct tl_step *step);
/* The lane stops: what waits here goes back unsent. [lane] */
void tl_batcher_stop(struct tl_lane *lane);
/* The grace is over: calls that are out are cancelled. [lane] */
void tl_batcher_cancel(struct tl_lane *lane);
/* No row is anywhere between two lanes; tl_lane_stop_step is called when that becomes so. [lane] */
bool tl_batcher_ended(const struct tl_lane *lane);
