#include "cases.h"
#include "codec/hex.h"

static void encodes_and_decodes_every_byte(void **state)
{
    (void)state;
    unsigned char all[256];
    struct tl_buf text, back;
    tl_buf_init(&text, 1000);
    tl_buf_init(&back, 1000);
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    assert_true(tl_hex_encode(&text, tl_str_n(all, 256)));
    assert_int_equal(text.len, 512);
    assert_int_equal(tl_hex_decode(&back, tl_buf_str(&text), NULL), TL_OK);
    assert_int_equal(back.len, 256);
    assert_memory_equal(back.ptr, all, 256);
    tl_buf_free(&text);
    tl_buf_free(&back);
}

static void refuses_what_is_not_hex(void **state)
{
    (void)state;
    struct tl_buf out;
    struct tl_error err;
    tl_buf_init(&out, 10);
    assert_int_equal(tl_hex_decode(&out, TL_STR("abc"), &err), TL_EINPUT);
    assert_int_equal(tl_hex_decode(&out, TL_STR("0g"), &err), TL_EINPUT);
    assert_int_equal(out.len, 0);
    assert_int_equal(tl_hex_decode(&out, TL_STR("AbCd"), &err), TL_OK);
    assert_memory_equal(out.ptr, "\xAB\xCD", 2);
    assert_int_equal(tl_hex_decode(&out, TL_STR("00112233445566778899"), &err), TL_EFULL);
    tl_buf_free(&out);
}

static void reads_exactly_the_length_asked_for(void **state)
{
    (void)state;
    unsigned char out[2];
    assert_true(tl_hex_read(TL_STR("0aF0"), out, 2));
    assert_int_equal(out[1], 0xF0);
    assert_false(tl_hex_read(TL_STR("0aF0"), out, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes_every_byte),
        cmocka_unit_test(refuses_what_is_not_hex),
        cmocka_unit_test(reads_exactly_the_length_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
