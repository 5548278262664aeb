/* `tidelock status`: one screen. */
#include "command.h"
#include "remote.h"
#include "table.h"
#include <stdio.h>

/* Open runs that go on with the revision they began with; nothing when there are none. */
static void print_earlier(const struct tl_json_value *earlier)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(earlier, "revisions"));
    const char *between = "";
    if (tl_json_get_i64(earlier, "runs", 0) == 0)
        return;
    printf("open runs on earlier revisions: %.*s (", TL_STR_ARGS(tl_table_text(earlier, "runs")));
    for (; tl_json_next(&i); between = ", ")
        printf("%s%.12s: %.*s", between, tl_table_text(i.value, "revision").ptr,
               TL_STR_ARGS(tl_table_text(i.value, "runs")));
    if (tl_json_get_i64(earlier, "not_kept", 0) != 0)
        printf("%sof others: %.*s", between, TL_STR_ARGS(tl_table_text(earlier, "not_kept")));
    puts(")");
}

/* The integrations beside the first. */
static void print_beside(const struct tl_json_value *integrations)
{
    struct tl_json_iter i = tl_json_iter(integrations);
    for (size_t n = 0; tl_json_next(&i); n++) {
        if (n != 0)
            printf("beside it %.*s, revision %.12s\n", TL_STR_ARGS(tl_table_text(i.value, "name")),
                   tl_table_text(i.value, "revision").ptr);
    }
}

static void print_status(const struct tl_json_value *answer)
{
    static const struct tl_column systems[] = {
        {"SYSTEM", "name"},          {"KIND", "kind"},     {"GATE", "gate"},           {"UNTIL", "until"},
        {"BREAKER", "breaker"},      {"CAUSE", "cause"},   {"IN FLIGHT", "in_flight"}, {"TODAY", "used_today"},
        {"PAUSED BY", "paused.who"}, {"WHY", "paused.why"}};
    static const struct tl_column flows[] = {
        {"FLOW", "name"},     {"WAITING", "unfinished"},   {"OLDEST", "oldest"}, {"DONE", "done"},
        {"PARKED", "parked"}, {"PAUSED BY", "paused.who"}, {"WHY", "paused.why"}};
    static const struct tl_column captures[] = {
        {"CAPTURE", "system"}, {"OBJECT", "object"}, {"STATE", "state"},       {"LAST SUCCESS", "last_success"},
        {"LAG MS", "lag_ms"},  {"ERROR", "error"},   {"GAP FROM", "gap.from"}, {"GAP TO", "gap.to"}};
    static const struct tl_column schedules[] = {
        {"SCHEDULE", "name"}, {"WHEN", "expression"}, {"NEXT", "next"}, {"LAST", "previous"}, {"SKIPPED", "skipped"}};
    static const struct tl_column lanes[] = {
        {"LANE", "lane"}, {"QUEUED", "queued"}, {"STARTED", "started"}, {"HELD KEYS", "held"}};
    const struct tl_json_value *engine = tl_json_get(answer, "engine");
    printf("%.*s %.*s, revision %.12s, up %.*s ms%s%.*s\n", TL_STR_ARGS(tl_table_text(answer, "integration")),
           TL_STR_ARGS(tl_table_text(answer, "state")), tl_table_text(answer, "revision").ptr,
           TL_STR_ARGS(tl_table_text(answer, "uptime_ms")),
           tl_json_get_bool(answer, "ready", false) ? ", ready" : ", NOT READY: ",
           TL_STR_ARGS(tl_table_text(answer, "why")));
    print_beside(tl_json_get(answer, "integrations"));
    print_earlier(tl_json_get(answer, "earlier_runs"));
    if (tl_json_type(engine) != TL_JSON_IS_OBJECT)
        return;
    printf("exceptions %.*s · journal: %.*s segments, commit %.*s, room %.*s\n\n",
           TL_STR_ARGS(tl_table_text(engine, "exceptions")), TL_STR_ARGS(tl_table_text(engine, "journal.segments")),
           TL_STR_ARGS(tl_table_text(engine, "journal.last")), TL_STR_ARGS(tl_table_text(engine, "journal.room")));
    tl_table_print(tl_json_get(engine, "systems"), systems, TL_COUNT_OF(systems), "no systems");
    puts("");
    tl_table_print(tl_json_get(engine, "flows"), flows, TL_COUNT_OF(flows), "no flows");
    puts("");
    tl_table_print(tl_json_get(engine, "captures"), captures, TL_COUNT_OF(captures), "no captures");
    puts("");
    tl_table_print(tl_json_get(engine, "schedules"), schedules, TL_COUNT_OF(schedules), "no schedules");
    puts("");
    tl_table_print(tl_json_get(engine, "lanes"), lanes, TL_COUNT_OF(lanes), "no lanes");
}

tl_code tl_cmd_status(const struct tl_args *args, struct tl_error *err)
{
    return tl_remote_print(args, &(struct tl_remote){.path = "/v1/status"}, print_status, err);
}
