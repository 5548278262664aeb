/* Exceptions by cause, and acts on all of one cause. */
#include "exceptions.h"
#include "remote.h"
#include "table.h"
#include <inttypes.h>
#include <stdio.h>

enum { ACT_MS = 10 * 60 * 1000 };

static void print_groups(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"CAUSE", "cause"},     {"COUNT", "count"},      {"FLOW", "flow"},
                                               {"CLASS", "class"},     {"PLACE", "place"},      {"MESSAGE", "message"},
                                               {"STEWARD", "steward"}, {"FIRST", "first"},      {"DUE", "due"},
                                               {"BEHIND", "held"},     {"RETRYING", "retrying"}};
    tl_table_print(tl_json_get(answer, "groups"), columns, TL_COUNT_OF(columns), "no exceptions");
    int64_t left = tl_json_get_i64(answer, "groups_left", 0);
    if (left > 0)
        printf("… and %" PRId64 " more: --limit N\n", left);
}

tl_code tl_exceptions_list_groups(const struct tl_args *args, struct tl_error *err)
{
    static const char *const filters[] = {"--flow", "--steward", "--limit"};
    return tl_remote_list(args, "/v1/exception-groups", filters, TL_COUNT_OF(filters), print_groups, err);
}

/* ---- acts ---- */

void tl_exceptions_print_change(const struct tl_json_value *compared)
{
    printf("  before %.*s\n", TL_STR_ARGS(tl_table_text(compared, "before")));
    if (tl_table_text(compared, "after").len != 0)
        printf("  after  %.*s\n", TL_STR_ARGS(tl_table_text(compared, "after")));
}

static void print_left_out(const struct tl_json_value *answer)
{
    static const char *const reasons[][2] = {
        {"later", "because a later event of their key was applied (--although-later takes them too)"},
        {"retrying", "because they are being tried again already"},
        {"gone", "because their flow is not in the integration any more"}};
    const struct tl_json_value *counts = tl_json_get(answer, "left_out");
    for (size_t i = 0; i < TL_COUNT_OF(reasons); i++) {
        int64_t count = tl_json_get_i64(counts, reasons[i][0], 0);
        if (count > 0)
            printf("  %" PRId64 " are left out %s\n", count, reasons[i][1]);
    }
}

static void print_preview(const struct tl_json_value *answer)
{
    const struct tl_json_value *example = tl_json_get(answer, "example");
    printf("would %.*s %.*s of %.*s exceptions of cause %.*s, flow %.*s, steward %.*s\n",
           TL_STR_ARGS(tl_table_text(answer, "act")), TL_STR_ARGS(tl_table_text(answer, "count")),
           TL_STR_ARGS(tl_table_text(answer, "all")), TL_STR_ARGS(tl_table_text(answer, "cause")),
           TL_STR_ARGS(tl_table_text(answer, "flow")), TL_STR_ARGS(tl_table_text(answer, "steward")));
    printf("  %.*s: %.*s (%.*s)\n", TL_STR_ARGS(tl_table_text(answer, "class")),
           TL_STR_ARGS(tl_table_text(answer, "message")), TL_STR_ARGS(tl_table_text(answer, "place")));
    printf("  from %.*s to %.*s; %.*s events wait behind them\n", TL_STR_ARGS(tl_table_text(answer, "oldest")),
           TL_STR_ARGS(tl_table_text(answer, "newest")), TL_STR_ARGS(tl_table_text(answer, "held")));
    print_left_out(answer);
    printf("  one of them, %.*s of key %.*s:\n", TL_STR_ARGS(tl_table_text(example, "id")),
           TL_STR_ARGS(tl_table_text(example, "key")));
    tl_exceptions_print_change(example);
    puts("nothing was done; --yes does it");
}

static void print_result(const struct tl_json_value *answer)
{
    if (tl_json_get_bool(answer, "preview", false)) {
        print_preview(answer);
        return;
    }
    printf("%.*s: %.*s done, %.*s refused, %.*s failed; %.*s of the group are left\n",
           TL_STR_ARGS(tl_table_text(answer, "act")), TL_STR_ARGS(tl_table_text(answer, "done")),
           TL_STR_ARGS(tl_table_text(answer, "refused")), TL_STR_ARGS(tl_table_text(answer, "failed")),
           TL_STR_ARGS(tl_table_text(answer, "left")));
}

static tl_code judge(const struct tl_json_value *answer, struct tl_error *err)
{
    int64_t bad = tl_json_get_i64(answer, "refused", 0) + tl_json_get_i64(answer, "failed", 0);
    if (bad == 0)
        return TL_OK;
    return tl_fail(err, TL_EDIFFERS,
                   "%" PRId64 " were not done; the first: %.*s. The same command again takes the rest", bad,
                   TL_STR_ARGS(tl_table_text(answer, "first_problem")));
}

tl_code tl_exceptions_group_act(const struct tl_args *args, const char *verb, struct tl_error *err)
{
    struct tl_buf path, body;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_init(&body, 1 << 20);
    tl_buf_add_z(&path, "/v1/exception-groups/");
    tl_remote_path_add(&path, tl_str_z(tl_arg(args, "--cause")));
    tl_buf_addf(&path, "/%s", verb);
    tl_code code = tl_exceptions_body(args, &body, err);
    struct tl_remote remote = {.path = path.ptr, .body = tl_buf_str(&body), .total_ms = ACT_MS};
    if (code == TL_OK)
        code = tl_remote_ask(args, &remote, &doc, err);
    if (code == TL_OK)
        code = tl_remote_show(args, tl_json_root(doc), print_result, err);
    if (code == TL_OK)
        code = judge(tl_json_root(doc), err);
    tl_json_free(doc);
    tl_buf_free(&path);
    tl_buf_free(&body);
    return code;
}
