#include "cases.h"
#include "codec/decimal.h"

static struct tl_decimal dec(const char *text)
{
    struct tl_decimal d = TL_DECIMAL_ZERO;
    struct tl_error err;
    if (tl_decimal_parse(tl_str_z(text), &d, &err) != TL_OK)
        fail_msg("%s", err.text);
    return d;
}

static void expect(struct tl_decimal *d, const char *text)
{
    struct tl_buf out;
    tl_buf_init(&out, 100000);
    assert_true(tl_decimal_print(d, &out));
    assert_str(tl_buf_str(&out), text);
    tl_buf_free(&out);
    tl_decimal_free(d);
}

static void prints_the_digits_it_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1.50",
                                        "19.10",
                                        "-0.00",
                                        "1234567890123.45",
                                        "9007199254740993",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "0.1234567890123456789012345",
                                        "1E+3",
                                        "1.5E-10",
                                        "0E+7",
                                        "0.000001",
                                        "1E-7",
                                        "-123456789012345678901234567890.50"};
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++) {
        struct tl_decimal d = dec(texts[i]);
        expect(&d, texts[i]);
    }
    struct tl_decimal d = dec("+007.10e2");
    expect(&d, "710");
}

static void check_op(tl_code (*op)(struct tl_decimal *, const struct tl_decimal *, const struct tl_decimal *,
                                   struct tl_error *),
                     const char *a, const char *b, const char *expected)
{
    struct tl_decimal x = dec(a), y = dec(b);
    assert_int_equal(op(&x, &x, &y, NULL), TL_OK); /* the result over an operand */
    tl_decimal_free(&y);
    expect(&x, expected);
}

static void adds_subtracts_and_multiplies_exactly(void **state)
{
    (void)state;
    check_op(tl_decimal_add, "0.1", "0.2", "0.3");
    check_op(tl_decimal_add, "1.50", "-1.5", "0.00");
    check_op(tl_decimal_add, "18446744073709551615", "1", "18446744073709551616");
    check_op(tl_decimal_add, "-18446744073709551616", "1", "-18446744073709551615");
    check_op(tl_decimal_add, "1E+30", "1E-30", "1000000000000000000000000000000.000000000000000000000000000001");
    check_op(tl_decimal_sub, "1", "0.99", "0.01");
    check_op(tl_decimal_sub, "5", "7.25", "-2.25");
    check_op(tl_decimal_sub, "18446744073709551616", "18446744073709551616", "0");
    check_op(tl_decimal_mul, "1.10", "-3", "-3.30");
    check_op(tl_decimal_mul, "0.00", "-3", "0.00"); /* never -0 */
    check_op(tl_decimal_mul, "18446744073709551615", "18446744073709551615", "340282366920938463426481119284349108225");
    check_op(tl_decimal_mul, "0E+5", "0E-5", "0");
}

static void check_div(const char *a, const char *b, int32_t scale, enum tl_rounding rounding, const char *expected)
{
    struct tl_decimal x = dec(a), y = dec(b);
    assert_int_equal(tl_decimal_div(&y, &x, &y, scale, rounding, NULL), TL_OK);
    tl_decimal_free(&x);
    expect(&y, expected);
}

static void divides_to_a_stated_scale(void **state)
{
    (void)state;
    struct tl_decimal x = dec("1"), zero = dec("0.0");
    check_div("10", "3", 4, TL_ROUND_HALF_EVEN, "3.3333");
    check_div("2", "3", 2, TL_ROUND_HALF_UP, "0.67");
    check_div("-2", "3", 2, TL_ROUND_FLOOR, "-0.67");
    check_div("-2", "3", 2, TL_ROUND_CEILING, "-0.66");
    check_div("1", "8", 2, TL_ROUND_HALF_EVEN, "0.12");
    check_div("3", "8", 2, TL_ROUND_HALF_EVEN, "0.38");
    check_div("1", "8", 2, TL_ROUND_HALF_DOWN, "0.12");
    check_div("1", "1E+900000000", 2, TL_ROUND_UP, "0.01");
    check_div("1", "1E+900000000", 2, TL_ROUND_HALF_UP, "0.00");
    check_div("9", "10", 0, TL_ROUND_HALF_UP, "1"); /* all of the quotient is behind the last place */
    check_div("1", "11", 0, TL_ROUND_HALF_UP, "0");
    check_div("100", "7", -1, TL_ROUND_DOWN, "1E+1");
    check_div("0", "7", 2, TL_ROUND_UP, "0.00");
    assert_int_equal(tl_decimal_div(&x, &x, &zero, 2, TL_ROUND_UP, NULL), TL_EINPUT);
    expect(&x, "1");
}

static void rounds_in_every_mode(void **state)
{
    (void)state;
    static const struct {
        const char *value, *results[7];
    } rows[] = {
        /* half-even half-up half-down down up floor ceiling */
        {"2.5", {"2", "3", "2", "2", "3", "2", "3"}},
        {"-2.5", {"-2", "-3", "-2", "-2", "-3", "-3", "-2"}},
        {"3.5", {"4", "4", "3", "3", "4", "3", "4"}},
        {"2.51", {"3", "3", "3", "2", "3", "2", "3"}},
        {"-0.4", {"0", "0", "0", "0", "-1", "-1", "0"}},
        {"0.001", {"0", "0", "0", "0", "1", "0", "1"}},
        {"1E-50", {"0", "0", "0", "0", "1", "0", "1"}},
        {"7", {"7", "7", "7", "7", "7", "7", "7"}},
        {"18446744073709551616.5",
         {"18446744073709551616", "18446744073709551617", "18446744073709551616", "18446744073709551616",
          "18446744073709551617", "18446744073709551616", "18446744073709551617"}},
    };
    static const char *const names[] = {"half-even", "half-up", "half-down", "down", "up", "floor", "ceiling"};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++)
        for (size_t mode = 0; mode < 7; mode++) {
            enum tl_rounding rounding;
            struct tl_decimal d = dec(rows[i].value);
            assert_true(tl_rounding_parse(tl_str_z(names[mode]), &rounding));
            assert_int_equal(tl_decimal_quantize(&d, &d, 0, rounding, NULL), TL_OK);
            expect(&d, rows[i].results[mode]);
        }
    assert_false(tl_rounding_parse(TL_STR("nearest"), NULL));
}

static void rounds_to_significant_digits(void **state)
{
    (void)state;
    struct tl_decimal d = dec("9.996");
    assert_int_equal(tl_decimal_round(&d, &d, 3, TL_ROUND_HALF_UP, NULL), TL_OK);
    expect(&d, "10.0");
    d = dec("-99999999999999999999999");
    assert_int_equal(tl_decimal_round(&d, &d, 2, TL_ROUND_UP, NULL), TL_OK);
    expect(&d, "-1.0E+23");
    d = dec("12");
    assert_int_equal(tl_decimal_round(&d, &d, 5, TL_ROUND_UP, NULL), TL_OK);
    expect(&d, "12");
}

static void hostile_numbers_cost_nothing(void **state)
{
    (void)state;
    struct tl_decimal huge = dec("1e1999999999"), one = dec("1"), tiny = dec("1e-1999999999"), out = TL_DECIMAL_ZERO;
    struct tl_buf text;
    tl_buf_init(&text, 100000);
    assert_int_equal(tl_decimal_add(&out, &huge, &one, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_add(&out, &huge, &tiny, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_mul(&out, &huge, &huge, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_div(&out, &huge, &tiny, 0, TL_ROUND_DOWN, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_quantize(&out, &huge, 2, TL_ROUND_DOWN, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_print_plain(&huge, &text, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_print_plain(&tiny, &text, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_compare(&huge, &one), 1);
    assert_int_equal(tl_decimal_compare(&tiny, &one), -1);
    assert_false(tl_decimal_to_i64(&huge, &(int64_t){0}));
    assert_int_equal(tl_decimal_parse(TL_STR("1e99999999999999999999"), &out, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_quantize(&out, &tiny, 2, TL_ROUND_HALF_EVEN, NULL), TL_OK);
    expect(&out, "0.00");
    char *digits = tl_alloc(TL_DECIMAL_DIGITS + 2);
    memset(digits, '9', TL_DECIMAL_DIGITS + 1);
    assert_int_equal(tl_decimal_parse(tl_str_n(digits, TL_DECIMAL_DIGITS + 1), &out, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_parse(tl_str_n(digits, TL_DECIMAL_DIGITS), &out, NULL), TL_OK);
    assert_int_equal(tl_decimal_add(&out, &out, &one, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_mul(&out, &out, &out, NULL), TL_EINPUT);
    assert_int_equal(tl_decimal_digits(&out), TL_DECIMAL_DIGITS); /* unchanged */
    tl_decimal_free(&out);
    tl_free(digits);
    tl_buf_free(&text);
}

static void refuses_what_is_not_a_number(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-",   ".",   "1.2.3", "1e",  "1e+",   "1 ", " 1",
                                      "1,5", "NaN", "inf", "0x1",   "--1", "1_000", "e5"};
    struct tl_decimal d = TL_DECIMAL_ZERO;
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        if (tl_decimal_parse(tl_str_z(bad[i]), &d, NULL) != TL_EINPUT)
            fail_msg("accepted: %s", bad[i]);
}

static void compares_by_value(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {{"1", "1.000", 0},   {"-0", "0", 0},
                {"1E+3", "1000", 0}, {"-1", "1", -1},
                {"2", "10", -1},     {"-2", "-10", 1},
                {"0.1", "0.09", 1},  {"18446744073709551616", "18446744073709551615.9", 1},
                {"0", "-1E-900", 1}, {"1E+999999999", "2E+999999999", -1}};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        struct tl_decimal a = dec(rows[i].a), b = dec(rows[i].b);
        assert_int_equal(tl_decimal_compare(&a, &b), rows[i].order);
        assert_int_equal(tl_decimal_compare(&b, &a), -rows[i].order);
        tl_decimal_free(&a);
        tl_decimal_free(&b);
    }
}

static void becomes_an_integer_only_when_it_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } rows[] = {{"1.00", true, 1},
                {"1E+3", true, 1000},
                {"1.5", false, 0},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"9223372036854775807.0", true, INT64_MAX},
                {"0E+900", true, 0},
                {"1E+19", false, 0},
                {"100000000000000000000.00E-2", true, 1000000000000000000},
                {"-0", true, 0}};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        struct tl_decimal d = dec(rows[i].text);
        int64_t value = 0;
        assert_int_equal(tl_decimal_to_i64(&d, &value), rows[i].fits);
        assert_true(value == rows[i].value);
        tl_decimal_free(&d);
    }
}

static void goes_to_and_from_doubles(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.1, "0.1"},
                {100, "100"},
                {-2.5, "-2.5"},
                {1e300, "1E+300"},
                {5e-324, "5E-324"},
                {0, "0"},
                {123456789.0, "123456789"}};
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        struct tl_decimal d = TL_DECIMAL_ZERO;
        assert_int_equal(tl_decimal_from_double(rows[i].value, &d, NULL), TL_OK);
        assert_true(tl_decimal_to_double(&d) == rows[i].value);
        expect(&d, rows[i].text);
    }
    struct tl_decimal d = TL_DECIMAL_ZERO;
    assert_int_equal(tl_decimal_from_double(1.0 / (double)tl_decimal_sign(&d), &d, NULL), TL_EINPUT);
}

static void trims_negates_and_takes_parts(void **state)
{
    (void)state;
    struct tl_decimal d = dec("1.500"), q = TL_DECIMAL_ZERO, r = TL_DECIMAL_ZERO, b = dec("0.7"), plain = dec("12E+3");
    struct tl_buf out;
    tl_decimal_trim(&q, &d);
    expect(&q, "1.5");
    q = dec("100000000000000000000000");
    tl_decimal_trim(&q, &q);
    expect(&q, "1E+23");
    q = dec("0.00");
    tl_decimal_trim(&q, &q);
    expect(&q, "0");
    tl_decimal_neg(&q, &d);
    assert_int_equal(tl_decimal_sign(&q), -1);
    tl_decimal_abs(&q, &q);
    expect(&q, "1.500");
    assert_int_equal(tl_decimal_divide_whole(&q, &r, &d, &b, NULL), TL_OK);
    expect(&q, "2");
    expect(&r, "0.100");
    tl_buf_init(&out, 100);
    assert_int_equal(tl_decimal_print_plain(&plain, &out, NULL), TL_OK);
    assert_str(tl_buf_str(&out), "12000");
    tl_buf_free(&out);
    tl_decimal_free(&d);
    tl_decimal_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_digits_it_read),
        cmocka_unit_test(adds_subtracts_and_multiplies_exactly),
        cmocka_unit_test(divides_to_a_stated_scale),
        cmocka_unit_test(rounds_in_every_mode),
        cmocka_unit_test(rounds_to_significant_digits),
        cmocka_unit_test(hostile_numbers_cost_nothing),
        cmocka_unit_test(refuses_what_is_not_a_number),
        cmocka_unit_test(compares_by_value),
        cmocka_unit_test(becomes_an_integer_only_when_it_is_one),
        cmocka_unit_test(goes_to_and_from_doubles),
        cmocka_unit_test(trims_negates_and_takes_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
