/* Two numbers and a choice: printing and reading agree, and the operations keep the laws they must. */
#include "codec/decimal.h"
#include <stdint.h>

static void check_text(const struct tl_decimal *d)
{
    struct tl_decimal again = TL_DECIMAL_ZERO;
    struct tl_buf out;
    tl_buf_init(&out, 1 << 20);
    tl_must(tl_decimal_print(d, &out));
    tl_must(tl_decimal_parse(tl_buf_str(&out), &again, NULL) == TL_OK);
    tl_must(tl_decimal_compare(d, &again) == 0 && d->scale == again.scale && d->negative == again.negative);
    tl_buf_clear(&out);
    if (tl_decimal_print_plain(d, &out, NULL) == TL_OK) {
        tl_must(tl_decimal_parse(tl_buf_str(&out), &again, NULL) == TL_OK);
        tl_must(tl_decimal_compare(d, &again) == 0);
    }
    tl_decimal_trim(&again, d);
    tl_must(tl_decimal_compare(d, &again) == 0);
    (void)tl_decimal_to_double(d);
    tl_decimal_free(&again);
    tl_buf_free(&out);
}

static void check_sums(const struct tl_decimal *a, const struct tl_decimal *b)
{
    struct tl_decimal sum = TL_DECIMAL_ZERO, back = TL_DECIMAL_ZERO;
    if (tl_decimal_add(&sum, a, b, NULL) == TL_OK && tl_decimal_sub(&back, &sum, b, NULL) == TL_OK)
        tl_must(tl_decimal_compare(&back, a) == 0);
    if (tl_decimal_sub(&sum, a, b, NULL) == TL_OK)
        tl_must(tl_decimal_sign(&sum) == tl_decimal_compare(a, b));
    tl_decimal_free(&sum);
    tl_decimal_free(&back);
}

static void check_quotient(const struct tl_decimal *a, const struct tl_decimal *b)
{
    struct tl_decimal q = TL_DECIMAL_ZERO, rest = TL_DECIMAL_ZERO, size = TL_DECIMAL_ZERO;
    if (tl_decimal_divide_whole(&q, &rest, a, b, NULL) == TL_OK) {
        tl_decimal_abs(&size, b);
        tl_must(tl_decimal_sign(&rest) == 0 || tl_decimal_sign(&rest) == tl_decimal_sign(a));
        tl_decimal_abs(&rest, &rest);
        tl_must(tl_decimal_compare(&rest, &size) < 0);
    }
    tl_decimal_free(&q);
    tl_decimal_free(&rest);
    tl_decimal_free(&size);
}

static void check_rounding(const struct tl_decimal *a, int32_t scale, enum tl_rounding rounding)
{
    struct tl_decimal low = TL_DECIMAL_ZERO, high = TL_DECIMAL_ZERO, some = TL_DECIMAL_ZERO;
    if (tl_decimal_quantize(&low, a, scale, TL_ROUND_FLOOR, NULL) == TL_OK &&
        tl_decimal_quantize(&high, a, scale, TL_ROUND_CEILING, NULL) == TL_OK &&
        tl_decimal_quantize(&some, a, scale, rounding, NULL) == TL_OK) {
        tl_must(tl_decimal_compare(&low, a) <= 0 && tl_decimal_compare(a, &high) <= 0);
        tl_must(tl_decimal_compare(&some, &low) == 0 || tl_decimal_compare(&some, &high) == 0);
        tl_must(some.scale == scale);
    }
    if (tl_decimal_round(&some, a, (size_t)(scale & 31) + 1, rounding, NULL) == TL_OK)
        tl_must(tl_decimal_digits(&some) <= (size_t)(scale & 31) + 1);
    tl_decimal_free(&low);
    tl_decimal_free(&high);
    tl_decimal_free(&some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_decimal a = TL_DECIMAL_ZERO, b = TL_DECIMAL_ZERO, out = TL_DECIMAL_ZERO;
    if (size < 2)
        return 0;
    enum tl_rounding rounding = (enum tl_rounding)(data[0] % 7);
    int32_t scale = (int8_t)data[1];
    tl_str rest = tl_str_n(data + 2, size - 2), first = TL_STR_NONE;
    tl_str_cut(&rest, ' ', &first);
    if (tl_decimal_parse(first, &a, NULL) == TL_OK && tl_decimal_parse(rest, &b, NULL) == TL_OK) {
        check_text(&a);
        check_sums(&a, &b);
        check_quotient(&a, &b);
        check_rounding(&a, scale, rounding);
        tl_must(tl_decimal_compare(&a, &b) == -tl_decimal_compare(&b, &a));
        if (tl_decimal_mul(&out, &a, &b, NULL) == TL_OK)
            tl_must(tl_decimal_sign(&out) == tl_decimal_sign(&a) * tl_decimal_sign(&b));
        if (tl_decimal_div(&out, &a, &b, scale, rounding, NULL) == TL_OK)
            check_text(&out);
    }
    tl_decimal_free(&a);
    tl_decimal_free(&b);
    tl_decimal_free(&out);
    return 0;
}
