/* `tidelock deploy`, `rollback`, `plan` and `retire`: an integration's folder, or a kept revision, is made live on a
 * server, or taken away; or what that would change is told. The server checks, tries and switches; here the folder is
 * read and the answer shown.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "deploy_say.h"
#include "remote.h"
#include "server/parcel.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 30 * 60 * 1000 }; /* it may stand in line behind others */

static void put_options(const struct tl_args *args, struct tl_json_writer *w)
{
    static const char *const flags[][2] = {
        {"--dry-run", "dry_run"}, {"--park-removed", "park_removed"}, {"--skip-tests", "skip_tests"}, {"--yes", "yes"}};
    for (size_t i = 0; i < TL_COUNT_OF(flags); i++)
        tl_json_put_bool(w, flags[i][1], tl_flag(args, flags[i][0]));
    if (tl_arg(args, "--reason") != NULL)
        tl_json_put_z(w, "reason", tl_arg(args, "--reason"));
    if (tl_arg(args, "--to") != NULL)
        tl_json_put_z(w, "to", tl_arg(args, "--to"));
}

/* The integration that a command is about: a word of `retire`, else an option. */
static void put_integration(const struct tl_args *args, const char *path, struct tl_json_writer *w)
{
    const char *name = strcmp(path, "/v1/retire") == 0 ? args->words[0] : tl_arg(args, "--integration");
    if (name != NULL)
        tl_json_put_z(w, "integration", name);
}

/* `dir` NULL: none is sent. */
static tl_code write_body(const struct tl_args *args, const char *path, const char *dir, struct tl_buf *body,
                          struct tl_error *err)
{
    struct tl_parcel parcel = {0};
    struct tl_json_writer w;
    tl_code code = dir != NULL ? tl_parcel_read(dir, &parcel, err) : TL_OK;
    if (code == TL_OK) {
        tl_json_writer_init(&w, body);
        tl_json_begin_object(&w);
        put_options(args, &w);
        put_integration(args, path, &w);
        if (dir != NULL) {
            tl_json_key(&w, "files");
            tl_parcel_put(&w, &parcel);
        }
        tl_json_end_object(&w);
        code = tl_json_writer_done(&w, err);
    }
    tl_parcel_free(&parcel);
    return code;
}

/* Why nothing was changed, after what was found. */
static tl_code say_refused(const struct tl_args *args, const struct tl_json_value *problem, tl_code code,
                           struct tl_error *err)
{
    tl_str stage = tl_json_get_text(problem, "stage"), live = tl_json_get_text(problem, "live");
    bool named = tl_json_get_text(problem, "integration").len != 0; /* else nothing is known of what it is about */
    struct tl_error ignored;
    if (tl_flag(args, "--json"))
        (void)!tl_remote_show(args, problem, NULL, &ignored);
    else
        tl_deploy_say_trouble(problem);
    (void)fflush(stdout); /* before the sentence that closes it */
    if (stage.len == 0)
        return code;
    char *why = tl_copy_z(err->text);
    tl_fail(err, code, "refused at %.*s: %s; nothing was changed, %.12s%s", TL_STR_ARGS(stage), why,
            live.len >= 12 ? live.ptr : "",
            live.len >= 12 ? " stays live"
            : named        ? "no revision of it is live"
                           : "what is live stays live");
    tl_free(why);
    return code;
}

static tl_code send(const struct tl_args *args, const char *path, const char *dir, struct tl_json_doc **doc,
                    struct tl_error *err)
{
    struct tl_buf body;
    struct tl_json_doc *problem = NULL;
    tl_buf_init(&body, TL_PARCEL_JSON_MAX);
    tl_code code = write_body(args, path, dir, &body, err);
    struct tl_remote remote = {.path = path, .body = tl_buf_str(&body), .total_ms = ANSWER_MS, .problem = &problem};
    if (code == TL_OK)
        code = tl_remote_ask(args, &remote, doc, err);
    if (code != TL_OK && problem != NULL)
        code = say_refused(args, tl_json_root(problem), code, err);
    tl_json_free(problem);
    tl_buf_free(&body);
    return code;
}

/* Nothing to be told twice: findings that are errors make it bad input, differences are differences. */
static tl_code judge_plan(const struct tl_json_value *answer, struct tl_error *err)
{
    size_t errors = 0;
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "findings"));
    while (tl_json_next(&i))
        errors += tl_json_is(tl_json_get(i.value, "severity"), "error");
    if (errors != 0)
        return tl_fail(err, TL_EINPUT, "a deploy would be refused: %zu error%s", errors, errors == 1 ? "" : "s");
    err->text[0] = '\0';
    return tl_json_get_i64(answer, "differences", 0) != 0 ? TL_EDIFFERS : TL_OK;
}

static tl_code plan(const struct tl_args *args, const char *path, const char *dir, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    tl_code code = send(args, path, dir, &doc, err);
    if (code == TL_OK)
        code = tl_remote_show(args, tl_json_root(doc), tl_deploy_say_plan, err);
    if (code == TL_OK)
        code = judge_plan(tl_json_root(doc), err);
    tl_json_free(doc);
    return code;
}

static tl_code act(const struct tl_args *args, const char *path, const char *dir, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    if (!tl_flag(args, "--reason"))
        return tl_fail(err, TL_EUSAGE, "say why, for the history: --reason TEXT");
    tl_code code = send(args, path, dir, &doc, err);
    if (code == TL_OK)
        code = tl_remote_show(args, tl_json_root(doc), tl_deploy_say_live, err);
    tl_json_free(doc);
    return code;
}

tl_code tl_cmd_deploy(const struct tl_args *args, struct tl_error *err)
{
    return tl_flag(args, "--dry-run") ? plan(args, "/v1/plan", args->words[0], err)
                                      : act(args, "/v1/deploy", args->words[0], err);
}

tl_code tl_cmd_plan(const struct tl_args *args, struct tl_error *err)
{
    return plan(args, "/v1/plan", args->words[0], err);
}

tl_code tl_cmd_rollback(const struct tl_args *args, struct tl_error *err)
{
    return tl_flag(args, "--dry-run") ? plan(args, "/v1/rollback", NULL, err) : act(args, "/v1/rollback", NULL, err);
}

tl_code tl_cmd_retire(const struct tl_args *args, struct tl_error *err)
{
    return tl_flag(args, "--dry-run") ? plan(args, "/v1/retire", NULL, err) : act(args, "/v1/retire", NULL, err);
}
