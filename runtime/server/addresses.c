/* Addresses as people write them, and DATA/server.json: how commands and tests find a running server. */
#include "base/alloc.h"
#include "codec/json_writer.h"
#include "server.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

tl_code tl_address_parse(const char *text, char host[256], uint16_t *port, struct tl_error *err)
{
    const char *colon = strrchr(text, ':');
    uint64_t number = 0;
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (colon == NULL || len == 0 || len > 255 || !tl_str_u64(tl_str_z(colon + 1), &number) || number > 65535)
        return tl_fail(err, TL_EUSAGE, "'%s' is no address: write HOST:PORT, as in 127.0.0.1:8480 or [::1]:8480", text);
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    snprintf(host, 256, "%.*s", (int)(bracketed ? len - 2 : len), bracketed ? text + 1 : text);
    *port = (uint16_t)number;
    return TL_OK;
}

static void print_address(struct tl_json_writer *w, const char *key, const char *host, uint16_t port)
{
    char text[300];
    bool v6 = strchr(host, ':') != NULL;
    snprintf(text, sizeof text, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port);
    tl_json_put_z(w, key, text);
}

static void print_addresses(const struct tl_server *server, struct tl_buf *out)
{
    struct tl_json_writer w;
    char host[256];
    uint16_t port;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_int(&w, "pid", getpid());
    print_address(&w, "listen", server->listen.host, server->listen.port);
    if (tl_address_parse(server->config->ops, host, &port, NULL) == TL_OK)
        print_address(&w, "ops", host, tl_ops_port(server->ops));
    tl_json_end_object(&w);
    tl_buf_add_char(out, '\n');
}

static tl_code write_whole(const char *path, tl_str text, struct tl_error *err)
{
    char *fresh = tl_printf("%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    int why = errno;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(fresh, path) == 0;
    tl_free(fresh);
    return ok ? TL_OK : tl_fail(err, TL_EIO, "cannot write %s: %s", path, strerror(why));
}

tl_code tl_addresses_write(const struct tl_server *server, struct tl_error *err)
{
    struct tl_buf text;
    char *path = tl_printf("%s/server.json", server->config->data);
    tl_buf_init(&text, 4096);
    print_addresses(server, &text);
    tl_code code = write_whole(path, tl_buf_str(&text), err);
    tl_buf_free(&text);
    tl_free(path);
    return code;
}

void tl_addresses_remove(const struct tl_server *server)
{
    char *path = tl_printf("%s/server.json", server->config->data);
    unlink(path);
    tl_free(path);
}
