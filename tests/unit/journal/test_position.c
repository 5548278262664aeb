#include "support.h"
#include <string.h>

static void prints_and_parses_any_position(void **state)
{
    (void)state;
    const tl_position all[] = {0, 1, tl_position_make(1, 0), tl_position_make(77, 1048575), UINT64_MAX};
    for (size_t i = 0; i < TL_COUNT_OF(all); i++) {
        char text[TL_POSITION_TEXT];
        tl_position back = 42;
        tl_position_print(all[i], text);
        assert_int_equal(strlen(text), TL_POSITION_TEXT - 1);
        assert_true(tl_position_parse(tl_str_z(text), &back));
        assert_true(back == all[i]);
    }
}

static void sorts_as_text_like_as_number(void **state)
{
    (void)state;
    char before[TL_POSITION_TEXT] = "";
    for (uint64_t commit = 1; commit < UINT64_C(1) << 40; commit = commit * 3 + 1) {
        char text[TL_POSITION_TEXT];
        tl_position_print(tl_position_make(commit, (uint32_t)commit & 0xfffff), text);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof before);
    }
}

static void refuses_any_other_text(void **state)
{
    (void)state;
    tl_position position;
    assert_false(tl_position_parse(TL_STR(""), &position));
    assert_false(tl_position_parse(TL_STR("000000000000"), &position));
    assert_false(tl_position_parse(TL_STR("00000000000000"), &position));
    assert_false(tl_position_parse(TL_STR("000000000000U"), &position));
    assert_false(tl_position_parse(TL_STR("000000000000i"), &position));
    assert_false(tl_position_parse(TL_STR("g000000000000"), &position)); /* more than 64 bits */
    assert_false(tl_position_parse(tl_str_n("000000\0000000", 13), &position));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_and_parses_any_position),
        cmocka_unit_test(sorts_as_text_like_as_number),
        cmocka_unit_test(refuses_any_other_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
