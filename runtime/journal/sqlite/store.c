/* The state database: opening, writing.
 *
 *   meta(name, value)    "applied": the last commit applied; "format": 1
 *   state(tbl, key, a1..a4, value, pos, at)    the newest put of each (tbl, key); pos and at: its commit and time
 * Keys, attributes and values are blobs, so that they compare by bytes. An absent attribute is NULL. */
#include "store_int.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include <string.h>

#define STORE_FORMAT 1
#define WAL_PAGES 2048 /* of 8 KB: tidied past this */

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS state(id INTEGER PRIMARY KEY, tbl BLOB NOT NULL, key BLOB NOT NULL,"
    " a1 BLOB, a2 BLOB, a3 BLOB, a4 BLOB, value BLOB NOT NULL, pos INTEGER NOT NULL, at INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX IF NOT EXISTS state_key ON state(tbl, key);"
    "CREATE INDEX IF NOT EXISTS state_a1 ON state(tbl, a1, key) WHERE a1 IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS state_a2 ON state(tbl, a2, key) WHERE a2 IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS state_a3 ON state(tbl, a3, key) WHERE a3 IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS state_a4 ON state(tbl, a4, key) WHERE a4 IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS state_pos ON state(tbl, pos, key);"
    "INSERT OR IGNORE INTO meta VALUES ('applied', 0), ('format', 1);";

tl_code tl_store_fail(const struct store *store, int rc, const char *doing, struct tl_error *err)
{
    tl_code code = TL_EIO;
    if ((rc & 0xff) == SQLITE_FULL)
        code = TL_EFULL;
    else if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
        code = TL_ECORRUPT;
    else if ((rc & 0xff) == SQLITE_INTERRUPT)
        return tl_fail(err, TL_ETIMEOUT,
                       "%s took longer than 5 s and was ended; ask for a smaller page or by an attribute", doing);
    return tl_fail(err, code, "%s: %s: %s%s", store->path, doing,
                   store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc),
                   code == TL_ECORRUPT ? ". The state derives from the journal: run `tidelock restore`" : "");
}

static tl_code run(struct store *store, const char *sql, struct tl_error *err)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? TL_OK : tl_store_fail(store, rc, "preparing the state", err);
}

static tl_code prepare(struct store *store, const char *sql, sqlite3_stmt **out, struct tl_error *err)
{
    int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    return rc == SQLITE_OK ? TL_OK : tl_store_fail(store, rc, "preparing the state", err);
}

static int is_late(void *ctx)
{
    const struct store *store = ctx;
    return store->read_until_ns && tl_mono_ns() > store->read_until_ns;
}

static tl_code read_meta(struct store *store, struct tl_error *err)
{
    sqlite3_stmt *st = NULL;
    tl_code code = prepare(store, "SELECT name, value FROM meta", &st, err);
    while (!code && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        int64_t value = sqlite3_column_int64(st, 1);
        if (strcmp(name, "applied") == 0)
            store->applied = (uint64_t)value;
        else if (strcmp(name, "format") == 0 && value != STORE_FORMAT)
            code =
                tl_fail(err, TL_EVERSION, "%s has format %lld; this Tidelock (%s) reads format %d. Start a newer one",
                        store->path, (long long)value, TIDELOCK_VERSION, STORE_FORMAT);
    }
    sqlite3_finalize(st);
    return code;
}

static tl_code prepare_get(struct store *store, struct tl_error *err)
{
    return prepare(store, "SELECT key, value, a1, a2, a3, a4, pos, at FROM state WHERE tbl=?1 AND key=?2", &store->get,
                   err);
}

static tl_code prepare_all(struct store *store, struct tl_error *err)
{
    tl_code code =
        prepare(store,
                "INSERT INTO state(tbl, key, a1, a2, a3, a4, value, pos, at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) "
                "ON CONFLICT(tbl, key) DO UPDATE SET a1=?3, a2=?4, a3=?5, a4=?6, value=?7, pos=?8, at=?9",
                &store->put, err);
    if (!code)
        code = prepare(store, "DELETE FROM state WHERE tbl=?1 AND key=?2", &store->del, err);
    if (!code)
        code = prepare(store, "UPDATE meta SET value=?1 WHERE name='applied'", &store->note, err);
    if (!code)
        code = prepare_get(store, err);
    if (!code)
        code = prepare(store, "BEGIN", &store->begin, err);
    return code ? code : prepare(store, "COMMIT", &store->commit, err);
}

tl_code tl_store_open(const char *path, struct store **out, struct tl_error *err)
{
    struct store *store = TL_NEW(struct store);
    store->path = tl_copy_z(path);
    *out = store;
    int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                             tl_store_vfs());
    if (rc != SQLITE_OK)
        return tl_store_fail(store, rc, "opening the state", err);
    sqlite3_extended_result_codes(store->db, 1);
    tl_code code = run(store,
                       "PRAGMA page_size=8192; PRAGMA journal_mode=WAL;"
                       "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-32768;"
                       "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF;",
                       err);
    if (!code)
        code = run(store, schema, err);
    if (!code)
        code = read_meta(store, err);
    if (!code)
        code = prepare_all(store, err);
    sqlite3_progress_handler(store->db, 1000, is_late, store);
    return code;
}

tl_code tl_store_open_reader(const char *path, struct store **out, struct tl_error *err)
{
    struct store *store = TL_NEW(struct store);
    store->path = tl_copy_z(path);
    *out = store;
    int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, tl_store_vfs());
    if (rc != SQLITE_OK)
        return tl_store_fail(store, rc, "opening the state", err);
    sqlite3_extended_result_codes(store->db, 1);
    tl_code code = run(
        store, "PRAGMA query_only=1; PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0;",
        err);
    if (!code)
        code = prepare_get(store, err);
    sqlite3_progress_handler(store->db, 1000, is_late, store);
    return code;
}

void tl_store_close(struct store *store)
{
    if (!store)
        return;
    sqlite3_stmt *all[] = {store->put, store->del, store->note, store->get, store->begin, store->commit};
    for (size_t i = 0; i < TL_COUNT_OF(all); i++)
        sqlite3_finalize(all[i]);
    sqlite3_close(store->db);
    tl_free(store->path);
    tl_free(store);
}

uint64_t tl_store_applied(const struct store *store)
{
    return store->applied;
}

static tl_code step(struct store *store, sqlite3_stmt *st, const char *doing, struct tl_error *err)
{
    int rc = sqlite3_step(st);
    int reset = sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    if (rc == SQLITE_DONE && reset == SQLITE_OK)
        return TL_OK;
    return tl_store_fail(store, rc == SQLITE_DONE ? reset : rc, doing, err);
}

tl_code tl_store_begin(struct store *store, struct tl_error *err)
{
    return step(store, store->begin, "beginning a transaction", err);
}

static void bind(sqlite3_stmt *st, int place, tl_str s)
{
    sqlite3_bind_blob64(st, place, s.len ? s.ptr : "", s.len, SQLITE_STATIC);
}

tl_code tl_store_put(struct store *store, const struct tl_state_put *put, uint64_t commit, int64_t time_ms,
                     struct tl_error *err)
{
    sqlite3_stmt *st = store->put;
    bind(st, 1, put->table);
    bind(st, 2, put->key);
    for (int i = 0; i < TL_STATE_ATTRS; i++)
        if (put->attr[i].len)
            bind(st, 3 + i, put->attr[i]);
    bind(st, 7, put->value);
    sqlite3_bind_int64(st, 8, (sqlite3_int64)commit);
    sqlite3_bind_int64(st, 9, time_ms);
    return step(store, st, "writing a state record", err);
}

tl_code tl_store_delete(struct store *store, tl_str table, tl_str key, struct tl_error *err)
{
    bind(store->del, 1, table);
    bind(store->del, 2, key);
    return step(store, store->del, "deleting a state record", err);
}

tl_code tl_store_commit(struct store *store, uint64_t reached, struct tl_error *err)
{
    sqlite3_bind_int64(store->note, 1, (sqlite3_int64)reached);
    tl_code code = step(store, store->note, "noting the commit reached", err);
    if (!code)
        code = step(store, store->commit, "committing the state", err);
    if (!code)
        store->applied = reached;
    return code;
}

void tl_store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

static int checkpoint(struct store *store, int mode, int *pages)
{
    int moved = 0;
    return sqlite3_wal_checkpoint_v2(store->db, NULL, mode, pages, &moved);
}

void tl_store_tidy(struct store *store, pthread_mutex_t *readers)
{
    sqlite3_file *wal = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK || !wal ||
        !wal->pMethods || wal->pMethods->xFileSize(wal, &size) != SQLITE_OK || size < (sqlite3_int64)WAL_PAGES * 8192)
        return;
    int pages = 0;
    int rc = checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, &pages); /* most of the work: nobody waits for it */
    if (readers != NULL)
        pthread_mutex_lock(readers);
    if (rc == SQLITE_OK)
        rc = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, &pages);
    if (readers != NULL)
        pthread_mutex_unlock(readers);
    if (rc != SQLITE_OK)
        tl_log(TL_WARN, "journal.checkpoint", "the state's WAL was not moved; it is tried again",
               TL_FSTR("error", sqlite3_errmsg(store->db)));
}

tl_code tl_store_sync(struct store *store, struct tl_error *err)
{
    int pages = 0;
    int rc = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, &pages);
    return rc == SQLITE_OK ? TL_OK : tl_store_fail(store, rc, "syncing the state", err);
}
