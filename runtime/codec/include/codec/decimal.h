/* Exact decimal numbers: sign, whole coefficient and scale; value = ±coefficient / 10^scale. The scale is kept as
 * written ("1.50" stays 1.50, "1E+3" has scale -3), and so is the sign of a zero that was parsed; a computed zero has
 * none. Coefficients below 2^64 take no memory; larger ones are GMP integers. There is no NaN and no infinity: what has
 * no value is an error. Bounded: a coefficient has at most TL_DECIMAL_DIGITS digits and a scale at most
 * TL_DECIMAL_SCALE either way; a result beyond is TL_EINPUT, decided before memory is taken, so 1e999999999 + 1 costs
 * nothing. `out` may be one of the operands; it must be initialised and is unchanged on failure. Thread: one at a time.
 */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define TL_DECIMAL_DIGITS 10000
#define TL_DECIMAL_SCALE 2000000000

struct tl_decimal {
    uint64_t small;             /* coefficient when `big` is NULL */
    struct tl_decimal_big *big; /* own; private */
    int32_t scale;              /* digits after the point; negative: zeros before it that are not written */
    bool negative;
};
#define TL_DECIMAL_ZERO ((struct tl_decimal){0, NULL, 0, false})

enum tl_rounding {
    TL_ROUND_HALF_EVEN, /* to nearest, ties to the even digit */
    TL_ROUND_HALF_UP,   /* ties away from zero */
    TL_ROUND_HALF_DOWN, /* ties toward zero */
    TL_ROUND_DOWN,      /* toward zero */
    TL_ROUND_UP,        /* away from zero */
    TL_ROUND_FLOOR,     /* toward minus infinity */
    TL_ROUND_CEILING    /* toward plus infinity */
};
/* "half-even", "half-up", "half-down", "down", "up", "floor", "ceiling"; false when it is none of them. */
bool tl_rounding_parse(tl_str name, enum tl_rounding *out);

void tl_decimal_init(struct tl_decimal *d); /* 0 */
void tl_decimal_free(struct tl_decimal *d);
void tl_decimal_set_int(struct tl_decimal *d, int64_t value);
void tl_decimal_copy(struct tl_decimal *out, const struct tl_decimal *a);

/* Digits with optional sign (+ too), point (".5" and "5." too) and exponent: every JSON number, and what people write.
 * No blanks, no grouping. TL_EINPUT. */
tl_code tl_decimal_parse(tl_str text, struct tl_decimal *out, struct tl_error *err);
/* The same digits that were parsed: "1.50", "-0", "1E+3", "1E-7" (the scientific form of General Decimal Arithmetic:
 * an exponent only when the scale is negative or there are more than 6 leading zeros). Always a JSON number. */
bool tl_decimal_print(const struct tl_decimal *d, struct tl_buf *out);
/* Without exponent: "1000", "0.0000001". TL_EINPUT when that takes more than TL_DECIMAL_DIGITS digits. */
tl_code tl_decimal_print_plain(const struct tl_decimal *d, struct tl_buf *out, struct tl_error *err);
/* The exact value of a double's shortest text ("0.1" for 0.1). TL_EINPUT for NaN and infinities. */
tl_code tl_decimal_from_double(double value, struct tl_decimal *out, struct tl_error *err);
/* Nearest double; beyond its range an infinity or zero. */
double tl_decimal_to_double(const struct tl_decimal *d);
/* Exactly a whole number that fits? (1.00 and 1E+3 are.) */
bool tl_decimal_to_i64(const struct tl_decimal *d, int64_t *out);
bool tl_decimal_is_integer(const struct tl_decimal *d);

int tl_decimal_sign(const struct tl_decimal *d); /* -1, 0, 1; -0 is 0 */
/* Significant digits of the coefficient; 1 for zero. */
size_t tl_decimal_digits(const struct tl_decimal *d);
/* By value: -1, 0, 1. Never fails and takes no memory in proportion to the scale. */
int tl_decimal_compare(const struct tl_decimal *a, const struct tl_decimal *b);
void tl_decimal_neg(struct tl_decimal *out, const struct tl_decimal *a); /* 0 gives 0, not -0 */
void tl_decimal_abs(struct tl_decimal *out, const struct tl_decimal *a);

/* Exact; the scale is the larger one (add, sub) or the sum (mul). */
tl_code tl_decimal_add(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b,
                       struct tl_error *err);
tl_code tl_decimal_sub(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b,
                       struct tl_error *err);
tl_code tl_decimal_mul(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b,
                       struct tl_error *err);
/* a / b with exactly `scale` digits after the point, rounded once. TL_EINPUT for division by zero. */
tl_code tl_decimal_div(struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b, int32_t scale,
                       enum tl_rounding rounding, struct tl_error *err);
/* Quotient toward zero and the rest, which has the sign of `a`: a = q * b + rest. Either may be NULL. */
tl_code tl_decimal_divide_whole(struct tl_decimal *quotient, struct tl_decimal *rest, const struct tl_decimal *a,
                                const struct tl_decimal *b, struct tl_error *err);
/* Exactly `scale` digits after the point: 2.5 at 2 is 2.50, at 0 is 2 or 3. */
tl_code tl_decimal_quantize(struct tl_decimal *out, const struct tl_decimal *a, int32_t scale,
                            enum tl_rounding rounding, struct tl_error *err);
/* At most `digits` significant digits (at least 1). */
tl_code tl_decimal_round(struct tl_decimal *out, const struct tl_decimal *a, size_t digits, enum tl_rounding rounding,
                         struct tl_error *err);
/* Without trailing zeros: 1.50 is 1.5, 100 is 1E+2, 0.00 is 0. */
void tl_decimal_trim(struct tl_decimal *out, const struct tl_decimal *a);
