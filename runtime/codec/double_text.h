/* The shortest decimal text of a double that reads back the same. Private to the room. */
#pragma once
#include <stddef.h>

struct tl_double_text {
    char digits[20]; /* significant digits, first and last not 0 (zero itself: "0"); NUL-terminated */
    int count;
    int exponent; /* of the first digit: value = d.ddd x 10^exponent */
    int negative;
};
/* `value` must be finite. */
void tl_double_shortest(double value, struct tl_double_text *out);
/* As ECMAScript writes it (RFC 8785): no exponent from 1e-6 to 1e21. At most 32 bytes with the NUL; returns the
 * length. -0 is "0". */
size_t tl_double_print(double value, char out[32]);
