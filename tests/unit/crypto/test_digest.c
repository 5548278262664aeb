/* crypto/digest.h against FIPS 180-4 and RFC 4231. */
#include "../cmocka_room.h"
#include "base/attr.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_the_published_texts),
        cmocka_unit_test(digests_pieces_as_the_whole),
        cmocka_unit_test(signs_as_rfc_4231_does),
        cmocka_unit_test(compares_secrets_of_any_length),
    };
    return cmocka_run_group_tests_name("crypto/digest", tests, NULL, NULL);
}
