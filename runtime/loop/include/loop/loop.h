/* One thread's event loop: the ground that lanes, the gateway and the main thread stand on. A loop is created by any
 * thread, run by one, and everything tagged [loop] below may be called only on the thread that runs it (or, while it
 * does not run, by its owner). [any] is safe from every thread.
 *
 * What a loop offers: mail from other threads (mail.h), work for the end of this turn (tl_loop_next), timers on the
 * clock seam (timer.h), and I/O for the net room (uv.h; no other room sees libuv).
 *
 * A completion never happens inside the call that started it: who ends at once uses tl_loop_next. */
#pragma once
#include "loop/mail.h"
#include <stdbool.h>
#include <stdint.h>

struct tl_loop;

/* Never NULL. `name` (copied, 15 bytes are shown) appears in log lines. Also makes the process ignore SIGPIPE. [any] */
struct tl_loop *tl_loop_new(const char *name);
/* Runs until tl_loop_stop. May be called again afterwards. [the thread that owns it from now on] */
void tl_loop_run(struct tl_loop *loop);
/* Ends tl_loop_run after the present turn; a stop before the run makes the next run return at once. [any] */
void tl_loop_stop(struct tl_loop *loop);
/* One turn without waiting: mail, due timers, ready I/O. For tests that drive a loop by hand. [loop] */
void tl_loop_turn(struct tl_loop *loop);
/* One turn that waits for something to do, at most `max_ms` of the machine's time. [loop] */
void tl_loop_wait(struct tl_loop *loop, int max_ms);
/* Delivers what was posted, waits for handles being closed, releases everything. Timers still set are forgotten.
 * Servers and clients on the loop must be stopped before, and the threads that post here joined: a handle still open
 * ends the process. NULL is fine.
 * [loop, not running] */
void tl_loop_free(struct tl_loop *loop);

const char *tl_loop_name(const struct tl_loop *loop);
/* The loop whose turn this thread is in; NULL outside. [any] */
struct tl_loop *tl_loop_current(void);

/* Runs `mail` on this loop after the present callback has returned and before the loop waits for I/O again, in the
 * order of the calls. [loop] */
void tl_loop_next(struct tl_loop *loop, struct tl_mail *mail);

/* ---- driven time ---- */

/* Tests replace the clock (base/clock.h) and move it only while nothing is outstanding: all loops are found idle, then
 * found idle again with the same numbers of turns (otherwise one may have mailed another between two looks). Then:
 * move the clock, tl_loop_clock_moved(every loop). */

/* The clock seam has moved: look at the timers again. [any] */
void tl_loop_clock_moved(struct tl_loop *loop);
/* True when the loop waits and nothing but time or the outside world can wake it: no mail, no next-tick work, no
 * operation between tl_loop_op_begin and tl_loop_op_end, no moved clock unseen. [any] */
bool tl_loop_is_idle(const struct tl_loop *loop);
/* An operation whose end is certain to come from elsewhere: an HTTP transfer, a request being answered, a commit, a
 * job on another thread. Each begin has one end. [any] */
void tl_loop_op_begin(struct tl_loop *loop);
void tl_loop_op_end(struct tl_loop *loop);
/* Turns begun so far. [any] */
uint64_t tl_loop_turns(const struct tl_loop *loop);
/* Mono time (ms) of the earliest timer; INT64_MAX when none is set. [any] */
int64_t tl_loop_due_ms(const struct tl_loop *loop);
