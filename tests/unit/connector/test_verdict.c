/* answer.c, verdict.c, notes.c: the failure table row by row, the manifest's rows, waits, quotas and warnings. */
#include "../cmocka_room.h"
#include "answer.h"
#include "notes.h"

#define NOW 1700000000000LL

static struct tl_verdict judge(int status, const char *header, const char *value, const char *body, const char *rules,
                               bool is_capture, struct tl_arena *arena)
{
    struct tl_http_header headers[1] = {{tl_str_z(header), tl_str_z(value)}};
    struct tl_answer answer = {
        .status = status, .headers = headers, .header_count = header ? 1 : 0, .body = tl_str_z(body)};
    struct tl_json_doc *doc = NULL, *message = NULL;
    if (rules)
        assert_int_equal(tl_json_parse(tl_str_z(rules), NULL, &doc, NULL), TL_OK);
    assert_int_equal(tl_json_parse(TL_STR("[\"/0/message\",\"/error/message\"]"), NULL, &message, NULL), TL_OK);
    struct tl_verdict_rules all = {
        .first = doc ? tl_json_root(doc) : NULL, .message = tl_json_root(message), .is_capture = is_capture};
    struct tl_verdict verdict = tl_answer_judge(&answer, &all, arena, NOW);
    tl_answer_deinit(&answer);
    verdict.message = tl_arena_str(arena, verdict.message);
    tl_json_free(doc);
    tl_json_free(message);
    return verdict;
}

static void knows_every_status_when_no_rule_matches(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum tl_failure failure;
        bool unknown;
    } rows[] = {
        {300, TL_FAIL_CONFLICT, false}, {301, TL_FAIL_CONFIG, false},      {302, TL_FAIL_CONFIG, false},
        {400, TL_FAIL_DATA, false},     {401, TL_FAIL_AUTH, false},        {402, TL_FAIL_CONFIG, false},
        {403, TL_FAIL_CONFIG, false},   {404, TL_FAIL_MISSING, false},     {405, TL_FAIL_DATA, false},
        {406, TL_FAIL_DATA, false},     {407, TL_FAIL_CONFIG, false},      {408, TL_FAIL_RETRY, true},
        {409, TL_FAIL_CONFLICT, false}, {410, TL_FAIL_MISSING, false},     {411, TL_FAIL_DATA, false},
        {412, TL_FAIL_CONFLICT, false}, {413, TL_FAIL_DATA, false},        {414, TL_FAIL_DATA, false},
        {415, TL_FAIL_DATA, false},     {417, TL_FAIL_DATA, false},        {418, TL_FAIL_DATA, false},
        {422, TL_FAIL_DATA, false},     {423, TL_FAIL_CONFLICT, false},    {425, TL_FAIL_RETRY, false},
        {428, TL_FAIL_CONFLICT, false}, {429, TL_FAIL_RETRY, false},       {451, TL_FAIL_DATA, false},
        {500, TL_FAIL_RETRY, true},     {501, TL_FAIL_UNSUPPORTED, false}, {502, TL_FAIL_RETRY, true},
        {503, TL_FAIL_RETRY, false},    {504, TL_FAIL_RETRY, true},        {505, TL_FAIL_UNSUPPORTED, false},
        {520, TL_FAIL_RETRY, true},
    };
    struct tl_arena arena;
    tl_arena_init(&arena);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tl_verdict v = judge(rows[i].status, NULL, NULL, "", NULL, false, &arena);
        if (v.failure != rows[i].failure || v.unknown != rows[i].unknown)
            fail_msg("%d gives %s %d", rows[i].status, tl_failure_name(v.failure), v.unknown);
    }
    assert_int_equal(judge(410, NULL, NULL, "", NULL, true, &arena).failure, TL_FAIL_GAP);
    tl_arena_free(&arena);
}

static void tells_not_sent_from_unknown(void **state)
{
    (void)state;
    struct tl_arena arena;
    struct tl_verdict_rules none = {0};
    tl_arena_init(&arena);
    struct tl_answer not_sent = {.outcome = TL_ANSWER_NOT_SENT, .error = "refused"};
    struct tl_answer unknown = {.outcome = TL_ANSWER_UNKNOWN, .error = "reset"};
    struct tl_verdict a = tl_answer_judge(&not_sent, &none, &arena, NOW);
    struct tl_verdict b = tl_answer_judge(&unknown, &none, &arena, NOW);
    assert_int_equal(a.failure, TL_FAIL_RETRY);
    assert_false(a.unknown);
    assert_int_equal(b.failure, TL_FAIL_RETRY);
    assert_true(b.unknown);
    tl_arena_free(&arena);
}

static void reads_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t ms;
    } rows[] = {
        {"120", 120000},
        {" 5 ", 5000},
        {"1.5", 2000},
        {"Tue, 14 Nov 2023 22:14:20 GMT", 60000},
        {"Tue, 14 Nov 2023 22:14:20 UTC", 60000},
        {"Tuesday, 14-Nov-23 22:14:20 GMT", 60000},
        {"Tue Nov 14 22:14:20 2023", 60000},
        {"Tue, 14 Nov 2023 22:12:00 GMT", 0},
        {"999999999", 86400000},
        {"soon", 0},
        {"-3", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (tl_retry_after_ms(tl_str_z(rows[i].value), NOW) != rows[i].ms)
            fail_msg("\"%s\" gives %lld", rows[i].value, (long long)tl_retry_after_ms(tl_str_z(rows[i].value), NOW));
    struct tl_arena arena;
    tl_arena_init(&arena);
    assert_int_equal(judge(429, "retry-after", "30", "", NULL, false, &arena).wait_ms, 30000);
    assert_int_equal(judge(429, "retry-after", "7200", "", NULL, false, &arena).failure, TL_FAIL_QUOTA);
    assert_int_equal(judge(503, "Retry-After", "30", "", NULL, false, &arena).wait_ms, 30000);
    assert_int_equal(judge(500, "Retry-After", "30", "", NULL, false, &arena).wait_ms, 0);
    tl_arena_free(&arena);
}

static void lets_the_manifest_decide_first(void **state)
{
    (void)state;
    static const char rules[] =
        "[{\"status\":403,\"pointer\":\"/0/"
        "errorCode\",\"equals\":\"REQUEST_LIMIT_EXCEEDED\",\"class\":\"quota\",\"wait\":\"1h\"},"
        "{\"status\":[400,500],\"pointer\":[\"/x\",\"/0/"
        "errorCode\"],\"in\":[\"UNABLE_TO_LOCK_ROW\"],\"class\":\"conflict\",\"wait\":\"5s\"},"
        "{\"status\":\"4xx\",\"header\":\"X-CSRF-Token\",\"equals\":\"Required\",\"class\":\"auth\"},"
        "{\"status\":400,\"pointer\":\"/0/message\",\"contains\":\"deleted\",\"class\":\"done\"},"
        "{\"status\":429,\"class\":\"quota\",\"wait\":{\"pointer\":\"/reset\",\"unit\":\"ms\"}},"
        "{\"status\":400,\"pointer\":\"\",\"starts\":\"<html\",\"class\":\"retry\",\"unknown\":true,\"message\":\"a "
        "proxy\"}]";
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_verdict v =
        judge(403, NULL, NULL, "[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\",\"message\":\"m\"}]", rules, false, &arena);
    assert_int_equal(v.failure, TL_FAIL_QUOTA);
    assert_int_equal(v.wait_ms, 3600000);
    assert_true(tl_str_is(v.message, "403 Forbidden: m"));
    v = judge(500, NULL, NULL, "[{\"errorCode\":\"UNABLE_TO_LOCK_ROW\"}]", rules, false, &arena);
    assert_int_equal(v.failure, TL_FAIL_CONFLICT);
    assert_int_equal(v.wait_ms, 5000);
    assert_false(v.unknown);
    assert_int_equal(judge(403, "x-csrf-token", "Required", "", rules, false, &arena).failure, TL_FAIL_AUTH);
    assert_int_equal(judge(400, NULL, NULL, "[{\"message\":\"entity is deleted\"}]", rules, false, &arena).failure,
                     TL_FAIL_NONE);
    v = judge(429, NULL, NULL, "{\"reset\":1500}", rules, false, &arena);
    assert_int_equal(v.failure, TL_FAIL_QUOTA);
    assert_int_equal(v.wait_ms, 1500);
    v = judge(400, NULL, NULL, "<html><b>x", rules, false, &arena);
    assert_int_equal(v.failure, TL_FAIL_RETRY);
    assert_true(v.unknown);
    assert_true(tl_str_is(v.message, "a proxy"));
    assert_int_equal(judge(400, NULL, NULL, "[{\"errorCode\":\"OTHER\"}]", rules, false, &arena).failure, TL_FAIL_DATA);
    tl_arena_free(&arena);
}

static void reads_quotas_and_warnings(void **state)
{
    (void)state;
    struct tl_json_doc *doc;
    struct tl_arena arena;
    struct tl_notes notes = {0};
    struct tl_http_header headers[] = {
        {TL_STR("Sforce-Limit-Info"), TL_STR("per-app-api-usage=17/250(appName=x); api-usage=18/5000")},
        {TL_STR("X-Rate-Limit"), TL_STR("700")},
        {TL_STR("X-Rate-Limit-Remaining"), TL_STR("698")},
        {TL_STR("ratelimit-reset"), TL_STR("41")},
        {TL_STR("X-Zendesk-API-Warn"), TL_STR("Removed restricted keys [\"x\"]")},
    };
    struct tl_answer answer = {
        .status = 200, .headers = headers, .header_count = 5, .body = TL_STR("{\"warn\":\"w\"}")};
    tl_arena_init(&arena);
    assert_int_equal(
        tl_json_parse(
            TL_STR(
                "{\"quota\":[{\"name\":\"daily\",\"window\":\"1d\",\"header\":\"Sforce-Limit-Info\","
                "\"form\":\"api-usage={used}/{limit}\"},{\"name\":\"minute\",\"window\":\"1m\","
                "\"limit\":\"X-Rate-Limit\",\"remaining\":\"X-Rate-Limit-Remaining\",\"reset\":\"ratelimit-reset\"}],"
                "\"warnings\":[{\"header\":\"x-zendesk-api-warn\",\"means\":\"fields "
                "ignored\"},{\"pointer\":\"/warn\"}]}"),
            NULL, &doc, NULL),
        TL_OK);
    tl_notes_take(&notes, tl_json_root(doc), &answer, &arena);
    assert_int_equal(notes.quota_count, 2);
    assert_int_equal(notes.quotas[0].used, 18);
    assert_int_equal(notes.quotas[0].limit, 5000);
    assert_int_equal(notes.quotas[0].remaining, -1);
    assert_int_equal(notes.quotas[0].window_ms, 86400000);
    assert_int_equal(notes.quotas[1].remaining, 698);
    assert_int_equal(notes.quotas[1].reset_ms, 41000);
    assert_int_equal(notes.warning_count, 2);
    assert_true(tl_str_is(notes.warnings[0], "fields ignored: Removed restricted keys [\"x\"]"));
    assert_true(tl_str_is(notes.warnings[1], "w"));
    tl_answer_deinit(&answer);
    tl_json_free(doc);
    tl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_status_when_no_rule_matches),
        cmocka_unit_test(tells_not_sent_from_unknown),
        cmocka_unit_test(reads_retry_after),
        cmocka_unit_test(lets_the_manifest_decide_first),
        cmocka_unit_test(reads_quotas_and_warnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
