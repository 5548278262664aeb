/* The machine's disk, and the calls that go to whatever table is set. Thread: any. */
#include "base/disk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int machine_open(void *ctx, const char *path, int flags)
{
    (void)ctx;
    int fd = open(path, flags | O_CLOEXEC, 0640);
    return fd < 0 ? -errno : fd;
}

static int machine_close(void *ctx, int file)
{
    (void)ctx;
    return close(file) ? -errno : 0;
}

static ssize_t machine_pread(void *ctx, int file, void *ptr, size_t len, uint64_t offset)
{
    (void)ctx;
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(file, (char *)ptr + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static ssize_t machine_pwrite(void *ctx, int file, const void *ptr, size_t len, uint64_t offset)
{
    (void)ctx;
    for (;;) {
        ssize_t n = pwrite(file, ptr, len, (off_t)offset);
        if (n >= 0)
            return n;
        if (errno != EINTR)
            return -errno;
    }
}

static int machine_sync(void *ctx, int file)
{
    (void)ctx;
    return fdatasync(file) ? -errno : 0;
}

static int machine_allocate(void *ctx, int file, uint64_t offset, uint64_t len)
{
    (void)ctx;
    for (;;) {
        int code = posix_fallocate(file, (off_t)offset, (off_t)len);
        if (code != EINTR)
            return -code;
    }
}

static int machine_truncate(void *ctx, int file, uint64_t size)
{
    (void)ctx;
    return ftruncate(file, (off_t)size) ? -errno : 0;
}

static int64_t machine_size(void *ctx, int file)
{
    (void)ctx;
    struct stat st;
    return fstat(file, &st) ? -errno : (int64_t)st.st_size;
}

static int machine_lock(void *ctx, int file)
{
    (void)ctx;
    return flock(file, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int machine_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return rename(from, to) ? -errno : 0;
}

static int machine_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path) ? -errno : 0;
}

static int machine_mkdir(void *ctx, const char *path)
{
    (void)ctx;
    return mkdir(path, 0750) && errno != EEXIST ? -errno : 0;
}

static int machine_sync_dir(void *ctx, const char *path)
{
    (void)ctx;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = fsync(fd) ? -errno : 0;
    close(fd);
    return code;
}

static int machine_list(void *ctx, const char *path, bool (*each)(void *arg, const char *name), void *arg)
{
    (void)ctx;
    DIR *dir = opendir(path);
    if (!dir)
        return -errno;
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !each(arg, entry->d_name)) {
            errno = 0;
            break;
        }
        errno = 0;
    }
    int code = -errno;
    closedir(dir);
    return code;
}

static const struct tl_disk machine = {
    .open = machine_open,
    .close = machine_close,
    .pread = machine_pread,
    .pwrite = machine_pwrite,
    .sync = machine_sync,
    .allocate = machine_allocate,
    .truncate = machine_truncate,
    .size = machine_size,
    .lock = machine_lock,
    .rename = machine_rename,
    .unlink = machine_unlink,
    .mkdir = machine_mkdir,
    .sync_dir = machine_sync_dir,
    .list = machine_list,
};

static const struct tl_disk *disk = &machine;

void tl_disk_set(const struct tl_disk *table)
{
    disk = table ? table : &machine;
}

const struct tl_disk *tl_disk_machine(void)
{
    return &machine;
}

int tl_disk_open(const char *path, int flags)
{
    return disk->open(disk->ctx, path, flags);
}

int tl_disk_close(int file)
{
    return disk->close(disk->ctx, file);
}

ssize_t tl_disk_pread(int file, void *ptr, size_t len, uint64_t offset)
{
    return disk->pread(disk->ctx, file, ptr, len, offset);
}

int tl_disk_pwrite(int file, const void *ptr, size_t len, uint64_t offset)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = disk->pwrite(disk->ctx, file, (const char *)ptr + done, len - done, offset + done);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return -EIO;
        done += (size_t)n;
    }
    return 0;
}

int tl_disk_sync(int file)
{
    return disk->sync(disk->ctx, file);
}

int tl_disk_allocate(int file, uint64_t offset, uint64_t len)
{
    return disk->allocate(disk->ctx, file, offset, len);
}

int tl_disk_truncate(int file, uint64_t size)
{
    return disk->truncate(disk->ctx, file, size);
}

int64_t tl_disk_size(int file)
{
    return disk->size(disk->ctx, file);
}

int tl_disk_lock(int file)
{
    return disk->lock(disk->ctx, file);
}

int tl_disk_rename(const char *from, const char *to)
{
    return disk->rename(disk->ctx, from, to);
}

int tl_disk_unlink(const char *path)
{
    return disk->unlink(disk->ctx, path);
}

int tl_disk_mkdir(const char *path)
{
    return disk->mkdir(disk->ctx, path);
}

int tl_disk_sync_dir(const char *path)
{
    return disk->sync_dir(disk->ctx, path);
}

int tl_disk_list(const char *path, bool (*each)(void *arg, const char *name), void *arg)
{
    return disk->list(disk->ctx, path, each, arg);
}

bool tl_disk_is_full(int error)
{
    return error == -ENOSPC || error == -EDQUOT;
}
