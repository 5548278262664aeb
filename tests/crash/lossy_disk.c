/* See lossy_disk.h. Pages of 4 KB; one lock around everything: it is for tests. */
#include "lossy_disk.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define FILES 512
#define BUCKETS 4096u

struct page {
    struct page *next;
    uint64_t number;
    uint8_t bytes[PAGE];
};

/* What is known about one file of the machine, by inode. */
struct content {
    unsigned opens;
    dev_t dev;
    ino_t ino;
    uint64_t size, cut; /* cut: bytes of the machine's file from here on are gone */
    struct page **pages;
    unsigned long page_count;
};

static struct {
    pthread_mutex_t lock;
    struct content contents[FILES];
    int by_file[4096]; /* machine's fd → content + 1 */
    unsigned long count, kill_at, sync_count, fail_at;
    int fail_error;
    unsigned percent;
    unsigned seed;
    long long limit;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .limit = -1};

static void check(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "lossy disk: %s\n", what);
    abort();
}

static const struct tl_disk *machine(void)
{
    return tl_disk_machine();
}

static struct content *content_of(int file)
{
    check(file >= 0 && file < 4096 && disk.by_file[file], "a file that is not open");
    return &disk.contents[disk.by_file[file] - 1];
}

static struct page **find(struct content *c, uint64_t number)
{
    struct page **at = &c->pages[number % BUCKETS];
    while (*at && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

/* The machine's bytes of a page, without what was cut off. */
static void read_machine(int file, const struct content *c, uint64_t number, uint8_t out[PAGE])
{
    uint64_t start = number * PAGE;
    memset(out, 0, PAGE);
    if (start >= c->cut)
        return;
    uint64_t len = c->cut - start < PAGE ? c->cut - start : PAGE;
    check(machine()->pread(NULL, file, out, len, start) >= 0, "reading");
}

static void drop_pages(struct content *c, uint64_t from)
{
    for (unsigned b = 0; b < BUCKETS; b++)
        for (struct page **at = &c->pages[b]; *at;) {
            struct page *page = *at;
            if (page->number < from) {
                at = &page->next;
                continue;
            }
            *at = page->next;
            free(page);
            c->page_count--;
        }
}

static void write_page(int file, const struct content *c, const struct page *page)
{
    uint64_t start = page->number * PAGE;
    if (start >= c->size)
        return;
    uint64_t len = c->size - start < PAGE ? c->size - start : PAGE;
    check(machine()->pwrite(NULL, file, page->bytes, len, start) == (ssize_t)len, "writing");
}

static unsigned chance(void)
{
    disk.seed = disk.seed * 1103515245u + 12345u;
    return disk.seed >> 16 & 0x7fff;
}

/* Some of the unsynced pages of all files reach the disk, then the process is gone. */
static void die(void)
{
    for (int file = 0; file < 4096; file++) {
        if (!disk.by_file[file])
            continue;
        struct content *c = content_of(file);
        for (unsigned b = 0; b < BUCKETS; b++)
            for (struct page *page = c->pages[b]; page; page = page->next)
                if (chance() % 100 < disk.percent)
                    write_page(file, c, page);
    }
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* [lock held] */
static void count_one(void)
{
    disk.count++;
    if (disk.kill_at && disk.count >= disk.kill_at)
        die();
}

static int lossy_open(void *ctx, const char *path, int flags)
{
    (void)ctx;
    int how = (flags & O_ACCMODE) == O_RDONLY ? flags : (flags & ~O_ACCMODE) | O_RDWR;
    int file = machine()->open(NULL, path, how & ~O_TRUNC);
    if (file < 0)
        return file;
    struct stat st;
    check(file < 4096 && fstat(file, &st) == 0, "too many files");
    pthread_mutex_lock(&disk.lock);
    int slot = -1;
    for (int i = 0; i < FILES; i++) {
        struct content *c = &disk.contents[i];
        if (c->pages && c->dev == st.st_dev && c->ino == st.st_ino && (c->opens || c->page_count)) {
            slot = i;
            break;
        }
        if (slot < 0 && !c->opens && !c->page_count)
            slot = i;
    }
    check(slot >= 0, "too many files");
    struct content *c = &disk.contents[slot];
    if (!c->opens && !c->page_count) {
        free(c->pages);
        *c = (struct content){.dev = st.st_dev,
                              .ino = st.st_ino,
                              .size = (uint64_t)st.st_size,
                              .cut = (uint64_t)st.st_size,
                              .pages = calloc(BUCKETS, sizeof(struct page *))};
    }
    c->opens++;
    disk.by_file[file] = slot + 1;
    if (flags & O_TRUNC) {
        drop_pages(c, 0);
        c->size = c->cut = 0;
    }
    pthread_mutex_unlock(&disk.lock);
    return file;
}

static int lossy_close(void *ctx, int file)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    struct content *c = content_of(file);
    disk.by_file[file] = 0;
    /* what was not synced is lost with the last one open: harsher than a machine, and no test leaves it so */
    if (--c->opens == 0) {
        drop_pages(c, 0);
        free(c->pages);
        *c = (struct content){0};
    }
    pthread_mutex_unlock(&disk.lock);
    return machine()->close(NULL, file);
}

static ssize_t lossy_pread(void *ctx, int file, void *out, size_t len, uint64_t offset)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    struct content *c = content_of(file);
    size_t done = 0;
    if (offset < c->size && len > c->size - offset)
        len = c->size - offset;
    if (offset >= c->size)
        len = 0;
    while (done < len) {
        uint64_t at = offset + done;
        uint64_t n = PAGE - at % PAGE;
        if (n > len - done)
            n = len - done;
        struct page *page = *find(c, at / PAGE);
        uint8_t bytes[PAGE];
        if (!page)
            read_machine(file, c, at / PAGE, bytes);
        memcpy((uint8_t *)out + done, (page ? page->bytes : bytes) + at % PAGE, n);
        done += n;
    }
    pthread_mutex_unlock(&disk.lock);
    return (ssize_t)done;
}

/* Room for one page more? Pages the machine's file has already cost nothing. [lock held] */
static bool has_room(const struct content *c, uint64_t number)
{
    if (disk.limit < 0 || number * PAGE < c->size)
        return true;
    if (disk.limit < (long long)PAGE)
        return false;
    disk.limit -= PAGE;
    return true;
}

static ssize_t lossy_pwrite(void *ctx, int file, const void *ptr, size_t len, uint64_t offset)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    struct content *c = content_of(file);
    size_t done = 0;
    while (done < len) {
        uint64_t at = offset + done;
        uint64_t n = PAGE - at % PAGE;
        if (n > len - done)
            n = len - done;
        struct page **place = find(c, at / PAGE);
        if (!*place) {
            if (!has_room(c, at / PAGE))
                break;
            struct page *page = malloc(sizeof *page);
            check(page != NULL, "memory");
            page->next = NULL;
            page->number = at / PAGE;
            read_machine(file, c, page->number, page->bytes);
            *place = page;
            c->page_count++;
        }
        memcpy((*place)->bytes + at % PAGE, (const uint8_t *)ptr + done, n);
        done += n;
        if (at + n > c->size)
            c->size = at + n;
    }
    count_one();
    pthread_mutex_unlock(&disk.lock);
    return done ? (ssize_t)done : -ENOSPC;
}

static int lossy_sync(void *ctx, int file)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    count_one();
    disk.sync_count++;
    if (disk.fail_at && disk.sync_count >= disk.fail_at) {
        int error = disk.fail_error;
        disk.fail_at = 0;
        pthread_mutex_unlock(&disk.lock);
        return -error;
    }
    struct content *c = content_of(file);
    check(machine()->truncate(NULL, file, c->cut < c->size ? c->cut : c->size) == 0, "truncating");
    check(machine()->truncate(NULL, file, c->size) == 0, "truncating");
    for (unsigned b = 0; b < BUCKETS; b++)
        for (struct page *page = c->pages[b]; page; page = page->next)
            write_page(file, c, page);
    drop_pages(c, 0);
    c->cut = c->size;
    pthread_mutex_unlock(&disk.lock);
    return 0;
}

static int lossy_allocate(void *ctx, int file, uint64_t offset, uint64_t len)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    struct content *c = content_of(file);
    uint64_t more = offset + len > c->size ? offset + len - c->size : 0;
    int code = 0;
    if (disk.limit >= 0 && (long long)more > disk.limit)
        code = -ENOSPC;
    else if (disk.limit >= 0)
        disk.limit -= (long long)more;
    if (!code && more) {
        check(machine()->truncate(NULL, file, offset + len) == 0, "truncating");
        c->size = c->cut = offset + len;
    }
    pthread_mutex_unlock(&disk.lock);
    return code;
}

static int lossy_truncate(void *ctx, int file, uint64_t size)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    count_one();
    struct content *c = content_of(file);
    if (disk.limit >= 0 && size < c->size)
        disk.limit += (long long)(c->size - size);
    drop_pages(c, (size + PAGE - 1) / PAGE);
    struct page *last = size % PAGE ? *find(c, size / PAGE) : NULL;
    if (last)
        memset(last->bytes + size % PAGE, 0, PAGE - size % PAGE);
    if (size < c->cut)
        c->cut = size;
    c->size = size;
    pthread_mutex_unlock(&disk.lock);
    return 0;
}

static int64_t lossy_size(void *ctx, int file)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    int64_t size = (int64_t)content_of(file)->size;
    pthread_mutex_unlock(&disk.lock);
    return size;
}

static int lossy_lock(void *ctx, int file)
{
    (void)ctx;
    return machine()->lock(NULL, file);
}

static int lossy_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    pthread_mutex_lock(&disk.lock);
    count_one();
    pthread_mutex_unlock(&disk.lock);
    return machine()->rename(NULL, from, to);
}

static int lossy_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return machine()->unlink(NULL, path);
}

static int lossy_mkdir(void *ctx, const char *path)
{
    (void)ctx;
    return machine()->mkdir(NULL, path);
}

static int lossy_sync_dir(void *ctx, const char *path)
{
    (void)ctx;
    return machine()->sync_dir(NULL, path);
}

static int lossy_list(void *ctx, const char *path, bool (*each)(void *arg, const char *name), void *arg)
{
    (void)ctx;
    return machine()->list(NULL, path, each, arg);
}

const struct tl_disk *lossy_disk(void)
{
    static const struct tl_disk table = {
        .open = lossy_open,
        .close = lossy_close,
        .pread = lossy_pread,
        .pwrite = lossy_pwrite,
        .sync = lossy_sync,
        .allocate = lossy_allocate,
        .truncate = lossy_truncate,
        .size = lossy_size,
        .lock = lossy_lock,
        .rename = lossy_rename,
        .unlink = lossy_unlink,
        .mkdir = lossy_mkdir,
        .sync_dir = lossy_sync_dir,
        .list = lossy_list,
    };
    return &table;
}

void lossy_disk_kill_at(unsigned long n, unsigned percent, unsigned seed)
{
    pthread_mutex_lock(&disk.lock);
    disk.kill_at = n ? disk.count + n : 0;
    disk.percent = percent;
    disk.seed = seed;
    pthread_mutex_unlock(&disk.lock);
}

unsigned long lossy_disk_count(void)
{
    pthread_mutex_lock(&disk.lock);
    unsigned long count = disk.count;
    pthread_mutex_unlock(&disk.lock);
    return count;
}

void lossy_disk_limit(long long bytes)
{
    pthread_mutex_lock(&disk.lock);
    disk.limit = bytes;
    pthread_mutex_unlock(&disk.lock);
}

void lossy_disk_fail_sync(unsigned long n, int error)
{
    pthread_mutex_lock(&disk.lock);
    disk.fail_at = n ? disk.sync_count + n : 0;
    disk.fail_error = error;
    pthread_mutex_unlock(&disk.lock);
}
