/* The seam for the disk. Every durable byte goes through the functions here, which call a table that tests replace: to
 * hold back what is not synced and drop it at a kill, to fill the disk, to fail. Files are small numbers that belong to
 * the table in use. Functions return 0 (or a count) or -errno. Thread: any; one file may be used by several threads. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tl_disk {
    /* flags as open(2), mode 0640 when created; the file, or -errno */
    int (*open)(void *ctx, const char *path, int flags);
    int (*close)(void *ctx, int file);
    /* bytes read, less than `len` only at the end of the file */
    ssize_t (*pread)(void *ctx, int file, void *ptr, size_t len, uint64_t offset);
    /* bytes written; less than `len` is possible before -ENOSPC */
    ssize_t (*pwrite)(void *ctx, int file, const void *ptr, size_t len, uint64_t offset);
    int (*sync)(void *ctx, int file); /* data, and the size of the file */
    int (*allocate)(void *ctx, int file, uint64_t offset, uint64_t len);
    int (*truncate)(void *ctx, int file, uint64_t size);
    int64_t (*size)(void *ctx, int file);
    int (*lock)(void *ctx, int file); /* for this process alone, until closed; -EWOULDBLOCK when another holds it */
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    int (*mkdir)(void *ctx, const char *path);    /* 0 when it exists */
    int (*sync_dir)(void *ctx, const char *path); /* renames, new and removed names in it */
    /* calls `each` for every name but . and .. ; stops when it returns false */
    int (*list)(void *ctx, const char *path, bool (*each)(void *arg, const char *name), void *arg);
    void *ctx;
};

/* Replaces the disk of the whole process; NULL restores the machine's. Call while no file is open. The table must
 * outlive its use. */
void tl_disk_set(const struct tl_disk *disk);
/* The machine's own table, for tables that wrap it. */
const struct tl_disk *tl_disk_machine(void);

int tl_disk_open(const char *path, int flags);
int tl_disk_close(int file);
/* Reads until `len` or the end of the file. */
ssize_t tl_disk_pread(int file, void *ptr, size_t len, uint64_t offset);
/* All of it: 0, or -errno (then part of it may be written). */
int tl_disk_pwrite(int file, const void *ptr, size_t len, uint64_t offset);
int tl_disk_sync(int file);
int tl_disk_allocate(int file, uint64_t offset, uint64_t len);
int tl_disk_truncate(int file, uint64_t size);
int64_t tl_disk_size(int file);
int tl_disk_lock(int file);
int tl_disk_rename(const char *from, const char *to);
int tl_disk_unlink(const char *path);
int tl_disk_mkdir(const char *path);
int tl_disk_sync_dir(const char *path);
int tl_disk_list(const char *path, bool (*each)(void *arg, const char *name), void *arg);
/* True for the errors of a full disk or quota. */
bool tl_disk_is_full(int error);
