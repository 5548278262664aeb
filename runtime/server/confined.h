/* Private to the room: a program run beside the server, within limits, for what an integration may do before it is
 * live. It is in a process group of its own; when its time is over, or it is cancelled, the whole group is killed. What
 * it does to itself (CPU time, memory, size of files) is the program's own `--limits` (cli/limits.h). Thread: one runs
 * it and waits, any may cancel. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include <pthread.h>
#include <sys/types.h>

struct tl_confined {
    pthread_mutex_t lock;
    pid_t child;    /* 0: none; under the lock */
    bool cancelled; /* under the lock */
};

void tl_confined_init(struct tl_confined *confined);
void tl_confined_deinit(struct tl_confined *confined);
/* Runs `words` (the first is the program's path; NULL ends) for at most `within_ms` of the machine's time and gives its
 * exit status. Standard output and errors are appended to `out` and `errors`, of each at most what fits in, the end of
 * it: what is cut is said. Temporary files go into a folder that is removed. TL_ETIMEOUT: it was killed for its time,
 * or for CPU time; TL_EFULL: for the size of its files; TL_ECANCELLED; TL_EFAILED: it died by another signal; TL_EIO:
 * it could not be started. */
TL_MUST_CHECK tl_code tl_confined_run(struct tl_confined *confined, const char *const *words, int64_t within_ms,
                                      int *status, struct tl_buf *out, struct tl_buf *errors, struct tl_error *err);
/* Kills what runs, and whatever is started from now on at once. [any] */
void tl_confined_cancel(struct tl_confined *confined);
