/* `tidelock exceptions`: the desk from the command line. */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "remote.h"
#include "stream.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

enum { PAYLOAD_MAX = 64 << 20 };

static void print_list(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"ID", "id"},           {"SINCE", "since"}, {"FLOW", "flow"},
                                               {"KEY", "key"},         {"CLASS", "class"}, {"MESSAGE", "message"},
                                               {"STEWARD", "steward"}, {"BEHIND", "held"}};
    tl_table_print(tl_json_get(answer, "exceptions"), columns, TL_COUNT_OF(columns), "no exceptions");
    if (tl_table_text(answer, "next").len != 0)
        puts("… and more: --limit N");
}

static void print_one(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(answer);
    while (tl_json_next(&i)) {
        if (!tl_json_is_null(i.value))
            printf("%-12.*s %.*s\n", TL_STR_ARGS(i.key),
                   TL_STR_ARGS(tl_json_text(i.value).ptr ? tl_json_text(i.value) : tl_json_raw(i.value)));
    }
}

static void print_message(const struct tl_json_value *answer)
{
    if (tl_json_get(answer, "message") != NULL && tl_json_get(answer, "flow") == NULL)
        printf("%.*s\n", TL_STR_ARGS(tl_json_get_text(answer, "message")));
    else
        print_one(answer); /* a dry run shows what it would be done to */
}

static tl_code list(const struct tl_args *args, struct tl_error *err)
{
    static const char *const filters[][2] = {{"--flow", "flow"}, {"--key", "key"}, {"--limit", "limit"}};
    struct tl_buf path;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_add_z(&path, "/v1/exceptions?");
    for (size_t i = 0; i < TL_COUNT_OF(filters); i++) {
        const char *value = tl_arg(args, filters[i][0]);
        if (value == NULL)
            continue;
        tl_buf_addf(&path, "&%s=", filters[i][1]);
        tl_remote_path_add(&path, tl_str_z(value));
    }
    tl_code code = tl_remote_print(args, &(struct tl_remote){.path = path.ptr}, print_list, err);
    tl_buf_free(&path);
    return code;
}

static tl_code write_body(const struct tl_args *args, struct tl_buf *body, struct tl_error *err)
{
    struct tl_buf payload;
    struct tl_json_writer w;
    const char *file = tl_arg(args, "--payload");
    tl_buf_init(&payload, PAYLOAD_MAX);
    tl_code code = file == NULL ? TL_OK : tl_stream_read(file, &payload, err);
    tl_json_writer_init(&w, body);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "reason", tl_arg(args, "--reason"));
    if (file != NULL)
        tl_json_put_string(&w, "payload", tl_buf_str(&payload));
    tl_json_put_bool(&w, "yes", tl_flag(args, "--yes"));
    tl_json_put_bool(&w, "dry_run", tl_flag(args, "--dry-run"));
    tl_json_end_object(&w);
    if (code == TL_OK)
        code = tl_json_writer_done(&w, err);
    tl_buf_free(&payload);
    return code;
}

static tl_code act(const struct tl_args *args, const char *verb, struct tl_error *err)
{
    struct tl_buf path, body;
    bool show = strcmp(verb, "show") == 0;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_init(&body, (size_t)PAYLOAD_MAX * 6);
    tl_buf_add_z(&path, "/v1/exceptions/");
    tl_remote_path_add(&path, tl_str_z(args->words[1]));
    tl_code code = TL_OK;
    if (!show) {
        tl_buf_addf(&path, "/%s", verb);
        code = write_body(args, &body, err);
    }
    struct tl_remote remote = {.path = path.ptr, .body = tl_buf_str(&body)};
    if (code == TL_OK)
        code = tl_remote_print(args, &remote, show ? print_one : print_message, err);
    tl_buf_free(&path);
    tl_buf_free(&body);
    return code;
}

tl_code tl_cmd_exceptions(const struct tl_args *args, struct tl_error *err)
{
    static const char *const verbs[] = {"show", "edit", "retry", "discard"};
    const char *verb = args->word_count == 0 ? "list" : args->words[0];
    if (strcmp(verb, "list") == 0 && args->word_count < 2)
        return list(args, err);
    for (size_t i = 0; i < TL_COUNT_OF(verbs); i++) {
        if (strcmp(verb, verbs[i]) == 0 && args->word_count == 2)
            return act(args, verb, err);
    }
    return tl_fail(err, TL_EUSAGE, "usage: tidelock exceptions [list | show ID | edit ID | retry ID | discard ID]");
}
