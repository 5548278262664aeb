/* The CPU budget of a stretch. A timer on the clock of this thread's CPU time ticks while scripts run; at the
 * deadline it sets a hook on the coroutine that is running, which ends the stretch (a count hook all the time
 * would cost every script 5 to 12 %). The timer is made by the first stretch of a thread, and stops by itself
 * when the thread has run no script for a while. Thread: each has its own. */
#pragma once
#include <stdint.h>

struct tl_script;

/* Counts `cpu_ms` from now for this script on this thread; it ends with tl_watchdog_leave. Stretches of
 * one script do not nest; another script may be entered meanwhile (tests), and counts for both. */
void tl_watchdog_enter(struct tl_script *script, int64_t cpu_ms);
void tl_watchdog_leave(struct tl_script *script);
