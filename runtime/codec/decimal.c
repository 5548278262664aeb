/* Decimal numbers: their parts, and comparison. Invariants: `big` is NULL exactly when the coefficient is below 2^64;
 * at most TL_DECIMAL_DIGITS digits; |scale| <= TL_DECIMAL_SCALE. Thread: one at a time. */
#include "decimal_big.h"
#include "base/alloc.h"

_Static_assert(sizeof(unsigned long) == 8, "GMP's unsigned long functions take our 64-bit coefficients");

const uint64_t tl_decimal_pow10[20] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

void tl_decimal_init(struct tl_decimal *d)
{
    *d = TL_DECIMAL_ZERO;
}

void tl_decimal_free(struct tl_decimal *d)
{
    if (d->big) {
        mpz_clear(d->big->z);
        tl_free(d->big);
    }
    *d = TL_DECIMAL_ZERO;
}

void tl_decimal_load(mpz_t z, const struct tl_decimal *d)
{
    if (d->big)
        mpz_set(z, d->big->z);
    else
        mpz_set_ui(z, d->small);
}

tl_code tl_decimal_too_long(struct tl_error *err)
{
    return tl_fail(err, TL_EINPUT, "the decimal number would have more than %d digits; round it first",
                   TL_DECIMAL_DIGITS);
}

static tl_code check_scale(int64_t scale, struct tl_error *err)
{
    if (scale > TL_DECIMAL_SCALE || scale < -TL_DECIMAL_SCALE)
        return tl_fail(err, TL_EINPUT, "the exponent of the decimal number is beyond %d", TL_DECIMAL_SCALE);
    return TL_OK;
}

tl_code tl_decimal_store_small(struct tl_decimal *out, uint64_t small, int64_t scale, bool negative,
                               struct tl_error *err)
{
    tl_code code = check_scale(scale, err);
    if (code != TL_OK)
        return code;
    tl_decimal_free(out);
    out->small = small;
    out->scale = (int32_t)scale;
    out->negative = negative && small;
    return TL_OK;
}

tl_code tl_decimal_store(struct tl_decimal *out, const mpz_t z, int64_t scale, bool negative, struct tl_error *err)
{
    if (mpz_fits_ulong_p(z))
        return tl_decimal_store_small(out, mpz_get_ui(z), scale, negative, err);
    tl_code code = check_scale(scale, err);
    if (code != TL_OK)
        return code;
    if (tl_decimal_mpz_digits(z) > TL_DECIMAL_DIGITS)
        return tl_decimal_too_long(err);
    if (!out->big) {
        out->big = TL_NEW(struct tl_decimal_big);
        mpz_init(out->big->z);
    }
    mpz_set(out->big->z, z);
    out->small = 0;
    out->scale = (int32_t)scale;
    out->negative = negative;
    return TL_OK;
}

void tl_decimal_shift(mpz_t z, uint64_t n)
{
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, n);
    mpz_mul(z, z, power);
    mpz_clear(power);
}

size_t tl_decimal_mpz_digits(const mpz_t z)
{
    size_t digits = mpz_sizeinbase(z, 10); /* exact, or one too many */
    if (digits < 2)
        return 1;
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, digits - 1);
    if (mpz_cmpabs(z, power) < 0)
        digits--;
    mpz_clear(power);
    return digits;
}

size_t tl_decimal_digits(const struct tl_decimal *d)
{
    if (d->big)
        return tl_decimal_mpz_digits(d->big->z);
    size_t digits = 1;
    while (digits < 20 && d->small >= tl_decimal_pow10[digits])
        digits++;
    return digits;
}

bool tl_decimal_is_zero(const struct tl_decimal *d)
{
    return !d->big && d->small == 0;
}

int tl_decimal_sign(const struct tl_decimal *d)
{
    if (tl_decimal_is_zero(d))
        return 0;
    return d->negative ? -1 : 1;
}

void tl_decimal_set_int(struct tl_decimal *d, int64_t value)
{
    tl_decimal_free(d);
    d->small = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    d->negative = value < 0;
}

void tl_decimal_copy(struct tl_decimal *out, const struct tl_decimal *a)
{
    if (out == a)
        return;
    tl_decimal_free(out);
    *out = *a;
    if (a->big) {
        out->big = TL_NEW(struct tl_decimal_big);
        mpz_init_set(out->big->z, a->big->z);
    }
}

void tl_decimal_neg(struct tl_decimal *out, const struct tl_decimal *a)
{
    tl_decimal_copy(out, a);
    out->negative = !out->negative && !tl_decimal_is_zero(out);
}

void tl_decimal_abs(struct tl_decimal *out, const struct tl_decimal *a)
{
    tl_decimal_copy(out, a);
    out->negative = false;
}

/* Both not zero, same power of ten in front: the scales differ by no more than the digits do. */
static int compare_aligned(const struct tl_decimal *a, const struct tl_decimal *b)
{
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    tl_decimal_load(x, a);
    tl_decimal_load(y, b);
    if (a->scale < b->scale)
        tl_decimal_shift(x, (uint64_t)((int64_t)b->scale - a->scale));
    else if (b->scale < a->scale)
        tl_decimal_shift(y, (uint64_t)((int64_t)a->scale - b->scale));
    int order = mpz_cmp(x, y);
    mpz_clears(x, y, NULL);
    return (order > 0) - (order < 0);
}

static int compare_magnitude(const struct tl_decimal *a, const struct tl_decimal *b)
{
    if (a->scale == b->scale && !a->big && !b->big)
        return (a->small > b->small) - (a->small < b->small);
    int64_t a_front = (int64_t)tl_decimal_digits(a) - a->scale, b_front = (int64_t)tl_decimal_digits(b) - b->scale;
    if (a_front != b_front)
        return a_front < b_front ? -1 : 1;
    return compare_aligned(a, b);
}

int tl_decimal_compare(const struct tl_decimal *a, const struct tl_decimal *b)
{
    int a_sign = tl_decimal_sign(a), b_sign = tl_decimal_sign(b);
    if (a_sign != b_sign || a_sign == 0)
        return (a_sign > b_sign) - (a_sign < b_sign);
    return a_sign * compare_magnitude(a, b);
}
