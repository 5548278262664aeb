/* crypto/webhook.h against the published vectors: each is accepted exactly, and refused with any byte
 * changed. */
#include "../cmocka_room.h"
#include "cases.h"
#include "keys.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "crypto/sign.h"
#include "crypto/webhook.h"

#define HEADERS 4

struct message {
    struct tl_webhook_input input;
    struct tl_webhook_header headers[HEADERS];
    tl_str secret;
};

/* 2021-02-25T15:02:10Z and 2021-07-25T10:00:00Z: when the vectors were signed. */
#define STANDARD_TIME_MS (1614265330 * 1000LL)
#define ZENDESK_TIME_MS (1627207200 * 1000LL)

static void read_message(const struct tl_json_value *vector, struct message *out)
{
    tl_str scheme = tl_json_get_text(vector, "scheme");
    struct tl_json_iter header = tl_json_iter(tl_json_get(vector, "headers"));

    memset(out, 0, sizeof(*out));
    out->secret = tl_json_get_text(vector, "secret");
    out->input.secrets = &out->secret;
    out->input.secret_count = 1;
    out->input.body = tl_json_get_text(vector, "body");
    out->input.headers = out->headers;
    while (tl_json_next(&header))
        out->headers[out->input.header_count++] = (struct tl_webhook_header){header.key, tl_json_text(header.value)};
    if (tl_str_starts(scheme, TL_STR("standard"))) {
        out->input.scheme = TL_WEBHOOK_STANDARD;
        out->input.now_ms = STANDARD_TIME_MS;
    } else if (tl_str_starts(scheme, TL_STR("Zendesk"))) {
        out->input.scheme = TL_WEBHOOK_ZENDESK;
        out->input.now_ms = ZENDESK_TIME_MS;
    } else {
        out->input.scheme = TL_WEBHOOK_GITHUB;
    }
}

/* Every byte of a part, changed in one bit, must lead to a refusal. */
static int flip_each_byte(struct message *message, tl_str *part)
{
    char *copy = tl_str_dup(*part);
    tl_str before = *part;
    int flips = 0;

    *part = tl_str_n(copy, before.len);
    for (size_t i = 0; i < before.len; i++)
        for (int bit = 0; bit < 8; bit += 1, flips++) {
            copy[i] = (char)(copy[i] ^ 1 << bit);
            if (tl_webhook_verify(&message->input) == TL_WEBHOOK_ACCEPTED)
                fail_msg("accepted with bit %d of byte %zu of \"%s\" changed", bit, i, copy);
            copy[i] = (char)(copy[i] ^ 1 << bit);
        }
    *part = before;
    tl_free(copy);
    return flips;
}

static void accepts_the_published_messages_and_refuses_any_change(void **state)
{
    struct tl_json_doc *doc = open_case("webhook-signatures/vectors.json");
    struct tl_json_iter vector;
    int accepted = 0, refused = 0, flips = 0;

    (void)state;
    if (!doc)
        skip();
    vector = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&vector)) {
        struct message message;
        read_message(vector.value, &message);
        enum tl_webhook_verdict verdict = tl_webhook_verify(&message.input);
        if (tl_json_get(vector.value, "expected_under_current_formula")) {
            assert_int_equal(verdict, TL_WEBHOOK_MISMATCH); /* Zendesk's order of 2021 */
            refused++;
            continue;
        }
        assert_string_equal(tl_webhook_verdict_word(verdict), "accepted");
        accepted++;
        message.input.tolerance_s = -1; /* a changed time must fail by its signature, not by the window */
        flips += flip_each_byte(&message, &message.input.body);
        for (size_t i = 0; i < message.input.header_count; i++)
            flips += flip_each_byte(&message, &message.headers[i].value);
    }
    tl_json_free(doc);
    print_message("webhook signatures: %d accepted, %d refused as it must be, %d single changes refused\n", accepted,
                  refused, flips);
    assert_int_equal(accepted, 4);
    assert_int_equal(refused, 1);
}

/* ---- reasons ---- */

static struct message standard_message(void)
{
    return (struct message){
        .input = {.scheme = TL_WEBHOOK_STANDARD,
                  .secret_count = 1,
                  .header_count = 3,
                  .body = TL_STR("{\"test\": 2432232314}"),
                  .now_ms = STANDARD_TIME_MS},
        .headers = {{TL_STR("Webhook-Id"), TL_STR("msg_p5jXN8AQM9LWM0D4loKWxJek")},
                    {TL_STR("WEBHOOK-TIMESTAMP"), TL_STR("1614265330")},
                    {TL_STR("webhook-signature"), TL_STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")}},
        .secret = TL_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
}

static enum tl_webhook_verdict verify(struct message *message)
{
    message->input.headers = message->headers;
    if (!message->input.secrets)
        message->input.secrets = &message->secret;
    return tl_webhook_verify(&message->input);
}

static void accepts_any_of_several_signatures_and_secrets(void **state)
{
    struct message message = standard_message();
    const tl_str secrets[] = {TL_STR("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), TL_STR("not base64!"),
                              TL_STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};

    (void)state;
    message.headers[2].value = TL_STR("v2,abc v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=  "
                                      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    message.input.secrets = secrets;
    message.input.secret_count = 3;
    assert_int_equal(verify(&message), TL_WEBHOOK_ACCEPTED);
    message.input.secret_count = 2;
    assert_int_equal(verify(&message), TL_WEBHOOK_MISMATCH);
}

static void says_why_a_standard_message_is_refused(void **state)
{
    struct message message = standard_message();

    (void)state;
    assert_int_equal(verify(&message), TL_WEBHOOK_ACCEPTED);
    message.input.now_ms = STANDARD_TIME_MS + 300 * 1000;
    assert_int_equal(verify(&message), TL_WEBHOOK_ACCEPTED);
    message.input.now_ms += 1000;
    assert_int_equal(verify(&message), TL_WEBHOOK_TOO_OLD);
    message.input.now_ms = STANDARD_TIME_MS - 301 * 1000;
    assert_int_equal(verify(&message), TL_WEBHOOK_TOO_NEW);
    message.input.tolerance_s = 400;
    assert_int_equal(verify(&message), TL_WEBHOOK_ACCEPTED);

    message = standard_message();
    message.headers[0].name = TL_STR("x");
    assert_int_equal(verify(&message), TL_WEBHOOK_NO_ID);
    message = standard_message();
    message.headers[1].name = TL_STR("x");
    assert_int_equal(verify(&message), TL_WEBHOOK_NO_TIMESTAMP);
    message = standard_message();
    message.headers[1].value = TL_STR("16142653a0");
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_TIMESTAMP);
    message = standard_message();
    message.headers[2].value = TL_STR(" ");
    assert_int_equal(verify(&message), TL_WEBHOOK_NO_SIGNATURE);
    message = standard_message();
    message.headers[2].value = TL_STR("v3,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_SIGNATURE);
    message = standard_message();
    message.secret = TL_STR("whsec_c2hvcnQ=");
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_SECRET);
    message = standard_message();
    message.headers[3] = (struct tl_webhook_header){TL_STR("webhook-id"), TL_STR("another")};
    message.input.header_count = 4;
    assert_int_equal(verify(&message), TL_WEBHOOK_TWICE);
}

static void accepts_an_asymmetric_signature(void **state)
{
    struct message message = standard_message();
    struct tl_sign_key *key = NULL;
    uint8_t signature[TL_SIGNATURE_MAX];
    size_t len = 0;
    struct tl_buf header;

    (void)state;
    assert_int_equal(tl_sign_key_parse(TL_STR(ED25519_PRIVATE), &key, NULL), TL_OK);
    assert_int_equal(
        tl_sign(key, TL_STR("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}"), signature, &len, NULL),
        TL_OK);
    tl_buf_init(&header, 200);
    tl_buf_add_z(&header, "v1a,");
    tl_base64_encode(&header, tl_str_n(signature, len));
    message.headers[2].value = tl_buf_str(&header);
    message.secret = TL_STR("whpk_JsrSrjHcF31rxhlku1hGYWMYLKz0fVPnORmkxXXJ+yY=");
    assert_int_equal(verify(&message), TL_WEBHOOK_ACCEPTED);
    message.input.body = TL_STR("{\"test\": 2432232315}");
    assert_int_equal(verify(&message), TL_WEBHOOK_MISMATCH);
    message.secret = TL_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"); /* an HMAC secret is no public key */
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_SECRET);
    tl_buf_free(&header);
    tl_sign_key_free(key);
}

static void says_why_a_zendesk_message_is_refused(void **state)
{
    struct message message = {
        .input = {.scheme = TL_WEBHOOK_ZENDESK,
                  .secret_count = 1,
                  .header_count = 2,
                  .body = TL_STR("{\"say\": \"hello\"}"),
                  .now_ms = ZENDESK_TIME_MS + 299 * 1000},
        .headers = {{TL_STR("X-Zendesk-Webhook-Signature"), TL_STR("Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=")},
                    {TL_STR("x-zendesk-webhook-signature-timestamp"), TL_STR("2021-07-25T10:00:00Z")}},
        .secret = TL_STR("HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=")};

    (void)state;
    assert_int_equal(verify(&message), TL_WEBHOOK_ACCEPTED);
    message.input.now_ms = ZENDESK_TIME_MS + 301 * 1000;
    assert_int_equal(verify(&message), TL_WEBHOOK_TOO_OLD);
    message.input.now_ms = ZENDESK_TIME_MS;
    message.secret = TL_STR("wrong");
    assert_int_equal(verify(&message), TL_WEBHOOK_MISMATCH);
    message.secret = TL_STR("");
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_SECRET);
    message.headers[0].value = TL_STR("Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk");
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_SIGNATURE);
    message.headers[1].value = TL_STR("2021-07-25 10:00:00");
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_TIMESTAMP);
    message.headers[1].value = TL_STR("2021-07-25T12:00:00.5+02:00"); /* the same moment: read, but signed otherwise */
    assert_int_equal(verify(&message), TL_WEBHOOK_BAD_SIGNATURE);
}

static void knows_its_schemes_by_name(void **state)
{
    enum tl_webhook_scheme scheme;

    (void)state;
    assert_true(tl_webhook_scheme_parse(TL_STR("github"), &scheme));
    assert_int_equal(scheme, TL_WEBHOOK_GITHUB);
    assert_false(tl_webhook_scheme_parse(TL_STR("Github"), &scheme));
}

static void signs_as_it_verifies(void **state)
{
    char signature[TL_WEBHOOK_SIGNATURE_SIZE];
    struct tl_error err;
    tl_str secret = TL_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    struct tl_webhook_header headers[] = {{TL_STR("webhook-id"), TL_STR("msg-1")},
                                          {TL_STR("webhook-timestamp"), TL_STR("1614265330")},
                                          {TL_STR("webhook-signature"), TL_STR_NONE}};
    struct tl_webhook_input input = {.scheme = TL_WEBHOOK_STANDARD,
                                     .secrets = &secret,
                                     .secret_count = 1,
                                     .headers = headers,
                                     .header_count = 3,
                                     .body = TL_STR("{\"a\":1}"),
                                     .now_ms = STANDARD_TIME_MS};

    (void)state;
    assert_int_equal(tl_webhook_sign(secret, TL_STR("msg-1"), 1614265330, input.body, signature, &err), TL_OK);
    headers[2].value = tl_str_z(signature);
    assert_int_equal(tl_webhook_verify(&input), TL_WEBHOOK_ACCEPTED);
    headers[0].value = TL_STR("msg-2");
    assert_int_equal(tl_webhook_verify(&input), TL_WEBHOOK_MISMATCH);
    assert_int_equal(tl_webhook_sign(TL_STR("whsec_c2hvcnQ="), TL_STR("m"), 0, input.body, signature, &err), TL_EINPUT);
    assert_int_equal(tl_webhook_sign(TL_STR("not base64!"), TL_STR("m"), 0, input.body, signature, &err), TL_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_published_messages_and_refuses_any_change),
        cmocka_unit_test(accepts_any_of_several_signatures_and_secrets),
        cmocka_unit_test(says_why_a_standard_message_is_refused),
        cmocka_unit_test(accepts_an_asymmetric_signature),
        cmocka_unit_test(says_why_a_zendesk_message_is_refused),
        cmocka_unit_test(knows_its_schemes_by_name),
        cmocka_unit_test(signs_as_it_verifies),
    };
    return cmocka_run_group_tests_name("crypto/webhook", tests, NULL, NULL);
}
