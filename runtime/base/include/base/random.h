/* The seam for chance. Thread: any. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Bytes fit for keys and ids, from the kernel; a failure ends the process. */
void tl_random_bytes(void *out, size_t len);
uint64_t tl_random_u64(void);
/* Uniform in [0, bound); bound 0 gives 0. */
uint64_t tl_random_below(uint64_t bound);
/* Replaces the source for the whole process; NULL restores the kernel's. For tests; call before threads start. */
void tl_random_set(void (*fill)(void *ctx, void *out, size_t len), void *ctx);
