/* `tidelock doctor`. */
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>

static void print_findings(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "findings"));
    while (tl_json_next(&i))
        printf("%-5s %.*s %.*s: %.*s\n", tl_json_get_bool(i.value, "ok", false) ? "ok" : "WRONG",
               TL_STR_ARGS(tl_table_text(i.value, "what")), TL_STR_ARGS(tl_table_text(i.value, "name")),
               TL_STR_ARGS(tl_table_text(i.value, "text")));
}

tl_code tl_cmd_doctor(const struct tl_args *args, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    struct tl_remote remote = {.path = "/v1/doctor"};
    tl_code code = tl_remote_ask(args, &remote, &doc, err);
    if (code != TL_OK)
        return code;
    code = tl_remote_show(args, tl_json_root(doc), print_findings, err);
    if (code == TL_OK && !tl_json_get_bool(tl_json_root(doc), "ok", false)) {
        code = TL_EDIFFERS;
        err->text[0] = '\0'; /* the findings say it */
    }
    tl_json_free(doc);
    return code;
}
