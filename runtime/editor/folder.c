/* Writing what editors read. Thread: one. */
#include "folder.h"
#include "base/alloc.h"
#include "describe.h"
#include "editor/editor.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char luarc[] =
    "{\n"
    "  \"runtime.version\": \"Lua 5.4\",\n"
    "  \"runtime.path\": [\"?.lua\", \"lib/?.lua\"],\n"
    "  \"runtime.builtin\": {\"io\": \"disable\", \"os\": \"disable\", \"debug\": \"disable\"},\n"
    "  \"workspace.library\": [\".editor\"],\n"
    "  \"workspace.ignoreDir\": [\".tidelock\"],\n"
    "  \"workspace.checkThirdParty\": false\n"
    "}\n";

/* ---- files ---- */

tl_code tl_editor_read(const char *path, struct tl_buf *out, struct tl_error *err)
{
    char chunk[8192];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    tl_buf_clear(out);
    if (fd < 0)
        return tl_fail(err, errno == ENOENT ? TL_ENOTFOUND : TL_EIO, "%s cannot be read: %s", path, strerror(errno));
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        tl_buf_add(out, chunk, (size_t)n);
    close(fd);
    if (n < 0 || out->overflow)
        return tl_fail(err, TL_EIO, "%s cannot be read: %s", path, n < 0 ? strerror(errno) : "it is too large");
    return TL_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

tl_code tl_editor_each(const char *folder, tl_code (*each)(void *ctx, const char *name, struct tl_error *err),
                       void *ctx, struct tl_error *err)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char **names = NULL;
    size_t count = 0;
    tl_code code = TL_OK;
    if (!dir)
        return tl_fail(err, TL_EIO, "%s cannot be read: %s: is the installation complete?", folder, strerror(errno));
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && tl_str_ends(tl_str_z(entry->d_name), TL_STR(".lua"))) {
            names = tl_realloc(names, (count + 1) * sizeof(*names));
            names[count++] = tl_copy_z(entry->d_name);
        }
    closedir(dir);
    if (count)
        qsort(names, count, sizeof(*names), by_text);
    for (size_t i = 0; i < count; i++) {
        if (code == TL_OK)
            code = each(ctx, names[i], err);
        tl_free(names[i]);
    }
    tl_free(names);
    return code;
}

/* Whole or not at all; not touched when it says the same. */
static tl_code write_file(const char *path, tl_str text, struct tl_error *err)
{
    struct tl_buf there;
    tl_buf_init(&there, TL_DESCRIPTION_MAX);
    bool same = tl_editor_read(path, &there, NULL) == TL_OK && tl_str_eq(tl_buf_str(&there), text);
    tl_buf_free(&there);
    if (same)
        return TL_OK;
    char *part = tl_printf("%s.new", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool done = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    if (fd >= 0)
        done = close(fd) == 0 && done;
    done = done && rename(part, path) == 0;
    tl_code code = done ? TL_OK : tl_fail(err, TL_EIO, "%s cannot be written: %s", path, strerror(errno));
    tl_free(part);
    return code;
}

static tl_code write_in(const char *folder, const char *name, tl_str text, struct tl_error *err)
{
    char *path = tl_printf("%s/%s", folder, name);
    tl_code code = write_file(path, text, err);
    tl_free(path);
    return code;
}

/* ---- what is written ---- */

struct writing {
    const char *words, *folder;
    struct tl_buf *text;
};

static tl_code copy_words(void *ctx, const char *name, struct tl_error *err)
{
    const struct writing *w = ctx;
    if (strcmp(name, "lens.lua") == 0)
        return TL_OK; /* written with the integration's own lenses */
    char *path = tl_printf("%s/%s", w->words, name);
    tl_code code = tl_editor_read(path, w->text, err);
    if (code == TL_OK)
        code = write_in(w->folder, name, tl_buf_str(w->text), err);
    tl_free(path);
    return code;
}

static tl_code write_described(struct tl_integration *integration, struct writing *w, struct tl_error *err)
{
    struct tl_describing d = {.integration = integration, .bundle = tl_integration_bundle(integration)};
    tl_classes_init(&d.classes);
    tl_buf_clear(w->text);
    tl_describe_integration(&d, w->text);
    tl_code code = write_in(w->folder, "integration.lua", tl_buf_str(w->text), err);
    tl_buf_clear(w->text);
    tl_describe_kinds(&d, w->text);
    if (code == TL_OK)
        code = write_in(w->folder, "declarations.lua", tl_buf_str(w->text), err);
    tl_buf_clear(w->text);
    tl_describe_lenses(&d, w->text);
    if (code == TL_OK)
        code = write_in(w->folder, "lens.lua", tl_buf_str(w->text), err);
    tl_classes_free(&d.classes);
    return code;
}

/* The folder's own settings: made once, or as long as they are ours. */
static tl_code write_settings(const char *dir, struct tl_buf *text, struct tl_error *err)
{
    char *rc = tl_printf("%s/.luacheckrc", dir), *luarc_path = tl_printf("%s/.luarc.json", dir);
    tl_code code = TL_OK, there = tl_editor_read(rc, text, NULL);
    if (there != TL_OK || tl_str_starts(tl_buf_str(text), TL_STR(TL_OURS))) {
        tl_buf_clear(text);
        code = tl_describe_globals(text, err);
        if (code == TL_OK)
            code = write_file(rc, tl_buf_str(text), err);
    }
    if (code == TL_OK && access(luarc_path, F_OK) != 0)
        code = write_file(luarc_path, tl_str_z(luarc), err);
    tl_free(rc);
    tl_free(luarc_path);
    return code;
}

tl_code tl_editor_write(const char *words, struct tl_integration *integration, const char *dir, struct tl_error *err)
{
    struct tl_buf text;
    char *folder = tl_printf("%s/.editor", dir);
    tl_code code = TL_OK;
    tl_buf_init(&text, TL_DESCRIPTION_MAX);
    struct writing w = {words, folder, &text};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = tl_fail(err, TL_EIO, "cannot make the folder %s: %s", folder, strerror(errno));
    if (code == TL_OK)
        code = tl_editor_each(words, copy_words, &w, err);
    if (code == TL_OK)
        code = write_described(integration, &w, err);
    if (code == TL_OK)
        code = write_settings(dir, &text, err);
    tl_buf_free(&text);
    tl_free(folder);
    return code;
}
