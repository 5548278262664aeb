#include "cases.h"
#include "codec/base64.h"

static void encodes_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < TL_COUNT_OF(pairs); i++) {
        struct tl_buf out;
        tl_buf_init(&out, 100);
        assert_true(tl_base64_encode(&out, tl_str_z(pairs[i][0])));
        assert_str(tl_buf_str(&out), pairs[i][1]);
        tl_buf_clear(&out);
        assert_int_equal(tl_base64_decode(&out, tl_str_z(pairs[i][1]), NULL), TL_OK);
        assert_str(tl_buf_str(&out), pairs[i][0]);
        tl_buf_free(&out);
    }
}

static void uses_the_url_alphabet_without_padding_for_tokens(void **state)
{
    (void)state;
    struct tl_buf out;
    tl_buf_init(&out, 100);
    assert_true(tl_base64url_encode(&out, tl_str_n("\xfb\xff\xfe\x01", 4)));
    assert_str(tl_buf_str(&out), "-__-AQ");
    tl_buf_clear(&out);
    assert_int_equal(tl_base64url_decode(&out, TL_STR("-__-AQ"), NULL), TL_OK);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.ptr, "\xfb\xff\xfe\x01", 4);
    tl_buf_clear(&out);
    assert_int_equal(tl_base64url_decode(&out, TL_STR("-__-AQ=="), NULL), TL_OK);
    assert_int_equal(out.len, 4);
    tl_buf_free(&out);
}

static void refuses_every_second_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zg",   "Zg=",    "Zh==",  "Zm9",  "Zm9=", "Zm9v=", "Zm9vZg=", "====",    "=",
                                      "Z===", "Zm9v\n", " Zm9v", "Zm-v", "Zm_v", "Z",     "Zm9vZ",   "Zg==Zg=="};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_buf out;
        tl_buf_init(&out, 100);
        assert_int_equal(tl_base64_decode(&out, tl_str_z(bad[i]), NULL), TL_EINPUT);
        assert_int_equal(out.len, 0);
        tl_buf_free(&out);
    }
}

static void url_form_refuses_wrong_padding_and_the_standard_alphabet(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zg=", "Zh", "Zm+v", "Zm/v", "Zm9v==", "Z"};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_buf out;
        tl_buf_init(&out, 100);
        assert_int_equal(tl_base64url_decode(&out, tl_str_z(bad[i]), NULL), TL_EINPUT);
        tl_buf_free(&out);
    }
}

static void every_length_round_trips(void **state)
{
    (void)state;
    unsigned char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct tl_buf text, back;
        tl_buf_init(&text, 200);
        tl_buf_init(&back, 200);
        assert_true(tl_base64_encode(&text, tl_str_n(bytes, len)));
        assert_int_equal(tl_base64_decode(&back, tl_buf_str(&text), NULL), TL_OK);
        assert_int_equal(back.len, len);
        if (len)
            assert_memory_equal(back.ptr, bytes, len);
        tl_buf_free(&text);
        tl_buf_free(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_the_vectors_of_rfc_4648),
        cmocka_unit_test(uses_the_url_alphabet_without_padding_for_tokens),
        cmocka_unit_test(refuses_every_second_spelling),
        cmocka_unit_test(url_form_refuses_wrong_padding_and_the_standard_alphabet),
        cmocka_unit_test(every_length_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
