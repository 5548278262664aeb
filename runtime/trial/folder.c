/* Folders and files of tests. */
#include "base/alloc.h"
#include "world.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 65536

/* In memory where the machine has such a place: a test's journal need not outlive the power. */
tl_code tl_folder_make(char out[64], struct tl_error *err)
{
    const char *places[] = {getenv("TIDELOCK_TMP"), "/dev/shm", "/tmp"};
    for (size_t i = 0; i < TL_COUNT_OF(places); i++) {
        if (places[i] == NULL || snprintf(out, 64, "%s/tidelock-test-XXXXXX", places[i]) >= 64)
            continue;
        if (access(places[i], W_OK) == 0 && mkdtemp(out) != NULL)
            return TL_OK;
    }
    out[0] = '\0';
    return tl_fail(err, TL_EIO, "no temporary folder can be made: %s", strerror(errno));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **tl_folder_names(const char *dir, const char *ext, size_t *count)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    char **names = NULL;
    *count = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || !tl_str_ends(tl_str_z(entry->d_name), tl_str_z(ext)))
            continue;
        if ((*count & (*count + 1)) == 0)
            names = tl_realloc(names, (*count + 1) * 2 * sizeof *names);
        names[(*count)++] = tl_copy_z(entry->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    if (*count > 0)
        qsort(names, *count, sizeof *names, by_text);
    return names;
}

tl_code tl_folder_read(const char *path, struct tl_buf *out, struct tl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        char *room = tl_buf_reserve(out, READ_BYTES);
        if (room == NULL)
            errno = EFBIG;
        got = room == NULL ? -1 : read(fd, room, READ_BYTES);
        out->len += got > 0 ? (size_t)got : 0;
    }
    tl_code code = got == 0 ? TL_OK : tl_fail(err, TL_EIO, "cannot read %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return code;
}

tl_code tl_folder_write(const char *path, tl_str text, struct tl_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && (text.len == 0 || write(fd, text.ptr, text.len) == (ssize_t)text.len);
    tl_code code = ok ? TL_OK : tl_fail(err, TL_EIO, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return code;
}
