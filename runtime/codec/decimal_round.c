/* Operations on decimals that round: to a scale, to significant digits, quotients. All round once, from the exact
 * value. Every power of ten is bounded before it is computed. Thread: one at a time. */
#include "decimal_big.h"

static const struct {
    const char *name;
    enum tl_rounding rounding;
} names[] = {
    {"half-even", TL_ROUND_HALF_EVEN}, {"half-up", TL_ROUND_HALF_UP}, {"half-down", TL_ROUND_HALF_DOWN},
    {"down", TL_ROUND_DOWN},           {"up", TL_ROUND_UP},           {"floor", TL_ROUND_FLOOR},
    {"ceiling", TL_ROUND_CEILING},
};

bool tl_rounding_parse(tl_str name, enum tl_rounding *out)
{
    for (size_t i = 0; i < TL_COUNT_OF(names); i++)
        if (tl_str_is(name, names[i].name)) {
            *out = names[i].rounding;
            return true;
        }
    return false;
}

bool tl_decimal_rounds_up(enum tl_rounding rounding, bool negative, bool odd, int half)
{
    switch (rounding) {
    case TL_ROUND_HALF_EVEN:
        return half > 0 || (half == 0 && odd);
    case TL_ROUND_HALF_UP:
        return half >= 0;
    case TL_ROUND_HALF_DOWN:
        return half > 0;
    case TL_ROUND_UP:
        return true;
    case TL_ROUND_FLOOR:
        return negative;
    case TL_ROUND_CEILING:
        return !negative;
    case TL_ROUND_DOWN:
    default:
        return false;
    }
}

/* z = z / divisor, rounded; both are positive. Destroys `divisor`. */
static void divide_rounded(mpz_t z, mpz_t divisor, bool negative, enum tl_rounding rounding)
{
    mpz_t rest;
    mpz_init(rest);
    mpz_tdiv_qr(z, rest, z, divisor);
    if (mpz_sgn(rest) != 0) {
        mpz_mul_2exp(rest, rest, 1);
        if (tl_decimal_rounds_up(rounding, negative, mpz_odd_p(z), mpz_cmp(rest, divisor)))
            mpz_add_ui(z, z, 1);
    }
    mpz_clear(rest);
}

/* The result of a value that is not zero and below a tenth of the last place: 0, or 1 in that place. */
static tl_code store_speck(struct tl_decimal *out, int64_t scale, bool negative, enum tl_rounding rounding,
                           struct tl_error *err)
{
    return tl_decimal_store_small(out, tl_decimal_rounds_up(rounding, negative, false, -1), scale, negative, err);
}

static tl_code drop_small(struct tl_decimal *out, const struct tl_decimal *a, int64_t drop, int32_t scale,
                          enum tl_rounding rounding, struct tl_error *err)
{
    uint64_t power = tl_decimal_pow10[drop], whole = a->small / power, rest = a->small % power;
    int half = (rest > power - rest) - (rest < power - rest);
    if (rest && tl_decimal_rounds_up(rounding, a->negative, whole & 1, half))
        whole++;
    return tl_decimal_store_small(out, whole, scale, a->negative, err);
}

static tl_code drop_digits(struct tl_decimal *out, const struct tl_decimal *a, int64_t drop, int32_t scale,
                           enum tl_rounding rounding, struct tl_error *err)
{
    if (tl_decimal_is_zero(a))
        return tl_decimal_store_small(out, 0, scale, false, err);
    if (drop > (int64_t)tl_decimal_digits(a))
        return store_speck(out, scale, a->negative, rounding, err);
    if (!a->big && drop <= 19)
        return drop_small(out, a, drop, scale, rounding, err);
    mpz_t z, power;
    mpz_inits(z, power, NULL);
    tl_decimal_load(z, a);
    mpz_ui_pow_ui(power, 10, (uint64_t)drop);
    divide_rounded(z, power, a->negative, rounding);
    tl_code code = tl_decimal_store(out, z, scale, a->negative, err);
    mpz_clears(z, power, NULL);
    return code;
}

static tl_code append_zeros(struct tl_decimal *out, const struct tl_decimal *a, int64_t zeros, int32_t scale,
                            struct tl_error *err)
{
    if (tl_decimal_is_zero(a))
        return tl_decimal_store_small(out, 0, scale, false, err);
    if ((int64_t)tl_decimal_digits(a) + zeros > TL_DECIMAL_DIGITS)
        return tl_decimal_too_long(err);
    uint64_t small;
    if (!a->big && zeros <= 19 && !__builtin_mul_overflow(a->small, tl_decimal_pow10[zeros], &small))
        return tl_decimal_store_small(out, small, scale, a->negative, err);
    mpz_t z;
    mpz_init(z);
    tl_decimal_load(z, a);
    tl_decimal_shift(z, (uint64_t)zeros);
    tl_code code = tl_decimal_store(out, z, scale, a->negative, err);
    mpz_clear(z);
    return code;
}

tl_code tl_decimal_quantize(struct tl_decimal *out, const struct tl_decimal *a, int32_t scale,
                            enum tl_rounding rounding, struct tl_error *err)
{
    int64_t shift = (int64_t)scale - a->scale;
    return shift >= 0 ? append_zeros(out, a, shift, scale, err) : drop_digits(out, a, -shift, scale, rounding, err);
}

tl_code tl_decimal_round(struct tl_decimal *out, const struct tl_decimal *a, size_t digits, enum tl_rounding rounding,
                         struct tl_error *err)
{
    size_t has = tl_decimal_digits(a);
    if (digits < 1)
        digits = 1;
    if (has <= digits) {
        tl_decimal_copy(out, a);
        return TL_OK;
    }
    bool negative = a->negative;
    int64_t scale = (int64_t)a->scale - (int64_t)(has - digits);
    if (scale < -TL_DECIMAL_SCALE)
        return tl_fail(err, TL_EINPUT, "the exponent of the decimal number is beyond %d", TL_DECIMAL_SCALE);
    tl_code code = drop_digits(out, a, (int64_t)(has - digits), (int32_t)scale, rounding, err);
    if (code != TL_OK || tl_decimal_digits(out) == digits)
        return code;
    out->negative = negative; /* 9.99 became 10.0: one digit more, and that is a zero */
    return drop_digits(out, out, 1, (int32_t)(scale - 1), TL_ROUND_DOWN, err);
}

tl_code tl_decimal_div(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b, int32_t scale,
                       enum tl_rounding rounding, struct tl_error *err)
{
    if (tl_decimal_is_zero(b))
        return tl_fail(err, TL_EINPUT, "a decimal number is divided by zero");
    if (tl_decimal_is_zero(a))
        return tl_decimal_store_small(out, 0, scale, false, err);
    bool negative = a->negative != b->negative;
    int64_t shift = (int64_t)scale - a->scale + b->scale; /* quotient = a.coefficient * 10^shift / b.coefficient */
    int64_t digits = (int64_t)tl_decimal_digits(a) + shift - (int64_t)tl_decimal_digits(b); /* of it, or one less */
    if (digits > TL_DECIMAL_DIGITS)
        return tl_decimal_too_long(err);
    if (digits < -1)
        return store_speck(out, scale, negative, rounding, err);
    mpz_t z, divisor;
    mpz_inits(z, divisor, NULL);
    tl_decimal_load(z, a);
    tl_decimal_load(divisor, b);
    if (shift >= 0)
        tl_decimal_shift(z, (uint64_t)shift);
    else
        tl_decimal_shift(divisor, (uint64_t)-shift);
    divide_rounded(z, divisor, negative, rounding);
    tl_code code = tl_decimal_store(out, z, scale, negative, err);
    mpz_clears(z, divisor, NULL);
    return code;
}

tl_code tl_decimal_divide_whole(struct tl_decimal *quotient, struct tl_decimal *rest, const struct tl_decimal *a,
                                const struct tl_decimal *b, struct tl_error *err)
{
    struct tl_decimal q = TL_DECIMAL_ZERO, r = TL_DECIMAL_ZERO;
    tl_code code = tl_decimal_div(&q, a, b, 0, TL_ROUND_DOWN, err);
    if (code == TL_OK)
        code = tl_decimal_mul(&r, &q, b, err);
    if (code == TL_OK)
        code = tl_decimal_sub(&r, a, &r, err);
    if (code == TL_OK && quotient)
        tl_decimal_copy(quotient, &q);
    if (code == TL_OK && rest)
        tl_decimal_copy(rest, &r);
    tl_decimal_free(&q);
    tl_decimal_free(&r);
    return code;
}
