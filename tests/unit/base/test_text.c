/* Errors, durations, nearest words, log lines. */
#include "../cmocka_room.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/nearest.h"

static void durations_read_and_print_exactly(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"500ms", 500}, {"90s", 90000}, {"4h", 14400000}, {"30d", 2592000000}, {"2w", 1209600000}, {"0s", 0}};
    for (size_t i = 0; i < TL_COUNT_OF(good); i++) {
        int64_t ms = -1;
        char printed[24];
        assert_int_equal(tl_duration_parse(tl_str_z(good[i].text), &ms, NULL), TL_OK);
        assert_true(ms == good[i].ms);
        tl_duration_print(ms, printed);
        assert_string_equal(printed, good[i].text);
    }
    const char *bad[] = {
        "", "5", "s", "1.5s", "-1s", "1 s", "1S", "1sec", "99999999999999999999s", "9223372036854775807w"};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        int64_t ms;
        struct tl_error err;
        assert_int_equal(tl_duration_parse(tl_str_z(bad[i]), &ms, &err), TL_EINPUT);
        assert_non_null(strstr(err.text, "is not a duration"));
    }
}

static void the_nearest_word_is_found_and_strangers_are_not(void **state)
{
    (void)state;
    const char *const words[] = {"connector", "steward", "maintenance", "url"};
    assert_string_equal(tl_nearest(TL_STR("conector"), words, 4), "connector");
    assert_string_equal(tl_nearest(TL_STR("maintainance"), words, 4), "maintenance");
    assert_null(tl_nearest(TL_STR("x"), words, 4));
    assert_null(tl_nearest(TL_STR("payload"), words, 4));
    static const char *const known[] = {"minLength", "maxLength", "type", "enum"};
    static const char *const slips[] = {"maxlength", "MAXLENGTH", "maxLenght", "maxLengt", "maxLengthh", "maxLebgth"};
    for (size_t i = 0; i < TL_COUNT_OF(slips); i++)
        assert_string_equal(tl_slip(tl_str_z(slips[i]), known, 4), "maxLength");
    assert_string_equal(tl_slip(TL_STR("enumm"), known, 4), "enum");
    assert_string_equal(tl_slip(TL_STR("tpye"), known, 4), "type");
    static const char *const others[] = {"time", "type", "maxHeight", ""};
    for (size_t i = 0; i < TL_COUNT_OF(others); i++)
        assert_null(tl_slip(tl_str_z(others[i]), known, 4));
}

static void errors_keep_their_end_visible_when_cut(void **state)
{
    (void)state;
    struct tl_error err;
    assert_int_equal(tl_fail(&err, TL_EINPUT, "%05000d", 1), TL_EINPUT);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_string_equal(err.text + strlen(err.text) - 3, "\xe2\x80\xa6");
    tl_fail(&err, TL_EIO, "cannot read");
    tl_error_prefix(&err, "file %d", 7);
    assert_string_equal(err.text, "file 7: cannot read");
    assert_int_equal(err.code, TL_EIO);
    assert_int_equal(tl_code_exit(TL_ENOSERVER), 69);
    assert_string_equal(tl_code_name(TL_EINPUT), "bad-input");
}

static int64_t fixed_wall(void *ctx)
{
    (void)ctx;
    return 1700000000123;
}

static char last_line[512];

static void keep_line(void *ctx, tl_str line)
{
    (void)ctx;
    snprintf(last_line, sizeof last_line, "%.*s", TL_STR_ARGS(line));
}

static void log_lines_are_one_line_in_both_formats(void **state)
{
    (void)state;
    const struct tl_clock clock = {fixed_wall, fixed_wall, NULL};
    tl_clock_set(&clock);
    tl_log_sink(keep_line, NULL);
    tl_log_setup(TL_INFO, TL_LOG_TEXT);
    tl_log(TL_WARN, "a.b", "two\nlines", TL_FSTR("who", "x y\""), TL_FINT("n", -5));
    assert_string_equal(last_line, "2023-11-14T22:13:20.123Z warn  a.b two\\nlines who=\"x y\\\"\" n=-5");
    tl_log_setup(TL_INFO, TL_LOG_JSON);
    tl_log(TL_INFO, "a.b", "m", TL_FSTR("k", "\x01"));
    assert_string_equal(last_line, "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"info\",\"id\":\"a.b\","
                                   "\"message\":\"m\",\"k\":\"\\u0001\"}");
    last_line[0] = '\0';
    tl_log(TL_DEBUG, "a.b", "not shown");
    assert_string_equal(last_line, "");
    tl_log_sink(NULL, NULL);
    tl_clock_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_and_print_exactly),
        cmocka_unit_test(the_nearest_word_is_found_and_strangers_are_not),
        cmocka_unit_test(errors_keep_their_end_visible_when_cut),
        cmocka_unit_test(log_lines_are_one_line_in_both_formats),
    };
    return cmocka_run_group_tests_name("base.text", tests, NULL, NULL);
}
