#include "stream.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static tl_code read_all(int fd, const char *name, struct tl_buf *out, struct tl_error *err)
{
    char piece[65536];
    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tl_fail(err, TL_EIO, "cannot read %s: %s", name, strerror(errno));
        if (got == 0)
            return TL_OK;
        if (!tl_buf_add(out, piece, (size_t)got))
            return tl_fail(err, TL_EINPUT, "%s is larger than %zu bytes", name, out->max);
    }
}

tl_code tl_stream_read(const char *path, struct tl_buf *out, struct tl_error *err)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tl_fail(err, TL_EIO, "cannot open %s: %s", path, strerror(errno));
    tl_code code = read_all(fd, path, out, err);
    close(fd);
    return code;
}

tl_code tl_stream_print(tl_str text, struct tl_error *err)
{
    while (text.len != 0) {
        ssize_t put = write(STDOUT_FILENO, text.ptr, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return tl_fail(err, TL_EIO, "cannot write: %s", strerror(errno));
        text = tl_str_from(text, (size_t)put);
    }
    return TL_OK;
}

tl_code tl_stream_print_json(struct tl_json_writer *w, struct tl_buf *out, struct tl_error *err)
{
    tl_code code = tl_json_writer_done(w, err);
    tl_buf_add_char(out, '\n');
    if (code == TL_OK)
        code = tl_stream_print(tl_buf_str(out), err);
    tl_buf_free(out);
    return code;
}
