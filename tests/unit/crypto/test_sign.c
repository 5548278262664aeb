/* crypto/sign.h and crypto/jwt.h: the JOSE cookbook (RFC 7520, RFC 7797), and round trips with keys of our
 * own. */
#include "../cmocka_room.h"
#include "cases.h"
#include "keys.h"
#include "pem.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "crypto/digest.h"
#include "crypto/jwt.h"

static struct tl_sign_key *parse(const char *pem)
{
    struct tl_sign_key *key = NULL;
    struct tl_error err = {0};

    if (tl_sign_key_parse(tl_str_z(pem), &key, &err) != TL_OK)
        fail_msg("%s", err.text);
    return key;
}

/* ---- cookbook ---- */

/* Both deterministic algorithms must give the published signature byte for byte. */
static void check_hs256(const struct tl_json_value *jwk, tl_str input, tl_str expected)
{
    uint8_t mac[TL_SHA256_SIZE];
    struct tl_buf key, text;

    tl_buf_init(&key, 1024);
    tl_buf_init(&text, 1024);
    assert_true(tl_base64url_decode(&key, tl_json_get_text(jwk, "k"), NULL) == TL_OK);
    tl_hmac_sha256(tl_buf_str(&key), &input, 1, mac);
    tl_base64url_encode(&text, tl_str_n(mac, sizeof(mac)));
    assert_true(tl_str_eq(tl_buf_str(&text), expected));
    tl_buf_free(&key);
    tl_buf_free(&text);
}

static void check_rs256(const struct tl_json_value *jwk, tl_str input, tl_str expected)
{
    char *pem = pem_of_rsa_jwk(jwk);
    struct tl_sign_key *key = parse(pem);
    uint8_t signature[TL_SIGNATURE_MAX];
    size_t len = 0;
    struct tl_buf text;

    tl_buf_init(&text, 4096);
    assert_int_equal(tl_sign_key_alg(key), TL_SIGN_RS256);
    assert_int_equal(tl_sign(key, input, signature, &len, NULL), TL_OK);
    tl_base64url_encode(&text, tl_str_n(signature, len));
    assert_true(tl_str_eq(tl_buf_str(&text), expected));
    assert_int_equal(tl_sign_verify(key, input, tl_str_n(signature, len), NULL), TL_OK);
    tl_buf_free(&text);
    tl_sign_key_free(key);
    tl_free(pem);
}

/* True when the algorithm is one of ours. */
static bool check_signing(tl_str alg, const struct tl_json_value *jwk, const struct tl_json_value *signing)
{
    tl_str input = tl_json_get_text(signing, "sig-input"), expected = tl_json_get_text(signing, "sig");

    assert_true(input.len > 0 && expected.len > 0);
    if (tl_str_is(alg, "HS256"))
        check_hs256(jwk, input, expected);
    else if (tl_str_is(alg, "RS256"))
        check_rs256(jwk, input, expected);
    else
        return false;
    return true;
}

static void signs_as_the_jose_cookbook_does(void **state)
{
    static const char *const files[] = {"jws/4_1.rsa_v15_signature.json",
                                        "jws/4_2.rsa-pss_signature.json",
                                        "jws/4_3.ecdsa_signature.json",
                                        "jws/4_4.hmac-sha2_integrity_protection.json",
                                        "jws/4_5.signature_with_detached_content.json",
                                        "jws/4_6.protecting_specific_header_fields.json",
                                        "jws/4_7.protecting_content_only.json",
                                        "jws/4_8.multiple_signatures.json",
                                        "rfc7797/4.2.hmac-sha2_b64_false.json"};
    int ours = 0, others = 0;

    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(files); i++) {
        char path[128];
        snprintf(path, sizeof(path), "jose-cookbook/%s", files[i]);
        struct tl_json_doc *doc = open_case(path);
        if (!doc)
            skip();
        const struct tl_json_value *input = tl_json_get(tl_json_root(doc), "input");
        const struct tl_json_value *signing = tl_json_get(tl_json_root(doc), "signing");
        const struct tl_json_value *keys = tl_json_get(input, "key"), *algs = tl_json_get(input, "alg");
        size_t count = tl_json_type(signing) == TL_JSON_IS_ARRAY ? tl_json_count(signing) : 1;
        for (size_t n = 0; n < count; n++) {
            bool many = tl_json_type(signing) == TL_JSON_IS_ARRAY;
            bool known = check_signing(tl_json_text(many ? tl_json_item(algs, n) : algs),
                                       many ? tl_json_item(keys, n) : keys, many ? tl_json_item(signing, n) : signing);
            ours += known;
            others += !known;
        }
        tl_json_free(doc);
    }
    print_message("JOSE cookbook: %d signatures checked, %d of algorithms that are not ours (PS384, ES512)\n", ours,
                  others);
    assert_int_equal(ours, 8);
    assert_int_equal(others, 3);
}

/* Of this example the part "signing" repeats another example's signature; what it puts out is right. */
static void signs_a_payload_that_is_not_encoded(void **state)
{
    struct tl_json_doc *doc = open_case("jose-cookbook/rfc7797/hmac-sha2_b64_false.json");
    struct tl_buf input;

    (void)state;
    if (!doc)
        skip();
    const struct tl_json_value *root = tl_json_root(doc), *flat = tl_json_get(tl_json_get(root, "output"), "json_flat");
    tl_buf_init(&input, 4096);
    tl_buf_add_str(&input, tl_json_get_text(flat, "protected"));
    tl_buf_add_char(&input, '.');
    tl_buf_add_str(&input, tl_json_get_text(flat, "payload"));
    check_hs256(tl_json_get(tl_json_get(root, "input"), "key"), tl_buf_str(&input),
                tl_json_get_text(flat, "signature"));
    tl_buf_free(&input);
    tl_json_free(doc);
}

/* ---- our own keys ---- */

static void check_round_trip(const char *private_pem, const char *public_pem, enum tl_sign_alg alg)
{
    struct tl_sign_key *private_key = parse(private_pem), *public_key = parse(public_pem);
    uint8_t signature[TL_SIGNATURE_MAX];
    size_t len = 0;
    tl_str text = TL_STR("what was agreed");

    assert_int_equal(tl_sign_key_alg(private_key), alg);
    assert_true(tl_sign_key_is_private(private_key));
    assert_false(tl_sign_key_is_private(public_key));
    assert_int_equal(tl_sign(private_key, text, signature, &len, NULL), TL_OK);
    assert_int_equal(len, 64);
    assert_int_equal(tl_sign_verify(public_key, text, tl_str_n(signature, len), NULL), TL_OK);
    assert_int_equal(tl_sign_verify(public_key, TL_STR("what was agreeD"), tl_str_n(signature, len), NULL), TL_EACCESS);
    for (size_t i = 0; i < len; i++) {
        signature[i] ^= 1;
        assert_int_equal(tl_sign_verify(public_key, text, tl_str_n(signature, len), NULL), TL_EACCESS);
        signature[i] ^= 1;
    }
    assert_int_equal(tl_sign_verify(public_key, text, tl_str_n(signature, len - 1), NULL), TL_EACCESS);
    assert_int_equal(tl_sign_verify(public_key, text, TL_STR_NONE, NULL), TL_EACCESS);
    assert_int_equal(tl_sign(public_key, text, signature, &len, NULL), TL_EACCESS);
    tl_sign_key_free(private_key);
    tl_sign_key_free(public_key);
}

static void signs_and_verifies_es256(void **state)
{
    (void)state;
    check_round_trip(P256_PRIVATE, P256_PUBLIC, TL_SIGN_ES256);
}

static void signs_and_verifies_ed25519(void **state)
{
    (void)state;
    check_round_trip(ED25519_PRIVATE, ED25519_PUBLIC, TL_SIGN_EDDSA);
}

static void says_why_a_key_cannot_be_used(void **state)
{
    static const struct {
        const char *pem, *says;
    } bad[] = {{"", "empty"},
               {"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "cannot be read"},
               {"no key at all", "cannot be read"},
               {P521_PRIVATE, "P-256"}};
    struct tl_sign_key *key;

    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_error err = {0};
        assert_int_equal(tl_sign_key_parse(tl_str_z(bad[i].pem), &key, &err), TL_EINPUT);
        assert_null(key);
        if (!strstr(err.text, bad[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.text, bad[i].says);
    }
    assert_int_equal(tl_sign_key_ed25519(TL_STR("short"), &key, NULL), TL_EINPUT);
}

static void writes_an_assertion_that_verifies(void **state)
{
    struct tl_sign_key *key = parse(P256_PRIVATE);
    struct tl_jwt_claims claims = {.issuer = TL_STR("client \"7\""),
                                   .subject = TL_STR("jörg@example.com"),
                                   .audience = TL_STR("https://login.example.com"),
                                   .expires_s = 1700000180};
    struct tl_buf token, part;
    tl_str header, body, signature;

    (void)state;
    tl_buf_init(&token, 65536);
    tl_buf_init(&part, 65536);
    assert_int_equal(tl_jwt_write(key, &claims, &token, NULL), TL_OK);
    tl_str rest = tl_buf_str(&token);
    assert_true(tl_str_cut(&rest, '.', &header));
    assert_true(tl_str_cut(&rest, '.', &body));
    signature = rest;
    assert_true(tl_base64url_decode(&part, header, NULL) == TL_OK);
    assert_true(tl_str_is(tl_buf_str(&part), "{\"alg\":\"ES256\",\"typ\":\"JWT\"}"));
    tl_buf_clear(&part);
    assert_true(tl_base64url_decode(&part, body, NULL) == TL_OK);
    assert_true(tl_str_is(tl_buf_str(&part), "{\"iss\":\"client \\\"7\\\"\",\"sub\":\"jörg@example.com\","
                                             "\"aud\":\"https://login.example.com\",\"exp\":1700000180}"));
    tl_buf_clear(&part);
    assert_true(tl_base64url_decode(&part, signature, NULL) == TL_OK);
    assert_int_equal(tl_sign_verify(key, tl_str_n(token.ptr, header.len + 1 + body.len), tl_buf_str(&part), NULL),
                     TL_OK);
    tl_buf_free(&token);
    tl_buf_free(&part);
    tl_sign_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_jose_cookbook_does), cmocka_unit_test(signs_a_payload_that_is_not_encoded),
        cmocka_unit_test(signs_and_verifies_es256),        cmocka_unit_test(signs_and_verifies_ed25519),
        cmocka_unit_test(says_why_a_key_cannot_be_used),   cmocka_unit_test(writes_an_assertion_that_verifies),
    };
    return cmocka_run_group_tests_name("crypto/sign", tests, NULL, NULL);
}
