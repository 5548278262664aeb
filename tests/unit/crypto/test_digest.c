/* crypto/digest.h and crypto/base64.h against FIPS 180-4, RFC 4231 and RFC 4648. */
#include "../cmocka_room.h"
#include "base/attr.h"
#include "crypto/base64.h"
#include "crypto/digest.h"

static void digests_the_published_texts(void **state)
{
    uint8_t digest[TL_SHA256_SIZE], brief[16];
    char hex[65];

    (void)state;
    tl_sha256(TL_STR("abc"), digest);
    tl_sha256_hex(digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tl_sha256_short(TL_STR("abc"), brief);
    assert_memory_equal(brief, digest, 16);
    tl_sha256(TL_STR_NONE, digest);
    tl_sha256_hex(digest, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void digests_pieces_as_the_whole(void **state)
{
    uint8_t whole[TL_SHA256_SIZE], pieces[TL_SHA256_SIZE];
    struct tl_sha256 sha;

    (void)state;
    tl_sha256(TL_STR("one two three"), whole);
    tl_sha256_init(&sha);
    tl_sha256_add(&sha, TL_STR("one "));
    tl_sha256_add(&sha, TL_STR_NONE);
    tl_sha256_add(&sha, TL_STR("two three"));
    tl_sha256_end(&sha, pieces);
    tl_sha256_drop(&sha); /* allowed */
    assert_memory_equal(whole, pieces, sizeof(whole));
}

static void signs_as_rfc_4231_does(void **state)
{
    char long_key[131];
    uint8_t mac[TL_SHA256_SIZE];
    char hex[65];

    (void)state;
    memset(long_key, 0xaa, sizeof(long_key));
    const tl_str parts[] = {TL_STR("what do ya want "), TL_STR("for nothing?")};
    tl_hmac_sha256(TL_STR("Jefe"), parts, 2, mac);
    tl_sha256_hex(mac, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const tl_str text = TL_STR("Test Using Larger Than Block-Size Key - Hash Key First");
    tl_hmac_sha256(tl_str_n(long_key, sizeof(long_key)), &text, 1, mac);
    tl_sha256_hex(mac, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void compares_secrets_of_any_length(void **state)
{
    (void)state;
    assert_true(tl_secret_equal(TL_STR("same"), TL_STR("same")));
    assert_true(tl_secret_equal(TL_STR_NONE, TL_STR("")));
    assert_false(tl_secret_equal(TL_STR("same"), TL_STR("samf")));
    assert_false(tl_secret_equal(TL_STR("same"), TL_STR("same ")));
}

static void reads_and_writes_base64(void **state)
{
    static const struct {
        const char *bytes, *standard, *url;
    } vectors[] = {{"", "", ""}, {"f", "Zg==", "Zg"}, {"fo", "Zm8=", "Zm8"}, {"foo", "Zm9v", "Zm9v"},
                   {"foob", "Zm9vYg==", "Zm9vYg"}, {"\xfb\xff\xfe", "+//+", "-__-"}};
    struct tl_buf out;

    (void)state;
    tl_buf_init(&out, 100);
    for (size_t i = 0; i < TL_COUNT_OF(vectors); i++) {
        tl_buf_clear(&out);
        assert_true(tl_b64_write(tl_str_z(vectors[i].bytes), TL_B64_STANDARD, &out));
        assert_true(tl_str_is(tl_buf_str(&out), vectors[i].standard));
        tl_buf_clear(&out);
        assert_true(tl_b64_write(tl_str_z(vectors[i].bytes), TL_B64_URL, &out));
        assert_true(tl_str_is(tl_buf_str(&out), vectors[i].url));
        tl_buf_clear(&out);
        assert_true(tl_b64_read(tl_str_z(vectors[i].standard), TL_B64_STANDARD, &out));
        assert_true(tl_b64_read(tl_str_z(vectors[i].url), TL_B64_URL, &out));
        assert_int_equal(out.len, 2 * strlen(vectors[i].bytes));
    }
    tl_buf_free(&out);
}

static void refuses_base64_that_is_not_canonical(void **state)
{
    static const char *const bad[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zm9v\n", "Zm9 v", "Zg==Zg==", "-__-", "===="};
    struct tl_buf out;

    (void)state;
    tl_buf_init(&out, 100);
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        tl_buf_clear(&out);
        if (tl_b64_read(tl_str_z(bad[i]), TL_B64_STANDARD, &out))
            fail_msg("\"%s\" was accepted", bad[i]);
    }
    assert_false(tl_b64_read(TL_STR("Zg=="), TL_B64_URL, &out));
    assert_false(tl_b64_read(TL_STR("Z"), TL_B64_URL, &out));
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_the_published_texts),    cmocka_unit_test(digests_pieces_as_the_whole),
        cmocka_unit_test(signs_as_rfc_4231_does),         cmocka_unit_test(compares_secrets_of_any_length),
        cmocka_unit_test(reads_and_writes_base64),        cmocka_unit_test(refuses_base64_that_is_not_canonical),
    };
    return cmocka_run_group_tests_name("crypto/digest", tests, NULL, NULL);
}
