/* Text form of a position: 64 bits as 13 digits of Crockford's base 32, most significant first. */
#include "journal/position.h"
#include <string.h>

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

void tl_position_print(tl_position position, char out[TL_POSITION_TEXT])
{
    for (int i = TL_POSITION_TEXT - 2; i >= 0; i--, position >>= 5)
        out[i] = digits[position & 31];
    out[TL_POSITION_TEXT - 1] = 0;
}

bool tl_position_parse(tl_str text, tl_position *out)
{
    if (text.len != TL_POSITION_TEXT - 1 || text.ptr[0] == 0)
        return false;
    tl_position position = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;
        if (!at || (i == 0 && at - digits > 15))
            return false;
        position = position << 5 | (tl_position)(at - digits);
    }
    *out = position;
    return true;
}
