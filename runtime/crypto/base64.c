/* Base64, strict: see crypto/base64.h. Thread: any. */
#include "crypto/base64.h"

static const char *alphabet(enum tl_b64_form form)
{
    return form == TL_B64_URL ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                              : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

bool tl_b64_write(tl_str bytes, enum tl_b64_form form, struct tl_buf *out)
{
    const char *digits = alphabet(form);

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t three = (uint32_t)(uint8_t)bytes.ptr[i] << 16;
        char four[4];

        if (have > 1)
            three |= (uint32_t)(uint8_t)bytes.ptr[i + 1] << 8;
        if (have > 2)
            three |= (uint8_t)bytes.ptr[i + 2];
        for (int d = 0; d < 4; d++)
            four[d] = digits[three >> (18 - 6 * d) & 63];
        for (size_t d = have + 1; d < 4; d++)
            four[d] = '=';
        if (!tl_buf_add(out, four, form == TL_B64_URL ? have + 1 : 4))
            return false;
    }
    return true;
}

static int digit(char c, enum tl_b64_form form)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (form == TL_B64_URL ? '-' : '+'))
        return 62;
    if (c == (form == TL_B64_URL ? '_' : '/'))
        return 63;
    return -1;
}

/* One group of two to four digits into one to three bytes. */
static bool read_group(const char *text, size_t have, enum tl_b64_form form, struct tl_buf *out)
{
    uint32_t three = 0;
    char bytes[3];

    for (size_t i = 0; i < 4; i++) {
        int value = i < have ? digit(text[i], form) : 0;
        if (value < 0)
            return false;
        three = three << 6 | (uint32_t)value;
    }
    for (int b = 0; b < 3; b++)
        bytes[b] = (char)(three >> (16 - 8 * b) & 255);
    /* Bits that belong to no byte must be zero, or two texts would mean the same bytes. */
    if ((have == 2 && (three & 0xffff)) || (have == 3 && (three & 0xff)))
        return false;
    return tl_buf_add(out, bytes, have - 1);
}

bool tl_b64_read(tl_str text, enum tl_b64_form form, struct tl_buf *out)
{
    if (form == TL_B64_STANDARD) {
        if (text.len % 4)
            return false;
        for (int padding = 0; padding < 2 && text.len && text.ptr[text.len - 1] == '='; padding++)
            text.len--;
    }
    for (size_t i = 0; i < text.len; i += 4) {
        size_t have = text.len - i < 4 ? text.len - i : 4;
        if (have < 2 || !read_group(text.ptr + i, have, form, out))
            return false;
    }
    return true;
}
