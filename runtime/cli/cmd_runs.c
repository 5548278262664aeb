/* `tidelock runs`: durable runs, seen and repaired. */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 16 << 20 };

/* ---- looking ---- */

static void print_list(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"ID", "id"},
                                               {"SINCE", "since"},
                                               {"FLOW", "flow"},
                                               {"KEY", "key"},
                                               {"STATE", "state"},
                                               {"STEPS", "steps"},
                                               {"WAITS", "waits.0.kind"},
                                               {"FOR", "waits.0.for.0"},
                                               {"UNTIL", "waits.0.until"},
                                               {"REVISION", "revision"}};
    tl_table_print(tl_json_get(answer, "runs"), columns, TL_COUNT_OF(columns), "no open runs");
    if (tl_table_text(answer, "next").len != 0)
        puts("… and more: --limit N");
}

static void print_wait(const struct tl_json_value *wait)
{
    tl_str until = tl_table_text(wait, "until");
    printf("  waits at %.*s: %.*s", TL_STR_ARGS(tl_table_text(wait, "step")), TL_STR_ARGS(tl_table_text(wait, "kind")));
    struct tl_json_iter i = tl_json_iter(tl_json_get(wait, "for"));
    while (tl_json_next(&i))
        printf(" %.*s", TL_STR_ARGS(tl_table_value(i.value)));
    printf("%s%.*s\n", until.len != 0 ? " until " : "", TL_STR_ARGS(until));
}

static void print_step(const struct tl_json_value *step)
{
    tl_str system = tl_table_text(step, "system"), message = tl_table_text(step, "message");
    tl_str place = tl_table_text(step, "place");
    printf("%-24.*s  %-20.*s %-8.*s %-8.*s", TL_STR_ARGS(tl_table_text(step, "at")),
           TL_STR_ARGS(tl_table_text(step, "step")), TL_STR_ARGS(tl_table_text(step, "kind")),
           TL_STR_ARGS(tl_table_text(step, "state")));
    if (system.len != 0)
        printf(" %.*s %.*s, status %.*s, %.*s call(s)", TL_STR_ARGS(system),
               TL_STR_ARGS(tl_table_text(step, "operation")), TL_STR_ARGS(tl_table_text(step, "status")),
               TL_STR_ARGS(tl_table_text(step, "attempts")));
    if (message.len != 0)
        printf(" %.*s: %.*s", TL_STR_ARGS(tl_table_text(step, "class")), TL_STR_ARGS(message));
    printf("%s%.*s\n", place.len != 0 ? " at " : "", TL_STR_ARGS(place));
}

static void print_one(const struct tl_json_value *run)
{
    static const char *const members[] = {"id",    "flow",     "event", "type",   "key",
                                          "state", "revision", "since", "payload"};
    for (size_t i = 0; i < TL_COUNT_OF(members); i++) {
        tl_str text = tl_table_text(run, members[i]);
        if (text.len != 0)
            printf("%-12s %.*s\n", members[i], TL_STR_ARGS(text));
    }
    struct tl_json_iter w = tl_json_iter(tl_json_get(run, "waits"));
    while (tl_json_next(&w))
        print_wait(w.value);
    struct tl_json_iter s = tl_json_iter(tl_json_get(run, "timeline"));
    while (tl_json_next(&s))
        print_step(s.value);
}

static tl_code list(const struct tl_args *args, struct tl_error *err)
{
    static const char *const filters[] = {"--flow", "--state", "--key", "--revision", "--limit"};
    return tl_remote_list(args, "/v1/runs", filters, TL_COUNT_OF(filters), print_list, err);
}

/* ---- acting ---- */

static void print_message(const struct tl_json_value *answer)
{
    printf("%.*s\n", TL_STR_ARGS(tl_table_lines(answer, "message")));
}

static tl_code add_result(const struct tl_args *args, struct tl_json_writer *w, struct tl_error *err)
{
    const char *result = tl_arg(args, "--result");
    struct tl_json_doc *doc;
    if (result == NULL)
        return TL_OK;
    tl_code code = tl_json_parse_borrowed(tl_str_z(result), NULL, &doc, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "--result must be JSON");
        return code;
    }
    tl_json_free(doc);
    tl_json_key(w, "result");
    tl_json_raw_value(w, tl_str_z(result));
    return TL_OK;
}

static tl_code write_body(const struct tl_args *args, struct tl_buf *body, struct tl_error *err)
{
    const char *step = tl_arg(args, "--step");
    struct tl_json_writer w;
    tl_json_writer_init(&w, body);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "step", step != NULL ? step : tl_arg(args, "--from"));
    tl_json_put_z(&w, "reason", tl_arg(args, "--reason"));
    tl_json_put_bool(&w, "yes", tl_flag(args, "--yes"));
    tl_json_put_bool(&w, "dry_run", tl_flag(args, "--dry-run"));
    tl_code code = add_result(args, &w, err);
    tl_json_end_object(&w);
    return code == TL_OK ? tl_json_writer_done(&w, err) : code;
}

/* Options of one act given to another are a mistake, not a wish. */
static tl_code check(const struct tl_args *args, const char *verb, struct tl_error *err)
{
    static const char *const only[][2] = {{"--from", "retry"}, {"--step", "skip"}, {"--result", "skip"}};
    for (size_t i = 0; i < TL_COUNT_OF(only); i++) {
        if (tl_flag(args, only[i][0]) && strcmp(verb, only[i][1]) != 0)
            return tl_fail(err, TL_EUSAGE, "%s goes with 'runs %s', not with 'runs %s'", only[i][0], only[i][1], verb);
    }
    if (strcmp(verb, "skip") == 0 && !tl_flag(args, "--step"))
        return tl_fail(err, TL_EUSAGE, "which step? 'tidelock runs show %s' names them: --step NAME", args->words[1]);
    if (strcmp(verb, "show") != 0 && !tl_flag(args, "--reason") && !tl_flag(args, "--dry-run"))
        return tl_fail(err, TL_EUSAGE, "say why, for the audit: --reason TEXT");
    return TL_OK;
}

static tl_code act(const struct tl_args *args, const char *verb, struct tl_error *err)
{
    struct tl_buf path, body;
    bool show = strcmp(verb, "show") == 0;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_init(&body, BODY_MAX);
    tl_buf_add_z(&path, "/v1/runs/");
    tl_remote_path_add(&path, tl_str_z(args->words[1]));
    tl_code code = check(args, verb, err);
    if (code == TL_OK && !show) {
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

tl_code tl_cmd_runs(const struct tl_args *args, struct tl_error *err)
{
    static const char *const verbs[] = {"show", "cancel", "retry", "skip", "move"};
    const char *verb = args->word_count == 0 ? "list" : args->words[0];
    if (strcmp(verb, "list") == 0 && args->word_count < 2)
        return list(args, err);
    for (size_t i = 0; i < TL_COUNT_OF(verbs); i++) {
        if (strcmp(verb, verbs[i]) == 0 && args->word_count == 2)
            return act(args, verb, err);
    }
    return tl_fail(err, TL_EUSAGE,
                   "usage: tidelock runs [list | show ID | cancel ID | retry ID | skip ID --step NAME | move ID]");
}
