/* driver.c, host.c, host_crypto.c: every input and action of a connector with code. */
#include "connector/probe.h"
#include "rig.h"

#define SETTINGS "\"hook\":\"s3cret\""

static const struct rig_answer nothing[] = {{NULL, 0, NULL, NULL}};

static void starts_and_ends(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, nothing);
    struct tl_call_request request = {
        .operation = TL_STR("echo"), .args = TL_STR("{\"n\":1.10}"), .key = TL_STR("k"), .version = TL_STR("v")};
    const struct rig_result *r = rig_call(&rig, &request);
    char wanted[200];
    snprintf(wanted, sizeof wanted, "{\"args\":{\"n\":1.10},\"config\":{\"url\":\"%s\",\"limit\":7}}", rig.url);
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(r->document, wanted); /* defaults, no secrets */
    assert_string_equal(r->id, "k");
    assert_string_equal(r->version, "v");
    assert_int_equal(r->raw.created, TL_CREATED_YES);
    rig_close(&rig);
}

static void transfers_and_waits(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /get", 200, NULL, "{\"a\":1}"}, {"PUT /any", 418, NULL, NULL},
        {"POST /two", 200, NULL, "12"},       {"POST /two", 200, NULL, "345"},
        {"GET /get", 418, NULL, NULL},        {"PUT /fail_rules", 418, NULL, NULL},
        {"POST /fail", 200, NULL, "{}"},      {"GET /base/get?from=link", 200, NULL, "7"},
        {"PUT /any", 0, NULL, NULL},          {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, script);
    assert_string_equal(rig_run(&rig, "get", "{}")->document, "{\"a\":1}");
    assert_string_equal(rig_run(&rig, "any", "{}")->document, "{\"status\":418,\"outcome\":0}");
    const struct rig_result *r = rig_run(&rig, "two", "{}");
    assert_string_equal(r->document, "5");
    assert_int_equal(r->raw.transfers, 2);
    assert_true(r->raw.sent);
    assert_int_equal(rig_run(&rig, "get", "{}")->raw.failure, TL_FAIL_UNSUPPORTED); /* by the error rules */
    assert_int_equal(rig_run(&rig, "fail_rules", "{}")->raw.failure, TL_FAIL_UNSUPPORTED);
    r = rig_run(&rig, "fail", "{}");
    assert_int_equal(r->raw.failure, TL_FAIL_CONFLICT);
    assert_int_equal(r->raw.wait_ms, 5000);
    assert_true(r->raw.unknown);
    assert_string_equal(r->code, "LOCKED");
    assert_string_equal(r->message, "somebody else has it");
    assert_string_equal(rig_run(&rig, "elsewhere", "{}")->document, "7"); /* a link to a thief comes to us */
    struct tl_call_request slow = {.operation = TL_STR("any"), .timeout_ms = 100};
    r = rig_call(&rig, &slow);
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_true(r->raw.unknown);
    rig_close(&rig);
}

static void streams_bodies_in_slices(void **state)
{
    (void)state;
    char *body = tl_zalloc(1, 200001);
    memset(body, '7', 200000);
    struct rig_answer script[] = {
        {"GET /stream", 200, NULL, body}, {"GET /stream", 200, NULL, ""}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, script);
    assert_string_equal(rig_run(&rig, "stream", "{}")->document, "{\"bytes\":200000,\"slices\":4}");
    assert_string_equal(rig_run(&rig, "stream", "{}")->document, "{\"bytes\":0,\"slices\":1}");
    rig_close(&rig);
    tl_free(body);
}

static void contains_what_connectors_do_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *operation, *says;
        enum tl_failure failure;
    } rows[] = {
        {"bad_action", "connector coded 2.0.1: answered with an action", TL_FAIL_BUG},
        {"no_end", "ran off its end", TL_FAIL_BUG},
        {"bad_json", "not JSON", TL_FAIL_BUG},
        {"refused", "refused the call", TL_FAIL_UNSUPPORTED},
        {"save", "only batches can be saved", TL_FAIL_UNSUPPORTED},
    };
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, nothing);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rig_result *r = rig_run(&rig, rows[i].operation, "{}");
        if (r->raw.failure != rows[i].failure || !strstr(r->message, rows[i].says))
            fail_msg("%s gives %s: %s", rows[i].operation, tl_failure_name(r->raw.failure), r->message);
    }
    rig_close(&rig);
}

static void cancels_with_one_last_transfer(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"DELETE /tidy", 204, NULL, NULL}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, script);
    struct tl_call_request hang = {.operation = TL_STR("hang"), .timeout_ms = 60};
    const struct rig_result *r = rig_call(&rig, &hang); /* the deadline */
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    memset(&rig.result, 0, sizeof rig.result);
    struct tl_call_request wish = {.operation = TL_STR("last_wish")};
    struct tl_call *call = tl_call_start(rig.lane, &wish, rig_take, &rig);
    for (int i = 0; i < 5; i++)
        tl_loop_turn(rig.loop);
    tl_call_cancel(call);
    rig_until(&rig, &rig.result.count);
    assert_string_equal(rig.result.message, "tidied");
    rig_close(&rig);
}

static void offers_every_host_function(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, nothing);
    const struct rig_result *r = rig_run(&rig, "host", "{}");
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_non_null(strstr(r->document, "\"check\":true"));
    assert_non_null(strstr(r->document, "\"clock\":true"));
    if (strstr(r->document, "false"))
        fail_msg("%s", r->document);
    rig_close(&rig);
}

static void looks_up_and_probes_by_role(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /get", 200, NULL, "{}"}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", SETTINGS, script);
    struct tl_call_request request = {.operation = TL_STR("two"), .marker = TL_STR("m-1")};
    tl_call_lookup(rig.lane, &request, rig_take, &rig);
    rig_until(&rig, &rig.result.count);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_NONE);
    assert_int_equal(rig.result.raw.matches, 1);
    rig.result.count = 0;
    tl_probe_start(rig.lane, 1000, rig_take, &rig);
    rig_until(&rig, &rig.result.count);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_NONE);
    rig_close(&rig);
}

static void logs_in_by_role(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"POST /login", 200, NULL, "{\"token\":\"s1\"}"},
                                               {"GET /get", 200, NULL, "1"},
                                               {"GET /get", 401, NULL, NULL},
                                               {"POST /login", 200, NULL, "{\"token\":\"s2\"}"},
                                               {"GET /get", 200, NULL, "2"},
                                               {"GET /get", 401, NULL, NULL},
                                               {"POST /login", 403, NULL, "no"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", "\"auth\":{\"kind\":\"session\",\"user\":\"u\",\"password\":\"pw\"}", script);
    assert_string_equal(rig_run(&rig, "get", "{}")->document, "1");
    assert_string_equal(rig.seen[0].body, "pw");
    assert_string_equal(rig.seen[0].authorization, "");
    assert_string_equal(rig.seen[1].authorization, "Session s1");
    assert_string_equal(rig_run(&rig, "get", "{}")->document, "2");
    const struct rig_result *r = rig_run(&rig, "get", "{}");
    assert_int_equal(tl_failure_is_endpoint(r->raw.failure), true);
    assert_non_null(strstr(r->message, "login: "));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(transfers_and_waits),
        cmocka_unit_test(streams_bodies_in_slices),
        cmocka_unit_test(contains_what_connectors_do_wrong),
        cmocka_unit_test(cancels_with_one_last_transfer),
        cmocka_unit_test(offers_every_host_function),
        cmocka_unit_test(looks_up_and_probes_by_role),
        cmocka_unit_test(logs_in_by_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
