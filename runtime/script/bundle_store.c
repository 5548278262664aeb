/* A copy is verified by reading it as a bundle is read, without running anything of it. */
#include "script/bundle_store.h"
#include "base/alloc.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/tree.h"
#include "bundle_private.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HASH_LEN 64

bool tl_bundle_is_hash(const char *text)
{
    return strlen(text) == HASH_LEN && strspn(text, "0123456789abcdef") == HASH_LEN;
}

static tl_code fail_disk(struct tl_error *err, int error, const char *what, const char *path)
{
    return tl_fail(err, tl_disk_is_full(error) ? TL_EFULL : TL_EIO, "cannot %s %s: %s", what, path, strerror(-error));
}

/* ---- a copy that is there ---- */

static tl_code read_hash(const char *path, char hash[HASH_LEN + 1], struct tl_error *err)
{
    struct tl_bundle *copy = TL_NEW(struct tl_bundle);
    char *library = tl_printf("%s/library", path), *folder = tl_printf("%s/integration", path);
    tl_arena_init(&copy->arena);
    tl_findings_init(&copy->findings, &copy->arena);
    copy->options.library = library;
    tl_code code = tl_sources_read(copy, folder, err);
    memcpy(hash, copy->hash, sizeof copy->hash);
    tl_bundle_free(copy);
    tl_free(library);
    tl_free(folder);
    return code;
}

/* TL_ENOTFOUND, TL_ECORRUPT, or TL_OK: it is whole. */
static tl_code verify(const char *path, const char *hash, struct tl_error *err)
{
    struct stat info;
    struct tl_error why;
    char found[HASH_LEN + 1];
    if (stat(path, &info) != 0)
        return tl_fail(err, TL_ENOTFOUND, "there is no folder %s", path);
    if (read_hash(path, found, &why) != TL_OK)
        return tl_fail(err, TL_ECORRUPT, "%s is damaged: %s", path, why.text);
    if (strcmp(found, hash) != 0)
        return tl_fail(err, TL_ECORRUPT, "%s is damaged: a file in it was changed, added or lost, they add up to %.12s",
                       path, found);
    return TL_OK;
}

/* ---- writing ---- */

static int write_text(const char *path, tl_str text)
{
    int file = tl_disk_open(path, O_WRONLY | O_CREAT | O_EXCL);
    if (file < 0)
        return file;
    int code = text.len ? tl_disk_pwrite(file, text.ptr, text.len, 0) : 0;
    if (code == 0)
        code = tl_disk_sync(file);
    int closed = tl_disk_close(file);
    return code == 0 ? closed : code;
}

/* Bundles from memory may hold any path; one that is read from a folder has none that begins with a dot. */
static bool stays_below(const char *path)
{
    tl_str rest = tl_str_z(path), part;
    while (tl_str_cut(&rest, '/', &part))
        if (part.len == 0 || part.ptr[0] == '.')
            return false;
    return true;
}

static tl_code write_source(const struct tl_source *source, const char *root, struct tl_error *err)
{
    if (!stays_below(source->path))
        return tl_fail(err, TL_EINPUT, "%s is no path below the integration's folder", source->path);
    char *path = tl_printf("%s/%s", source->role == TL_SOURCE_STANDARD ? "library" : "integration", source->path);
    char *whole = tl_printf("%s/%s", root, path);
    int error = tl_tree_make(root, path);
    if (error == 0)
        error = write_text(whole, source->text);
    tl_code code = error == 0 ? TL_OK : fail_disk(err, error, "write", whole);
    tl_free(whole);
    tl_free(path);
    return code;
}

static tl_code write_copy(const struct tl_bundle *bundle, const char *root, struct tl_error *err)
{
    int error = tl_tree_remove(root);
    if (error == 0)
        error = tl_disk_mkdir(root);
    if (error != 0)
        return fail_disk(err, error, "make the folder", root);
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && i < bundle->sources.count; i++)
        if (bundle->sources.items[i].role != TL_SOURCE_SAMPLE)
            code = write_source(&bundle->sources.items[i], root, err);
    if (code == TL_OK && (error = tl_tree_sync(root)) != 0)
        code = fail_disk(err, error, "sync", root);
    return code == TL_OK ? verify(root, bundle->hash, err) : code;
}

/* `fresh` takes the place of what may be there. */
static tl_code move_into_place(const char *dir, const char *fresh, const char *path, struct tl_error *err)
{
    int error = tl_tree_remove(path);
    if (error == 0)
        error = tl_disk_rename(fresh, path);
    if (error == 0)
        error = tl_disk_sync_dir(dir);
    return error == 0 ? TL_OK : fail_disk(err, error, "write", path);
}

/* What a kill in the middle of writing or removing left. */
static bool sweep(void *dir, const char *name)
{
    tl_str rest = tl_str_from(tl_str_z(name), HASH_LEN);
    char hash[HASH_LEN + 1];
    snprintf(hash, sizeof hash, "%s", name);
    if (tl_bundle_is_hash(hash) && tl_str_is(rest, ".new")) {
        char *path = tl_printf("%s/%s", (const char *)dir, name);
        (void)tl_tree_remove(path); /* costs space only */
        tl_free(path);
    }
    return true;
}

tl_code tl_bundle_keep(const struct tl_bundle *bundle, const char *dir, bool *written, struct tl_error *err)
{
    char *path = tl_printf("%s/%s", dir, bundle->hash), *fresh = tl_printf("%s.new", path);
    struct tl_error why;
    tl_code there = verify(path, bundle->hash, &why), code = TL_OK;
    (void)tl_disk_list(dir, sweep, (void *)(uintptr_t)dir);
    if (written)
        *written = there != TL_OK;
    if (there == TL_ECORRUPT)
        tl_log(TL_WARN, "revision.damaged", why.text, TL_FSTR("do", "nothing: it is written anew"));
    if (there != TL_OK) {
        int error = tl_disk_mkdir(dir);
        code = error == 0 ? write_copy(bundle, fresh, err) : fail_disk(err, error, "make the folder", dir);
        if (code == TL_OK)
            code = move_into_place(dir, fresh, path, err);
        if (code != TL_OK)
            (void)tl_tree_remove(fresh); /* else the next attempt does */
    }
    tl_free(fresh);
    tl_free(path);
    return code;
}

/* ---- reading ---- */

static tl_code load(const char *path, const struct tl_bundle_options *options, struct tl_bundle **out,
                    struct tl_error *err)
{
    char *library = tl_printf("%s/library", path), *folder = tl_printf("%s/integration", path);
    struct tl_bundle_options quiet = {.library = library};
    struct tl_bundle *bundle = NULL;
    tl_code code = tl_bundle_load(folder, &quiet, &bundle, err);
    if (code == TL_OK) {
        bundle->options = *options;
        *out = bundle;
    }
    tl_free(library);
    tl_free(folder);
    return code;
}

static tl_code refuse_errors(const struct tl_bundle *bundle, struct tl_error *err)
{
    if (!bundle->findings.errors)
        return TL_OK;
    const struct tl_finding *first = bundle->findings.items;
    while (first->severity != TL_FINDING_ERROR)
        first++;
    return tl_fail(err, TL_ECONFIG, "this version of Tidelock cannot run it: %s:%d: %s", first->place.file,
                   first->place.line, first->text);
}

tl_code tl_bundle_load_kept(const char *dir, const char *hash, const struct tl_bundle_options *options,
                            struct tl_bundle **out, struct tl_error *err)
{
    struct tl_bundle *bundle = NULL;
    if (!tl_bundle_is_hash(hash))
        return tl_fail(err, TL_ENOTFOUND, "\"%.80s\" is no revision", hash);
    char *path = tl_printf("%s/%s", dir, hash);
    tl_code code = verify(path, hash, err);
    if (code == TL_OK)
        code = load(path, options, &bundle, err);
    if (code == TL_OK && strcmp(bundle->hash, hash) != 0)
        code = tl_fail(err, TL_ECORRUPT, "%s was changed while it was read", path);
    if (code == TL_OK)
        code = refuse_errors(bundle, err);
    if (code == TL_OK)
        *out = bundle;
    else
        tl_bundle_free(bundle);
    tl_free(path);
    return code;
}

struct listing {
    bool (*each)(void *ctx, const char *hash);
    void *ctx;
};

static bool list_name(void *arg, const char *name)
{
    struct listing *listing = arg;
    return !tl_bundle_is_hash(name) || listing->each(listing->ctx, name);
}

tl_code tl_bundle_kept(const char *dir, bool (*each)(void *ctx, const char *hash), void *ctx, struct tl_error *err)
{
    struct stat info;
    struct listing listing = {each, ctx};
    if (stat(dir, &info) != 0)
        return TL_OK;
    int error = tl_disk_list(dir, list_name, &listing);
    return error == 0 ? TL_OK : fail_disk(err, error, "read", dir);
}

tl_code tl_bundle_drop_kept(const char *dir, const char *hash, struct tl_error *err)
{
    struct stat info;
    if (!tl_bundle_is_hash(hash))
        return tl_fail(err, TL_EINPUT, "\"%.80s\" is no revision", hash);
    char *path = tl_printf("%s/%s", dir, hash), *going = tl_printf("%s.new", path);
    int error = tl_tree_remove(going);
    if (error == 0 && stat(path, &info) == 0) /* a crash in the middle leaves no damaged copy under the hash */
        error = tl_disk_rename(path, going);
    if (error == 0)
        error = tl_tree_remove(going);
    tl_code code = error == 0 ? TL_OK : fail_disk(err, error, "remove", path);
    tl_free(path);
    tl_free(going);
    return code;
}
