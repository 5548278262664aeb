/* `tidelock decisions`: what flows ask people, and the answers. */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

static void print_list(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"ID", "id"},           {"SINCE", "since"}, {"FLOW", "flow"},
                                               {"KEY", "key"},         {"ABOUT", "about"}, {"ANSWERS", "options"},
                                               {"STEWARD", "steward"}, {"DUE", "due"},     {"SHOWN", "show"}};
    tl_table_print(tl_json_get(answer, "decisions"), columns, TL_COUNT_OF(columns), "nothing is asked");
    if (tl_table_text(answer, "next").len != 0)
        puts("… and more: --limit N");
}

static void print_message(const struct tl_json_value *answer)
{
    printf("%.*s\n", TL_STR_ARGS(tl_table_lines(answer, "message")));
}

static tl_code list(const struct tl_args *args, struct tl_error *err)
{
    static const char *const filters[] = {"--flow", "--steward", "--key", "--limit"};
    return tl_remote_list(args, "/v1/decisions", filters, TL_COUNT_OF(filters), print_list, err);
}

static tl_code answer(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf path, body;
    struct tl_json_writer w;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_init(&body, 1 << 20);
    tl_buf_add_z(&path, "/v1/decisions/");
    tl_remote_path_add(&path, tl_str_z(args->words[1]));
    tl_json_writer_init(&w, &body);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "answer", args->words[2]);
    tl_json_put_z(&w, "reason", tl_arg(args, "--reason"));
    tl_json_put_bool(&w, "dry_run", tl_flag(args, "--dry-run"));
    tl_json_end_object(&w);
    tl_code code = tl_json_writer_done(&w, err);
    struct tl_remote remote = {.path = path.ptr, .body = tl_buf_str(&body)};
    if (code == TL_OK)
        code = tl_remote_print(args, &remote, print_message, err);
    tl_buf_free(&path);
    tl_buf_free(&body);
    return code;
}

tl_code tl_cmd_decisions(const struct tl_args *args, struct tl_error *err)
{
    const char *verb = args->word_count == 0 ? "list" : args->words[0];
    if (strcmp(verb, "list") == 0 && args->word_count < 2)
        return list(args, err);
    if (strcmp(verb, "answer") == 0 && args->word_count == 3)
        return answer(args, err);
    return tl_fail(err, TL_EUSAGE, "usage: tidelock decisions [list | answer ID ANSWER]");
}
