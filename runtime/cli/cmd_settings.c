/* `tidelock settings` and `tidelock secrets`: values of this server, listed and set. */
#include "base/alloc.h"
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "remote.h"
#include "stream.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 64 * 1024, ANSWER_MS = 5 * 60 * 1000 };

static void print_settings(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {
        {"NAME", "name"}, {"VALUE", "value"}, {"SET BY", "by"}, {"WHEN", "time"}, {"USED IN", "used"}};
    tl_table_print(tl_json_get(answer, "settings"), columns, TL_COUNT_OF(columns), "no settings are declared or set");
}

static void print_secrets(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {
        {"NAME", "name"}, {"STATE", "state"}, {"SET BY", "by"}, {"WHEN", "time"}, {"USED IN", "used"}};
    tl_table_print(tl_json_get(answer, "secrets"), columns, TL_COUNT_OF(columns), "no secrets are declared or set");
}

static void print_message(const struct tl_json_value *answer)
{
    printf("%.*s\n", TL_STR_ARGS(tl_table_lines(answer, "message")));
}

static tl_code set(const struct tl_args *args, const char *path, tl_str value, struct tl_error *err)
{
    struct tl_buf body;
    struct tl_json_writer w;
    tl_buf_init(&body, VALUE_MAX * 6 + 4096);
    tl_json_writer_init(&w, &body);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "name", args->words[1]);
    tl_json_put_string(&w, "value", value);
    if (tl_arg(args, "--integration") != NULL)
        tl_json_put_z(&w, "integration", tl_arg(args, "--integration"));
    tl_json_put_z(&w, "reason", tl_arg(args, "--reason"));
    tl_json_end_object(&w);
    tl_code code = tl_json_writer_done(&w, err);
    struct tl_remote remote = {.path = path, .body = tl_buf_str(&body), .total_ms = ANSWER_MS};
    if (code == TL_OK)
        code = tl_remote_print(args, &remote, print_message, err);
    if (body.ptr != NULL)
        explicit_bzero(body.ptr, body.cap);
    tl_buf_free(&body);
    return code;
}

static bool is_list(const struct tl_args *args)
{
    return args->word_count == 0 || (args->word_count == 1 && strcmp(args->words[0], "list") == 0);
}

static bool is_set(const struct tl_args *args, size_t words)
{
    return args->word_count == words && strcmp(args->words[0], "set") == 0;
}

static void print_changes(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {
        {"WHEN", "time"}, {"NAME", "name"}, {"VALUE", "value"}, {"BY", "who"}, {"REASON", "reason"}};
    tl_table_print(tl_json_get(answer, "changes"), columns, TL_COUNT_OF(columns), "nothing was ever set");
}

static void print_secret_changes(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"WHEN", "time"}, {"NAME", "name"}, {"BY", "who"}, {"REASON", "reason"}};
    tl_table_print(tl_json_get(answer, "changes"), columns, TL_COUNT_OF(columns), "nothing was ever set");
}

static bool is_history(const struct tl_args *args)
{
    return args->word_count != 0 && args->word_count <= 2 && strcmp(args->words[0], "history") == 0;
}

/* Of one name, or of all. */
static tl_code show_history(const struct tl_args *args, const char *path,
                            void (*print)(const struct tl_json_value *answer), struct tl_error *err)
{
    struct tl_buf whole;
    tl_buf_init(&whole, VALUE_MAX);
    tl_buf_addf(&whole, "%s/history?", path);
    tl_remote_query_add(&whole, "name", args->word_count == 2 ? args->words[1] : NULL);
    tl_code code = tl_remote_print(args, &(struct tl_remote){.path = whole.ptr}, print, err);
    tl_buf_free(&whole);
    return code;
}

tl_code tl_cmd_settings(const struct tl_args *args, struct tl_error *err)
{
    if (is_list(args))
        return tl_remote_print(args, &(struct tl_remote){.path = "/v1/settings"}, print_settings, err);
    if (is_set(args, 3))
        return set(args, "/v1/settings", tl_str_z(args->words[2]), err);
    if (is_history(args))
        return show_history(args, "/v1/settings", print_changes, err);
    return tl_fail(err, TL_EUSAGE, "usage: tidelock settings [list | set NAME VALUE | history [NAME]]");
}

tl_code tl_cmd_secrets(const struct tl_args *args, struct tl_error *err)
{
    if (is_list(args))
        return tl_remote_print(args, &(struct tl_remote){.path = "/v1/secrets"}, print_secrets, err);
    if (is_history(args))
        return show_history(args, "/v1/secrets", print_secret_changes, err);
    if (!is_set(args, 2))
        return tl_fail(
            err, TL_EUSAGE,
            "usage: tidelock secrets [list | set NAME | history [NAME]]; the value comes from standard input");
    struct tl_buf value;
    tl_buf_init(&value, VALUE_MAX);
    const char *file = tl_arg(args, "--file");
    tl_code code = tl_stream_read(file != NULL ? file : "-", &value, err);
    tl_str text = tl_buf_str(&value);
    if (tl_str_ends(text, TL_STR("\n"))) /* echo and editors add one */
        text.len--;
    if (code == TL_OK && text.len == 0)
        code = tl_fail(err, TL_EINPUT, "the secret is empty: give its value on standard input or with --file");
    if (code == TL_OK)
        code = set(args, "/v1/secrets", text, err);
    if (value.ptr != NULL)
        explicit_bzero(value.ptr, value.cap);
    tl_buf_free(&value);
    return code;
}
