/* `tidelock new`: copies a shipped integration under a new name: the starter, or a whole one (--from). All of them are
 * integrations like any other (scripts/), so the tests check and run them. */
#include "base/alloc.h"
#include "base/buf.h"
#include "command.h"
#include "place.h"
#include "stream.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20, DEPTH_MAX = 4 };

static bool is_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static tl_code make_folder(const char *path, struct tl_error *err)
{
    return mkdir(path, 0777) == 0 ? TL_OK
                                  : tl_fail(err, TL_EIO, "cannot make the folder %s: %s", path, strerror(errno));
}

/* What the integration is called where it is copied from, and here. Borrowed. */
struct copying {
    const char *old_name, *name;
};

/* The text with the declaration of the integration under its new name. A flow may be called like its integration, so
 * nothing else is renamed. */
static void rename_into(struct tl_buf *out, tl_str text, const struct copying *what)
{
    char *declared = tl_printf("integration \"%s\"", what->old_name);
    const char *hit = text.len != 0 ? memmem(text.ptr, text.len, declared, strlen(declared)) : NULL;
    size_t before = hit != NULL ? (size_t)(hit - text.ptr) : text.len;
    tl_buf_add(out, text.ptr, before);
    if (hit != NULL) {
        tl_buf_addf(out, "integration \"%s\"", what->name);
        tl_buf_add_str(out, tl_str_from(text, before + strlen(declared)));
    }
    tl_free(declared);
}

static tl_code copy_file(const char *from, const char *to, const struct copying *what, struct tl_error *err)
{
    struct tl_buf in, out;
    tl_buf_init(&in, FILE_MAX_BYTES);
    tl_buf_init(&out, FILE_MAX_BYTES + 256);
    tl_code code = tl_stream_read(from, &in, err);
    if (code == TL_OK)
        rename_into(&out, tl_buf_str(&in), what);
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

static tl_code copy_folder(const char *from, const char *to, const struct copying *what, int depth,
                           struct tl_error *err);

static tl_code copy_entry(const char *from, const char *to, const struct copying *what, int depth, struct tl_error *err)
{
    struct stat info;
    if (stat(from, &info) != 0)
        return tl_fail(err, TL_EIO, "cannot look at %s: %s", from, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return copy_file(from, to, what, err);
    return depth < DEPTH_MAX ? copy_folder(from, to, what, depth + 1, err) : TL_OK;
}

static tl_code copy_folder(const char *from, const char *to, const struct copying *what, int depth,
                           struct tl_error *err)
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
        code = copy_entry(source, target, what, depth, err);
        tl_free(source);
        tl_free(target);
    }
    closedir(dir);
    return code;
}

static bool is_integration(const char *dir)
{
    char *file = tl_printf("%s/integration.lua", dir);
    bool found = access(file, R_OK) == 0;
    tl_free(file);
    return found;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The integrations that are shipped, for a sentence: " onboarding order-to-cash". */
static void list_shipped(struct tl_buf *out)
{
    enum { MOST = 64 };
    char *names[MOST], *share = tl_place_beside("share/tidelock");
    size_t count = 0;
    DIR *dir = opendir(share);
    const struct dirent *entry;
    while (dir != NULL && count < MOST && (entry = readdir(dir)) != NULL) {
        char *path = tl_printf("%s/%s", share, entry->d_name);
        if (entry->d_name[0] != '.' && is_integration(path))
            names[count++] = tl_printf("%s", entry->d_name);
        tl_free(path);
    }
    if (dir != NULL)
        closedir(dir);
    qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++) {
        tl_buf_addf(out, " %s", names[i]);
        tl_free(names[i]);
    }
    tl_free(share);
}

/* The folder of the shipped integration, owned by the caller; NULL: there is none of that name. */
static char *find_shipped(const char *from, struct tl_error *err)
{
    char *dir = is_name(from) ? tl_printf("share/tidelock/%s", from) : NULL;
    char *place = dir != NULL ? tl_place_beside(dir) : NULL;
    tl_free(dir);
    if (place != NULL && is_integration(place))
        return place;
    tl_free(place);
    struct tl_buf shipped;
    tl_buf_init(&shipped, 8192);
    list_shipped(&shipped);
    tl_fail(err, TL_EUSAGE, "no integration '%s' is shipped; there are:%.*s", from, TL_STR_ARGS(tl_buf_str(&shipped)));
    tl_buf_free(&shipped);
    return NULL;
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
    const char *from = tl_arg(args, "--from") != NULL ? tl_arg(args, "--from") : "starter";
    char *shipped = find_shipped(from, err);
    if (shipped == NULL)
        return TL_EUSAGE;
    tl_code code = copy_folder(shipped, dir, &(struct copying){from, name}, 0, err);
    tl_free(shipped);
    if (code == TL_OK)
        code = tl_editor_refresh(args, dir, err);
    if (code == TL_OK)
        printf("%s is ready. Next:\n  tidelock check %s\n  tidelock test %s\n  tidelock dev %s\nThen follow "
               "%s/README.md.\n",
               dir, dir, dir, dir, dir);
    return code;
}
