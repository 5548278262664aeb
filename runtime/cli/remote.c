#include "remote.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "codec/json_writer.h"
#include "codec/uri.h"
#include "net/http_ask.h"
#include "place.h"
#include "stream.h"
#include <sys/stat.h>

static tl_code code_of(int status)
{
    if (status == 404)
        return TL_ENOTFOUND;
    if (status == 403)
        return TL_EACCESS;
    if (status == 409)
        return TL_EDIFFERS;
    return status < 500 ? TL_EINPUT : TL_EFAILED;
}

/* The sentence of a problem+json body. */
static tl_code problem(int status, const struct tl_json_doc *doc, struct tl_error *err)
{
    tl_str detail = tl_json_get_text(tl_json_root(doc), "detail");
    if (detail.len == 0)
        detail = tl_json_get_text(tl_json_root(doc), "title");
    return tl_fail(err, code_of(status), "%.*s", TL_STR_ARGS(detail));
}

/* The folder's, or the socket itself when that was named. tl_free. */
static char *socket_of(const char *data)
{
    struct stat info;
    bool itself = stat(data, &info) == 0 && S_ISSOCK(info.st_mode);
    return itself ? tl_copy_z(data) : tl_printf("%s/control.sock", data);
}

static tl_code ask(const char *data, const struct tl_remote *remote, struct tl_ask_answer *answer, struct tl_error *err)
{
    char *socket = socket_of(data);
    struct tl_ask question = {.socket_path = socket,
                              .method = remote->method,
                              .path = remote->path,
                              .body = remote->body,
                              .total_ms = remote->total_ms};
    tl_code code = tl_http_ask(&question, answer, err);
    if (code == TL_ENOSERVER)
        tl_fail(err, code,
                "no server runs on %s: start one with 'tidelock serve DIR --data %s', or name another with --data",
                data, data);
    tl_free(socket);
    return code;
}

tl_code tl_remote_ask(const struct tl_args *args, const struct tl_remote *remote, struct tl_json_doc **doc,
                      struct tl_error *err)
{
    char *data = tl_place_data(args);
    struct tl_ask_answer answer;
    struct tl_json_doc *parsed = NULL;
    tl_code code = ask(data, remote, &answer, err);
    if (code == TL_OK)
        code = tl_json_parse(tl_buf_str(&answer.body), NULL, &parsed, err);
    if (code == TL_OK && answer.status >= 400)
        code = problem(answer.status, parsed, err);
    if (code == TL_OK)
        *doc = parsed;
    else if (remote->problem != NULL)
        *remote->problem = parsed;
    else
        tl_json_free(parsed);
    tl_ask_answer_free(&answer);
    tl_free(data);
    return code;
}

static tl_code print_json(const struct tl_json_value *value, struct tl_error *err)
{
    struct tl_buf text;
    tl_buf_init(&text, SIZE_MAX / 2);
    struct tl_json_writer w;
    tl_json_writer_init_pretty(&w, &text, 2);
    tl_json_value(&w, value);
    tl_code code = tl_json_writer_done(&w, err);
    tl_buf_add_char(&text, '\n');
    if (code == TL_OK)
        code = tl_stream_print(tl_buf_str(&text), err);
    tl_buf_free(&text);
    return code;
}

tl_code tl_remote_show(const struct tl_args *args, const struct tl_json_value *answer,
                       void (*print)(const struct tl_json_value *answer), struct tl_error *err)
{
    if (tl_flag(args, "--json"))
        return print_json(answer, err);
    print(answer);
    return TL_OK;
}

tl_code tl_remote_print(const struct tl_args *args, const struct tl_remote *remote,
                        void (*print)(const struct tl_json_value *answer), struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    tl_code code = tl_remote_ask(args, remote, &doc, err);
    if (code != TL_OK)
        return code;
    code = tl_remote_show(args, tl_json_root(doc), print, err);
    tl_json_free(doc);
    return code;
}

void tl_remote_path_add(struct tl_buf *path, tl_str text)
{
    (void)tl_uri_encode(path, text, TL_URI_UNRESERVED);
}

void tl_remote_query_add(struct tl_buf *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    tl_buf_addf(path, "&%s=", name);
    tl_remote_path_add(path, tl_str_z(value));
}

tl_code tl_remote_list(const struct tl_args *args, const char *path, const char *const *filters, size_t count,
                       void (*print)(const struct tl_json_value *answer), struct tl_error *err)
{
    struct tl_buf whole;
    tl_buf_init(&whole, 64 * 1024);
    tl_buf_addf(&whole, "%s?", path);
    for (size_t i = 0; i < count; i++)
        tl_remote_query_add(&whole, filters[i] + 2, tl_arg(args, filters[i])); /* without "--" */
    tl_code code = tl_remote_print(args, &(struct tl_remote){.path = whole.ptr}, print, err);
    tl_buf_free(&whole);
    return code;
}
