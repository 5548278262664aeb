#include "server/parcel.h"
#include "base/alloc.h"
#include "base/disk.h"
#include "base/tree.h"
#include "codec/base64.h"
#include "codec/utf8.h"
#include "script/bundle.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 2000, PATH_MAX_BYTES = 600, DEPTH_MAX = 8 };
#define FILE_BYTES ((size_t)4 << 20)
#define ALL_BYTES ((size_t)64 << 20)

static tl_code add(struct tl_parcel *parcel, const char *path, tl_str text, struct tl_error *err)
{
    parcel->bytes += text.len;
    if (parcel->count >= FILES_MAX || text.len > FILE_BYTES || parcel->bytes > ALL_BYTES)
        return tl_fail(err, TL_EINPUT,
                       "%s: an integration and its tests have at most 2,000 files, 4 MB a file, 64 MB in all", path);
    if ((parcel->count & (parcel->count + 1)) == 0)
        parcel->files = tl_realloc(parcel->files, (parcel->count + 1) * 2 * sizeof *parcel->files);
    parcel->files[parcel->count++] = (struct tl_parcel_file){path, text};
    return TL_OK;
}

void tl_parcel_free(struct tl_parcel *parcel)
{
    tl_arena_free(&parcel->arena);
    tl_free(parcel->files);
    *parcel = (struct tl_parcel){0};
}

static bool is_test(tl_str path)
{
    return tl_str_starts(path, TL_STR("tests/")) &&
           (tl_str_ends(path, TL_STR(".lua")) || tl_str_ends(path, TL_STR(".json")) ||
            tl_str_ends(path, TL_STR(".csv")));
}

bool tl_parcel_takes(const char *path)
{
    return is_test(tl_str_z(path)) || tl_bundle_takes(path);
}

bool tl_parcel_has_tests(const struct tl_parcel *parcel)
{
    for (size_t i = 0; i < parcel->count; i++) {
        tl_str path = tl_str_z(parcel->files[i].path);
        if (is_test(path) && (tl_str_ends(path, TL_STR("_test.lua")) || tl_str_ends(path, TL_STR(".input.json"))))
            return true;
    }
    return false;
}

/* ---- from a folder ---- */

static tl_code read_file(struct tl_parcel *parcel, const char *full, const char *path, struct tl_error *err)
{
    struct stat info;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        int error = fd < 0 ? errno : EINVAL;
        if (fd >= 0)
            close(fd);
        return tl_fail(err, TL_EIO, "%s cannot be read: %s", full, strerror(error));
    }
    size_t size = (size_t)info.st_size < FILE_BYTES + 1 ? (size_t)info.st_size : FILE_BYTES + 1, got = 0;
    char *text = tl_arena_alloc(&parcel->arena, size + 1);
    ssize_t n = 1;
    while (got < size && (n = read(fd, text + got, size - got)) > 0)
        got += (size_t)n;
    int error = errno;
    close(fd);
    if (n < 0)
        return tl_fail(err, TL_EIO, "%s cannot be read: %s", full, strerror(error));
    return add(parcel, tl_arena_copy(&parcel->arena, tl_str_z(path)), tl_str_n(text, got), err);
}

/* Could anything below this folder be taken? Else a data folder beside the Lua would be read through. */
bool tl_parcel_enters(const char *folder)
{
    static const char *const tries[] = {"x.lua", "x.json"};
    bool may = false;
    for (size_t i = 0; i < TL_COUNT_OF(tries) && !may; i++) {
        char *path = tl_printf("%s/%s", folder, tries[i]);
        may = tl_parcel_takes(path);
        tl_free(path);
    }
    return may;
}

static tl_code read_folder(struct tl_parcel *parcel, const char *dir, const char *prefix, int depth,
                           struct tl_error *err);

static tl_code read_entry(struct tl_parcel *parcel, const char *full, const char *path, int depth, struct tl_error *err)
{
    struct stat info;
    if (strlen(path) >= PATH_MAX_BYTES || lstat(full, &info) != 0)
        return TL_OK; /* it went while the folder was read */
    if (S_ISDIR(info.st_mode))
        return depth < DEPTH_MAX && tl_parcel_enters(path) ? read_folder(parcel, full, path, depth + 1, err) : TL_OK;
    return S_ISREG(info.st_mode) && tl_parcel_takes(path) ? read_file(parcel, full, path, err) : TL_OK;
}

static tl_code read_folder(struct tl_parcel *parcel, const char *dir, const char *prefix, int depth,
                           struct tl_error *err)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    if (folder == NULL)
        return tl_fail(err, depth == 0 ? TL_EINPUT : TL_EIO, "the folder %s cannot be read: %s", dir, strerror(errno));
    tl_code code = TL_OK;
    while (code == TL_OK && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *full = tl_printf("%s/%s", dir, entry->d_name);
        char *path = tl_printf("%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", entry->d_name);
        code = read_entry(parcel, full, path, depth, err);
        tl_free(full);
        tl_free(path);
    }
    closedir(folder);
    return code;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct tl_parcel_file *)a)->path, ((const struct tl_parcel_file *)b)->path);
}

static bool holds(const struct tl_parcel *parcel, const char *path)
{
    for (size_t i = 0; i < parcel->count; i++) {
        if (strcmp(parcel->files[i].path, path) == 0)
            return true;
    }
    return false;
}

tl_code tl_parcel_read(const char *dir, struct tl_parcel *out, struct tl_error *err)
{
    *out = (struct tl_parcel){0};
    tl_code code = read_folder(out, dir, "", 0, err);
    if (code == TL_OK && !holds(out, "integration.lua"))
        code = tl_fail(err, TL_EINPUT, "there is no integration.lua in %s: is this the folder of an integration?", dir);
    if (code == TL_OK)
        qsort(out->files, out->count, sizeof *out->files, by_path);
    return code;
}

/* ---- as JSON ---- */

/* Longer than base64 when most of its bytes need an escape. */
static size_t quoted_bytes(tl_str text)
{
    size_t bytes = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bytes += c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r' ? 2 : c < ' ' ? 6 : 1;
    }
    return bytes;
}

static void put_base64(struct tl_json_writer *w, tl_str text)
{
    struct tl_buf coded;
    tl_buf_init(&coded, text.len / 3 * 4 + 8);
    tl_base64_encode(&coded, text);
    tl_json_put_string(w, "base64", tl_buf_str(&coded));
    tl_buf_free(&coded);
}

void tl_parcel_put(struct tl_json_writer *w, const struct tl_parcel *parcel)
{
    tl_json_begin_array(w);
    for (size_t i = 0; i < parcel->count; i++) {
        tl_str text = parcel->files[i].text;
        tl_json_begin_object(w);
        tl_json_put_z(w, "path", parcel->files[i].path);
        if (tl_utf8_valid(text) && quoted_bytes(text) <= text.len / 3 * 4 + 4)
            tl_json_put_string(w, "text", text);
        else
            put_base64(w, text);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

/* A relative path that stays below its folder, names nothing hidden, and is one that is taken. */
static bool is_path(tl_str path)
{
    tl_str rest = path, part;
    int depth = 0;
    if (path.len == 0 || path.len >= PATH_MAX_BYTES || path.ptr[path.len - 1] == '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        if ((unsigned char)path.ptr[i] < ' ' || path.ptr[i] == 0x7f)
            return false;
    }
    for (; tl_str_cut(&rest, '/', &part); depth++) {
        if (part.len == 0 || part.len > 255 || part.ptr[0] == '.')
            return false;
    }
    return depth <= DEPTH_MAX + 1;
}

static tl_code take_text(struct tl_parcel *parcel, const struct tl_json_value *file, const char *path, tl_str *out,
                         struct tl_error *err)
{
    const struct tl_json_value *text = tl_json_get(file, "text"), *base64 = tl_json_get(file, "base64");
    if (tl_json_is_string(text) == tl_json_is_string(base64))
        return tl_fail(err, TL_EINPUT, "%s needs one of \"text\" and \"base64\"", path);
    *out = tl_json_text(text);
    if (text != NULL)
        return TL_OK;
    struct tl_buf bytes;
    tl_buf_init(&bytes, FILE_BYTES + 1);
    tl_code code = tl_base64_decode(&bytes, tl_json_text(base64), err);
    if (code != TL_OK)
        tl_error_prefix(err, "%s", path);
    else
        *out = tl_arena_str(&parcel->arena, tl_buf_str(&bytes));
    tl_buf_free(&bytes);
    return code == TL_OK ? TL_OK : TL_EINPUT;
}

static tl_code parse_file(struct tl_parcel *parcel, const struct tl_json_value *file, struct tl_error *err)
{
    tl_str name = tl_json_get_text(file, "path"), text = TL_STR_NONE;
    if (!is_path(name))
        return tl_fail(err, TL_EINPUT, "'%.80s' is no path below an integration's folder",
                       name.len != 0 ? name.ptr : "");
    const char *path = tl_arena_copy(&parcel->arena, name);
    if (!tl_parcel_takes(path))
        return tl_fail(err, TL_EINPUT, "%s is no file of an integration: nothing reads it", path);
    tl_code code = take_text(parcel, file, path, &text, err);
    return code == TL_OK ? add(parcel, path, tl_arena_str(&parcel->arena, text), err) : code;
}

static tl_code refuse_doubles(struct tl_parcel *parcel, struct tl_error *err)
{
    if (parcel->count != 0)
        qsort(parcel->files, parcel->count, sizeof *parcel->files, by_path);
    for (size_t i = 1; i < parcel->count; i++) {
        if (strcmp(parcel->files[i - 1].path, parcel->files[i].path) == 0)
            return tl_fail(err, TL_EINPUT, "%s comes twice", parcel->files[i].path);
    }
    return TL_OK;
}

tl_code tl_parcel_parse(const struct tl_json_value *files, struct tl_parcel *out, struct tl_error *err)
{
    *out = (struct tl_parcel){0};
    if (tl_json_type(files) != TL_JSON_IS_ARRAY)
        return tl_fail(err, TL_EINPUT, "\"files\" must be a list of {\"path\", \"text\"}, not %s",
                       tl_json_type_name(files));
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(files);
    while (code == TL_OK && tl_json_next(&i))
        code = parse_file(out, i.value, err);
    if (code == TL_OK)
        code = refuse_doubles(out, err);
    if (code == TL_OK && !holds(out, "integration.lua"))
        code = tl_fail(err, TL_EINPUT, "there is no integration.lua among the files");
    return code;
}

/* ---- into a folder ---- */

static tl_code fail_write(struct tl_error *err, int error, const char *path)
{
    if (error == -ENOTDIR || error == -EEXIST || error == -EISDIR)
        return tl_fail(err, TL_EINPUT, "%s is a file and a folder", path);
    return tl_fail(err, tl_disk_is_full(error) ? TL_EFULL : TL_EIO, "cannot write %s: %s", path, strerror(-error));
}

static int write_file(const char *root, const struct tl_parcel_file *file)
{
    char *full = tl_printf("%s/%s", root, file->path);
    int error = tl_tree_make(root, file->path);
    int fd = error == 0 ? tl_disk_open(full, O_WRONLY | O_CREAT | O_EXCL) : error;
    tl_free(full);
    if (fd < 0)
        return fd;
    error = file->text.len != 0 ? tl_disk_pwrite(fd, file->text.ptr, file->text.len, 0) : 0;
    int closed = tl_disk_close(fd);
    return error == 0 ? closed : error;
}

tl_code tl_parcel_write(const struct tl_parcel *parcel, const char *dir, struct tl_error *err)
{
    int error = tl_tree_remove(dir);
    if (error == 0)
        error = tl_disk_mkdir(dir);
    if (error != 0)
        return fail_write(err, error, dir);
    for (size_t i = 0; i < parcel->count; i++) {
        error = write_file(dir, &parcel->files[i]);
        if (error != 0)
            return fail_write(err, error, parcel->files[i].path);
    }
    return TL_OK;
}
