/* The files of a bundle: read from a folder or memory, given their role, sorted, and hashed. Links out of the
 * folder are not followed. Thread: one at a time. */
#include "bundle_private.h"
#include "crypto/digest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 2000
#define FILE_BYTES (4u * 1024 * 1024)
#define ALL_BYTES (64u * 1024 * 1024)

static const char *const order[] = {"integration.lua", "entities.lua", "entities/", "maps.lua",  "maps/",  "lenses.lua",
                                    "lenses/",         "events.lua",   "events/",   "flows.lua", "flows/", "apis/"};
static const char *const kept[] = {"contracts/", "systems/", "lookups/", "samples/"};

static void give_role(struct tl_source *source)
{
    tl_str path = tl_str_z(source->path);
    source->role = tl_str_starts(path, TL_STR("samples/")) ? TL_SOURCE_SAMPLE : TL_SOURCE_SKIPPED;
    if (!tl_str_ends(path, TL_STR(".lua")))
        return;
    if (tl_str_starts(path, TL_STR("lib/"))) {
        source->role = TL_SOURCE_LIB;
        source->rank = 1000;
        return;
    }
    for (size_t i = 0; i < TL_COUNT_OF(order); i++) {
        tl_str o = tl_str_z(order[i]);
        if (tl_str_eq(path, o) || (o.ptr[o.len - 1] == '/' && tl_str_starts(path, o))) {
            source->role = TL_SOURCE_MAIN;
            source->rank = (int)i;
            return;
        }
    }
}

/* May a run load anything of the folder that the path begins with? What else lies in the integration's folder (tests, a
 * server's data folder with the copies of revisions) is no part of the revision. */
static bool in_known_folder(tl_str path)
{
    if (tl_str_find(path, '/') < 0 || tl_str_starts(path, TL_STR("lib/")))
        return true;
    for (size_t i = 0; i < TL_COUNT_OF(order); i++)
        if (tl_str_ends(tl_str_z(order[i]), TL_STR("/")) && tl_str_starts(path, tl_str_z(order[i])))
            return true;
    for (size_t i = 0; i < TL_COUNT_OF(kept); i++)
        if (tl_str_starts(path, tl_str_z(kept[i])))
            return true;
    return false;
}

bool tl_bundle_takes(const char *path)
{
    tl_str p = tl_str_z(path);
    if (tl_str_ends(p, TL_STR(".lua")))
        return in_known_folder(p);
    for (size_t i = 0; i < TL_COUNT_OF(kept); i++)
        if (tl_str_starts(p, tl_str_z(kept[i])))
            return tl_str_ends(p, TL_STR(".json")) || tl_str_ends(p, TL_STR(".csv"));
    return false;
}

tl_str tl_source_without_mark(const char *path, tl_str text)
{
    bool marked = tl_str_ends(tl_str_z(path), TL_STR(".lua")) && tl_str_starts(text, TL_STR("\xef\xbb\xbf"));
    return marked ? tl_str_from(text, 3) : text;
}

static void add(struct tl_bundle *bundle, const char *path, tl_str text, bool standard)
{
    struct tl_source *source = TL_LIST_ADD(bundle->sources);
    source->path = tl_arena_copy(&bundle->arena, tl_str_z(path));
    source->text = tl_source_without_mark(path, text);
    if (standard)
        source->role = TL_SOURCE_STANDARD;
    else
        give_role(source);
}

struct reading {
    struct tl_bundle *bundle;
    size_t bytes;
    bool standard;
};

static tl_code read_file(struct reading *r, int dir, const char *name, const char *path, struct tl_error *err)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return tl_fail(err, TL_EIO, "%s cannot be read: %s", path, fd < 0 ? strerror(errno) : "not a file");
    }
    size_t size = (size_t)st.st_size;
    r->bytes += size;
    if (size > FILE_BYTES || r->bytes > ALL_BYTES || r->bundle->sources.count >= FILES_MAX) {
        close(fd);
        return tl_fail(err, TL_EINPUT, "%s: an integration has at most 2,000 files, 4 MB a file, 64 MB in all", path);
    }
    char *text = tl_arena_alloc(&r->bundle->arena, size + 1);
    size_t got = 0;
    ssize_t n = 1;
    while (got < size && (n = read(fd, text + got, size - got)) > 0)
        got += (size_t)n;
    close(fd);
    if (n < 0)
        return tl_fail(err, TL_EIO, "%s cannot be read: %s", path, strerror(errno));
    add(r->bundle, path, tl_str_n(text, got), r->standard);
    return TL_OK;
}

static tl_code read_folder(struct reading *r, int fd, const char *prefix, int depth, struct tl_error *err)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return tl_fail(err, TL_EIO, "the folder %s cannot be read: %s", prefix, strerror(errno));
    }
    tl_code code = TL_OK;
    for (struct dirent *entry; code == TL_OK && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        char path[600];
        struct stat st;
        if ((size_t)snprintf(path, sizeof path, "%s%s", prefix, entry->d_name) >= sizeof path - 1 ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < 8 && !r->standard) {
            strcat(path, "/");
            if (!in_known_folder(tl_str_z(path)))
                continue;
            int sub = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
            if (sub >= 0)
                code = read_folder(r, sub, path, depth + 1, err);
        } else if (S_ISREG(st.st_mode) &&
                   (r->standard ? tl_str_ends(tl_str_z(path), TL_STR(".lua")) : tl_bundle_takes(path))) {
            code = read_file(r, dirfd(dir), entry->d_name, path, err);
        }
    }
    closedir(dir);
    return code;
}

static int by_order(const void *left, const void *right)
{
    const struct tl_source *a = left, *b = right;
    if (a->role != b->role)
        return a->role < b->role ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return strcmp(a->path, b->path);
}

static void digest(struct tl_bundle *bundle)
{
    struct tl_sha256 sha;
    tl_sha256_init(&sha);
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *s = &bundle->sources.items[i];
        if (s->role == TL_SOURCE_SAMPLE)
            continue;
        char head[700];
        int n = snprintf(head, sizeof head, "%d %s %zu\n", (int)(s->role == TL_SOURCE_STANDARD), s->path, s->text.len);
        tl_sha256_add(&sha, tl_str_n(head, (size_t)n));
        tl_sha256_add(&sha, s->text);
    }
    uint8_t out[TL_SHA256_SIZE];
    tl_sha256_end(&sha, out);
    tl_sha256_hex(out, bundle->hash);
}

static tl_code finish(struct tl_bundle *bundle, struct tl_error *err)
{
    struct reading r = {bundle, 0, true};
    const char *library = bundle->options.library;
    int fd = library ? open(library, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return tl_fail(err, TL_EIO, "the standard library %s cannot be read: is Tidelock installed completely?",
                       library ? library : "(no path)");
    tl_code code = read_folder(&r, fd, "", 0, err);
    if (code != TL_OK)
        return code;
    qsort(bundle->sources.items, bundle->sources.count, sizeof(*bundle->sources.items), by_order);
    digest(bundle);
    if (!tl_bundle_source(bundle, "integration.lua", false))
        return tl_fail(err, TL_EINPUT, "there is no integration.lua: is this the folder of an integration?");
    return TL_OK;
}

tl_code tl_sources_read(struct tl_bundle *bundle, const char *dir, struct tl_error *err)
{
    struct reading r = {bundle, 0, false};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return tl_fail(err, TL_EINPUT, "the folder %s cannot be read: %s", dir, strerror(errno));
    tl_code code = read_folder(&r, fd, "", 0, err);
    return code == TL_OK ? finish(bundle, err) : code;
}

tl_code tl_sources_take(struct tl_bundle *bundle, const struct tl_bundle_file *files, size_t count,
                        struct tl_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += files[i].text.len;
        if (files[i].text.len > FILE_BYTES || bytes > ALL_BYTES || i >= FILES_MAX)
            return tl_fail(err, TL_EINPUT, "an integration has at most 2,000 files, 4 MB a file, 64 MB in all");
        if (tl_bundle_takes(files[i].path))
            add(bundle, files[i].path, tl_arena_str(&bundle->arena, files[i].text), false);
    }
    return finish(bundle, err);
}
