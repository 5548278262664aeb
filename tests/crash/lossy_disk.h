/* A disk that keeps every write in memory until it is synced, so that SIGKILL drops what was not, as a power cut would.
 * (A real kill does not: the page cache survives it.) Files, SQLite's included, go through base/disk.h, so one table
 * covers all. New names, renames and removals reach the machine's disk at once. Thread: any. */
#pragma once
#include "base/disk.h"

/* The table for tl_disk_set. */
const struct tl_disk *lossy_disk(void);

/* The process kills itself in the middle of the n-th write, sync, truncation or rename from now on (1: the next one).
 * Before that, each page not yet synced reaches the disk with a chance of `percent`, in no order, as a disk may do it.
 * 0 takes it back. */
void lossy_disk_kill_at(unsigned long n, unsigned percent, unsigned seed);
/* Operations counted so far. */
unsigned long lossy_disk_count(void);

/* The disk holds no more than this many bytes of new pages beyond what it has; then -ENOSPC. -1: no limit. */
void lossy_disk_limit(long long bytes);
/* The n-th sync from now on fails with `error` (a positive errno). 0 takes it back. */
void lossy_disk_fail_sync(unsigned long n, int error);
