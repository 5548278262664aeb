/* `tidelock pause` and `tidelock resume`: a system, a flow or a capture stops and starts. */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

static void print_answer(const struct tl_json_value *answer)
{
    printf("%.*s\n", TL_STR_ARGS(tl_table_lines(answer, "message")));
}

static tl_code act(const struct tl_args *args, const char *path, struct tl_error *err)
{
    const char *kinds[] = {"system", "flow", "capture"};
    bool known = false;
    for (size_t i = 0; i < TL_COUNT_OF(kinds); i++)
        known = known || strcmp(args->words[0], kinds[i]) == 0;
    if (!known)
        return tl_fail(err, TL_EUSAGE, "'%s' cannot be paused: write system, flow or capture, then its name",
                       args->words[0]);
    struct tl_buf body;
    struct tl_json_writer w;
    tl_buf_init(&body, 64 * 1024);
    tl_json_writer_init(&w, &body);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "kind", args->words[0]);
    tl_json_put_z(&w, "name", args->words[1]);
    tl_json_put_z(&w, "reason", tl_arg(args, "--reason"));
    tl_json_put_bool(&w, "dry_run", tl_flag(args, "--dry-run"));
    tl_json_end_object(&w);
    tl_code code = tl_json_writer_done(&w, err);
    struct tl_remote remote = {.path = path, .body = tl_buf_str(&body)};
    if (code == TL_OK)
        code = tl_remote_print(args, &remote, print_answer, err);
    tl_buf_free(&body);
    return code;
}

tl_code tl_cmd_pause(const struct tl_args *args, struct tl_error *err)
{
    return act(args, "/v1/pause", err);
}

tl_code tl_cmd_resume(const struct tl_args *args, struct tl_error *err)
{
    return act(args, "/v1/resume", err);
}
