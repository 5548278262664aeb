/* The state database: one SQLite file in WAL mode, opened by this process alone, through the disk seam.
 * synchronous=NORMAL is enough because the log is the truth; each transaction notes the commit it has reached. One
 * thread at a time. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "journal/state.h"
#include <pthread.h>

struct store;

TL_MUST_CHECK tl_code tl_store_open(const char *path, struct store **out, struct tl_error *err);
/* Another connection to a store that is open: for tl_store_get, tl_store_scan and tl_store_count while the first one
 * writes. It must be closed first, and not read while the WAL is moved. */
TL_MUST_CHECK tl_code tl_store_open_reader(const char *path, struct store **out, struct tl_error *err);
/* NULL is allowed. */
void tl_store_close(struct store *store);
/* The commit the state has reached, as noted by the last transaction. */
uint64_t tl_store_applied(const struct store *store);

/* TL_EFULL on a full disk; any other failure is TL_EIO or TL_ECORRUPT. After one, roll back. */
TL_MUST_CHECK tl_code tl_store_begin(struct store *store, struct tl_error *err);
TL_MUST_CHECK tl_code tl_store_put(struct store *store, const struct tl_state_put *put, uint64_t commit,
                                   int64_t time_ms, struct tl_error *err);
TL_MUST_CHECK tl_code tl_store_delete(struct store *store, tl_str table, tl_str key, struct tl_error *err);
TL_MUST_CHECK tl_code tl_store_commit(struct store *store, uint64_t reached, struct tl_error *err);
void tl_store_rollback(struct store *store);

/* Moves the WAL into the file when it has grown past 16 MB. Between transactions. `readers`: held while the WAL is
 * emptied; NULL: nobody reads. */
void tl_store_tidy(struct store *store, pthread_mutex_t *readers);
/* Everything is on disk afterwards, and the WAL is empty. */
TL_MUST_CHECK tl_code tl_store_sync(struct store *store, struct tl_error *err);

/* query.c; as in journal/state.h. */
TL_MUST_CHECK tl_code tl_store_get(struct store *store, tl_str table, tl_str key, struct tl_arena *arena,
                                   struct tl_state_row *out, struct tl_error *err);
TL_MUST_CHECK tl_code tl_store_scan(struct store *store, const struct tl_state_query *query, struct tl_arena *arena,
                                    struct tl_state_page *out, struct tl_error *err);
TL_MUST_CHECK tl_code tl_store_count(struct store *store, const struct tl_state_query *query, uint64_t *out,
                                     struct tl_error *err);
