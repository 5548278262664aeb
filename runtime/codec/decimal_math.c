/* Exact sums and products of decimals, and their normal form. Every result is bounded before memory is taken for it.
 * Thread: one at a time. */
#include "decimal_big.h"

/* coefficient * 10^n, when it stays below 2^64. */
static bool shift_small(uint64_t coefficient, int64_t n, uint64_t *out)
{
    return n <= 19 && !__builtin_mul_overflow(coefficient, tl_decimal_pow10[n], out);
}

static bool add_small(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b, bool b_negative)
{
    int64_t scale = a->scale > b->scale ? a->scale : b->scale;
    uint64_t x, y, sum;
    if (a->big || b->big || !shift_small(a->small, scale - a->scale, &x) ||
        !shift_small(b->small, scale - b->scale, &y))
        return false;
    bool negative = a->negative;
    if (a->negative == b_negative) {
        if (__builtin_add_overflow(x, y, &sum))
            return false;
    } else {
        sum = x > y ? x - y : y - x;
        negative = x > y ? a->negative : b_negative;
    }
    return tl_decimal_store_small(out, sum, scale, negative, NULL) == TL_OK;
}

/* Digits the operand takes at a larger scale; a zero takes one at any. */
static int64_t digits_at(const struct tl_decimal *d, int64_t scale)
{
    return tl_decimal_is_zero(d) ? 1 : (int64_t)tl_decimal_digits(d) + scale - d->scale;
}

static void load_at(mpz_t z, const struct tl_decimal *d, int64_t scale)
{
    tl_decimal_load(z, d);
    if (!tl_decimal_is_zero(d) && scale > d->scale)
        tl_decimal_shift(z, (uint64_t)(scale - d->scale));
    if (d->negative)
        mpz_neg(z, z);
}

static tl_code sum(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b, bool minus,
                   struct tl_error *err)
{
    if (add_small(out, a, b, b->negative != minus))
        return TL_OK;
    int64_t scale = a->scale > b->scale ? a->scale : b->scale;
    if (digits_at(a, scale) > TL_DECIMAL_DIGITS || digits_at(b, scale) > TL_DECIMAL_DIGITS)
        return tl_decimal_too_long(err);
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    load_at(x, a, scale);
    load_at(y, b, scale);
    if (minus)
        mpz_sub(x, x, y);
    else
        mpz_add(x, x, y);
    bool negative = mpz_sgn(x) < 0;
    mpz_abs(x, x);
    tl_code code = tl_decimal_store(out, x, scale, negative, err);
    mpz_clears(x, y, NULL);
    return code;
}

tl_code tl_decimal_add(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b,
                       struct tl_error *err)
{
    return sum(out, a, b, false, err);
}

tl_code tl_decimal_sub(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b,
                       struct tl_error *err)
{
    return sum(out, a, b, true, err);
}

tl_code tl_decimal_mul(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b,
                       struct tl_error *err)
{
    int64_t scale = (int64_t)a->scale + b->scale;
    bool negative = a->negative != b->negative;
    uint64_t product;
    if (!a->big && !b->big && !__builtin_mul_overflow(a->small, b->small, &product))
        return tl_decimal_store_small(out, product, scale, negative, err);
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    tl_decimal_load(x, a);
    tl_decimal_load(y, b);
    mpz_mul(x, x, y);
    tl_code code = tl_decimal_store(out, x, scale, negative, err);
    mpz_clears(x, y, NULL);
    return code;
}

static void trim_small(struct tl_decimal *d)
{
    while (d->small % 10 == 0 && d->scale > -TL_DECIMAL_SCALE) {
        d->small /= 10;
        d->scale--;
    }
}

static void trim_big(struct tl_decimal *d)
{
    mpz_t z, ten;
    mpz_init(z);
    mpz_init_set_ui(ten, 10);
    size_t zeros = mpz_remove(z, d->big->z, ten);
    int64_t scale = (int64_t)d->scale - (int64_t)zeros;
    if (scale >= -TL_DECIMAL_SCALE)
        tl_must(tl_decimal_store(d, z, scale, d->negative, NULL) == TL_OK);
    mpz_clears(z, ten, NULL);
}

void tl_decimal_trim(struct tl_decimal *out, const struct tl_decimal *a)
{
    tl_decimal_copy(out, a);
    if (tl_decimal_is_zero(out))
        tl_decimal_init(out);
    else if (out->big)
        trim_big(out);
    else
        trim_small(out);
}
