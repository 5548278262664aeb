/* `tidelock trace` and `tidelock events`: timelines. */
#include "base/buf.h"
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>

static void print_effects(const struct tl_json_value *entry)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(entry, "effects"));
    while (tl_json_next(&i)) {
        printf("%27s→ %.*s %.*s %.*s  ", "", TL_STR_ARGS(tl_table_text(i.value, "system")),
               TL_STR_ARGS(tl_table_text(i.value, "operation")), TL_STR_ARGS(tl_table_text(i.value, "id")));
        if (tl_json_get_i64(i.value, "attempts", 1) == 0) /* a replay, which had no need to, or must not */
            puts("not sent");
        else
            printf("%.*s, status %.*s, %.*s call(s), %.*s ms\n", TL_STR_ARGS(tl_table_text(i.value, "class")),
                   TL_STR_ARGS(tl_table_text(i.value, "status")), TL_STR_ARGS(tl_table_text(i.value, "attempts")),
                   TL_STR_ARGS(tl_table_text(i.value, "duration_ms")));
    }
}

static void print_event(const struct tl_json_value *e)
{
    tl_str flow = tl_table_text(e, "cause_flow"), type = tl_table_text(e, "type");
    printf("event %.*s  %.*s %.*s ", TL_STR_ARGS(tl_table_text(e, "id")), TL_STR_ARGS(type),
           TL_STR_ARGS(tl_table_text(e, "key")));
    if (tl_str_starts(type, TL_STR("run.replay:")))
        printf("is %.*s again\n", TL_STR_ARGS(tl_table_text(e, "cause")));
    else if (flow.len != 0)
        printf("from %.*s (emitted)\n", TL_STR_ARGS(flow));
    else
        printf("from %.*s\n", TL_STR_ARGS(tl_table_text(e, "source")));
}

static void print_waits(const struct tl_json_value *run)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(run, "waits"));
    while (tl_json_next(&i)) {
        tl_str until = tl_table_text(i.value, "until");
        printf("    %.*s", TL_STR_ARGS(tl_table_text(i.value, "step")));
        struct tl_json_iter types = tl_json_iter(tl_json_get(i.value, "for"));
        while (tl_json_next(&types))
            printf(" %.*s", TL_STR_ARGS(tl_table_value(types.value)));
        printf("%s%.*s\n", until.len != 0 ? " until " : "", TL_STR_ARGS(until));
    }
}

static void print_entry(const struct tl_json_value *e)
{
    tl_str kind = tl_table_text(e, "kind");
    printf("%-24.*s  ", TL_STR_ARGS(tl_table_text(e, "time")));
    if (tl_str_is(kind, "event")) {
        print_event(e);
    } else if (tl_str_is(kind, "outcome")) {
        tl_str note = tl_table_text(e, "note");
        printf("  %.*s: %.*s%s%.*s\n", TL_STR_ARGS(tl_table_text(e, "flow")), TL_STR_ARGS(tl_table_text(e, "ending")),
               note.len != 0 ? ": " : "", TL_STR_ARGS(note));
        print_effects(e);
    } else if (tl_str_is(kind, "exception")) {
        printf("  %.*s: EXCEPTION %.*s (%.*s) %.*s at %.*s, steward %.*s\n", TL_STR_ARGS(tl_table_text(e, "flow")),
               TL_STR_ARGS(tl_table_text(e, "exception")), TL_STR_ARGS(tl_table_text(e, "class")),
               TL_STR_ARGS(tl_table_text(e, "message")), TL_STR_ARGS(tl_table_text(e, "place")),
               TL_STR_ARGS(tl_table_text(e, "steward")));
    } else if (tl_str_is(kind, "run")) {
        printf("  %.*s: run %.*s is %.*s\n", TL_STR_ARGS(tl_table_text(e, "flow")),
               TL_STR_ARGS(tl_table_text(e, "run")), TL_STR_ARGS(tl_table_text(e, "state")));
        print_waits(e);
    } else {
        printf("  %.*s: %.*s\n", TL_STR_ARGS(tl_table_text(e, "flow")), TL_STR_ARGS(tl_table_text(e, "state")));
    }
}

static void print_timeline(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "entries"));
    while (tl_json_next(&i))
        print_entry(i.value);
    if (tl_json_count(tl_json_get(answer, "entries")) != 0)
        return;
    printf("nothing was received with the key '%.*s'; the systems say:\n", TL_STR_ARGS(tl_table_text(answer, "key")));
    struct tl_json_iter a = tl_json_iter(tl_json_get(answer, "asked"));
    while (tl_json_next(&a))
        printf("  %.*s (%.*s): %.*s\n", TL_STR_ARGS(tl_table_text(a.value, "system")),
               TL_STR_ARGS(tl_table_text(a.value, "event")), TL_STR_ARGS(tl_table_text(a.value, "text")));
}

tl_code tl_cmd_trace(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf path;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_add_z(&path, "/v1/trace?key=");
    tl_remote_path_add(&path, tl_str_z(args->words[0]));
    tl_code code = tl_remote_print(args, &(struct tl_remote){.path = path.ptr}, print_timeline, err);
    tl_buf_free(&path);
    return code;
}

tl_code tl_cmd_events(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf path;
    tl_buf_init(&path, 64 * 1024);
    tl_buf_add_z(&path, "/v1/events/");
    tl_remote_path_add(&path, tl_str_z(args->words[0]));
    tl_code code = tl_remote_print(args, &(struct tl_remote){.path = path.ptr}, print_timeline, err);
    tl_buf_free(&path);
    return code;
}
