/* One Lua state of one lane for one bundle: libraries, the integration's frozen modules, and a memory quota.
 *
 * A state is entered by one thread at a time and stays with the thread that first ran something in it (the CPU budget
 * is counted by a timer on that thread's clock). Building one takes milliseconds and may be done on another thread
 * before the first run. Nothing a script does survives its run: file-level state is frozen after load. */
#pragma once
#include "script/bundle.h"

struct tl_script;

struct tl_lines; /* script/lines.h */

/* The slice that lanes of a server give: with the tick of the timer that ends it, a stretch gives way within 2 ms. */
enum { TL_SLICE_MS = 1 };

struct tl_script_limits {
    size_t memory;          /* bytes a state may hold at all; 0: 64 MB */
    size_t growth;          /* bytes a stretch may add; 0: 32 MB */
    int64_t cpu_ms;         /* CPU time of one stretch; 0: 200 */
    int64_t slice_ms;       /* CPU time after which a stretch gives way (TL_RUN_PREEMPTED); 0: never */
    size_t result_bytes;    /* most JSON bytes of one call, emit or result; 0: 16 MB */
    int slice_count;        /* tests only: it gives way after so many instructions instead; 0: no hook, no cost */
    struct tl_lines *lines; /* tests only: notes which lines ran; borrow. NULL: no hook, no cost */
};

/* TL_ECONFIG when the bundle has errors. The bundle must outlive the state. */
TL_MUST_CHECK tl_code tl_script_new(const struct tl_bundle *bundle, const struct tl_script_limits *limits,
                                    struct tl_script **script, struct tl_error *err);
/* Every run must have been freed. NULL is allowed. */
void tl_script_free(struct tl_script *script);

const struct tl_bundle *tl_script_bundle(const struct tl_script *script);
/* Bytes held by Lua now, and the most there ever were. */
size_t tl_script_bytes(const struct tl_script *script);
size_t tl_script_peak(const struct tl_script *script);
/* True when the hard cap was reached: free the state and build a new one once its runs are gone. */
bool tl_script_spent(const struct tl_script *script);
