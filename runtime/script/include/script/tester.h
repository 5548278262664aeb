/* The Lua state in which an integration's tests run: the integration's own modules and maps, the words of tests
 * (scripts/trial), and the files of tests. It is another state than those of the lanes, so a test sees of a run only
 * what a platform or a person would see.
 *
 * Values cross as JSON in both directions. Thread: that of the state; everything below is called by one thread, also
 * from inside `call`. */
#pragma once
#include "base/buf.h"
#include "script/state.h"

struct tl_tester;

struct tl_tester_host {
    /* A test asks the world: `args` is JSON, or empty. Appends JSON, or nothing, to `result`. Another code than TL_OK
     * raises the sentence in the test. May call tl_tester_call. */
    tl_code (*call)(void *ctx, tl_str name, tl_str args, struct tl_buf *result, struct tl_error *err);
    void *ctx;
};

/* `words`: folder of the words (scripts/trial). `lines`: as in tl_script_limits, or NULL. The bundle, without errors,
 * and `host` (copied) outlive the tester. TL_ECONFIG, TL_EIO. */
TL_MUST_CHECK tl_code tl_tester_new(const struct tl_bundle *bundle, const char *words, struct tl_lines *lines,
                                    const struct tl_tester_host *host, struct tl_tester **out, struct tl_error *err);
/* NULL is allowed. */
void tl_tester_free(struct tl_tester *tester);
/* Runs a file of tests once: what it describes is noted. `path` is what messages name. TL_EINPUT: it cannot be loaded,
 * with file and line. */
TL_MUST_CHECK tl_code tl_tester_load(struct tl_tester *tester, const char *path, tl_str text, struct tl_error *err);
/* Calls a word with one value (JSON, or empty for none); appends its result as JSON. `cpu_ms` counts only for a call
 * from outside, and for everything that happens inside of it on this thread. TL_EINPUT: an error, its sentence;
 * TL_ETIMEOUT: the CPU budget is used up. */
TL_MUST_CHECK tl_code tl_tester_call(struct tl_tester *tester, const char *word, tl_str arg, int64_t cpu_ms,
                                     struct tl_buf *result, struct tl_error *err);
