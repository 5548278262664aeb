/* The CPU budget of a stretch, and its slices. A timer ticks every millisecond while scripts run and looks at the clock
 * of this thread's CPU time; when the slice or the budget is used up it sets a hook on the coroutine that is running,
 * which gives way or ends the stretch (a count hook all the time would cost every script 5 to 12 %). The timer is made
 * by the first stretch of a thread, and stops by itself when the thread has run no script for a while. Thread: each has
 * its own. */
#pragma once
#include <stdbool.h>

struct tl_script;

/* What is counted for a script. Microseconds: the budget of the thread's CPU time; the slice of the monotonic clock,
 * which costs next to nothing to read, and others wait that long however much of it the thread had a core. */
struct tl_watch {
    struct tl_script *script; /* borrow; NULL: nobody */
    long start;               /* CPU; 0: the next tick sets it, which spares each stretch a look at that clock */
    long budget;              /* from the start */
    long entered;
    long slice; /* from `entered`; 0: none */
};

/* Counts from now for this script on this thread, until tl_watchdog_leave: sets script->due after `slice_us` (0: never;
 * half a tick more or less) and script->expired after `budget_us` (never before; within two ticks). `exact`: the start
 * is looked up, else it is up to a tick late. Stretches of one script do not nest; another script may be entered
 * meanwhile (tests), and counts for both. */
void tl_watchdog_enter(struct tl_script *script, long budget_us, long slice_us, bool exact);
/* What was used since enter; at most a tick too little. */
long tl_watchdog_used(void);
void tl_watchdog_leave(struct tl_script *script);
