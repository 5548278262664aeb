#include "settings_file.h"
#include "base/buf.h"
#include "codec/json_writer.h"
#include "remote.h"
#include "stream.h"
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20, ANSWER_MS = 10 * 60 * 1000 };

static tl_code set_one(const struct tl_args *args, const char *file, bool secret, tl_str name, tl_str value,
                       struct tl_error *err)
{
    struct tl_buf body;
    struct tl_json_writer w;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&body, FILE_MAX_BYTES * 8);
    tl_json_writer_init(&w, &body);
    tl_json_begin_object(&w);
    tl_json_put_string(&w, "name", name);
    tl_json_put_string(&w, "value", value);
    tl_json_put_z(&w, "reason", file);
    tl_json_end_object(&w);
    tl_code code = tl_json_writer_done(&w, err);
    struct tl_remote remote = {
        .path = secret ? "/v1/secrets" : "/v1/settings", .body = tl_buf_str(&body), .total_ms = ANSWER_MS};
    if (code == TL_OK)
        code = tl_remote_ask(args, &remote, &doc, err);
    tl_json_free(doc);
    if (body.ptr != NULL)
        explicit_bzero(body.ptr, body.cap);
    tl_buf_free(&body);
    return code;
}

static tl_code set_all(const struct tl_args *args, const char *file, bool secret, const struct tl_json_value *root,
                       struct tl_error *err)
{
    tl_code code = tl_json_type(root) == TL_JSON_IS_OBJECT
                       ? TL_OK
                       : tl_fail(err, TL_EINPUT, "%s must hold one JSON object: {\"name\": \"value\", …}", file);
    struct tl_json_iter i = tl_json_iter(root);
    while (code == TL_OK && tl_json_next(&i)) {
        enum tl_json_type type = tl_json_type(i.value);
        bool truth = type == TL_JSON_IS_TRUE || type == TL_JSON_IS_FALSE;
        if (!truth && type != TL_JSON_IS_STRING && type != TL_JSON_IS_NUMBER)
            code =
                tl_fail(err, TL_EINPUT, "%s: %.*s must be a text, a number, true or false", file, TL_STR_ARGS(i.key));
        else
            code = set_one(args, file, secret, i.key, truth ? tl_json_raw(i.value) : tl_json_text(i.value), err);
    }
    return code;
}

tl_code tl_settings_file_apply(const struct tl_args *args, const char *path, bool secret, struct tl_error *err)
{
    struct tl_buf text;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&text, FILE_MAX_BYTES);
    tl_code code = tl_stream_read(path, &text, err);
    if (code == TL_OK && tl_json_parse(tl_buf_str(&text), NULL, &doc, err) != TL_OK) {
        tl_error_prefix(err, "%s", path);
        code = TL_EINPUT;
    }
    if (code == TL_OK)
        code = set_all(args, path, secret, tl_json_root(doc), err);
    tl_json_free(doc);
    if (text.ptr != NULL)
        explicit_bzero(text.ptr, text.cap);
    tl_buf_free(&text);
    return code;
}
