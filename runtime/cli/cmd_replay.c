/* `tidelock replay`: past events run again; without --yes only what would be done. */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "remote.h"
#include "table.h"
#include "when.h"
#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_MS = 10 * 60 * 1000, SHOWN = 50 };

/* ---- asking ---- */

static tl_code add_time(const struct tl_args *args, const char *option, const char *name, struct tl_json_writer *w,
                        struct tl_error *err)
{
    const char *text = tl_arg(args, option);
    int64_t ms = 0;
    tl_code code = text != NULL ? tl_when_parse(option, text, &ms, err) : TL_OK;
    tl_json_put_int(w, name, ms);
    return code;
}

static tl_code add_limit(const struct tl_args *args, struct tl_json_writer *w, struct tl_error *err)
{
    const char *limit = tl_arg(args, "--limit");
    uint64_t number;
    if (limit == NULL)
        return TL_OK;
    if (!tl_str_u64(tl_str_z(limit), &number) || number == 0 || number > INT32_MAX)
        return tl_fail(err, TL_EUSAGE, "--limit takes a number from 1 on, not '%s'", limit);
    tl_json_put_uint(w, "limit", number);
    return TL_OK;
}

static tl_code write_body(const struct tl_args *args, struct tl_buf *body, struct tl_error *err)
{
    static const char *const texts[][2] = {{"--flow", "flow"}, {"--key", "key"},     {"--type", "type"},
                                           {"--id", "id"},     {"--after", "after"}, {"--reason", "reason"}};
    static const char *const flags[][2] = {
        {"--to-latest", "to_latest"}, {"--force-effects", "force"}, {"--dry-run", "dry_run"}, {"--yes", "yes"}};
    struct tl_json_writer w;
    tl_json_writer_init(&w, body);
    tl_json_begin_object(&w);
    tl_code code = add_time(args, "--since", "since", &w, err);
    if (code == TL_OK)
        code = add_time(args, "--until", "until", &w, err);
    if (code == TL_OK)
        code = add_limit(args, &w, err);
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++) {
        if (tl_arg(args, texts[i][0]) != NULL)
            tl_json_put_z(&w, texts[i][1], tl_arg(args, texts[i][0]));
    }
    for (size_t i = 0; i < TL_COUNT_OF(flags); i++)
        tl_json_put_bool(&w, flags[i][1], tl_flag(args, flags[i][0]));
    tl_json_end_object(&w);
    return code == TL_OK ? tl_json_writer_done(&w, err) : code;
}

/* ---- showing ---- */

static int64_t count_of(const struct tl_json_value *answer, const char *name)
{
    return tl_json_get_i64(tl_json_get(answer, "counts"), name, 0);
}

static void print_units(const struct tl_json_value *answer)
{
    static const struct tl_column columns[] = {{"EVENT", "event"}, {"TIME", "time"},  {"TYPE", "type"},
                                               {"KEY", "key"},     {"FLOW", "flow"},  {"ENDED", "ending"},
                                               {"DOES", "does"},   {"BECAUSE", "why"}};
    size_t all = tl_json_count(tl_json_get(answer, "units"));
    if (all <= SHOWN)
        tl_table_print(tl_json_get(answer, "units"), columns, TL_COUNT_OF(columns), "no units");
    else
        printf("%zu units; --json lists them\n", all);
}

static void print_preview(const struct tl_json_value *answer)
{
    printf("would run %" PRId64 " units again; %" PRId64 " are listed and stay as they are\n", count_of(answer, "runs"),
           count_of(answer, "listed"));
    if (tl_json_get_bool(answer, "force", false))
        printf("--force-effects: all their idempotent effects are sent again, %" PRId64 " were sent then; %" PRId64
               " of these records were touched by later events and would be overwritten\n",
               count_of(answer, "effects"), count_of(answer, "newer"));
    else
        printf("of the %" PRId64 " effects they had, those are sent that come out different, but for %" PRId64
               " whose records were touched by later events\n",
               count_of(answer, "effects"), count_of(answer, "newer"));
    puts("nothing was done; --yes does it");
}

static void print_answer(const struct tl_json_value *answer)
{
    print_units(answer);
    tl_str held = tl_table_text(answer, "held_from");
    if (tl_json_get_bool(answer, "past_retention", false))
        printf("what came before %.*s is past retention and not held any more\n",
               TL_STR_ARGS(held.len > 0 ? held : TL_STR("now")));
    if (tl_json_get_bool(answer, "dry_run", false))
        print_preview(answer);
    else
        printf(
            "replay %.*s: %" PRId64 " units run again, %" PRId64 " of them by an earlier request; %" PRId64
            " are listed and stay as they are\n'tidelock trace' of a key tells what was sent and what not, and why\n",
            TL_STR_ARGS(tl_table_text(answer, "replay")), count_of(answer, "runs"), count_of(answer, "again"),
            count_of(answer, "listed"));
    if (tl_json_get_text(answer, "next").len != 0)
        printf("… and more: --after %.*s\n", TL_STR_ARGS(tl_table_text(answer, "next")));
}

/* Done, and something was left out. */
static tl_code judge(const struct tl_json_value *answer, struct tl_error *err)
{
    bool dry = tl_json_get_bool(answer, "dry_run", false);
    if (dry || (count_of(answer, "listed") == 0 && tl_json_get_text(answer, "next").len == 0))
        return TL_OK;
    if (tl_json_get_text(answer, "next").len != 0)
        return tl_fail(err, TL_EDIFFERS, "not all of the selection was taken: go on with --after %.*s",
                       TL_STR_ARGS(tl_table_text(answer, "next")));
    return tl_fail(err, TL_EDIFFERS, "%" PRId64 " units were not run again; the list says why",
                   count_of(answer, "listed"));
}

static tl_code check(const struct tl_args *args, struct tl_error *err)
{
    bool all = !tl_flag(args, "--since") && !tl_flag(args, "--key") && !tl_flag(args, "--after");
    if (all)
        return tl_fail(err, TL_EUSAGE, "say since when, or which key: --since TIME, --key KEY");
    if (tl_flag(args, "--yes") && !tl_flag(args, "--dry-run") && !tl_flag(args, "--reason"))
        return tl_fail(err, TL_EUSAGE, "say why, for the audit: --reason TEXT");
    return TL_OK;
}

tl_code tl_cmd_replay(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf body;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&body, 1 << 20);
    tl_code code = check(args, err);
    if (code == TL_OK)
        code = write_body(args, &body, err);
    struct tl_remote remote = {.path = "/v1/replay", .body = tl_buf_str(&body), .total_ms = ANSWER_MS};
    if (code == TL_OK)
        code = tl_remote_ask(args, &remote, &doc, err);
    if (code == TL_OK)
        code = tl_remote_show(args, tl_json_root(doc), print_answer, err);
    if (code == TL_OK)
        code = judge(tl_json_root(doc), err);
    tl_json_free(doc);
    tl_buf_free(&body);
    return code;
}
