/* `tidelock record`: real traffic of a running server as fixtures of an integration's tests, without personal values.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/timestamp.h"
#include "command.h"
#include "place.h"
#include "remote.h"
#include "stream.h"
#include "table.h"
#include "trial/recording.h"
#include "when.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_MS = 120 * 1000, SHOWN = 20 };

/* ---- asking ---- */

static tl_code check_limit(const char *limit, struct tl_error *err)
{
    uint64_t number;
    if (limit == NULL || (tl_str_u64(tl_str_z(limit), &number) && number >= 1 && number <= 10000))
        return TL_OK;
    return tl_fail(err, TL_EUSAGE, "--limit takes a number from 1 to 10000, not '%s'", limit);
}

static tl_code write_path(const struct tl_args *args, struct tl_buf *path, struct tl_error *err)
{
    const char *since = tl_arg(args, "--since"), *limit = tl_arg(args, "--limit");
    int64_t ms = 0;
    if (since == NULL && !tl_flag(args, "--key") && !tl_flag(args, "--event") && !tl_flag(args, "--system"))
        return tl_fail(err, TL_EUSAGE, "say which events: --key KEY, --event TYPE, --system NAME or --since TIME");
    tl_code code = since != NULL ? tl_when_parse("--since", since, &ms, err) : TL_OK;
    if (code == TL_OK)
        code = check_limit(limit, err);
    tl_buf_addf(path, "/v1/recording?since=%" PRId64, ms);
    tl_remote_query_add(path, "key", tl_arg(args, "--key"));
    tl_remote_query_add(path, "event", tl_arg(args, "--event"));
    tl_remote_query_add(path, "system", tl_arg(args, "--system"));
    tl_remote_query_add(path, "limit", limit);
    return code;
}

/* ---- writing ---- */

/* "recorded-20260301-080000" unless --name says better. tl_free. */
static char *name_of(const struct tl_args *args)
{
    char text[TL_TIMESTAMP_SIZE];
    struct tl_timestamp now = tl_timestamp_from_ms(tl_wall_ms());
    if (tl_arg(args, "--name") != NULL)
        return tl_copy_z(tl_arg(args, "--name"));
    tl_timestamp_print(&now, TL_TIME_RFC3339, text);
    return tl_printf("recorded-%.4s%.2s%.2s-%.2s%.2s%.2s", text, text + 5, text + 8, text + 11, text + 14, text + 17);
}

static void fields_of(const struct tl_args *args, const char *option, const char *out[TL_ARGS_MAX + 1])
{
    size_t at = 0, n = 0;
    const char *field;
    while (n < TL_ARGS_MAX && (field = tl_arg_next(args, option, &at)) != NULL)
        out[n++] = field;
    out[n] = NULL;
}

static tl_code write_files(const struct tl_args *args, const struct tl_json_value *answer, struct tl_buf *out,
                           struct tl_error *err)
{
    const char *keep[TL_ARGS_MAX + 1], *redact[TL_ARGS_MAX + 1];
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args), *name = name_of(args);
    fields_of(args, "--keep", keep);
    fields_of(args, "--redact", redact);
    struct tl_recording_options options = {
        .dir = args->words[0], .library = library, .plugins = plugins, .name = name, .keep = keep, .redact = redact};
    tl_log_setup(TL_WARN, TL_LOG_TEXT);
    tl_code code = tl_recording_write(&options, answer, out, err);
    tl_free(library);
    tl_free(plugins);
    tl_free(name);
    return code;
}

/* ---- showing ---- */

static void print_fixtures(const struct tl_json_value *report)
{
    const struct tl_json_value *list = tl_json_get(report, "fixtures");
    struct tl_json_iter i = tl_json_iter(list);
    for (size_t n = 0; n < SHOWN && tl_json_next(&i); n++)
        printf("  %.*s\n", TL_STR_ARGS(tl_table_value(i.value)));
    if (tl_json_count(list) > SHOWN)
        printf("  and %zu more\n", tl_json_count(list) - SHOWN);
    if (tl_json_count(list) > 0)
        puts("'tidelock test --accept' writes their golden outputs; read them before you commit them");
}

static void print_stayed(const struct tl_json_value *list)
{
    static const struct tl_column columns[] = {{"WORDS THAT STAYED AS THEY ARE", "field"}, {"VALUES", "values"}};
    if (tl_json_count(list) > 0)
        tl_table_print(list, columns, TL_COUNT_OF(columns), "");
}

static void print_report(const struct tl_json_value *report)
{
    static const struct tl_column columns[] = {{"REPLACED BY FAKES", "field"}, {"AS", "as"}, {"VALUES", "values"}};
    printf("%" PRId64 " events in %.*s\n", tl_json_get_i64(report, "events", 0),
           TL_STR_ARGS(tl_table_text(report, "recording")));
    if (tl_json_get_i64(report, "left_out", 0) > 0)
        printf("%" PRId64 " more were left out: this integration takes no such events\n",
               tl_json_get_i64(report, "left_out", 0));
    print_fixtures(report);
    tl_table_print(tl_json_get(report, "redacted"), columns, TL_COUNT_OF(columns),
                   "nothing was replaced: no field looks personal; --redact FIELD names one that is");
    print_stayed(tl_json_get(report, "stayed"));
    puts("Look through the files before you commit them; --redact FIELD and --keep FIELD change what is replaced.\n"
         "Recorded is what came in and which effects it had. What systems answered is not: the journal does not keep "
         "it.");
}

tl_code tl_cmd_record(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf path, out;
    struct tl_json_doc *answer = NULL, *report = NULL;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_init(&out, 64 << 20);
    tl_code code = write_path(args, &path, err);
    if (code == TL_OK)
        code = tl_remote_ask(args, &(struct tl_remote){.path = path.ptr, .total_ms = ANSWER_MS}, &answer, err);
    if (code == TL_OK)
        code = write_files(args, tl_json_root(answer), &out, err);
    if (code == TL_OK)
        code = tl_json_parse(tl_buf_str(&out), NULL, &report, err);
    if (code == TL_OK)
        code = tl_remote_show(args, tl_json_root(report), print_report, err);
    if (code == TL_OK && tl_json_get_text(tl_json_root(answer), "next").len > 0 && !tl_flag(args, "--json"))
        puts("There are more such events: --limit takes more of them.");
    tl_json_free(report);
    tl_json_free(answer);
    tl_buf_free(&out);
    tl_buf_free(&path);
    return code;
}
