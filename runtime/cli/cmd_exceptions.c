/* `tidelock exceptions`: the desk from the command line. */
#include "exceptions.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 6 * (64 << 20) };

static void print_list(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"ID", "id"},           {"SINCE", "since"}, {"FLOW", "flow"},
                                               {"KEY", "key"},         {"CLASS", "class"}, {"MESSAGE", "message"},
                                               {"STEWARD", "steward"}, {"DUE", "due"},     {"BEHIND", "held"}};
    tl_table_print(tl_json_get(answer, "exceptions"), columns, TL_COUNT_OF(columns), "no exceptions");
    if (tl_table_text(answer, "next").len != 0)
        puts("… and more: --limit N, or by cause: --groups");
}

static void print_one(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(answer);
    while (tl_json_next(&i)) {
        if (!tl_json_is_null(i.value))
            printf("%-12.*s %.*s\n", TL_STR_ARGS(i.key), TL_STR_ARGS(tl_table_value(i.value)));
    }
}

static void print_message(const struct tl_json_value *answer)
{
    if (tl_json_get(answer, "message") != NULL && tl_json_get(answer, "flow") == NULL)
        printf("%.*s\n", TL_STR_ARGS(tl_table_lines(answer, "message")));
    else if (tl_json_get(answer, "before") != NULL)
        tl_exceptions_print_change(answer);
    else
        print_one(answer); /* a dry run shows what it would be done to */
}

static tl_code list(const struct tl_args *args, struct tl_error *err)
{
    static const char *const filters[] = {"--flow", "--cause", "--steward", "--key", "--limit"};
    return tl_remote_list(args, "/v1/exceptions", filters, TL_COUNT_OF(filters), print_list, err);
}

static tl_code act(const struct tl_args *args, const char *verb, struct tl_error *err)
{
    struct tl_buf path, body;
    bool show = strcmp(verb, "show") == 0;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_init(&body, BODY_MAX);
    tl_buf_add_z(&path, "/v1/exceptions/");
    tl_remote_path_add(&path, tl_str_z(args->words[1]));
    tl_code code = TL_OK;
    if (!show) {
        tl_buf_addf(&path, "/%s", verb);
        code = tl_exceptions_body(args, &body, err);
    }
    struct tl_remote remote = {.path = path.ptr, .body = tl_buf_str(&body)};
    if (code == TL_OK)
        code = tl_remote_print(args, &remote, show ? print_one : print_message, err);
    tl_buf_free(&path);
    tl_buf_free(&body);
    return code;
}

static bool is_group_act(const struct tl_args *args, const char *verb)
{
    return args->word_count == 1 && tl_flag(args, "--cause") &&
           (strcmp(verb, "retry") == 0 || strcmp(verb, "discard") == 0);
}

tl_code tl_cmd_exceptions(const struct tl_args *args, struct tl_error *err)
{
    static const char *const verbs[] = {"show", "edit", "retry", "discard", "assign"};
    const char *verb = args->word_count == 0 ? "list" : args->words[0];
    if (strcmp(verb, "list") == 0 && args->word_count < 2)
        return tl_flag(args, "--groups") ? tl_exceptions_list_groups(args, err) : list(args, err);
    if (is_group_act(args, verb))
        return tl_exceptions_group_act(args, verb, err);
    for (size_t i = 0; i < TL_COUNT_OF(verbs); i++) {
        if (strcmp(verb, verbs[i]) == 0 && args->word_count == 2)
            return act(args, verb, err);
    }
    return tl_fail(
        err, TL_EUSAGE,
        "usage: tidelock exceptions [list | show ID | edit ID | retry ID | discard ID | assign ID], or retry "
        "or discard with --cause");
}
