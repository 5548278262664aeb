/* `tidelock revisions`: what was live on a server and when, what was refused, and what still runs on it. */
#include "base/buf.h"
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>

static void print_row(const struct tl_json_value *row)
{
    tl_str revision = tl_table_text(row, "revision"), runs = tl_table_text(row, "runs"),
           reason = tl_table_text(row, "reason"), why = tl_table_text(row, "why");
    bool live = tl_json_get_bool(row, "live", false), was_live = tl_json_is(tl_json_get(row, "outcome"), "live"),
         gone = tl_json_is(tl_json_get(row, "outcome"), "retired");
    printf("%s %-20.19s %-12.*s  %-12.*s  %-8.*s  %-9s", live ? "*" : " ", tl_table_text(row, "time").ptr,
           (int)(revision.len < 12 ? revision.len : 12), revision.len != 0 ? revision.ptr : "",
           TL_STR_ARGS(tl_table_text(row, "integration")), TL_STR_ARGS(tl_table_text(row, "act")),
           live       ? "LIVE"
           : was_live ? "was live"
           : gone     ? "gone"
                      : "refused");
    printf("  %.*s: %.*s", TL_STR_ARGS(tl_table_text(row, "who")), TL_STR_ARGS(reason));
    if (runs.len != 0 && !tl_str_is(runs, "0"))
        printf(" [%.*s open runs]", TL_STR_ARGS(runs));
    if (was_live && !tl_json_get_bool(row, "kept", true))
        printf(" [not kept any more]");
    puts("");
    if (why.len != 0)
        printf("      at %.*s: %.*s\n", TL_STR_ARGS(tl_table_text(row, "stage")), TL_STR_ARGS(why));
}

static void print_revisions(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "revisions"));
    while (tl_json_next(&i))
        print_row(i.value);
    if (tl_table_text(answer, "doing").len != 0)
        printf("on its way: %.*s\n", TL_STR_ARGS(tl_table_text(answer, "doing")));
}

tl_code tl_cmd_revisions(const struct tl_args *args, struct tl_error *err)
{
    static const char *const filters[] = {"--limit", "--integration"};
    return tl_remote_list(args, "/v1/revisions", filters, TL_COUNT_OF(filters), print_revisions, err);
}
