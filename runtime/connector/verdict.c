/* What an answer that is no success means: the manifest's rows first, then the table of sdk/docs/manifest.md. */
#include "answer.h"
#include "base/duration.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS 86400000

/* IMF-fixdate, RFC 850 and asctime, as RFC 9110 section 5.6.7 wants them read; "UTC" for "GMT" is seen. */
static bool http_date_ms(tl_str value, int64_t *ms)
{
    char text[48];
    if (value.len == 0 || value.len >= sizeof text)
        return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = 0;
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S", "%A, %d-%b-%y %H:%M:%S", "%a %b %d %H:%M:%S %Y"};
    for (size_t i = 0; i < TL_COUNT_OF(forms); i++) {
        struct tm tm = {0};
        if (strptime(text, forms[i], &tm)) {
            *ms = (int64_t)timegm(&tm) * 1000;
            return true;
        }
    }
    return false;
}

static int64_t bounded(int64_t ms)
{
    return ms < 0 ? 0 : ms > DAY_MS ? DAY_MS : ms;
}

int64_t tl_retry_after_ms(tl_str value, int64_t wall_ms)
{
    uint64_t seconds;
    int64_t at_ms;
    value = tl_str_trim(value);
    /* some platforms send fractions: round up */
    ptrdiff_t dot = tl_str_find(value, '.');
    tl_str whole = dot > 0 ? (tl_str){value.ptr, (size_t)dot} : value;
    if (tl_str_u64(whole, &seconds))
        return seconds > DAY_MS / 1000 ? DAY_MS : bounded((int64_t)seconds * 1000 + (dot > 0 ? 1000 : 0));
    return http_date_ms(value, &at_ms) ? bounded(at_ms - wall_ms) : 0;
}

/* ---- the host's table ---- */

static const struct {
    int status;
    enum tl_failure failure;
    bool unknown;
} statuses[] = {
    {300, TL_FAIL_CONFLICT, false},    {401, TL_FAIL_AUTH, false},        {402, TL_FAIL_CONFIG, false},
    {403, TL_FAIL_CONFIG, false},      {404, TL_FAIL_MISSING, false},     {407, TL_FAIL_CONFIG, false},
    {408, TL_FAIL_RETRY, true},        {409, TL_FAIL_CONFLICT, false},    {410, TL_FAIL_MISSING, false},
    {412, TL_FAIL_CONFLICT, false},    {423, TL_FAIL_CONFLICT, false},    {425, TL_FAIL_RETRY, false},
    {428, TL_FAIL_CONFLICT, false},    {429, TL_FAIL_RETRY, false},       {500, TL_FAIL_RETRY, true},
    {501, TL_FAIL_UNSUPPORTED, false}, {502, TL_FAIL_RETRY, true},        {503, TL_FAIL_RETRY, false},
    {504, TL_FAIL_RETRY, true},        {505, TL_FAIL_UNSUPPORTED, false},
};

static void judge_status(int status, bool is_capture, struct tl_verdict *verdict)
{
    if (status == 410 && is_capture) {
        verdict->failure = TL_FAIL_GAP;
        return;
    }
    for (size_t i = 0; i < TL_COUNT_OF(statuses); i++)
        if (statuses[i].status == status) {
            verdict->failure = statuses[i].failure;
            verdict->unknown = statuses[i].unknown;
            return;
        }
    if (status >= 500) {
        verdict->failure = TL_FAIL_RETRY;
        verdict->unknown = true;
    } else {
        verdict->failure = status >= 400 ? TL_FAIL_DATA : TL_FAIL_CONFIG;
    }
}

static int64_t retry_after(struct tl_answer *answer, int64_t wall_ms)
{
    if (answer->status != 429 && answer->status != 503 && answer->status / 100 != 3)
        return 0;
    return tl_retry_after_ms(tl_http_header_value(answer->headers, answer->header_count, "Retry-After"), wall_ms);
}

static void judge_by_table(struct tl_answer *answer, bool is_capture, int64_t wall_ms, struct tl_verdict *verdict)
{
    judge_status(answer->status, is_capture, verdict);
    verdict->wait_ms = retry_after(answer, wall_ms);
    if (answer->status == 429 && verdict->wait_ms > 3600000)
        verdict->failure = TL_FAIL_QUOTA;
}

/* ---- the manifest's rows ---- */

/* A number as the platform writes waits: seconds, milliseconds, or the point in Unix seconds when it is over. */
static int64_t wait_of(uint64_t number, const struct tl_json_value *unit, int64_t wall_ms)
{
    if (number > INT64_MAX / 1000)
        return DAY_MS;
    if (tl_json_is(unit, "epoch"))
        return bounded((int64_t)number * 1000 - wall_ms);
    return tl_json_is(unit, "ms") ? bounded((int64_t)number) : bounded((int64_t)number * 1000);
}

static int64_t row_wait(const struct tl_json_value *wait, struct tl_answer *answer, struct tl_arena *arena,
                        int64_t wall_ms)
{
    int64_t ms = 0;
    tl_str text;
    if (tl_json_is_string(wait))
        return tl_duration_parse(tl_json_text(wait), &ms, NULL) == TL_OK ? bounded(ms) : 0;
    uint64_t number;
    const struct tl_json_value *unit = tl_json_get(wait, "unit");
    if (tl_json_get(wait, "header")) {
        char *name = tl_arena_copy(arena, tl_json_get_text(wait, "header"));
        text = tl_http_header_value(answer->headers, answer->header_count, name);
        if (!unit)
            return tl_retry_after_ms(text, wall_ms);
    } else if (!tl_place_read(tl_json_get(wait, "pointer"), answer, NULL, arena, &text)) {
        return 0;
    }
    return tl_str_u64(tl_str_trim(text), &number) ? wait_of(number, unit, wall_ms) : 0;
}

static bool judge_by_row(const struct tl_json_value *row, struct tl_answer *answer, struct tl_arena *arena,
                         int64_t wall_ms, struct tl_verdict *verdict)
{
    if (!tl_row_matches(row, answer, arena))
        return false;
    tl_failure_parse(tl_json_get_text(row, "class"), &verdict->failure);
    const struct tl_json_value *wait = tl_json_get(row, "wait");
    verdict->wait_ms = wait ? row_wait(wait, answer, arena, wall_ms) : retry_after(answer, wall_ms);
    verdict->unknown = tl_json_get_bool(row, "unknown", false);
    if (tl_json_get(row, "message"))
        verdict->message = tl_json_get_text(row, "message");
    return true;
}

enum rows_asked { EVERY_ROW, ROWS_WITH_STATUS };

static bool judge_by_rows(const struct tl_json_value *rows, enum rows_asked asked, struct tl_answer *answer,
                          struct tl_arena *arena, int64_t wall_ms, struct tl_verdict *verdict)
{
    struct tl_json_iter i = tl_json_iter(rows);
    while (tl_json_next(&i)) {
        if (asked == ROWS_WITH_STATUS && !tl_json_get(i.value, "status"))
            continue;
        if (judge_by_row(i.value, answer, arena, wall_ms, verdict))
            return true;
    }
    return false;
}

static bool judge_by_manifest(const struct tl_verdict_rules *rules, enum rows_asked asked, struct tl_answer *answer,
                              struct tl_arena *arena, int64_t wall_ms, struct tl_verdict *verdict)
{
    return judge_by_rows(rules->first, asked, answer, arena, wall_ms, verdict) ||
           judge_by_rows(rules->second, asked, answer, arena, wall_ms, verdict) ||
           judge_by_rows(rules->third, asked, answer, arena, wall_ms, verdict);
}

/* ---- what it says ---- */

/* The start of a body that has no message where the manifest looks, on one line: better than nothing for the person who
 * reads it. */
static tl_str body_start(struct tl_answer *answer, struct tl_arena *arena)
{
    tl_str body = tl_str_trim(answer->body);
    size_t len = body.len > 300 ? 300 : body.len;
    while (len < body.len && len > 0 && ((unsigned char)body.ptr[len] & 0xc0) == 0x80)
        len--;
    char *text = tl_arena_copy(arena, (tl_str){body.ptr, len});
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    return (tl_str){text, len};
}

/* A mail server's words begin with its code: nothing has to be put before them. */
static bool says_its_status(tl_str text, int status)
{
    char code[12];
    snprintf(code, sizeof code, "%d", status);
    return tl_str_starts(text, tl_str_z(code));
}

static void say(struct tl_answer *answer, const struct tl_verdict_rules *rules, struct tl_arena *arena,
                struct tl_verdict *verdict)
{
    tl_str text = TL_STR_NONE;
    if (rules->code && tl_place_read(rules->code, answer, NULL, arena, &text))
        verdict->code = tl_arena_str(arena, text);
    if (verdict->message.len)
        return;
    if (!rules->message || !tl_place_read(rules->message, answer, NULL, arena, &text))
        text = body_start(answer, arena);
    if (says_its_status(text, answer->status)) {
        verdict->message = tl_arena_str(arena, text);
        return;
    }
    verdict->message =
        text.len ? tl_str_z(tl_arena_printf(arena, "%d %s: %.*s", answer->status, tl_http_status_text(answer->status),
                                            TL_STR_ARGS(text)))
                 : tl_str_z(tl_arena_printf(arena, "%d %s", answer->status, tl_http_status_text(answer->status)));
}

struct tl_verdict tl_answer_judge(struct tl_answer *answer, const struct tl_verdict_rules *rules,
                                  struct tl_arena *arena, int64_t wall_ms)
{
    struct tl_verdict verdict = {.failure = TL_FAIL_RETRY};
    if (answer->outcome == TL_ANSWER_NOT_SENT || answer->outcome == TL_ANSWER_UNKNOWN) {
        verdict.unknown = answer->outcome == TL_ANSWER_UNKNOWN;
        verdict.message = tl_str_z(tl_arena_printf(arena, "%s", answer->error ? answer->error : "no answer"));
        return verdict;
    }
    if (answer->outcome == TL_ANSWER_TOO_LARGE) {
        verdict.failure = TL_FAIL_DATA;
        verdict.unknown = true;
        verdict.message = TL_STR("the answer is larger than the call allows; ask for less at a time");
        return verdict;
    }
    if (!judge_by_manifest(rules, EVERY_ROW, answer, arena, wall_ms, &verdict))
        judge_by_table(answer, rules->is_capture, wall_ms, &verdict);
    say(answer, rules, arena, &verdict);
    return verdict;
}

struct tl_verdict tl_answer_judge_good(struct tl_answer *answer, const struct tl_verdict_rules *rules,
                                       struct tl_arena *arena, int64_t wall_ms)
{
    struct tl_verdict verdict = {.failure = TL_FAIL_NONE};
    if (judge_by_manifest(rules, ROWS_WITH_STATUS, answer, arena, wall_ms, &verdict))
        say(answer, rules, arena, &verdict);
    return verdict;
}
