/* Short numbers: what fits a whole number of some scale, so that no decimal is needed. Pure. */
#include "schema_node.h"

bool tl_short_parse(tl_str text, struct tl_short *out)
{
    bool negative = text.len && text.ptr[0] == '-', point = false;
    int64_t mantissa = 0;
    uint32_t scale = 0, digits = 0;
    for (size_t i = negative; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9') {
            if (++digits > 18)
                return false;
            mantissa = mantissa * 10 + (c - '0');
            scale += point;
        } else if (c == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    *out = (struct tl_short){negative ? -mantissa : mantissa, scale};
    return digits > 0;
}
