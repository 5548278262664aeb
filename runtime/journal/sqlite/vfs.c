/* An SQLite VFS on base/disk.h, so that the state's bytes go through the same seam as the log's. Locks and the WAL's
 * index are shared by the connections of this process only (share.c): the journal's lock file keeps other processes
 * out. */
#include "share.h"
#include "store_int.h"
#include "base/disk.h"
#include "base/random.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct vfs_file {
    sqlite3_file base;
    int file;
    struct share_user user; /* of the database's own file */
};

static int file_of(sqlite3_file *f)
{
    return ((struct vfs_file *)f)->file;
}

static int result(int code, int failure)
{
    if (code == 0)
        return SQLITE_OK;
    return tl_disk_is_full(code) ? SQLITE_FULL : failure;
}

static struct share_user *user_of(sqlite3_file *f)
{
    return &((struct vfs_file *)f)->user;
}

static int vfs_close(sqlite3_file *f)
{
    tl_share_leave(user_of(f));
    return result(tl_disk_close(file_of(f)), SQLITE_IOERR_CLOSE);
}

static int vfs_read(sqlite3_file *f, void *out, int len, sqlite3_int64 offset)
{
    ssize_t n = tl_disk_pread(file_of(f), out, (size_t)len, (uint64_t)offset);
    if (n < 0)
        return SQLITE_IOERR_READ;
    if (n == len)
        return SQLITE_OK;
    memset((char *)out + n, 0, (size_t)(len - n));
    return SQLITE_IOERR_SHORT_READ;
}

static int vfs_write(sqlite3_file *f, const void *ptr, int len, sqlite3_int64 offset)
{
    return result(tl_disk_pwrite(file_of(f), ptr, (size_t)len, (uint64_t)offset), SQLITE_IOERR_WRITE);
}

static int vfs_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return result(tl_disk_truncate(file_of(f), (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}

static int vfs_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    return result(tl_disk_sync(file_of(f)), SQLITE_IOERR_FSYNC);
}

static int vfs_size(sqlite3_file *f, sqlite3_int64 *size)
{
    int64_t n = tl_disk_size(file_of(f));
    *size = n < 0 ? 0 : n;
    return n < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int vfs_lock(sqlite3_file *f, int level)
{
    return tl_share_lock(user_of(f), level) ? SQLITE_OK : SQLITE_BUSY;
}

static int vfs_unlock(sqlite3_file *f, int level)
{
    tl_share_unlock(user_of(f), level);
    return SQLITE_OK;
}

static int vfs_reserved(sqlite3_file *f, int *out)
{
    (void)f;
    *out = 0;
    return SQLITE_OK;
}

static int vfs_index(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
    *out = tl_share_region(user_of(f), region, (size_t)size, extend != 0);
    return SQLITE_OK;
}

static int vfs_index_lock(sqlite3_file *f, int first, int count, int flags)
{
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if (flags & SQLITE_SHM_UNLOCK)
        tl_share_index_unlock(user_of(f), first, count, exclusive);
    else if (!tl_share_index_lock(user_of(f), first, count, exclusive))
        return SQLITE_BUSY;
    return SQLITE_OK;
}

static void vfs_index_barrier(sqlite3_file *f)
{
    (void)f;
    atomic_thread_fence(memory_order_seq_cst);
}

/* Its memory goes with the last connection. */
static int vfs_index_leave(sqlite3_file *f, int delete)
{
    (void)f;
    (void)delete;
    return SQLITE_OK;
}

static int vfs_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int vfs_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int vfs_device(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector,
    .xDeviceCharacteristics = vfs_device,
    .xShmMap = vfs_index,
    .xShmLock = vfs_index_lock,
    .xShmBarrier = vfs_index_barrier,
    .xShmUnmap = vfs_index_leave,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)vfs;
    struct vfs_file *file = (struct vfs_file *)f;
    memset(file, 0, sizeof *file);
    if (!name)
        return SQLITE_CANTOPEN; /* temporary files: temp_store=MEMORY */
    int how = flags & SQLITE_OPEN_READONLY ? O_RDONLY : O_RDWR;
    if (flags & SQLITE_OPEN_CREATE)
        how |= O_CREAT;
    int code = tl_disk_open(name, how);
    if (code < 0)
        return tl_disk_is_full(code) ? SQLITE_FULL : SQLITE_CANTOPEN;
    file->file = code;
    file->base.pMethods = &methods;
    if (flags & SQLITE_OPEN_MAIN_DB)
        tl_share_join(&file->user, name);
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    int code = tl_disk_unlink(name);
    if (code == -ENOENT)
        return SQLITE_IOERR_DELETE_NOENT;
    if (!code && sync_dir) {
        char copy[4096];
        snprintf(copy, sizeof copy, "%s", name);
        code = tl_disk_sync_dir(dirname(copy));
    }
    return result(code, SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)flags;
    int file = tl_disk_open(name, O_RDONLY);
    *out = file >= 0 && tl_disk_size(file) > 0;
    if (file >= 0)
        tl_disk_close(file);
    return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
    sqlite3_vfs *machine = vfs->pAppData;
    return machine->xFullPathname(machine, name, cap, out);
}

static int vfs_random(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    tl_random_bytes(out, (size_t)len);
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    sqlite3_vfs *machine = vfs->pAppData;
    return machine->xSleep(machine, us);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    sqlite3_vfs *machine = vfs->pAppData;
    return machine->xCurrentTime(machine, out);
}

const char *tl_store_vfs(void)
{
    static const char name[] = "tidelock";
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = 4096,
        .zName = name,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
    };
    if (!sqlite3_vfs_find(name)) {
        vfs.pAppData = sqlite3_vfs_find(NULL);
        sqlite3_vfs_register(&vfs, 0);
    }
    return name;
}
