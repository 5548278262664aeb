/* Threads with names. A thread runs one function and is joined by its starter. It leaves SIGINT, SIGTERM and SIGHUP to
 * the main thread. */
#pragma once
#include "base/error.h"

struct tl_thread;

/* `name` is copied; the system shows 15 bytes of it. [any] */
TL_MUST_CHECK tl_code tl_thread_start(const char *name, void (*body)(void *ctx), void *ctx, struct tl_thread **out,
                                      struct tl_error *err);
/* Waits for its end and releases it; NULL is fine. [any but the thread itself] */
void tl_thread_join(struct tl_thread *thread);
/* Names the calling thread, e.g. the main one. [any] */
void tl_thread_name_set(const char *name);
/* CPU time of the calling thread in nanoseconds; unaffected by the clock seam. [any] */
long long tl_thread_cpu_ns(void);
/* Cores this process may run on, at least 1. [any] */
int tl_thread_cores(void);
