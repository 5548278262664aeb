/* Decimal numbers and their text. Invariant: what is parsed prints with the same digits, point, sign and power of ten.
 * Thread: one at a time. */
#include "base/alloc.h"
#include "decimal_big.h"
#include "double_text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPONENT_CLAMP 100000000000 /* far beyond any scale; keeps sums inside 64 bits */

struct parts {
    bool negative;
    tl_str whole, fraction;
    int64_t exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static tl_str cut_digits(tl_str *rest)
{
    size_t n = 0;
    while (n < rest->len && is_digit(rest->ptr[n]))
        n++;
    tl_str digits = {rest->ptr, n};
    *rest = tl_str_from(*rest, n);
    return digits;
}

static bool cut_sign(tl_str *rest)
{
    bool negative = rest->len && rest->ptr[0] == '-';
    if (negative || (rest->len && rest->ptr[0] == '+'))
        *rest = tl_str_from(*rest, 1);
    return negative;
}

static bool split_exponent(tl_str *rest, int64_t *exponent)
{
    *rest = tl_str_from(*rest, 1);
    bool negative = cut_sign(rest);
    tl_str digits = cut_digits(rest);
    int64_t value = 0;
    for (size_t i = 0; i < digits.len && value < EXPONENT_CLAMP; i++)
        value = value * 10 + (digits.ptr[i] - '0');
    *exponent = negative ? -value : value;
    return digits.len > 0;
}

static bool split(tl_str text, struct parts *out)
{
    out->exponent = 0;
    out->fraction = TL_STR_NONE;
    out->negative = cut_sign(&text);
    out->whole = cut_digits(&text);
    if (text.len && text.ptr[0] == '.') {
        text = tl_str_from(text, 1);
        out->fraction = cut_digits(&text);
    }
    if (out->whole.len + out->fraction.len == 0)
        return false;
    if (text.len && (text.ptr[0] == 'e' || text.ptr[0] == 'E') && !split_exponent(&text, &out->exponent))
        return false;
    return text.len == 0;
}

static tl_str without_zeros(tl_str digits)
{
    size_t n = 0;
    while (n < digits.len && digits.ptr[n] == '0')
        n++;
    return tl_str_from(digits, n);
}

static uint64_t value_of(uint64_t value, tl_str digits)
{
    for (size_t i = 0; i < digits.len; i++)
        value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
    return value;
}

static tl_code store_long(struct tl_decimal *out, const struct parts *p, tl_str whole, tl_str fraction, int64_t scale,
                          struct tl_error *err)
{
    char *digits = tl_printf("%.*s%.*s", TL_STR_ARGS(whole), TL_STR_ARGS(fraction));
    mpz_t z;
    mpz_init_set_str(z, digits, 10);
    tl_code code = tl_decimal_store(out, z, scale, p->negative, err);
    mpz_clear(z);
    tl_free(digits);
    return code;
}

tl_code tl_decimal_parse(tl_str text, struct tl_decimal *out, struct tl_error *err)
{
    struct parts p;
    if (!split(text, &p)) {
        tl_str shown = text.len > 40 ? (tl_str){text.ptr, 40} : text;
        return tl_fail(err, TL_EINPUT, "not a decimal number: '%.*s'; write digits like -12.50", TL_STR_ARGS(shown));
    }
    tl_str whole = without_zeros(p.whole), fraction = whole.len ? p.fraction : without_zeros(p.fraction);
    int64_t scale = (int64_t)p.fraction.len - p.exponent;
    if (whole.len + fraction.len > TL_DECIMAL_DIGITS)
        return tl_decimal_too_long(err);
    if (whole.len + fraction.len > 19)
        return store_long(out, &p, whole, fraction, scale, err);
    tl_code code = tl_decimal_store_small(out, value_of(value_of(0, whole), fraction), scale, p.negative, err);
    if (code == TL_OK)
        out->negative = p.negative; /* -0 keeps its sign as written */
    return code;
}

/* The coefficient in digits; tl_free. */
static char *digits_of(const struct tl_decimal *d, size_t *count)
{
    char *digits;
    if (d->big) {
        digits = tl_alloc(mpz_sizeinbase(d->big->z, 10) + 2);
        mpz_get_str(digits, 10, d->big->z);
    } else {
        digits = tl_printf("%llu", (unsigned long long)d->small);
    }
    *count = strlen(digits);
    return digits;
}

static bool add_zeros(struct tl_buf *out, size_t count)
{
    char *to = tl_buf_reserve(out, count);
    if (!to)
        return false;
    memset(to, '0', count);
    out->len += count;
    out->ptr[out->len] = '\0';
    return true;
}

/* The digits with a point `scale` places from their end; scale >= 0. */
static bool add_pointed(struct tl_buf *out, const char *digits, size_t count, size_t scale)
{
    if (scale == 0)
        return tl_buf_add(out, digits, count);
    if (count > scale)
        return tl_buf_add(out, digits, count - scale) && tl_buf_add_char(out, '.') &&
               tl_buf_add(out, digits + (count - scale), scale);
    return tl_buf_add(out, "0.", 2) && add_zeros(out, scale - count) && tl_buf_add(out, digits, count);
}

bool tl_decimal_print(const struct tl_decimal *d, struct tl_buf *out)
{
    size_t count;
    char *digits = digits_of(d, &count);
    int64_t front = (int64_t)count - 1 - d->scale; /* power of ten of the first digit */
    if (d->negative)
        tl_buf_add_char(out, '-');
    if (d->scale >= 0 && front >= -6) {
        add_pointed(out, digits, count, (size_t)d->scale);
    } else {
        add_pointed(out, digits, count, count - 1);
        tl_buf_addf(out, "E%+lld", (long long)front);
    }
    tl_free(digits);
    return !out->overflow;
}

tl_code tl_decimal_print_plain(const struct tl_decimal *d, struct tl_buf *out, struct tl_error *err)
{
    size_t count;
    bool zero = tl_decimal_is_zero(d);
    if (d->scale > TL_DECIMAL_DIGITS || (!zero && (int64_t)tl_decimal_digits(d) - d->scale > TL_DECIMAL_DIGITS))
        return tl_decimal_too_long(err);
    char *digits = digits_of(d, &count);
    if (d->negative)
        tl_buf_add_char(out, '-');
    add_pointed(out, digits, count, d->scale > 0 ? (size_t)d->scale : 0);
    if (d->scale < 0 && !zero)
        add_zeros(out, (size_t)-d->scale);
    tl_free(digits);
    return out->overflow ? tl_fail(err, TL_EFULL, "no room for the decimal number") : TL_OK;
}

tl_code tl_decimal_from_double(double value, struct tl_decimal *out, struct tl_error *err)
{
    struct tl_double_text text;
    if (!isfinite(value))
        return tl_fail(err, TL_EINPUT, "not a number that a decimal can hold: %f", value);
    tl_double_shortest(value, &text);
    uint64_t coefficient = value_of(0, (tl_str){text.digits, (size_t)text.count});
    int64_t scale = coefficient ? (int64_t)text.count - 1 - text.exponent : 0;
    for (; scale < 0 && text.exponent < 18; scale++) /* 100, not 1E+2 */
        coefficient *= 10;
    return tl_decimal_store_small(out, coefficient, scale, text.negative, err);
}

double tl_decimal_to_double(const struct tl_decimal *d)
{
    size_t count;
    char *digits = digits_of(d, &count);
    /* without a point, so that a locale cannot matter */
    char *text = tl_printf("%s%se%d", d->negative ? "-" : "", digits, -d->scale);
    double value = strtod(text, NULL);
    tl_free(text);
    tl_free(digits);
    return value;
}

bool tl_decimal_is_integer(const struct tl_decimal *d)
{
    struct tl_decimal trimmed = TL_DECIMAL_ZERO;
    if (d->scale <= 0)
        return true;
    tl_decimal_trim(&trimmed, d);
    bool integer = trimmed.scale <= 0;
    tl_decimal_free(&trimmed);
    return integer;
}

bool tl_decimal_to_i64(const struct tl_decimal *d, int64_t *out)
{
    struct tl_decimal whole = TL_DECIMAL_ZERO;
    bool zero = tl_decimal_is_zero(d);
    if (!tl_decimal_is_integer(d) || (!zero && (int64_t)tl_decimal_digits(d) - d->scale > 19))
        return false;
    bool fits = tl_decimal_quantize(&whole, d, 0, TL_ROUND_DOWN, NULL) == TL_OK && !whole.big &&
                whole.small <= (uint64_t)INT64_MAX + (whole.negative ? 1 : 0);
    if (fits)
        *out = (int64_t)(whole.negative ? 0 - whole.small : whole.small);
    tl_decimal_free(&whole);
    return fits;
}
