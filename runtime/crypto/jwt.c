/* Writes signed JSON Web Tokens: see crypto/jwt.h. The few members are escaped here, since codec stands
 * above. Thread: any. */
#include "crypto/jwt.h"

#include "codec/base64.h"

#include <inttypes.h>

#define PART_MAX 8192

static void add_string(struct tl_buf *out, tl_str s)
{
    tl_buf_add_char(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            tl_buf_addf(out, "\\%c", c);
        else if (c < 0x20)
            tl_buf_addf(out, "\\u%04x", c);
        else
            tl_buf_add_char(out, (char)c);
    }
    tl_buf_add_char(out, '"');
}

static void add_member(struct tl_buf *out, const char *name, tl_str value)
{
    if (value.len == 0)
        return;
    tl_buf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    add_string(out, value);
}

static void write_claims(const struct tl_jwt_claims *claims, struct tl_buf *out)
{
    tl_buf_add_char(out, '{');
    add_member(out, "iss", claims->issuer);
    add_member(out, "sub", claims->subject);
    add_member(out, "aud", claims->audience);
    add_member(out, "jti", claims->id);
    if (claims->issued_s)
        tl_buf_addf(out, "%s\"iat\":%" PRId64, out->len > 1 ? "," : "", claims->issued_s);
    tl_buf_addf(out, "%s\"exp\":%" PRId64 "}", out->len > 1 ? "," : "", claims->expires_s);
}

tl_code tl_jwt_write(const struct tl_sign_key *key, const struct tl_jwt_claims *claims, struct tl_buf *out,
                     struct tl_error *err)
{
    struct tl_buf header, body, token;
    uint8_t signature[TL_SIGNATURE_MAX];
    size_t len = 0;

    tl_buf_init(&header, PART_MAX);
    tl_buf_init(&body, PART_MAX);
    tl_buf_init(&token, 4 * PART_MAX);
    tl_buf_addf(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\"", tl_sign_alg_name(tl_sign_key_alg(key)));
    add_member(&header, "kid", claims->key_id);
    tl_buf_add_char(&header, '}');
    write_claims(claims, &body);
    tl_base64url_encode(&token, tl_buf_str(&header));
    tl_buf_add_char(&token, '.');
    tl_base64url_encode(&token, tl_buf_str(&body));
    tl_code code = TL_OK;
    if (header.overflow || body.overflow || token.overflow)
        code = tl_fail(err, TL_EINPUT, "the claims of the assertion are longer than %d bytes", PART_MAX);
    else
        code = tl_sign(key, tl_buf_str(&token), signature, &len, err);
    if (code == TL_OK) {
        tl_buf_add_char(&token, '.');
        tl_base64url_encode(&token, tl_str_n(signature, len));
        if (!tl_buf_add_str(out, tl_buf_str(&token)))
            code = tl_fail(err, TL_EFULL, "no room for an assertion of %zu bytes", token.len);
    }
    tl_buf_free(&header);
    tl_buf_free(&body);
    tl_buf_free(&token);
    return code;
}
