/* Hexadecimal text. Thread: any. */
#include "codec/hex.h"

static const char digits[] = "0123456789abcdef";

void tl_hex_write(char *out, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

bool tl_hex_encode(struct tl_buf *out, tl_str bytes)
{
    char *to = tl_buf_reserve(out, bytes.len * 2);
    if (!to)
        return false;
    tl_hex_write(to, bytes.ptr, bytes.len);
    out->len += bytes.len * 2;
    return true;
}

int tl_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool tl_hex_read(tl_str text, void *out, size_t len)
{
    unsigned char *to = out;
    if (text.len % 2 || text.len / 2 != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = tl_hex_digit(text.ptr[2 * i]), low = tl_hex_digit(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

tl_code tl_hex_decode(struct tl_buf *out, tl_str text, struct tl_error *err)
{
    char *to = tl_buf_reserve(out, text.len / 2);
    if (!to)
        return tl_fail(err, TL_EFULL, "no room for %zu decoded bytes", text.len / 2);
    if (!tl_hex_read(text, to, text.len / 2)) {
        *to = '\0';
        return tl_fail(err, TL_EINPUT, "not hexadecimal: an even number of the digits 0-9 a-f is needed");
    }
    out->len += text.len / 2;
    out->ptr[out->len] = '\0';
    return TL_OK;
}
