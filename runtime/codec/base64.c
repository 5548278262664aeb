/* Base64 in both alphabets. Invariant: what decodes is the only text that encodes to those bytes (padding apart in the
 * URL form), so that a signature cannot be spelt in two ways. Thread: any. */
#include "codec/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool encode(struct tl_buf *out, tl_str bytes, const char *alphabet, bool pad)
{
    size_t rest = bytes.len % 3, len = bytes.len / 3 * 4 + (rest ? (pad ? 4 : rest + 1) : 0);
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    char *to = tl_buf_reserve(out, len);
    if (!to)
        return false;
    for (size_t left = bytes.len; left >= 3; left -= 3, p += 3) {
        *to++ = alphabet[p[0] >> 2];
        *to++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
        *to++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
        *to++ = alphabet[p[2] & 63];
    }
    if (rest) {
        *to++ = alphabet[p[0] >> 2];
        *to++ = alphabet[(p[0] & 3) << 4 | (rest == 2 ? p[1] >> 4 : 0)];
        if (rest == 2)
            *to++ = alphabet[(p[1] & 15) << 2];
        else if (pad)
            *to++ = '=';
        if (pad)
            *to++ = '=';
    }
    *to = '\0';
    out->len += len;
    return true;
}

bool tl_base64_encode(struct tl_buf *out, tl_str bytes)
{
    return encode(out, bytes, standard, true);
}

bool tl_base64url_encode(struct tl_buf *out, tl_str bytes)
{
    return encode(out, bytes, url, false);
}

static int value_of(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabet[62])
        return 62;
    return c == alphabet[63] ? 63 : -1;
}

/* `text` is without padding. Writes text.len * 6 / 8 bytes. */
static bool decode_into(unsigned char *to, tl_str text, const char *alphabet)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i], alphabet);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *to++ = (unsigned char)(bits >> held);
        }
    }
    return (bits & ((1u << held) - 1)) == 0;
}

static tl_code decode(struct tl_buf *out, tl_str text, const char *alphabet, bool need_padding, struct tl_error *err)
{
    tl_str body = text;
    while (body.len && text.len - body.len < 2 && body.ptr[body.len - 1] == '=')
        body.len--;
    bool padded = text.len != body.len;
    size_t len = body.len / 4 * 3 + body.len % 4 * 3 / 4;
    if (body.len % 4 == 1 || ((padded || need_padding) && text.len % 4 != 0))
        return tl_fail(err, TL_EINPUT, "not base64: %zu characters is no possible length", text.len);
    char *to = tl_buf_reserve(out, len);
    if (!to)
        return tl_fail(err, TL_EFULL, "no room for %zu decoded bytes", len);
    if (!decode_into((unsigned char *)to, body, alphabet)) {
        *to = '\0';
        return tl_fail(err, TL_EINPUT, "not base64: a character outside the %s alphabet, or bits left over",
                       alphabet == url ? "URL" : "standard");
    }
    out->len += len;
    out->ptr[out->len] = '\0';
    return TL_OK;
}

tl_code tl_base64_decode(struct tl_buf *out, tl_str text, struct tl_error *err)
{
    return decode(out, text, standard, true, err);
}

tl_code tl_base64url_decode(struct tl_buf *out, tl_str text, struct tl_error *err)
{
    return decode(out, text, url, false, err);
}
