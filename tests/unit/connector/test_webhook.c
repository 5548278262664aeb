/* webhook.c, webhook_verify.c, hints.c, and the webhook plugin. */
#include "connector/webhook.h"
#include "base/clock.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/digest.h"
#include "rig.h"

struct heard {
    int count;
    bool refused, unreadable;
    int status;
    char why[300], events[1000], body[100], header[100];
};

static void hear(void *ctx, const struct tl_webhook_result *result)
{
    struct heard *h = ctx;
    memset(h, 0, sizeof *h);
    h->count = 1;
    h->refused = result->refused;
    h->unreadable = result->unreadable;
    h->status = result->status;
    snprintf(h->why, sizeof h->why, "%.*s", TL_STR_ARGS(result->why));
    snprintf(h->body, sizeof h->body, "%.*s", TL_STR_ARGS(result->body));
    if (result->header_count)
        snprintf(h->header, sizeof h->header, "%.*s", TL_STR_ARGS(result->headers[0].value));
    for (size_t i = 0; i < result->event_count; i++) {
        const struct tl_captured *e = &result->events[i];
        size_t n = strlen(h->events);
        snprintf(h->events + n, sizeof h->events - n, "%.*s %.*s %.*s %.*s %.*s%s\n", TL_STR_ARGS(e->object),
                 TL_STR_ARGS(e->key), TL_STR_ARGS(e->version), TL_STR_ARGS(e->dedupe), TL_STR_ARGS(e->payload),
                 e->hint ? " hint" : "");
    }
}

static void receive(struct rig *rig, const struct tl_http_header *headers, size_t count, const char *body,
                    bool loopback, struct heard *heard)
{
    struct tl_http_header all[8] = {{TL_STR("Content-Type"), TL_STR("application/json; charset=utf-8")}};
    size_t n = count && tl_str_ieq(headers[0].name, TL_STR("content-type")) ? 0 : 1; /* unless the test gives its own */
    for (size_t i = 0; i < count; i++)
        all[n++] = headers[i];
    struct tl_webhook_request request = {.method = TL_STR("POST"),
                                         .target = TL_STR("/hooks/sut"),
                                         .headers = all,
                                         .header_count = n,
                                         .body = tl_str_z(body),
                                         .loopback = loopback};
    heard->count = 0;
    tl_webhook_receive(rig->lane, &request, hear, heard);
    assert_int_equal(heard->count, 0);
    rig_until(rig, &heard->count);
}

static const char *github_signature(const char *secret, const char *body, char out[80])
{
    uint8_t mac[TL_SHA256_SIZE];
    tl_str part = tl_str_z(body);
    tl_hmac_sha256(tl_str_z(secret), &part, 1, mac);
    memcpy(out, "sha256=", 7);
    tl_hex_write(out + 7, mac, sizeof mac);
    return out;
}

static const struct rig_answer nothing[] = {{NULL, 0, NULL, NULL}};

static void verifies_splits_and_replies(void **state)
{
    (void)state;
    static const char body[] = "{\"all\":[{\"kind\":\"Order\",\"id\":7,\"at\":\"t1\"},{\"kind\":\"Ping\",\"id\":1},"
                               "{\"kind\":\"Order\",\"id\":8}]}";
    struct rig rig;
    struct heard heard;
    char signature[80];
    rig_open(&rig, "rest_t@1", "\"hook\":[\"new\",\"old\"],\"split\":\"/all\"", nothing);
    struct tl_http_header headers[] = {
        {TL_STR("content-type"), TL_STR("application/json; charset=utf-8")},
        {TL_STR("X-Hub-Signature-256"), tl_str_z(github_signature("old", body, signature))}};
    receive(&rig, headers, 2, body, false, &heard);
    assert_false(heard.refused);
    assert_int_equal(heard.status, 200);
    assert_string_equal(heard.body, "thanks");
    assert_string_equal(heard.header, "yes");
    assert_non_null(strstr(heard.events, "Order 7 t1 Order:7:t1 {\"kind\":\"Order\",\"id\":7,\"at\":\"t1\"}\n"));
    assert_non_null(strstr(heard.events, "Order 8  Order:8:#"));
    assert_null(strstr(heard.events, "Ping"));

    receive(&rig, headers, 1, body, false, &heard);
    assert_true(heard.refused);
    assert_int_equal(heard.status, 401);
    github_signature("wrong", body, signature);
    receive(&rig, headers, 2, body, false, &heard);
    assert_int_equal(heard.status, 401);
    github_signature("new", body, signature);
    headers[0].value = TL_STR("text/plain");
    receive(&rig, headers, 2, body, false, &heard);
    assert_int_equal(heard.status, 415);
    headers[0].value = TL_STR("application/json");
    github_signature("new", "not json", signature);
    receive(&rig, headers, 2, "not json", false, &heard);
    assert_false(heard.refused); /* known sender: kept, for a person */
    assert_true(heard.unreadable);
    assert_int_equal(heard.status, 202);
    rig_close(&rig);
}

static void takes_unsigned_ones_from_this_machine_only(void **state)
{
    (void)state;
    struct rig rig;
    struct heard heard;
    rig_open_in(&rig, RIG_SHIPPED, "webhook@1", "\"scheme\":\"none\",\"type\":\"order\",\"version\":\"/rev\"", nothing);
    receive(&rig, NULL, 0, "{\"id\":\"a\",\"rev\":3}", true, &heard);
    assert_string_equal(heard.events, "order a 3 order:a:3 {\"id\":\"a\",\"rev\":3}\n");
    assert_int_equal(heard.status, 202);
    receive(&rig, NULL, 0, "{\"id\":\"a\",\"rev\":3}", false, &heard);
    assert_int_equal(heard.status, 401);
    assert_non_null(strstr(heard.why, "choose a scheme"));
    receive(&rig, NULL, 0, "{}", true, &heard);
    assert_true(heard.unreadable);
    rig_close(&rig);
}

static void reads_standard_webhooks(void **state)
{
    (void)state;
    static const char body[] = "{\"type\":\"invoice.paid\",\"data\":{\"no\":\"I-1\",\"total\":1.10}}";
    struct rig rig;
    struct heard heard;
    struct tl_buf text;
    uint8_t mac[TL_SHA256_SIZE];
    char stamp[24];
    snprintf(stamp, sizeof stamp, "%lld", (long long)(tl_wall_ms() / 1000));
    tl_str parts[] = {TL_STR("msg_1."), tl_str_z(stamp), TL_STR("."), tl_str_z(body)};
    tl_hmac_sha256(TL_STR("0123456789abcdef0123456789abcdef"), parts, 4, mac);
    tl_buf_init(&text, 200);
    tl_buf_add_z(&text, "v1,");
    tl_base64_encode(&text, tl_str_n(mac, sizeof mac));
    struct tl_http_header headers[] = {{TL_STR("webhook-id"), TL_STR("msg_1")},
                                       {TL_STR("webhook-timestamp"), tl_str_z(stamp)},
                                       {TL_STR("webhook-signature"), tl_buf_str(&text)}};
    rig_open_in(&rig, RIG_SHIPPED, "webhook@1",
                "\"secret\":\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\",\"type_at\":\"/type\","
                "\"key\":\"/data/no\",\"payload\":\"/data\"",
                nothing);
    receive(&rig, headers, 3, body, false, &heard);
    assert_string_equal(heard.why, "");
    assert_string_equal(heard.events, "invoice.paid I-1  msg_1 {\"no\":\"I-1\",\"total\":1.10}\n");
    receive(&rig, headers, 3, "{\"type\":\"invoice.paid\"}", false, &heard);
    assert_int_equal(heard.status, 401);
    headers[1].value = TL_STR("1600000000");
    receive(&rig, headers, 3, body, false, &heard);
    assert_int_equal(heard.status, 401);
    tl_buf_free(&text);
    rig_close(&rig);
}

static void says_so_when_no_secret_is_set(void **state)
{
    (void)state;
    struct rig rig;
    struct heard heard;
    rig_open_in(&rig, RIG_SHIPPED, "webhook@1", "", nothing);
    receive(&rig, NULL, 0, "{}", true, &heard);
    assert_int_equal(heard.status, 503);
    rig_close(&rig);
}

static void compares_tokens_and_macs(void **state)
{
    (void)state;
    struct rig rig;
    struct heard heard;
    char signature[80];
    struct tl_http_header header = {TL_STR("x-token"), TL_STR("s3cret")};
    rig_open_in(&rig, RIG_SHIPPED, "webhook@1",
                "\"scheme\":\"token\",\"signature_header\":\"X-Token\",\"secret\":\"s3cret\"", nothing);
    receive(&rig, &header, 1, "{\"id\":\"a\"}", false, &heard);
    assert_false(heard.refused);
    header.value = TL_STR("s3cre");
    receive(&rig, &header, 1, "{\"id\":\"a\"}", false, &heard);
    assert_int_equal(heard.status, 401);
    rig_close(&rig);
    rig_open_in(&rig, RIG_SHIPPED, "webhook@1", "\"scheme\":\"hmac\",\"signature_header\":\"X-Sig\",\"secret\":\"k\"",
                nothing);
    header = (struct tl_http_header){TL_STR("X-Sig"), tl_str_z(github_signature("k", "{\"id\":\"a\"}", signature) + 7)};
    receive(&rig, &header, 1, "{\"id\":\"a\"}", false, &heard);
    assert_false(heard.refused);
    receive(&rig, &header, 1, "{\"id\":\"b\"}", false, &heard);
    assert_int_equal(heard.status, 401);
    rig_close(&rig);
}

static void sends_with_the_plugin(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"PUT /orders/7", 201, "ETag: 1", NULL},
                                               {"POST /", 200, NULL, "{\"id\":5}"},
                                               {"POST /in", 422, NULL, "{\"detail\":\"no such field\"}"},
                                               {"DELETE /orders/7", 404, NULL, NULL},
                                               {"GET /orders/7", 404, NULL, NULL},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open_in(&rig, RIG_SHIPPED, "webhook@1", "", script);
    const struct rig_result *r = rig_run(&rig, "store", "{\"path\":\"orders/7\",\"body\":{\"a\":[],\"n\":1.10}}");
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(rig.seen[0].body, "{\"a\":[],\"n\":1.10}");
    assert_string_equal(r->id, "orders/7");
    assert_int_equal(r->raw.created, TL_CREATED_YES);
    struct tl_call_request send = {
        .operation = TL_STR("send"), .args = TL_STR("{\"body\":[1]}"), .idempotency_key = TL_STR("k")};
    assert_string_equal(rig_call(&rig, &send)->id, "5");
    assert_non_null(strstr(rig.seen[1].other, "key=k"));
    r = rig_run(&rig, "send", "{\"path\":\"in\",\"body\":{}}");
    assert_int_equal(r->raw.failure, TL_FAIL_DATA);
    assert_string_equal(r->message, "422 Unprocessable Content: no such field");
    assert_int_equal(rig_run(&rig, "remove", "{\"path\":\"orders/7\"}")->raw.failure, TL_FAIL_NONE);
    r = rig_run(&rig, "get", "{\"path\":\"orders/7\"}");
    assert_int_equal(r->raw.failure, TL_FAIL_NONE);
    assert_string_equal(r->document, "");
    rig_close(&rig);
}

static void lets_code_verify_and_answer(void **state)
{
    (void)state;
    struct rig rig;
    struct heard heard;
    char signature[80];
    struct tl_http_header header = {TL_STR("X-Sig"),
                                    tl_str_z(github_signature("s3cret", "{\"id\":\"9\"}", signature) + 7)};
    rig_open(&rig, "coded@2", "\"hook\":\"s3cret\"", nothing);
    receive(&rig, &header, 1, "{\"id\":\"9\"}", false, &heard);
    assert_string_equal(heard.events, "Case 9   null hint\n");
    assert_int_equal(heard.status, 202);
    receive(&rig, &header, 1, "{\"id\":\"8\"}", false, &heard);
    assert_int_equal(heard.status, 401);
    assert_string_equal(heard.why, "wrong signature");
    header.value = tl_str_z(github_signature("s3cret", "{\"challenge\":\"yes\"}", signature) + 7);
    receive(&rig, &header, 1, "{\"challenge\":\"yes\"}", false, &heard);
    assert_int_equal(heard.status, 200);
    assert_string_equal(heard.body, "challenge accepted");
    assert_string_equal(heard.header, "1");
    rig_close(&rig);
}

struct reads {
    int count, events;
    char text[600];
    enum tl_failure failure;
};

static void was_read(void *ctx, const struct tl_captured *event, const struct tl_call_result *result)
{
    struct reads *r = ctx;
    r->count++;
    r->failure = result->failure;
    if (!event)
        return;
    r->events++;
    snprintf(r->text, sizeof r->text, "%.*s %.*s %.*s %.*s%s", TL_STR_ARGS(event->object), TL_STR_ARGS(event->key),
             TL_STR_ARGS(event->version), TL_STR_ARGS(event->payload), event->deleted ? " deleted" : "");
}

static void retired(void *ctx)
{
    ++*(int *)ctx;
}

/* A hint that came while its record was being read begins a read when the lane is on its way out. */
static void a_retired_lane_reads_what_hints_still_name(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /api/items/5", 200, NULL, "{\"item\":{\"id\":5,\"at\":\"t1\"}}"},
                                               {"GET /api/items/5", 200, NULL, "{\"item\":{\"id\":5,\"at\":\"t2\"}}"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct reads r = {.count = 0};
    int gone = 0;
    rig_open(&rig, "rest_t@1", "", script);
    for (int i = 0; i < 2; i++)
        tl_hint_read(rig.lane, TL_STR("Item"), TL_STR("5"), NULL, was_read, &r);
    tl_system_lane_retire(rig.lane, retired, &gone);
    rig_until(&rig, &gone);
    assert_int_equal(r.count, 2);
    assert_string_equal(r.text, "Item 5 t2 {\"id\":5,\"at\":\"t2\"}");
    rig.lane = NULL;
    rig_close(&rig);
}

static void reads_what_a_hint_names_once_for_many(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /api/items/5", 200, NULL, "{\"item\":{\"id\":5,\"at\":\"t1\"}}"},
                                               {"GET /api/items/5", 200, NULL, "{\"item\":{\"id\":5,\"at\":\"t2\"}}"},
                                               {"GET /api/items/6", 404, NULL, NULL},
                                               {"GET /api/items/7", 503, NULL, NULL},
                                               {"GET /api/items/8", 200, NULL, "{\"item\":null}"},
                                               {"GET /api/items/9", 200, NULL, "{\"status\":\"maintenance\"}"},
                                               {"GET /api/items/9", 200, NULL, ""},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct reads r = {.count = 0};
    rig_open(&rig, "rest_t@1", "", script);
    for (int i = 0; i < 10; i++)
        tl_hint_read(rig.lane, TL_STR("Item"), TL_STR("5"), NULL, was_read, &r);
    for (int i = 0; i < RIG_TURNS && r.count < 10; i++)
        tl_loop_wait(rig.loop, 1);
    assert_int_equal(r.count, 10);
    assert_int_equal(rig.seen_count, 2); /* the read under way, and one more for all that came meanwhile */
    assert_string_equal(r.text, "Item 5 t2 {\"id\":5,\"at\":\"t2\"}");
    r.count = 0;
    tl_hint_read(rig.lane, TL_STR("Item"), TL_STR("6"), NULL, was_read, &r);
    rig_until(&rig, &r.count);
    assert_string_equal(r.text, "Item 6  null deleted");
    r.count = r.events = 0;
    tl_hint_read(rig.lane, TL_STR("Item"), TL_STR("7"), NULL, was_read, &r);
    rig_until(&rig, &r.count);
    assert_int_equal(r.failure, TL_FAIL_RETRY);
    assert_int_equal(r.events, 0);
    r.count = 0;
    tl_hint_read(rig.lane, TL_STR("Item"), TL_STR("8"), NULL, was_read, &r);
    rig_until(&rig, &r.count);
    assert_string_equal(r.text, "Item 8  null deleted");
    for (int i = 0; i < 2; i++) { /* something else, or nothing, does not say that it was deleted */
        r.count = r.events = 0;
        tl_hint_read(rig.lane, TL_STR("Item"), TL_STR("9"), NULL, was_read, &r);
        rig_until(&rig, &r.count);
        assert_int_equal(r.failure, TL_FAIL_BUG);
        assert_int_equal(r.events, 0);
    }
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_splits_and_replies),
        cmocka_unit_test(takes_unsigned_ones_from_this_machine_only),
        cmocka_unit_test(reads_standard_webhooks),
        cmocka_unit_test(says_so_when_no_secret_is_set),
        cmocka_unit_test(compares_tokens_and_macs),
        cmocka_unit_test(sends_with_the_plugin),
        cmocka_unit_test(lets_code_verify_and_answer),
        cmocka_unit_test(a_retired_lane_reads_what_hints_still_name),
        cmocka_unit_test(reads_what_a_hint_names_once_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
