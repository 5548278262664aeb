/* What the decimal files share: coefficients as GMP integers. Private to the room; the only header with gmp.h. */
#pragma once
#include "codec/decimal.h"
#include <gmp.h>

struct tl_decimal_big {
    mpz_t z; /* >= 2^64 */
};

/* 10^0 .. 10^19 */
extern const uint64_t tl_decimal_pow10[20];

/* `z` is initialised; becomes the coefficient. */
void tl_decimal_load(mpz_t z, const struct tl_decimal *d);
/* Makes `out` from a coefficient, when it is within bounds; `z` stays the caller's. A zero is never negative. */
tl_code tl_decimal_store(struct tl_decimal *out, const mpz_t z, int64_t scale, bool negative, struct tl_error *err);
tl_code tl_decimal_store_small(struct tl_decimal *out, uint64_t small, int64_t scale, bool negative,
                               struct tl_error *err);
/* Decimal digits; 1 for zero. */
size_t tl_decimal_mpz_digits(const mpz_t z);
bool tl_decimal_is_zero(const struct tl_decimal *d);
/* z *= 10^n; n is bounded by the caller. */
void tl_decimal_shift(mpz_t z, uint64_t n);
tl_code tl_decimal_too_long(struct tl_error *err);
/* Does a coefficient with this rest go one up? `half` compares the rest with one half: -1, 0, 1; a rest of nothing
 * is not asked about. */
bool tl_decimal_rounds_up(enum tl_rounding rounding, bool negative, bool odd, int half);
