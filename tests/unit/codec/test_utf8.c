#include "cases.h"
#include "codec/utf8.h"

static void accepts_what_is_utf8_and_nothing_else(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "abc",
                                       "Malm\xC3\xB6",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x98\x80",
                                       "\xEF\xBF\xBF",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xF4\x8F\xBF\xBF",
                                       "\x7F"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\xAF",
                                      "\xC1\xBF",
                                      "\xE0\x80\xAF",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x80\x80\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "\xC3",
                                      "\xE2\x82",
                                      "\xF0\x9F\x98",
                                      "\xC3(",
                                      "\xE2\x28\xA1"};
    for (size_t i = 0; i < TL_COUNT_OF(good); i++)
        assert_true(tl_utf8_valid(tl_str_z(good[i])));
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        char *longer = tl_printf("0123456789abcdef%s", bad[i]);
        assert_false(tl_utf8_valid(tl_str_z(bad[i])));
        assert_int_equal(tl_utf8_valid_prefix(tl_str_z(longer)), 16);
        tl_free(longer);
    }
}

static void every_code_point_round_trips(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x110000; code++) {
        char bytes[4];
        size_t len = tl_utf8_put(bytes, code), at = 0;
        uint32_t back = 0;
        if ((code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_true(tl_utf8_valid((tl_str){bytes, len}));
        assert_true(tl_utf8_next((tl_str){bytes, len}, &at, &back));
        assert_int_equal(back, code);
        assert_int_equal(at, len);
    }
}

static void counts_and_cuts_by_code_points(void **state)
{
    (void)state;
    tl_str s = TL_STR("G\xC3\xB6teborg \xF0\x9F\x98\x80!");
    assert_int_equal(tl_utf8_length(s), 11);
    assert_int_equal(tl_utf8_first(s, 2).len, 3);
    assert_int_equal(tl_utf8_first(s, 100).len, s.len);
    assert_int_equal(tl_utf8_length(TL_STR("a\xFF\xFE")), 3);
}

static void check_case(const char *text, const char *upper, const char *lower)
{
    struct tl_buf out;
    tl_buf_init(&out, 1000);
    assert_true(tl_utf8_upper(&out, tl_str_z(text)));
    assert_str(tl_buf_str(&out), upper);
    tl_buf_clear(&out);
    assert_true(tl_utf8_lower(&out, tl_str_z(text)));
    assert_str(tl_buf_str(&out), lower);
    tl_buf_free(&out);
}

static void maps_case_in_every_script(void **state)
{
    (void)state;
    check_case("Malm\xC3\xB6 9_", "MALM\xC3\x96 9_", "malm\xC3\xB6 9_");
    check_case("Stra\xC3\x9F"
               "e",
               "STRA\xC3\x9F"
               "E",
               "stra\xC3\x9F"
               "e");                                                                                /* sharp s stays */
    check_case("\xC4\xB0", "\xC4\xB0", "i");                                                        /* dotted I */
    check_case("\xC4\xB1", "I", "\xC4\xB1");                                                        /* dotless i */
    check_case("\xCE\xA3\xCE\xAF\xCF\x82", "\xCE\xA3\xCE\x8A\xCE\xA3", "\xCF\x83\xCE\xAF\xCF\x82"); /* Greek */
    check_case("\xD0\x94\xD0\xB0", "\xD0\x94\xD0\x90", "\xD0\xB4\xD0\xB0");                         /* Cyrillic */
    check_case("\xD5\xA1", "\xD4\xB1", "\xD5\xA1");                                                 /* Armenian */
    check_case("\xE1\xBA\x9E", "\xE1\xBA\x9E", "\xC3\x9F");                 /* capital sharp s */
    check_case("\xF0\x90\x90\xA8", "\xF0\x90\x90\x80", "\xF0\x90\x90\xA8"); /* Deseret */
    check_case("\xC7\x86\xC7\x85", "\xC7\x84\xC7\x84", "\xC7\x86\xC7\x86"); /* dz digraphs */
    check_case("\xE6\xBC\xA2", "\xE6\xBC\xA2", "\xE6\xBC\xA2");             /* no case */
    check_case("a\xFFz", "A\xFFZ", "a\xFFz");                               /* foreign bytes pass */
}

static void case_mapping_only_touches_letters(void **state)
{
    (void)state;
    size_t upper = 0, lower = 0;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        upper += tl_utf8_code_upper(code) != code;
        lower += tl_utf8_code_lower(code) != code;
    }
    assert_int_equal(upper, 1450); /* Unicode 14: code points with a simple mapping */
    assert_int_equal(lower, 1433);
    assert_int_equal(tl_utf8_code_upper(0xFFFFFFFF), 0xFFFFFFFF);
}

static void repairs_with_the_replacement_character(void **state)
{
    (void)state;
    struct tl_buf out;
    tl_buf_init(&out, 100);
    assert_true(tl_utf8_repair(&out, TL_STR("a\xFF"
                                            "b\xC3")));
    assert_str(tl_buf_str(&out), "a\xEF\xBF\xBD"
                                 "b\xEF\xBF\xBD");
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_is_utf8_and_nothing_else),
        cmocka_unit_test(every_code_point_round_trips),
        cmocka_unit_test(counts_and_cuts_by_code_points),
        cmocka_unit_test(maps_case_in_every_script),
        cmocka_unit_test(case_mapping_only_touches_letters),
        cmocka_unit_test(repairs_with_the_replacement_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
