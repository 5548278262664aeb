/* call.c, call_operation.c, exchange.c, origin.c, login.c: operations of a manifest against a scripted server. */
#include "base/trace.h"
#include "connector/probe.h"
#include "rig.h"

static void fills_the_result_when_the_platform_answers(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/items/a%2Fb", 200, "ETag: \"7\"\nX-Usage: used=3/10\nX-Warn: no such field",
         "{\"item\":{\"id\":9007199254740993,\"big\":1.10}}"},
        {"GET /api/items/none", 404, NULL, "{\"message\":\"gone\"}"},
        {"PUT /api/items/k%201?mode=x", 201, "ETag: 8\nLocation: /items/k1", "{\"id\":\"k1\"}"},
        {"PUT /api/items/k1", 204, NULL, NULL},
        {"PUT /api/items/k1", 409, NULL, "{\"code\":\"SAME\"}"},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "\"auth\":{\"kind\":\"basic\",\"user\":\"u\",\"password\":\"p\"}", script);
    const struct rig_result *r = rig_run(&rig, "get", "{\"id\":\"a/b\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(r->document, "{\"id\":9007199254740993,\"big\":1.10}");
    assert_string_equal(r->id, "9007199254740993");
    assert_string_equal(r->version, "\"7\"");
    assert_string_equal(r->warning, "ignored: no such field");
    assert_int_equal(r->quota.used, 3);
    assert_false(r->raw.sent);
    assert_string_equal(rig.seen[0].authorization, "Basic dTpw");
    assert_non_null(strstr(rig.seen[0].other, "mode=safe"));
    assert_non_null(strstr(rig.seen[0].other, "accept=application/json"));
    r = rig_run(&rig, "get", "{\"id\":\"none\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(r->document, "");

    struct tl_trace trace;
    tl_trace_start(&trace);
    struct tl_call_request put = {.operation = TL_STR("put"),
                                  .args = TL_STR("{\"item\":{\"n\":1.50},\"mode\":\"x\"}"),
                                  .key = TL_STR("k 1"),
                                  .version = TL_STR("\"7\""),
                                  .marker = TL_STR("m"),
                                  .trace = &trace};
    r = rig_call(&rig, &put);
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_int_equal(r->raw.created, TL_CREATED_YES);
    assert_string_equal(r->id, "k1");
    assert_string_equal(r->url, "/items/k1");
    assert_true(r->raw.sent);
    assert_string_equal(rig.seen[2].body, "{\"item\":{\"n\":1.50},\"mark\":\"m\"}");
    assert_non_null(strstr(rig.seen[2].other, "match=\"7\""));
    char text[56];
    tl_trace_print(&trace, text);
    assert_memory_equal(rig.seen[2].traceparent, text, 36); /* the same trace … */
    assert_string_not_equal(rig.seen[2].traceparent, text); /* … another span */
    struct tl_call_request again = {.operation = TL_STR("put"), .args = TL_STR("{\"item\":{}}"), .key = TL_STR("k1")};
    r = rig_call(&rig, &again);
    assert_string_equal(r->id, "k1"); /* no body: the key is the id */
    assert_int_equal(r->raw.created, TL_CREATED_NO);
    r = rig_call(&rig, &again);
    assert_int_equal(r->raw.failure, TL_FAIL_NONE); /* its own error row: done after all */
    assert_string_equal(rig.seen[4].traceparent, "");
    rig_close(&rig);
}

static void classes_failures(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/items/x", 403, NULL, "{\"code\":\"LIMIT\",\"message\":\"used up\"}"},
        {"GET /api/items/x", 503, "Retry-After: 7", NULL},
        {"GET /api/items/x", 200, NULL, "<html>log in</html>"},
        {"GET /api/items/x", 200, NULL, "log in"},
        {"POST /api/items", 500, NULL, NULL},
        {"GET /api/items/x", 0, NULL, NULL},
        {"POST /api/items", 0, NULL, NULL},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    const struct rig_result *r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_QUOTA);
    assert_int_equal(r->raw.wait_ms, 3600000);
    assert_string_equal(r->code, "LIMIT");
    assert_string_equal(r->message, "403 Forbidden: used up");
    r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_int_equal(r->raw.wait_ms, 7000);
    r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_non_null(strstr(r->message, "a page of HTML"));
    r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_non_null(strstr(r->message, "no JSON"));
    r = rig_run(&rig, "create", "{\"a\":1}");
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_true(r->raw.unknown);
    struct tl_call_request slow = {.operation = TL_STR("get"), .args = TL_STR("{\"id\":\"x\"}"), .timeout_ms = 100};
    r = rig_call(&rig, &slow);
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_false(r->raw.unknown); /* a read */
    slow.operation = TL_STR("create");
    r = rig_call(&rig, &slow);
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_true(r->raw.unknown);
    r = rig_run(&rig, "get", "{\"idd\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_DATA);
    assert_int_equal(r->raw.transfers, 0);
    r = rig_run(&rig, "get", "{\"id\":");
    assert_int_equal(r->raw.failure, TL_FAIL_DATA);
    r = rig_run(&rig, "gett", "{}");
    assert_int_equal(r->raw.failure, TL_FAIL_UNSUPPORTED);
    assert_non_null(strstr(r->message, "did you mean \"get\""));
    r = rig_run(&rig, "far", "{\"to\":\"https://elsewhere.test\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_BUG);
    assert_non_null(strstr(r->message, "not one of the connector's declared hosts"));
    rig_close(&rig);
}

/* What a platform refuses with 200 is told by a row that names the status; other rows leave what is good alone. */
static void a_good_status_may_be_a_failure(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"PUT /api/items/k", 200, NULL, "{\"ok\":false,\"code\":\"no_channel\",\"message\":\"no such channel\"}"},
        {"PUT /api/items/k", 200, NULL, "{\"ok\":\"no\",\"id\":\"7\"}"},
        {"GET /api/list?size=2", 200, NULL, "{\"ok\":false,\"items\":[]}"},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    struct tl_call_request put = {.operation = TL_STR("put"), .args = TL_STR("{\"item\":{}}"), .key = TL_STR("k")};
    const struct rig_result *r = rig_call(&rig, &put);
    assert_int_equal(r->raw.failure, TL_FAIL_DATA);
    assert_string_equal(r->code, "no_channel");
    assert_string_equal(r->message, "200 OK: no such channel");
    r = rig_call(&rig, &put);
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(r->id, "7");
    assert_int_equal(rig_run(&rig, "list", "{}")->raw.failure, TL_FAIL_DATA);
    rig_close(&rig);
}

static void a_key_names_no_other_resource(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /api/items/..a", 200, NULL, "{}"}, {NULL, 0, NULL, NULL}};
    static const char *const bad[] = {"{\"id\":\"..\"}", "{\"id\":\".\"}"};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        const struct rig_result *r = rig_run(&rig, "get", bad[i]);
        assert_int_equal(r->raw.failure, TL_FAIL_DATA);
        assert_int_equal(r->raw.transfers, 0);
        assert_non_null(strstr(r->message, "would name another resource"));
    }
    assert_int_equal(rig_run(&rig, "get", "{\"id\":\"..a\"}")->raw.failure, TL_FAIL_NONE);
    rig_close(&rig);
}

static void tells_not_sent_when_nobody_listens(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "\"other\":\"http://127.0.0.1:9\"", script);
    const struct rig_result *r = rig_run(&rig, "near", "{}");
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_false(r->raw.sent);
    assert_false(r->raw.unknown);
    rig_close(&rig);
}

static void sends_keys_and_forms(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"POST /api/keyed", 200, NULL, "{}"}, {"POST /api/form", 200, NULL, "{}"}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "\"auth\":{\"kind\":\"token\",\"token\":\"t-1\"}", script);
    struct tl_call_request keyed = {.operation = TL_STR("keyed"), .idempotency_key = TL_STR("run-1/2")};
    rig_call(&rig, &keyed);
    assert_non_null(strstr(rig.seen[0].other, "key=run-1/2"));
    assert_string_equal(rig.seen[0].authorization, "Key t-1");
    rig_run(&rig, "form", "{\"a\":\"1 2\"}");
    assert_string_equal(rig.seen[1].body, "a=1%202&b=x%26y");
    assert_non_null(strstr(rig.seen[1].other, "type=application/x-www-form-urlencoded"));
    rig_close(&rig);
}

static void follows_pages(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/list?size=2", 200, NULL, "{\"items\":[1,2],\"next\":\"/api/list?page=2\"}"},
        {"GET /api/list?page=2", 200, NULL, "{\"items\":[3.0],\"next\":\"https://thief.test/api/list?page=3\"}"},
        {"GET /api/list?page=3", 200, NULL, "{\"items\":[],\"next\":null}"},
        {"GET /api/linked", 200, "Link: </api/linked?p=1>; rel=\"prev\", </api/linked?p=2>; rel=\"next\"", "[1]"},
        {"GET /api/linked?p=2", 200, "Link: </api/linked?p=1>; rel=\"prev\"", "[2]"},
        {"GET /api/after?q=x%20y", 200, NULL, "{\"items\":[1],\"meta\":{\"after\":\"c/1\",\"more\":true}}"},
        {"GET /api/after?q=x%20y&page%5Bafter%5D=c%2F1", 200, NULL,
         "{\"items\":[2],\"meta\":{\"after\":\"c/2\",\"more\":false}}"},
        {"GET /api/list?size=2", 200, NULL, "{\"items\":[1,2,3,4,5,6,7]}"},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "\"auth\":{\"kind\":\"basic\",\"user\":\"u\",\"password\":\"p\"}", script);
    assert_string_equal(rig_run(&rig, "list", "{}")->document, "[1,2,3.0]");
    assert_string_equal(rig.seen[2].authorization, "Basic dTpw"); /* re-based: it came to us */
    assert_string_equal(rig_run(&rig, "linked", "{}")->document, "[1,2]");
    const struct rig_result *r = rig_run(&rig, "after", "{}");
    assert_string_equal(r->document, "[1,2]");
    assert_int_equal(r->raw.transfers, 2);
    r = rig_run(&rig, "list", "{}");
    assert_int_equal(r->raw.failure, TL_FAIL_DATA);
    assert_non_null(strstr(r->message, "more than 6 items"));
    rig_close(&rig);
}

static void pages_may_be_empty_and_relative(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/list?size=2", 204, NULL, NULL},
        {"GET /api/list?size=2", 200, NULL, "{\"items\":[1],\"next\":\"?page=2\"}"},
        {"GET /api/list?page=2", 200, NULL, "{\"items\":[2],\"next\":\"/api/list?page=3\"}"},
        {"GET /api/list?page=3", 200, NULL, "{\"items\":[3],\"next\":\"?page=4\"}"},
        {"GET /api/list?page=4", 204, NULL, NULL},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    assert_string_equal(rig_run(&rig, "list", "{}")->document, "[]");
    assert_string_equal(rig_run(&rig, "list", "{}")->document, "[1,2,3]");
    rig_close(&rig);
}

static void counts_pages_by_what_there_is(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/counted", 200, NULL, "{\"items\":[1,2],\"total\":5}"}, /* asked for 3, given 2 at a time */
        {"GET /api/counted?page=2", 200, NULL, "{\"items\":[3,4],\"total\":5}"},
        {"GET /api/counted?page=3", 200, NULL, "{\"items\":[5],\"total\":5}"},
        {"GET /api/counted", 200, NULL, "{\"items\":[1,2,3]}"},
        {"GET /api/counted?page=2", 200, NULL, "{\"items\":[4]}"},
        {"GET /api/counted", 200, NULL, "{\"items\":[1,2,3],\"total\":5}"},
        {"GET /api/counted?page=2", 200, NULL, "{\"items\":[],\"total\":3}"}, /* two were deleted meanwhile */
        {"GET /api/counted", 200, NULL, "{\"items\":[1,2,3],\"total\":5}"},
        {"GET /api/counted?page=2", 200, NULL, "{\"items\":[],\"total\":5}"},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    assert_string_equal(rig_run(&rig, "counted", "{}")->document, "[1,2,3,4,5]");
    assert_string_equal(rig_run(&rig, "counted", "{}")->document, "[1,2,3,4]");
    assert_string_equal(rig_run(&rig, "counted", "{}")->document, "[1,2,3]");
    const struct rig_result *r = rig_run(&rig, "counted", "{}");
    assert_int_equal(r->raw.failure, TL_FAIL_RETRY);
    assert_non_null(strstr(r->message, "fewer items than it is said to have"));
    rig_close(&rig);
}

static void looks_up_what_is_unknown(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /api/find?mark=m-1", 200, NULL, "{\"found\":[{\"id\":\"77\"}]}"},
                                               {"GET /api/find?mark=m-1", 200, NULL, "{\"found\":[]}"},
                                               {"GET /api/find?mark=m-1", 200, NULL, "{\"found\":3}"},
                                               {"GET /api/find?mark=m-1", 204, NULL, ""},
                                               {"GET /api/find?mark=m-1", 200, NULL, "{\"found\":null}"},
                                               {"GET /api/find?mark=m-1", 200, NULL, ""},
                                               {"GET /api/find?mark=m-1", 200, NULL, "{\"status\":\"closed\"}"},
                                               {NULL, 0, NULL, NULL}};
    static const unsigned matches[] = {1, 0, 3, 0, 0};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    struct tl_call_request request = {
        .operation = TL_STR("create"), .args = TL_STR("{\"a\":1}"), .marker = TL_STR("m-1")};
    for (int i = 0; i < 5; i++) {
        memset(&rig.result, 0, sizeof rig.result);
        tl_call_lookup(rig.lane, &request, rig_take, &rig);
        rig_until(&rig, &rig.result.count);
        assert_int_equal(rig.result.raw.failure, TL_FAIL_NONE);
        assert_int_equal(rig.result.raw.matches, matches[i]);
        if (i == 0)
            assert_string_equal(rig.result.id, "77");
    }
    for (int i = 0; i < 2; i++) { /* nothing, and something else, do not say that it is not there */
        memset(&rig.result, 0, sizeof rig.result);
        tl_call_lookup(rig.lane, &request, rig_take, &rig);
        rig_until(&rig, &rig.result.count);
        assert_int_equal(rig.result.raw.failure, TL_FAIL_RETRY);
    }
    memset(&rig.result, 0, sizeof rig.result);
    request.operation = TL_STR("patch");
    tl_call_lookup(rig.lane, &request, rig_take, &rig);
    rig_until(&rig, &rig.result.count);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_UNSUPPORTED);
    rig_close(&rig);
}

static void logs_in_and_replays_once_when_expired(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "rest_t@1",
             "\"auth\":{\"kind\":\"oauth2_client_credentials\",\"client_id\":\"c\",\"client_secret\":\"s\"}", NULL);
    char reply[200];
    snprintf(reply, sizeof reply, "{\"access_token\":\"t2\",\"instance_url\":\"%s/i\"}", rig.url);
    const struct rig_answer script[] = {
        {"POST /token", 200, NULL, "{\"access_token\":\"t1\",\"expires_in\":3600}"},
        {"GET /api/items/x", 200, NULL, "{\"item\":1}"},
        {"GET /api/items/x", 400, NULL, "{\"code\":\"SESSION\"}"},
        {"POST /token", 200, NULL, reply},
        {"GET /i/api/items/x", 200, NULL, "{\"item\":2}"},
        {"GET /i/api/items/x", 401, NULL, NULL},
        {"POST /token", 200, NULL, reply},
        {"GET /i/api/items/x", 401, NULL, NULL},
        {"GET /i/api/items/x", 401, NULL, NULL},
        {"POST /token", 400, NULL, "{\"error\":\"invalid_grant\",\"error_description\":\"user has not approved\"}"},
        {"GET /i/api/items/x", 401, NULL, NULL},
        {NULL, 0, NULL, NULL}};
    rig_script(&rig, script);
    assert_string_equal(rig_run(&rig, "get", "{\"id\":\"x\"}")->document, "1");
    assert_string_equal(rig.seen[0].body, "grant_type=client_credentials&client_id=c&client_secret=s");
    assert_string_equal(rig.seen[1].authorization, "Bearer t1");
    assert_string_equal(rig_run(&rig, "get", "{\"id\":\"x\"}")->document, "2");
    assert_string_equal(rig.seen[4].authorization, "Bearer t2");
    const struct rig_result *r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_AUTH); /* refused with a new token too */
    r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_AUTH);
    assert_string_equal(r->message, "login refused: invalid_grant: user has not approved");
    r = rig_run(&rig, "get", "{\"id\":\"x\"}"); /* no new login within a second of a failed one */
    assert_int_equal(r->raw.failure, TL_FAIL_AUTH);
    assert_int_equal(tl_system_logins(rig.system), 4);
    rig_close(&rig);
}

static void logs_in_by_an_operation_with_cookies(void **state)
{
    (void)state;
    struct rig rig;
    static const struct rig_answer flat[] = {
        {"POST /login", 200, "Set-Cookie: sid=1; Path=/; HttpOnly\nSet-Cookie: lb=a", "{\"t\":\"tok\"}"},
        {"GET /api/items/x", 200, NULL, "{\"item\":1}"},
        {NULL, 0, NULL, NULL}};
    rig_open(&rig, "rest_t@1", "\"auth\":{\"kind\":\"session\",\"user\":\"u\",\"password\":\"p\"}", flat);
    const struct rig_result *r = rig_run(&rig, "get", "{\"id\":\"x\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(rig.seen[0].body, "{\"u\":\"u\",\"p\":\"p\"}");
    assert_string_equal(rig.seen[0].authorization, "");
    assert_string_equal(rig.seen[1].authorization, "Session tok");
    assert_string_equal(rig.seen[1].cookie, "sid=1; lb=a");
    rig_close(&rig);
}

static void fetches_csrf_tokens_and_replays_once_when_lost(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"HEAD /api/csrf", 200, "X-CSRF-Token: c1\nSet-Cookie: s=1", NULL},
                                               {"PATCH /api/items/k", 200, NULL, "{}"},
                                               {"PATCH /api/items/k", 403, "X-CSRF-Token: Required", NULL},
                                               {"HEAD /api/csrf", 200, "X-CSRF-Token: c2\nSet-Cookie: s=2", NULL},
                                               {"PATCH /api/items/k", 200, NULL, "{}"},
                                               {"PATCH /api/items/k", 403, "X-CSRF-Token: Required", NULL},
                                               {"HEAD /api/csrf", 200, "X-CSRF-Token: c3", NULL},
                                               {"PATCH /api/items/k", 403, "X-CSRF-Token: Required", NULL},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "\"auth\":{\"kind\":\"basic\",\"user\":\"u\",\"password\":\"p\"}", script);
    struct tl_call_request patch = {.operation = TL_STR("patch"), .key = TL_STR("k")};
    assert_int_equal(rig_call(&rig, &patch)->raw.failure, TL_FAIL_NONE);
    assert_non_null(strstr(rig.seen[0].other, "csrf=Fetch"));
    assert_string_equal(rig.seen[0].authorization, "Basic dTpw");
    assert_non_null(strstr(rig.seen[1].other, "csrf=c1"));
    assert_string_equal(rig.seen[1].cookie, "s=1");
    assert_int_equal(rig_call(&rig, &patch)->raw.failure, TL_FAIL_NONE);
    assert_non_null(strstr(rig.seen[4].other, "csrf=c2"));
    assert_string_equal(rig.seen[4].cookie, "s=2");
    assert_int_equal(rig_call(&rig, &patch)->raw.failure, TL_FAIL_CONFIG); /* the third time it is an answer */
    rig_close(&rig);
}

static void cancels_and_stops(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"POST /api/items", 0, NULL, NULL}, {"POST /api/items", 0, NULL, NULL}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    struct tl_call_request create = {.operation = TL_STR("create"), .args = TL_STR("{\"a\":1}")};
    struct tl_call *call = tl_call_start(rig.lane, &create, rig_take, &rig);
    tl_call_cancel(call); /* before anything was sent */
    rig_until(&rig, &rig.result.count);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_RETRY);
    assert_false(rig.result.raw.sent);
    rig.result.count = 0;
    call = tl_call_start(rig.lane, &create, rig_take, &rig);
    for (int i = 0; i < RIG_TURNS && rig.held_count < 1; i++)
        tl_loop_wait(rig.loop, 1);
    tl_call_cancel(call);
    rig_until(&rig, &rig.result.count);
    assert_string_equal(rig.result.message, "cancelled");
    assert_true(rig.result.raw.unknown);
    rig.result.count = 0;
    tl_call_start(rig.lane, &create, rig_take, &rig);
    for (int i = 0; i < RIG_TURNS && rig.held_count < 2; i++)
        tl_loop_wait(rig.loop, 1);
    rig_close(&rig); /* the lane's stop ends it */
    assert_int_equal(rig.result.count, 1);
    assert_true(rig.result.raw.unknown);
}

static void probes(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /api/find?mark=probe", 200, NULL, "{}"}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "rest_t@1", "", script);
    tl_probe_start(rig.lane, 1000, rig_take, &rig);
    rig_until(&rig, &rig.result.count);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_NONE);
    rig_close(&rig);
}

static void hashes_what_is_asked(void **state)
{
    (void)state;
    struct tl_call_request a = {.operation = TL_STR("put"), .args = TL_STR("{}"), .key = TL_STR("1")}, b = a;
    uint8_t ha[16], hb[16];
    tl_call_hash(&a, ha);
    b.timeout_ms = 5;
    b.idempotency_key = TL_STR("other");
    tl_call_hash(&b, hb);
    assert_memory_equal(ha, hb, 16);
    b.key = TL_STR("");
    b.version = TL_STR("1");
    tl_call_hash(&b, hb);
    assert_memory_not_equal(ha, hb, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_result_when_the_platform_answers),
        cmocka_unit_test(classes_failures),
        cmocka_unit_test(tells_not_sent_when_nobody_listens),
        cmocka_unit_test(sends_keys_and_forms),
        cmocka_unit_test(a_good_status_may_be_a_failure),
        cmocka_unit_test(a_key_names_no_other_resource),
        cmocka_unit_test(follows_pages),
        cmocka_unit_test(pages_may_be_empty_and_relative),
        cmocka_unit_test(counts_pages_by_what_there_is),
        cmocka_unit_test(looks_up_what_is_unknown),
        cmocka_unit_test(logs_in_and_replays_once_when_expired),
        cmocka_unit_test(logs_in_by_an_operation_with_cookies),
        cmocka_unit_test(fetches_csrf_tokens_and_replays_once_when_lost),
        cmocka_unit_test(cancels_and_stops),
        cmocka_unit_test(probes),
        cmocka_unit_test(hashes_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
