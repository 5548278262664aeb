/* Shared by store.c and query.c. */
#pragma once
#include "store.h"
#include <sqlite3.h>

struct store {
    char *path; /* own */
    sqlite3 *db;
    sqlite3_stmt *put, *del, *note, *get, *begin, *commit;
    uint64_t applied;
    int64_t read_until_ns; /* mono; 0: no read under way */
};

/* SQLite's last error as ours. `rc` is what it returned. */
tl_code tl_store_fail(const struct store *store, int rc, const char *doing, struct tl_error *err);
/* Registers the VFS that goes through base/disk.h (vfs.c) and gives its name. */
const char *tl_store_vfs(void);
