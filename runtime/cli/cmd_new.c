/* `tidelock new`: copies the starter integration under a new name. The starter is an integration like any other
 * (scripts/starter), so the tests check and run it. */
#include "base/alloc.h"
#include "base/buf.h"
#include "command.h"
#include "place.h"
#include "stream.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20, DEPTH_MAX = 4 };
static const char starter_name[] = "\"starter\"";

static bool is_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static tl_code make_folder(const char *path, struct tl_error *err)
{
    return mkdir(path, 0777) == 0 ? TL_OK
                                  : tl_fail(err, TL_EIO, "cannot make the folder %s: %s", path, strerror(errno));
}

/* The text with the first "starter" replaced by the new name. */
static void rename_into(struct tl_buf *out, tl_str text, const char *name)
{
    const char *hit = text.len != 0 ? memmem(text.ptr, text.len, starter_name, strlen(starter_name)) : NULL;
    if (hit == NULL) {
        tl_buf_add_str(out, text);
        return;
    }
    size_t before = (size_t)(hit - text.ptr);
    tl_buf_add(out, text.ptr, before);
    tl_buf_addf(out, "\"%s\"", name);
    tl_buf_add_str(out, tl_str_from(text, before + strlen(starter_name)));
}

static tl_code copy_file(const char *from, const char *to, const char *name, struct tl_error *err)
{
    struct tl_buf in, out;
    tl_buf_init(&in, FILE_MAX_BYTES);
    tl_buf_init(&out, FILE_MAX_BYTES + 256);
    tl_code code = tl_stream_read(from, &in, err);
    if (code == TL_OK)
        rename_into(&out, tl_buf_str(&in), name);
    /* secrets are refused when others may read them */
    bool secret = tl_str_ends(tl_str_z(to), TL_STR("/secrets.json"));
    int fd = code == TL_OK ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0666) : -1;
    if (code == TL_OK && (fd < 0 || write(fd, out.ptr, out.len) != (ssize_t)out.len))
        code = tl_fail(err, TL_EIO, "cannot write %s: %s", to, strerror(errno));
    if (fd >= 0)
        close(fd);
    tl_buf_free(&in);
    tl_buf_free(&out);
    return code;
}

static tl_code copy_folder(const char *from, const char *to, const char *name, int depth, struct tl_error *err);

static tl_code copy_entry(const char *from, const char *to, const char *name, int depth, struct tl_error *err)
{
    struct stat info;
    if (stat(from, &info) != 0)
        return tl_fail(err, TL_EIO, "cannot look at %s: %s", from, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return copy_file(from, to, name, err);
    return depth < DEPTH_MAX ? copy_folder(from, to, name, depth + 1, err) : TL_OK;
}

static tl_code copy_folder(const char *from, const char *to, const char *name, int depth, struct tl_error *err)
{
    DIR *dir = opendir(from);
    if (dir == NULL)
        return tl_fail(err, TL_EIO, "cannot read %s: %s: is the installation complete?", from, strerror(errno));
    tl_code code = make_folder(to, err);
    const struct dirent *entry;
    while (code == TL_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' && strcmp(entry->d_name, ".gitignore") != 0)
            continue;
        char *source = tl_printf("%s/%s", from, entry->d_name), *target = tl_printf("%s/%s", to, entry->d_name);
        code = copy_entry(source, target, name, depth, err);
        tl_free(source);
        tl_free(target);
    }
    closedir(dir);
    return code;
}

tl_code tl_cmd_new(const struct tl_args *args, struct tl_error *err)
{
    const char *dir = args->words[0], *slash = strrchr(dir, '/'), *name = slash ? slash + 1 : dir;
    struct stat there;
    if (!is_name(name))
        return tl_fail(err, TL_EUSAGE,
                       "'%s' cannot be the name of an integration: a small letter, then small letters, digits, - or _",
                       name);
    if (stat(dir, &there) == 0)
        return tl_fail(err, TL_EUSAGE, "%s exists already: choose another name, or edit what is there", dir);
    char *starter = tl_place_beside("share/tidelock/starter");
    tl_code code = copy_folder(starter, dir, name, 0, err);
    tl_free(starter);
    if (code == TL_OK)
        code = tl_editor_refresh(args, dir, err);
    if (code == TL_OK)
        printf("%s is ready. Next:\n  tidelock check %s\n  tidelock test %s\n  tidelock dev %s\nThen follow "
               "%s/README.md.\n",
               dir, dir, dir, dir, dir);
    return code;
}
